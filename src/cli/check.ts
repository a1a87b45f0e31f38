// cordon check: one capture in, two plain pages or JSON out. The clinic's command.

import type { Severity } from '../detect/finding.ts'
import { analyseFile, type Analysed } from '../sensor/analyse.ts'
import { exitCodeOf } from '../sensor/report.ts'
import { watchingAdvisories } from './advisory-watched.ts'
import { jsonLinePieces, jsonPieces } from './check-json.ts'
import { ASSET_HEAD, assetCells, CONVERSATIONS_SHOWN, reportText } from './check-text.ts'
import { collectBetween } from './heap.ts'
import { Exit, type Io } from './io.ts'
import { knowingPeople } from './knowing-people.ts'
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
  /** False: no SHA-256 of the capture in the report. */
  readonly hash: boolean
  /** Threads that read the capture. */
  readonly workers: number
}

export async function runCheck(args: CheckArgs, io: Io): Promise<number> {
  if (!args.hash && args.data !== undefined) {
    io.err('cordon check: --no-hash cannot go with --data: a kept analysis is named by the hash of its capture\n  help: Leave one of the two out.\n')
    return Exit.usage
  }
  const knowledge = loadKnowledge(args.policy)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  return withStore(args.data, io, async (store) => {
    const bar = progressBar(io, 'reading')
    const watching = await knowingPeople(await watchingAdvisories(knowledge.value, store), store)
    const result = await analyseFile(args.file, {
      knowledge: watching, store, signal: io.signal, hash: args.hash, workers: args.workers, onProgress: (p) => bar.update(p.bytesRead, p.bytesTotal),
      onRead: collectBetween,
    })
    bar.done()
    if (!result.ok) {
      io.err(`cordon check: ${result.error.message}\n  help: ${result.error.help}\n`)
      return result.error.code === 'unusable' ? Exit.usage : Exit.unreadable
    }
    await writeReport(result.value, args.format, io)
    return exitCodeOf(result.value.report, args.failOn)
  })
}

/** Piece by piece, each when the one before it has been taken: a slow reader of a long report costs time and no memory. */
export async function writeReport(analysed: Analysed, format: OutputFormat, io: Io): Promise<void> {
  for (const piece of renderReport(analysed, format, io)) {
    io.out(piece)
    await io.room?.()
  }
}

/** In pieces, so that no report is held whole. */
function* renderReport({ report, picture }: Analysed, format: OutputFormat, io: Io): Generator<string> {
  if (format === 'json') yield* jsonPieces(report, picture.eachConversation())
  else if (format === 'jsonl') yield* jsonLinePieces(report, picture.eachConversation())
  else if (format === 'csv') yield csv([ASSET_HEAD, ...report.assets.map((a) => assetCells(a))])
  else yield reportText(report, picture.outgoing(CONVERSATIONS_SHOWN), io)
}
