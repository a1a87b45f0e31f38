// Fragments written by hand, decoded like any frame and handed to an IpReassembler.
// Keeps the rule that a test says what is on the wire and reads what came of it.

import { LinkType } from '../wire/capture/capture.ts'
import { beginFrame, decodeFrame } from '../wire/decode.ts'
import { Frame } from '../wire/frame.ts'
import { copyIncomplete } from './capture-frames.ts'
import { IpReassembler, type Incomplete, type IpNote, type IpReassemblerOptions, type Reassembled } from '../wire/reassembly/ip.ts'

export interface Fragment {
  version?: 4 | 6
  id?: number
  proto?: number
  offset: number
  more: boolean
  bytes: Uint8Array
  at?: number
  src?: number
  ttl?: number
  dontFragment?: boolean
  /** IP length field when it shall lie. */
  claims?: number
}

/** A raw IPv4 or IPv6 packet carrying one fragment. */
export function fragmentPacket(f: Fragment): Uint8Array {
  return f.version === 6 ? packet6(f) : packet4(f)
}

function packet4(f: Fragment): Uint8Array {
  const out = new Uint8Array(20 + f.bytes.length)
  const view = new DataView(out.buffer)
  out[0] = 0x45
  view.setUint16(2, f.claims ?? out.length)
  view.setUint16(4, f.id ?? 7)
  view.setUint16(6, (f.offset >> 3) | (f.more ? 0x2000 : 0) | (f.dontFragment ? 0x4000 : 0))
  out[8] = f.ttl ?? 64
  out[9] = f.proto ?? 17
  view.setUint32(12, f.src ?? 0x0a000001)
  view.setUint32(16, 0x0a000002)
  out.set(f.bytes, 20)
  return out
}

function packet6(f: Fragment): Uint8Array {
  const out = new Uint8Array(48 + f.bytes.length)
  const view = new DataView(out.buffer)
  out[0] = 0x60
  view.setUint16(4, f.claims ?? out.length - 40)
  out[6] = 44
  out[7] = f.ttl ?? 64
  out[8] = 0xfd
  out[23] = f.src ?? 1
  out[24] = 0xfd
  out[39] = 2
  out[40] = f.proto ?? 17
  view.setUint16(42, f.offset | (f.more ? 1 : 0))
  view.setUint32(44, f.id ?? 7)
  out.set(f.bytes, 48)
  return out
}

/** Hands fragments to a reassembler and writes down what it gives up. */
export class FragmentBench {
  readonly given: Incomplete[] = []
  readonly ip: IpReassembler
  readonly frame = new Frame()
  #number = 0

  constructor(options: IpReassemblerOptions = {}) {
    this.ip = new IpReassembler({ ...options, onIncomplete: (datagram) => this.given.push(copyIncomplete(datagram)) })
  }

  /** Decodes and adds one fragment; the captured bytes may be cut. */
  add(f: Fragment, captured?: number): Reassembled | null {
    const bytes = fragmentPacket(f)
    const end = captured ?? bytes.length
    beginFrame(this.frame, ++this.#number, f.at ?? 0, bytes.length, end)
    decodeFrame(bytes, 0, end, f.version === 6 ? LinkType.ipv6 : LinkType.ipv4, this.frame)
    return this.ip.add(bytes, this.frame)
  }

  /** The counters that are not 0, without those that every little fragment of a test moves. */
  notes(): Partial<Record<IpNote, number>> {
    const { fragments: _f, completed: _c, small: _s, ...rest } = this.ip.observations()
    return Object.fromEntries(Object.entries(rest).filter(([, count]) => count > 0))
  }
}
