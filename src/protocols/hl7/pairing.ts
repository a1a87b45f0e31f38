// HL7 pairing: which message was answered by whom, by a hash of its control id; counts of refusals, of silence, and of answers to nothing.
// Keeps the rule that MSH-10 and MSA-2 are never kept as text: some senders build them from a patient's number.

import { opposite, type Direction } from '../../wire/flow.ts'
import { HL7_PENDING_MAX } from './codes.ts'
import type { Hl7Totals } from './facts.ts'

/** What one message says about the exchange. */
export interface Hl7Control {
  /** Hash of MSH-10; HASH_EMPTY without one. */
  readonly id: number
  /** Hash of MSA-2. */
  readonly answers: number
  /** MSA-1; null when the message is no answer. */
  readonly answerCode: string | null
  readonly wantsAnswer: boolean
}

/**
 * FNV-1a, 32 bits, signed: V8 keeps such numbers unboxed. Two of some hundred open ids meet by a chance of one in a hundred thousand,
 * and then two counts are off by one.
 */
export const HASH_EMPTY = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193

/** Blanks do not count: some receivers trim what they repeat. */
export function hashByte(hash: number, c: number): number {
  return c === 0x20 || c === 0x09 ? hash : Math.imul(hash ^ c, FNV_PRIME)
}

/** MSH-15 and MSH-16 (HL7 v2.8 section 2.9.2, table 0155): both empty is original mode, where every message is answered. ER asks for refusals only. */
export function wantsAnswer(accept: string, application: string): boolean {
  if (accept === '' && application === '') return true
  return isAlways(accept) || isAlways(application)
}

const isAlways = (condition: string): boolean => condition === 'AL' || condition === 'SU'

/** Answers of table 0008: accept or error or reject, of the application or of its door. */
const CODES: ReadonlySet<string> = new Set(['AA', 'AE', 'AR', 'CA', 'CE', 'CR'])
const REFUSALS: ReadonlySet<string> = new Set(['AE', 'AR', 'CE', 'CR'])
const UNKNOWN_CODE = '??'

/**
 * Ids of one direction's messages, the newest HL7_PENDING_MAX: a ring of numbers, looked through from end to end. An id that comes again
 * becomes the newest; those behind it move up, so that no place is ever free once it was taken.
 */
class SentIds {
  #ids: number[] = []
  /** By place in the ring: false while an answer is awaited, true with one (a second may follow in enhanced mode) or when none is. */
  #isDone: boolean[] = []
  /** Where the next id goes once all places are taken: to the oldest. */
  #oldest = 0
  /** Ids that were given up without an answer. */
  forgotten = 0

  add(id: number, isDone: boolean): void {
    if (this.#ids.length === 0) return this.#first(id, isDone)
    const place = this.#ids.indexOf(id)
    if (place >= 0) this.#renew(place, isDone)
    else if (this.#ids.length < HL7_PENDING_MAX) {
      this.#ids.push(id)
      this.#isDone.push(isDone)
    } else {
      if (this.#isDone[this.#oldest] === false) this.forgotten++
      this.#put(this.#oldest, id, isDone)
      this.#oldest = this.#next(this.#oldest)
    }
  }

  /** Exactly as long: what grows from nothing by itself takes room for seventeen, and most connections of a flood say one thing. */
  #first(id: number, isDone: boolean): void {
    this.#ids = [id]
    this.#isDone = [isDone]
  }

  /** False when the id is not here. */
  answer(id: number): boolean {
    const place = this.#ids.indexOf(id)
    if (place >= 0) this.#isDone[place] = true
    return place >= 0
  }

  get waiting(): number {
    let count = 0
    for (const isDone of this.#isDone) if (!isDone) count++
    return count
  }

  #renew(from: number, isDone: boolean): void {
    if (this.#isDone[from] === false) this.forgotten++
    const id = this.#ids[from] as number
    let place = from
    for (let next = this.#next(place); next !== this.#oldest; next = this.#next(place)) {
      this.#put(place, this.#ids[next] as number, this.#isDone[next] as boolean)
      place = next
    }
    this.#put(place, id, isDone)
  }

  #next(place: number): number {
    return place + 1 < this.#ids.length ? place + 1 : 0
  }

  #put(place: number, id: number, isDone: boolean): void {
    this.#ids[place] = id
    this.#isDone[place] = isDone
  }
}

export class Hl7Pairing {
  /** Made with the first id of a direction. */
  readonly #ids: [SentIds | null, SentIds | null] = [null, null]
  /** Answers whose message has not ended yet: an unframed message ends when the next begins, after its answer. Made with the first. */
  readonly #early: [Set<number> | null, Set<number> | null] = [null, null]
  /** By code, in order of first appearance. */
  readonly #answers: [string, number][] = []
  #refused = 0
  #unasked = 0

  /** One message, of either kind. */
  message(direction: Direction, control: Hl7Control): void {
    if (control.answerCode !== null) this.#answer(opposite(direction), control.answers, control.answerCode)
    else if (control.id !== HASH_EMPTY) this.#sent(direction, control.id, control.wantsAnswer)
  }

  #sent(direction: Direction, id: number, wants: boolean): void {
    const isAnswered = this.#early[direction]?.delete(id) === true
    const ids = (this.#ids[direction] ??= new SentIds())
    ids.add(id, isAnswered || !wants)
  }

  /** `asker` is the direction of the message answered. */
  #answer(asker: Direction, id: number, code: string): void {
    const known = CODES.has(code) ? code : UNKNOWN_CODE
    this.#countAnswer(known)
    if (REFUSALS.has(known)) this.#refused += 1
    if (this.#ids[asker]?.answer(id) === true) return
    const early = (this.#early[asker] ??= new Set())
    if (early.size < HL7_PENDING_MAX) early.add(id)
    else this.#unasked += 1
  }

  #countAnswer(code: string): void {
    for (const answer of this.#answers) {
      if (answer[0] !== code) continue
      answer[1]++
      return
    }
    this.#answers.push([code, 1])
  }

  totals(): Pick<Hl7Totals, 'answers' | 'refused' | 'unanswered' | 'unasked'> {
    const open = (direction: Direction): number => (this.#ids[direction]?.waiting ?? 0) + (this.#ids[direction]?.forgotten ?? 0)
    const early = (direction: Direction): number => this.#early[direction]?.size ?? 0
    return { answers: this.#answers, refused: this.#refused, unanswered: [open(0), open(1)], unasked: this.#unasked + early(0) + early(1) }
  }
}
