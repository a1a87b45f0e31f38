// What CDP teaches: the neighbour on the cable, through which of its ports, its platform and software.

import type { Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'

interface CdpBase extends FactBase {
  readonly protocol: 'cdp'
  readonly vlan: number
}

/** One announcement, told once for as long as it stays the same. Switches of other makers may pass it on. */
export interface CdpNeighbour extends CdpBase {
  readonly kind: 'neighbour'
  readonly mac: Mac | null
  readonly device: string
  readonly port: string | null
  readonly platform: string | null
  readonly version: string | null
  readonly systemName: string | null
  /** `switch`, `router`, `telephone`, `host`, ... */
  readonly capabilities: readonly string[]
  readonly addresses: readonly Ip[]
  readonly nativeVlan: number | null
  readonly lifetimeSeconds: number
}

/** `reason`: `truncated`, `version`, `length`, `no-device` or `too-many`. */
export interface CdpMalformed extends CdpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type CdpFact = CdpNeighbour | CdpMalformed
