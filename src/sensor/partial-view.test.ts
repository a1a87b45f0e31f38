// What is still said when the mirror port shows only part of it: one direction, or connections that began before the capture.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchWard } from '../testing/check.ts'
import { WARD_DEFAULTS } from '../twin/core/ward.ts'

const CENTRAL = [202, 114, 4, 119]
/** The leaks stream from the first seconds on; a minute holds all of their findings. */
const OPTIONS = { seed: 7, scenarios: new Set(['leak'] as const), durationSeconds: 60 }
const ETHERNET_BYTES = 14
const SYN = 2

/** IPv4 and TCP of an untagged Ethernet frame of the twin, or null. */
function tcp(b: Uint8Array): { readonly src: number[]; readonly dst: number[]; readonly flags: number } | null {
  if (b[12] !== 8 || b[13] !== 0 || b[23] !== 6) return null
  const l4 = ETHERNET_BYTES + 4 * ((b[ETHERNET_BYTES] ?? 0) & 15)
  return { src: [...b.slice(26, 30)], dst: [...b.slice(30, 34)], flags: b[l4 + 13] ?? 0 }
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.join('.') === b.join('.')
const outside = (picture: ReturnType<typeof watchWard>['picture']) => picture.findings.filter((f) => f.rule === 'talks-outside').map((f) => f.assetId)

test('one direction only: a stream that leaves is a leak, not a try without an answer', () => {
  const whole = outside(watchWard(OPTIONS).picture)
  assert.ok(whole.length >= 2)
  const { picture } = watchWard(OPTIONS, (bytes) => !same(tcp(bytes)?.src ?? [], CENTRAL))
  assert.deepEqual(outside(picture), whole)
  const tries = picture.findings.filter((f) => f.rule === 'indicator-contact' && whole.includes(f.assetId))
  assert.ok(!tries.some((f) => f.technical.includes('tcp/515')), tries.map((f) => f.technical).join())
})

test('a capture that begins in the middle, with the answer heard first: the monitor is still the one that talks outside', () => {
  const whole = outside(watchWard(OPTIONS).picture)
  const answered = new Set<string>()
  const startAt = WARD_DEFAULTS.startAt + 20_000_000
  const { picture } = watchWard(OPTIONS, (bytes, at) => {
    const segment = tcp(bytes)
    if (!segment || (!same(segment.src, CENTRAL) && !same(segment.dst, CENTRAL))) return true
    if (at < startAt || (segment.flags & SYN) !== 0) return false
    const monitor = (same(segment.src, CENTRAL) ? segment.dst : segment.src).join('.')
    if (same(segment.src, CENTRAL)) answered.add(monitor)
    return answered.has(monitor)
  })
  assert.deepEqual(outside(picture), whole)
  const streams = picture.conversations.filter((c) => c.protocol === 'cms8000')
  assert.ok(streams.length >= WARD_DEFAULTS.beds - 1)
  for (const c of streams) {
    assert.equal(c.to.ip, CENTRAL.join('.'))
    assert.equal(c.port, 515)
  }
})
