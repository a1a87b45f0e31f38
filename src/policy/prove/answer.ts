// Answer: proved, refuted with a packet that anyone can replay, or unknown with the lines that are to blame. Never a guess.

import type { Deciding } from '../rules/decide.ts'
import type { UnknownMatch } from '../rules/model.ts'
import type { PacketPoint } from '../sets/packet-set.ts'

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
