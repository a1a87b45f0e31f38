// Repeats: messages of one direction that say the same of themselves are told once a minute with their number, not one by one.
// Keeps the rule that what differs in any field is told at once, and that no message goes uncounted.

import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { Hl7Message } from './facts.ts'
import type { Hl7Summary } from './message.ts'

/** What repeats is told anew after this long, so that whoever follows the facts sees that it goes on; a monitor sends once in some seconds. */
export const HL7_RETELL_MICROS = 60 * MICROS_PER_SECOND
/** Kinds of messages remembered per direction: an engine's port sees some dozen types. What finds no room pushes out what came longest ago. */
export const HL7_KINDS_MAX = 16

type Framing = Hl7Message['framing']

/** `times` messages that say `summary`; `at` and `frame` are of the newest. */
export type TellHl7 = (framing: Framing, summary: Hl7Summary, at: Micros, frame: number, times: number) => void

interface Told {
  readonly framing: Framing
  readonly summary: Hl7Summary
  /** Of the newest. */
  at: Micros
  frame: number
  toldAt: Micros
  /** Since then. */
  times: number
}

export class Hl7Repeats {
  /** Newest last. */
  #told: Told[] = []
  readonly #emit: TellHl7

  constructor(emit: TellHl7) {
    this.#emit = emit
  }

  /** One message. */
  message(framing: Framing, summary: Hl7Summary, at: Micros, frame: number): void {
    const place = this.#find(framing, summary)
    if (place < 0) return this.#first(framing, summary, at, frame)
    const told = this.#told[place] as Told
    if (place < this.#told.length - 1) this.#told.push(...this.#told.splice(place, 1))
    told.times++
    told.at = at
    told.frame = frame
    if (at < told.toldAt || at - told.toldAt >= HL7_RETELL_MICROS) this.#tell(told)
  }

  /** Nothing follows. */
  end(): void {
    for (const told of this.#told) this.#tell(told)
    this.#told.length = 0
  }

  #first(framing: Framing, summary: Hl7Summary, at: Micros, frame: number): void {
    if (this.#told.length >= HL7_KINDS_MAX) this.#tell(this.#told.shift() as Told)
    const told = { framing, summary, at, frame, toldAt: at, times: 1 }
    // The first one alone: what grows from nothing by itself takes room for seventeen.
    if (this.#told.length === 0) this.#told = [told]
    else this.#told.push(told)
    this.#tell(told)
  }

  #tell(told: Told): void {
    if (told.times === 0) return
    this.#emit(told.framing, told.summary, told.at, told.frame, told.times)
    told.toldAt = told.at
    told.times = 0
  }

  #find(framing: Framing, summary: Hl7Summary): number {
    for (let i = this.#told.length - 1; i >= 0; i--) {
      const told = this.#told[i] as Told
      if (told.framing === framing && (told.summary === summary || isSame(told.summary, summary))) return i
    }
    return -1
  }
}

/** What differs most often first. */
function isSame(a: Hl7Summary, b: Hl7Summary): boolean {
  return a.messageType === b.messageType && a.content === b.content && a.profile === b.profile && a.version === b.version
    && a.sendingApplication === b.sendingApplication && a.sendingFacility === b.sendingFacility
    && a.receivingApplication === b.receivingApplication && a.receivingFacility === b.receivingFacility
    && areSame(a.filledPatientFields, b.filledPatientFields, (x, y) => x === y)
    && areSame(a.segments, b.segments, ([name, count], [other, otherCount]) => name === other && count === otherCount)
    && areSame(a.devices, b.devices, (x, y) => x.source === y.source && x.text === y.text)
}

function areSame<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!same(a[i] as T, b[i] as T)) return false
  return true
}
