// Tests of the ECG noise: with it a minute of the twin passes the gateway's data checks, without it the gateway tells a simulator.
// Keeps the rule that noise is an option: a ward that did not ask for it says the same bytes as before there was any.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../base/rng.ts'
import { MICROS_PER_SECOND } from '../base/time.ts'
import { FRESHNESS } from '../gateway/core/freshness/limits.ts'
import { GatewayCore } from '../gateway/core/gateway.ts'
import type { DataVerdict } from '../gateway/core/checks/evidence.ts'
import { castWard } from './core/cast.ts'
import { wardOptions } from './core/options.ts'
import { telemetrySpeech } from './core/speech.ts'
import { MonitorVoice } from './core/voice.ts'
import { playWard } from './core/ward.ts'
import { ECG_NOISE_MAX, ImaginaryPatient, MID_SCALE } from './core/waveform.ts'

const SECONDS = 60
const START = wardOptions().startAt

/** The verdict after a minute of one bed; and every verdict word on the way. */
function minuteOf(seed: number, steps: number): { last: DataVerdict; words: Set<string> } {
  const options = wardOptions({ seed, beds: 1 })
  const [monitor] = castWard(options).monitors
  assert.ok(monitor)
  const patient = new ImaginaryPatient(seededRng(seed), steps === 0 ? null : { rng: seededRng(seed + 1), steps })
  const speech = telemetrySpeech(new MonitorVoice(monitor, patient, seededRng(seed + 2)), options)
  const core = new GatewayCore({ leads: 'inferred', isPaced: false })
  core.handle({ kind: 'opened', connection: 1, device: 'bed', speaks: 'cms', at: START })
  const words = new Set<string>()
  for (let s = 0; s < SECONDS; s++) {
    const at = START + s * MICROS_PER_SECOND
    const buf = speech.say(speech.next(), at)
    for (const command of core.handle({ kind: 'bytes', connection: 1, buf, off: 0, end: buf.length, at })) {
      if (command.kind === 'data-check') words.add(command.verdict.word)
    }
  }
  const last = core.view('bed', START + SECONDS * MICROS_PER_SECOND, FRESHNESS)?.dataCheck
  assert.ok(last)
  return { last, words }
}

test('a minute with noise passes the data checks: OK, nothing differs, the repeat was looked for and the rates were counted', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    for (const steps of [1, 2, ECG_NOISE_MAX]) {
      const { last, words } = minuteOf(seed, steps)
      assert.equal(last.word, 'OK', `seed ${seed}, ${steps} steps: ${last.reasons.map((r) => r.why).join('; ')}`)
      for (const check of ['exact-repeat', 'lead-algebra', 'ecg-rate', 'pleth-rate'] as const) assert.ok(last.fits.includes(check), check)
      assert.deepEqual([...words].filter((word) => word !== 'OK'), [])
    }
  }
})

test('the same minute without noise is told as an exact copy: what the check is there for', () => {
  const repeats = [1, 2, 3, 4, 5].filter((seed) => minuteOf(seed, 0).last.reasons.some((r) => r.check === 'exact-repeat'))
  assert.ok(repeats.length > 0)
})

test('noise keeps III = II - I in every sample, stays off the rails, and leaves pleth, breath and every number as they were', () => {
  fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: ECG_NOISE_MAX }), (seed, steps) => {
    const plain = new ImaginaryPatient(seededRng(seed))
    const noisy = new ImaginaryPatient(seededRng(seed), { rng: seededRng(seed + 1), steps })
    for (let cycle = 0; cycle < 10; cycle++) {
      for (const patient of [plain, noisy]) patient.drift()
      const [a, b] = [plain.waves(1), noisy.waves(1)]
      assert.deepEqual([a.pleth, a.resp, plain.vitals()], [b.pleth, b.resp, noisy.vitals()])
      const [one, two, three] = b.ecg
      assert.ok(three.every((v, i) => v - MID_SCALE === (two[i] as number) - (one[i] as number)))
      assert.ok([one, two, three].every((lead) => lead.every((v) => v > 0 && v < 255)))
      for (const lead of [0, 1] as const) assert.ok(b.ecg[lead].every((v, i) => Math.abs(v - (a.ecg[lead][i] as number)) <= steps))
      assert.notDeepEqual(one, a.ecg[0])
    }
  }), { numRuns: 40 })
})

test('the same seed gives the same noise, and a written ward changes only when it asks for some', () => {
  const bytesOf = (wanted: { ecgNoise?: number }): string[] =>
    [...playWard(wardOptions({ beds: 1, durationSeconds: 12, ...wanted }))].map((f) => Buffer.from(f.bytes).toString('hex'))
  assert.deepEqual(bytesOf({ ecgNoise: 3 }), bytesOf({ ecgNoise: 3 }))
  assert.deepEqual(bytesOf({ ecgNoise: 0 }), bytesOf({}))
  assert.notDeepEqual(bytesOf({ ecgNoise: 3 }), bytesOf({}))
  assert.deepEqual(bytesOf({ ecgNoise: 3 }).map((frame) => frame.length), bytesOf({}).map((frame) => frame.length))
})
