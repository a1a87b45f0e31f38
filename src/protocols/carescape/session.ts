// CARESCAPE session: the heartbeats of one flow to facts; a repeat says nothing.
// Keeps the rule that facts are few: a node is heard every few seconds.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { decodeDiscovery } from './message.ts'

/** Changes told per flow: beds move and patients change now and then; more is an attacker's. */
const CHANGES_MAX = 64

export function openCarescape(context: SessionContext): Session {
  let told = ''
  let hadPatient = false
  let changes = 0
  return {
    feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
      const said = decodeDiscovery(buf, off, end)
      if (said === null) return
      const { address, unit, bed, ports, hasPatient } = said
      const words = [address, unit, bed, ...ports].join('|')
      const shared = { at, frame: context.frame(), protocol: 'carescape', flowId: context.flow.id, direction } as const
      if (words !== told && changes++ < CHANGES_MAX) context.emit({ ...shared, kind: 'node', address, unit, bed, ports })
      if (hasPatient && !hadPatient && changes++ < CHANGES_MAX) context.emit({ ...shared, kind: 'patient', filled: ['name'] })
      told = words
      hadPatient = hasPatient
    },
    gap(): void {},
    end(): void {},
  }
}
