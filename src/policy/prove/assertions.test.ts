// The shipped policy proves what the product promises; a policy that does not hold its word is told so with a packet.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, parsePrefix, type Ip } from '../../base/ip.ts'
import { loadPolicy } from '../../config/index.ts'
import { evaluate, policyNames, type Policy } from '../index.ts'
import type { Assertion, AssertionEnd, AssertionKind } from '../language/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { proveAssertions, type AssertionResult } from './assertions.ts'

const ip = (text: string): Ip => {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}
const zone = (name: string): AssertionEnd => ({ kind: 'zone', zone: name })
const prefix = (text: string): AssertionEnd => {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok)
  return { kind: 'prefix', prefix: parsed.value }
}

function claim(kind: AssertionKind, from: AssertionEnd, to: AssertionEnd, services: readonly string[] = [], via: string | null = null): Assertion {
  return { kind, from, to, services, via, text: kind, at: { file: 'test', line: 1, column: 1 } }
}

function shipped(): Policy {
  const loaded = loadPolicy()
  assert.ok(loaded.ok)
  return loaded.value.policy
}

const NAMES = policyNames(shipped(), new Map([
  ['contec-cms8000', [ip('10.20.4.31'), ip('202.114.4.27')]], ['cms-central-station', [ip('202.114.4.119'), ip('202.114.4.120')]],
]))

function prove(assertion: Assertion, version: 4 | 6 = 4, policy = shipped()): AssertionResult {
  const [result] = proveAssertions([assertion], policy, NAMES, bddSpace(version))
  assert.ok(result)
  return result
}

test('never bedside -> internet is proved, in both IP versions', () => {
  assert.equal(prove(claim('never', zone('bedside'), zone('internet'))).answer.verdict, 'proved')
  const six = prove(claim('never', zone('bedside'), zone('internet')), 6)
  assert.deepEqual([six.answer.verdict, six.saysSomething], ['proved', false], 'no monitor has an IPv6 address here, and the answer says so')
})

test('never bedside -> 202.114.4.0/24 holds only except via the central\'s zone, and the witness is a clinical flow', () => {
  const block = prefix('202.114.4.0/24')
  const bare = prove(claim('never', zone('bedside'), block)).answer
  assert.ok(bare.verdict === 'refuted')
  const { point } = bare.witness
  assert.ok([BigInt(0xca720477), BigInt(0xca720478)].includes(point.dst))
  const central = shipped().zones.find((z) => z.name === 'central')
  assert.ok(central)
  const inside: Policy = { ...shipped(), conduits: shipped().conduits.filter((c) => !(c.from === 'bedside' && c.to === 'bedside')) }
  assert.equal(prove(claim('never', zone('bedside'), prefix('202.114.4.0/25'), [], 'central'), 4, inside).answer.verdict, 'proved')
})

test('always bedside -> central on cms8000: the clinical path still works; without its conduit it does not', () => {
  const alive = claim('always', zone('bedside'), zone('central'), ['cms8000'])
  assert.equal(prove(alive).answer.verdict, 'proved')
  const cut: Policy = { ...shipped(), conduits: shipped().conduits.filter((c) => c.name !== 'bedside-vitals') }
  const answer = prove(alive, 4, cut).answer
  assert.ok(answer.verdict === 'refuted')
  assert.ok(answer.witness.point.dport >= 515n && answer.witness.point.dport <= 520n)
})

test('only bedside -> central on cms8000 is refuted by what else is allowed, and the verdict of the slow evaluator agrees', () => {
  const answer = prove(claim('only', zone('bedside'), zone('central'), ['cms8000'])).answer
  assert.ok(answer.verdict === 'refuted')
  const { src, dst, proto, sport, dport } = answer.witness.point
  const text = (value: bigint): Ip => ip([24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.'))
  const tuple = { src: text(src), dst: text(dst), proto: Number(proto), srcPort: Number(sport), dstPort: Number(dport) }
  assert.equal(evaluate(shipped(), NAMES, tuple).action, 'allow')
  const all = claim('only', zone('bedside'), zone('central'), ['cms8000', 'cms8000-hl7', 'icmp'])
  assert.equal(prove(all).answer.verdict, 'proved')
})
