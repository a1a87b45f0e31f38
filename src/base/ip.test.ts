// Addresses and prefixes: RFC 5952 text, refusals with a reason, arithmetic against a brute-force twin.

import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatPrefix, ipFromV4, ipFromValue, ipFromWords, ipValue, ipVersion, parseIp, parsePrefix, prefixContains, prefixesOverlap, type Ip, type Prefix,
} from './ip.ts'
import { ipScope, isGroupIp, sameUsualSegment } from './ip-scope.ts'

const u32 = fc.integer({ min: 0, max: 0xffffffff })

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

test('RFC 5952 section 4: the canonical text of an IPv6 address', () => {
  const cases = [
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'], ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['2001:DB8::AbCd', '2001:db8::abcd'],
    ['::', '::'], ['::1', '::1'], ['1::', '1::'], ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ] as const
  for (const [text, canonical] of cases) assert.equal(ip(text), canonical)
})

test('what is no address is refused with the text in the message', () => {
  const wrong = [
    '', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '1::2::3', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'fe80::1%eth0', '12345::',
    'g::', '1.2.3.4::', '::1.2.3',
  ]
  for (const text of wrong) {
    const parsed = parseIp(text)
    assert.equal(parsed.ok, false, text)
    if (!parsed.ok) assert.ok(parsed.error.includes(text))
  }
})

test('text and value round-trip for every address', () => {
  fc.assert(fc.property(u32, (v) => {
    const text = ipFromV4(v)
    assert.equal(ipValue(text), BigInt(v))
    assert.equal(ip(text), text)
    assert.equal(isIP(text), 4)
  }))
  fc.assert(fc.property(fc.tuple(u32, u32, u32, u32), (words) => {
    const text = ipFromWords(...words)
    assert.equal(isIP(text), 6)
    assert.equal(ip(text), text)
    assert.equal(ipFromValue(6, ipValue(text)), text)
    assert.equal(ipVersion(text), 6)
  }))
})

test('whatever Node calls an address without a zone id, we parse; and nothing else', () => {
  const piece = fc.constantFrom(':', '::', '.', '0', '1', 'ff', '255', '256', 'abcd', '::ffff:', '10.0.0.1', 'g', '%')
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }).map((p) => p.join('')), (text) => {
    if (!text.includes('%')) assert.equal(parseIp(text).ok, isIP(text) !== 0, text)
  }), { numRuns: 3000 })
})

test('prefixes: host bits are refused with the block that was meant', () => {
  const refused = parsePrefix('10.20.4.1/24')
  assert.ok(!refused.ok && refused.error.includes('10.20.4.0/24'))
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/-1', '/8', '10.0.0/8']) assert.equal(parsePrefix(text).ok, false, text)
  assert.equal(formatPrefix(prefix('10.1.2.3')), '10.1.2.3/32')
  assert.equal(formatPrefix(prefix('2001:db8::/32')), '2001:db8::/32')
  assert.equal(formatPrefix(prefix('0.0.0.0/0')), '0.0.0.0/0')
})

test('containment and overlap agree with comparing bit by bit', () => {
  const bits = (text: Ip): string => ipValue(text).toString(2).padStart(32, '0')
  fc.assert(fc.property(u32, u32, fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 32 }), (a, b, la, lb) => {
    const block = (v: number, length: number): Prefix => ({ version: 4, length, network: (BigInt(v) >> BigInt(32 - length)) << BigInt(32 - length) })
    const [pa, pb] = [block(a, la), block(b, lb)]
    assert.equal(prefixContains(pa, ipFromV4(b)), bits(ipFromV4(a)).slice(0, la) === bits(ipFromV4(b)).slice(0, la))
    const shorter = Math.min(la, lb)
    assert.equal(prefixesOverlap(pa, pb), bits(ipFromV4(a)).slice(0, shorter) === bits(ipFromV4(b)).slice(0, shorter))
  }))
  assert.equal(prefixContains(prefix('::/0'), ip('1.2.3.4')), false)
  assert.equal(prefixesOverlap(prefix('::/0'), prefix('0.0.0.0/0')), false)
})

test('scopes follow the IANA registries', () => {
  const cases = [
    ['202.114.4.119', 'global'], ['10.1.2.3', 'private'], ['172.31.255.255', 'private'], ['172.32.0.0', 'global'], ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'], ['169.254.1.1', 'link-local'], ['127.0.0.1', 'loopback'], ['224.0.0.251', 'multicast'], ['255.255.255.255', 'broadcast'],
    ['0.0.0.0', 'unspecified'], ['192.0.2.1', 'reserved'], ['240.0.0.1', 'reserved'], ['::', 'unspecified'], ['::1', 'loopback'],
    ['fe80::1', 'link-local'], ['fd00::1', 'private'], ['ff02::1', 'multicast'], ['2001:db8::1', 'reserved'], ['2607:f8b0::1', 'global'],
  ] as const
  for (const [text, scope] of cases) assert.equal(ipScope(ip(text)), scope, text)
  assert.ok(isGroupIp(ip('ff02::fb')) && isGroupIp(ip('255.255.255.255')) && !isGroupIp(ip('10.0.0.255')))
})

test('the usual segment is a /24 or a /64', () => {
  assert.ok(sameUsualSegment(ip('202.114.4.20'), ip('202.114.4.119')))
  assert.ok(!sameUsualSegment(ip('202.114.4.20'), ip('202.114.5.20')))
  assert.ok(sameUsualSegment(ip('2001:db8::1'), ip('2001:db8::ffff:1')))
  assert.ok(!sameUsualSegment(ip('2001:db8::1'), ip('10.0.0.1')))
})
