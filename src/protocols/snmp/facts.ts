// What SNMP teaches: who is administered and with which kind of community, and what an agent says that it is. Never a community's text.

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'
import type { CommunityClass, SnmpOperation, SystemItem } from './codes.ts'

interface SnmpBase extends FactBase {
  readonly protocol: 'snmp'
  readonly flowId: number
  /** Who sent it. */
  readonly direction: Direction
}

/** A message of version 1 or 2c, whose community is in clear: once per flow for each sender, kind of community and operation. */
export interface SnmpAccess extends SnmpBase {
  readonly kind: 'access'
  readonly version: '1' | '2c'
  /** One of the two that devices come with, or `other`. */
  readonly community: CommunityClass
  readonly operation: SnmpOperation
}

/** A value of the system group in an answer or a notification: once per flow and value. */
export interface SnmpSystem extends SnmpBase {
  readonly kind: 'system'
  readonly item: SystemItem
  /** Printable ASCII, bounded; an object identifier in dots. */
  readonly value: string
}

/** The engine that a version 3 agent is (RFC 3411 section 5): once per flow. */
export interface SnmpEngine extends SnmpBase {
  readonly kind: 'engine'
  /** Hex digits. */
  readonly engineId: string
  /** IANA enterprise number in its first four bytes. */
  readonly enterprise: number
  readonly security: 'noAuthNoPriv' | 'authNoPriv' | 'authPriv'
  /** A user name in clear; every version 3 message but the first has one. */
  readonly userName: boolean
}

/** Once per flow. */
export interface SnmpMalformed extends SnmpBase {
  readonly kind: 'malformed'
  readonly reason: 'message' | 'pdu' | 'bindings' | 'security'
}

export type SnmpFact = SnmpAccess | SnmpSystem | SnmpEngine | SnmpMalformed
