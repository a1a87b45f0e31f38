// What BACnet teaches: which building devices are here, their maker and names, and who reads or writes them.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface BacnetBase extends FactBase {
  readonly protocol: 'bacnet'
  readonly flowId: number
}

/** A device says who it is (clause 16.10), told once. */
export interface BacnetDevice extends BacnetBase {
  readonly kind: 'device'
  /** Sender of the packet; of a forwarded one the device named inside. */
  readonly device: Ip
  readonly instance: number
  /** ASHRAE's number of the maker. */
  readonly vendor: number
  /** Network number behind a BACnet router; null when the device is here itself. */
  readonly network: number | null
}

/** A property of a device object in an answer that was read, told once. */
export interface BacnetProperty extends BacnetBase {
  readonly kind: 'property'
  readonly device: Ip
  readonly instance: number
  /** `model`, `vendor`, `firmware`, `object-name`, `location`, ... */
  readonly property: string
  readonly text: string
  readonly network: number | null
}

/** Totals of a flow, at its end. */
export interface BacnetTotal extends BacnetBase {
  readonly kind: 'total'
  readonly messages: number
  /** Confirmed requests by service, in order of number. */
  readonly services: readonly { readonly service: number; readonly count: number }[]
  readonly writes: number
  /** Read requests that ask a device for what names it: who takes stock of the building. */
  readonly namesAsked: number
  /** Pieces of segmented messages: counted, not read. */
  readonly segments: number
  readonly malformed: number
}

export type BacnetFact = BacnetDevice | BacnetProperty | BacnetTotal
