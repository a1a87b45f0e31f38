// Tests of the HL7 row: golden conversations, hostile bytes, real captures and real sample messages.
// Keeps the patient-data rule against real material: texts taken from the samples by another parser must be in no fact.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createCaptureReader } from '../../wire/capture/reader.ts'
import { beginFrame, decodeFrame } from '../../wire/decode.ts'
import { Frame } from '../../wire/frame.ts'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { assertPlainFacts, neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import type { Fact } from '../facts.ts'
import type { Hl7Message } from './facts.ts'
import { hl7 } from './index.ts'

const TESTDATA = fileURLToPath(new URL('./testdata', import.meta.url))
const SHARED = fileURLToPath(new URL('../../../../shared/', import.meta.url))
const CAPTURES = `${SHARED}captures/medical/`
const SAMPLE_FOLDERS = ['hl7v2-pcd', 'hl7v2-lfh', 'hl7v2-hapi'].map((name) => `${SHARED}clinical/${name}/`)

runGoldens(TESTDATA, hl7)

test('hostile bytes: no throw, few and plain facts', () => {
  neverThrows(hl7, { cases: loadGoldens(TESTDATA), textMax: 128, factsMax: 1000 })
})

test('the row hints at ports and is bound to none', () => {
  equal(hl7.id, 'hl7')
  equal(hl7.transports.join(), 'tcp,udp')
  ok(hl7.hints.includes(2575) && hl7.hints.includes(511))
  const block = new TextEncoder().encode('\x0bMSH|^~\\&|A\r')
  for (const transport of hl7.transports) equal(hl7.probe(transport, 1, block, 0, block.length), 'yes')
})

const messages = (facts: readonly Fact[]): Hl7Message[] => facts.filter((fact) => fact.protocol === 'hl7' && fact.kind === 'message')

/** TCP payloads of a capture without loss, as the wire layer decodes them; the side of the first packet is direction 0. */
function payloads(file: string): Chunk[] {
  const chunks: Chunk[] = []
  const frame = new Frame()
  let number = 0
  let initiatorPort = -1
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType) {
      number += 1
      beginFrame(frame, number, at, wireLength, end - off)
      decodeFrame(buf, off, end, linkType, frame)
      if (initiatorPort < 0) initiatorPort = frame.srcPort
      if (frame.payloadEnd <= frame.payloadOff) return
      const direction = frame.srcPort === initiatorPort ? 0 : 1
      chunks.push({ direction, bytes: buf.slice(frame.payloadOff, frame.payloadEnd), frame: number })
    },
  })
  reader.push(readFileSync(file))
  reader.end()
  return chunks
}

const capture = (name: string): { file: string; skip: string | false } => {
  const file = `${CAPTURES}${name}`
  return { file, skip: existsSync(file) ? false : `${name} is not beside the project` }
}

const udi = capture('tapirx__HL7-ADT-UDI-PRT.pcap')
test('capture HL7-ADT-UDI-PRT: the pump is named, the patient is not', { skip: udi.skip }, () => {
  const facts = everySplit(hl7, 'tcp', payloads(udi.file))
  const [admission, ack] = messages(facts)
  deepEqual(facts.map((fact) => fact.kind), ['message', 'message', 'totals'])
  deepEqual(admission?.devices, [{ source: 'PRT-16', text: 'Hospira Plum A+' }])
  deepEqual([admission?.messageType, admission?.version, admission?.framing, admission?.frame], ['ADT^A01', '2.3', 'mllp', 4])
  equal(admission?.sendingApplication, 'SENDING_APPLICATION')
  deepEqual(admission?.segments, [['MSH', 1], ['EVN', 1], ['PID', 1], ['PRT', 1]])
  deepEqual(admission?.filledPatientFields, ['PID-11', 'PID-13', 'PID-18', 'PID-19', 'PID-23', 'PID-3', 'PID-5', 'PID-7', 'PID-8', 'PRT-5'])
  deepEqual([ack?.messageType, ack?.direction, ack?.frame], ['ACK', 1, 5])
  for (const text of ['MOUSE', 'MICKEY', '135769', '19281118', '999999999', '407', 'ohtoodles', 'Vista']) {
    ok(!JSON.stringify(facts).includes(text), text)
  }
})

test('captures: each message is answered by AA, nothing is refused or unanswered', { skip: udi.skip }, () => {
  for (const file of [udi.file, order.file]) {
    const totals = runSession(hl7, 'tcp', payloads(file)).facts.at(-1)
    ok(totals?.protocol === 'hl7' && totals.kind === 'totals')
    deepEqual([totals.answers, totals.refused, totals.unanswered, totals.unasked], [[['AA', 1]], 0, [0, 0], 0])
  }
})

const order = capture('tapirx__HL7-ORM.pcap')
test('capture HL7-ORM: an order and its acknowledgement, no device', { skip: order.skip }, () => {
  const facts = everySplit(hl7, 'tcp', payloads(order.file))
  deepEqual(messages(facts).map((fact) => [fact.messageType, fact.devices.length]), [['ORM^O01', 0], ['ACK', 0]])
  ok(['PID-3', 'PID-5', 'PV1-3'].every((field) => messages(facts)[0]?.filledPatientFields.includes(field)))
  for (const text of ['MOUSE', 'MICKEY', '12345', 'Disney', '19281118']) ok(!JSON.stringify(facts).includes(text), text)
})

const linesOf = (sample: string): string[] => sample.split(/[\r\n]+/)

/** Texts of patient fields, taken from a sample by splitting alone; only what is long enough to be told from chance. */
function patientTexts(sample: string): Set<string> {
  const texts = new Set<string>()
  let separator = '|'
  for (const line of linesOf(sample)) {
    if (line.startsWith('MSH')) separator = line[3] ?? '|'
    const fields = line.split(separator)
    const wanted = { PID: [3, 5, 7, 11, 13, 19], NK1: [2, 4, 5], OBX: [5], NTE: [3], GT1: [3, 5, 6, 12], IN1: [16] }[fields[0] ?? ''] ?? []
    const parts = wanted.flatMap((at) => (fields[at] ?? '').split(/[\^~&|\\}]/))
    for (const part of parts) if (/^(?=.*[A-Za-z0-9]).{4,}$/.test(part)) texts.add(part)
  }
  return texts
}

/** Texts in the facts, at any depth: keys and numbers are ours, not the sample's. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

/** Header texts that leave by design: a hospital may be called like a street of its town. */
function headerTexts(sample: string): string {
  const headers = linesOf(sample).filter((line) => line.startsWith('MSH'))
  return headers.map((line) => line.split(line[3] ?? '|').slice(2, 12).join(' ')).join(' ')
}

/** Messages a sample file holds, counted by hand; files that are no HL7 v2 text hold none. */
const SAMPLE_MESSAGES: Readonly<Record<string, number>> = {
  'guide.txt': 0, 'uuencoded.txt': 0, 'uuencoded_escaped.txt': 0, 'weird_message.xml': 0, 'xml-with-xxe.xml': 0,
}

for (const folder of SAMPLE_FOLDERS) {
  const skip = 'the clinical samples are not beside the project'
  if (!existsSync(folder)) test(`samples ${folder.split('/').at(-2)}`, { skip }, () => {})
  else for (const name of readdirSync(folder)) sampleTest(folder, name)
}

function sampleTest(folder: string, name: string): void {
  test(`sample ${name}: read bare and framed, no patient text in any fact`, () => {
    const sample = readFileSync(`${folder}${name}`)
    const expected = SAMPLE_MESSAGES[name] ?? sample.toString('latin1').split(/[\r\n]+/).filter((line) => /^MSH\W/.test(line)).length
    const framed = Buffer.concat([Buffer.of(0x0b), sample, Buffer.of(0x1c, 0x0d)])
    for (const bytes of [sample, framed]) {
      const { facts } = runSession(hl7, 'tcp', [{ direction: 0, bytes }])
      assertPlainFacts(facts, { textMax: 128 })
      equal(messages(facts).reduce((n, fact) => n + fact.times, 0), expected)
      const shown = facts.flatMap(textsOf)
      for (const text of patientTexts(sample.toString('latin1'))) {
        if (!headerTexts(sample.toString('latin1')).includes(text)) ok(!shown.some((said) => said.includes(text)), `"${text}" of ${name}`)
      }
      for (const fact of messages(facts)) ok(fact.segments[0]?.[0] === 'MSH' && fact.messageType !== '')
    }
  })
}

test('samples of monitors: device ids and versions', { skip: existsSync(SAMPLE_FOLDERS[0] ?? '') ? false : 'no clinical samples' }, () => {
  const facts = (name: string): Hl7Message[] =>
    messages(runSession(hl7, 'tcp', [{ direction: 0, bytes: readFileSync(`${SAMPLE_FOLDERS[0]}${name}`) }]).facts)
  deepEqual(facts('mindray-vs900-2019.hl7').map((fact) => [fact.devices, fact.filledPatientFields, fact.version]), [
    [[{ source: 'OBX-18', text: '00A0370098007A80' }], ['OBX-5', 'PV1-44'], '2.6'],
  ])
  deepEqual(facts('masimo-psn-acm-r40.hl7').map((fact) => [fact.messageType, fact.devices]), [
    ['ORU^R40', [{ source: 'OBX-18', text: '2000009264' }]],
  ])
  deepEqual(facts('comen-nc-monitor.hl7').map((fact) => [fact.sendingApplication, fact.devices.length]), [['NC_Monitor', 0]])
})

/** File, profile stated, content: PCD-01 with its profile or by its codes alone, alarms, and laboratory or ADT that must not be taken for either. */
const CONTENTS: readonly (readonly [string, string, string, string])[] = [
  ['hl7v2-pcd', 'ihe-tf-vol2-aware-gateway-2008.hl7', 'IHE PCD-01', 'device-observations'],
  ['hl7v2-pcd', 'mindray-vs900-2019.hl7', 'IHE PCD-01', 'device-observations'],
  ['hl7v2-pcd', 'mindray-egateway-ecg-resp.hl7', 'IHE PCD-01', 'device-observations'],
  ['hl7v2-pcd', 'comen-nc-monitor.hl7', '', 'device-observations'],
  ['hl7v2-pcd', 'masimo-psn-acm-r40.hl7', '', 'device-alarm'],
  ['hl7v2-pcd', 'mindray-lead-off-r40.hl7', '', 'device-alarm'],
  ['hl7v2-lfh', 'ORU-multiline-short.hl7', '', 'results'],
  ['hl7v2-lfh', 'sample_unix.hl7', '', 'patient-administration'],
  ['hl7v2-hapi', 'adt_a03.txt', '', 'patient-administration'],
  ['hl7v2-hapi', 'cv.04_001_chem.hl7', '', 'query'],
  ['hl7v2-hapi', 'example_oml_o21.hl7', '', 'orders'],
]

for (const [folder, name, profile, content] of CONTENTS) {
  const file = `${SHARED}clinical/${folder}/${name}`
  test(`sample ${name} is ${content}`, { skip: existsSync(file) ? false : `${name} is not beside the project` }, () => {
    const [fact] = messages(runSession(hl7, 'tcp', [{ direction: 0, bytes: readFileSync(file) }]).facts)
    deepEqual([fact?.profile, fact?.content], [profile, content])
  })
}
