// Tests of the HL7 intake: splits, sentinels, wrong codes, demo mode, and the sample messages of other makers as stress input.
// Keeps the rule that nothing is guessed: an observation that is not understood is counted under its code.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../../base/rng.ts'
import { encodeHl7, encodeMllp } from '../../../protocols/hl7/message.ts'
import { clinicalMissing, sharedClinical } from '../../../testing/shared.ts'
import { BENCH_START, atOnce, lastOf, numericsOf, rulesOf, runIntake } from '../../../testing/intake-bench.ts'
import { hl7Speech } from '../../../twin/core/hl7-speech.ts'
import { ImaginaryPatient } from '../../../twin/core/waveform.ts'
import { FRAMELESS_HL7_BYTES_MAX, MONITOR_MESSAGE_BYTES_MAX } from './bounds.ts'
import { hl7Time, parseHl7 } from './hl7-text.ts'

const MSH = ['MSH', '|', '^~\\&', 'MONITOR', 'BED07', 'HL7', 'WARD', '20260105070000', '', 'ORU^R01', '1', 'P', '2.6']
const obx = (code: string, value: string, unit: string, rest: readonly string[] = []): string[] => ['OBX', '1', 'NM', code, '1.1.1.1', value, unit, ...rest]
const results = (...rows: readonly string[][]): Uint8Array => encodeHl7([MSH, ['OBR', '1'], ...rows])

test('OBX of MDC and of the OEM become readings, in MLLP or bare, at any split', () => {
  const bytes = results(
    obx('147842^MDC_ECG_HEART_RATE^MDC', '60', '264864^MDC_DIM_BEAT_PER_MIN^MDC', ['50-120']), obx('188^SPO2', '97', '%'),
    obx('150021^MDC_PRESS_BLD_NONINV_SYS^MDC', '120', 'mm[Hg]^mm[Hg]^UCUM'), obx('150302^MDC_PRESS_CUFF_DIA^MDC', '80', '266016^MDC_DIM_MMHG^MDC'),
  )
  const whole = runIntake('hl7', atOnce(bytes)).commands
  deepEqual(numericsOf(whole).map((r) => [r.parameter, r.value]), [['hr', 60], ['spo2', 97], ['nibp-sys', 120], ['nibp-dia', 80]])
  deepEqual(numericsOf(whole)[0]?.limits, { low: 50, high: 120 })
  for (let cut = 1; cut < bytes.length; cut++) deepEqual(runIntake('hl7', atOnce(bytes, [cut])).commands, whole)
})

test('a connection that ends within a message, framed or bare, gives no other number than the whole message does, and none for a cut segment', () => {
  const rows = [obx('40^HR', '82', 'bpm'), obx('188^SPO2', '97', '%'), obx('100^T1', '36.5', 'C')]
  const framed = results(...rows)
  for (const bytes of [framed, framed.slice(1, -2)]) {
    const whole = numericsOf(runIntake('hl7', atOnce(bytes)).commands)
    deepEqual(whole.map((r) => r.value), [82, 97, 36.5])
    for (let length = 1; length < bytes.length; length++) {
      const cut = bytes.slice(0, length)
      const { commands, session } = runIntake('hl7', atOnce(cut))
      const found = numericsOf(commands)
      deepEqual(found, whole.slice(0, found.length), `cut after ${length} bytes`)
      const isAtSegmentEnd = cut.at(-1) === 0x0d
      const isBegun = session.figures().malformed + found.length > 0
      if (!isAtSegmentEnd && isBegun && cut.at(-1) !== 0x1c) deepEqual([found.length, session.figures().malformed], [0, 1])
    }
  }
})

test('every sentinel the field sends is no number; zero is one where it can be', () => {
  for (const sentinel of ['-999', '-99.9', '-1', '32767', '8388607', '-1000', '', '0']) {
    const { commands } = runIntake('hl7', atOnce(results(obx('150456^MDC_PULS_OXIM_SAT_O2^MDC', sentinel, '%'))))
    deepEqual([lastOf(commands, 'spo2')?.value, lastOf(commands, 'spo2')?.absent], [null, 'not-measured'], sentinel)
  }
  const asystole = runIntake('hl7', atOnce(results(obx('40^HR', '0', 'bpm')))).commands
  equal(lastOf(asystole, 'hr')?.value, 0, 'a heart rate of 0 is never hidden')
  const odd = runIntake('hl7', atOnce(results(obx('40^HR', '6O', 'bpm')))).commands
  equal(lastOf(odd, 'hr')?.absent, 'unreadable')
})

test('OBX-8 and OBX-11 say why there is no value', () => {
  const one = (status: string, result: string): string | null | undefined => {
    const { commands } = runIntake('hl7', atOnce(results(obx('40^HR', '60', 'bpm', ['', status, '', '', result]))))
    return lastOf(commands, 'hr')?.absent
  }
  deepEqual([one('NAV', 'X'), one('OFF', 'X'), one('INV', 'X'), one('', 'X'), one('', 'R'), one('N~INV', 'R')], [
    'not-measured', 'sensor-off', 'invalid', 'not-measured', null, 'invalid',
  ])
})

test('demo values and test messages say so on every reading', () => {
  const demo = runIntake('hl7', atOnce(results(obx('40^HR', '60', 'bpm', ['', 'DEMO'])))).commands
  equal(lastOf(demo, 'hr')?.quality, 'demo')
  ok(rulesOf(demo).includes('demo-mode'))
  const test1 = encodeHl7([MSH.map((field) => (field === 'P' ? 'T' : field)), obx('40^HR', '60', 'bpm')])
  equal(lastOf(runIntake('hl7', atOnce(test1)).commands, 'hr')?.quality, 'demo')
})

test('a code whose name contradicts it, an unknown code and an unexpected unit are counted, not shown', () => {
  const { commands, session } = runIntake('hl7', atOnce(results(
    obx('150456^MDC_TEMP^MDC', '97', '%'), obx('149522^MDC_PULS_RATE^MDC', '59', 'bpm'), obx('188740^MDC_TEMP^MDC', '37', 'C'),
    obx('150344^MDC_TEMP^MDC', '98.6', '266560^MDC_DIM_FAHR^MDC'),
  )))
  deepEqual(numericsOf(commands), [])
  deepEqual(session.figures().unknown, [
    ['OBX 149522^MDC_PULS_RATE: code not known', 1], ['OBX 150344^MDC_TEMP: unit not expected', 1],
    ['OBX 150456^MDC_TEMP: code and name contradict each other', 1], ['OBX 188740^MDC_TEMP: code not known', 1],
  ])
})

test('what is no message is told; too long a one is refused, and the next is read', () => {
  const long = encodeMllp(`MSH|^~\\&|A\r${'NTE|1||x\r'.repeat(MONITOR_MESSAGE_BYTES_MAX / 8)}`)
  const { commands, session } = runIntake('hl7', [
    { bytes: long.slice(0, 60_000), at: BENCH_START }, { bytes: long.slice(60_000), at: BENCH_START }, { bytes: encodeMllp('hello'), at: BENCH_START },
    { bytes: encodeMllp('MSH|^~\\&|A\r'), at: BENCH_START },
  ], false)
  deepEqual(rulesOf(commands), ['text-unreadable', 'text-unreadable', 'text-unreadable'])
  equal(session.figures().malformed, 3)
  const endless = runIntake('hl7', atOnce(encodeMllp('x'.repeat(FRAMELESS_HL7_BYTES_MAX))), false)
  deepEqual(rulesOf(endless.commands), ['text-unreadable', 'not-a-monitor'])
  const small = runIntake('hl7', atOnce(Uint8Array.from([...encodeMllp('hello'), ...encodeMllp('MSH|^~\\&|A\r'), ...results(obx('40^HR', '61', 'bpm'))])))
  deepEqual(rulesOf(small.commands), ['text-unreadable', 'text-unreadable', 'connection-over'])
  equal(lastOf(small.commands, 'hr')?.value, 61)
})

test('a message that is no result is counted by its type', () => {
  const { session } = runIntake('hl7', atOnce(encodeHl7([MSH.map((f) => (f === 'ORU^R01' ? 'ADT^A01' : f)), ['PID', '1']])))
  deepEqual(session.figures().unknown, [['message ADT^A01', 1]])
})

test('times: zones, fractions, and what is no time', () => {
  equal(hl7Time('20260105070000')?.at, BENCH_START)
  deepEqual(hl7Time('20260105070000.25+0200'), { at: BENCH_START - 7_200_000_000 + 250_000, hasZone: true })
  deepEqual(hl7Time('20260105')?.hasZone, false)
  for (const text of ['', 'x', '2026010507000', '20261305070000', '20260105070000+2', '3001', '0050']) equal(hl7Time(text), null, text)
})

test('escapes, repetitions and other delimiters are read', () => {
  const read = parseHl7(new TextEncoder().encode('MSH$*@#%$A\rPID$1$$X*Y@Z$a#S#b#X41#\r'))
  ok(!read.ok, 'MSH-9 is empty')
  const whole = parseHl7(new TextEncoder().encode('MSH$*@#%$A$$$$$$ADT*A01$7$P\rPID$1$$X*Y@Z$a#S#b#X41#\r'))
  ok(whole.ok)
  const pid = whole.value.segments[1]
  deepEqual([whole.value.type, pid?.text(3), pid?.text(3, 2), pid?.repetitions(3), pid?.text(4)], ['ADT^A01', 'X', 'Y', ['X', 'Z'], 'a*bA'])
})

test('any bytes in blocks: never a throw, never a number out of nothing', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (text) => {
    runIntake('hl7', atOnce(encodeMllp(`MSH|^~\\&|A|||||20260105||ORU^R01|1|P\rOBX|${text}`)))
  }), { numRuns: 300 })
})

test('sample messages of other makers: known numbers are read, the rest is counted', { skip: clinicalMissing }, () => {
  const read = (name: string) => {
    const text = fs.readFileSync(sharedClinical('hl7v2-pcd', name), 'utf8')
    return runIntake('hl7', atOnce(encodeMllp(text)))
  }
  const mindray = read('mindray-vs900-2019.hl7')
  deepEqual(numericsOf(mindray.commands).map((r) => [r.parameter, r.value]), [
    ['spo2', 99], ['pr', 94], ['nibp-sys', 147], ['nibp-mean', 109], ['nibp-dia', 90],
  ])
  equal(lastOf(mindray.commands, 'nibp-sys')?.times.device?.at, Date.UTC(2019, 11, 6, 11, 10, 16) * 1000, '24 minutes older than MSH-7')
  deepEqual(mindray.session.figures().unknown.map(([name]) => name), [
    'OBX 150488^MDC_BLD_PERF_INDEX: code not known', 'OBX 188496^MDC_TEMP_AXIL: code not known',
  ])
  const comen = read('comen-nc-monitor.hl7')
  equal(lastOf(comen.commands, 't1')?.value, 37)
  deepEqual(comen.session.figures().unknown.map(([name]) => name), ['OBX 149522^MDC_PULS_RATE: code not known'])
  equal(lastOf(read('ihe-tf-vol2-aware-gateway-2008.hl7').commands, 'hr')?.value, 60)
  equal(lastOf(read('mindray-egateway-ecg-resp.hl7').commands, 'rr')?.value, 17)
})

test('the twin\'s HL7 stream: five observations a message, all of them read', () => {
  const monitor = { bed: 7, admitted: false } as Parameters<typeof hl7Speech>[0]
  const speech = hl7Speech(monitor, new ImaginaryPatient(seededRng(5)), { cyclePeriodMicros: 1_000_000, jitterMicros: 0 } as Parameters<typeof hl7Speech>[2])
  const { commands, session } = runIntake('hl7', [0, 5, 10].map((n) => ({ bytes: speech.say('cycle-due', BENCH_START + n * 1e6), at: BENCH_START + n * 1e6 })))
  equal(numericsOf(commands).length, 15)
  deepEqual(numericsOf(commands).slice(0, 5).map((r) => r.parameter), ['hr', 'pr', 'spo2', 'rr', 't1'])
  ok(numericsOf(commands).every((r) => r.value !== null))
  deepEqual(session.figures().unknown, [])
})
