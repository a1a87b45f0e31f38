// Tally: how often each procedure was called in a session, and which calls are told one by one: the first ones of each kind.
// Keeps the rule that a flood of calls is one fact with a number, and that nothing of it is silent.

import { mix } from '../../base/mix.ts'
import type { CallHeader } from './message.ts'
import type { Operation } from './procedure.ts'

/** Calls, replies and missing replies of one kind that are facts of their own: enough to see how a client begins, and each file of a small folder. */
export const TOLD_MAX = 64
/** Kinds of calls of one session: NFS 3 has 22 procedures, MOUNT 6; COMPOUNDs differ by their operations. Those beyond are others, together. */
export const KINDS_MAX = 256

export interface CallKind {
  readonly program: number
  readonly version: number
  readonly procedure: number
  /** Of a COMPOUND: its operations in order, mixed; 0 otherwise. */
  readonly shape: number
  calls: number
  replies: number
  unanswered: number
}

export class CallTally {
  readonly kinds: CallKind[] = []
  readonly others = kindOf(-1, 0, 0, 0)
  #last: CallKind | null = null

  /** The row of a call. */
  of({ program, version, procedure }: CallHeader, operations: readonly Operation[]): CallKind {
    let shape = 0
    for (const { op } of operations) shape = mix(shape, op)
    const last = this.#last
    if (last !== null && isOf(last, program, version, procedure, shape)) return last
    let kind = this.kinds.find((one) => isOf(one, program, version, procedure, shape))
    if (kind === undefined) {
      if (this.kinds.length >= KINDS_MAX) return this.others
      kind = kindOf(program, version, procedure, shape)
      this.kinds.push(kind)
    }
    this.#last = kind
    return kind
  }

  /** Rows of which not everything was told. */
  untold(): readonly CallKind[] {
    return [...this.kinds, this.others].filter(({ calls, replies, unanswered }) => Math.max(calls, replies, unanswered) > TOLD_MAX)
  }
}

function kindOf(program: number, version: number, procedure: number, shape: number): CallKind {
  return { program, version, procedure, shape, calls: 0, replies: 0, unanswered: 0 }
}

function isOf(kind: CallKind, program: number, version: number, procedure: number, shape: number): boolean {
  return kind.procedure === procedure && kind.program === program && kind.version === version && kind.shape === shape
}
