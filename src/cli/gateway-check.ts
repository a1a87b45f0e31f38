// cordon gateway check: everything that is wrong with a gateway file, and with the files that it names.
// Keeps the rule that a private key which others can read is told before it is used.

import fs from 'node:fs'
import { formatDiagnostic, type Diagnostic } from '../base/diagnostic.ts'
import type { GatewayConfig, Protection, TlsFiles } from '../config/gateway.ts'
import { loadGatewayFile } from '../config/gateway-file.ts'
import { adtAddressFault } from '../gateway/out/adt-listener.ts'
import { ownExpiryWarnings, readTlsFiles } from '../gateway/out/tls.ts'
import { clearNotices } from '../gateway/hospital/status.ts'
import { Exit, type Io } from './io.ts'

/** Exit codes: ok, usage (2) when the file has an error, incomplete (4) when a file that it names is missing, open to others, unusable or ends soon. */
export function gatewayCheck(file: string, json: boolean, io: Io): number {
  const loaded = loadGatewayFile(file)
  const config = loaded.ok ? loaded.value.config : null
  const address = config?.adt === undefined || config.adt === null ? null : adtAddressFault(config.adt.host, [config.segment.cms, config.segment.hl7])
  const wrong = address === null ? [] : [{ ...nowhere(file), code: 'gateway/adt-address', message: `"listen" of "adt": ${address}`, help: OTHER_ADDRESS }]
  const problems = config === null ? [] : tlsProblems(file, config)
  const diagnostics = [...(loaded.ok ? loaded.value.warnings : loaded.error), ...wrong, ...problems]
  if (json) io.out(`${JSON.stringify({ ok: config !== null && wrong.length === 0 && problems.length === 0, diagnostics }, null, 2)}\n`)
  else for (const diagnostic of diagnostics) io.err(`${formatDiagnostic(diagnostic)}\n`)
  if (config === null || wrong.length > 0) return Exit.usage
  if (!json) io.out(summary(config))
  return problems.length > 0 ? Exit.incomplete : Exit.ok
}

function summary(config: GatewayConfig): string {
  const { beds, targets, adt, updates } = config
  const ports = [...config.segment.cmsPorts, config.segment.hl7Port].join(', ')
  return [
    `gateway ${config.name}: ${beds.length} beds, ${targets.length} targets, ${updates.approvers.length} approvers`,
    `listens for monitors on ${config.segment.cms} and ${config.segment.hl7}, TCP ${ports}`,
    adt === null ? 'ADT: none; beds are assigned by hand' : `ADT: ${adt.host}:${adt.port}`,
    ...targets.map((t) => `target ${t.name}: ${t.kind} ${t.to}, ${t.protection.kind === 'tls' ? 'mutual TLS' : 'NOT PROTECTED'}`),
    ...clearNotices(config),
  ].map((line) => `${line}\n`).join('')
}

function tlsProblems(file: string, config: GatewayConfig): Diagnostic[] {
  const ends = config.targets.map((t): readonly [string, Protection] => [`target ${t.name}`, t.protection])
  if (config.adt !== null) ends.push(['ADT', config.adt.protection])
  return ends.flatMap(([what, protection]) => {
    if (protection.kind === 'clear') return []
    const { ca, cert, key } = protection.files
    const found = [['ca', ca], ['cert', cert], ['key', key]].flatMap(([name = '', path = '']) =>
      fileProblem(file, `"${name}" of ${what}`, path, name === 'key'))
    return found.length > 0 ? found : contentProblems(file, what, protection.files)
  })
}

/** As the gateway itself will read them. */
function contentProblems(file: string, what: string, files: TlsFiles): Diagnostic[] {
  const now = Date.now() * 1000
  const read = readTlsFiles(files, now)
  const help = 'docs/gateway-out.md has what each file holds; a renewed one is read at the next connection.'
  if (!read.ok) return [{ ...nowhere(file), code: 'gateway/unusable-tls', message: `${what}: ${read.error}`, help }]
  const soon = ownExpiryWarnings(read.value, now)
  return soon.map((words) => ({ ...nowhere(file), code: 'gateway/ends-soon', message: `${what}: ${words}`, help }))
}

const OTHER_ADDRESS = 'No answer may ever leave on the segment: write an address of the hospital\'s side.'

const nowhere = (file: string) => ({ severity: 'error', file, line: 0, column: 0 }) as const

function fileProblem(file: string, what: string, path: string, isSecret: boolean): Diagnostic[] {
  const at = nowhere(file)
  const stats = fs.statSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile()) {
    const help = 'Relative paths start at the folder of the gateway file.'
    return [{ ...at, code: 'gateway/missing-file', message: `${what} names ${path}, which is no file`, help }]
  }
  if (!isSecret || (stats.mode & 0o077) === 0) return []
  return [{ ...at, code: 'gateway/open-key', message: `${what}, ${path}, can be read by others`, help: `chmod 600 ${path}` }]
}
