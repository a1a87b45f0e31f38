// Tests of what is said about a file that is no capture: the name people use, the code, and a way on.
// Keeps the rule that a refusal says what was found.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { foreignProblem, SIGNATURE_BYTES } from './foreign.ts'
import { readWhole } from './test-captures.ts'

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}

const EMPTY = new Uint8Array(0)

test('each signature is named; packet formats are unsupported, the rest is no capture', () => {
  const rows: [string, string, string][] = [
    ['snoop\0\0\0\0\0\0\x02', 'snoop', 'unsupported-format'],
    ['GMBU\0\x02', 'NetMon', 'unsupported-format'],
    ['TRSNIFF data    \x1a', 'Sniffer', 'unsupported-format'],
    ['btsnoop\0\0\0\0\x01', 'btsnoop', 'unsupported-format'],
    ['RTSS\x01\x01', 'NetMon', 'unsupported-format'],
    ['iptrace 2.0', 'iptrace', 'unsupported-format'],
    ['ObserverPktBufferVersion', 'Observer', 'unsupported-format'],
    ['TR\0d\0\0\0', 'nettl', 'unsupported-format'],
    ['\0\0\0\x01\0\0\0\0\0\x07\xd0\0\0', 'nettl', 'unsupported-format'],
    ['XCP\x00002.0', 'Sniffer', 'unsupported-format'],
    ['VL\0\0', 'NetXRay', 'unsupported-format'],
    ['\x7fver\0', 'EtherPeek', 'unsupported-format'],
    ['\xaa\xaa\xaa\xaa\x01', '5Views', 'unsupported-format'],
    ['\x05VNF', 'Visual Networks', 'unsupported-format'],
    ['\x42\xd2\0\x34\x12\x66\x22\x88', 'RADCOM', 'unsupported-format'],
    ['EyeSDN\0', 'EyeSDN', 'unsupported-format'],
    ['\0\0\x02\0\x12\x05\0\x10', 'K12', 'unsupported-format'],
    ['Session Transcript\n', 'Catapult DCT2000', 'unsupported-format'],
    ['LOGG\x90\0', 'BLF', 'unsupported-format'],
    ['LPKSHHRH\0', 'systemd journal', 'not-a-capture'],
    ['PK\x03\x04\x14', 'zip', 'not-a-capture'],
    ['\x89PNG\r\n\x1a\n', 'PNG', 'not-a-capture'],
    ['\x7fELF\x02', 'ELF', 'not-a-capture'],
    ['%PDF-1.7\n', 'PDF', 'not-a-capture'],
    ['\xfd7zXZ\0\0', 'xz', 'not-a-capture'],
    ['BZh91AY', 'bzip2', 'not-a-capture'],
    ['<!DOCTYPE html><html>', 'HTML', 'not-a-capture'],
    ['version https://git-lfs.github.com/spec/v1\n', 'Git LFS pointer', 'not-a-capture'],
    ['12:00:01 IP 10.0.0.1 > 10.0.0.2\n', 'text', 'not-a-capture'],
    ['SQLite format 3\0\x10', 'SQLite', 'not-a-capture'],
  ]
  for (const [content, name, code] of rows) {
    const { summary, packets } = readWhole(bytesOf(content))
    assert.equal(summary.format, null)
    assert.equal(packets.length, 0)
    assert.equal(summary.problems.length, 1)
    assert.equal(summary.problems[0]?.code, code, name)
    assert.match(summary.problems[0]?.message ?? '', new RegExp(`looks like ${name},.+\\. .+`))
  }
})

test('compressed twice: the inner layer is named', () => {
  assert.match(foreignProblem(gzipSync(EMPTY), 20).message, /looks like gzip.*more than once/)
  assert.match(foreignProblem(zstdCompressSync(EMPTY), 9).message, /looks like zstd.*more than once/)
})

/** An ERF record: time, type, flags, record length, loss, wire length (Endace ERF types reference). */
function erf(seconds: number, type: number, recordLength: number, wireLength: number): Uint8Array {
  const head = [0, 0, 0, 0x80, seconds & 255, (seconds >>> 8) & 255, (seconds >>> 16) & 255, seconds >>> 24]
  return Uint8Array.from([...head, type, 4, recordLength >> 8, recordLength & 255, 0, 0, wireLength >> 8, wireLength & 255, 0, 0, 1, 2, 3])
}

test('ERF has no magic number: a plausible first record is one', () => {
  const named = (head: Uint8Array): boolean => foreignProblem(head, head.length).message.includes('looks like ERF')
  assert.equal(named(erf(1_500_000_000, 2, 82, 64)), true)
  assert.equal(named(erf(1_500_000_000, 0x82, 90, 64)), true, 'extension headers announced')
  assert.equal(named(erf(5, 2, 82, 64)), false, 'the year 1970')
  assert.equal(named(erf(1_500_000_000, 0, 82, 64)), false, 'type 0')
  assert.equal(named(erf(1_500_000_000, 2, 10, 64)), false, 'record shorter than its header')
  assert.equal(named(erf(1_500_000_000, 2, 60000, 64)), false, 'record far longer than its packet')
  assert.equal(named(erf(1_500_000_000, 2, 82, 64).slice(0, 15)), false)
})

test('empty, and bytes nobody knows', () => {
  assert.equal(foreignProblem(EMPTY, 0).code, 'not-a-capture')
  assert.match(foreignProblem(EMPTY, 0).message, /^The input is empty\. Give/)
  assert.match(foreignProblem(Uint8Array.from([0, 1, 2, 3]), 4).message, /^No pcap or pcapng capture begins with such bytes\. Give/)
  assert.equal(readWhole(EMPTY).summary.problems.length, 1)
})

test('a signature cut short is not that signature', () => {
  assert.match(foreignProblem(bytesOf('snoo'), 4).message, /looks like text/)
  assert.match(foreignProblem(Uint8Array.from([0x89, 0x50]), 2).message, /such bytes/)
})

test('text may hold letters beyond ASCII, but no control bytes', () => {
  const message = (head: Uint8Array): string => foreignProblem(head, head.length).message
  assert.match(message(new TextEncoder().encode('Gerät 7, Straße 3\n')), /looks like text/)
  assert.match(message(Uint8Array.from([0x68, 0x69, 0x80])), /such bytes/)
  assert.match(message(bytesOf('hi\0there')), /such bytes/)
})

test('any bytes give one problem that ends in advice', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: SIGNATURE_BYTES }), (head) => {
    const problem = foreignProblem(head, head.length)
    assert.ok(['not-a-capture', 'unsupported-format'].includes(problem.code))
    assert.equal(problem.offset, 0)
    assert.match(problem.message, /\.$|-F pcap INPUT OUTPUT\.pcap\.$/)
  }))
})
