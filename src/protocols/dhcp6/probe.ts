// DHCPv6 probe: a known type, and options that fill the datagram to its last byte, with an identity among them.
// Keeps the rule "a port is a hint, the probe is the judge"; the first byte refuses most.

import { u16be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { DHCP6_OPTION_MAX, DHCP6_TYPE_MAX, Dhcp6Option, Dhcp6Type, DuidType } from './codes.ts'

/** Options walked before the probe gives up: it needs the first few. */
const PROBE_OPTIONS_MAX = 64

export function probeDhcp6(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const type = end - off >= 8 ? u8(buf, off) : 0
  if (type === 0 || type > DHCP6_TYPE_MAX) return 'no'
  const isRelay = type === Dhcp6Type.relayForward || type === Dhcp6Type.relayReply
  let at = off + (isRelay ? 34 : 4)
  let knows = false
  for (let count = 0; at < end; count++) {
    if (count >= PROBE_OPTIONS_MAX || at + 4 > end) return 'no'
    const code = u16be(buf, at)
    const next = at + 4 + u16be(buf, at + 2)
    if (code === 0 || code > DHCP6_OPTION_MAX || next > end) return 'no'
    if (identifies(buf, type, code, at + 4, next)) knows = true
    at = next
  }
  return knows && at === end ? 'yes' : 'no'
}

/** Relays carry a message, an information request may have no identity but the elapsed time (section 18.2.6), the others have a DUID. */
function identifies(buf: Uint8Array, type: number, code: number, off: number, end: number): boolean {
  if (type >= Dhcp6Type.relayForward) return code === Dhcp6Option.relayMessage && end - off >= 4 && u8(buf, off) <= DHCP6_TYPE_MAX && u8(buf, off) > 0
  if (type === Dhcp6Type.informationRequest && code === Dhcp6Option.elapsed) return end - off === 2
  if (code !== Dhcp6Option.clientId && code !== Dhcp6Option.serverId) return false
  return end - off >= 6 && u16be(buf, off) >= DuidType.linkTime && u16be(buf, off) <= DuidType.uuid
}
