// FlowRecord: where each number of a flow stands in the flow table's arrays, and the view through which others read it.
// Keeps the rule that a packet of a known flow touches three cache lines and no object; text is made when somebody asks.

import { assert } from '../base/assert.ts'
import { ipAt, type Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import { communityId } from './community-id.ts'
import { FLOW_STATES } from './flow-state.ts'
import type { Flow, FlowState } from './flow.ts'

/** 32-bit words a flow takes: 192 bytes, three cache lines of 64. */
export const FLOW_STRIDE = 48
/** The same room counted in 64-bit numbers. */
export const FLOW_STRIDE_NUMBERS = FLOW_STRIDE / 2

/** Words of the first line: the key and its hash (flow-index.ts) stand in 0 to 11. */
export const FlowWord = {
  srcIsLow: 12, id: 13, tick: 14, attention: 15,
  /** Third line, behind the two packet counts. `ports` holds the initiator's above the responder's; for ICMP the type above the code. */
  flags: 36, isn: 38, syn: 40, known: 42, state: 43, ageClass: 44, firstFrame: 45, ports: 46,
  /** What a view that was let go had learnt: the number of its protocol, 0 for none, and FLOW_TURNED. */
  learnt: 47,
} as const

/** 64-bit numbers of the second line and the beginning of the third; two in a row are per direction, 0 from the initiator. */
export const FlowNumber = { lastAt: 8, firstAt: 9, bytes: 10, payloadBytes: 12, mac: 14, packets: 16 } as const

/** Bits of FlowWord.known, to be shifted left by the direction. */
export const FlowKnown = { isn: 1, syn: 4 } as const

/** Bit of FlowWord.learnt above the number of the protocol. */
export const FLOW_TURNED = 0x100
export const LEARNT_PROTOCOL_MASK = 0xff

export const KEY_TAGS_AND_PROTOCOL = 9
export const KEY_VERSION = 10
/** The one-way mark and the tenant share the word (flow-key.ts). */
export const VERSION_MASK = 0x0f
const VLAN_MASK = 0xfff

/** The two arrays over one buffer. Replaced when the table grows: read them anew each time. */
export interface FlowArrays {
  readonly words: Int32Array
  readonly numbers: Float64Array
}

/** A live flow of the table. Once the flow is over, reading it is our bug: who wants to keep one copies it in onEnd (copyFlow). */
export class FlowView implements Flow {
  readonly id: number
  readonly srcPort: number
  readonly dstPort: number
  protocol: string | null
  gapBytes = 0
  isTurned: boolean
  #arrays: FlowArrays | null
  readonly #slot: number
  #src: Ip | null = null
  #dst: Ip | null = null
  #communityId: string | null = null

  /** `protocol` is what an earlier view of the same flow had learnt. */
  constructor(arrays: FlowArrays, slot: number, protocol: string | null) {
    this.#arrays = arrays
    this.#slot = slot
    this.protocol = protocol
    this.isTurned = (this.#word(FlowWord.learnt) & FLOW_TURNED) !== 0
    this.id = this.#word(FlowWord.id)
    const ports = this.#word(FlowWord.ports)
    this.srcPort = ports >>> 16
    this.dstPort = ports & 0xffff
  }

  /** The flow is over and its slot will be given to another. */
  close(): void {
    this.#arrays = null
  }

  get vlan(): number {
    return this.#word(KEY_TAGS_AND_PROTOCOL) >>> 20
  }

  get innerVlan(): number {
    return (this.#word(KEY_TAGS_AND_PROTOCOL) >>> 8) & VLAN_MASK
  }

  get proto(): number {
    return this.#word(KEY_TAGS_AND_PROTOCOL) & 0xff
  }

  get src(): Ip {
    this.#src ??= this.#address(this.#word(FlowWord.srcIsLow) === 1 ? 0 : 4)
    return this.#src
  }

  get dst(): Ip {
    this.#dst ??= this.#address(this.#word(FlowWord.srcIsLow) === 1 ? 4 : 0)
    return this.#dst
  }

  get firstAt(): Micros {
    return this.#number(FlowNumber.firstAt)
  }

  get lastAt(): Micros {
    return this.#number(FlowNumber.lastAt)
  }

  get firstFrame(): number {
    return this.#word(FlowWord.firstFrame)
  }

  get state(): FlowState {
    return FLOW_STATES[this.#word(FlowWord.state)] as FlowState
  }

  get macs(): readonly [MacNumber, MacNumber] {
    return this.#pair(FlowNumber.mac)
  }

  get packets(): readonly [number, number] {
    return this.#pair(FlowNumber.packets)
  }

  get bytes(): readonly [number, number] {
    return this.#pair(FlowNumber.bytes)
  }

  get payloadBytes(): readonly [number, number] {
    return this.#pair(FlowNumber.payloadBytes)
  }

  get tcpFlags(): readonly [number, number] {
    return [this.#word(FlowWord.flags), this.#word(FlowWord.flags + 1)]
  }

  communityId(): string {
    this.#communityId ??= communityId(this)
    return this.#communityId
  }

  #address(word: number): Ip {
    return ipAt(this.#open().words, this.#slot * FLOW_STRIDE + word, this.#word(KEY_VERSION) & VERSION_MASK)
  }

  #pair(number: number): readonly [number, number] {
    return [this.#number(number), this.#number(number + 1)]
  }

  #word(word: number): number {
    return this.#open().words[this.#slot * FLOW_STRIDE + word] as number
  }

  #number(number: number): number {
    return this.#open().numbers[this.#slot * FLOW_STRIDE_NUMBERS + number] as number
  }

  #open(): FlowArrays {
    assert(this.#arrays !== null, 'a flow was read after its end')
    return this.#arrays
  }
}

/** The flow as it is now, for keeping. */
export function copyFlow(flow: Flow): Flow {
  const { id, vlan, innerVlan, src, dst, proto, srcPort, dstPort, firstAt, firstFrame, lastAt, macs, packets, bytes, payloadBytes, tcpFlags } = flow
  const { state, protocol, gapBytes, isTurned = false } = flow
  const name = flow.communityId()
  return {
    id, vlan, innerVlan, src, dst, proto, srcPort, dstPort, firstAt, firstFrame, lastAt, macs, packets, bytes, payloadBytes, tcpFlags,
    state, protocol, gapBytes, isTurned, communityId: () => name,
  }
}
