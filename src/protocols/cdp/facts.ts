// What CDP teaches: the neighbour on the cable, through which of its ports, its platform and software.

import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'
import type { CdpMessage } from './message.ts'

interface CdpBase extends FactBase {
  readonly protocol: 'cdp'
  readonly vlan: number
}

/** One announcement, told once for as long as it stays the same. Switches of other makers may pass it on. */
export interface CdpNeighbour extends CdpBase, CdpMessage {
  readonly kind: 'neighbour'
  readonly mac: Mac | null
}

/** `reason`: `truncated`, `version`, `length`, `no-device` or `too-many`. */
export interface CdpMalformed extends CdpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type CdpFact = CdpNeighbour | CdpMalformed
