// cordon gateway check: everything that is wrong with a gateway file, and with the files that it names.
// Keeps the rule that a private key which others can read is told before it is used.

import fs from 'node:fs'
import { formatDiagnostic, type Diagnostic } from '../base/diagnostic.ts'
import type { GatewayConfig, Protection } from '../config/gateway.ts'
import { loadGatewayFile } from '../config/gateway-file.ts'
import { clearNotices } from '../gateway/hospital/status.ts'
import { Exit, type Io } from './io.ts'

/** Exit codes: ok, usage (2) when the file has an error, incomplete (4) when a file that it names is missing or open to others. */
export function gatewayCheck(file: string, json: boolean, io: Io): number {
  const loaded = loadGatewayFile(file)
  const config = loaded.ok ? loaded.value.config : null
  const problems = config === null ? [] : tlsProblems(file, config)
  const diagnostics = [...(loaded.ok ? loaded.value.warnings : loaded.error), ...problems]
  if (json) io.out(`${JSON.stringify({ ok: config !== null && problems.length === 0, diagnostics }, null, 2)}\n`)
  else for (const diagnostic of diagnostics) io.err(`${formatDiagnostic(diagnostic)}\n`)
  if (config === null) return Exit.usage
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
    return [['ca', ca], ['cert', cert], ['key', key]].flatMap(([name = '', path = '']) => fileProblem(file, `"${name}" of ${what}`, path, name === 'key'))
  })
}

function fileProblem(file: string, what: string, path: string, isSecret: boolean): Diagnostic[] {
  const at = { severity: 'error', file, line: 0, column: 0 } as const
  const stats = fs.statSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile()) {
    const help = 'Relative paths start at the folder of the gateway file.'
    return [{ ...at, code: 'gateway/missing-file', message: `${what} names ${path}, which is no file`, help }]
  }
  if (!isSecret || (stats.mode & 0o077) === 0) return []
  return [{ ...at, code: 'gateway/open-key', message: `${what}, ${path}, can be read by others`, help: `chmod 600 ${path}` }]
}
