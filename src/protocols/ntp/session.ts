// NTP session: who is the clock and who asks; one fact when a clock says something new of itself, and totals.
// Keeps the rule that clients and servers follow from the mode in the message, not from ports.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import { FirstSeen } from '../first-seen.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { receiver, sender } from '../session-tools.ts'
import { NtpMode } from './codes.ts'
import { decodeNtp, type NtpMessage } from './message.ts'

/** A clock changes its stratum and reference now and then, not more often than this many times in a flow. */
const CHANGES_MAX = 64

export function openNtp(context: SessionContext): Session {
  const told = new FirstSeen<string>(CHANGES_MAX)
  let requests = 0
  let replies = 0
  /** Who asks: the first of this flow. */
  let asker: Direction | null = null
  let version = 0
  const tell = (direction: Direction, message: NtpMessage, at: Micros): void => {
    const { stratum, reference } = message
    if (!told.isNew(`${direction} ${message.version} ${stratum} ${reference}`)) return
    const isGroup = message.mode === NtpMode.broadcast
    context.emit({
      at, frame: context.frame(), protocol: 'ntp', kind: 'server', flowId: context.flow.id, server: sender(context.flow, direction),
      client: isGroup ? null : receiver(context.flow, direction), version: message.version, stratum, reference,
    })
  }
  return {
    feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
      const message = decodeNtp(buf, off, end)
      if (!message) return
      if (message.mode === NtpMode.client || message.mode === NtpMode.active) {
        asker ??= direction
        version ||= message.version
        requests++
      } else if (message.mode === NtpMode.server || message.mode === NtpMode.passive || message.mode === NtpMode.broadcast) {
        if (message.mode !== NtpMode.broadcast) asker ??= direction === 0 ? 1 : 0
        version ||= message.version
        replies++
        tell(direction, message, at)
      }
    },
    gap(): void {},
    end(at: Micros): void {
      if (asker === null) return
      context.emit({
        at, frame: context.frame(), protocol: 'ntp', kind: 'total', flowId: context.flow.id, client: sender(context.flow, asker),
        server: receiver(context.flow, asker), version, requests, replies,
      })
    },
  }
}
