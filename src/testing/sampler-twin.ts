// sampler-twin: the slow twin of the sampler: keeps every reading for ever and works out from all of them what is due.
// Keeps the decisions of docs/gateway-queue.md and nothing else: no running state but "sent up to here".

import { isNibp, type Reading } from '../gateway/core/intake/reading.ts'
import { PENDING_SAMPLES_MAX, URGENT_MICROS, WAVE_SLACK_MICROS, nextTurn, type SamplerOptions, type StoredReadings } from '../gateway/core/out/sampler.ts'

interface Seen {
  readonly key: string
  readonly at: number
  readonly said: string
  readonly readings: readonly Reading[]
}

/** Of one batch: per key, what leaves, in order. Waves as their samples. */
export interface TwinBatch {
  readonly device: string
  readonly dueAt: number
  readonly sent: ReadonlyMap<string, readonly (Reading | readonly number[])[]>
}

export class SamplerTwin {
  readonly #options: SamplerOptions
  readonly #seen = new Map<string, Seen[]>()
  readonly #sentUpTo = new Map<string, number>()

  constructor(options: SamplerOptions) {
    this.#options = options
  }

  take(record: StoredReadings): TwinBatch[] {
    const due = this.#due(record.device, record.at)
    const seen = this.#seen.get(record.device) ?? []
    seen.push(...this.#split(record))
    this.#seen.set(record.device, seen)
    return due
  }

  tick(now: number): TwinBatch[] {
    return [...this.#seen.keys()].flatMap((device) => this.#due(device, now))
  }

  #split({ at, bed, items }: StoredReadings): Seen[] {
    const keys = new Map<string, Reading[]>()
    const said = new Map<string, string>()
    for (const { reading, patient, trust, dataCheck } of items) {
      if (reading.kind === 'wave' && !this.#options.waveforms) continue
      const key = reading.kind === 'wave' ? reading.channel : isNibp(reading.parameter) ? 'cuff' : reading.parameter
      keys.set(key, [...(keys.get(key) ?? []), reading])
      const about = [patient?.key, bed, trust, dataCheck].join('|')
      said.set(key, `${said.get(key) ?? ''} ${about}|${own(reading, key).join('|')}`)
    }
    return [...keys].map(([key, readings]) => ({ key, at, said: said.get(key) ?? '', readings }))
  }

  #due(device: string, now: number): TwinBatch[] {
    const seen = this.#seen.get(device) ?? []
    const from = this.#sentUpTo.get(device) ?? 0
    const before = (i: number): Seen | undefined => seen.slice(0, i).findLast((one) => one.key === seen[i]?.key)
    const isRepeatedCuff = (i: number): boolean => seen[i]?.key === 'cuff' && before(i)?.said === seen[i]?.said
    const pending = seen.map((_, i) => i).filter((i) => i >= from && !isRepeatedCuff(i))
    const first = seen[pending[0] ?? -1]
    if (first === undefined) return []
    let dueAt = nextTurn(device, first.at, this.#options.everyMicros)
    let samples = 0
    for (const i of pending) {
      const one = seen[i] as Seen
      const [reading] = one.readings
      if (reading?.kind === 'wave') samples += reading.samples.length
      else if (before(i)?.said !== one.said) dueAt = Math.min(dueAt, one.at + URGENT_MICROS)
      if (samples > PENDING_SAMPLES_MAX) dueAt = Math.min(dueAt, one.at)
    }
    if (dueAt > now && dueAt <= now + Math.max(this.#options.everyMicros, URGENT_MICROS)) return []
    this.#sentUpTo.set(device, seen.length)
    const left = pending.map((i) => seen[i] as Seen)
    return [{ device, dueAt, sent: new Map([...new Set(left.map((one) => one.key))].map((key) => [key, runs(left.filter((one) => one.key === key))])) }]
  }
}

function own(reading: Reading, key: string): unknown[] {
  if (reading.kind === 'wave') return []
  const state = [reading.absent, reading.quality]
  return key === 'cuff' ? [...state, reading.value, reading.times.device?.at, reading.times.measured === null] : state
}

/** Of each run of the same words the last; of a wave all samples, in stretches without a hole. */
function runs(units: readonly Seen[]): (Reading | readonly number[])[] {
  const found: Seen[][] = []
  for (const unit of units) {
    const run = found.at(-1)
    const isSame = run !== undefined && run[0]?.said === unit.said && unit.key !== 'cuff' && isContinued(run, unit)
    if (isSame) run.push(unit)
    else found.push([unit])
  }
  return found.flatMap((run): readonly (Reading | readonly number[])[] => {
    const waves = run.flatMap((unit) => unit.readings.flatMap((r) => (r.kind === 'wave' ? [r] : [])))
    return waves.length > 0 ? [waves.flatMap((w) => [...w.samples])] : run.at(-1)?.readings ?? []
  })
}

function isContinued(run: readonly Seen[], unit: Seen): boolean {
  const pieces = [...run, unit].flatMap((one) => one.readings.flatMap((r) => (r.kind === 'wave' ? [r] : [])))
  const [first, last] = [pieces[0], pieces.at(-1)]
  if (first === undefined || last === undefined) return true
  const samples = pieces.slice(1).reduce((sum, piece) => sum + piece.samples.length, 0)
  const expected = first.times.received + (samples * 1_000_000) / last.rate
  return first.rate === last.rate && Math.abs(last.times.received - expected) <= WAVE_SLACK_MICROS
}
