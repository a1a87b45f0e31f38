// ARP counted against ARP told one by one: the same bindings, the same askers, the same questions, for any order of messages.
// The slow twin is the inventory fed with every message.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4 } from '../base/ip.ts'
import { MICROS_PER_SECOND } from '../base/time.ts'
import type { ArpFact } from '../protocols/arp/facts.ts'
import { arpFacts, encodeArp } from '../protocols/arp/index.ts'
import { ArpMemory, RETELL_MICROS } from '../protocols/arp/memory.ts'
import type { ArpMessage } from '../protocols/arp/message.ts'
import { Frame } from '../wire/frame.ts'
import { Inventory } from './inventory.ts'

interface Sent extends ArpMessage {
  readonly vlan: number
  readonly frameMac: number
  readonly at: number
}

function heard(sent: readonly Sent[], memory: ArpMemory | null, drainEvery = Number.POSITIVE_INFINITY): ArpFact[] {
  const facts: ArpFact[] = []
  const frame = new Frame()
  sent.forEach((message, i) => {
    const bytes = encodeArp(message)
    Object.assign(frame, { arpOff: 0, arpEnd: bytes.length, at: message.at, number: i + 1, vlan: message.vlan, srcMac: message.frameMac })
    arpFacts(bytes, frame, (fact) => facts.push(fact), memory)
    if ((i + 1) % drainEvery === 0) memory?.drain((fact) => facts.push(fact))
  })
  memory?.drain((fact) => facts.push(fact))
  return facts
}

/** What an inventory has learnt of these facts. */
function learnt(facts: readonly ArpFact[]): unknown {
  const inventory = new Inventory([])
  for (const fact of facts) inventory.fact(fact, null)
  const { bindings } = inventory
  const assets = inventory.assets({ profiles: new Map(), oui: null, isInside: () => true, zoneOf: () => null })
  return { bindings: bindings.all().map((b) => ({ ...b, asked: bindings.askedBy(b.vlan, b.ip, b.mac) })), assets }
}

/** Questions by who asks for what: how often, first, last, and the first frames. */
function questions(facts: readonly ArpFact[]): unknown {
  const all = new Map<string, { times: number; lastAt: number; frames: number[] }>()
  for (const fact of facts) {
    if (fact.kind !== 'ask' && !(fact.kind === 'repeats' && fact.of === 'ask')) continue
    const key = JSON.stringify([fact.vlan, fact.mac, fact.ip, fact.target])
    const known = all.get(key) ?? { times: 0, lastAt: 0, frames: [] }
    all.set(key, known)
    known.times += fact.kind === 'ask' ? 1 : fact.times
    known.lastAt = Math.max(known.lastAt, fact.at)
    known.frames.push(...(fact.kind === 'ask' ? [fact.frame] : fact.frames))
  }
  return new Map([...all].map(([key, { times, lastAt, frames }]) => [key, { times, lastAt, frames: frames.sort((a, b) => a - b).slice(0, 20) }]))
}

const card = fc.integer({ min: 0x02005e000001, max: 0x02005e000004 })
const address = fc.constantFrom(0, 0x0a000001, 0x0a000002, 0x0a000003)
const step = fc.record({
  vlan: fc.constantFrom(0, 7), frameMac: fc.oneof({ weight: 4, arbitrary: card }, { weight: 1, arbitrary: fc.constant(-1) }),
  operation: fc.constantFrom(1, 1, 2), senderMac: card, senderIp: address, targetMac: fc.constant(0), targetIp: address,
  wait: fc.oneof(fc.nat(5 * MICROS_PER_SECOND), fc.constant(RETELL_MICROS)),
})

function timed(steps: readonly (Omit<Sent, 'at'> & { readonly wait: number })[]): Sent[] {
  let at = 0
  return steps.map(({ wait, ...message }) => ({ ...message, at: (at += wait) }))
}

test('counting teaches what telling each message teaches', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 60 }), (steps, drainEvery) => {
    const sent = timed(steps)
    const [plain, counted] = [heard(sent, null), heard(sent, new ArpMemory(5), drainEvery)]
    assert.deepEqual(learnt(counted), learnt(plain))
    assert.deepEqual(questions(counted), questions(plain))
  }), { numRuns: 300 })
})

test('a table that is full tells each message, and teaches the same', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (steps, rowsMax) => {
    const sent = timed(steps)
    const memory = new ArpMemory(0, rowsMax)
    assert.deepEqual(learnt(heard(sent, memory, 7)), learnt(heard(sent, null)))
    assert.ok(memory.size <= rowsMax)
  }), { numRuns: 100 })
})

const ASK: Sent = {
  vlan: 0, frameMac: 0x02005e000001, at: 0, operation: 1, senderMac: 0x02005e000001, senderIp: 0x0a000001, targetMac: 0, targetIp: 0x0a000002,
}

test('what repeats is told once a minute, and counted between', () => {
  const sent = Array.from({ length: 121 }, (_, second) => ({ ...ASK, at: second * MICROS_PER_SECOND }))
  const facts = heard(sent, new ArpMemory())
  assert.deepEqual(facts.filter((f) => f.kind === 'ask').map((f) => f.at / MICROS_PER_SECOND), [0, 60, 120])
  const repeats = facts.filter((f) => f.kind === 'repeats')
  assert.deepEqual(repeats.map((f) => [f.of, f.times, f.ip, f.target, f.at / MICROS_PER_SECOND, f.frames.length]), [
    ['claim', 118, ipFromV4(0x0a000001), null, 119, 20], ['ask', 118, ipFromV4(0x0a000001), ipFromV4(0x0a000002), 119, 20],
  ])
})

test('a clock that goes back is told, not counted', () => {
  assert.deepEqual(heard([{ ...ASK, at: 50 }, { ...ASK, at: 10 }], new ArpMemory()).map((f) => f.kind), ['claim', 'ask', 'claim', 'ask'])
})
