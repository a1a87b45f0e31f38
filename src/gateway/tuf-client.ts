// tuf-client: the TUF client of the gateway as three verbs, so that the public TUF conformance suite can drive it.
// Keeps the same client, limits and pinned root as release.ts; only the source is the web server that the suite makes on loopback.

import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Updater } from 'tuf-js'
import { makeFolder } from '../store/make-folder.ts'

/** What the suite passes (tuf-conformance, clientapi): verbs init, refresh, download. */
export const TUF_USAGE = `usage: tuf-client --metadata-dir DIR init ROOT_FILE
       tuf-client --metadata-dir DIR --metadata-url URL refresh
       tuf-client --metadata-dir DIR --metadata-url URL --target-name NAME --target-base-url URL --target-dir DIR download
`

/** 0 done, 1 refused, 2 usage. Never throws; what was wrong goes to `say`. */
export async function runTufClient(argv: readonly string[], say: (text: string) => void): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv], allowPositionals: true, strict: true, options: Object.fromEntries(
        ['metadata-dir', 'metadata-url', 'target-name', 'target-base-url', 'target-dir'].map((name) => [name, { type: 'string' as const }])),
    })
    return await run(positionals, values, say)
  } catch (cause) {
    const isUsage = (cause as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
    say(`${cause instanceof Error ? cause.message : String(cause)}\n${isUsage ? TUF_USAGE : ''}`)
    return isUsage ? 2 : 1
  }
}

async function run(
  [verb, rootFile]: readonly string[], given: { readonly [name: string]: string | undefined }, say: (text: string) => void,
): Promise<number> {
  const { 'metadata-dir': metadataDir, 'metadata-url': metadataBaseUrl, 'target-name': name, 'target-base-url': targetBaseUrl, 'target-dir': targetDir } = given
  if (verb === 'init' && metadataDir !== undefined && rootFile !== undefined) {
    makeFolder(metadataDir)
    fs.copyFileSync(rootFile, path.join(metadataDir, 'root.json'))
    return 0
  }
  if (metadataDir === undefined || metadataBaseUrl === undefined || (verb !== 'refresh' && verb !== 'download')) return usage(say)
  const config = { fetchRetries: 0 }
  if (verb === 'refresh') {
    await new Updater({ metadataDir, metadataBaseUrl, config, forceCache: false }).refresh()
    return 0
  }
  if (name === undefined || targetBaseUrl === undefined || targetDir === undefined) return usage(say)
  const client = new Updater({ metadataDir, metadataBaseUrl, targetBaseUrl, targetDir, config, forceCache: false })
  const target = await client.getTargetInfo(name)
  if (!target) throw new Error(`target ${name} is not in the repository`)
  makeFolder(targetDir)
  // What is there already with these hashes is not fetched again; it was verified just now.
  if ((await client.findCachedTarget(target)) === undefined) await client.downloadTarget(target)
  return 0
}

function usage(say: (text: string) => void): number {
  say(TUF_USAGE)
  return 2
}
