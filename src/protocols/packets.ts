// packets: protocols that have no flow and no row: what a frame that is no IP, or an IP packet without ports, teaches.
// Keeps the rule that floods stay cheap: each has a bounded table of what was told, and a repeat is no fact.

import type { Frame } from '../wire/frame.ts'
import { cdpFacts } from './cdp/index.ts'
import type { Fact } from './facts.ts'
import { FirstSeen } from './first-seen.ts'
import { ETHERTYPE_LLDP, lldpFacts } from './lldp/index.ts'

/** The memory of one sensor. */
export class PacketFacts {
  readonly #neighbours = new FirstSeen<number>()

  /** A frame that is neither IP nor ARP; [frame.linkOff, end) is what its link header carries. */
  link(buf: Uint8Array, frame: Frame, end: number, emit: (fact: Fact) => void): void {
    if (frame.etherType === ETHERTYPE_LLDP) lldpFacts(buf, frame, end, this.#neighbours, emit)
    else if (frame.etherType === 0) cdpFacts(buf, frame, end, this.#neighbours, emit)
  }

  /** An IP packet that is neither TCP nor UDP, with its transport header decoded as far as it goes. */
  ip(_buf: Uint8Array, _frame: Frame, _emit: (fact: Fact) => void): void {}
}
