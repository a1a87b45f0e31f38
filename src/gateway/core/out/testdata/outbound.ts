// Outbound samples for the encoder tests: one owner, one cuff measurement, a missing value, alarm limits, waves.
// Keeps the rule that test patients are ZZTEST^CANARY; imported by tests only.

import { patientRef } from '../../assignment/adt.ts'
import { missing, present, type Reading, type Times } from '../../intake/reading.ts'
import type { Outbound, Sender } from '../message.ts'

export const AT = Date.UTC(2026, 0, 5, 7, 0, 1) * 1000
const NOW: Times = { device: null, received: AT - 500_000, measured: AT - 500_000 }
const CUFF: Times = { device: { at: Date.UTC(2026, 0, 5, 7, 50, 0) * 1000, hasZone: false }, received: AT - 400_000, measured: AT - 600_000_000 }

export const READINGS: readonly Reading[] = [
  present('hr', 61, NOW, { low: 50, high: 120 }),
  present('pr', 62, NOW),
  missing('rr', 'not-measured', NOW),
  present('spo2', 97, NOW, { low: 90, high: 100 }),
  present('nibp-sys', 121, CUFF, { low: 90, high: 160 }),
  present('nibp-dia', 81, CUFF),
  present('nibp-mean', 93, CUFF),
  present('t1', 36.599998474121094, NOW),
  present('t2', 37, NOW),
  present('td', 0.4000015258789, NOW),
  present('st1', 0.05, NOW),
  { kind: 'wave', channel: 'pleth', samples: Uint8Array.of(10, 20, 30, 40), rate: 256, times: NOW },
  { kind: 'wave', channel: 'ecg2', samples: Uint8Array.of(128, 200, 128, 120), rate: 256, times: NOW },
]

export const SENDER: Sender = {
  name: 'CORDON', eui64: '02005EFFFE000077', facility: 'WARD4', deviceSystem: 'https://hospital.example/devices',
  patientSystem: 'https://hospital.example/patients', areLeadsStated: false,
}

export const OUTBOUND: Outbound = {
  device: '202.114.4.21', model: 'CMS8000', bed: 'ICU^1^7', patient: patientRef('ZZTEST-0001', 'H', 'ZZTEST', 'CANARY'), at: AT,
  controlId: 'G000001', trust: 'plain', readings: READINGS,
}
