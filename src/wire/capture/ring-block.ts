// The blocks of a kernel packet ring (AF_PACKET, TPACKET_V3), one after the other in any split: walked, and each packet handed to a sink in place.
// Keeps the rules of a reader: (buf, off, end), no allocation per packet, no throw; a length that leads outside ends its block and is counted.

import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { u16le, u32le } from '../bytes.ts'
import type { PacketSink } from './capture.ts'

/** Where things stand in struct tpacket_block_desc with tpacket_hdr_v1 (linux/if_packet.h); the ring is in the machine's order, little endian. */
export const RingBlock = { statusAt: 8, packetsAt: 12, firstPacketAt: 16, lengthAt: 20, sequenceAt: 24, headerBytes: 48 } as const
/** And in struct tpacket3_hdr. */
const Packet = { next: 0, seconds: 4, nanos: 8, captured: 12, wire: 16, status: 20, mac: 24, tci: 32, tpid: 36, headerBytes: 48 } as const
/** TP_STATUS_* of linux/if_packet.h. */
export const RingStatus = { kernel: 0, user: 1, losing: 4, vlanValid: 0x10, vlanTpidValid: 0x40 } as const

/** Bytes of an 802.1Q tag, which the kernel takes out of the frame; PACKET_RESERVE keeps as many free before each packet. */
export const VLAN_TAG_BYTES = 4
const MAC_PAIR_BYTES = 12
const TPID_8021Q = 0x8100
/** Largest block any ring of ours has; a length above it is no block. */
export const RING_BLOCK_BYTES_MAX = 4 * 1024 * 1024

export interface RingCounters {
  packets: number
  blocks: number
  /** Tags put back into the frames they came with. */
  vlanRestored: number
  /** Blocks that came a second time after their reader was started again: passed over. */
  duplicateBlocks: number
  /** Blocks between two that came. */
  missedBlocks: number
  /** Packets whose lengths lead out of their block; the rest of that block is lost with them. */
  malformed: number
}

/** One ring's blocks. Not tied to a reader: the next one goes on where the last one was. */
export class RingBlocks {
  readonly counters: RingCounters = { packets: 0, blocks: 0, vlanRestored: 0, duplicateBlocks: 0, missedBlocks: 0, malformed: 0 }
  /** Times of the first packet of the last block and of the last packet of all. */
  lastBlockFrom: Micros | null = null
  lastAt: Micros | null = null
  readonly #sink: PacketSink
  readonly #linkType: number
  #sequence = 0

  constructor(sink: PacketSink, linkType: number) {
    this.#sink = sink
    this.#linkType = linkType
  }

  /**
   * Uses all whole blocks of [off, end) and returns where the first that is not whole begins; -1 when what stands there is no block, and
   * then nothing after it can be found. Frames are changed in place: their tags are put back.
   */
  take(buf: Uint8Array, off: number, end: number): number {
    let pos = off
    while (end - pos >= RingBlock.headerBytes) {
      const length = u32le(buf, pos + RingBlock.lengthAt)
      if (length < RingBlock.headerBytes || length > RING_BLOCK_BYTES_MAX) return -1
      if (end - pos < length) break
      this.#block(buf, pos, pos + length)
      pos += length
    }
    return pos
  }

  #block(buf: Uint8Array, start: number, end: number): void {
    const sequence = u32le(buf, start + RingBlock.sequenceAt) + u32le(buf, start + RingBlock.sequenceAt + 4) * 2 ** 32
    if (sequence <= this.#sequence) {
      this.counters.duplicateBlocks++
      return
    }
    this.counters.missedBlocks += this.#sequence === 0 ? 0 : sequence - this.#sequence - 1
    this.#sequence = sequence
    this.counters.blocks++
    const count = u32le(buf, start + RingBlock.packetsAt)
    this.#packets(buf, start + u32le(buf, start + RingBlock.firstPacketAt), end, count)
  }

  #packets(buf: Uint8Array, first: number, end: number, count: number): void {
    let pos = first
    for (let left = count; left > 0; left--) {
      const captured = pos + Packet.headerBytes <= end ? u32le(buf, pos + Packet.captured) : 0
      const mac = pos + Packet.headerBytes <= end ? pos + u16le(buf, pos + Packet.mac) : end + 1
      if (mac < pos + Packet.headerBytes || mac + captured > end) {
        this.counters.malformed += left
        return
      }
      const at = u32le(buf, pos + Packet.seconds) * MICROS_PER_SECOND + Math.floor(u32le(buf, pos + Packet.nanos) / 1000)
      if (left === count) this.lastBlockFrom = at
      this.lastAt = at
      const tag = this.#restoreTag(buf, pos, mac, captured)
      const wire = u32le(buf, pos + Packet.wire)
      this.counters.packets++
      this.#sink.packet(buf, mac - tag, mac + captured, at, (wire < captured ? captured : wire) + tag, this.#linkType)
      const next = u32le(buf, pos + Packet.next)
      // The last one says 0, or leads to the end.
      pos = next === 0 ? end : pos + next
    }
  }

  /** The two hardware addresses move forward and the tag stands again where it was on the wire. Bytes that were added. */
  #restoreTag(buf: Uint8Array, header: number, mac: number, captured: number): number {
    const status = u32le(buf, header + Packet.status)
    if ((status & RingStatus.vlanValid) === 0 || captured < MAC_PAIR_BYTES || mac - VLAN_TAG_BYTES < header + Packet.headerBytes) return 0
    const told = (status & RingStatus.vlanTpidValid) === 0 ? 0 : u16le(buf, header + Packet.tpid)
    const tpid = told === 0 ? TPID_8021Q : told
    const tci = u32le(buf, header + Packet.tci)
    const at = mac - VLAN_TAG_BYTES
    buf.copyWithin(at, mac, mac + MAC_PAIR_BYTES)
    buf[at + MAC_PAIR_BYTES] = tpid >>> 8
    buf[at + MAC_PAIR_BYTES + 1] = tpid & 0xff
    buf[at + MAC_PAIR_BYTES + 2] = (tci >>> 8) & 0xff
    buf[at + MAC_PAIR_BYTES + 3] = tci & 0xff
    this.counters.vlanRestored++
    return VLAN_TAG_BYTES
  }
}
