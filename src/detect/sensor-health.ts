// Sensor health: numbers that say whether the SENSOR hears and reads what it should. A few adds per packet, a few per flow that ends.
// Keeps "silence is not safety": nothing lost of nothing heard is no health. Allocates nothing per packet.

import { isGroupMac } from '../base/mac.ts'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import type { FlowSum } from '../wire/flow-sum.ts'
import { FrameFlag, IpProto, TcpFlag, type Frame } from '../wire/frame.ts'

/**
 * Packet time may go back this far without a word: a capture of several cards is put in order only about this well, and NTP slews
 * what is less than an eighth of a second (RFC 5905, STEPT).
 */
export const CLOCK_BACK_MICROS = MICROS_PER_SECOND
/** No network with a switch, a router or a monitor in it is silent for an hour: the clock was set, or the sensor heard nothing. */
export const CLOCK_AHEAD_MICROS = 60 * MICROS_PER_MINUTE

/**
 * One TCP segment in this many packets is remembered for a moment, and looked for again: enough to see a mirror that copies twice.
 * Odd, or a mirror that sends each packet and its copy in turn would have only copies remembered; so of all twice, half are found.
 */
const PROBE_EVERY = 17
/** A second copy comes close behind the first: from the other VLAN or port of the mirror, through the same switch. */
const PROBE_PACKETS = 16
/** Sooner than any retransmission by timer: Linux waits 200 ms at least, RFC 6298 asks for a second. */
const PROBE_MICROS: Micros = MICROS_PER_SECOND / 10

/** Plain numbers, so that a window of a live watch is the difference of two of them. */
export interface HealthCounts {
  readonly packets: number
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** Frames to one card, and to a group of cards; links without hardware addresses count in neither. */
  readonly unicastFrames: number
  readonly groupFrames: number
  /** TCP segments with an ACK. */
  readonly acks: number
  readonly cutPackets: number
  /** Bytes that were on the wire and not in the capture. */
  readonly cutBytes: number
  readonly backJumps: number
  readonly backMicrosMax: Micros
  readonly aheadJumps: number
  readonly aheadMicrosMax: Micros
  /** All jumps ahead together: time in which nothing was heard, or that never was. */
  readonly aheadMicros: Micros
  /** TCP segments looked for again, and those that came a second time. */
  readonly probes: number
  readonly copies: number
  /** TCP flows that carried something, those of them heard from one side only, and the bytes of those heard from both. */
  readonly ended: FlowCounts
  readonly live: FlowCounts
  /** Packets that the capturing machine says it lost. */
  readonly dropped: number
}

export interface FlowCounts {
  readonly flows: number
  readonly oneSided: number
  readonly payloadBytes: number
  /** Bytes that one side acknowledged and this sensor never saw. */
  readonly gapBytes: number
}

/** FlowCounts while they are counted. */
export type FlowTally = { -readonly [K in keyof FlowCounts]: FlowCounts[K] }

export const noFlows = (): FlowTally => ({ flows: 0, oneSided: 0, payloadBytes: 0, gapBytes: 0 })

/** Called with every decoded frame; asked for its counts at any time, with those of flows. Asking changes nothing. */
export class SensorHealth {
  #packets = 0
  #firstAt: Micros = 0
  #lastAt: Micros = 0
  #unicastFrames = 0
  #groupFrames = 0
  #acks = 0
  #cutPackets = 0
  #cutBytes = 0
  #backJumps = 0
  #backMicrosMax: Micros = 0
  #aheadJumps = 0
  #aheadMicrosMax: Micros = 0
  #aheadMicros: Micros = 0
  #probes = 0
  #copies = 0

  /** Packets until the probe is given up; 0 when none is out. */
  #probeLeft = 0
  #probeAt: Micros = 0
  #probeSeq = 0
  #probeId = 0
  #probeLength = 0
  #probePorts = 0
  #probeSrc = 0
  #probeDst = 0

  /** One decoded frame, as beginFrame and decodeFrame left it. */
  packet(frame: Frame): void {
    const at = frame.at
    if (this.#packets++ === 0) this.#firstAt = at
    else if (at < this.#lastAt - CLOCK_BACK_MICROS || at > this.#lastAt + CLOCK_AHEAD_MICROS) this.#jump(at - this.#lastAt)
    this.#lastAt = at
    if (frame.dstMac >= 0) {
      if (isGroupMac(frame.dstMac)) this.#groupFrames++
      else this.#unicastFrames++
    }
    if (frame.capturedLength < frame.wireLength) {
      this.#cutPackets++
      this.#cutBytes += frame.wireLength - frame.capturedLength
    }
    if (frame.proto === IpProto.tcp) this.#segment(frame)
  }

  #jump(by: Micros): void {
    if (by < 0) {
      this.#backJumps++
      this.#backMicrosMax = Math.max(this.#backMicrosMax, -by)
    } else {
      this.#aheadJumps++
      this.#aheadMicrosMax = Math.max(this.#aheadMicrosMax, by)
      this.#aheadMicros += by
    }
  }

  #segment(frame: Frame): void {
    if ((frame.tcpFlags & TcpFlag.ack) !== 0) this.#acks++
    if (frame.payloadWireLength <= 0 || (frame.flags & FrameFlag.fragment) !== 0) return
    if (this.#probeLeft > 0) this.#compare(frame)
    else if (this.#packets % PROBE_EVERY === 0) this.#probe(frame)
  }

  #probe(frame: Frame): void {
    this.#probes++
    this.#probeLeft = PROBE_PACKETS
    this.#probeAt = frame.at
    this.#probeSeq = frame.tcpSeq
    this.#probeId = frame.fragmentId
    this.#probeLength = frame.payloadWireLength
    this.#probePorts = frame.srcPort * 65_536 + frame.dstPort
    this.#probeSrc = frame.addresses[3] as number
    this.#probeDst = frame.addresses[7] as number
  }

  /** The same packet, in whatever VLAN, from whatever card and with whatever hop count: a sender that sends again gives it a new IP id. */
  #compare(frame: Frame): void {
    this.#probeLeft--
    if (frame.tcpSeq !== this.#probeSeq || frame.payloadWireLength !== this.#probeLength || frame.fragmentId !== this.#probeId) return
    if (frame.addresses[3] !== this.#probeSrc || frame.addresses[7] !== this.#probeDst) return
    if (frame.srcPort * 65_536 + frame.dstPort !== this.#probePorts || frame.at - this.#probeAt > PROBE_MICROS) return
    this.#copies++
    this.#probeLeft = 0
  }

  /** As of now; `ended` are the flows that are over, `live` those that are not, `dropped` what the capturing machine says it lost. */
  counts(ended: FlowCounts, live: FlowCounts, dropped: number): HealthCounts {
    return {
      packets: this.#packets, firstAt: this.#firstAt, lastAt: this.#lastAt, unicastFrames: this.#unicastFrames, groupFrames: this.#groupFrames,
      acks: this.#acks, cutPackets: this.#cutPackets, cutBytes: this.#cutBytes, backJumps: this.#backJumps, backMicrosMax: this.#backMicrosMax,
      aheadJumps: this.#aheadJumps, aheadMicrosMax: this.#aheadMicrosMax, aheadMicros: this.#aheadMicros,
      probes: this.#probes, copies: this.#copies,
      ended: { ...ended }, live: { ...live }, dropped,
    }
  }
}

/** A SYN that nobody answered (a scan, a server that is off) says nothing about the mirror: only flows that carried something count. */
export function addFlow(into: FlowTally, flow: FlowSum): void {
  if (flow.proto !== IpProto.tcp) return
  const payload = flow.payloadOut + flow.payloadBack
  const { state } = flow
  if (state !== 'established' && (payload === 0 || state === 'attempt' || state === 'refused')) return
  into.flows++
  if (flow.packetsOut === 0 || flow.packetsBack === 0) into.oneSided++
  else {
    into.payloadBytes += payload
    into.gapBytes += flow.gapBytes
  }
}

/** Counts of several parts as one. */
export function sumFlows(parts: readonly FlowCounts[]): FlowCounts {
  const sum = noFlows()
  for (const part of parts) {
    sum.flows += part.flows
    sum.oneSided += part.oneSided
    sum.payloadBytes += part.payloadBytes
    sum.gapBytes += part.gapBytes
  }
  return sum
}
