// Rules on more than anybody reads: port scans, storms of forged cards. They must answer, soon, and in sentences of a readable length.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bindings } from '../inventory/bindings.ts'
import type { RpcFact } from '../protocols/rpc/facts.ts'
import { asset, CARD, findings, flow, ip, seconds, span, talk, unanswered, world } from '../testing/world.ts'
import { conversationsOf } from './conversations.ts'
import type { Finding } from './finding.ts'
import { inboundUdp } from './rules/inbound-udp.ts'
import { indicatorContact } from './rules/indicator-contact.ts'
import { oneCardTwoAddresses } from './rules/one-card-two-addresses.ts'
import { streamsLost } from './rules/streams-lost.ts'
import { talksOutside } from './rules/talks-outside.ts'
import { updateAttempted } from './rules/update-attempted.ts'
import { updatePulled } from './rules/update-pulled.ts'
import { TALKS_MAX } from './talks.ts'
import { some } from './words.ts'

const MONITOR = '10.20.4.31'
const CENTRAL = '202.114.4.119'
const monitor = asset('patient-monitor', MONITOR, 7)
/** A finding is read by people: a few lines, whatever happened. */
const SENTENCE_MAX = 600
/** The work is linear and takes under two seconds; quadratic work took minutes. */
const soon = { timeout: 30_000 }

function assertReadable(found: readonly Finding[], n = 1): void {
  assert.equal(found.length, n)
  for (const f of found) {
    for (const text of [f.ward, f.technical, f.help, ...f.evidence.details.flat()]) assert.ok(text.length <= SENTENCE_MAX, text.slice(0, 80))
    assert.ok(f.evidence.frames.length <= 20 && f.evidence.flows.length <= 10)
  }
}

/** As many talks as the table holds: two servers, all ports. */
const scan = (dst: readonly [string, string], more: Parameters<typeof talk>[3]) =>
  Array.from({ length: TALKS_MAX }, (_, i) => talk(MONITOR, dst[i & 1] as string, i >> 1, { firstAt: seconds(5 + i), lastAt: seconds(6 + i), ...more }))

test('a list of names is cut, and says by how many', () => {
  assert.equal(some([]), '')
  assert.equal(some(['a', 'b']), 'a, b')
  assert.equal(some(Array.from({ length: 20 }, (_, i) => `n${i}`)), 'n0, n1, n2, n3, n4, n5, n6, n7 and 12 more')
})

test('indicator-contact and update-attempted: a scan of every port of an advisory\'s addresses', soon, () => {
  const w = world({ assets: [monitor], talks: scan([CENTRAL, '202.114.4.120'], unanswered) })
  const found = findings(indicatorContact, w)
  assertReadable(found)
  assert.deepEqual([found[0]?.count, found[0]?.firstAt, found[0]?.lastAt], [TALKS_MAX, seconds(5), seconds(5 + TALKS_MAX)])
  assertReadable(findings(updateAttempted, w), 2)
})

test('talks-outside and inbound-udp: all ports of two hosts', soon, () => {
  assertReadable(findings(talksOutside, world({ assets: [monitor], talks: scan(['8.8.8.8', '8.8.4.4'], {}) })))
  const inbound = Array.from({ length: TALKS_MAX }, (_, i) => talk(`10.20.${(i >> 8) & 255}.${i & 255}`, MONITOR, i & 65_535, { proto: 17 }))
  assertReadable(findings(inboundUdp, world({ assets: [monitor], talks: inbound })))
})

test('one conversation over as many next hops as there are rows', soon, () => {
  const w = world({ assets: [monitor], talks: Array.from({ length: TALKS_MAX }, (_, i) => talk(MONITOR, '10.1.1.1', 80, { nextHop: 2 * i })) })
  const deny = () => ({ action: 'deny', rule: 'default', reason: '', from: 'bedside', to: 'unzoned' }) as const
  assert.deepEqual(conversationsOf(w, { local: deny, leaving: deny }).map((c) => c.flows), [TALKS_MAX])
})

test('one-card-two-addresses: a card that answers for thirty thousand', soon, () => {
  const bindings = new Bindings()
  for (let i = 0; i < 30_000; i++) bindings.claim(0, ip(`10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`), CARD.stranger, 'arp-reply', i, i + 1)
  for (let i = 0; i < 250; i++) bindings.claim(0, ip(`10.1.0.${i}`), CARD.central, 'arp-request', i, i + 1)
  assertReadable(findings(oneCardTwoAddresses, world({ bindings })))
})

test('streams-lost: a ward that connects again sixty thousand times', soon, () => {
  const spans = Array.from({ length: 60_000 }, (_, i) => span(MONITOR, i, i + 1))
  assert.deepEqual(findings(streamsLost, world({ spans })), [])
})

test('an attacker that mounts a million paths fills no memory, and /pm is found among them', soon, () => {
  const mount = (path: string): RpcFact => ({
    protocol: 'rpc', kind: 'mount', at: 1, frame: 1, client: ip(MONITOR), server: ip('10.9.9.9'), path, version: 1,
  } as unknown as RpcFact)
  const heard = [...Array.from({ length: 5000 }, (_, i) => `/export/${i}`), '/pm'].map((path) => [mount(path), flow(MONITOR, '10.9.9.9', 635)] as const)
  assertReadable(findings(updatePulled, world(), heard))
})
