// https-import: a repository at an https address, fetched under the client's own limits into our folder and then taken in like any other.
// Keeps the rule that the way is not trusted: what was fetched is verified again whole, from our copy, before anything of it is kept.

import fs from 'node:fs'
import path from 'node:path'
import { err, ok } from '../base/result.ts'
import { makeFolder } from '../store/make-folder.ts'
import { HttpsFetcher, type HttpsOrigin } from './https-fetcher.ts'
import { takeRepository, verifyRepository, type ReleaseStore, type TakeOptions, type Taken } from './release.ts'
import { METADATA_BYTES_MAX } from './repository-copy.ts'

export interface TakenByHttps extends Taken {
  /** What was wrong on the way (connection, certificate, time, address); null when the repository itself decided. */
  readonly wayFault: string | null
}

/** Of what is trusted the fetching client gets the root and the timestamp: an old repository is refused at its first file, and the rest is fetched whole. */
const KEPT_WHILE_FETCHING = new Set(['root.json', 'timestamp.json'])

export async function takeByHttps(store: ReleaseStore, origin: HttpsOrigin, options: TakeOptions): Promise<TakenByHttps> {
  let wayFault: string | null = null
  const taken = await takeRepository(store, async (staging, trusted) => {
    for (const part of ['metadata', 'targets']) makeFolder(path.join(staging, part), 0o700)
    if (fs.existsSync(trusted)) for (const name of fs.readdirSync(trusted)) if (!KEPT_WHILE_FETCHING.has(name)) fs.rmSync(path.join(trusted, name))
    const fetcher = new HttpsFetcher(origin, staging)
    const ensure = async (file: string): Promise<void> => void (await fetcher.ensure(`metadata/${file}`, METADATA_BYTES_MAX))
    try {
      const fetched = await verifyRepository(store, { repository: staging, metadataDir: trusted, fetcher, ensure }, options)
      if (fetched.ok) return ok(null)
      wayFault = fetcher.fault
      return err(fetcher.fault ?? fetched.error)
    } finally {
      fetcher.close()
    }
  }, options)
  return { ...taken, wayFault }
}
