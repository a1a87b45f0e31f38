// NetBIOS session: each name and each question is a fact once.
// Keeps the rule that a name belongs to whom the message says, and the sender is told beside it.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { bytesKey, FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { sender } from '../session-tools.ts'
import { decodeNb } from './message.ts'

/** Bytes that differ in each repeat: the transaction, or the datagram's number. */
const VARYING_BYTES = 4

export function openNbns(context: SessionContext): Session {
  const messages = new FirstSeen<number>()
  const told = new FirstSeen<string>()
  return {
    feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
      if (!messages.isNew(bytesKey(buf, Math.min(end, off + VARYING_BYTES), end, direction))) return
      const message = decodeNb(buf, off, end)
      if (!message) return
      const base = { at, frame: context.frame(), protocol: 'nbns', flowId: context.flow.id } as const
      const from = sender(context.flow, direction)
      const { asked, mac, kind } = message
      const isNewQuery = asked !== null && told.isNew(`? ${direction} ${asked.suffix} ${asked.isStatus} ${asked.name}`)
      if (isNewQuery) context.emit({ ...base, kind: 'query', client: from, ...asked })
      if (kind === 'query' || kind === 'other') return
      for (const { name, suffix, isGroup, owner } of message.names) {
        if (!told.isNew(`${direction} ${kind} ${suffix} ${isGroup} ${owner} ${name}`)) continue
        context.emit({ ...base, kind: 'name', from, owner: owner ?? from, name, suffix, isGroup, how: kind, mac })
      }
      if (message.problem) context.emit({ ...base, kind: 'malformed', reason: message.problem })
    },
    gap(): void {},
    end(): void {},
  }
}
