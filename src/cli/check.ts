// cordon check: one capture in, two plain pages or JSON out. The clinic's command.

import type { Severity } from '../detect/finding.ts'
import { analyseFile } from '../sensor/analyse.ts'
import { exitCodeOf, type Report } from '../sensor/report.ts'
import { ASSET_HEAD, assetCells, reportText } from './check-text.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import type { OutputFormat } from './options.ts'
import { withStore } from './with-store.ts'
import { csv, progressBar } from './text.ts'

export interface CheckArgs {
  /** A path, or `-` for standard input. */
  readonly file: string
  readonly policy: string | undefined
  /** Data folder to keep the result in; without it nothing is kept. */
  readonly data: string | undefined
  readonly format: OutputFormat
  readonly failOn: Severity | 'never'
}

export async function runCheck(args: CheckArgs, io: Io): Promise<number> {
  const knowledge = loadKnowledge(args.policy)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  return withStore(args.data, io, async (store) => {
    const bar = progressBar(io, 'reading')
    const result = await analyseFile(args.file, {
      knowledge: knowledge.value, store, signal: io.signal, onProgress: (p) => bar.update(p.bytesRead, p.bytesTotal),
    })
    bar.done()
    if (!result.ok) {
      io.err(`cordon check: ${result.error.message}\n  help: ${result.error.help}\n`)
      return result.error.code === 'unusable' ? Exit.usage : Exit.unreadable
    }
    io.out(render(result.value.report, args.format, io))
    return exitCodeOf(result.value.report, args.failOn)
  })
}

function render(report: Report, format: OutputFormat, io: Io): string {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`
  if (format === 'jsonl') return jsonLines(report)
  if (format === 'csv') return csv([ASSET_HEAD, ...report.assets.map((a) => assetCells(a))])
  return reportText(report, io)
}

/** One object per line, `type` first: what log pipelines swallow. */
function jsonLines(report: Report): string {
  const rows: readonly (readonly [string, readonly object[]])[] = [
    ['analysis', [report.analysis]], ['finding', report.findings], ['asset', report.assets], ['conversation', report.conversations],
  ]
  return rows.flatMap(([type, objects]) => objects.map((o) => `${JSON.stringify({ type, ...o })}\n`)).join('')
}
