// Audit: approvals and break-glass as lines of the data folder that are added and never changed, and the command that shows them.
// Keeps S9 and S3 answerable: who decided what, when, why, and on which policy, by hash.

import { existsSync } from 'node:fs'
import { Sha256 } from '../base/sha256.ts'
import type { Micros } from '../base/time.ts'
import { quote } from '../base/tree-reader.ts'
import { atText, plain } from '../policy/replay/index.ts'
import { Exit, type Io } from './io.ts'
import { table } from './text.ts'
import { withStore } from './with-store.ts'

/** What every line has. Other fields belong to the action. */
export interface AuditLine {
  readonly at: Micros
  /** Who answers for it, as they named themselves. */
  readonly by: string
  readonly action: string
  readonly [field: string]: unknown
}

export const APPROVE = 'approve-policy'
export const BREAK_GLASS = 'break-glass'

export function sha256Hex(text: string): string {
  return new Sha256().update(new TextEncoder().encode(text)).hex()
}

/** Adds a line; its key is its own hash, so that no line can take the place of another. Exit code. */
export async function appendAudit(data: string, line: AuditLine, io: Io): Promise<number> {
  return withStore(data, io, async (store) => {
    const key = sha256Hex(JSON.stringify(line))
    await store?.append([{ kind: 'audit', analysis: '', key, at: line.at, body: line }])
    return Exit.ok
  })
}

/** All lines, oldest first; or an exit code after saying why not. */
export async function readAudit(data: string, io: Io): Promise<readonly AuditLine[] | number> {
  if (!existsSync(data)) {
    io.err(`cordon: there is no data folder ${quote(data)}\n  help: Check the name; no line is not the same as no folder.\n`)
    return Exit.usage
  }
  let lines: readonly AuditLine[] = []
  const code = await withStore(data, io, async (store) => {
    lines = (await store?.read('audit') ?? []).map(({ body }) => body as AuditLine)
    return Exit.ok
  })
  return code === Exit.ok ? lines : code
}

export interface AuditArgs {
  readonly data: string
  readonly json?: boolean
}

/** `cordon policy audit`: newest last, as they were added. */
export async function runAudit(args: AuditArgs, io: Io): Promise<number> {
  const lines = await readAudit(args.data, io)
  if (typeof lines === 'number') return lines
  if (args.json === true) {
    io.out(`${JSON.stringify({ schema: 'cordon.audit/1', lines }, null, 2)}\n`)
    return Exit.ok
  }
  if (lines.length === 0) io.err('no approval, break-glass or other audit line is in this data folder\n')
  else io.out(table(['when (UTC)', 'who', 'what', 'about'], lines.map((line) => [atText(line.at), plain(line.by), line.action, aboutOf(line)])))
  return Exit.ok
}

/** A field that is text; empty when it is absent or something else. */
export function textOf(line: AuditLine, field: string): string {
  const value = line[field]
  return typeof value === 'string' ? value : ''
}

/** Fields worth a look in one line; JSON has all. */
function aboutOf(line: AuditLine): string {
  const text = (name: string): string | null => textOf(line, name) === '' ? null : plain(textOf(line, name))
  const hash = text('policyHash')
  const parts = [
    text('device'), text('policy'), hash === null ? null : `hash ${hash.slice(0, 12)}`, text('verdict'),
    text('until') === null ? null : `until ${text('until')}`, text('reason'), text('name'), text('to'),
  ]
  return parts.filter((part) => part !== null).join('; ')
}
