// What entries of Cisco access lists are made of before they become rules: terms, sets behind names, and who resolves the names.
// Keeps the readers apart: addresses, services and groups meet here only.

import type { IpVersion } from '../../../base/ip.ts'
import type { Constraint, Field, ValueRange } from '../../rules/model.ts'
import type { ConfigLine } from './lines.ts'

export type FieldConstraint = readonly [Field, Constraint]

/** One protocol (or several alike) with its ports; family when the protocol belongs to one. */
export interface ServiceTerm {
  readonly family: IpVersion | null
  readonly fields: readonly FieldConstraint[]
}

export type GroupKind = 'network' | 'service' | 'port' | 'protocol' | 'icmp-type' | 'other'

export interface GroupDefinition {
  readonly kind: GroupKind
  readonly name: string
  readonly lines: readonly ConfigLine[]
  /** Transport in the header of an ASA port group: tcp, udp or tcp-udp. */
  readonly transport: string | null
}

export interface NetworkSet {
  readonly ranges: Readonly<Record<IpVersion, readonly ValueRange[]>>
  readonly unknown: string | null
}

export interface ServiceSet {
  readonly terms: readonly ServiceTerm[]
  readonly unknown: string | null
}

export interface PortSet {
  readonly ranges: readonly ValueRange[]
  readonly unknown: string | null
}

/** What entries ask of the groups of one text. Names are case sensitive. */
export interface CiscoGroups {
  network(name: string): NetworkSet
  service(name: string): ServiceSet
  ports(name: string): PortSet
  kind(name: string): GroupKind | null
  /** The address behind an ASA `name`, or the word itself. */
  nameOf(word: string): string
}
