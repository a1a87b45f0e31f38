// Tests of speech.ts and hl7-speech.ts: the rhythm of both streams of a monitor, and that both tell of one imaginary body.
// Keeps the rule that HL7 from a monitor names no patient, and reads back with the protocol's own scanner.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRng } from '../../base/rng.ts'
import { decodeCmsFrame } from '../../protocols/cms8000/message.ts'
import { readHl7, type Hl7Summary } from '../../protocols/hl7/message.ts'
import { u16le } from '../../wire/bytes.ts'
import { castWard, type Monitor } from './cast.ts'
import { hl7Speech } from './hl7-speech.ts'
import type { Speech, SpeechEvent } from './line.ts'
import { wardOptions, type WardOptions } from './options.ts'
import { telemetrySpeech } from './speech.ts'
import { MonitorVoice } from './voice.ts'
import { ImaginaryPatient } from './waveform.ts'

const AT = 1_767_598_245_000_000
const BODY_SEED = 42

function monitor(bed = 7): Monitor {
  const found = castWard(wardOptions({ beds: 12, scenarios: new Set(['leak']) })).monitors[bed - 1]
  assert.ok(found !== undefined)
  return found
}

function telemetry(wanted: Partial<WardOptions> = {}, who = monitor()): Speech {
  return telemetrySpeech(new MonitorVoice(who, new ImaginaryPatient(seededRng(BODY_SEED)), seededRng(1)), wardOptions(wanted))
}

function hl7(wanted: Partial<WardOptions> = {}, who = monitor()): Speech {
  return hl7Speech(who, new ImaginaryPatient(seededRng(BODY_SEED)), wardOptions(wanted))
}

/** Text of one MLLP block; asserts its framing. */
function unframed(block: Uint8Array): string {
  assert.equal(block[0], 0x0b)
  assert.deepEqual([...block.subarray(-2)], [0x1c, 0x0d])
  return String.fromCharCode(...block.subarray(1, -2))
}

function summary(block: Uint8Array): Hl7Summary {
  const reading = readHl7(block, 1, block.length - 2)
  assert.ok(reading.ok)
  return reading.summary
}

function observation(message: string, code: string): string | undefined {
  return message.split('\r').find((s) => s.startsWith('OBX') && s.includes(code))?.split('|')[5]
}

test('telemetry: every tenth turn begins with the record, when asked so', () => {
  const speech = telemetry({ recordEveryCycles: 10 })
  const events: SpeechEvent[] = Array.from({ length: 44 }, () => speech.next())
  const records = events.flatMap((e, i) => (e === 'record-due' ? [i] : []))
  assert.deepEqual(records, [10, 21, 32, 43])
})

test('telemetry: measurements and status texts are events of their own', () => {
  const speech = telemetry()
  const events = new Set(Array.from({ length: 300 }, () => speech.next()))
  assert.deepEqual(events, new Set(['cycle-due', 'measurement-due', 'status-due', 'record-due']))
})

test('telemetry: what is said fits the event', () => {
  const speech = telemetry()
  const kinds = (event: SpeechEvent): string[] => {
    const bytes = speech.say(event, AT)
    const out: string[] = []
    for (let off = 0, next = 0; off < bytes.length; off = next) {
      next = off + u16le(bytes, off) + 2
      out.push(decodeCmsFrame(bytes, off, next).kind)
    }
    return out
  }
  assert.deepEqual(kinds('record-due'), ['patient', 'bed'])
  assert.ok(kinds('measurement-due').includes('nibp'))
  assert.ok(kinds('status-due').includes('status'))
  assert.deepEqual(kinds('cycle-due'), ['ecg', 'spo2', 'temperature', 'cycle-end'])
})

test('telemetry: period and jitter are the ward\'s; HL7 comes every fifth cycle', () => {
  const wish = { cyclePeriodMicros: 2_000_000, jitterMicros: 1_000 }
  assert.deepEqual([telemetry(wish).periodMicros, telemetry(wish).jitterMicros], [2_000_000, 1_000])
  assert.deepEqual([hl7(wish).periodMicros, hl7(wish).jitterMicros], [10_000_000, 1_000])
  assert.equal(hl7().greeting(), null)
  assert.ok((telemetry().greeting()?.length ?? 0) > 100)
})

test('HL7: an ORU^R01 2.4 of the monitor, with five results: values without a person', () => {
  const { messageType, version, sendingApplication, sendingFacility, filledPatientFields, segments } = summary(hl7().say('cycle-due', AT))
  assert.deepEqual([messageType, version, sendingApplication, sendingFacility], ['ORU^R01', '2.4', 'MONITOR', 'BED07'])
  assert.deepEqual(filledPatientFields, ['OBX-5'])
  assert.deepEqual(segments, [['MSH', 1], ['OBR', 1], ['OBX', 5]])
})

test('HL7: even a monitor with an admitted patient names nobody on this stream', () => {
  const admitted = monitor(12)
  assert.ok(admitted.admitted)
  const block = hl7({}, admitted).say('cycle-due', AT)
  assert.deepEqual(summary(block).filledPatientFields, ['OBX-5'])
  assert.doesNotMatch(unframed(block), /ZZTEST|CANARY|PID|NK1|PV1/)
})

test('HL7: control ids count up and the time is the packet\'s', () => {
  const speech = hl7()
  const heads = [0, 5_000_000].map((later) => unframed(speech.say('cycle-due', AT + later)).split('\r')[0]?.split('|') ?? [])
  assert.deepEqual(heads.map((h) => [h[6], h[9]]), [['20260105073045', '1'], ['20260105073050', '2']])
})

test('both streams of a monitor tell of the same body', () => {
  const [first, second] = [telemetry(), hl7()]
  for (let message = 0; message < 20; message++) {
    let rate: number | null = null
    for (let cycle = 0; cycle < 5; cycle++) {
      const bytes = first.say('cycle-due', AT)
      const ecg = decodeCmsFrame(bytes, 0, u16le(bytes, 0) + 2)
      rate = ecg.kind === 'ecg' ? ecg.block.reveal().heartRate : null
    }
    assert.equal(observation(unframed(second.say('cycle-due', AT)), '40^HR'), String(rate))
  }
})

test('results have a unit and a normal range, and are final', () => {
  const rows = unframed(hl7().say('cycle-due', AT)).split('\r').filter((s) => s.startsWith('OBX')).map((s) => s.split('|'))
  assert.deepEqual(rows.map((r) => r[1]), ['1', '2', '3', '4', '5'])
  assert.ok(rows.every((r) => r[2] === 'NM' && r[6] !== '' && /^\d+-\d+$/.test(r[7] ?? '') && r[11] === 'F'))
  assert.ok(rows.every((r) => Number.isFinite(Number(r[5])) && r[5] !== ''))
})
