// ASTM session: one flow -> facts: headers that are new, who sends results, which patient fields are filled, totals at the end.
// Keeps the patient-data rule: facts come from AstmRecords only, which never holds patient text; damaged and repeated frames say nothing.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { ASTM_FAULTS_MAX, ASTM_HEADERS_MAX, AstmByte, recordName, type AstmFault } from './codes.ts'
import type { AstmFact } from './facts.ts'
import { AstmRecords, type AstmHeaderTexts, type AstmRead } from './message.ts'
import { AstmStream, type AstmFraming, type AstmSink } from './stream.ts'

type Unshared<F> = F extends AstmFact ? Omit<F, keyof FactBase | 'protocol' | 'flowId'> : never
type Teaching = Unshared<AstmFact>

/** One direction: framer, records, and the counts of both levels. */
class Side implements AstmSink {
  readonly stream: AstmStream
  frames = 0
  badChecksums = 0
  repeated = 0
  enquiries = 0
  acks = 0
  naks = 0
  readonly #session: AstmSession
  readonly #direction: Direction
  readonly #records = new AstmRecords()
  #framing: AstmFraming = 'e1381'
  #number = -1
  /** Of the last frame that counted since the line was asked for: the same number again is the same frame (E1381 section 6.5.1). */
  #lastNumber = -1

  constructor(session: AstmSession, direction: Direction, midstream: boolean) {
    this.#session = session
    this.#direction = direction
    this.stream = new AstmStream(this, midstream)
    if (midstream) this.#records.lose()
  }

  begin(framing: AstmFraming, number: number): void {
    this.#framing = framing
    this.#number = number
    if (number < 0) this.#records.fresh()
    else if (this.#lastNumber >= 0 && number !== this.#lastNumber && number !== ((this.#lastNumber + 1) & 7)) this.#records.lose()
    this.#records.begin()
  }

  bytes(buf: Uint8Array, off: number, end: number): void {
    this.#records.bytes(buf, off, end)
  }

  finish(isSound: boolean, isLast: boolean): void {
    const isRepeated = this.#number >= 0 && this.#number === this.#lastNumber
    if (this.#number >= 0) this.frames += 1
    if (!isSound) this.badChecksums += this.#number >= 0 ? 1 : 0
    else if (isRepeated) this.repeated += 1
    if (!isSound || isRepeated) return this.#records.takeBack()
    this.#lastNumber = this.#number
    this.#session.read(this.#direction, this.#framing, this.#records.keep(isLast))
  }

  control(byte: number): void {
    if (byte === AstmByte.ack) this.acks += 1
    else if (byte === AstmByte.nak) this.naks += 1
    else this.#restart()
    if (byte === AstmByte.enq) this.enquiries += 1
  }

  /** A message begins with the next frame, whose number is 1 (E1381 section 6.3.1.2). */
  #restart(): void {
    this.#lastNumber = -1
    this.#records.fresh()
  }

  lost(): void {
    this.#lastNumber = -1
    this.#records.lose()
  }

  fault(fault: AstmFault): void {
    this.#session.tellFault(fault)
  }
}

export class AstmSession implements Session {
  readonly #context: SessionContext
  readonly #sides: readonly [Side, Side]
  #at: Micros = 0
  readonly #headers = new Set<string>()
  readonly #records = new Map<string, [Direction, string, number]>()
  readonly #filled: readonly [Set<number>, Set<number>] = [new Set(), new Set()]
  #faults = 0
  #untold = 0

  constructor(context: SessionContext) {
    this.#context = context
    const midstream = context.flow.state === 'midstream'
    this.#sides = [new Side(this, 0, midstream), new Side(this, 1, midstream)]
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    this.#sides[direction].stream.feed(buf, off, end)
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.#at = at
    this.#sides[direction].stream.gap()
  }

  end(at: Micros): void {
    this.#at = at
    for (const side of this.#sides) side.stream.end()
    const both = (count: (side: Side) => number): [number, number] => [count(this.#sides[0]), count(this.#sides[1])]
    this.#teach({
      kind: 'totals', records: [...this.#records.values()], frames: both((s) => s.frames), badChecksums: both((s) => s.badChecksums),
      repeated: both((s) => s.repeated), enquiries: both((s) => s.enquiries), acks: both((s) => s.acks), naks: both((s) => s.naks),
      untold: this.#untold,
    })
  }

  /** What a sound frame said. */
  read(direction: Direction, framing: AstmFraming, read: AstmRead): void {
    for (const header of read.headers) this.#tellHeader(direction, framing, header)
    for (const letter of read.records) this.#count(direction, recordName(letter))
    if (read.filled.length > 0) this.#tellPatient(direction, read.filled)
  }

  #tellHeader(direction: Direction, framing: AstmFraming, header: AstmHeaderTexts): void {
    const key = `${direction} ${Object.values(header).join('|')}`
    if (this.#headers.has(key)) return
    if (this.#headers.size >= ASTM_HEADERS_MAX) {
      this.#untold += 1
      return
    }
    this.#headers.add(key)
    this.#teach({ kind: 'header', direction, framing, ...header })
  }

  #count(direction: Direction, record: string): void {
    const known = this.#records.get(`${direction} ${record}`)
    if (known) known[2] += 1
    else {
      this.#records.set(`${direction} ${record}`, [direction, record, 1])
      if (record === 'result' || record === 'query') this.#teach({ kind: 'sends', direction, record })
    }
  }

  #tellPatient(direction: Direction, filled: readonly number[]): void {
    const known = this.#filled[direction]
    const before = known.size
    for (const field of filled) known.add(field)
    if (known.size === before) return
    this.#teach({ kind: 'patient', direction, filled: [...known].sort((a, b) => a - b).map((field) => `P-${field}`) })
  }

  tellFault(reason: AstmFault): void {
    this.#faults += 1
    if (this.#faults <= ASTM_FAULTS_MAX) this.#teach({ kind: 'malformed', reason })
    else this.#untold += 1
  }

  #teach(teaching: Teaching): void {
    this.#context.emit({ at: this.#at, frame: this.#context.frame(), protocol: 'astm', flowId: this.#context.flow.id, ...teaching })
  }
}
