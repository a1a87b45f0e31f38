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

/** FNV-1a, 32 bits. Two of some hundred open ids meet by a chance of one in a hundred thousand, and then two counts are off by one. */
export const HASH_EMPTY = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Blanks do not count: some receivers trim what they repeat. */
export function hashByte(hash: number, c: number): number {
  return c === 0x20 || c === 0x09 ? hash : Math.imul(hash ^ c, FNV_PRIME) >>> 0
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

/** Ids of one direction's messages: false while an answer is awaited, true with one (a second may follow in enhanced mode) or when none is. */
type Ids = Map<number, boolean>

export class Hl7Pairing {
  readonly #ids: readonly [Ids, Ids] = [new Map(), new Map()]
  /** Answers whose message has not ended yet: an unframed message ends when the next begins, after its answer. */
  readonly #early: readonly [Set<number>, Set<number>] = [new Set(), new Set()]
  readonly #answers = new Map<string, number>()
  readonly #forgotten: [number, number] = [0, 0]
  #refused = 0
  #unasked = 0

  /** One message, of either kind. */
  message(direction: Direction, control: Hl7Control): void {
    if (control.answerCode !== null) this.#answer(opposite(direction), control.answers, control.answerCode)
    else if (control.id !== HASH_EMPTY) this.#sent(direction, control.id, control.wantsAnswer)
  }

  #sent(direction: Direction, id: number, wants: boolean): void {
    const ids = this.#ids[direction]
    const isAnswered = this.#early[direction].delete(id)
    if (ids.get(id) === false) this.#forgotten[direction] += 1
    ids.delete(id)
    ids.set(id, isAnswered || !wants)
    if (ids.size > HL7_PENDING_MAX) this.#forgetOldest(direction)
  }

  #forgetOldest(direction: Direction): void {
    const ids = this.#ids[direction]
    for (const [id, isDone] of ids) {
      ids.delete(id)
      if (!isDone) this.#forgotten[direction] += 1
      return
    }
  }

  /** `asker` is the direction of the message answered. */
  #answer(asker: Direction, id: number, code: string): void {
    const known = CODES.has(code) ? code : UNKNOWN_CODE
    this.#answers.set(known, (this.#answers.get(known) ?? 0) + 1)
    if (REFUSALS.has(known)) this.#refused += 1
    const ids = this.#ids[asker]
    if (ids.has(id)) ids.set(id, true)
    else if (this.#early[asker].size < HL7_PENDING_MAX) this.#early[asker].add(id)
    else this.#unasked += 1
  }

  totals(): Pick<Hl7Totals, 'answers' | 'refused' | 'unanswered' | 'unasked'> {
    const open = (direction: Direction): number => [...this.#ids[direction].values()].filter((isDone) => !isDone).length + this.#forgotten[direction]
    return {
      answers: [...this.#answers], refused: this.#refused, unanswered: [open(0), open(1)],
      unasked: this.#unasked + this.#early[0].size + this.#early[1].size,
    }
  }
}
