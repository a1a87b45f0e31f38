// Hl7Intake: one TCP connection on port 511: bytes in any split -> readings, or reasons. Framed by MLLP or bare.
// Keeps the rule that nobody is answered: an acknowledgement would be a payload to a monitor, so there is none (facts cms8000 4).

import { isLineEnd, type Hl7Fault } from '../../../protocols/hl7/codes.ts'
import { Hl7Stream, type Hl7Framing, type Hl7MessageSink } from '../../../protocols/hl7/stream.ts'
import { FRAMELESS_HL7_BYTES_MAX, MONITOR_MESSAGE_BYTES_MAX } from './bounds.ts'
import type { CommandSink } from './command.ts'
import type { DeviceWatch } from './device-watch.ts'
import { Door } from './door.ts'
import { hl7Readings } from './hl7-readings.ts'
import { parseHl7, type Hl7Text } from './hl7-text.ts'
import type { DeviceId } from './reading.ts'
import { StreamIntake } from './stream-intake.ts'

/** Gathers the bytes of whole messages, at most `bytesMax` each, and hands them on. Also used for ADT. */
export class MessageGatherer implements Hl7MessageSink {
  readonly #bytesMax: number
  readonly #onMessage: (bytes: Uint8Array) => void
  readonly #onFault: (fault: Hl7Fault) => void
  #bytes = new Uint8Array(1024)
  #length = 0
  #isTooLong = false
  #framing: Hl7Framing = 'mllp'

  constructor(bytesMax: number, onMessage: (bytes: Uint8Array) => void, onFault: (fault: Hl7Fault) => void) {
    this.#bytesMax = bytesMax
    this.#onMessage = onMessage
    this.#onFault = onFault
  }

  begin(framing: Hl7Framing): void {
    this.#framing = framing
    this.#length = 0
    this.#isTooLong = false
  }

  bytes(buf: Uint8Array, off: number, end: number): void {
    if (this.#length + end - off > this.#bytesMax) this.#isTooLong = true
    if (this.#isTooLong) return
    this.#reserve(this.#length + end - off)
    this.#bytes.set(buf.subarray(off, end), this.#length)
    this.#length += end - off
  }

  /**
   * Without an end block a message is believed only as far as a segment's end: a connection that ends within "OBX|..|82" must not give an 8.
   * A damaged message teaches nothing. The text is wiped after use.
   */
  finish(flaw: Hl7Fault | null): void {
    const hasEndBlock = this.#framing === 'mllp' && flaw === null
    const isCut = this.#length > 0 && !isLineEnd(this.#bytes[this.#length - 1] as number)
    if (this.#isTooLong) this.#onFault('too-long')
    else if (flaw !== null && flaw !== 'no-end-block') this.#onFault(flaw)
    else if (!hasEndBlock && isCut) this.#onFault('no-end-block')
    else this.#onMessage(this.#bytes.slice(0, this.#length))
    this.#bytes.fill(0, 0, this.#length)
    this.#length = 0
  }

  fault(fault: Hl7Fault): void {
    this.#onFault(fault)
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const grown = new Uint8Array(Math.min(this.#bytesMax, Math.max(length, 2 * this.#bytes.length)))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

export class Hl7Intake extends StreamIntake {
  readonly #watch: DeviceWatch
  protected readonly stream: Hl7Stream

  constructor(device: DeviceId, watch: DeviceWatch, sink: CommandSink) {
    super(new Door(device, sink, FRAMELESS_HL7_BYTES_MAX))
    this.#watch = watch
    this.stream = new Hl7Stream(new MessageGatherer(
      MONITOR_MESSAGE_BYTES_MAX, (bytes) => this.#onMessage(bytes), (fault) => this.#unreadable(`the framing is wrong: ${fault}`),
    ))
  }

  #onMessage(bytes: Uint8Array): void {
    if (this.door.isClosed) return
    const parsed = parseHl7(bytes)
    if (!parsed.ok) return this.#unreadable(parsed.error)
    this.door.frame()
    if (this.#watch.onFrame(this.at) !== null) this.door.log(this.at, 'note', 'feed-back', 'messages are received again')
    if (parsed.value.type.startsWith('ORU^')) this.#onResults(parsed.value)
    else this.#unknown(`message ${parsed.value.type.replaceAll(/[^A-Z0-9^]/g, '?').slice(0, 12)}`)
  }

  #onResults(message: Hl7Text): void {
    const { readings, unknown } = hl7Readings(message, this.at, this.#watch)
    for (const name of unknown) this.#unknown(name)
    if (readings.some((reading) => reading.quality === 'demo')) {
      this.door.log(this.at, 'note', 'demo-mode', 'values of a demonstration or test: they are never attributed to a patient')
    }
    this.#watch.onCycle(this.at)
    this.door.readings(this.at, readings)
  }

  #unknown(name: string): void {
    if (this.door.unknown.add(name)) this.door.log(this.at, 'note', 'field-unknown', `${name}; counted, not shown as a number`)
  }

  #unreadable(why: string): void {
    this.door.malformed += 1
    this.door.log(this.at, 'drop', 'text-unreadable', why)
  }
}
