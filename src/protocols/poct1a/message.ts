// POCT1-A messages: elements to what a message says of itself; and messages written.
// Keeps the patient-data rule by construction: device texts are taken inside a hello only, of patients the name of an element.

import {
  ackCode, deviceField, isAckElement, isMessageName, patientElement, POCT_ELEMENTS_MAX, POCT_HELLO, type PoctDeviceField, type PoctFault,
} from './codes.ts'
import { XmlStream, type XmlSink } from './stream.ts'

export type PoctDeviceTexts = Readonly<Record<PoctDeviceField, string>>

/** What a whole message said. */
export interface PoctMessage {
  readonly name: string
  /** Of a hello. */
  readonly device: PoctDeviceTexts | null
  /** Of an ACK. */
  readonly answer: string | null
  /** Names of filled patient elements. */
  readonly filled: readonly string[]
}

export interface PoctSink {
  message(message: PoctMessage): void
  fault(fault: PoctFault): void
}

const NO_TEXTS: PoctDeviceTexts = { deviceId: '', vendor: '', model: '', serial: '', name: '', hardware: '', software: '' }

/** Reads the messages of one direction in any split. */
export class PoctReader implements XmlSink {
  readonly #sink: PoctSink
  readonly #xml: XmlStream
  /** Root of the message we are in; empty between messages. */
  #root = ''
  #elements = 0
  #device: Record<PoctDeviceField, string> = { ...NO_TEXTS }
  #answer: string | null = null
  readonly #filled = new Set<string>()
  /** A foreign root was told; until the next message others are not. */
  #isForeignTold: boolean

  constructor(sink: PoctSink, midstream = false) {
    this.#sink = sink
    this.#xml = new XmlStream(this)
    this.#isForeignTold = midstream
  }

  feed(buf: Uint8Array, off: number, end: number): void {
    this.#xml.feed(buf, off, end)
  }

  gap(): void {
    this.#xml.gap()
    if (this.#root !== '') this.#giveUp('lost-bytes')
    this.#isForeignTold = true
  }

  end(): void {
    if (this.#root !== '') this.#giveUp('no-message-end')
  }

  #giveUp(fault: PoctFault): void {
    this.#root = ''
    this.#isForeignTold = true
    this.#sink.fault(fault)
  }

  open(element: string): void {
    if (isMessageName(element)) this.#begin(element)
    else if (this.#root !== '') {
      this.#elements += 1
      if (this.#elements > POCT_ELEMENTS_MAX) this.#giveUp('too-long')
    } else if (!this.#isForeignTold) {
      this.#isForeignTold = true
      this.#sink.fault('other-root')
    }
  }

  #begin(name: string): void {
    if (this.#root !== '') this.#giveUp('no-message-end')
    this.#root = name
    this.#elements = 0
    this.#device = { ...NO_TEXTS }
    this.#answer = null
    this.#filled.clear()
  }

  wants(element: string): boolean {
    return (this.#root === POCT_HELLO && deviceField(element) !== undefined) || (this.#root !== '' && isAckElement(element))
  }

  attribute(element: string, value: string, isFilled: boolean): void {
    if (this.#root === '') return
    const field = this.#root === POCT_HELLO ? deviceField(element) : undefined
    // The vendor's id comes before the manufacturer's name, and is not replaced by it.
    if (field !== undefined && (this.#device[field] === '' || element === 'DEV.vendor_id')) this.#device[field] = value
    if (isAckElement(element)) this.#answer = ackCode(value)
    const patient = isFilled ? patientElement(element) : null
    if (patient !== null) this.#filled.add(patient)
  }

  close(element: string): void {
    if (this.#root === '' || element !== this.#root) return
    const device = this.#root === POCT_HELLO ? this.#device : null
    const message: PoctMessage = { name: this.#root, device, answer: this.#answer, filled: [...this.#filled] }
    this.#root = ''
    this.#isForeignTold = false
    this.#sink.message(message)
  }
}

/** An element with attribute `V`, or with elements inside. */
export type PoctElement = readonly [name: string, content: string | readonly PoctElement[]]

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function encodePoct(element: PoctElement): string {
  const [name, content] = element
  if (typeof content !== 'string') return `<${name}>${content.map(encodePoct).join('')}</${name}>`
  let value = ''
  for (const c of content) value += ENTITIES[c] ?? c
  return `<${name} V="${value}"/>`
}
