// Addresses and prefixes: RFC 5952 text, refusals with a reason, arithmetic against a brute-force twin.

import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatPrefix, ipFromV4, ipFromValue, ipFromWords, ipValue, ipVersion, IP_BITS, parseIp, parsePrefix, prefixContains, prefixesOverlap, prefixTest, putIp,
  type Ip, type IpVersion, type Prefix,
} from './ip.ts'
import { ipScope, isGroupIp, sameUsualSegment, scopeBlocks, usualSegment } from './ip-scope.ts'

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

/** Words with many zero groups, where RFC 5952 has its rules. */
const sparseWord = fc.tuple(fc.constantFrom(0, 0, 0, 1, 0xff, 0xabcd), fc.constantFrom(0, 0, 0, 1, 0x10, 0xffff)).map(([a, b]) => a * 0x10000 + b)
const sparseWords = fc.tuple(sparseWord, sparseWord, sparseWord, sparseWord)

test('IPv6 text is what the URL standard writes, wherever the zero groups lie', () => {
  fc.assert(fc.property(sparseWords, (words) => {
    const groups = words.flatMap((w) => [Math.floor(w / 0x10000), w % 0x10000]).map((g) => g.toString(16))
    assert.equal(`[${ipFromWords(...words)}]`, new URL(`http://[${groups.join(':')}]`).hostname)
  }), { numRuns: 2000 })
})

test('the bytes of an address are its value in network order, IPv4 and IPv6', () => {
  const out = new Uint8Array(20)
  const value = (length: number): bigint => out.subarray(3, 3 + length).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const twin = (words: readonly number[]): bigint => words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
  fc.assert(fc.property(sparseWords, u32, (words, v4) => {
    assert.equal(putIp(ipFromWords(...words), out, 3), 16)
    assert.equal(value(16), twin(words))
    assert.equal(ipValue(ipFromWords(...words)), twin(words))
    assert.equal(putIp(ipFromV4(v4), out, 3), 4)
    assert.equal(value(4), BigInt(v4))
  }), { numRuns: 1000 })
})

/** The slow twin of prefixContains: shifts of big numbers, for both versions alike. */
function containsSlowly(p: Prefix, address: Ip): boolean {
  const hostBits = BigInt(IP_BITS[p.version] - p.length)
  return ipVersion(address) === p.version && ipValue(address) >> hostBits === p.network >> hostBits
}

test('a prefix holds what shifted big numbers say, at and around its edges', () => {
  fc.assert(fc.property(u32, fc.nat(32), fc.integer({ min: -2, max: 2 }), u32, (base, length, near, far) => {
    const hostBits = BigInt(32 - length)
    const network = (BigInt(base) >> hostBits) << hostBits
    const p: Prefix = { version: 4, network, length }
    const holds = prefixTest(p)
    for (const edge of [network, network + (1n << hostBits)]) {
      const beside = edge + BigInt(near)
      if (beside < 0n || beside >= 1n << 32n) continue
      const held = containsSlowly(p, ipFromValue(4, beside))
      assert.deepEqual([prefixContains(p, ipFromValue(4, beside)), holds(ipFromValue(4, beside))], [held, held])
    }
    assert.equal(prefixContains(p, ipFromV4(far)), containsSlowly(p, ipFromV4(far)))
    const six = prefix('fe80::/10')
    for (const text of ['fe80::1', 'fec0::1', '10.0.0.1']) assert.equal(prefixTest(six)(ip(text)), text === 'fe80::1')
    assert.equal(holds(ip('fe80::1')), false)
  }), { numRuns: 1000 })
})

/** Where the scope may change. */
function edges(version: IpVersion): bigint[] {
  return scopeBlocks(version).flatMap((b) => [b.network, b.network + (1n << BigInt(IP_BITS[version] - b.length))])
}

test('between two edges of the scope table every IPv4 address has one scope', () => {
  const sorted = [...new Set([0n, ...edges(4)])].sort((a, b) => (a < b ? -1 : 1))
  for (const [i, from] of sorted.entries()) {
    const to = (sorted[i + 1] ?? 1n << 32n) - 1n
    if (to < from) continue
    const scope = ipScope(ipFromValue(4, from))
    assert.equal(ipScope(ipFromValue(4, to)), scope)
    fc.assert(fc.property(fc.bigInt({ min: from, max: to }), (value) => assert.equal(ipScope(ipFromValue(4, value)), scope)), { numRuns: 50 })
  }
})

test('one usual segment: the same key, IPv4 and IPv6', () => {
  const near = fc.tuple(fc.constantFrom(0x0a000000, 0x0a000100, 0xca720400), fc.nat(0x1ff)).map(([base, host]) => ipFromV4(base + host))
  const near6 = fc.tuple(fc.nat(1), fc.nat(1)).map(([a, b]) => ipFromWords(0xfe800000, a, 0, b))
  fc.assert(fc.property(fc.oneof(near, near6), fc.oneof(near, near6), (a, b) => assert.equal(sameUsualSegment(a, b), usualSegment(a) === usualSegment(b))))
})
