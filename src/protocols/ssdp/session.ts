// SSDP session: each type that a device announces, and each search, is a fact once.
// Keeps the rule that a path in a location does not leave: some devices write keys into it.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { bytesKey, FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { sender } from '../session-tools.ts'
import type { SsdpFact } from './facts.ts'
import { decodeSsdp, type SsdpMessage } from './message.ts'

export function openSsdp(context: SessionContext): Session {
  const messages = new FirstSeen<number>()
  const told = new FirstSeen<string>()
  return {
    feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
      if (!messages.isNew(bytesKey(buf, off, end, direction))) return
      const message = decodeSsdp(buf, off, end)
      const fact = message && factOf(context, direction, message, at)
      // Sequence numbers and dates make the same announcement other bytes.
      if (fact && told.isNew(keyOf(fact, direction))) context.emit(fact)
      if (message?.isWhole === false) context.emit({ ...baseOf(context, at), kind: 'malformed', reason: 'too-long' })
    },
    gap(): void {},
    end(): void {},
  }
}

function keyOf(fact: SsdpFact, direction: Direction): string {
  return JSON.stringify({ ...fact, at: 0, frame: direction })
}

function baseOf(context: SessionContext, at: Micros) {
  return { at, frame: context.frame(), protocol: 'ssdp', flowId: context.flow.id } as const
}

function factOf(context: SessionContext, direction: Direction, { kind, fields }: SsdpMessage, at: Micros): SsdpFact {
  const base = baseOf(context, at)
  const type = fields.get(kind === 'notify' ? 'nt' : 'st') ?? null
  if (type === null) return { ...base, kind: 'malformed', reason: 'no-type' }
  const who = sender(context.flow, direction)
  if (kind === 'search') return { ...base, kind: 'search', client: who, type, userAgent: fields.get('user-agent') ?? null }
  const usn = fields.get('usn') ?? null
  return {
    ...base, kind: 'announce', device: who, type, udn: usn === null ? null : (usn.split('::')[0] ?? null), server: fields.get('server') ?? null,
    location: originOf(fields.get('location') ?? null), state: fields.get('nts') ?? null,
  }
}

/** `http://10.0.0.9:80` of a longer address; null when it is none. User and password, if any, stay behind. */
export function originOf(location: string | null): string | null {
  const at = location?.indexOf('://') ?? -1
  if (location === null || at < 1) return null
  const slash = location.indexOf('/', at + 3)
  const authority = location.slice(at + 3, slash < 0 ? undefined : slash).split('?')[0] ?? ''
  return `${location.slice(0, at)}://${authority.slice(authority.lastIndexOf('@') + 1)}`
}
