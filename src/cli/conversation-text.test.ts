// Conversations written by hand against JSON.stringify, with texts that need escapes and texts that do not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Conversation } from '../detect/conversation.ts'
import type { Ip } from '../base/ip.ts'
import { conversationText } from './conversation-text.ts'

const odd = ['bedside', 'a "b"', 'c\\d', '\u2028', '\ud800', '\u007f', '']
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom(...odd))
const endpoint = fc.record({ assetId: fc.option(text), ip: text.map((t) => t as Ip), label: text, zone: text })
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 53, 1_767_598_200_000_000))

test('the text is that of JSON.stringify', () => {
  const conversation: fc.Arbitrary<Conversation> = fc.record({
    id: text, from: endpoint, to: endpoint, transport: text, port: fc.nat(65_535), protocol: fc.option(text), flows: count, attempts: count,
    packets: count, bytes: count, firstAt: count, lastAt: count, leaves: fc.boolean(), verdict: fc.constantFrom('allow' as const, 'deny' as const),
    rule: text, reason: text,
  }, { noNullPrototype: true })
  fc.assert(fc.property(conversation, (c) => {
    const whole = JSON.stringify([[c]], null, 2)
    assert.equal(`[\n  [\n${conversationText(c)}\n  ]\n]`, whole)
  }), { numRuns: 500 })
})
