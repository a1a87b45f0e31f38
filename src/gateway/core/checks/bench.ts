// CheckBench: all data checks of one device over its running feed, and the verdict whenever it is asked.
// Keeps two rules: a deviation must last before it counts, and nothing of one patient's evidence outlives a change of assignment.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import type { Channel, Numeric, Parameter, Reading, Wave } from '../intake/reading.ts'
import { checkAddressBinding, checkTcpContinuity, type LinkSight } from './continuity.ts'
import { cannotTell, dataVerdict, differs, fits, type CheckId, type DataVerdict, type Evidence } from './evidence.ts'
import { checkLeadAlgebra, checkPressureMean, checkPressureOrder, checkTemperatureDifference } from './invariants.ts'
import { heartRate, pulseRate, type RateReading } from './rate.ts'
import { repeatEvidence, RepeatWatch } from './repeat.ts'
import { compareTaps, type TapReport } from './two-tap.ts'

/** Window of a waveform rate: three breaths and ten beats at 40 /min. */
export const RATE_SECONDS = 15
/** A rate is taken every so many seconds: two detectors over 15 s of 256 Hz for each bed, not more often. */
export const RATE_EVERY_MICROS = 10 * MICROS_PER_SECOND
/** Facts gateway E.3: differences that last this long are suspected. */
export const LAST_MICROS = 30 * MICROS_PER_SECOND
export const RATE_DIFFERENCE_MAX = 10
export const PULSE_DIFFERENCE_MAX = 15
/** Steps within a minute beyond everything seen in 1,890 numeric minutes (facts gateway E.3). */
export const STEP_MAX: Readonly<Partial<Record<Parameter, number>>> = { hr: 42, spo2: 6 }
/** Values older than this are not compared. */
const FRESH_MICROS = 10 * MICROS_PER_SECOND
/** Values of one parameter remembered for the step within a minute: one a second. */
const HISTORY_MAX = 70

export interface BenchOptions {
  /** Whether the ECG channels are known to be I, II, III (facts cms8000 2.3: not published). */
  readonly leads: 'known' | 'inferred' | 'unknown'
  /** Paced patients: the rate of the waveform is not compared (facts gateway E.4). */
  readonly isPaced: boolean
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

export class CheckBench {
  readonly #options: BenchOptions
  readonly #phaseMicros: Micros
  readonly #latest = new Map<Parameter, Numeric>()
  readonly #history = new Map<Parameter, { at: Micros; value: number }[]>()
  readonly #traces = new Map<Channel, Trace>()
  readonly #lastWaveAt = new Map<Channel, Micros>()
  readonly #repeat = new RepeatWatch()
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

  /** What a sensor saw of the device's link: the first sight is what later ones are compared with. */
  takeLink(sight: LinkSight): void {
    this.#links = [this.#links[0] ?? sight, sight]
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
