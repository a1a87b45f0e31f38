// Tests of HL7 content: profiles by entity and by arc, device observations with and without one, and what is neither.
// Keeps device data apart from laboratory results and ADT.

import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contentOf, profileOf } from './content.ts'

for (const [text, profile] of [
  ['IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO', 'IHE PCD-01'], ['^^1.3.6.1.4.1.19376.1.6.1.4.1^ISO', 'IHE PCD-04'],
  ['IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO', 'IHE PCD-04'], ['IHE_PCD_PIV_001', 'IHE PCD-03'], ['IHE_PCD_IPEC_001', 'IHE PCD-10'],
  ['IHE PCD ORU-R01 2006^HL7^Universal ID^HL7', 'IHE PCD-01'], ['IHE_PCD_009', 'IHE PCD-09'], ['IHE_PCD_', ''], ['IHE_PCD_1000', ''],
  ['1.3.6.1.4.1.19376.1.6.1.', ''], ['LAB-1^IHE PCD', ''], ['', ''],
] as const) {
  test(`profile of "${text}" is "${profile}"`, () => equal(profileOf(text), profile))
}

for (const [type, profile, mdc, hierarchies, content] of [
  ['ORU^R01', 'IHE PCD-01', 0, 0, 'device-observations'], ['ORU^R01', '', 7, 7, 'device-observations'], ['ORU^R01', '', 1, 0, 'results'],
  ['ORU^R01', '', 0, 3, 'results'], ['ORU^R40', '', 0, 0, 'device-alarm'], ['ORU^R01', 'IHE PCD-04', 3, 3, 'device-alarm'],
  ['ADT^A01', '', 0, 0, 'patient-administration'], ['ADT^A08', 'IHE PCD-01', 5, 5, 'patient-administration'], ['ACK', '', 0, 0, 'acknowledgement'],
  ['ORM^O01', '', 0, 0, 'orders'], ['RGV^O15', 'IHE PCD-03', 0, 0, 'orders'], ['RSP^K22', '', 0, 0, 'query'], ['SIU^S12', '', 0, 0, 'scheduling'],
  ['MDM^T02', '', 0, 0, 'documents'], ['DFT^P03', '', 0, 0, 'billing'], ['MFN^M02', '', 0, 0, 'master-files'], ['ZMG^Z01', '', 0, 0, 'other'],
  ['???', '', 9, 9, 'other'],
] as const) {
  test(`${type}${profile && ` (${profile})`} with ${mdc} MDC codes in ${hierarchies} places is ${content}`, () => {
    equal(contentOf(type, profile, mdc, hierarchies), content)
  })
}

test('a profile is one of few words, whatever the text', () => {
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => {
    const profile = profileOf(`IHE_PCD_${text}`)
    ok(profile === '' || (profile.startsWith('IHE PCD-') && profile.length === 10), profile)
  }))
})
