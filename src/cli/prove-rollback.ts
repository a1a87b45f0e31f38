// cordon prove rollback: a text and its rollback, on an empty device or on what one has configured: is what is left what was there?
// Keeps S6 for texts that were written earlier, or changed by hand since.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { quote } from '../base/tree-reader.ts'
import { CONFIG_BYTES_MAX, readTextFile } from '../config/index.ts'
import { proveRollback, ROLLBACK_TARGETS, rollbackSentence } from '../policy/change/rollback.ts'
import { Exit, type Io } from './io.ts'

export interface ProveRollbackArgs {
  readonly text: string
  readonly rollback: string
  readonly target: string
  /** What the device has configured; an empty device when left out. */
  readonly base?: string | undefined
  readonly json: boolean
}

/** Exit code of a refuted claim (product conventions). */
const PROOF_FAILED = 5

export function runProveRollback(args: ProveRollbackArgs, io: Pick<Io, 'out' | 'err'>): number {
  if (!ROLLBACK_TARGETS.includes(args.target)) {
    io.err(`error: no rollback of ${quote(args.target)} can be proved\n  help: Of these it can: ${ROLLBACK_TARGETS.join(', ')}.\n`)
    return Exit.usage
  }
  const texts = [args.text, args.rollback, ...(args.base === undefined ? [] : [args.base])].map((file) => readTextFile(file, file, CONFIG_BYTES_MAX))
  for (const text of texts) if (!text.ok) io.err(`${formatDiagnostic(text.error)}\n`)
  const [text = '', rollback = '', base = ''] = texts.map((read) => (read.ok ? read.value : ''))
  if (texts.some((read) => !read.ok)) return Exit.unreadable
  const proof = proveRollback(args.target, text, rollback, base)
  if (proof.added === 0 && proof.verdict === 'proved') {
    io.err('cordon prove: the text brings nothing, so there is nothing that a rollback could take away\n  help: Check that it is the whole text.\n')
    return Exit.incomplete
  }
  const claim = 'the rollback takes away what the text brings, and nothing else'
  if (args.json) io.out(`${JSON.stringify({ question: 'rollback', claim, ...proof }, null, 2)}\n`)
  else io.out(`${claim}: ${proof.verdict}: ${rollbackSentence(proof)}\n`)
  return proof.verdict === 'proved' ? Exit.ok : proof.verdict === 'refuted' ? PROOF_FAILED : Exit.incomplete
}
