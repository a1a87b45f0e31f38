// What LLDP teaches: who stands at the other end of a cable, through which of its ports, and what it is.

import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'
import type { LldpMessage } from './message.ts'

interface LldpBase extends FactBase {
  readonly protocol: 'lldp'
  readonly vlan: number
}

/** One announcement, told once for as long as it stays the same. Bridges do not pass these on: the sender is on this very cable. */
export interface LldpNeighbour extends LldpBase, LldpMessage {
  readonly kind: 'neighbour'
  /** Sender of the frame; null on links without MACs. */
  readonly mac: Mac | null
}

/** `reason`: `truncated`, `order` (chassis, port and lifetime must come first) or `too-many`. */
export interface LldpMalformed extends LldpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type LldpFact = LldpNeighbour | LldpMalformed
