// plan: what the parent tells the process that faces the segment on its command line, and which descriptor is what.
// Keeps the rule that a command line, which everybody on the machine can read, holds no secret and no patient.

import type { GatewayOptions } from '../core/gateway.ts'
import type { Hold } from '../../kernel/sandbox.ts'
import type { ClockReading } from './clock.ts'

/** 0 to 2 are standard; 3 is the channel to the parent; the sockets follow in order. */
export const CHANNEL_FD = 3
export const FIRST_SOCKET_FD = CHANNEL_FD + 1

export type Service = 'cms' | 'hl7' | 'portmap' | 'mount' | 'nfs'

/** One bound socket, by its place in the list. */
export interface SocketPlan {
  readonly service: Service
  readonly transport: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
}

export interface SegmentPlan {
  /** Program of this folder that runs inside; tests put a probe here. */
  readonly program: string
  readonly user: string | null
  readonly sockets: readonly SocketPlan[]
  /** Descriptors at most. */
  readonly filesMax: number
  /** With how many devices the core takes: without, it stops at its own default whatever `filesMax` allows. */
  readonly bench: GatewayOptions
  readonly nfsVersions: readonly (2 | 3)[]
  /** Whether the update server answers callers below port 1024 only, as a monitor's kernel is. */
  readonly reservedPortsOnly: boolean
  /** The parent's clock as it started this process. */
  readonly clock: ClockReading | null
  /** What the first stage reached; filled by it. */
  readonly holds: readonly Hold[]
}
