// Tests of the DICOM row: goldens, hostile bytes, the shared captures with their expected answers, and real tools of others.
// Keeps the patient-data rule: what is planted in data sets and identities is in no fact.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { everySplit, runSession } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replayCapture } from '../../testing/replay.ts'
import type { DicomFact, DicomRequest } from './facts.ts'
import { dicom } from './index.ts'
import { DICOM_STATES } from './stream.ts'
import { ACCEPT, DATA_SET, REQUEST, STORE, STORE_REPLY, dataSet, glued } from './testdata/samples.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, dicom)

test('hostile bytes: no throw, few and plain facts', () => {
  neverThrows(dicom, { cases: loadGoldens(TESTDATA), textMax: 128, factsMax: 400 })
})

test('a planted patient and a planted passcode are in no fact', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.filter((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('CANARY'))).length >= 4)
  for (const c of cases) doesNotMatch(JSON.stringify(runSession(dicom, 'tcp', c.chunks, { flow: c.flow }).facts), /ZZTEST|CANARY/, c.title)
})

test('late or whole, in any split, the facts are the same', () => {
  const chunks = [
    { direction: 0, bytes: glued(DATA_SET.length > 0 ? Uint8Array.from(DATA_SET) : REQUEST, STORE, ...dataSet(1, 2)) } as const,
    { direction: 1, bytes: glued(Uint8Array.from([0, 0, 4, 0, 0, 0]), STORE_REPLY) } as const,
    { direction: 0, bytes: glued(REQUEST, STORE) } as const, { direction: 1, bytes: ACCEPT } as const,
  ]
  const facts = everySplit(dicom, 'tcp', chunks, { flow: { state: 'midstream' } })
  deepEqual(facts.map((fact) => fact.kind), ['operation', 'request', 'accept', 'totals'])
})

/** MANIFEST: who asks whom, by tshark; an identifier that is not empty, by tapirx. The name of the fourth file promises another one. */
const CAPTURES = [
  { name: 'medical/tapirx__dicom_arq_1_find_testclient.pcap', asks: 'testclient --> testserver', contexts: 4 },
  { name: 'medical/tapirx__dicom_arq_2_get_testclient.pcap', asks: 'testclient --> testserver', contexts: 123 },
  { name: 'medical/tapirx__dicom_arq_3_find_bogus_local.pcap', asks: 'bogus_local --> bogus_remote', contexts: 4 },
  { name: 'medical/tapirx__dicom_arq_4_get_bogus_local.pcap', asks: 'testclient --> testserver', contexts: 123 },
] as const

for (const { name, asks, contexts } of CAPTURES) {
  test(`capture ${name}: ${asks}, though it begins midstream`, { skip: skipWithout(name) }, () => {
    const facts = replayCapture(sharedCapture(name) ?? '', [dicom]).filter((fact) => fact.protocol === 'dicom') as DicomFact[]
    deepEqual(facts.map((fact) => fact.kind), ['request', 'totals'])
    const request = facts[0] as DicomRequest
    equal(`${request.callingAe} --> ${request.calledAe}`, asks)
    deepEqual([request.implementationVersion, request.lengthMax, request.contexts.length], ['GODICOM_1_1', 4_194_304, contexts])
    ok(request.contexts.every((c) => c.abstractSyntax.startsWith('1.2.840.10008.') && c.transferSyntaxes.length > 0))
  })
}

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of DICOM_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})
