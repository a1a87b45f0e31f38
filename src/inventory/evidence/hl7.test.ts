// Tests of the HL7 evidence: who receives, who reports for devices, who admits; named by its profile or only suggested by its codes.
// Keeps "wrong labels cost more than missing ones".

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { Hl7Message } from '../../protocols/hl7/facts.ts'
import { FAKE_INITIATOR, FAKE_RESPONDER } from '../../testing/fake-context.ts'
import type { FlowEnds } from './claim-about.ts'
import { hl7Claims } from './hl7.ts'

const ENDS: FlowEnds = [{ vlan: 0, ip: FAKE_INITIATOR }, { vlan: 0, ip: FAKE_RESPONDER }]

const MESSAGE: Hl7Message = {
  protocol: 'hl7', kind: 'message', times: 1, at: 1, frame: 1, flowId: 1, direction: 0, framing: 'mllp', sendingApplication: '', sendingFacility: '',
  receivingApplication: '', receivingFacility: '', messageType: 'ORU^R01', version: '2.6', profile: '', content: 'results', devices: [],
  filledPatientFields: [], segments: [],
}

const said = (more: Partial<Hl7Message>): string[] => hl7Claims({ ...MESSAGE, ...more }, ENDS).map(({ target, claim }) => (
  `${target === ENDS[0] ? 'sender' : 'receiver'} ${claim.value}${claim.inferred ? '?' : ''} ${claim.level}: ${claim.evidence}`
))

const RECEIVES = 'receiver hl7-server C: receives HL7 v2 messages'

for (const [what, more, expected] of [
  ['a result', {}, [RECEIVES]],
  ['a stated profile', { content: 'device-observations', profile: 'IHE PCD-01' }, [
    RECEIVES, 'sender device-reporter C: sends device observations (IHE PCD-01)',
  ]],
  ['device codes without a profile', { content: 'device-observations' }, [RECEIVES, 'sender device-reporter? C: sends device observations (by MDC codes)']],
  ['an alarm', { content: 'device-alarm' }, [RECEIVES, 'sender alarm-reporter C: sends device alarms']],
  ['an admission', { content: 'patient-administration' }, [RECEIVES, 'sender adt-source C: sends ADT messages']],
  ['an acknowledgement', { content: 'acknowledgement' }, ['sender hl7-server C: acknowledges HL7 v2 messages']],
  ['a name and a device', { sendingApplication: 'PUMPGW', devices: [{ source: 'OBX-18', text: 'S1' }] }, [
    RECEIVES, 'sender PUMPGW C: HL7 MSH-3, sending application', 'sender S1 A: HL7 OBX-18 in a message it sent',
  ]],
] as const) {
  test(`${what} proves ${expected.length} things`, () => deepEqual(said(more), expected))
}

test('from the responder, the ends are turned round', () => {
  deepEqual(hl7Claims({ ...MESSAGE, direction: 1 }, ENDS).map(({ target }) => target), [ENDS[0]])
})
