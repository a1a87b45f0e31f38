// What NetBIOS names teach: what a machine calls itself on the segment, its group, and whom others look for.

import type { Ip } from '../../base/ip.ts'
import type { Mac } from '../../base/mac.ts'
import type { FactBase } from '../facts.ts'

interface NbnsBase extends FactBase {
  readonly protocol: 'nbns'
  readonly flowId: number
}

/** A name and who has it; told once. */
export interface NbnsName extends NbnsBase {
  readonly kind: 'name'
  /** Sender of the packet. */
  readonly from: Ip
  /** Holder of the name; another than the sender when a name server speaks. */
  readonly owner: Ip
  readonly name: string
  /** Sixteenth byte: 0x00 workstation, 0x20 file server, 0x1B domain master, ... */
  readonly suffix: number
  readonly isGroup: boolean
  readonly how: 'registration' | 'answer' | 'status' | 'datagram'
  /** Of a status answer: the card it says it has. */
  readonly mac: Mac | null
}

/** Somebody looks for a name, told once. */
export interface NbnsQuery extends NbnsBase {
  readonly kind: 'query'
  readonly client: Ip
  readonly name: string
  readonly suffix: number
  /** It asks for all names of a machine. */
  readonly isStatus: boolean
}

/** `reason`: `truncated`. */
export interface NbnsMalformed extends NbnsBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type NbnsFact = NbnsName | NbnsQuery | NbnsMalformed
