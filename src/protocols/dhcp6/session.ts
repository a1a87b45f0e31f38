// DHCPv6 session: one fact per message that says something new; repeats are counted.
// Keeps the rule that texts from the wire leave as printable ASCII of bounded length, and nothing else leaves.

import type { Micros } from '../../base/time.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import { bytesKey, FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { sender } from '../session-tools.ts'
import { decodeDhcp6 } from './message.ts'

/** Type and transaction; the transaction differs each time (RFC 8415 section 16.1). */
const HEAD_BYTES = 4

export function openDhcp6(context: SessionContext): Session {
  const seen = new FirstSeen<string>()
  let messages = 0
  let repeats = 0
  return {
    feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
      messages++
      const base = { at, frame: context.frame(), protocol: 'dhcp6', vlan: context.flow.vlan } as const
      const { value, problem } = decodeDhcp6(buf, off, end)
      // Whole values are compared: the elapsed time among the options changes with each repeat.
      const key = value ? JSON.stringify([direction, u8(buf, off), value, problem]) : String(bytesKey(buf, off, Math.min(end, off + HEAD_BYTES)))
      if (!seen.isNew(key)) {
        repeats++
        return
      }
      if (value) context.emit({ ...base, kind: 'message', from: sender(context.flow, direction), ...value })
      if (problem !== null) context.emit({ ...base, kind: 'malformed', reason: problem })
    },
    gap(): void {},
    end(at: Micros): void {
      if (repeats > 0) context.emit({ at, frame: context.frame(), protocol: 'dhcp6', vlan: context.flow.vlan, kind: 'total', messages, repeats })
    },
  }
}
