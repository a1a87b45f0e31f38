// What IntelliVue monitors teach: who they are in their own words, who takes their data, and whether a patient's record goes in clear.
// Names of attributes and objects only: no measurement and no patient text leaves the decoder.

import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { AssociationEvent } from './codes.ts'
import type { DeviceWords } from './message.ts'

interface IntellivueBase extends FactBase {
  readonly protocol: 'intellivue'
  readonly flowId: number
  /** Who sent it. */
  readonly direction: Direction
}

/** A monitor looks for a client (`connect-indication`, broadcast), or tells one what it is (`system`). Told again when its words change. */
export interface IntellivueDevice extends IntellivueBase, DeviceWords {
  readonly kind: 'connect-indication' | 'system'
}

/** Once per flow and event. The client requests, the monitor accepts or refuses. */
export interface IntellivueAssociation extends IntellivueBase {
  readonly kind: 'association'
  readonly event: AssociationEvent
}

/** Patient attributes with content; again when others are filled. */
export interface IntellivuePatient extends IntellivueBase {
  readonly kind: 'patient'
  readonly filled: readonly string[]
}

export interface IntellivueTotals extends IntellivueBase {
  readonly kind: 'totals'
  readonly messages: number
  /** Objects polled or answered: `numerics`, `waves`, `alarms`, `patient`, `system`, `class-N`. */
  readonly objects: readonly string[]
  /** Datagrams that are none of this protocol. */
  readonly foreign: number
}

export type IntellivueFact = IntellivueDevice | IntellivueAssociation | IntellivuePatient | IntellivueTotals
