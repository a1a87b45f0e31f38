// Tests of the SDC row: goldens, hostile bytes, the scanner against a slow twin, and what never leaves.
// Keeps the rules of the scanner: no entity expanded, bounded text and depth, each byte looked at once.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { runSession } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { clinicalMissing, sharedClinical } from '../../testing/shared.ts'
import { DEPTH_MAX, TEXT_BYTES_MAX } from './codes.ts'
import type { SdcFact } from './facts.ts'
import { sdc } from './index.ts'
import { actionName, changesDevice, targetWords } from './message.ts'
import { XmlScanner } from './scanner.ts'
import { ALERT_REPORT, BYE, bytes, envelope, GET_MDIB, hello, MDIB, METRIC_REPORT, PATIENT, post, PROBE, SCOPES, SET_VALUE } from './testdata/samples.ts'

const TESTDATA = fileURLToPath(new URL('./testdata', import.meta.url))

runGoldens(TESTDATA, sdc, { trailing: false })

test('no bytes make it throw or say too much', () => {
  neverThrows(sdc, { cases: loadGoldens(TESTDATA), textMax: 4096 })
})

const probe = (input: Uint8Array, transport: 'tcp' | 'udp' = 'udp'): string => sdc.probe(transport, 0, input, 0, input.length)

function factsOf(transport: 'tcp' | 'udp', ...inputs: readonly Uint8Array[]): SdcFact[] {
  const { facts } = runSession(sdc, transport, inputs.map((each) => ({ direction: 0 as const, bytes: each })))
  return facts.flatMap((f) => (f.protocol === 'sdc' ? [f] : []))
}

test('datagrams of WS-Discovery 1.1 are a yes, other XML and other bytes a no', () => {
  for (const each of [hello(), BYE, PROBE]) equal(probe(each), 'yes')
  equal(probe(Uint8Array.from([0xef, 0xbb, 0xbf, ...PROBE])), 'yes')
  for (const text of ['<?xml version="1.0"?><a/>', 'NOTIFY * HTTP/1.1\r\n', '', '<']) ok(probe(bytes(text)) !== 'yes', text)
})

test('a POST of SOAP 1.2 is a yes whatever the case of its type; another POST a no, when its head is whole', () => {
  const whole = post(GET_MDIB)
  const typeEnd = Buffer.from(whole).indexOf('soap+xml') + 8
  for (let length = 0; length < typeEnd; length++) equal(probe(whole.slice(0, length), 'tcp'), 'more', String(length))
  equal(probe(whole, 'tcp'), 'yes')
  equal(probe(bytes('POST /a HTTP/1.1\r\nContent-Type: Application/SOAP+XML\r\n\r\n'), 'tcp'), 'yes')
  equal(probe(bytes('POST /a HTTP/1.1\r\nContent-Type: text/xml\r\n\r\n<application/soap+xml>'), 'tcp'), 'no')
  equal(probe(bytes('GET / HTTP/1.1\r\n'), 'tcp'), 'no')
  equal(probe(bytes(`POST /${'a'.repeat(3000)}`), 'tcp'), 'no')
})

test('a device in its own words: types without prefix, codes, place, origins without path or user', () => {
  deepEqual(targetWords('urn:uuid:1', 'dpws:Device mdpws:MedicalDevice', SCOPES, 'https://10.0.0.5:6464/abc http://me@10.0.0.5/?q'), {
    endpoint: 'urn:uuid:1', types: ['Device', 'MedicalDevice'], isMedical: true, deviceTypes: ['70041'], location: 'HOSP1 CU1 Bed42',
    addresses: ['https://10.0.0.5:6464', 'http://10.0.0.5'], people: [],
  })
  const printer = targetWords(null, 'wsdp:Device wprt:PrintDeviceType', '', '')
  deepEqual([printer.isMedical, printer.location, printer.endpoint], [false, null, null])
})

test('actions by name, and which change a device', () => {
  const base = 'http://standards.ieee.org/downloads/11073/11073-20701-2018/'
  deepEqual([`${base}SetService/SetValue`, `${base}GetService/GetMdib`, 'http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe', '///'].map(actionName),
    ['SetService/SetValue', 'GetService/GetMdib', 'Subscribe', ''])
  deepEqual(['SetService/SetValue', 'SetService/Activate', 'SetService/SetValueResponse', 'GetService/GetMdib'].map(changesDevice), [true, true, false, false])
})

test('a patient context in clear: element names, empty ones not, never the text', () => {
  const facts = factsOf('tcp', post(PATIENT))
  deepEqual(facts.flatMap((f) => (f.kind === 'patient' ? [f.filled] : [])), [['Familyname', 'Givenname', 'Sex']])
  equal(/ZZTEST|CANARY/.test(JSON.stringify(facts)), false)
})

test('comments, character data, instructions and quoted brackets are no elements', () => {
  const tricky = envelope('a/Real', '<!-- <Action>a/Fake</Action> --><![CDATA[<Action>a/Fake</Action>]]><?p <Action>a/Fake</Action>?><x a=\'>\' b="</x>"/>')
  deepEqual(factsOf('udp', bytes(tricky)).flatMap((f) => (f.kind === 'action' ? [f.action] : [])), ['Real'])
})

test('entities stay as they are written, and a document type ends it', () => {
  const facts = factsOf('udp', bytes(envelope('a/&lol;&amp;', '')), bytes('<!DOCTYPE x [<!ENTITY lol "ZZTEST">]><Action>a/b</Action>'))
  deepEqual(facts.flatMap((f) => (f.kind === 'action' ? [f.action] : [])), ['&lol;&amp;'])
  deepEqual(facts.filter((f) => f.kind === 'malformed').length, 1)
})

test('depth and text are bounded: a bomb costs one look per byte and holds nothing', () => {
  const deep = `${'<a>'.repeat(5000)}<Action>x/y</Action>${'</a>'.repeat(5000)}<Action>p/q</Action>`
  deepEqual(factsOf('tcp', bytes(deep)).flatMap((f) => (f.kind === 'action' ? [f.action] : [])), ['q'])
  const long = factsOf('udp', bytes(envelope(`a/${'b'.repeat(100_000)}`, '')))
  ok(long.every((f) => JSON.stringify(f).length < TEXT_BYTES_MAX))
  ok(DEPTH_MAX < 128, 'an Int8Array index')
})

test('a flow tells a bounded number of sayings', () => {
  const many = Array.from({ length: 300 }, (_, i) => bytes(envelope(`a/Action${i}`, '')))
  const facts = factsOf('udp', ...many)
  equal(facts.filter((f) => f.kind === 'action').length, 128)
  const totals = facts.at(-1)
  ok(totals?.kind === 'totals')
  equal(totals.actions.length, 64)
})

test('a client that sets is told once, whatever it repeats, and counted', () => {
  const facts = factsOf('tcp', post(SET_VALUE), post(SET_VALUE), post(SET_VALUE))
  deepEqual(facts.flatMap((f) => (f.kind === 'action' ? [[f.action, f.changesDevice]] : [])), [['SetService/SetValue', true]])
  const totals = facts.at(-1)
  ok(totals?.kind === 'totals')
  deepEqual(totals.actions, [['SetService/SetValue', 3]])
})

/** Slow twin: leaves of `Action` in a document of plain tags, by regular expression. */
function slowActions(text: string): string[] {
  return [...text.matchAll(/<Action>([^<]*)<\/Action>/g)].flatMap((m) => (m[1] ?? '').trim())
}

test('the scanner reads what a slow reader reads, in any split', () => {
  const piece = fc.constantFrom('<a>', '</a>', '<b c="d>"/>', '<Action>x</Action>', '<Action> y z </Action>', '<Action></Action>', 'text ', '<!-- c -->')
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (pieces, size) => {
    const input = bytes(pieces.join(''))
    const said: string[] = []
    const none = (): void => {}
    const scanner = new XmlScanner({ begin: none, finish: none, doctype: none, leaf: (name, text) => void (name === 'Action' && said.push(text)) })
    for (let at = 0; at < input.length; at += size) scanner.feed(input, at, Math.min(input.length, at + size))
    deepEqual(said, slowActions(pieces.join('')))
  }), { numRuns: 300 })
})

test('real device descriptions of SDC pass the scanner to their end', { skip: clinicalMissing }, () => {
  const folder = sharedClinical('sdc-mdib')
  for (const name of readdirSync(folder)) {
    const body = readFileSync(`${folder}/${name}`, 'utf8').replace(/^\uFEFF?<\?xml[^>]*>/, '')
    const facts = factsOf('tcp', post(envelope('a/GetMdibResponse', body)), post(envelope('a/Last', '')))
    deepEqual(facts.flatMap((f) => (f.kind === 'action' ? [f.action] : [])), ['GetMdibResponse', 'Last'], name)
  }
})

test('reports: their values and alarm states are counted by report, those of a device\'s description are not, and none is told', () => {
  const inputs = [METRIC_REPORT, ALERT_REPORT, METRIC_REPORT, MDIB, SET_VALUE].map((xml) => post(xml))
  const facts = factsOf('tcp', ...inputs)
  const totals = facts.at(-1)
  ok(totals?.kind === 'totals')
  deepEqual(totals.values, [['StateEventService/EpisodicAlertReport', 2], ['StateEventService/EpisodicMetricReport', 4]])
  deepEqual(totals.actions.map(([, count]) => count), [1, 1, 1, 2])
  equal(facts.filter((f) => f.kind === 'action').length, 4, 'each once, however many pass')
  ok(!JSON.stringify(facts).includes('ZZTEST') && !JSON.stringify(facts).includes('61"'))
})

test('after a loss nothing is counted until the next report says what it is', () => {
  const { facts } = runSession(sdc, 'tcp', [
    { direction: 0, bytes: post(METRIC_REPORT).slice(0, -200) }, { direction: 0, lost: 300, bytes: bytes('<pm:MetricValue></pm:MetricValue>') },
    { direction: 0, bytes: post(ALERT_REPORT) },
  ])
  const totals = facts.at(-1)
  deepEqual(totals?.protocol === 'sdc' && totals.kind === 'totals' ? totals.values.map(([name]) => name) : [],
    ['StateEventService/EpisodicAlertReport', 'StateEventService/EpisodicMetricReport'])
})
