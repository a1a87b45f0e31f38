// What CARESCAPE discovery teaches: which nodes the monitoring network has, where they stand, and that a patient's name is broadcast.

import type { Ip } from '../../base/ip.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'

/** A node of the network says that it is here. Told once, and again when it says something else. */
export interface CarescapeNode extends FactBase {
  readonly protocol: 'carescape'
  readonly kind: 'node'
  readonly flowId: number
  readonly direction: Direction
  readonly address: Ip
  readonly unit: string | null
  readonly bed: string | null
  /** UDP ports it offers services on. */
  readonly ports: readonly number[]
}

/** A patient's name is in the broadcast: once per flow each time it begins. */
export interface CarescapePatient extends FactBase {
  readonly protocol: 'carescape'
  readonly kind: 'patient'
  readonly flowId: number
  readonly direction: Direction
  readonly filled: readonly string[]
}

export type CarescapeFact = CarescapeNode | CarescapePatient
