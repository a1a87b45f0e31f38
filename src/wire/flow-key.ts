// The key of a flow as words, the same for both directions: the lower endpoint first.
// Keeps the rule that a flow is found by numbers; text is made once, when the flow is new.

import { icmpCounterpart, isIcmp } from './community-id.ts'
import { FLOW_KEY_WORDS } from './flow-index.ts'
import type { Frame } from './frame.ts'

const ADDRESS_WORDS = 4
const PORTS = 8
const TAGS_AND_PROTOCOL = 9
const VERSION_AND_MARK = 10
/** Set in the version word of a message that has no second direction (an ICMP error). Above it stands the tenant of the tunnel, 24 bits. */
const ONE_WAY_MARK = 0x80
const SEGMENT_SHIFT = 8

/** A reusable key. `fill` writes the words and says on which side the sender is. */
export class FlowKeyWords {
  readonly words = new Int32Array(FLOW_KEY_WORDS)

  /**
   * Fills the words from a frame that has an IP header. Returns true when the sender is the low endpoint.
   * ICMP requests and replies share a key as in Community ID v1 (type and counter-type play the ports);
   * one-way ICMP messages keep their direction in the key, and one without a readable header has neither type nor code.
   * The ICMP identifier does not count, nor does it in v1.
   */
  fill(frame: Frame): boolean {
    let srcPort = frame.srcPort
    let dstPort = frame.dstPort
    let oneWay = false
    if (isIcmp(frame.proto) && frame.payloadOff >= 0) {
      const counterpart = icmpCounterpart(frame.proto, srcPort)
      oneWay = counterpart < 0
      if (!oneWay) dstPort = counterpart
    }
    const order = compareAddresses(frame.addresses)
    const sourceIsLow = oneWay || order < 0 || (order === 0 && srcPort <= dstPort)
    this.#put(frame, sourceIsLow, srcPort, dstPort)
    this.words[VERSION_AND_MARK] = frame.ipVersion | (oneWay ? ONE_WAY_MARK : 0) | (frame.segment << SEGMENT_SHIFT)
    return sourceIsLow
  }

  #put(frame: Frame, sourceIsLow: boolean, srcPort: number, dstPort: number): void {
    const words = this.words
    const low = sourceIsLow ? 0 : ADDRESS_WORDS
    const high = ADDRESS_WORDS - low
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      words[i] = frame.addresses[low + i] as number
      words[ADDRESS_WORDS + i] = frame.addresses[high + i] as number
    }
    words[PORTS] = sourceIsLow ? (srcPort << 16) | dstPort : (dstPort << 16) | srcPort
    // 12 + 12 + 8 bits: IEEE 802.1Q VLAN ids and the IP protocol fill the word exactly.
    words[TAGS_AND_PROTOCOL] = (frame.vlan << 20) | (frame.innerVlan << 8) | (frame.proto & 0xff)
  }
}

/** Below 0 when the source address is the lower one, 0 when they are equal. */
function compareAddresses(addresses: Uint32Array): number {
  for (let i = 0; i < ADDRESS_WORDS; i++) {
    const src = addresses[i] as number
    const dst = addresses[ADDRESS_WORDS + i] as number
    if (src !== dst) return src < dst ? -1 : 1
  }
  return 0
}
