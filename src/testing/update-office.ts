// update-office: a gateway's file, three people with key files, a published repository and a clock, for tests of the update commands.
// Keeps the rule that everything is made for one test: keys, folders, and words that a command said.

import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { mock, type TestContext } from 'node:test'
import { scratch } from './command.ts'
import { TufWorld } from './tuf-world.ts'
import { noise } from './update-world.ts'

export const OFFICE_NOW = Date.parse('2026-01-05T07:30:00Z')

export interface Talk {
  out: string
  err: string
}

export interface UpdateOffice {
  readonly folder: string
  readonly config: string
  /** The gateway's data folder, as the file has it. */
  readonly data: string
  readonly tuf: TufWorld
  /** Where the publisher's repository lies. */
  readonly source: string
  readonly root: string
  /** Key file of ada, ben or eve; eve is no approver. */
  key(person: string): string
}

export interface OfficeIo {
  readonly said: Talk
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

export function officeIo(): OfficeIo {
  const said: Talk = { out: '', err: '' }
  return { said, out: (text) => void (said.out += text), err: (text) => void (said.err += text) }
}

/** `now` null: the system's clock, for commands in processes of their own. */
export function updateOffice(t: TestContext, now: number | null = OFFICE_NOW): UpdateOffice {
  if (now !== null) {
    mock.timers.enable({ apis: ['Date'], now })
    t.after(() => mock.timers.reset())
  }
  const folder = scratch(t)
  const people = ['ada', 'ben', 'eve'].map((id) => ({ id, ...generateKeyPairSync('ed25519') }))
  for (const { id, privateKey } of people) {
    fs.writeFileSync(path.join(folder, `${id}.key`), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  }
  const approvers = people.slice(0, 2).map(({ id, publicKey }) => {
    const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
    return `    - { id: ${id}, name: ${id === 'ada' ? 'Ada (biomed)' : 'Ben (ward)'}, key: "${key}" }\n`
  })
  const config = path.join(folder, 'gateway.yaml')
  fs.writeFileSync(config, `version: 1\nfolder: data\nupdates:\n  approvers:\n${approvers.join('')}`)
  const source = path.join(folder, 'stick')
  const tuf = new TufWorld()
  tuf.files = [{ path: 'monitor', content: noise(5000) }, { path: 'run.sh', content: noise(50, 2) }]
  if (now === null) for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) tuf.expires[role] = '2099-01-01T00:00:00Z'
  tuf.write(source)
  return {
    folder, config, data: path.join(folder, 'data'), tuf, source, root: path.join(source, 'metadata', '1.root.json'),
    key: (person) => path.join(folder, `${person}.key`),
  }
}
