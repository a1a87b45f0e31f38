// Answer: proved, refuted with a packet that anyone can replay, or unknown with the lines that are to blame. Never a guess.

import type { UnknownMatch } from '../rules/model.ts'
import type { PacketPoint } from '../sets/packet-set.ts'

/** What decided a packet: a line of the config, or the end of the chain. */
export interface Deciding {
  readonly action: 'permit' | 'deny'
  /** 1-based line, 0 for the chain's end or a rule that a compiler made. */
  readonly line: number
  readonly text: string
}

export interface Witness {
  readonly point: PacketPoint
  /** What the slow interpreter says of it; the prover asserts that it agrees before anyone sees the witness. */
  readonly deciding: Deciding
}

export type Answer =
  | { readonly verdict: 'proved' }
  | { readonly verdict: 'refuted'; readonly witness: Witness }
  /** `lines` are the unknown matches a different reading of which would change the answer; `limit` when an engine's bound was reached. */
  | { readonly verdict: 'unknown'; readonly lines: readonly UnknownMatch[]; readonly limit: string | null }
