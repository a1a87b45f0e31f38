// Tests of voice.ts: what the monitor says decodes with the protocol's own decoder, and names nobody but the canary.
// Keeps the rule that a ward without admissions carries no patient field at all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRng } from '../../base/rng.ts'
import { decodeCmsFrame, type CmsMessage } from '../../protocols/cms8000/message.ts'
import { u16le } from '../../wire/bytes.ts'
import { castWard, type Monitor } from './cast.ts'
import { wardOptions } from './options.ts'
import { MonitorVoice, patientRecord, type CycleExtra } from './voice.ts'
import { ImaginaryPatient } from './waveform.ts'

const AT = 1_767_598_245_000_000
const CAST = castWard(wardOptions({ beds: 12, scenarios: new Set(['leak']) }))
const [QUIET, ADMITTED] = [CAST.monitors[0], CAST.monitors[11]]
assert.ok(QUIET !== undefined && ADMITTED !== undefined)

function voiceOf(monitor: Monitor | undefined, seed: number): MonitorVoice {
  assert.ok(monitor !== undefined)
  return new MonitorVoice(monitor, new ImaginaryPatient(seededRng(seed)), seededRng(seed + 100))
}

function messages(bytes: Uint8Array): CmsMessage[] {
  const out: CmsMessage[] = []
  for (let off = 0; off < bytes.length; off += u16le(bytes, off) + 2) out.push(decodeCmsFrame(bytes, off, off + u16le(bytes, off) + 2))
  return out
}

function kinds(extra: CycleExtra): string[] {
  return messages(voiceOf(QUIET, 1).cycle(AT, 1e6, extra)).map((m) => m.kind)
}

test('a cycle is ECG, oximetry, temperature, what is extra, and the end mark', () => {
  assert.deepEqual(kinds('none'), ['ecg', 'spo2', 'temperature', 'cycle-end'])
  assert.deepEqual(kinds('measurement'), ['ecg', 'spo2', 'temperature', 'nibp', 'cycle-end'])
  assert.deepEqual(kinds('status'), ['ecg', 'spo2', 'temperature', 'status', 'cycle-end'])
})

test('the greeting is a record and the bed number', () => {
  const [record, bed] = messages(voiceOf(QUIET, 1).greeting())
  assert.equal(record?.kind === 'patient' && record.bed, 1)
  assert.equal(bed?.kind === 'bed' && bed.bed, 1)
})

test('with no one admitted not one patient field is filled', () => {
  const [record] = messages(voiceOf(QUIET, 1).record())
  assert.deepEqual(record?.kind === 'patient' && record.filled, [])
})

test('an admitted patient is the canary, with every field filled', () => {
  const [record] = messages(voiceOf(ADMITTED, 1).record())
  assert.equal(record?.kind === 'patient' && record.filled.length, 9)
  const { name, number, doctor, department } = patientRecord(ADMITTED)
  assert.ok([name, number, doctor, department].every((text) => text.startsWith('ZZTEST')))
  assert.ok(name.startsWith('ZZTEST^CANARY'))
})

test('a measurement carries the packet time as the monitor\'s clock', () => {
  const nibp = messages(voiceOf(QUIET, 1).cycle(AT, 1e6, 'measurement')).find((m) => m.kind === 'nibp')
  assert.ok(nibp?.kind === 'nibp')
  assert.deepEqual(nibp.block.reveal().measuredAt, { year: 2026, month: 1, day: 5, hour: 7, minute: 30, second: 45 })
})

test('a sensor that comes off is told once, shows no value for a few cycles, and comes back', () => {
  const voice = voiceOf(QUIET, 2)
  const shown: string[] = []
  for (let i = 0; i < 200; i++) {
    const extra = voice.nextExtra()
    const spo2 = messages(voice.cycle(AT, 1e6, extra)).find((m) => m.kind === 'spo2')
    assert.ok(spo2?.kind === 'spo2')
    shown.push(`${extra === 'status' ? '!' : ''}${spo2.block.reveal().spo2 === null ? 'off' : 'on'}`)
  }
  const text = shown.join(' ')
  assert.match(text, /on !off off/)
  assert.match(text, /off on/)
  assert.doesNotMatch(text, /!on|on off/)
})

test('measurements and status texts do come, rarely', () => {
  const voice = voiceOf(QUIET, 3)
  const extras = Array.from({ length: 600 }, () => voice.nextExtra())
  const count = (wanted: CycleExtra): number => extras.filter((e) => e === wanted).length
  assert.ok(count('measurement') >= 9 && count('measurement') <= 25, String(count('measurement')))
  assert.ok(count('status') >= 6 && count('status') <= 21, String(count('status')))
})

test('a whole cycle with its extras stays below three segments', () => {
  const voice = voiceOf(QUIET, 4)
  assert.ok(voice.cycle(AT, 1e6, 'measurement').length < 2 * 1460)
  assert.ok(voice.cycle(AT, 1e6, 'none').length < 1460)
})
