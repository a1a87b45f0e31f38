// LLDP: link frames to facts. No registry row: LLDP has no flow, so the sensor hands over each frame of its EtherType (packets.ts).
// Keeps the rule that an announcement is a fact once, however often it is sent.

import { formatMac } from '../../base/mac.ts'
import type { Frame } from '../../wire/frame.ts'
import { bytesKey, type FirstSeen } from '../first-seen.ts'
import type { LldpFact } from './facts.ts'
import { decodeLldp } from './message.ts'

export { ETHERTYPE_LLDP } from './codes.ts'
export { encodeLldp } from './message.ts'

/** Emits what the data unit at [frame.linkOff, end) teaches, when it was not told before: a neighbour, a malformed, or both. */
export function lldpFacts(buf: Uint8Array, frame: Frame, end: number, seen: FirstSeen<number>, emit: (fact: LldpFact) => void): void {
  if (frame.linkOff < 0) return
  const { message, problem, end: stop } = decodeLldp(buf, frame.linkOff, end)
  // Who sends it counts: a switch says the same on two ports with different cards.
  if (!seen.isNew(bytesKey(buf, frame.linkOff, stop, (frame.srcMac % 0xffff_ffff) ^ frame.vlan))) return
  const base = { at: frame.at, frame: frame.number, protocol: 'lldp', vlan: frame.vlan } as const
  if (message) emit({ ...base, kind: 'neighbour', mac: frame.srcMac < 0 ? null : formatMac(frame.srcMac), ...message })
  if (problem !== null) emit({ ...base, kind: 'malformed', reason: problem })
}
