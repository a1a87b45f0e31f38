// FlowSum: one flow as plain numbers, read out of the flow table's record or out of a Flow. For those who add up what ended.
// Keeps the rule that a flow which ends costs no object and no text: one sum is filled again and again.

import { ipVersion, putIp, V4_BYTES, type Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import { u32be } from './bytes.ts'
import {
  FLOW_STRIDE, FLOW_STRIDE_NUMBERS, FlowNumber, FlowWord, KEY_TAGS_AND_PROTOCOL, KEY_VERSION, VERSION_MASK, type FlowArrays,
} from './flow-record.ts'
import { FLOW_STATES } from './flow-state.ts'
import type { Learnt } from './flow-views.ts'
import type { Flow, FlowState } from './flow.ts'

/** 32-bit words of an address; IPv4 stands in the last one. */
const ADDRESS_WORDS = 4
const addressBytes = new Uint8Array(16)

export class FlowSum {
  id = 0
  vlan = 0
  proto = 0
  ipVersion = 4
  /** Signed words: the initiator's address, then the responder's. */
  readonly addresses = new Int32Array(2 * ADDRESS_WORDS)
  srcPort = 0
  dstPort = 0
  srcMac: MacNumber = -1
  dstMac: MacNumber = -1
  packetsOut = 0
  packetsBack = 0
  bytesOut = 0
  bytesBack = 0
  payloadOut = 0
  payloadBack = 0
  firstAt: Micros = 0
  lastAt: Micros = 0
  firstFrame = 0
  state: FlowState = 'datagram'
  protocol: string | null = null
  gapBytes = 0
  isTurned = false

  /** `learnt`: what a view knows beside the record, or has left behind. */
  fromRecord({ words, numbers }: FlowArrays, slot: number, learnt: Learnt): this {
    const base = slot * FLOW_STRIDE
    const first = slot * FLOW_STRIDE_NUMBERS
    const tags = words[base + KEY_TAGS_AND_PROTOCOL] as number
    const ports = words[base + FlowWord.ports] as number
    this.id = words[base + FlowWord.id] as number
    this.vlan = tags >>> 20
    this.proto = tags & 0xff
    this.ipVersion = (words[base + KEY_VERSION] as number) & VERSION_MASK
    const src = base + (words[base + FlowWord.srcIsLow] === 1 ? 0 : ADDRESS_WORDS)
    const dst = 2 * base + ADDRESS_WORDS - src
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      this.addresses[i] = words[src + i] as number
      this.addresses[ADDRESS_WORDS + i] = words[dst + i] as number
    }
    this.srcPort = ports >>> 16
    this.dstPort = ports & 0xffff
    this.srcMac = numbers[first + FlowNumber.mac] as number
    this.dstMac = numbers[first + FlowNumber.mac + 1] as number
    this.packetsOut = numbers[first + FlowNumber.packets] as number
    this.packetsBack = numbers[first + FlowNumber.packets + 1] as number
    this.bytesOut = numbers[first + FlowNumber.bytes] as number
    this.bytesBack = numbers[first + FlowNumber.bytes + 1] as number
    this.payloadOut = numbers[first + FlowNumber.payloadBytes] as number
    this.payloadBack = numbers[first + FlowNumber.payloadBytes + 1] as number
    this.firstAt = numbers[first + FlowNumber.firstAt] as number
    this.lastAt = numbers[first + FlowNumber.lastAt] as number
    this.firstFrame = words[base + FlowWord.firstFrame] as number
    this.state = FLOW_STATES[words[base + FlowWord.state] as number] as FlowState
    this.protocol = learnt.protocol
    this.gapBytes = learnt.gapBytes
    this.isTurned = learnt.isTurned === true
    return this
  }

  /** The same of a Flow from anywhere: the slow way. */
  fromFlow(flow: Flow): this {
    const { id, vlan, proto, srcPort, dstPort, firstAt, lastAt, firstFrame, state, protocol, gapBytes, isTurned = false } = flow
    Object.assign(this, { id, vlan, proto, srcPort, dstPort, firstAt, lastAt, firstFrame, state, protocol, gapBytes, isTurned })
    ;[this.srcMac, this.dstMac] = flow.macs
    ;[this.packetsOut, this.packetsBack] = flow.packets
    ;[this.bytesOut, this.bytesBack] = flow.bytes
    ;[this.payloadOut, this.payloadBack] = flow.payloadBytes
    this.ipVersion = ipVersion(flow.src)
    putAddress(flow.src, this.addresses, 0)
    putAddress(flow.dst, this.addresses, ADDRESS_WORDS)
    return this
  }

  /** Both sides changed over. */
  turn(): this {
    const { addresses } = this
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      const word = addresses[i] as number
      addresses[i] = addresses[ADDRESS_WORDS + i] as number
      addresses[ADDRESS_WORDS + i] = word
    }
    ;[this.srcPort, this.dstPort] = [this.dstPort, this.srcPort]
    ;[this.srcMac, this.dstMac] = [this.dstMac, this.srcMac]
    ;[this.packetsOut, this.packetsBack] = [this.packetsBack, this.packetsOut]
    ;[this.bytesOut, this.bytesBack] = [this.bytesBack, this.bytesOut]
    ;[this.payloadOut, this.payloadBack] = [this.payloadBack, this.payloadOut]
    return this
  }
}

function putAddress(ip: Ip, words: Int32Array, off: number): void {
  const length = putIp(ip, addressBytes, 0)
  words.fill(0, off, off + ADDRESS_WORDS)
  const count = length === V4_BYTES ? 1 : ADDRESS_WORDS
  for (let i = 0; i < count; i++) words[off + ADDRESS_WORDS - count + i] = u32be(addressBytes, 4 * i)
}
