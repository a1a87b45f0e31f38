// HL7 gathered: what a scanner has learned of one message, and the summary of it; of a message that says the same as the one before, the same.
// Keeps the patient-data rule: header texts, device identifiers, names of segments, numbers of fields. Each kind is bounded.

import { HL7_DEVICES_MAX, HL7_FILLED_MAX, HL7_SEGMENT_NAMES_MAX, HL7_UNKNOWN_TYPE, knownMessageType, knownVersion } from './codes.ts'
import { contentOf, profileOf } from './content.ts'
import type { Hl7DeviceId } from './facts.ts'
import { DEVICE_RANK, HEADER_FIELDS, type HeaderField } from './fields.ts'
import type { Hl7Summary } from './message.ts'
import { countedText, fieldText } from './segments.ts'
import { clean, cleanedText, isCleaned } from './text.ts'

const MESSAGE_TYPE = HEADER_FIELDS.indexOf('messageType')
const NO_TEXTS: readonly string[] = HEADER_FIELDS.map(() => '')
const NO_FIELDS: readonly string[] = []
const NO_DEVICES: readonly Hl7DeviceId[] = []

/** What the message before said, to be said again when this one says the same: a sender's messages differ in their numbers only. */
interface Said {
  readonly summary: Hl7Summary
  readonly filled: readonly number[]
  readonly segments: readonly number[]
  readonly isDeviceData: boolean
}

export class Gathered {
  /** By HEADER_FIELDS: the newest texts, of this message or of one before; a bit for each that this one has. */
  #texts: readonly string[] | string[] = NO_TEXTS
  #textsSeen = 0
  #devices: Hl7DeviceId[] | null = null
  /** Devices before the segment we are in: a better identifier of the same PRT takes the place of what came behind. */
  #devicesBefore = 0
  /** An observation is coded in MDC; one is placed in a device's tree. */
  hasMdc = false
  hasHierarchy = false
  /** Keys of patient fields that hold something; behind the count, of messages before: an array that is emptied is made anew. */
  readonly #filled: number[] = []
  #filledCount = 0
  /** Counted name and count in turn. */
  readonly #segments: number[] = []
  #segmentsCount = 0
  #said: Said | null = null
  /** A text differs from what was said. */
  #isTextNew = true

  reset(): void {
    this.#textsSeen = 0
    this.#devices = null
    this.hasMdc = this.hasHierarchy = false
    this.#filledCount = this.#segmentsCount = 0
  }

  openSegment(counted: number): void {
    this.countSegment(counted)
    this.#devicesBefore = this.#devices === null ? 0 : this.#devices.length
  }

  countSegment(counted: number): void {
    const segments = this.#segments
    for (let i = this.#segmentsCount - 2; i >= 0; i -= 2) {
      if (segments[i] !== counted) continue
      segments[i + 1] = (segments[i + 1] as number) + 1
      return
    }
    if (this.#segmentsCount >= 2 * HL7_SEGMENT_NAMES_MAX) return
    segments[this.#segmentsCount++] = counted
    segments[this.#segmentsCount++] = 1
  }

  /** True of the patient field that was filled last: of many observations, all but the first. */
  isNewest(key: number): boolean {
    return this.#filledCount > 0 && this.#filled[this.#filledCount - 1] === key
  }

  fill(key: number): void {
    if (this.#filledCount >= HL7_FILLED_MAX) return
    for (let i = 0; i < this.#filledCount; i++) if (this.#filled[i] === key) return
    this.#filled[this.#filledCount++] = key
  }

  /** The header text that was collected, `length` bytes of it. */
  keepText(slot: number, length: number): void {
    this.#textsSeen |= 1 << slot
    this.#setText(slot, clean(length) ? cleanedText(this.#texts[slot] as string) : '')
  }

  /** A header text of this message, once `summary` was asked. */
  text(slot: number): string {
    return this.#texts[slot] as string
  }

  /** The device identifier that was collected. */
  keepDevice(source: Hl7DeviceId['source'], length: number): void {
    if (!clean(length)) return
    const devices = (this.#devices ??= [])
    const rank = DEVICE_RANK[source]
    let isBetter = false
    for (let i = this.#devicesBefore; i < devices.length; i++) {
      const other = DEVICE_RANK[(devices[i] as Hl7DeviceId).source]
      if (other > rank) return
      isBetter ||= other < rank
    }
    if (isBetter) devices.length = this.#devicesBefore
    for (const device of devices) if (device.source === source && isCleaned(device.text)) return
    if (devices.length < HL7_DEVICES_MAX) devices.push(this.#device(source, this.#said?.summary.devices[devices.length]))
  }

  #device(source: Hl7DeviceId['source'], before: Hl7DeviceId | undefined): Hl7DeviceId {
    return before !== undefined && before.source === source && isCleaned(before.text) ? before : { source, text: cleanedText('') }
  }

  /** Null without a message type. Fields are sorted by code unit: PID-11 stands before PID-3. */
  summary(): Hl7Summary | null {
    this.#forgetUnseen()
    if (this.#texts[MESSAGE_TYPE] === '') return null
    if (this.#said === null || !this.#isSaid(this.#said)) this.#said = this.#say()
    return this.#said.summary
  }

  /** Header texts of messages before that this one does not have. */
  #forgetUnseen(): void {
    for (let slot = 0; slot < this.#texts.length; slot++) {
      if ((this.#textsSeen & (1 << slot)) === 0 && this.#texts[slot] !== '') this.#setText(slot, '')
    }
  }

  #setText(slot: number, text: string): void {
    if (this.#texts[slot] === text) return
    if (this.#texts === NO_TEXTS) this.#texts = [...NO_TEXTS];
    (this.#texts as string[])[slot] = text
    this.#isTextNew = true
  }

  #isSaid({ summary, filled, segments, isDeviceData }: Said): boolean {
    return !this.#isTextNew && isDeviceData === (this.hasMdc && this.hasHierarchy) && areSame(this.#filled, this.#filledCount, filled)
      && areSame(this.#segments, this.#segmentsCount, segments) && areDevices(this.#devices ?? NO_DEVICES, summary.devices)
  }

  #say(): Said {
    const type = knownMessageType(this.#texts[MESSAGE_TYPE] as string)
    const text = (field: HeaderField): string => (type === HL7_UNKNOWN_TYPE ? '' : this.#texts[HEADER_FIELDS.indexOf(field)] as string)
    const profile = profileOf(text('profile'))
    const filled = this.#filled.slice(0, this.#filledCount)
    const summary: Hl7Summary = {
      sendingApplication: text('sendingApplication'),
      sendingFacility: text('sendingFacility'),
      receivingApplication: text('receivingApplication'),
      receivingFacility: text('receivingFacility'),
      messageType: type,
      version: knownVersion(text('version')),
      profile,
      content: contentOf(type, profile, this.hasMdc && this.hasHierarchy),
      devices: this.#devices ?? NO_DEVICES,
      filledPatientFields: filled.length === 0 ? NO_FIELDS : filled.map(fieldText).sort(),
      segments: this.#segmentCounts(),
    }
    this.#isTextNew = false
    return { summary, filled, segments: this.#segments.slice(0, this.#segmentsCount), isDeviceData: this.hasMdc && this.hasHierarchy }
  }

  #segmentCounts(): [string, number][] {
    const counts: [string, number][] = []
    for (let i = 0; i < this.#segmentsCount; i += 2) counts.push([countedText(this.#segments[i] as number), this.#segments[i + 1] as number])
    return counts
  }
}

/** The first `count` of `a` are `b`. */
function areSame(a: readonly number[], count: number, b: readonly number[]): boolean {
  if (count !== b.length) return false
  for (let i = 0; i < count; i++) if (a[i] !== b[i]) return false
  return true
}

/** The very same: a device that comes again is the object of before. */
function areDevices(a: readonly Hl7DeviceId[], b: readonly Hl7DeviceId[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
