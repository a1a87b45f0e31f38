// CheckBench: all data checks of one device over its running feed, and the verdict whenever it is asked.
// Keeps two rules: a deviation must last before it counts, and nothing of one patient's evidence outlives a change of assignment.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import { NumberRing } from '../intake/number-ring.ts'
import { PARAMETERS, PARAMETER_INDEX, type Numeric, type Parameter, type Reading, type Wave } from '../intake/reading.ts'
import { checkAddressBinding, checkTcpContinuity, type LinkSight } from './continuity.ts'
import { cannotTell, dataVerdict, differs, fits, type DataVerdict, type Evidence } from './evidence.ts'
import { checkLeadAlgebra, checkPressureMean, checkPressureOrder, checkTemperatureDifference } from './invariants.ts'
import { heartRate, pulseRate, type RateReading } from './rate.ts'
import { repeatEvidence, repeatSecondsBack, RepeatWatch } from './repeat.ts'
import { RATE_SECONDS, Trace } from './trace.ts'
import { compareTaps, type TapReport } from './two-tap.ts'

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
/** Samples a second when none has come yet. */
const ECG_RATE_USUAL = 256

export interface BenchOptions {
  /** Whether the ECG channels are known to be I, II, III (facts cms8000 2.3: not published). */
  readonly leads: 'known' | 'inferred' | 'unknown'
  /** Paced patients: the rate of the waveform is not compared (facts gateway E.4). For devices of which nothing else is said (`setPaced`). */
  readonly isPaced: boolean
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

  reset(): void {
    this.#since = null
  }
}

/** Values of one parameter within the last minute. */
class StepHistory {
  readonly parameter: Parameter
  readonly #most: number
  readonly #times = new NumberRing(HISTORY_MAX + 1)
  readonly #values = new NumberRing(HISTORY_MAX + 1)

  constructor(parameter: Parameter, most: number) {
    this.parameter = parameter
    this.#most = most
  }

  take(at: Micros, value: number): void {
    while (this.#times.oldest(at) < at - MICROS_PER_MINUTE) {
      this.#times.shift()
      this.#values.shift()
    }
    this.#times.push(at)
    this.#values.push(value)
  }

  /** The leap within the minute; null when there is none beyond the limit. */
  leap(): number | null {
    const step = this.#values.spread()
    return step > this.#most ? step : null
  }
}

/** Checks whose deviation must last. */
type RateCheck = 'ecg-rate' | 'pleth-rate' | 'pulse-against-heart'

/** One for all beds: found with every rate that does not leap. */
const NO_LEAP = fits('rate-of-change', 'no leap within a minute')
const NO_TAPS = compareTaps(null, null)
const NO_BINDING = checkAddressBinding(null, null)
const NO_CONTINUITY = checkTcpContinuity(null, null)
const PACED: RateReading = { perMinute: null, why: 'the patient is paced' }
const NO_PULSE: RateReading = { perMinute: null, why: 'there is no pulse rate' }
const SHORT_TRACE: RateReading = { perMinute: null, why: `less than ${RATE_SECONDS} s of the trace` }

export class CheckBench {
  readonly #options: BenchOptions
  #isPaced: boolean
  readonly #phaseMicros: Micros
  /** By PARAMETER_INDEX: the last value, NaN for none; then when each was received. Numbers only, so that no reading outlives its frame. */
  readonly #latest = new Float64Array(2 * PARAMETERS.length).fill(Number.NaN)
  /** In the order of their first value. */
  readonly #histories: StepHistory[] = []
  #ecg: Trace | null = null
  #pleth: Trace | null = null
  readonly #repeat = new RepeatWatch()
  readonly #lasting: Readonly<Record<RateCheck, Lasting>> = { 'ecg-rate': new Lasting(), 'pleth-rate': new Lasting(), 'pulse-against-heart': new Lasting() }
  /** In the order in which the checks first spoke. */
  readonly #standing: Evidence[] = []
  #repeatEvidence: Evidence | null = null
  #repeatBack = Number.NaN
  #rateAt: Micros | null = null
  #ecgSeconds = 0
  #firstLink: LinkSight | null = null
  #binding: Evidence = NO_BINDING
  #continuity: Evidence = NO_CONTINUITY
  #taps: Evidence = NO_TAPS
  /** The verdict over the evidence as it stands; null when some of it changed. */
  #verdict: DataVerdict | null = null

  /** `phaseMicros` spreads the work of many beds over RATE_EVERY_MICROS. */
  constructor(options: BenchOptions, phaseMicros: Micros = 0) {
    this.#options = options
    this.#isPaced = options.isPaced
    this.#phaseMicros = phaseMicros
  }

  /** Readings of one frame, in order. */
  take(readings: readonly Reading[], now: Micros): void {
    let [hasDifference, hasCuff] = [false, false]
    for (const reading of readings) {
      if (reading.kind === 'wave') this.#takeWave(reading)
      else {
        this.#takeNumeric(reading)
        if (reading.parameter === 'td') hasDifference = true
        if (reading.parameter === 'nibp-sys') hasCuff = true
      }
    }
    this.#checkLeads(readings)
    this.#checkNumbers(hasDifference, hasCuff)
    this.#checkRates(now)
  }

  /** Whether the patients at this device's bed are paced; from the next rate on. */
  setPaced(isPaced: boolean): void {
    this.#isPaced = isPaced
  }

  /** What a sensor saw of the device's link: the first sight, or the last one that a person confirmed, is what later ones are compared with. */
  takeLink(sight: LinkSight, isConfirmed = false): void {
    if (isConfirmed) this.#firstLink = sight
    const before = this.#firstLink === sight ? null : this.#firstLink
    this.#firstLink ??= sight
    this.#binding = checkAddressBinding(before, sight)
    this.#continuity = checkTcpContinuity(before, sight)
    this.#verdict = null
  }

  takeTaps(atDevice: TapReport | null, atGateway: TapReport | null): void {
    this.#taps = compareTaps(atDevice, atGateway)
    this.#verdict = null
  }

  /** Another patient or a lost feed: only what is known of the link stays. */
  reset(): void {
    this.#latest.fill(Number.NaN)
    this.#histories.length = 0
    this.#ecg?.forget()
    this.#pleth?.forget()
    this.#repeat.clear()
    for (const lasting of Object.values(this.#lasting)) lasting.reset()
    this.#standing.length = 0
    this.#rateAt = null
    this.#ecgSeconds = 0
    this.#verdict = null
  }

  evidence(): readonly Evidence[] {
    return [this.#taps, this.#binding, this.#continuity, ...this.#standing, this.#repeats()]
  }

  /** The same object until some evidence changes. */
  verdict(): DataVerdict {
    this.#repeats()
    this.#verdict ??= dataVerdict(this.evidence())
    return this.#verdict
  }

  /** Made anew only when it says something else: how long ago a repeat was is told by time alone. */
  #repeats(): Evidence {
    const rate = this.#ecg?.rate ?? ECG_RATE_USUAL
    const back = repeatSecondsBack(this.#repeat, rate, this.#ecgSeconds)
    if (this.#repeatEvidence === null || back !== this.#repeatBack) {
      this.#repeatEvidence = repeatEvidence(this.#repeat, rate, this.#ecgSeconds)
      this.#repeatBack = back
      this.#verdict = null
    }
    return this.#repeatEvidence
  }

  #stand(evidence: Evidence): void {
    const place = this.#standing.findIndex((before) => before.check === evidence.check)
    const before = this.#standing[place]
    if (before === evidence || (before?.result === evidence.result && before.why === evidence.why)) return
    if (before === undefined) this.#standing.push(evidence)
    else this.#standing[place] = evidence
    this.#verdict = null
  }

  /** Only of the second ECG channel and of the pleth samples are kept: those are counted. */
  #takeWave(wave: Wave): void {
    if (wave.channel === 'pleth') {
      this.#pleth ??= new Trace(wave.rate)
      this.#pleth.take(wave.samples, wave.times.received)
    }
    if (wave.channel !== 'ecg2') return
    this.#ecg ??= new Trace(wave.rate)
    if (this.#ecg.take(wave.samples, wave.times.received)) this.#repeat.gap()
    this.#repeat.feed(wave.samples)
    this.#ecgSeconds += wave.samples.length / wave.rate
  }

  #takeNumeric(numeric: Numeric): void {
    const place = PARAMETER_INDEX[numeric.parameter]
    this.#latest[place] = numeric.value ?? Number.NaN
    this.#latest[PARAMETERS.length + place] = numeric.times.received
    const most = STEP_MAX[numeric.parameter]
    if (most === undefined || numeric.value === null) return
    this.#history(numeric.parameter, most).take(numeric.times.received, numeric.value)
    this.#stand(this.#stepEvidence())
  }

  #history(parameter: Parameter, most: number): StepHistory {
    for (const history of this.#histories) if (history.parameter === parameter) return history
    const made = new StepHistory(parameter, most)
    this.#histories.push(made)
    return made
  }

  #stepEvidence(): Evidence {
    for (const history of this.#histories) {
      const leap = history.leap()
      if (leap !== null) return differs('rate-of-change', `${history.parameter} moved by ${Math.round(leap)} within a minute`)
    }
    return NO_LEAP
  }

  #checkLeads(readings: readonly Reading[]): void {
    let one: Uint8Array | null = null
    let two: Uint8Array | null = null
    let three: Uint8Array | null = null
    for (const reading of readings) {
      if (reading.kind !== 'wave') continue
      if (reading.channel === 'ecg1') one ??= reading.samples
      else if (reading.channel === 'ecg2') two ??= reading.samples
      else if (reading.channel === 'ecg3') three ??= reading.samples
    }
    if (one === null || two === null || three === null) return
    this.#stand(checkLeadAlgebra({ one, two, three, zero: 128, rails: [0, 255] }, this.#options.leads))
  }

  #checkNumbers(hasDifference: boolean, hasCuff: boolean): void {
    const value = (parameter: Parameter): number | null => this.#value(parameter, Number.NEGATIVE_INFINITY)
    if (hasDifference) this.#stand(checkTemperatureDifference(value('t1'), value('t2'), value('td')))
    if (!hasCuff) return
    this.#stand(checkPressureOrder(value('nibp-sys'), value('nibp-mean'), value('nibp-dia')))
    this.#stand(checkPressureMean(value('nibp-sys'), value('nibp-mean'), value('nibp-dia')))
  }

  #checkRates(now: Micros): void {
    this.#rateAt ??= now - this.#phaseMicros
    if (now - this.#rateAt < RATE_EVERY_MICROS) return
    this.#rateAt = now
    const [heart, pulse] = [this.#value('hr', now), this.#value('pr', now)]
    const ecg = this.#isPaced ? PACED : waveRate(this.#ecg, heartRate)
    this.#compare('ecg-rate', 'the heart rate of the waveform', ecg, heart, RATE_DIFFERENCE_MAX, now)
    this.#compare('pleth-rate', 'the pulse of the pleth', waveRate(this.#pleth, pulseRate), pulse, RATE_DIFFERENCE_MAX, now)
    const reading: RateReading = pulse === null ? NO_PULSE : { perMinute: pulse, beats: 0, agreement: 1 }
    this.#compare('pulse-against-heart', 'the pulse rate', reading, heart, PULSE_DIFFERENCE_MAX, now)
  }

  /** The last value if it is fresh at `now`; however old before the beginning of time. */
  #value(parameter: Parameter, now: Micros): number | null {
    const place = PARAMETER_INDEX[parameter]
    const value = this.#latest[place] as number
    return Number.isNaN(value) || now - (this.#latest[PARAMETERS.length + place] as number) > FRESH_MICROS ? null : value
  }

  #compare(check: RateCheck, what: string, found: RateReading, reported: number | null, most: number, now: Micros): void {
    const difference = found.perMinute === null || reported === null ? null : Math.abs(found.perMinute - reported)
    const lasts = this.#lasting[check].judge(difference !== null && difference > most, now)
    if (found.perMinute === null) this.#stand(cannotTell(check, found.why))
    else if (difference === null) this.#stand(cannotTell(check, 'the monitor reports no rate'))
    else if (lasts) this.#stand(differs(check, `${what} differs from the reported rate by ${Math.round(difference)} /min for 30 s`))
    else this.#stand(difference > most ? cannotTell(check, 'a difference that does not last yet') : fits(check, `${what} fits the reported rate`))
  }
}

function waveRate(trace: Trace | null, judge: (samples: Float64Array, rate: number) => RateReading): RateReading {
  const window = trace?.window() ?? null
  return trace === null || window === null ? SHORT_TRACE : judge(window, trace.rate)
}
