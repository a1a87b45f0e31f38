// Tests of the ASTM row: goldens, hostile bytes, probe and framer, records and their canary, in any split.
// Keeps the patient-data rule: whatever is planted and however it is cut, lost or repeated, no fact shows the canary.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { ASTM_FAULTS_MAX, ASTM_FRAME_BYTES_MAX, ASTM_HEADERS_MAX, ASTM_TEXT_MAX, AstmByte, hexValue, recordName } from './codes.ts'
import type { AstmFact, AstmTotals } from './facts.ts'
import { astm } from './index.ts'
import { encodeFrame } from './message.ts'
import { ASTM_STATES } from './stream.ts'
import { ACK, ENQ, EOT, FRAMES, HEADER, PATIENT, RECORDS, RESULT, glued, latin } from './testdata/samples.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, astm)

test('hostile bytes: no throw, few and plain facts', () => {
  neverThrows(astm, { cases: loadGoldens(TESTDATA), textMax: ASTM_TEXT_MAX, factsMax: 200 })
})

test('the canary and the password of the goldens are in no fact', () => {
  for (const c of loadGoldens(TESTDATA)) {
    doesNotMatch(JSON.stringify(runSession(astm, 'tcp', c.chunks, { flow: c.flow }).facts), /ZZTEST|CANARY|SECRET/, c.title)
  }
})

const up = (bytes: Uint8Array, lost = 0): Chunk => ({ direction: 0, bytes, lost })
const run = (chunks: readonly Chunk[], late = false): AstmFact[] => (
  runSession(astm, 'tcp', chunks, late ? { flow: { state: 'midstream' } } : {}).facts.filter((fact) => fact.protocol === 'astm')
)
const totals = (chunks: readonly Chunk[]): AstmTotals => {
  const end = run(chunks).at(-1)
  if (end?.kind !== 'totals') throw new Error('no totals')
  return end
}
const probe = (bytes: Uint8Array): string => astm.probe('tcp', 0, bytes, 0, bytes.length)

for (const [what, bytes, needs] of [
  ['ENQ and a framed header', glued(ENQ, FRAMES[0] as Uint8Array), 9], ['a framed header', FRAMES[0], 8], ['a bare header', latin(HEADER), 6],
  ['a frame in the middle', encodeFrame(4, RESULT), encodeFrame(4, RESULT).length - 2], ['three ENQs', glued(ENQ, ENQ, ENQ, FRAMES[0] as Uint8Array), 11],
  ['a header without escape', latin('H|\\^|x'), 5],
] as const) {
  test(`probe: ${what} is a yes after ${needs} bytes, more before`, () => {
    for (let length = 0; length < needs; length++) equal(probe((bytes as Uint8Array).slice(0, length)), 'more', String(length))
    for (let length = needs; length < (bytes?.length ?? 0); length++) equal(probe((bytes as Uint8Array).slice(0, length)), 'yes')
  })
}

for (const bytes of [
  latin('HTTP/1.1 200 OK'), latin('HELO x\r\n'), latin('H||'), latin('H|\\\\&|'), latin('H|A^&|'), latin('\x05\x01\x00'), latin('\x02lp\n'),
  latin('\x028H|\\^&|'), latin('\x021X|1|'), ACK, EOT, latin('\x021R|1|\x01'), latin('\x021R|1\r\x03ZZ'), latin('\x021R|1\r\x0300'),
  latin('\x05\x05\x05\x05\x05\x05\x05'),
]) {
  test(`probe: ${JSON.stringify(String.fromCharCode(...bytes))} is a no`, () => equal(probe(bytes), 'no'))
}

test('whole, bare or framed, in any split, with everything planted', () => {
  everySplit(astm, 'tcp', [up(glued(ENQ, ...FRAMES, EOT)), { direction: 1, bytes: glued(ACK, ACK) }])
  everySplit(astm, 'tcp', [up(latin(RECORDS.join('').replaceAll('\r', '\r\n')))])
  everySplit(astm, 'tcp', [up((FRAMES[1] as Uint8Array).slice(5)), up(FRAMES[2] as Uint8Array)], { flow: { state: 'midstream' } })
})

test('records of a frame count when its checksum fits, and are taken back when it does not', () => {
  const text = HEADER + PATIENT + RESULT
  fc.assert(fc.property(fc.nat({ max: text.length - 1 }), fc.integer({ min: 1, max: 127 }), (at, flip) => {
    const frame = encodeFrame(1, text)
    const byte = (frame[2 + at] ?? 0) ^ flip
    if ([2, 3, 4, 5, 23].includes(byte)) return
    frame[2 + at] = byte
    const end = totals([up(ENQ), up(frame)])
    deepEqual([end.records, end.frames, end.badChecksums], [[], [1, 0], [1, 0]])
  }))
  deepEqual(totals([up(ENQ), up(encodeFrame(1, text))]).records.map(([, name, n]) => `${name} ${n}`), ['header 1', 'patient 1', 'result 1'])
})

const headers = (facts: readonly AstmFact[]): unknown[] => facts.filter((fact) => fact.kind === 'header').map((fact) => ({ ...fact, at: 0, frame: 0 }))

test('cut into frames anywhere, repeated or not, a message says the same', () => {
  const text = RECORDS.join('')
  const expected = run([up(ENQ), up(encodeFrame(1, text)), up(EOT)]).filter((fact) => fact.kind !== 'totals')
  fc.assert(fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 6 }), fc.boolean(), (cuts, twice) => {
    const places = [0, ...cuts.sort((a, b) => a - b), text.length]
    const isLast = (i: number): boolean => i === places.length - 2
    const frames = places.slice(1).map((end, i) => encodeFrame((i + 1) & 7, text.slice(places[i], end), isLast(i)))
    const sent = frames.flatMap((frame) => (twice ? [frame, frame] : [frame]))
    const facts = run([up(glued(ENQ, ...sent, EOT))]).filter((fact) => fact.kind !== 'totals')
    deepEqual(headers(facts), headers(expected))
    deepEqual(facts.filter((fact) => fact.kind === 'patient').at(-1)?.filled, ['P-4', 'P-6', 'P-8', 'P-9', 'P-14'])
  }), { numRuns: 80 })
})

test('whatever is lost, wherever, no patient ends up in a header', () => {
  const bytes = glued(
    ENQ, encodeFrame(1, HEADER.slice(0, 9), false), encodeFrame(2, HEADER.slice(9) + PATIENT.slice(0, 20), false), encodeFrame(3, PATIENT.slice(20)),
  )
  for (let from = 0; from < bytes.length; from += 2) {
    for (let to = from + 1; to < bytes.length; to += 5) {
      doesNotMatch(JSON.stringify(run([up(bytes.slice(0, from)), up(bytes.slice(to), to - from)])), /ZZTEST|CANARY/)
    }
  }
})

test('a damaged part of a header that is not sent again spoils the header, not its patient', () => {
  const bad = encodeFrame(2, 'SER|||||LIS\r')
  bad[4] = 0x21
  const facts = run([up(glued(ENQ, encodeFrame(1, 'H|\\^&|||ANALY', false), bad, encodeFrame(3, 'ZZTEST^CANARY|||||LIS\rL|1\r')))])
  doesNotMatch(JSON.stringify(facts), /ZZTEST/)
  equal(facts.some((fact) => fact.kind === 'header'), false)
})

test('bare records go on after a loss with the next line', () => {
  const facts = run([up(latin(HEADER + PATIENT.slice(0, 12))), up(latin(`CANARY|x\r${RESULT}`), 7)])
  deepEqual(facts.map((fact) => fact.kind), ['header', 'malformed', 'sends', 'totals'])
})

test('any delimiters do; texts come out the same', () => {
  const [usual] = run([up(latin(HEADER))])
  const [odd] = run([up(latin(HEADER.replaceAll('|', '!').replaceAll('^', '#')))])
  deepEqual({ ...odd, at: 0 }, { ...usual, at: 0 })
})

test('header texts are bounded, printable and without empty ends', () => {
  const [fact] = run([up(latin(`H|\\^&|||${'A'.repeat(200)}|||||  L\xe9S^^ ||P|1\r`))])
  ok(fact?.kind === 'header')
  deepEqual([fact.sender.length, fact.receiver], [ASTM_TEXT_MAX, 'L?S'])
})

test('many senders on one line are told to a bound and counted beyond it', () => {
  const text = Array.from({ length: 40 }, (_, i) => `H|\\^&|||A${i}\r`).join('')
  const facts = run([up(latin(text + text))])
  equal(facts.filter((fact) => fact.kind === 'header').length, ASTM_HEADERS_MAX)
  equal((facts.at(-1) as AstmTotals).untold, 80 - 2 * ASTM_HEADERS_MAX)
})

test('faults are told to a bound', () => {
  const facts = run([up(glued(FRAMES[0] as Uint8Array, latin('\x029'.repeat(100))))])
  equal(facts.filter((fact) => fact.kind === 'malformed').length, ASTM_FAULTS_MAX)
})

test('a frame without an end is given up at the bound', () => {
  const long = new Uint8Array(ASTM_FRAME_BYTES_MAX + 10).fill(0x41)
  for (const head of ['\x021', 'H|\\^&|']) {
    const facts = run([up(glued(latin(head), long)), up(glued(latin('\r'), ENQ, FRAMES[0] as Uint8Array))])
    deepEqual(facts.map((fact) => (fact.kind === 'malformed' ? fact.reason : fact.kind)), ['too-long', 'header', 'totals'], JSON.stringify(head))
  }
})

test('both levels are counted on both sides', () => {
  const end = totals([up(ENQ), { direction: 1, bytes: glued(ACK, ACK, Uint8Array.of(AstmByte.nak)) }, up(glued(...FRAMES)), up(EOT), up(ENQ)])
  deepEqual([end.enquiries, end.acks, end.naks, end.frames, end.badChecksums, end.repeated], [[2, 0], [0, 2], [0, 1], [5, 0], [0, 0], [0, 0]])
})

test('names and digits', () => {
  deepEqual(['H', 'Q', 'Z'].map((letter) => recordName(letter.charCodeAt(0))), ['header', 'query', 'unknown'])
  deepEqual(['0', '9', 'A', 'f', 'G', '!', '\x11'].map((c) => hexValue(c.charCodeAt(0))), [0, 9, 10, 15, -1, -1, -1])
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of ASTM_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})
