// Tests of exceptions: what counts on which day, where an exception stands among conduits, and that nothing counts without a day.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIp, type Ip } from '../../base/ip.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import { evaluate } from '../eval/evaluate.ts'
import { policyNames } from '../eval/names.ts'
import { isDay } from './dates.ts'
import { effectivePolicy } from './exceptions.ts'
import type { WrittenPolicy } from './model.ts'
import { parsePolicy, type PolicyOptions, type PolicyResult } from './policy.ts'

const TODAY = '2026-06-15'
type Keys = { readonly [key: string]: PlainValue }
const conduit = (name: string, services: readonly string[], action: string, more: Keys = {}): PlainValue =>
  ({ name, from: 'ward', to: 'office', services, action, fail: 'closed', reason: `Because ${name}.`, ...more })
const exception = (name: string, more: Keys): PlainValue =>
  ({ name, action: 'allow', owner: 'IT', reason: 'Repair.', expires: TODAY, ...more })
const TELNET = { from: 'ward', to: 'office', services: ['telnet'] }

const parse = (exceptions: readonly PlainValue[], options: PolicyOptions = { today: TODAY }): PolicyResult => parsePolicy(treeFromValue({
  version: 1,
  zones: [{ name: 'ward', kind: 'medical', prefixes: ['10.20.0.0/16'] }, { name: 'office', kind: 'it', prefixes: ['10.30.0.0/16'] }],
  conduits: [
    conduit('no-ftp', ['ftp'], 'deny'),
    conduit('clear', ['telnet', 'ftp', 'http'], 'deny', { fail: 'open' }), conduit('web', ['https'], 'allow'),
  ],
  exceptions,
}, 'p.yaml'), options)

function good(exceptions: readonly PlainValue[]): WrittenPolicy {
  const { policy, diagnostics } = parse(exceptions)
  assert.ok(policy, JSON.stringify(diagnostics))
  return policy
}

const ip = (text: string): Ip => {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function ask(policy: WrittenPolicy, dstPort: number): readonly string[] {
  const flow = { src: ip('10.20.0.1'), dst: ip('10.30.0.1'), proto: 6, srcPort: 40000, dstPort }
  const { action, rule } = evaluate(policy, policyNames(policy, new Map()), flow)
  return [action, rule]
}

test('an exception of its own traffic stands before all conduits, until its last day is over', () => {
  const policy = good([exception('visit', TELNET)])
  assert.deepEqual(ask(policy, 23), ['deny', 'clear'], 'parsing alone allows nothing')
  assert.deepEqual(ask(effectivePolicy(policy, '2026-01-01'), 23), ['allow', 'visit'])
  assert.deepEqual(ask(effectivePolicy(policy, TODAY), 23), ['allow', 'visit'])
  assert.deepEqual(ask(effectivePolicy(policy, '2026-06-16'), 23), ['deny', 'clear'])
  assert.deepEqual(ask(effectivePolicy(policy, TODAY), 80), ['deny', 'clear'], 'nothing else is allowed')
})

test('an exception of a conduit lifts that one only: what stands before it still decides', () => {
  const policy = effectivePolicy(good([exception('visit', { conduit: 'clear' })]), TODAY)
  assert.deepEqual(policy.conduits.map((c) => c.name), ['no-ftp', 'visit', 'clear', 'web'])
  assert.deepEqual([23, 80, 21, 443].map((port) => ask(policy, port)), [
    ['allow', 'visit'], ['allow', 'visit'], ['deny', 'no-ftp'], ['allow', 'web'],
  ])
})

test('an exception in effect is a conduit that says until when and by whom, and fails as what it lifts', () => {
  const policy = effectivePolicy(good([exception('visit', { conduit: 'clear' }), exception('own', TELNET)]), TODAY)
  const [own, , visit] = policy.conduits
  assert.deepEqual([own?.name, own?.fail, own?.action, own?.owner, own?.reason],
    ['own', 'closed', 'allow', 'IT', 'Repair. Exception until 2026-06-15.'])
  assert.deepEqual([visit?.name, visit?.fail, visit?.services], ['visit', 'open', ['telnet', 'ftp', 'http']])
})

test('applying it twice is applying it once, and without anything in effect the policy stays what it is', () => {
  const policy = good([exception('visit', { conduit: 'clear' }), exception('own', TELNET),
    exception('old', { ...TELNET, expires: '2026-01-01' })])
  const once = effectivePolicy(policy, TODAY)
  assert.deepEqual(effectivePolicy(once, TODAY), once)
  assert.equal(effectivePolicy(policy, '2027-01-01'), policy)
  assert.equal(once.conduits.length, 5)
})

test('services that only an exception names are in the policy', () => {
  const policy = effectivePolicy(good([exception('own', { ...TELNET, services: ['ssh'] })]), TODAY)
  assert.ok(policy.services.some((service) => service.name === 'ssh'))
  assert.deepEqual(ask(policy, 22), ['allow', 'own'])
})

test('an ended exception is a warning, one whose last day it is is none', () => {
  const codes = (...exceptions: readonly PlainValue[]): string[] => parse(exceptions).diagnostics.map((d) => `${d.severity} ${d.code}`)
  assert.deepEqual(codes(exception('a', TELNET)), [])
  assert.deepEqual(codes(exception('a', { ...TELNET, expires: '2026-06-14' })), ['warning policy/exception-expired'])
})

test('without a day exceptions are left out, and that is said', () => {
  const { policy, diagnostics } = parse([exception('a', TELNET)], {})
  assert.deepEqual(diagnostics.map((d) => [d.severity, d.code]), [['warning', 'policy/exceptions-undated']])
  assert.equal(policy?.conduits.length, 3)
  assert.deepEqual(parse([], {}).diagnostics, [])
})

test('a day that is none is our mistake, not the file\'s', () => {
  assert.throws(() => parse([], { today: '15.6.2026' }))
  assert.throws(() => effectivePolicy(good([]), 'tomorrow'))
})

test('only days of the calendar are days', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['2026-12-24', true], ['2024-02-29', true], ['2000-02-29', true], ['2026-02-29', false], ['1900-02-29', false], ['2026-04-31', false],
    ['2026-00-10', false], ['2026-13-10', false], ['2026-01-00', false], ['2026-1-1', false], ['2026-01-01T00:00', false], ['', false],
    ['0000-01-01', true], ['20260101', false],
  ]
  for (const [text, expected] of rows) assert.equal(isDay(text), expected, text)
})

test('days: what a clock says is a day, and text order is time order', () => {
  const date = fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  fc.assert(fc.property(date, date, (a, b) => {
    const [x, y] = [a.toISOString().slice(0, 10), b.toISOString().slice(0, 10)]
    assert.ok(isDay(x))
    assert.equal(x <= y, Math.floor(a.getTime() / 86_400_000) <= Math.floor(b.getTime() / 86_400_000))
  }))
})
