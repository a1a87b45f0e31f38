// packets: protocols that have no flow and no row: what a frame that is no IP, or an IP packet without ports, teaches.
// Keeps the rule that floods stay cheap: each has a bounded table of what was told, and a repeat is no fact.

import { type Frame, IpProto } from '../wire/frame.ts'
import { cdpFacts } from './cdp/index.ts'
import type { Fact } from './facts.ts'
import { FirstSeen } from './first-seen.ts'
import { icmpFacts } from './icmp/index.ts'
import { IGMP_PROTO, igmpFacts, isMld, typeOf } from './igmp/index.ts'
import { ETHERTYPE_LLDP, lldpFacts } from './lldp/index.ts'

/** The memory of one sensor: one table for each kind, so that a flood of one does not make another told again. */
export class PacketFacts {
  readonly #neighbours = new FirstSeen<number>()
  readonly #messages = new FirstSeen<number>()
  readonly #memberships = new FirstSeen<number>()

  /** A frame that is neither IP nor ARP; [frame.linkOff, end) is what its link header carries. */
  link(buf: Uint8Array, frame: Frame, end: number, emit: (fact: Fact) => void): void {
    if (frame.etherType === ETHERTYPE_LLDP) lldpFacts(buf, frame, end, this.#neighbours, emit)
    else if (frame.etherType === 0) cdpFacts(buf, frame, end, this.#neighbours, emit)
  }

  /** An IP packet that is neither TCP nor UDP, with its transport header decoded as far as it goes. */
  ip(buf: Uint8Array, frame: Frame, emit: (fact: Fact) => void): void {
    if (frame.l4Off < 0) return
    if (frame.proto === IGMP_PROTO) igmpFacts(buf, frame, this.#memberships, emit)
    else if (frame.proto === IpProto.icmp6 && isMld(typeOf(buf, frame))) igmpFacts(buf, frame, this.#memberships, emit)
    else if (frame.proto === IpProto.icmp || frame.proto === IpProto.icmp6) icmpFacts(buf, frame, this.#messages, emit)
  }
}
