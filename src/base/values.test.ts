// The small values everybody shares: MAC, time, seeded randomness, diagnostics, tainted, short ids.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'node:test'
import fc from 'fast-check'
import { assert as invariant, assertNever, InvariantError } from './assert.ts'
import { formatDiagnostic } from './diagnostic.ts'
import { formatMac, isGroupMac, isLocalMac, MAC_BROADCAST, parseMac } from './mac.ts'
import { err, ok } from './result.ts'
import { randomInt, seededRng } from './rng.ts'
import { shortId } from './short-id.ts'
import { Tainted } from './tainted.ts'
import { formatMicros } from './time.ts'

test('MAC addresses: every spelling in, one out', () => {
  const spellings = ['00:1B:44:11:3A:B7', '00-1b-44-11-3a-b7', '001b.4411.3ab7', '001B44113AB7']
  for (const text of spellings) assert.equal(formatMac(parseMac(text) ?? -1), '00:1b:44:11:3a:b7')
  for (const text of ['', '00:1b:44:11:3a', '00:1b:44:11:3a:b7:00', 'zz:1b:44:11:3a:b7']) assert.equal(parseMac(text), null)
  fc.assert(fc.property(fc.integer({ min: 0, max: MAC_BROADCAST }), (mac) => assert.equal(parseMac(formatMac(mac)), mac)))
})

/** The slow twin of formatMac: one digit after the other, by division. */
function formatMacSlowly(mac: number): string {
  return mac.toString(16).padStart(12, '0').replaceAll(/(..)(?!$)/g, '$1:')
}

test('a MAC is written as its digits in pairs, and text one character off the usual form is still judged by all forms', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: MAC_BROADCAST }), fc.nat(16), fc.constantFrom('-', ':', '.', 'A', 'g', ' ', ''), (mac, place, wrong) => {
    const text = formatMac(mac)
    assert.equal(text, formatMacSlowly(mac))
    const other = text.slice(0, place) + wrong + text.slice(place + 1)
    const digits = other.replaceAll(/[:.-]/g, '')
    assert.equal(parseMac(other), /^[0-9a-fA-F]{12}$/.test(digits) ? Number.parseInt(digits, 16) : null, other)
  }))
})

test('MAC bits: group and locally administered (IEEE 802)', () => {
  assert.ok(isGroupMac(MAC_BROADCAST) && isGroupMac(parseMac('01:00:5e:00:00:fb') ?? 0) && !isGroupMac(parseMac('00:1b:44:11:3a:b7') ?? 0))
  assert.ok(isLocalMac(parseMac('02:00:5e:00:00:01') ?? 0) && !isLocalMac(parseMac('00:1b:44:11:3a:b7') ?? 0))
})

test('times print in UTC with microseconds, and never throw', () => {
  assert.equal(formatMicros(1_767_598_200_000_125), '2026-01-05T07:30:00.000125Z')
  assert.equal(formatMicros(0), '1970-01-01T00:00:00.000000Z')
  assert.equal(formatMicros(1e21), '1e+21us')
  fc.assert(fc.property(fc.maxSafeInteger(), (at) => assert.ok(formatMicros(at).length > 0)))
})

test('the same seed gives the same numbers, another seed others', () => {
  const take = (seed: number): number[] => Array.from({ length: 8 }, ((rng) => () => rng.next())(seededRng(seed)))
  assert.deepEqual(take(7), take(7))
  assert.notDeepEqual(take(7), take(8))
  const rng = seededRng(1)
  const rolls = new Set(Array.from({ length: 1000 }, () => randomInt(rng, 1, 6)))
  assert.deepEqual([...rolls].sort(), [1, 2, 3, 4, 5, 6])
})

test('a tainted value cannot be printed, logged or serialised by accident', () => {
  const name = new Tainted('ZZTEST^CANARY')
  for (const text of [`${name}`, String(name), JSON.stringify({ name }), inspect(name), inspect({ deep: { name } }), JSON.stringify([name])]) {
    assert.ok(!text.includes('CANARY'), text)
    assert.ok(text.includes('patient data'))
  }
  assert.equal(JSON.stringify(Object.entries(name)), '[]')
  assert.equal(name.reveal(), 'ZZTEST^CANARY')
  assert.ok(name.isFilled())
  assert.ok(!new Tainted('').isFilled() && !new Tainted(null).isFilled() && new Tainted(0).isFilled())
})

test('a diagnostic names what, where and what to do', () => {
  const d = { severity: 'error', code: 'policy/x', message: 'unknown key "zoness"', file: 'p.yaml', line: 3, column: 1, help: 'Did you mean "zones"?' } as const
  assert.equal(formatDiagnostic(d), 'p.yaml:3:1: error policy/x: unknown key "zoness"\n  help: Did you mean "zones"?')
  assert.match(formatDiagnostic({ ...d, line: 0, column: 0 }), /^p\.yaml: error/)
})

test('a short id is the beginning of the SHA-1 of its parts, plain or not, short or long', () => {
  const part = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ maxLength: 40 }), fc.nat())
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
    const digest = createHash('sha1').update(parts.join('\u0000'), 'utf8').digest('hex')
    assert.equal(shortId('x', ...parts), `x-${digest.slice(0, 10)}`)
  }), { numRuns: 500 })
})

test('short ids depend on every part and on nothing else', () => {
  assert.equal(shortId('a', 'x', 1), shortId('a', 'x', 1))
  assert.match(shortId('f', 'rule', 'asset'), /^f-[0-9a-f]{10}$/)
  assert.notEqual(shortId('a', 'xy', 'z'), shortId('a', 'x', 'yz'))
})

test('results and assertions', () => {
  assert.deepEqual(ok(1), { ok: true, value: 1 })
  assert.deepEqual(err('no'), { ok: false, error: 'no' })
  assert.throws(() => invariant(false, 'ours'), InvariantError)
  assert.doesNotThrow(() => invariant(true, 'ours'))
  assert.throws(() => assertNever('x' as never), InvariantError)
})
