// Tests of the Vista 120 row: goldens, hostile bytes, the framing, and the border to the CMS8000, which shares a factory address.
// Keeps the patient-data rule: the canary of a record must not reach any fact.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import type { Direction } from '../../wire/flow.ts'
import { cms8000 } from '../cms8000/index.ts'
import { encodeBed, encodeEcg, encodeSpo2 } from '../cms8000/message.ts'
import { ECG as CMS_ECG, SPO2 as CMS_SPO2 } from '../cms8000/testdata/samples.ts'
import type { Fact } from '../facts.ts'
import { VISTA_BLOCK_MAX, VISTA_BLOCKS, VISTA_KINDS } from './codes.ts'
import type { Vista120Fact } from './facts.ts'
import { vista120 } from './index.ts'
import { decodeAnnouncement, encodeAnnouncement, encodeMeasurement, encodeVistaBlock, encodeVistaS, encodeVistaTime } from './message.ts'
import { VistaStream } from './stream.ts'
import { ECG, NIBP, OTHER, RECORD, record, row, SHORT, SPO2, stream, TEMPERATURE } from './testdata/samples.ts'

const TESTDATA = fileURLToPath(new URL('./testdata', import.meta.url))
const chunk = (bytes: Uint8Array, direction: Direction = 0, lost = 0): Chunk => ({ direction, bytes, lost })
const probe = (bytes: Uint8Array, transport: 'tcp' | 'udp' = 'tcp'): string => vista120.probe(transport, 0, bytes, 0, bytes.length)

runGoldens(TESTDATA, vista120)

test('no bytes make it throw or say too much', () => {
  neverThrows(vista120, { cases: loadGoldens(TESTDATA) })
})

function factsOf(chunks: readonly Chunk[], midstream = false): readonly Vista120Fact[] {
  const { facts } = runSession(vista120, 'tcp', chunks, midstream ? { flow: { state: 'midstream' } } : {})
  return facts.filter((fact: Fact): fact is Vista120Fact => fact.protocol === 'vista120')
}

const kinds = (facts: readonly Vista120Fact[]): string[] => facts.map((f) => f.kind)

test('each known block alone is a yes, after its head; less asks for more', () => {
  for (const each of VISTA_BLOCKS) {
    const bytes = encodeMeasurement(7, each, [])
    for (let length = 0; length < 6; length++) equal(probe(bytes.slice(0, length)), 'more', `${each.name} ${length}`)
    equal(probe(bytes.slice(0, 6)), 'yes', each.name)
    equal(probe(bytes), 'yes', each.name)
  }
})

test('a length that is not the one of the type is no known block, and never a yes by itself', () => {
  for (const each of VISTA_BLOCKS) equal(probe(encodeVistaBlock(7, VISTA_KINDS.measurement, each.type, new Uint8Array(each.length - 5))), 'more')
  equal(probe(stream(OTHER, SHORT, ECG)), 'yes')
  equal(probe(stream(OTHER, OTHER, OTHER, OTHER, OTHER, ECG)), 'no')
  equal(probe(stream(NIBP, new TextEncoder().encode('GET / HTTP/1.1\r\n'))), 'no')
})

test('the central is known by the time it sends, when the time is one', () => {
  equal(probe(encodeVistaTime([2019, 7, 9, 14, 22, 58])), 'yes')
  equal(probe(encodeVistaTime([2019, 13, 9, 14, 22, 58])), 'no')
  equal(probe(encodeVistaTime([1019, 7, 9, 14, 22, 58])), 'no')
})

test('no CMS8000 frame is a Vista 120 block and none of its blocks a CMS8000 frame', () => {
  for (const bytes of [encodeBed(7), encodeEcg(CMS_ECG), encodeSpo2(CMS_SPO2)]) equal(probe(bytes), 'no')
  for (const bytes of [ECG, NIBP, SPO2, TEMPERATURE, RECORD, stream(OTHER, ECG)]) {
    for (const number of [1, 5, 0x35]) {
      const changed = bytes.slice()
      changed[2] = number
      equal(cms8000.probe('tcp', 0, changed, 0, changed.length), 'no')
    }
  }
})

test('the patient\'s identifier is told of by the message\'s size and never read', () => {
  for (const size of [242, 252, 268]) {
    const facts = factsOf([chunk(stream(NIBP, record('ZZTEST^CANARY', size)))])
    deepEqual(facts.flatMap((f) => (f.kind === 'patient' ? [[f.length, f.filled]] : [])), [[size, ['identifier']]])
    equal(/ZZTEST|CANARY/.test(JSON.stringify(facts)), false)
  }
  equal(kinds(factsOf([chunk(stream(NIBP, record('', 252)))])).includes('patient'), false, 'empty')
  equal(kinds(factsOf([chunk(stream(NIBP, record('ZZTEST', 250)))])).includes('patient'), false, 'another size')
  equal(kinds(factsOf([chunk(record('ZZTEST'))])).includes('patient'), false, 'before any known block')
})

test('a flow that is joined late: the side with blocks is the monitor, whichever it is', () => {
  const facts = factsOf([chunk(stream(ECG.slice(300), SPO2, NIBP), 1), chunk(encodeVistaTime([2019, 7, 9, 1, 2, 3]))], true)
  deepEqual(kinds(facts), ['resync', 'stream', 'from-central', 'totals'])
  ok(facts.every((f) => f.kind === 'announce' || f.monitorSide === 1))
})

test('the same facts in every split, joined late too', () => {
  const chunks = [chunk(stream(ECG.slice(640), SPO2)), chunk(stream(OTHER, SHORT, RECORD, NIBP)), chunk(encodeVistaTime([2019, 7, 9, 1, 2, 3]), 1)]
  ok(everySplit(vista120, 'tcp', chunks).length > 2)
  ok(everySplit(vista120, 'tcp', chunks, { flow: { state: 'midstream' } }).length > 2)
})

test('a hidden stream that the central begins is told alike in any split', () => {
  const facts = everySplit(vista120, 'tcp', [chunk(encodeVistaS(1, new Uint8Array(2)), 1), chunk(encodeVistaS(2, new Uint8Array(20)))])
  equal(facts.length, 1)
})

test('a hidden stream is told once, and nothing of it is counted', () => {
  const facts = factsOf([chunk(encodeVistaS(1, new Uint8Array(2))), chunk(encodeVistaS(2, new Uint8Array(141)), 1), chunk(ECG)])
  deepEqual(facts.map((f) => (f.kind === 'stream' ? f.model : f.kind)), ['vista-120s'])
  for (let length = 1; length < 11; length++) equal(probe(encodeVistaS(1, new Uint8Array(2)).slice(0, length)), 'more')
})

test('an announcement: what it says, and what refutes it', () => {
  const bytes = encodeAnnouncement('CMS', 'DRAEGER', 9500, 0x0a000005)
  deepEqual(decodeAnnouncement(bytes, 0, bytes.length), { name: 'CMS', institution: 'DRAEGER', port: 9500, address: '10.0.0.5', secondAddress: null })
  equal(probe(bytes, 'udp'), 'yes')
  for (const [at, byte] of [[0, 0x7d], [2, 0x31], [10, 13], [12, 24], [0x5b, 1]] as const) {
    const wrong = bytes.slice()
    wrong[at] = byte
    equal(probe(wrong, 'udp'), 'no', String(at))
  }
  equal(probe(bytes.slice(0, -1), 'udp'), 'no')
})

/** Slow twin of the search: the first place where a known head stands, by trying all. */
function firstHead(bytes: Uint8Array): number {
  for (let at = 0; at + 6 <= bytes.length; at++) {
    const length = (bytes[at] as number) + 256 * (bytes[at + 1] as number)
    const type = (bytes[at + 4] as number) + 256 * (bytes[at + 5] as number)
    if (bytes[at + 3] === 0x12 && VISTA_BLOCKS.some((each) => each.type === type && each.length === length)) return at
  }
  return -1
}

test('the search finds what a slow one finds, and looks at each byte once', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
    const bytes = stream(noise, NIBP)
    const told: number[] = []
    const reader = new VistaStream({ block: (_buf, off, end) => told.push(end - off), resync: (skipped) => told.push(skipped) }, true)
    for (let i = 0; i < bytes.length; i++) reader.feed(bytes, i, i + 1)
    const at = firstHead(bytes)
    deepEqual(told, at === noise.length ? [...(at > 0 ? [at] : []), NIBP.length] : told)
    ok(at <= noise.length)
  }))
})

test('a length beyond the bound is lost step, not a promise to wait', () => {
  const forged = Uint8Array.of(0xff, 0xff, 1, 0x12, 0x0a, 0)
  ok(VISTA_BLOCK_MAX < 0xffff)
  deepEqual(kinds(factsOf([chunk(stream(NIBP, forged, SPO2))])), ['stream', 'resync', 'totals'])
})

test('the totals are bounded, and name readings only', () => {
  const many = Array.from({ length: 200 }, (_, i) => encodeVistaBlock(1, VISTA_KINDS.measurement, 0x100 + i, new Uint8Array(2)))
  const totals = factsOf([chunk(stream(NIBP, ...many))]).find((f) => f.kind === 'totals')
  ok(totals?.kind === 'totals')
  equal(totals.blocks.length, 32)
  equal(totals.unknownBlocks, 200)
  deepEqual(totals.readings, ['pressure'])
})

test('the README names every known block and its length', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  const hex = (n: number): string => n.toString(16).padStart(2, '0').toUpperCase()
  for (const each of VISTA_BLOCKS) ok(readme.includes(`| ${hex(each.type)} | ${each.length} | ${each.name} |`), each.name)
  equal(row(0x0a).readings.length, 4)
})
