// DICOM framing: bytes of one direction in any split -> PDUs, and of P-DATA-TF the fragments of its data values as they come.
// Keeps the rule that a data set is never held: only heads, associations and command sets are, each within its bound.

import { u32be, u8 } from '../../wire/bytes.ts'
import { CarryBuffer } from '../session-tools.ts'
import {
  DICOM_ASSOCIATE_BYTES_MAX, DICOM_ASSOCIATE_FIXED_BYTES, DICOM_ASSOCIATE_LENGTH_MAX, DICOM_COMMAND_BYTES_MAX, DICOM_HEAD_BYTES,
  DICOM_PDU_BYTES_MAX, DICOM_SHORT_BODY_BYTES, DicomFragment, DicomPdu, type DicomFault,
} from './codes.ts'
import { DICOM_PROBE_BYTES_MAX, probeDicom } from './probe.ts'

/** Where PDUs go. Bytes are valid during the call only. */
export interface DicomSink {
  /** A-ASSOCIATE-RQ, -AC, -RJ, A-RELEASE and A-ABORT: the body behind the head, of which an over-long association lacks its end. */
  pdu(type: number, buf: Uint8Array, off: number, end: number): void
  /** A whole command set (or as much of it as the bound allows). */
  command(contextId: number, buf: Uint8Array, off: number, end: number): void
  /** Bytes of a data set that passed unread. */
  dataSet(bytes: number): void
  fault(fault: DicomFault): void
}

/**
 * `head`: six bytes of a PDU. `body`: a PDU that is read whole. `value`: length, context and control of a data value. `fragment`: its bytes.
 * `skip`: to the PDU's end. `search`: bytes were lost or make no sense; the next PDU that proves itself is looked for.
 */
export type DicomState = 'head' | 'body' | 'value' | 'fragment' | 'skip' | 'search'

/** What happens in each state; printed in the README. */
export const DICOM_STATES: readonly { readonly state: DicomState; readonly event: string; readonly next: DicomState }[] = [
  { state: 'head', event: 'association, release, abort', next: 'body' },
  { state: 'head', event: 'P-DATA-TF', next: 'value' },
  { state: 'head', event: 'no PDU type, or a length it cannot have', next: 'search' },
  { state: 'head', event: 'a gap', next: 'search' },
  { state: 'body', event: 'whole', next: 'head' },
  { state: 'body', event: 'a gap inside the PDU, or more than the bound', next: 'skip' },
  { state: 'value', event: 'six bytes', next: 'fragment' },
  { state: 'value', event: 'a length beyond the PDU', next: 'skip' },
  { state: 'value', event: 'a gap inside the PDU', next: 'skip' },
  { state: 'fragment', event: 'whole, more in the PDU', next: 'value' },
  { state: 'fragment', event: 'whole, PDU whole', next: 'head' },
  { state: 'fragment', event: 'a gap inside the value', next: 'fragment' },
  { state: 'fragment', event: 'a gap inside the PDU', next: 'skip' },
  { state: 'skip', event: 'PDU over, or lost in a gap', next: 'head' },
  { state: 'skip', event: 'a gap beyond the PDU', next: 'search' },
  { state: 'search', event: 'a PDU that proves itself', next: 'head' },
]

/** Length, context and control of a presentation data value (PS3.8 table 9-23). */
const VALUE_HEAD_BYTES = 6
/** Of these the length itself does not count. */
const VALUE_LENGTH_BYTES = 4

/** The framer of one direction. */
export class DicomStream {
  readonly #sink: DicomSink
  readonly #carry = new CarryBuffer(DICOM_ASSOCIATE_BYTES_MAX)
  readonly #command = new CarryBuffer(DICOM_COMMAND_BYTES_MAX)
  #state: DicomState
  #type = 0
  /** Bytes of the PDU that have not come; in `fragment` those behind this value. */
  #pduLeft = 0
  #valueLeft = 0
  #context = 0
  #control = 0
  /** Bytes of the command set before us were lost: it is dropped at its end. */
  #isCommandBroken = false
  #isCommandLong = false

  constructor(sink: DicomSink, midstream = false) {
    this.#sink = sink
    this.#state = midstream ? 'search' : 'head'
  }

  get state(): DicomState {
    return this.#state
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    let at = off
    while (at < end) at = this.#step(buf, at, end)
  }

  #step(buf: Uint8Array, off: number, end: number): number {
    switch (this.#state) {
      case 'head': return this.#head(buf, off, end)
      case 'body': return this.#body(buf, off, end)
      case 'value': return this.#value(buf, off, end)
      case 'fragment': return this.#fragment(buf, off, end)
      case 'skip': return this.#skip(off, end)
      case 'search': return this.#search(buf, off, end)
    }
  }

  /** A loss inside what is skipped anyway does no harm; one that may hide a PDU's head does. */
  gap(bytes: number): void {
    if (this.#state === 'fragment' && bytes <= this.#valueLeft) {
      if ((this.#control & DicomFragment.command) !== 0) this.#isCommandBroken = true
      this.#valueLeft -= bytes
      if (this.#valueLeft === 0) this.#endValue()
      return
    }
    const left = this.#bytesLeft()
    this.#carry.clear()
    if (bytes <= left) this.#skipRest(left - bytes)
    else this.#lose('lost-bytes')
  }

  /** Of the PDU we are in; nothing where no PDU is known. */
  #bytesLeft(): number {
    if (this.#state === 'head' || this.#state === 'search') return 0
    return this.#state === 'fragment' ? this.#valueLeft + this.#pduLeft : this.#pduLeft
  }

  #head(buf: Uint8Array, off: number, end: number): number {
    // Straight from the segment when the head is whole in it.
    const inPlace = this.#carry.length === 0 && end - off >= DICOM_HEAD_BYTES
    const taken = inPlace ? DICOM_HEAD_BYTES : this.#carry.fill(buf, off, end, DICOM_HEAD_BYTES)
    if (!inPlace && this.#carry.length < DICOM_HEAD_BYTES) return off + taken
    const type = u8(inPlace ? buf : this.#carry.bytes, inPlace ? off : 0)
    const length = u32be(inPlace ? buf : this.#carry.bytes, inPlace ? off + 2 : 2)
    this.#carry.clear()
    this.#open(type, length)
    return off + taken
  }

  #open(type: number, length: number): void {
    this.#type = type
    this.#pduLeft = length
    if (type < DicomPdu.associateRequest || type > DicomPdu.abort) this.#lose('pdu-type')
    else if (!isPossible(type, length)) this.#lose('pdu-length')
    else this.#state = type === DicomPdu.data ? 'value' : 'body'
  }

  #body(buf: Uint8Array, off: number, end: number): number {
    const wanted = Math.min(this.#pduLeft + this.#carry.length, DICOM_ASSOCIATE_BYTES_MAX)
    if (this.#carry.length === 0 && end - off >= this.#pduLeft && this.#pduLeft === wanted) {
      this.#state = 'head'
      this.#sink.pdu(this.#type, buf, off, off + this.#pduLeft)
      return off + this.#pduLeft
    }
    const taken = this.#carry.fill(buf, off, end, wanted)
    this.#pduLeft -= taken
    if (this.#carry.length < wanted) return off + taken
    this.#state = 'head'
    this.#sink.pdu(this.#type, this.#carry.bytes, 0, this.#carry.length)
    this.#carry.clear()
    if (this.#pduLeft > 0) this.#sink.fault('association-too-long')
    if (this.#pduLeft > 0) this.#skipRest(this.#pduLeft)
    return off + taken
  }

  #value(buf: Uint8Array, off: number, end: number): number {
    const taken = this.#carry.fill(buf, off, end, VALUE_HEAD_BYTES)
    this.#pduLeft -= taken
    if (this.#carry.length < VALUE_HEAD_BYTES) return off + taken
    const head = this.#carry.bytes
    const length = u32be(head, 0) - (VALUE_HEAD_BYTES - VALUE_LENGTH_BYTES)
    const [context, control] = [u8(head, 4), u8(head, 5)]
    this.#carry.clear()
    if (length < 0 || length > this.#pduLeft || control > DicomFragment.bitsMax) {
      this.#sink.fault('data-value')
      this.#skipRest(this.#pduLeft)
      return off + taken
    }
    this.#context = context
    this.#control = control
    this.#valueLeft = length
    this.#pduLeft -= length
    this.#state = 'fragment'
    if (length === 0) this.#endValue()
    return off + taken
  }

  #fragment(buf: Uint8Array, off: number, end: number): number {
    const count = Math.min(end - off, this.#valueLeft)
    if ((this.#control & DicomFragment.command) !== 0) this.#keepCommand(buf, off, off + count)
    else this.#sink.dataSet(count)
    this.#valueLeft -= count
    if (this.#valueLeft === 0) this.#endValue()
    return off + count
  }

  #keepCommand(buf: Uint8Array, off: number, end: number): void {
    const taken = this.#command.fill(buf, off, end, DICOM_COMMAND_BYTES_MAX)
    if (taken < end - off) this.#isCommandLong = true
  }

  #endValue(): void {
    if (this.#control === (DicomFragment.command | DicomFragment.last)) this.#endCommand()
    this.#control = 0
    this.#state = this.#pduLeft >= VALUE_HEAD_BYTES ? 'value' : 'head'
    if (this.#pduLeft > 0 && this.#state === 'head') {
      this.#sink.fault('data-value')
      this.#skipRest(this.#pduLeft)
    }
  }

  #endCommand(): void {
    if (this.#isCommandLong) this.#sink.fault('command-too-long')
    if (!this.#isCommandBroken) this.#sink.command(this.#context, this.#command.bytes, 0, this.#command.length)
    this.#dropCommand()
  }

  /** The rest of the PDU is stepped over; a command set that runs into it is lost. */
  #skipRest(bytes: number): void {
    this.#dropCommand()
    this.#pduLeft = bytes
    this.#state = bytes > 0 ? 'skip' : 'head'
  }

  #skip(off: number, end: number): number {
    const count = Math.min(end - off, this.#pduLeft)
    this.#pduLeft -= count
    if (this.#pduLeft === 0) this.#state = 'head'
    return off + count
  }

  #lose(fault: DicomFault): void {
    if (this.#state !== 'search') this.#sink.fault(fault)
    this.#carry.clear()
    this.#dropCommand()
    this.#state = 'search'
  }

  #dropCommand(): void {
    this.#command.clear()
    this.#control = 0
    this.#isCommandBroken = this.#isCommandLong = false
  }

  /** Slides a window of at most DICOM_PROBE_BYTES_MAX over the bytes until the probe says yes. The first place that does wins, in any split. */
  #search(buf: Uint8Array, off: number, end: number): number {
    let at = off
    while (at < end) {
      if (this.#carry.length === 0) {
        while (at < end && !mayBegin(u8(buf, at))) at++
        if (at >= end) return end
      }
      at += this.#carry.fill(buf, at, end, DICOM_PROBE_BYTES_MAX)
      if (this.#settle()) return at
    }
    return at
  }

  /** Drops refused beginnings from the window; true when a PDU was found and read into. */
  #settle(): boolean {
    while (this.#carry.length > 0) {
      const answer = probeDicom(this.#carry.bytes, 0, this.#carry.length)
      if (answer === 'more') return false
      if (answer === 'yes') {
        const found = this.#carry.bytes.slice(0, this.#carry.length)
        this.#carry.clear()
        this.#state = 'head'
        this.feed(found, 0, found.length)
        return true
      }
      this.#dropToCandidate()
    }
    return false
  }

  #dropToCandidate(): void {
    const { bytes, length } = this.#carry
    let next = 1
    while (next < length && !mayBegin(u8(bytes, next))) next++
    this.#carry.drop(next)
  }
}

function mayBegin(c: number): boolean {
  return c >= DicomPdu.associateRequest && c <= DicomPdu.data
}

function isPossible(type: number, length: number): boolean {
  if (type === DicomPdu.data) return length >= VALUE_HEAD_BYTES && length <= DICOM_PDU_BYTES_MAX
  const isAssociate = type === DicomPdu.associateRequest || type === DicomPdu.associateAccept
  if (isAssociate) return length >= DICOM_ASSOCIATE_FIXED_BYTES && length <= DICOM_ASSOCIATE_LENGTH_MAX
  return length === DICOM_SHORT_BODY_BYTES
}
