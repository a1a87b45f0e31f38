// Repeats: messages of one direction that say the same of themselves are told once a minute with their number, not one by one.
// Keeps the rule that what differs in any field is told at once, and that no message goes uncounted.

import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { Hl7Message } from './facts.ts'

/** What repeats is told anew after this long, so that whoever follows the facts sees that it goes on; a monitor sends once in some seconds. */
export const HL7_RETELL_MICROS = 60 * MICROS_PER_SECOND
/** Kinds of messages remembered per direction: an engine's port sees some dozen types. What finds no room pushes out what came longest ago. */
export const HL7_KINDS_MAX = 16

interface Told {
  message: Hl7Message
  toldAt: Micros
  /** Since then. */
  times: number
}

export class Hl7Repeats {
  /** Newest last. */
  readonly #told: Told[] = []
  readonly #emit: (message: Hl7Message) => void

  constructor(emit: (message: Hl7Message) => void) {
    this.#emit = emit
  }

  /** One message; `times` is 1. */
  message(message: Hl7Message): void {
    const at = this.#find(message)
    if (at < 0) return this.#first(message)
    const told = this.#told[at] as Told
    if (at < this.#told.length - 1) this.#told.push(...this.#told.splice(at, 1))
    told.times++
    told.message = message
    if (message.at < told.toldAt || message.at - told.toldAt >= HL7_RETELL_MICROS) this.#tell(told)
  }

  /** Nothing follows. */
  end(): void {
    for (const told of this.#told) this.#tell(told)
    this.#told.length = 0
  }

  #first(message: Hl7Message): void {
    if (this.#told.length >= HL7_KINDS_MAX) this.#tell(this.#told.shift() as Told)
    const told = { message, toldAt: message.at, times: 1 }
    this.#told.push(told)
    this.#tell(told)
  }

  #tell(told: Told): void {
    const { message, times } = told
    if (times === 0) return
    told.toldAt = message.at
    told.times = 0
    this.#emit(times === 1 ? message : { ...message, times })
  }

  #find(message: Hl7Message): number {
    for (let i = this.#told.length - 1; i >= 0; i--) if (isSame((this.#told[i] as Told).message, message)) return i
    return -1
  }
}

/** All but time, frame and number; what differs most often first. */
function isSame(a: Hl7Message, b: Hl7Message): boolean {
  return a.messageType === b.messageType && a.framing === b.framing && a.content === b.content && a.profile === b.profile && a.version === b.version
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
