// Conversation: all flows between two endpoints on one service, with what the policy says of it. Rows of the matrix and edges of the map.

import type { Ip } from '../base/ip.ts'
import type { Micros } from '../base/time.ts'
import type { AssetId } from '../inventory/asset.ts'

export interface Endpoint {
  /** null for addresses that are no asset (multicast, broadcast). */
  readonly assetId: AssetId | null
  readonly ip: Ip
  readonly label: string
  /** Zone name, or `internet`, `unzoned`, `group` (multicast and broadcast). */
  readonly zone: string
}

export interface Conversation {
  /** Deterministic: `c-` and 10 hex digits. */
  readonly id: string
  readonly from: Endpoint
  readonly to: Endpoint
  /** `tcp`, `udp`, `icmp`, ... */
  readonly transport: string
  /** Responder port; 0 without ports. */
  readonly port: number
  /** Protocol id by content (`cms8000`, `hl7`, ...), or null when not identified. */
  readonly protocol: string | null
  readonly flows: number
  /** Flows that were only tried: SYN without answer, or refused. */
  readonly attempts: number
  readonly packets: number
  readonly bytes: number
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** From inside to an address outside the hospital. */
  readonly leaves: boolean
  readonly verdict: 'allow' | 'deny'
  /** Policy rule and reason in words. */
  readonly rule: string
  readonly reason: string
}
