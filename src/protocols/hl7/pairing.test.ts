// Tests of HL7 pairing: a slow twin that remembers texts, bounds, modes of acknowledgement, and that blanks do not matter.
// Keeps the rule that only hashes are remembered.

import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HL7_PENDING_MAX } from './codes.ts'
import { HASH_EMPTY, Hl7Pairing, hashByte, wantsAnswer, type Hl7Control } from './pairing.ts'

const hash = (text: string): number => Array.from(text, (c) => c.charCodeAt(0)).reduce(hashByte, HASH_EMPTY)
const message = (id: string, wants = true): Hl7Control => ({ id: hash(id), answers: HASH_EMPTY, answerCode: null, wantsAnswer: wants })
const answer = (id: string, code = 'AA'): Hl7Control => ({ id: HASH_EMPTY, answers: hash(id), answerCode: code, wantsAnswer: false })

type Step = readonly [direction: 0 | 1, what: 'message' | 'quiet' | 'AA' | 'AE' | 'XX', id: string]

function quickly(steps: readonly Step[]): unknown {
  const pairing = new Hl7Pairing()
  for (const [direction, what, id] of steps) {
    pairing.message(direction, what === 'message' || what === 'quiet' ? message(id, what === 'message') : answer(id, what))
  }
  const { refused, unanswered, unasked } = pairing.totals()
  return { refused, unanswered, unasked }
}

/** The slow twin: for each message whether any answer has its id, by texts, over the whole list. Ids are not used twice. */
function slowly(steps: readonly Step[]): unknown {
  const isAnswer = ([, what]: Step): boolean => what !== 'message' && what !== 'quiet'
  const answered = ([direction, , id]: Step): boolean => steps.some((s) => isAnswer(s) && s[0] !== direction && s[2] === id)
  const unanswered = [0, 1].map((direction) => steps.filter((s) => s[0] === direction && s[1] === 'message' && !answered(s)).length)
  const orphans = steps.filter((s) => isAnswer(s) && !steps.some((m) => !isAnswer(m) && m[0] !== s[0] && m[2] === s[2]))
  return {
    refused: steps.filter((s) => s[1] === 'AE').length, unanswered,
    // Two answers to the same unknown message are one that cannot be placed.
    unasked: new Set(orphans.map((s) => `${s[0]} ${s[2]}`)).size,
  }
}

const direction = fc.constantFrom<0 | 1>(0, 1)
const step: fc.Arbitrary<Step> = fc.tuple(direction, fc.constantFrom('message', 'quiet', 'AA', 'AE', 'XX'), fc.constantFrom('1', '2', '3', 'M4', 'M5'))

test('in any order, the counts are the slow twin\'s', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 14 }), (all) => {
    const seen = new Set<string>()
    const steps = all.filter(([d, what, id]) => {
      if (what !== 'message' && what !== 'quiet') return true
      const isNew = !seen.has(`${d} ${id}`)
      seen.add(`${d} ${id}`)
      return isNew
    })
    deepEqual(quickly(steps), slowly(steps))
  }), { numRuns: 400 })
})

test('an id that is used again waits again, and the first that was not answered stays so', () => {
  deepEqual(quickly([[0, 'message', '1'], [0, 'message', '1'], [1, 'AA', '1']]), { refused: 0, unanswered: [1, 0], unasked: 0 })
  deepEqual(quickly([[0, 'message', '1'], [1, 'AA', '1'], [0, 'message', '1']]), { refused: 0, unanswered: [1, 0], unasked: 0 })
})

test('beyond the bound the oldest is given up and counted; nothing grows', () => {
  const pairing = new Hl7Pairing()
  for (let i = 0; i < HL7_PENDING_MAX + 50; i++) pairing.message(0, message(`m${i}`))
  deepEqual(pairing.totals().unanswered, [HL7_PENDING_MAX + 50, 0])
  for (let i = 0; i < 3 * HL7_PENDING_MAX; i++) pairing.message(0, answer(`x${i}`))
  equal(pairing.totals().unasked, 3 * HL7_PENDING_MAX)
})

test('codes no version knows share one word', () => {
  const pairing = new Hl7Pairing()
  for (const code of ['ZZ', '', 'aa', 'AA', 'CR']) pairing.message(1, answer('1', code))
  deepEqual(pairing.totals().answers, [['??', 3], ['AA', 1], ['CR', 1]])
  equal(pairing.totals().refused, 1)
})

test('a message without an id waits for nobody', () => deepEqual(quickly([[0, 'message', '']]), { refused: 0, unanswered: [0, 0], unasked: 0 }))

test('blanks do not count, letters and their order do', () => {
  equal(hash(' A 1\t'), hash('A1'))
  notEqual(hash('A1'), hash('1A'))
  equal(hash('  '), HASH_EMPTY)
  const hashes = new Set(Array.from({ length: 5000 }, (_, i) => hash(`MSG${i}`)))
  ok(hashes.size >= 4999)
})

for (const [accept, application, wants] of [
  ['', '', true], ['AL', '', true], ['', 'AL', true], ['AL', 'NE', true], ['SU', 'NE', true], ['NE', 'NE', false], ['NE', '', false], ['ER', 'ER', false],
] as const) {
  test(`MSH-15 "${accept}" and MSH-16 "${application}" ${wants ? 'want' : 'want no'} answer`, () => equal(wantsAnswer(accept, application), wants))
}

/** A twin of the ids alone: a map in the order of their last coming. */
function forgetting(ids: readonly (readonly [string, boolean])[]): [number, number] {
  const open = new Map<string, boolean>()
  let forgotten = 0
  for (const [id, wants] of ids) {
    if (open.get(id) === false) forgotten++
    open.delete(id)
    open.set(id, !wants)
    for (const [oldest, isDone] of open) {
      if (open.size <= HL7_PENDING_MAX) break
      open.delete(oldest)
      if (!isDone) forgotten++
    }
  }
  return [[...open.values()].filter((isDone) => !isDone).length + forgotten, 0]
}

test('ids that come again, around the bound, are given up in the order of their last coming', () => {
  const id = fc.nat({ max: HL7_PENDING_MAX + 8 }).map(String)
  const many = fc.array(fc.tuple(id, fc.boolean()), { minLength: 3 * HL7_PENDING_MAX, maxLength: 5 * HL7_PENDING_MAX, size: 'max' })
  fc.assert(fc.property(many, (ids) => {
    const pairing = new Hl7Pairing()
    for (const [text, wants] of ids) pairing.message(0, message(text, wants))
    deepEqual(pairing.totals().unanswered, forgetting(ids))
  }), { numRuns: 20 })
})
