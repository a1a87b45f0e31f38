// SlowBench: the check bench and the watch for repeats written plainly, with maps and arrays a reading: slow twins of gateway/core/checks.
// Keeps the rule that a clever engine has a slow twin: over any feed both must say the same evidence, word for word.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import {
  LAST_MICROS, PULSE_DIFFERENCE_MAX, RATE_DIFFERENCE_MAX, RATE_EVERY_MICROS, STEP_MAX, type BenchOptions,
} from '../gateway/core/checks/bench.ts'
import { checkAddressBinding, checkTcpContinuity, type LinkSight } from '../gateway/core/checks/continuity.ts'
import { cannotTell, dataVerdict, differs, fits, type CheckId, type DataVerdict, type Evidence } from '../gateway/core/checks/evidence.ts'
import { checkLeadAlgebra, checkPressureMean, checkPressureOrder, checkTemperatureDifference } from '../gateway/core/checks/invariants.ts'
import { heartRate, pulseRate, type RateReading } from '../gateway/core/checks/rate.ts'
import { REPEAT_SAMPLES, WINDOWS_KEPT } from '../gateway/core/checks/repeat.ts'
import { RATE_SECONDS } from '../gateway/core/checks/trace.ts'
import { compareTaps, type TapReport } from '../gateway/core/checks/two-tap.ts'
import type { Channel, Numeric, Parameter, Reading, Wave } from '../gateway/core/intake/reading.ts'

/** As in the engine. */
const STEP = 256
const WINDOW = REPEAT_SAMPLES - STEP
const MOVEMENT_MIN = 4
const [FACTOR_A, FACTOR_B] = [0x01000193, 0x5bd1e995]
const FRESH_MICROS = 10 * MICROS_PER_SECOND
const HISTORY_MAX = 70

/** a^n modulo 2^32. */
function power(a: number, n: number): number {
  let out = 1
  for (let i = 0; i < n; i++) out = Math.imul(out, a)
  return out
}

const [LEAVE_A, LEAVE_B] = [power(FACTOR_A, WINDOW), power(FACTOR_B, WINDOW)]

/** One channel of one device. Feed every sample in order; `gap` when some were lost. */
export class SlowRepeatWatch {
  readonly #ring = new Uint8Array(WINDOW)
  /** Sum of |steps| between neighbours in the window: nothing moves, nothing repeats. */
  #movement = 0
  #count = 0
  #total = 0
  #a = 0
  #b = 0
  /** Hash of a kept window to the number of its last sample. */
  readonly #kept = new Map<number, number>()
  #lastRepeat: { readonly at: number; readonly of: number } | null = null

  feed(samples: Uint8Array): void {
    for (const sample of samples) this.#push(sample)
  }

  /** Samples are missing: windows across the hole do not count. */
  gap(): void {
    this.#count = 0
    this.#a = this.#b = 0
    this.#movement = 0
  }

  /** Another patient, or a new connection after long: what was kept is forgotten. */
  clear(): void {
    this.gap()
    this.#kept.clear()
    this.#lastRepeat = null
  }

  /** Samples ago at which a repeat was last seen, and how far back its original lay; null for none. */
  get repeat(): { readonly samplesAgo: number; readonly distance: number } | null {
    const last = this.#lastRepeat
    return last === null ? null : { samplesAgo: this.#total - last.at, distance: last.at - last.of }
  }

  #push(sample: number): void {
    const slot = this.#total % WINDOW
    const leaving = this.#ring[slot] as number
    const previous = this.#ring[(slot + WINDOW - 1) % WINDOW] as number
    this.#ring[slot] = sample
    this.#a = (Math.imul(this.#a, FACTOR_A) + sample + 1) | 0
    this.#b = (Math.imul(this.#b, FACTOR_B) + sample + 1) | 0
    if (this.#count > 0) this.#movement += Math.abs(sample - previous)
    if (this.#count >= WINDOW) {
      this.#a = (this.#a - Math.imul(leaving + 1, LEAVE_A)) | 0
      this.#b = (this.#b - Math.imul(leaving + 1, LEAVE_B)) | 0
      this.#movement -= Math.abs((this.#ring[(slot + 1) % WINDOW] as number) - leaving)
    }
    this.#count = Math.min(WINDOW, this.#count + 1)
    this.#total += 1
    if (this.#count === WINDOW && this.#movement >= MOVEMENT_MIN) this.#compare()
  }

  #compare(): void {
    // 53 bits of the two hashes: a clash in ten minutes of one bed has a chance below one in a million million.
    const key = (this.#a >>> 0) * 0x20_0000 + ((this.#b >>> 0) >>> 11)
    const of = this.#kept.get(key)
    if (of !== undefined) this.#lastRepeat = { at: this.#total, of }
    if (this.#total % STEP !== 0 || of !== undefined) return
    this.#kept.set(key, this.#total)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > WINDOWS_KEPT && oldest !== undefined) this.#kept.delete(oldest)
  }
}

/** The channels whose waveform is counted; of the others no samples are kept. */
const COUNTED: readonly Channel[] = ['ecg2', 'pleth']

/** A ring of the last samples of one channel. */
class Trace {
  readonly #samples: Uint8Array
  #total = 0
  readonly rate: number

  constructor(rate: number) {
    this.rate = rate
    this.#samples = new Uint8Array(RATE_SECONDS * rate)
  }

  push(samples: Uint8Array): void {
    for (const sample of samples) this.#samples[this.#total++ % this.#samples.length] = sample
  }

  reset(): void {
    this.#total = 0
  }

  /** The whole window in order, or null while it is not full. */
  window(): Float64Array | null {
    if (this.#total < this.#samples.length) return null
    const start = this.#total % this.#samples.length
    const out = new Float64Array(this.#samples.length)
    out.set(this.#samples.subarray(start))
    out.set(this.#samples.subarray(0, start), this.#samples.length - start)
    return out
  }
}

/** Since when a difference lasts. */
class Lasting {
  #since: Micros | null = null

  /** True once `isOff` has held for LAST_MICROS. */
  judge(isOff: boolean, now: Micros): boolean {
    if (!isOff) this.#since = null
    else this.#since ??= now
    return this.#since !== null && now - this.#since >= LAST_MICROS
  }
}

/** As CheckBench: everything is judged anew whenever somebody asks. */
export class SlowBench {
  readonly #options: BenchOptions
  readonly #phaseMicros: Micros
  readonly #latest = new Map<Parameter, Numeric>()
  readonly #history = new Map<Parameter, { at: Micros; value: number }[]>()
  readonly #traces = new Map<Channel, Trace>()
  readonly #lastWaveAt = new Map<Channel, Micros>()
  readonly #repeat = new SlowRepeatWatch()
  readonly #lasting = new Map<CheckId, Lasting>()
  readonly #standing = new Map<CheckId, Evidence>()
  #rateAt: Micros | null = null
  #ecgSeconds = 0
  #links: readonly [LinkSight | null, LinkSight | null] = [null, null]
  #taps: Evidence = compareTaps(null, null)

  /** `phaseMicros` spreads the work of many beds over RATE_EVERY_MICROS. */
  constructor(options: BenchOptions, phaseMicros: Micros = 0) {
    this.#options = options
    this.#phaseMicros = phaseMicros
  }

  /** Readings of one frame, in order. */
  take(readings: readonly Reading[], now: Micros): void {
    for (const reading of readings) {
      if (reading.kind === 'wave') this.#takeWave(reading)
      else this.#takeNumeric(reading)
    }
    this.#checkLeads(readings)
    this.#checkNumbers(readings)
    this.#checkRates(now)
  }

  /** What a sensor saw of the device's link: the first sight is what later ones are compared with, until a person confirms another. */
  takeLink(sight: LinkSight, isConfirmed = false): void {
    this.#links = [isConfirmed ? sight : this.#links[0] ?? sight, sight]
  }

  takeTaps(atDevice: TapReport | null, atGateway: TapReport | null): void {
    this.#taps = compareTaps(atDevice, atGateway)
  }

  /** Another patient or a lost feed: only what is known of the link stays. */
  reset(): void {
    this.#latest.clear()
    this.#history.clear()
    for (const trace of this.#traces.values()) trace.reset()
    this.#lastWaveAt.clear()
    this.#repeat.clear()
    this.#lasting.clear()
    this.#standing.clear()
    this.#rateAt = null
    this.#ecgSeconds = 0
  }

  evidence(): readonly Evidence[] {
    const [before, now] = this.#links
    const isFirst = before === now
    return [
      this.#taps,
      checkAddressBinding(isFirst ? null : before, now),
      checkTcpContinuity(isFirst ? null : before, now),
      ...this.#standing.values(),
      repeatEvidence(this.#repeat, this.#traces.get('ecg2')?.rate ?? 256, this.#ecgSeconds),
    ]
  }

  verdict(): DataVerdict {
    return dataVerdict(this.evidence())
  }

  #stand(evidence: Evidence): void {
    this.#standing.set(evidence.check, evidence)
  }

  #takeWave(wave: Wave): void {
    const at = wave.times.received
    const before = this.#lastWaveAt.get(wave.channel)
    this.#lastWaveAt.set(wave.channel, at)
    const isGap = before !== undefined && at - before > 3 * MICROS_PER_SECOND
    if (COUNTED.includes(wave.channel)) this.#trace(wave, isGap)
    if (wave.channel !== 'ecg2') return
    if (isGap) this.#repeat.gap()
    this.#repeat.feed(wave.samples)
    this.#ecgSeconds += wave.samples.length / wave.rate
  }

  #trace(wave: Wave, isGap: boolean): void {
    const trace = this.#traces.get(wave.channel) ?? new Trace(wave.rate)
    this.#traces.set(wave.channel, trace)
    if (isGap) trace.reset()
    trace.push(wave.samples)
  }

  #takeNumeric(numeric: Numeric): void {
    this.#latest.set(numeric.parameter, numeric)
    const step = STEP_MAX[numeric.parameter]
    if (step === undefined || numeric.value === null) return
    const at = numeric.times.received
    const history = this.#history.get(numeric.parameter) ?? []
    while (history.length > HISTORY_MAX || (history[0]?.at ?? at) < at - MICROS_PER_MINUTE) history.shift()
    this.#history.set(numeric.parameter, history)
    history.push({ at, value: numeric.value })
    this.#stand(this.#stepEvidence())
  }

  #stepEvidence(): Evidence {
    for (const [parameter, history] of this.#history) {
      const values = history.map((entry) => entry.value)
      const step = Math.max(...values) - Math.min(...values)
      const most = STEP_MAX[parameter] ?? Number.POSITIVE_INFINITY
      if (step > most) return differs('rate-of-change', `${parameter} moved by ${Math.round(step)} within a minute`)
    }
    return fits('rate-of-change', 'no leap within a minute')
  }

  #checkLeads(readings: readonly Reading[]): void {
    const samples = (channel: Channel): Uint8Array | undefined => readings.flatMap((r) => (r.kind === 'wave' && r.channel === channel ? [r.samples] : []))[0]
    const [one, two, three] = [samples('ecg1'), samples('ecg2'), samples('ecg3')]
    if (one === undefined || two === undefined || three === undefined) return
    this.#stand(checkLeadAlgebra({ one, two, three, zero: 128, rails: [0, 255] }, this.#options.leads))
  }

  #checkNumbers(readings: readonly Reading[]): void {
    const names = new Set(readings.flatMap((r) => (r.kind === 'numeric' ? [r.parameter] : [])))
    const value = (parameter: Parameter): number | null => this.#latest.get(parameter)?.value ?? null
    if (names.has('td')) this.#stand(checkTemperatureDifference(value('t1'), value('t2'), value('td')))
    if (!names.has('nibp-sys')) return
    this.#stand(checkPressureOrder(value('nibp-sys'), value('nibp-mean'), value('nibp-dia')))
    this.#stand(checkPressureMean(value('nibp-sys'), value('nibp-mean'), value('nibp-dia')))
  }

  #checkRates(now: Micros): void {
    this.#rateAt ??= now - this.#phaseMicros
    if (now - this.#rateAt < RATE_EVERY_MICROS) return
    this.#rateAt = now
    const ecg = this.#options.isPaced ? null : this.#waveRate('ecg2', heartRate)
    const paced: RateReading = { perMinute: null, why: 'the patient is paced' }
    this.#compare('ecg-rate', 'the heart rate of the waveform', ecg ?? paced, this.#value('hr', now), RATE_DIFFERENCE_MAX, now)
    this.#compare('pleth-rate', 'the pulse of the pleth', this.#waveRate('pleth', pulseRate), this.#value('pr', now), RATE_DIFFERENCE_MAX, now)
    const pulse = this.#value('pr', now)
    const reading: RateReading = pulse === null ? { perMinute: null, why: 'there is no pulse rate' } : { perMinute: pulse, beats: 0, agreement: 1 }
    this.#compare('pulse-against-heart', 'the pulse rate', reading, this.#value('hr', now), PULSE_DIFFERENCE_MAX, now)
  }

  #waveRate(channel: Channel, judge: (samples: Float64Array, rate: number) => RateReading): RateReading {
    const trace = this.#traces.get(channel)
    const window = trace?.window() ?? null
    return trace === undefined || window === null ? { perMinute: null, why: `less than ${RATE_SECONDS} s of the trace` } : judge(window, trace.rate)
  }

  #value(parameter: Parameter, now: Micros): number | null {
    const numeric = this.#latest.get(parameter)
    return numeric === undefined || now - numeric.times.received > FRESH_MICROS ? null : numeric.value
  }

  #compare(check: CheckId, what: string, found: RateReading, reported: number | null, most: number, now: Micros): void {
    const lasting = this.#lasting.get(check) ?? new Lasting()
    this.#lasting.set(check, lasting)
    const difference = found.perMinute === null || reported === null ? null : Math.abs(found.perMinute - reported)
    const lasts = lasting.judge(difference !== null && difference > most, now)
    if (found.perMinute === null) this.#stand(cannotTell(check, found.why))
    else if (difference === null) this.#stand(cannotTell(check, 'the monitor reports no rate'))
    else if (lasts) this.#stand(differs(check, `${what} differs from the reported rate by ${Math.round(difference)} /min for 30 s`))
    else this.#stand(difference > most ? cannotTell(check, 'a difference that does not last yet') : fits(check, `${what} fits the reported rate`))
  }
}

function repeatEvidence(watch: SlowRepeatWatch, rate: number, seconds: number, forSeconds = 60): Evidence {
  const repeat = watch.repeat
  if (repeat !== null && repeat.samplesAgo <= forSeconds * rate) {
    const back = Math.round(repeat.distance / rate)
    return differs('exact-repeat', `5 s of the ECG are an exact copy of what came ${back} s before: replayed, frozen or a simulator`)
  }
  return seconds < 10 ? cannotTell('exact-repeat', 'less than 10 s of ECG were seen') : fits('exact-repeat', 'no 5 s of the ECG repeat')
}
