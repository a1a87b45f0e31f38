// tuf-client-runner: the three verbs of the wrapper against one simulated repository, and what the client trusts and holds afterwards.
// Keeps the view of a conformance suite: exit code, files of the metadata folder, files of the target folder, requests; nothing inside.

import { equal } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { mock, type TestContext } from 'node:test'
import { runTufClient } from '../gateway/tuf-client.ts'
import { scratch } from './command.ts'
import { TufSimulator } from './tuf-simulator.ts'

export const SUITE_NOW = Date.parse('2026-01-05T07:30:00Z')
export const DAY_MS = 86_400_000

export function daysFromNow(days: number): string {
  return `${new Date(SUITE_NOW + days * DAY_MS).toISOString().slice(0, 19)}Z`
}

export interface Runner {
  readonly repo: TufSimulator
  readonly metadataDir: string
  /** What the client said last. */
  readonly said: string[]
  init(root?: Uint8Array): Promise<number>
  refresh(): Promise<number>
  download(name: string): Promise<number>
  /** Version of trusted metadata, null when there is none. */
  version(role: string): number | null
  bytes(role: string): Buffer
  /** Names of trusted metadata files. */
  trusted(): string[]
  /** Contents of downloaded files, sorted. */
  downloaded(): string[]
}

/** A repository of version 1, served, and a client that has its root. */
export async function tufRunner(t: TestContext, prepare: (repo: TufSimulator) => void = () => {}): Promise<Runner> {
  mock.timers.enable({ apis: ['Date'], now: SUITE_NOW })
  t.after(() => mock.timers.reset())
  const repo = new TufSimulator()
  prepare(repo)
  await repo.serve(t)
  const folder = scratch(t)
  const [metadataDir, targetDir] = [path.join(folder, 'metadata'), path.join(folder, 'targets')]
  fs.mkdirSync(targetDir)
  const said: string[] = []
  const run = (...more: string[]): Promise<number> => {
    said.length = 0
    return runTufClient(['--metadata-dir', metadataDir, ...more], (text) => said.push(text))
  }
  const file = (role: string): string => path.join(metadataDir, `${encodeURIComponent(role)}.json`)
  const runner: Runner = {
    repo, metadataDir, said,
    init(root = repo.initialRoot()) {
      const initial = path.join(folder, 'initial.json')
      fs.writeFileSync(initial, root)
      return run('init', initial)
    },
    refresh: () => run('--metadata-url', repo.metadataUrl, 'refresh'),
    download: (name) =>
      run('--metadata-url', repo.metadataUrl, '--target-name', name, '--target-base-url', repo.targetsUrl, '--target-dir', targetDir, 'download'),
    version: (role) =>
      (fs.existsSync(file(role)) ? (JSON.parse(fs.readFileSync(file(role), 'utf8')) as { signed: { version: number } }).signed.version : null),
    bytes: (role) => fs.readFileSync(file(role)),
    trusted: () => fs.readdirSync(metadataDir).sort(),
    downloaded: () => fs.readdirSync(targetDir).map((name) => fs.readFileSync(path.join(targetDir, name), 'utf8')).sort(),
  }
  equal(await runner.init(), 0)
  return runner
}
