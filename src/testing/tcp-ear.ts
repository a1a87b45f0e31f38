// An ear on a TcpStream: feeds it segments written by hand and writes down all that comes out.
// Keeps the rule that nothing may be kept by reference: the buffer of each segment is wiped after the call.

import assert from 'node:assert/strict'
import type { Direction } from '../wire/flow.ts'
import { Frame, IpProto, TcpFlag } from '../wire/frame.ts'
import { TcpStream, type OverlapPair, type TcpBudget, type TcpNote } from '../wire/reassembly/tcp.ts'

/** One segment of side 0 unless said otherwise; `acks` sets the ACK flag and number. */
export interface Segment {
  side?: Direction
  seq: number
  bytes?: Uint8Array | string
  flags?: number
  acks?: number
  at?: number
  /** Bytes on the wire when the capture cut some off. */
  wire?: number
  ttl?: number
}

const utf8 = new TextEncoder()

/** Runs a stream and writes down what came out: text per direction, gaps as `<n>`. */
export class Ear {
  readonly stream: TcpStream
  readonly out: [string, string] = ['', '']
  readonly gaps: [number[], number[]] = [[], []]
  readonly bytes: [number[], number[]] = [[], []]
  /** Every byte of direction 0 with the position it was handed on at, gaps counted. */
  readonly placed: { pos: number; value: number }[] = []
  ends = 0
  /** How often data came by reference to the caller's own buffer. */
  passed = 0
  #pos = 0
  #now = 0
  #current: Uint8Array = new Uint8Array(0)

  constructor(budget?: TcpBudget, overlap?: OverlapPair) {
    this.stream = new TcpStream(budget, undefined, overlap)
  }

  data(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    assert.equal(this.ends, 0, 'nothing comes after the end')
    assert.ok(end > off, 'no empty data')
    if (buf === this.#current) this.passed++
    for (let i = off; i < end; i++) {
      this.bytes[direction].push(buf[i] as number)
      if (direction === 0) this.placed.push({ pos: this.#pos++, value: buf[i] as number })
      this.out[direction] += String.fromCharCode(buf[i] as number)
    }
  }

  gap(direction: Direction, bytes: number): void {
    assert.equal(this.ends, 0, 'nothing comes after the end')
    assert.ok(bytes > 0 && Number.isInteger(bytes), 'a gap has a size')
    this.gaps[direction].push(bytes)
    if (direction === 0) this.#pos += bytes
    this.out[direction] += `<${bytes}>`
  }

  end(): void {
    this.ends++
  }

  send(...segments: Segment[]): this {
    for (const s of segments) this.#one(s)
    return this
  }

  finish(): this {
    this.stream.finish(this.#now, this)
    return this
  }

  /** The counters that are not 0. */
  notes(): Partial<Record<TcpNote, number>> {
    return Object.fromEntries(Object.entries(this.stream.observations()).filter(([, count]) => count > 0))
  }

  /** The payload stands in a wider buffer that is wiped after the call: nothing may be kept by reference. */
  #one(s: Segment): void {
    const payload = typeof s.bytes === 'string' ? utf8.encode(s.bytes) : (s.bytes ?? new Uint8Array(0))
    const buf = new Uint8Array(payload.length + 7).fill(0x23)
    buf.set(payload, 5)
    const f = new Frame()
    this.#now = s.at ?? this.#now
    f.at = this.#now
    f.proto = IpProto.tcp
    f.ttl = s.ttl ?? 64
    f.tcpSeq = s.seq >>> 0
    f.tcpAck = (s.acks ?? 0) >>> 0
    f.tcpFlags = (s.flags ?? 0) | (s.acks === undefined ? 0 : TcpFlag.ack)
    f.payloadOff = 5
    f.payloadEnd = 5 + payload.length
    f.payloadWireLength = s.wire ?? payload.length
    this.#current = buf
    this.stream.segment(s.side ?? 0, buf, f, this)
    buf.fill(0x23)
  }
}
