// Tests of the PCD-01 encoder: a golden, the sample messages' own headers, a round trip through the intake, and what must never be sent.
// Keeps the rules: no sentinel, no lead that nobody stated, one owner per message.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeHl7, readHl7 } from '../../../protocols/hl7/message.ts'
import { atOnce, numericsOf, runIntake } from '../../../testing/intake-bench.ts'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { PARAMETERS, missing, present, type Absent, type Reading } from '../intake/reading.ts'
import { parseHl7, type Hl7Text } from '../intake/hl7-text.ts'
import { containment, splitByOwner, type Outbound, type Sender } from './message.ts'
import { encodePcd01, pcd01Segments } from './pcd01.ts'
import { AT, OUTBOUND, READINGS, SENDER } from './testdata/outbound.ts'

const textOf = (out: Outbound, sender: Sender = SENDER): string => {
  const segments = pcd01Segments(out, sender)
  ok(segments !== null)
  return new TextDecoder().decode(encodeHl7(segments, 'bare'))
}
const parsed = (out: Outbound, sender: Sender = SENDER): Hl7Text => {
  const message = parseHl7(new TextEncoder().encode(textOf(out, sender)))
  ok(message.ok)
  return message.value
}

test('golden: a whole message', () => {
  deepEqual(textOf(OUTBOUND).split('\r'), [
    'MSH|^~\\&|CORDON^02005EFFFE000077^EUI-64|WARD4|||20260105070001.000+0000||ORU^R01^ORU_R01|G000001|P|2.6|||AL|NE||UNICODE UTF-8|||'
      + 'IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO',
    'PID|||ZZTEST-0001^^^H^MR||ZZTEST^CANARY^^^^^L',
    'PV1||I|ICU^1^7',
    'OBR|1|G000001-1^CORDON^02005EFFFE000077^EUI-64|G000001-1^CORDON^02005EFFFE000077^EUI-64|182777000^monitoring of patient^SCT|||'
      + '20260105070000.500+0000|20260105070000.600+0000',
    'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||202.114.4.21^CMS8000',
    'OBX|2||69798^MDC_DEV_ECG_VMD^MDC|1.1.0.0|||||||X',
    'OBX|3||70739^MDC_DEV_CARD_RATE_CHAN^MDC|1.1.1.0|||||||X',
    'OBX|4||70666^MDC_DEV_ECG_RESP_VMD^MDC|1.2.0.0|||||||X',
    'OBX|5||70686^MDC_DEV_PRESS_BLD_NONINV_VMD^MDC|1.4.0.0|||||||X',
    'OBX|6||70687^MDC_DEV_PRESS_BLD_NONINV_CHAN^MDC|1.4.1.0|||||||X',
    'OBX|7|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|61|264864^MDC_DIM_BEAT_PER_MIN^MDC|50-120||||R|||20260105070000.500+0000',
    'OBX|8|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.3.1.1|62|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||20260105070000.500+0000',
    'OBX|9|NM|151578^MDC_TTHOR_RESP_RATE^MDC|1.2.1.1||264928^MDC_DIM_RESP_PER_MIN^MDC||NAV|||X|||20260105070000.500+0000',
    'OBX|10|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.2|97|262688^MDC_DIM_PERCENT^MDC|90-100||||R|||20260105070000.500+0000',
    'OBX|11|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.4.1.1|121|266016^MDC_DIM_MMHG^MDC|90-160||||R|||20260105065001.000+0000|||^APERIODIC',
    'OBX|12|NM|150022^MDC_PRESS_BLD_NONINV_DIA^MDC|1.4.1.2|81|266016^MDC_DIM_MMHG^MDC|||||R|||20260105065001.000+0000|||^APERIODIC',
    'OBX|13|NM|150023^MDC_PRESS_BLD_NONINV_MEAN^MDC|1.4.1.3|93|266016^MDC_DIM_MMHG^MDC|||||R|||20260105065001.000+0000|||^APERIODIC',
    'OBX|14|NM|150344^MDC_TEMP^MDC|1.5.1.1|36.6|268192^MDC_DIM_DEGC^MDC|||||R|||20260105070000.500+0000',
    'OBX|15|NM|150344^MDC_TEMP^MDC|1.5.2.1|37|268192^MDC_DIM_DEGC^MDC|||||R|||20260105070000.500+0000',
    'OBX|16|NM|188440^MDC_TEMP_DIFF^MDC|1.5.3.1|0.4|268192^MDC_DIM_DEGC^MDC|||||R|||20260105070000.500+0000',
    'OBR|2|G000001-2^CORDON^02005EFFFE000077^EUI-64|G000001-2^CORDON^02005EFFFE000077^EUI-64|69121^MDC_OBS_WAVE_CTS^MDC|||'
      + '20260105070000.484+0000|20260105070000.500+0000',
    'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||202.114.4.21^CMS8000',
    'OBX|2|NA|150452^MDC_PULS_OXIM_PLETH^MDC|1.3.1.3|10^20^30^40|262656^MDC_DIM_DIMLESS^MDC|||||R|||20260105070000.484+0000',
    'OBX|3|NM|0^MDC_ATTR_SAMP_RATE^MDC|1.3.1.3.1|256|264608^MDC_DIM_PER_SEC^MDC|||||R',
    '',
  ])
})

test('the header has what real PCD-01 senders and the profile say', { skip: clinicalMissing }, () => {
  const theirs = parseHl7(fs.readFileSync(sharedClinical('hl7v2-pcd', 'mindray-egateway-ecg-resp.hl7')))
  ok(theirs.ok)
  const ours = parsed(OUTBOUND).header
  for (const [field, component] of [[12, 1], [15, 1], [16, 1], [18, 1], [21, 1], [21, 2], [21, 3], [21, 4], [9, 1], [9, 2], [9, 3], [3, 3]] as const) {
    equal(ours.text(field, component), theirs.value.header.text(field, component), `MSH-${field}.${component}`)
  }
  const grammar = (m: Hl7Text): string => m.segments.map((s) => s.name).join(' ').replaceAll(/OBX(?: OBX)*/g, 'OBX+')
  equal(grammar(parsed({ ...OUTBOUND, readings: READINGS.filter((r) => r.kind === 'numeric') })), grammar(theirs.value))
})

test('what goes out comes back in: every number, every absence, its limits and its own time', () => {
  const numerics = fc.constantFrom(...PARAMETERS.filter((p) => !p.startsWith('st'))).chain((parameter) => fc.record({
    parameter: fc.constant(parameter), value: fc.option(fc.integer({ min: 1, max: 99 })),
    absent: fc.constantFrom<Absent>('not-measured', 'sensor-off', 'invalid'),
  }))
  const times = { device: null, received: AT, measured: AT }
  fc.assert(fc.property(fc.uniqueArray(numerics, { minLength: 1, selector: (n) => n.parameter }), (list) => {
    const readings = list.map(({ parameter, value, absent }): Reading => (
      value === null ? missing(parameter, absent, times) : present(parameter, value, times, { low: 1, high: 99 })))
    const bytes = encodePcd01({ ...OUTBOUND, readings }, SENDER)
    ok(bytes !== null)
    const back = numericsOf(runIntake('hl7', atOnce(bytes)).commands)
    const expected = readings.flatMap((r) => (r.kind === 'numeric' ? [[r.parameter === 't2' ? 't1' : r.parameter, r.value, r.absent, r.limits]] : []))
    deepEqual(back.map((r) => [r.parameter, r.value, r.absent, r.limits]), expected)
    ok(back.every((r) => r.times.device?.at === AT && r.times.device.hasZone))
  }))
})

test('nobody: PID is there and empty; no bed: PV1-3 is empty', () => {
  const lines = textOf({ ...OUTBOUND, patient: null, bed: null }).split('\r')
  deepEqual(lines.slice(1, 3), ['PID|||||', 'PV1||I|'])
  ok(!lines.join().includes('CANARY'))
})

test('suspected values are questionable, proved ones carry no number, demonstrations say so', () => {
  const lines = (out: Partial<Outbound>): string[] => textOf({ ...OUTBOUND, readings: [READINGS[0] as Reading], ...out }).split('\r')
  const row = (out: Partial<Outbound>): string => lines(out).find((line) => line.includes('147842')) ?? ''
  ok(row({ trust: 'suspected' }).includes('|61|') && row({ trust: 'suspected' }).includes('|QUES|||R|'))
  ok(row({ trust: 'proved-altered' }).includes('1.1.1.1||264864') && row({ trust: 'proved-altered' }).includes('|INV|||X|'))
  const demo = { ...present('hr', 61, { device: null, received: AT, measured: AT }), quality: 'demo' as const }
  ok(row({ readings: [demo] }).includes('|DEMO|||R|'))
  equal(parsed({ ...OUTBOUND, readings: [demo] }).processing, 'T')
})

test('a cuff measurement that nothing dates is questionable and keeps the monitor\'s wall clock, without a zone', () => {
  const undated = present('nibp-sys', 120, { device: { at: AT - 3_600_000_000, hasZone: false }, received: AT, measured: null })
  const line = textOf({ ...OUTBOUND, readings: [undated] }).split('\r').find((l) => l.includes('150021')) ?? ''
  ok(line.includes('|QUES|||R|||20260105060001|||^APERIODIC'), line)
})

test('leads and ST leave only when somebody states them', () => {
  const codes = (sender: Sender): string[] => parsed(OUTBOUND, sender).segments.filter((s) => s.name === 'OBX').map((s) => s.text(3))
  ok(!codes(SENDER).includes('131330') && !codes(SENDER).includes('131841'))
  const stated = codes({ ...SENDER, areLeadsStated: true })
  ok(stated.includes('131330') && stated.includes('131841'))
  equal(pcd01Segments({ ...OUTBOUND, readings: READINGS.filter((r) => r.kind === 'wave' && r.channel === 'ecg2') }, SENDER), null)
})

test('names with delimiters are escaped, and the message is read by the sensor\'s own decoder', () => {
  const out = { ...OUTBOUND, controlId: 'a|b^c', device: 'x&y' }
  const message = parsed(out)
  equal(message.controlId, 'a|b^c')
  const bytes = new TextEncoder().encode(textOf(out))
  ok(readHl7(bytes, 0, bytes.length).ok)
})

test('containment numbers are unique per parameter and channel', () => {
  const all = [...PARAMETERS, 'ecg1', 'ecg2', 'ecg3', 'resp', 'pleth'] as const
  equal(new Set(all.map(containment)).size, all.length)
})

test('one message has one owner', () => {
  const [a, b] = [READINGS[0] as Reading, READINGS[1] as Reading]
  const owner = OUTBOUND.patient
  const groups = splitByOwner([
    { reading: a, patient: owner, trust: 'plain' }, { reading: b, patient: null, trust: 'plain' }, { reading: b, patient: owner, trust: 'plain' },
  ])
  deepEqual(groups.map((g) => [g.patient?.number ?? 'nobody', g.readings.length]), [['ZZTEST-0001', 2], ['nobody', 1]])
})
