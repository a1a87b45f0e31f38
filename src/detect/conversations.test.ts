// Conversations against their slow twin, groups by text; and the page's view of them against the list itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shortId } from '../base/short-id.ts'
import { asset, CARD, ip, seconds, talk, unanswered, world } from '../testing/world.ts'
import { conversationsOf, eachConversation, outgoingAmong, outgoingOf, type PolicyAnswer, type PolicyEyes } from './conversations.ts'
import type { Talk } from './talks.ts'
import type { World } from './world.ts'

const INSIDE = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const
const OUTSIDE = ['202.114.4.119', '8.8.8.8', '224.0.0.1', '2001:db8::1', '2a00::5'] as const

/** Allows even ports; the zones say which of the two was asked. */
const eyes: PolicyEyes = {
  local: (_src, dst, _proto, _srcPort, dstPort): PolicyAnswer => answer(dstPort, 'bedside', dst.startsWith('10.') ? 'bedside' : 'internet'),
  leaving: (_src, _dst, _proto, _srcPort, dstPort): PolicyAnswer => answer(dstPort, 'bedside', 'internet'),
}

function answer(port: number, from: string, to: string): PolicyAnswer {
  return { action: port % 2 === 0 ? 'allow' : 'deny', rule: `port ${port}`, reason: 'Because.', from, to }
}

const someTalk = fc.record({
  src: fc.constantFrom(...INSIDE), dst: fc.constantFrom(...INSIDE, ...OUTSIDE), port: fc.constantFrom(0, 515, 516), proto: fc.constantFrom(6, 17),
  vlan: fc.constantFrom(0, 0, 3), nextHop: fc.constantFrom(CARD.router, CARD.central, CARD.stranger), protocol: fc.constantFrom(null, 'cms8000'),
  toGroup: fc.constantFrom(false, false, true), isTry: fc.boolean(), from: fc.nat(20), length: fc.nat(20),
}).map(({ src, dst, port, isTry, from, length, ...more }) =>
  talk(src, dst, port, { ...more, ...(isTry ? unanswered : {}), firstAt: seconds(from), lastAt: seconds(from + length) }))

const worlds = fc.array(someTalk, { maxLength: 60 }).map((talks) =>
  world({ talks, assets: [asset('patient-monitor', INSIDE[0], 7), asset('printer', INSIDE[1], null, CARD.central)] }))

/** Groups by text, sums one by one: id, members and sums of each conversation in order. */
function slowly(w: World): unknown[] {
  const groups = new Map<string, Talk[]>()
  for (const t of w.talks) {
    const key = `${t.vlan}|${t.src}|${t.dst}|${t.proto}|${t.port}|${t.protocol ?? ''}|${w.leaves(t)}`
    groups.set(key, [...(groups.get(key) ?? []), t])
  }
  const sum = (talks: readonly Talk[], pick: (t: Talk) => number): number => talks.reduce((n, t) => n + pick(t), 0)
  return [...groups].map(([key, talks]) => [
    shortId('c', key), talks[0]?.src, talks[0]?.dst, sum(talks, (t) => t.flows), sum(talks, (t) => t.unanswered + t.refused),
    sum(talks, (t) => t.packets + t.packetsBack), sum(talks, (t) => t.bytes + t.bytesBack),
    Math.min(...talks.map((t) => t.firstAt)), Math.max(...talks.map((t) => t.lastAt)), key.endsWith('true'),
  ])
}

test('equals its slow twin: which talks are one conversation, in which order, with which sums', () => {
  fc.assert(fc.property(worlds, (w) => {
    const got = conversationsOf(w, eyes)
    assert.deepEqual(got.map((c) => [c.id, c.from.ip, c.to.ip, c.flows, c.attempts, c.packets, c.bytes, c.firstAt, c.lastAt, c.leaves]), slowly(w))
    assert.deepEqual([...eachConversation(w, eyes)], got)
  }), { numRuns: 300 })
})

test('what a page shows of them is what the whole list shows, however many fit on it', () => {
  fc.assert(fc.property(worlds, fc.nat(8), (w, shown) => {
    assert.deepEqual(outgoingOf(w, eyes, shown), outgoingAmong(conversationsOf(w, eyes), shown))
  }), { numRuns: 300 })
})

test('what leaves is judged as leaving, and its far end is no asset; a group is a group', () => {
  const w = world({
    assets: [asset('patient-monitor', INSIDE[0], 7)],
    talks: [talk(INSIDE[0], OUTSIDE[1], 515), talk(INSIDE[0], INSIDE[1], 515), talk(INSIDE[0], INSIDE[2], 9, { toGroup: true })],
  })
  const [out, here, group] = conversationsOf(w, eyes)
  assert.deepEqual([out?.leaves, out?.to.zone, out?.to.assetId, out?.from.label], [true, 'internet', null, 'CMS8000 monitor, bed 7'])
  assert.deepEqual([here?.leaves, here?.to.zone, here?.to.label], [false, 'bedside', INSIDE[1]])
  assert.equal(group?.to.zone, 'group')
  assert.deepEqual([...outgoingOf(w, eyes, 9).talking], [`a-${ip(INSIDE[0])}`])
})
