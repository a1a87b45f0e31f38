// What LLDP teaches: who stands at the other end of a cable, through which of its ports, and what it is.

import type { Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'

/** The inventory TLVs of LLDP-MED (TIA-1057 clause 10.2.6) and the class of endpoint; absent ones are null. */
export interface LldpMed {
  /** 1 to 3: endpoint classes I to III; 4: network connectivity; 0: not defined. */
  readonly deviceClass: number | null
  readonly hardware: string | null
  readonly firmware: string | null
  readonly software: string | null
  readonly serial: string | null
  readonly manufacturer: string | null
  readonly model: string | null
  readonly assetId: string | null
}

interface LldpBase extends FactBase {
  readonly protocol: 'lldp'
  readonly vlan: number
}

/** One announcement, told once for as long as it stays the same. Bridges do not pass these on: the sender is on this very cable. */
export interface LldpNeighbour extends LldpBase {
  readonly kind: 'neighbour'
  /** Sender of the frame; null on links without MACs. */
  readonly mac: Mac | null
  readonly chassis: string
  /** `mac`, `address`, `local`, ... of `chassis`. */
  readonly chassisKind: string
  readonly port: string
  readonly portKind: string
  /** 0: the sender says goodbye. */
  readonly lifetimeSeconds: number
  readonly portDescription: string | null
  readonly systemName: string | null
  readonly systemDescription: string | null
  /** Enabled ones: `bridge`, `router`, `telephone`, `station`, ... */
  readonly capabilities: readonly string[]
  readonly addresses: readonly Ip[]
  /** VLAN of the port for untagged frames (802.1 annex D.2.1). */
  readonly portVlan: number | null
  readonly med: LldpMed | null
}

/** `reason`: `truncated`, `order` (chassis, port and lifetime must come first) or `too-many`. */
export interface LldpMalformed extends LldpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type LldpFact = LldpNeighbour | LldpMalformed
