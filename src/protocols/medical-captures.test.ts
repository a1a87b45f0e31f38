// Tests of the medical protocols over every shared capture: they find their own flows, on the ports those happen to use, and nobody else's.
// Keeps "a wrong label costs more than a missing one": the rows are asked alone, so that no other protocol takes a flow before them.

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { replay } from '../testing/replay.ts'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { astm } from './astm/index.ts'
import { dicom } from './dicom/index.ts'
import { hl7 } from './hl7/index.ts'
import { poct1a } from './poct1a/index.ts'

/** By content; MANIFEST.tsv says the same of each. */
const EXPECTED: Readonly<Record<string, string>> = {
  'medical/tapirx__HL7-ADT-UDI-PRT.pcap': 'hl7', 'medical/tapirx__HL7-ORM.pcap': 'hl7',
  'medical/tapirx__dicom_arq_1_find_testclient.pcap': 'dicom', 'medical/tapirx__dicom_arq_2_get_testclient.pcap': 'dicom',
  'medical/tapirx__dicom_arq_3_find_bogus_local.pcap': 'dicom', 'medical/tapirx__dicom_arq_4_get_bogus_local.pcap': 'dicom',
}

function medicalFlows(file: string): string[] {
  return replay(sharedCapture(file), [hl7, dicom, astm, poct1a]).flows.flatMap((flow) => flow.protocol ?? [])
}

test('every shared capture: medical flows are named, and no flow of any other is taken for one', { skip: capturesMissing }, () => {
  const found: Record<string, string> = {}
  for (const { file } of manifest()) {
    const flows = medicalFlows(file)
    if (flows.length > 0) found[file] = flows.join()
  }
  deepEqual(found, EXPECTED)
})
