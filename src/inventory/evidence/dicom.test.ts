// Tests of the DICOM evidence: which part of a department each operation proves or only suggests, at both ends.
// Keeps "wrong labels cost more than missing ones": what is suggested is marked inferred.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import type { DicomFact, DicomOperation } from '../../protocols/dicom/facts.ts'
import { dicom } from '../../protocols/dicom/index.ts'
import { ACCEPT, CT, REQUEST, STUDY_MOVE, VERIFICATION, WORKLIST } from '../../protocols/dicom/testdata/samples.ts'
import { runSession } from '../../testing/everysplit.ts'
import { FAKE_INITIATOR, FAKE_RESPONDER } from '../../testing/fake-context.ts'
import type { FlowEnds } from './claim-about.ts'
import { dicomClaims } from './dicom.ts'

const ENDS: FlowEnds = [{ vlan: 0, ip: FAKE_INITIATOR }, { vlan: 0, ip: FAKE_RESPONDER }]

/** `initiator role dicom-node`, with a question mark where it is inferred. */
const said = (fact: DicomFact): string[] => dicomClaims(fact, ENDS).map(({ target, claim }) => (
  `${target === ENDS[0] ? 'initiator' : 'responder'} ${claim.what} ${claim.value}${claim.inferred ? '?' : ''}`
))

const operation = (command: string, sopClass: string, more: Partial<DicomOperation> = {}): DicomOperation => ({
  at: 1, frame: 1, protocol: 'dicom', flowId: 1, kind: 'operation', direction: 0, command, sopClass, isRetrieval: false, destinationAe: '', ...more,
})

test('an association names both ends by their titles and software, each by its own words', () => {
  const { facts } = runSession(dicom, 'tcp', [{ direction: 0, bytes: REQUEST }, { direction: 1, bytes: ACCEPT }])
  deepEqual(facts.flatMap((fact) => (fact.protocol === 'dicom' ? said(fact) : [])), [
    'initiator role dicom-node', 'initiator software CT_ROOM_3', 'initiator software SCANNER_7',
    'responder role dicom-node', 'responder software ARCHIVE', 'responder software ARCHIVE_2',
  ])
})

for (const [what, fact, expected] of [
  ['a worklist is asked for by modalities alone', operation('C-FIND', WORKLIST), ['initiator role dicom-modality', 'responder role dicom-worklist']],
  ['storing suggests a modality and an archive', operation('C-STORE', CT), ['initiator role dicom-modality?', 'responder role pacs?']],
  ['a retrieval turns them round', operation('C-STORE', CT, { isRetrieval: true, direction: 1 }), ['responder role pacs?', 'initiator role dicom-viewer?']],
  ['asking for studies suggests a viewer and an archive', operation('C-MOVE', STUDY_MOVE), ['initiator role dicom-viewer?', 'responder role pacs?']],
  ['who is sent films prints', operation('N-CREATE', '1.2.840.10008.5.1.1.1'), ['responder role dicom-printer']],
  ['an echo proves a node and nothing more', operation('C-ECHO', VERIFICATION), []],
  ['an unknown class too', operation('C-STORE', '1.2.3'), []],
] as const) {
  test(what, () => deepEqual(said(fact).slice(1), expected))
}

test('the kind of a modality is in the evidence of the asker, not of the archive', () => {
  const evidence = dicomClaims(operation('C-STORE', CT), ENDS).map(({ claim }) => claim.evidence)
  deepEqual(evidence, ['sends DICOM commands', 'DICOM C-STORE: images are brought in (CT)', 'DICOM C-STORE: images are brought in'])
})

test('a rejection is a node\'s answer; totals and faults prove nothing', () => {
  const base = { at: 1, frame: 1, protocol: 'dicom', flowId: 1 } as const
  deepEqual(said({ ...base, kind: 'reject', direction: 1, lasting: 'permanent', reason: 'x' }), ['responder role dicom-node'])
  equal(said({ ...base, kind: 'malformed', reason: 'pdu-type' }).length, 0)
  equal(said({
    ...base, kind: 'totals', commands: [], statuses: [], dataSetBytes: [0, 0], ended: 'open', abortReason: '', untold: 0,
  }).length, 0)
})
