// Continuity: whether a device's address, card, switch port and TCP habits are those it had before, from what a sensor saw.
// Keeps the rule that this is comparison only: the sensor observes, the gateway compares, and what was not seen is no evidence.

import { cannotTell, differs, fits, type Evidence } from './evidence.ts'

/** What a sensor knows of a device's link at a moment; null where it cannot see. */
export interface LinkSight {
  readonly ip: string
  readonly mac: string | null
  readonly switchPort: string | null
  /** TTL as it arrives, MSS and window of its SYN, and its option kinds in order. */
  readonly ttl: number | null
  readonly mss: number | null
  readonly window: number | null
  readonly tcpOptions: readonly number[] | null
  /** Other cards that claimed this address, or the central station's, in the period. */
  readonly rivalMacs: readonly string[]
  /** Retransmissions whose bytes differ from the first ones: two writers on one stream. */
  readonly conflictingRetransmissions: number
  /** Resets or second sessions nobody expected. */
  readonly strayResets: number
}

export function checkAddressBinding(before: LinkSight | null, now: LinkSight | null): Evidence {
  if (now === null) return cannotTell('address-binding', 'no sensor watches the segment')
  if (now.rivalMacs.length > 0) return differs('address-binding', `a second card claims the address: ${now.rivalMacs.join(', ')}`)
  if (before === null) return cannotTell('address-binding', 'the device was never seen before')
  const changes = [change('card', before.mac, now.mac), change('switch port', before.switchPort, now.switchPort)].filter((c) => c !== null)
  if (changes.length > 0) return differs('address-binding', changes.join(', '))
  const isSeen = before.mac !== null && now.mac !== null
  return isSeen ? fits('address-binding', 'one card, one address') : cannotTell('address-binding', 'the sensor does not see the card')
}

export function checkTcpContinuity(before: LinkSight | null, now: LinkSight | null): Evidence {
  if (now === null) return cannotTell('tcp-continuity', 'no sensor watches the stream')
  if (now.conflictingRetransmissions > 0) {
    return differs('tcp-continuity', `${now.conflictingRetransmissions} retransmissions carried other bytes than the first time: two writers on one stream`)
  }
  if (now.strayResets > 0) return differs('tcp-continuity', `${now.strayResets} resets or second sessions that nobody expected`)
  if (before === null) return cannotTell('tcp-continuity', 'the device was never seen before')
  const habits = (sight: LinkSight): readonly (readonly [string, string | null])[] => [
    ['TTL', text(sight.ttl)], ['MSS', text(sight.mss)], ['window', text(sight.window)], ['options', sight.tcpOptions?.join(' ') ?? null],
  ]
  const then = new Map(habits(before))
  const changes = habits(now).map(([name, value]) => change(name, then.get(name) ?? null, value)).filter((c) => c !== null)
  if (changes.length > 0) return differs('tcp-continuity', changes.join(', '))
  const isSeen = habits(now).some(([name, value]) => value !== null && (then.get(name) ?? null) !== null)
  return isSeen ? fits('tcp-continuity', 'TTL and TCP habits are as before') : cannotTell('tcp-continuity', 'no TCP habit was seen twice')
}

const text = (value: number | null): string | null => (value === null ? null : String(value))

/** Null when nothing changed, or when one side was not seen. */
function change(what: string, before: string | null, now: string | null): string | null {
  return before === null || now === null || before === now ? null : `${what} changed from ${before} to ${now}`
}
