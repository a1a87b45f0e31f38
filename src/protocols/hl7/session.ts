// HL7 session: one flow -> its messages as facts, in either direction; those that say the same of themselves as one with a number.
// Keeps the patient-data rule: facts come from Hl7Scanner only, which never holds patient text; faults are fixed words.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { HL7_FAULTS_MAX, HL7_PAUSE_MICROS, HL7_TYPES_MAX, type Hl7Fault } from './codes.ts'
import type { Hl7Reading } from './message.ts'
import { Hl7Pairing, type Hl7Control } from './pairing.ts'
import { Hl7Repeats } from './repeats.ts'
import { Hl7Scanner } from './scanner.ts'
import { Hl7Stream, type Hl7Framing, type Hl7MessageSink } from './stream.ts'

const NOTHING_READ: Hl7Reading = { ok: false, fault: 'no-header' }

/** What further types are counted under. */
const OTHER_TYPES = 'other'

/** One direction: framer, scanner, and where the last byte of the message stood. */
class Side implements Hl7MessageSink {
  readonly stream: Hl7Stream
  /** Of the bytes before. Never null: a number that may be null is boxed at each packet. */
  lastAt: Micros = Number.NEGATIVE_INFINITY
  readonly #session: Hl7Session
  readonly #direction: Direction
  /** Made with the first message: a side that only listens has none. */
  #scanner: Hl7Scanner | null = null
  /** Made with the first message that is whole. */
  #repeats: Hl7Repeats | null = null
  #framing: Hl7Framing = 'bare'
  #at: Micros = 0
  #frame = 0

  constructor(session: Hl7Session, direction: Direction, midstream: boolean) {
    this.#session = session
    this.#direction = direction
    this.stream = new Hl7Stream(this, midstream)
  }

  begin(framing: Hl7Framing): void {
    this.#framing = framing
    if (this.#scanner === null) this.#scanner = new Hl7Scanner()
    else this.#scanner.reset()
  }

  bytes(buf: Uint8Array, off: number, end: number): void {
    this.#scanner?.scan(buf, off, end)
    this.#at = this.#session.at
    this.#frame = this.#session.context.frame()
  }

  /** An unframed message is over when the next begins: its fact carries the place of its own last byte. */
  finish(flaw: Hl7Fault | null): void {
    const reading = this.#scanner?.finish() ?? NOTHING_READ
    // After 'no-end-block' nothing of the message is missing as far as anyone can see.
    if (flaw !== null && flaw !== 'no-end-block') this.#session.tellFault(flaw, this.#at, this.#frame)
    else if (!reading.ok) this.#session.tellFault(reading.fault, this.#at, this.#frame)
    else {
      this.#repeats ??= this.#makeRepeats()
      this.#repeats.message(this.#framing, reading.summary, this.#at, this.#frame)
      this.#session.count(this.#direction, reading.summary.messageType)
      this.#session.pair(this.#direction, reading.control)
      if (flaw !== null) this.#session.tellFault(flaw, this.#at, this.#frame)
    }
  }

  #makeRepeats(): Hl7Repeats {
    const { context, flowId } = this.#session
    const direction = this.#direction
    return new Hl7Repeats((framing, summary, at, frame, times) => {
      context.emit({ at, frame, protocol: 'hl7', kind: 'message', flowId, times, direction, framing, ...summary })
    })
  }

  fault(fault: Hl7Fault): void {
    this.#session.tellFault(fault, this.#session.at, this.#session.context.frame())
  }

  end(): void {
    this.stream.end()
    this.#repeats?.end()
  }
}

export class Hl7Session implements Session {
  readonly context: SessionContext
  readonly flowId: number
  /** Packet time of what is being fed. */
  at: Micros = 0
  /** Made with the first message that is whole. */
  #pairing: Hl7Pairing | null = null
  /** By direction and message type, in order of first appearance. */
  #counts: [Direction, string, number][] = []
  readonly #sides: readonly [Side, Side]
  #faults = 0

  constructor(context: SessionContext) {
    this.context = context
    this.flowId = context.flow.id
    const midstream = context.flow.state === 'midstream'
    this.#sides = [new Side(this, 0, midstream), new Side(this, 1, midstream)]
  }

  /** A datagram is over with its last byte: no message runs on into the next one. */
  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const side = this.#sides[direction]
    if (at - side.lastAt >= HL7_PAUSE_MICROS) side.stream.pause()
    this.at = side.lastAt = at
    side.stream.feed(buf, off, end)
    if (this.context.transport === 'udp') side.stream.end()
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.at = at
    this.#sides[direction].stream.gap()
  }

  end(at: Micros): void {
    this.at = at
    for (const side of this.#sides) side.end()
    if (this.#pairing === null) return
    const { context } = this
    context.emit({ at, frame: context.frame(), protocol: 'hl7', kind: 'totals', flowId: this.flowId, messages: this.#counts, ...this.#pairing.totals() })
  }

  count(direction: Direction, messageType: string): void {
    const known = this.#countOf(direction, messageType) ?? (this.#counts.length < HL7_TYPES_MAX ? undefined : this.#countOf(direction, OTHER_TYPES))
    if (known) known[2] += 1
    else if (this.#counts.length === 0) this.#counts = [[direction, messageType, 1]]
    else this.#counts.push([direction, this.#counts.length < HL7_TYPES_MAX ? messageType : OTHER_TYPES, 1])
  }

  #countOf(direction: Direction, messageType: string): [Direction, string, number] | undefined {
    for (const count of this.#counts) if (count[0] === direction && count[1] === messageType) return count
    return undefined
  }

  pair(direction: Direction, control: Hl7Control): void {
    this.#pairing ??= new Hl7Pairing()
    this.#pairing.message(direction, control)
  }

  tellFault(reason: Hl7Fault, at: Micros, frame: number): void {
    if (this.#faults >= HL7_FAULTS_MAX) return
    this.#faults += 1
    this.context.emit({ at, frame, protocol: 'hl7', kind: 'malformed', flowId: this.context.flow.id, reason })
  }
}
