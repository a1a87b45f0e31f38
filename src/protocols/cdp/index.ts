// CDP: link frames to facts. No registry row: CDP has no flow, so the sensor hands over each 802.2 frame (packets.ts).
// Keeps the rule that an announcement is a fact once, however often it is sent.

import { formatMac } from '../../base/mac.ts'
import { u8 } from '../../wire/bytes.ts'
import type { Frame } from '../../wire/frame.ts'
import { bytesKey, type FirstSeen } from '../first-seen.ts'
import { CDP_SNAP } from './codes.ts'
import type { CdpFact } from './facts.ts'
import { decodeCdp } from './message.ts'

export { CDP_SNAP } from './codes.ts'
export { encodeCdp } from './message.ts'

/** Emits what the 802.2 body at [frame.linkOff, end) teaches when it is CDP and was not told before. */
export function cdpFacts(buf: Uint8Array, frame: Frame, end: number, seen: FirstSeen<number>, emit: (fact: CdpFact) => void): void {
  if (frame.linkOff < 0 || !isCdp(buf, frame.linkOff, end)) return
  const off = frame.linkOff + CDP_SNAP.length
  const { message, problem, end: stop } = decodeCdp(buf, off, end)
  if (!seen.isNew(bytesKey(buf, off, stop, (frame.srcMac % 0xffff_ffff) ^ frame.vlan))) return
  const base = { at: frame.at, frame: frame.number, protocol: 'cdp', vlan: frame.vlan } as const
  if (message) emit({ ...base, kind: 'neighbour', mac: frame.srcMac < 0 ? null : formatMac(frame.srcMac), ...message })
  if (problem !== null) emit({ ...base, kind: 'malformed', reason: problem })
}

function isCdp(buf: Uint8Array, off: number, end: number): boolean {
  if (end - off < CDP_SNAP.length) return false
  for (const [i, byte] of CDP_SNAP.entries()) if (u8(buf, off + i) !== byte) return false
  return true
}
