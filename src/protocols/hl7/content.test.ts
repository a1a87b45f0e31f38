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

for (const [type, profile, isDeviceData, content] of [
  ['ORU^R01', 'IHE PCD-01', false, 'device-observations'], ['ORU^R01', '', true, 'device-observations'], ['ORU^R01', '', false, 'results'],
  ['ORU^R40', '', false, 'device-alarm'], ['ORU^R01', 'IHE PCD-04', true, 'device-alarm'],
  ['ADT^A01', '', false, 'patient-administration'], ['ADT^A08', 'IHE PCD-01', true, 'patient-administration'], ['ACK', '', false, 'acknowledgement'],
  ['ORM^O01', '', false, 'orders'], ['RGV^O15', 'IHE PCD-03', false, 'orders'], ['RSP^K22', '', false, 'query'], ['SIU^S12', '', false, 'scheduling'],
  ['MDM^T02', '', false, 'documents'], ['DFT^P03', '', false, 'billing'], ['MFN^M02', '', false, 'master-files'], ['ZMG^Z01', '', false, 'other'],
  ['???', '', true, 'other'],
] as const) {
  test(`${type}${profile && ` (${profile})`} with${isDeviceData ? '' : 'out'} MDC codes in a tree is ${content}`, () => {
    equal(contentOf(type, profile, isDeviceData), content)
  })
}

test('a profile is one of few words, whatever the text', () => {
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => {
    const profile = profileOf(`IHE_PCD_${text}`)
    ok(profile === '' || (profile.startsWith('IHE PCD-') && profile.length === 10), profile)
  }))
})
