// Tests of DNS names: round trip, compression, and every way a name can be wrong.
// Keeps the rule that a loop has a bound: the pointer cases below would hang without one.

import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DNS_NAME_BYTES_MAX, encodeDnsName, newNameCursor, readDnsName, skipDnsName, type DnsNameProblem } from './name.ts'

/** A message of twelve header bytes and `tail`; the name under test begins at `at`. */
function read(tail: readonly number[], at = 12): { text: string; next: number; problem: DnsNameProblem | null } {
  const buf = Uint8Array.from([...new Uint8Array(12), ...tail])
  const cursor = newNameCursor()
  const text = readDnsName(buf, 0, at, buf.length, cursor)
  const skipped = newNameCursor()
  skipDnsName(buf, 0, at, buf.length, skipped)
  equal(skipped.problem, cursor.problem, 'skip and read agree on the problem')
  if (cursor.problem === null) equal(skipped.next, cursor.next, 'skip and read agree on the end')
  return { text, next: cursor.next, problem: cursor.problem }
}

const label = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)]

test('labels are joined by dots, lower case, root is a dot', () => {
  equal(read([...label('WARD'), ...label('Example'), 0]).text, 'ward.example')
  equal(read([0]).text, '.')
  equal(read([0]).next, 13)
})

test('dots, backslashes, blanks and control bytes inside a label are escaped', () => {
  equal(read([7, 0x61, 0x2e, 0x5c, 0x20, 0x00, 0x7f, 0xff, 0]).text, 'a\\.\\\\\\032\\000\\127\\255')
})

test('a pointer continues at an earlier name, and next stands after the pointer', () => {
  const bytes = [...label('example'), 0, ...label('ward'), 0xc0, 12]
  const { text, next } = read(bytes, 12 + 9)
  equal(text, 'ward.example')
  equal(next, 12 + bytes.length)
})

test('offsets are relative to the message, not the buffer', () => {
  const buf = Uint8Array.from([9, 9, 9, ...new Uint8Array(12), ...label('example'), 0, 0xc0, 12, 9])
  const cursor = newNameCursor()
  equal(readDnsName(buf, 3, 3 + 21, buf.length - 1, cursor), 'example')
  equal(cursor.next, 3 + 23)
})

for (const [what, bytes, at, problem] of [
  ['nothing at all', [], 12, 'name-truncated'],
  ['no root', label('ward'), 12, 'name-truncated'],
  ['a label beyond the end', [5, 0x61], 12, 'name-truncated'],
  ['half a pointer', [0xc0], 12, 'name-truncated'],
  ['a pointer to itself', [0xc0, 12], 12, 'name-pointer'],
  ['a pointer forward', [0xc0, 14, 1, 0x61, 0], 12, 'name-pointer'],
  ['a pointer into the header', [0xc0, 4], 12, 'name-pointer'],
  ['a pointer back into its own labels', [1, 0x61, 0xc0, 12], 12, 'name-pointer'],
  ['two pointers at each other', [0xc0, 14, 0xc0, 12], 14, 'name-pointer'],
  ['label type 0x40', [0x41, 0, 0], 12, 'name-label-type'],
  ['label type 0x80', [0x80, 0], 12, 'name-label-type'],
  ['256 bytes', [...Array.from({ length: 4 }, () => label('a'.repeat(63))).flat(), 0], 12, 'name-too-long'],
] as const) {
  test(`wrong name: ${what}`, () => equal(read(bytes, at).problem, problem))
}

test('exactly 255 bytes are a name', () => {
  const bytes = [...Array.from({ length: 3 }, () => label('a'.repeat(63))).flat(), ...label('b'.repeat(61)), 0]
  equal(bytes.length, DNS_NAME_BYTES_MAX)
  equal(read(bytes).problem, null)
})

test('a long chain of pointers ends at the bound', () => {
  const chain = [0, ...Array.from({ length: 200 }, (_, i) => [0xc0, i === 0 ? 12 : 13 + 2 * (i - 1)]).flat()]
  // Addresses above 255 need the low bits of the first byte.
  for (let i = 1; i < 200; i++) {
    const target = 13 + 2 * (i - 1)
    chain[1 + 2 * i] = 0xc0 | (target >>> 8)
    chain[2 + 2 * i] = target & 0xff
  }
  equal(read(chain, 13 + 2 * 100).problem, null)
  equal(read(chain, 13 + 2 * 199).problem, 'name-pointer')
})

test('encode gives back what read reads', () => {
  const labels = fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 7 })
  fc.assert(fc.property(labels, (parts) => {
    const bytes = [...parts.flatMap((part) => [part.length, ...part]), 0]
    const { text } = read(bytes)
    const again = encodeDnsName(text)
    ok(again)
    const lower = bytes.map((b, i) => (isLetterPlace(parts, i) && b >= 0x41 && b <= 0x5a ? b + 0x20 : b))
    equal(Buffer.from(again).toString('hex'), Buffer.from(lower).toString('hex'))
  }))
})

function isLetterPlace(parts: readonly Uint8Array[], index: number): boolean {
  let at = 0
  for (const part of parts) {
    if (index === at) return false
    at += 1 + part.length
  }
  return index < at
}

test('encode refuses what RFC 1035 forbids', () => {
  equal(encodeDnsName('a..b'), null)
  equal(encodeDnsName('x'.repeat(64)), null)
  equal(encodeDnsName(Array.from({ length: 5 }, () => 'y'.repeat(63)).join('.')), null)
  equal(encodeDnsName('.')?.length, 1)
  equal(encodeDnsName('')?.length, 1)
})
