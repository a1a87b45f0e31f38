// IGMP and MLD: packets to facts. No registry row: the sensor hands over packets of protocol 2, and ICMPv6 (packets.ts).
// Keeps the rule that a membership is a fact once, however often it is repeated.

import { u8 } from '../../wire/bytes.ts'
import type { Frame } from '../../wire/frame.ts'
import { bytesKey, type FirstSeen } from '../first-seen.ts'
import { frameSource, senderSeed } from '../frame-address.ts'
import { Mld } from './codes.ts'
import type { IgmpFact } from './facts.ts'
import { decodeIgmp } from './message.ts'

export { IGMP_PROTO } from './codes.ts'

/** Whether an ICMPv6 type is one of MLD's. */
export function isMld(type: number): boolean {
  return (type >= Mld.query && type <= Mld.done) || type === Mld.report2
}

/** Emits what the message at [frame.l4Off, frame.l4End) teaches, when it was not told before. Leaves teach nothing. */
export function igmpFacts(buf: Uint8Array, frame: Frame, seen: FirstSeen<number>, emit: (fact: IgmpFact) => void): void {
  if (frame.l4Off < 0 || frame.l4Off >= frame.l4End) return
  const seed = senderSeed(frame)
  if (!seen.isNew(bytesKey(buf, frame.l4Off, frame.l4End, seed))) return
  const family = frame.ipVersion === 4 ? 'igmp' : 'mld'
  const message = decodeIgmp(buf, frame.l4Off, frame.l4End, family === 'igmp' ? 4 : 6)
  if (!message) return
  const isNameless = frame.addresses.subarray(0, 4).every((word) => word === 0)
  const base = {
    at: frame.at, frame: frame.number, protocol: 'igmp', vlan: frame.vlan, family, from: isNameless ? null : frameSource(frame),
  } as const
  // Queries differ from round to round in what they ask; who asks is one thing.
  if (message.kind === 'query' && message.problem === null) {
    if (seen.isNew(bytesKey(buf, frame.l4Off, frame.l4Off + 1, seed))) emit({ ...base, kind: 'querier', version: message.version })
  }
  for (const group of message.groups) emit({ ...base, kind: 'member', group, version: message.version })
  if (message.problem !== null) emit({ ...base, kind: 'malformed', reason: message.problem })
}

/** Type byte of the message, for who asks before. */
export function typeOf(buf: Uint8Array, frame: Frame): number {
  return frame.l4Off < frame.l4End ? u8(buf, frame.l4Off) : -1
}
