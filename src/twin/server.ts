// Live ward: monitors that dial a central station over real sockets, each from an address of its own, with seeded faults, every byte counted.
// Keeps the rule that nothing is sent anywhere before the guard has looked: loopback, or a network that Cordon made, and nowhere else.

import { parseIp, ipFromValue, ipValue, type Ip } from '../base/ip.ts'
import { randomInt, type Rng } from '../base/rng.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { Micros } from '../base/time.ts'
import { u16le } from '../wire/bytes.ts'
import { newAccount, type BedAccount, type OnSent } from './account.ts'
import { castWard, type Monitor } from './core/cast.ts'
import { streamRng } from './core/chance.ts'
import { hl7Speech } from './core/hl7-speech.ts'
import { wardOptions, wardOptionsProblem, type WardOptions } from './core/options.ts'
import { telemetrySpeech } from './core/speech.ts'
import { MonitorVoice } from './core/voice.ts'
import { ImaginaryPatient } from './core/waveform.ts'
import { lineFaults, stormLeaving, type FaultName } from './faults.ts'
import { seenNetwork, targetProblem, type MadeNetwork, type NetworkSight } from './guard.ts'
import { LiveLine, type LiveLineSetup } from './live-line.ts'

/** An IPv4 address and a port. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface LiveOptions {
  /** What stands for the central station on 515 and the HL7 engine on 511; null for no HL7. */
  readonly target: { readonly telemetry: Endpoint; readonly hl7: Endpoint | null }
  /** Source address of bed 1; bed n dials from the one n - 1 further on. */
  readonly firstSource: string
  /** 1 to 64. */
  readonly beds: number
  readonly seed: number
  readonly faults: ReadonlySet<FaultName>
  readonly ecgNoise: number
  readonly cyclePeriodMicros: Micros
  /** Every so many beds one speaks HL7 as well. */
  readonly hl7Every: number
  /** Null: a storm now and then when it is among the faults. Else only when `storm` is called. */
  readonly stormEveryMs: readonly [number, number] | null
  /** Of the network this process is in, when Cordon made it. */
  readonly made: MadeNetwork | null
  readonly clock: () => Micros
  readonly onSent: OnSent | null
}

/** Steps of noise that a data check takes for a real amplifier's. */
export const LIVE_NOISE = 2
const STORM_EVERY_MS: readonly [number, number] = [8_000, 15_000]

export const LIVE_DEFAULTS = {
  firstSource: '127.77.0.1', beds: 12, seed: 1, faults: new Set<FaultName>(), ecgNoise: LIVE_NOISE, cyclePeriodMicros: wardOptions().cyclePeriodMicros,
  hl7Every: 4, stormEveryMs: STORM_EVERY_MS, made: null, onSent: null,
} as const

/** Why this ward may not live, as one sentence, or null. */
export function liveProblem(options: LiveOptions, look: () => NetworkSight = seenNetwork): string | null {
  const { target, firstSource, made } = options
  for (const { host, port } of [target.telemetry, ...(target.hl7 === null ? [] : [target.hl7])]) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return `a port is a whole number from 1 to 65535, not ${port}`
    const wrong = targetProblem(host, made, look)
    if (wrong !== null) return wrong
  }
  if (!parseIp(firstSource).ok) return `"${firstSource}" is no address to dial from`
  if (!(options.hl7Every >= 1)) return 'one bed in 1 or more speaks HL7'
  return wardOptionsProblem(wardOf(options))
}

function wardOf({ seed, beds, ecgNoise, cyclePeriodMicros }: LiveOptions): WardOptions {
  return wardOptions({ seed, beds, ecgNoise, cyclePeriodMicros, durationSeconds: Infinity })
}

/** Source address of bed `bed` (1 and up). */
export function sourceOf(firstSource: string, bed: number): Ip {
  const parsed = parseIp(firstSource)
  if (!parsed.ok) throw new Error(parsed.error)
  return ipFromValue(4, ipValue(parsed.value) + BigInt(bed - 1))
}

export class LiveWard {
  readonly #lines: LiveLine[] = []
  readonly #accounts: BedAccount[] = []
  readonly #rng: Rng
  readonly #stormEveryMs: readonly [number, number] | null
  #storms = 0
  #timer: NodeJS.Timeout | null = null

  private constructor(options: LiveOptions) {
    this.#rng = streamRng(options.seed, 'storms')
    this.#stormEveryMs = options.faults.has('storm') ? options.stormEveryMs : null
    for (const monitor of castWard(wardOf(options)).monitors) this.#addBed(options, monitor)
  }

  /** Looks, and starts the monitors within one period. An error says why nothing was sent. */
  static start(options: LiveOptions, look: () => NetworkSight = seenNetwork): Result<LiveWard> {
    const problem = liveProblem(options, look)
    if (problem !== null) return err(problem)
    const ward = new LiveWard(options)
    const spreadMs = Math.floor(options.cyclePeriodMicros / 1000)
    for (const line of ward.#lines) line.start(randomInt(ward.#rng, 0, spreadMs))
    ward.#nextStorm()
    return ok(ward)
  }

  /** All monitors leave at once and dial again at once. Returns how many were connected. */
  storm(): number {
    const up = this.#lines.filter((line) => line.isUp)
    for (const line of up) line.leave(stormLeaving(this.#rng))
    this.#storms++
    return up.length
  }

  get storms(): number {
    return this.#storms
  }

  /** Lines that are connected now. */
  get linesUp(): number {
    return this.#lines.filter((line) => line.isUp).length
  }

  /** As of now; connections that are still open are counted when they end. */
  accounts(): readonly BedAccount[] {
    return this.#accounts
  }

  /** Ends every connection in order; then the accounts are whole. */
  async stop(): Promise<readonly BedAccount[]> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    await Promise.all(this.#lines.map((line) => line.stop()))
    return this.#accounts
  }

  #nextStorm(): void {
    if (this.#stormEveryMs === null) return
    this.#timer = setTimeout(() => {
      this.storm()
      this.#nextStorm()
    }, randomInt(this.#rng, ...this.#stormEveryMs))
  }

  #addBed(options: LiveOptions, monitor: Monitor): void {
    const { target, seed, hl7Every } = options
    const account = newAccount(monitor.bed)
    this.#accounts.push(account)
    const chance = (name: string): Rng => streamRng(seed, `bed ${monitor.bed} ${name}`)
    const body = (): ImaginaryPatient => bodyOf(options, chance)
    const ward = wardOf(options)
    const base = { source: sourceOf(options.firstSource, monitor.bed), account, clock: options.clock, onSent: options.onSent }
    const line = (speaks: 'cms' | 'hl7'): Pick<LiveLineSetup, 'speaks' | 'rng' | 'fault'> =>
      ({ speaks, rng: chance(`live ${speaks}`), fault: lineFaults(options.faults, speaks, chance(`faults ${speaks}`)) })
    const voice = new MonitorVoice(monitor, body(), chance('voice'))
    this.#lines.push(new LiveLine({ ...base, ...line('cms'), ...target.telemetry, speech: telemetrySpeech(voice, ward), framesOf: cmsFrames }))
    if (target.hl7 === null || monitor.bed % hl7Every !== 0) return
    this.#lines.push(new LiveLine({ ...base, ...line('hl7'), ...target.hl7, speech: hl7Speech(monitor, body(), ward), framesOf: (bytes) => [bytes] }))
  }
}

/** The same chances for both streams: they tell of one body. */
function bodyOf({ ecgNoise }: LiveOptions, chance: (name: string) => Rng): ImaginaryPatient {
  return new ImaginaryPatient(chance('patient'), ecgNoise === 0 ? null : { rng: chance('noise'), steps: ecgNoise })
}

/** The frames of what a voice said: each begins with the length of what follows (facts cms8000 section 2). */
export function cmsFrames(bytes: Uint8Array): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let off = 0, end = 0; off < bytes.length; off = end) {
    end = off + u16le(bytes, off) + 2
    frames.push(bytes.subarray(off, end))
  }
  return frames
}
