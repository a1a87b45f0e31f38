// Messages told as one against messages told one by one: nothing differs but how many facts it takes, and nothing new waits.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MICROS_PER_SECOND } from '../../base/time.ts'
import type { Hl7Message } from './facts.ts'
import { HL7_KINDS_MAX, HL7_RETELL_MICROS, Hl7Repeats } from './repeats.ts'

const MESSAGE: Hl7Message = {
  at: 0, frame: 1, protocol: 'hl7', kind: 'message', flowId: 1, times: 1, direction: 0, framing: 'mllp', sendingApplication: 'A', sendingFacility: 'B',
  receivingApplication: 'C', receivingFacility: 'D', messageType: 'ORU^R01', version: '2.6', profile: '', content: 'results', devices: [],
  filledPatientFields: [], segments: [['MSH', 1]],
}

/** What is told, as facts, in order; `hear` gives a message to it. */
function open(): { readonly facts: Hl7Message[]; hear: (message: Hl7Message) => void; end: () => void } {
  const facts: Hl7Message[] = []
  const repeats = new Hl7Repeats((framing, summary, at, frame, times) => facts.push({ ...MESSAGE, ...summary, framing, at, frame, times }))
  return { facts, hear: (message) => repeats.message(message.framing, message, message.at, message.frame), end: () => repeats.end() }
}

function told(messages: readonly Hl7Message[]): Hl7Message[] {
  const { facts, hear, end } = open()
  for (const message of messages) hear(message)
  end()
  return facts
}

/** What a message says of itself, as a text. */
function saying({ at: _at, frame: _frame, times: _times, ...rest }: Hl7Message): string {
  return JSON.stringify(rest)
}

/** Each saying with how often, since when, until when. */
function summed(facts: readonly Hl7Message[]): unknown {
  const sums = new Map<string, [times: number, firstAt: number, lastAt: number]>()
  for (const fact of facts) {
    const [times, firstAt, lastAt] = sums.get(saying(fact)) ?? [0, fact.at, fact.at]
    sums.set(saying(fact), [times + fact.times, Math.min(firstAt, fact.at), Math.max(lastAt, fact.at)])
  }
  return new Map([...sums].sort())
}

const changes = fc.record({
  messageType: fc.constantFrom('ORU^R01', 'ADT^A01', 'ACK'), framing: fc.constantFrom('mllp' as const, 'bare' as const),
  filledPatientFields: fc.constantFrom([], ['PID-3'], ['PID-3', 'PID-5']), segments: fc.constantFrom([['MSH', 1]] as const, [['MSH', 1], ['OBX', 2]] as const),
  devices: fc.constantFrom([], [{ source: 'OBX-18' as const, text: 'one' }], [{ source: 'OBX-18' as const, text: 'two' }]),
  sendingApplication: fc.constantFrom('A', 'Z'), receivingFacility: fc.constantFrom('D', 'Y'),
}, { requiredKeys: [] })

test('as many of each as there were, from the first to the last', () => {
  fc.assert(fc.property(fc.array(fc.tuple(changes, fc.nat(40)), { maxLength: 80 }), (steps) => {
    let at = 0
    const messages = steps.map(([change, wait], i): Hl7Message => ({ ...MESSAGE, ...change, at: (at += wait * MICROS_PER_SECOND), frame: i + 1 }))
    deepEqual(summed(told(messages)), summed(messages))
  }))
})

test('what is new is told before anything else comes; what repeats, once a minute', () => {
  const { facts, hear } = open()
  for (let second = 0; second < 130; second += 10) hear({ ...MESSAGE, at: second * MICROS_PER_SECOND })
  deepEqual(facts.map(({ at, times }) => [at / HL7_RETELL_MICROS, times]), [[0, 1], [1, 6], [2, 6]])
  hear({ ...MESSAGE, at: 131 * MICROS_PER_SECOND, filledPatientFields: ['PID-5'] })
  equal(facts.length, 4)
  deepEqual(facts[3]?.filledPatientFields, ['PID-5'])
})

test('a sender of many kinds loses no count, and little is remembered', () => {
  const messages = Array.from({ length: 10 * HL7_KINDS_MAX }, (_, i): Hl7Message => ({ ...MESSAGE, sendingApplication: `A${i % (HL7_KINDS_MAX + 3)}`, at: i }))
  deepEqual(summed(told(messages)), summed(messages))
  ok(told(messages).length <= messages.length)
})
