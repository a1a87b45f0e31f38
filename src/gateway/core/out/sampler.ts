// Sampler: stored readings of many devices in, parts of messages for one target out: the last of each numeric, every change, waves whole.
// Keeps two rules: nothing is told twice as if it were new, and after a kill the marks and a replay of stored readings give the same state.

import { MICROS_PER_SECOND, type Micros } from '../../../base/time.ts'
import type { Bed, PatientRef } from '../assignment/adt.ts'
import type { Trust } from '../checks/evidence.ts'
import type { GatewayCommand, OwnedReading } from '../gateway.ts'
import { isNibp, type DeviceId, type Reading, type Wave } from '../intake/reading.ts'
import { splitByOwner } from './message.ts'

/** What a change waits for: others of the same moment, which come in frames of their own within one cycle of a second. */
export const URGENT_MICROS = MICROS_PER_SECOND
/** Arrival of a wave may be off from its place in time by this much (the screen's own limit for a hole); beyond, it is another stretch. */
export const WAVE_SLACK_MICROS = MICROS_PER_SECOND
/** Samples gathered per device: about a minute of five channels. More make the batch due at once, so that memory stays small. */
export const PENDING_SAMPLES_MAX = 65_536

/** Content of one `store` command, as decoded from the readings store. */
export type StoredReadings = Omit<Extract<GatewayCommand, { kind: 'store' | 'publish' }>, 'kind'>

/** One message's worth: one owner, one bed, one trust, each parameter and channel at most once. */
export interface Part {
  readonly bed: Bed | null
  readonly patient: PatientRef | null
  readonly trust: Trust
  readonly readings: readonly Reading[]
}

/** What is known of a device after a batch: kept with the batch's messages, so that neither is ever without the other. */
export interface DeviceMark {
  readonly device: DeviceId
  /** Records of the device up to this one are in messages. */
  readonly seq: number
  /** What was last told of each value, without the value: JSON. Holds patient numbers. */
  readonly told: string
}

export interface DueBatch {
  readonly device: DeviceId
  readonly dueAt: Micros
  /** In the order of sending. */
  readonly parts: readonly Part[]
  readonly mark: DeviceMark
}

export interface SamplerOptions {
  readonly everyMicros: Micros
  readonly waveforms: boolean
}

/** A parameter, the cuff's three pressures, or a channel. */
type Key = string

/** What belongs together and is replaced together. */
interface Unit {
  readonly key: Key
  /** What is said of the value, apart from the value: another word here is a change. */
  readonly word: string
  readonly bed: Bed | null
  items: readonly OwnedReading[]
  /** Of a wave: its pieces, put together when it leaves. */
  pieces: Wave[]
  samples: number
}

interface Device {
  readonly id: DeviceId
  told: Map<Key, string>
  toldText: string
  markSeq: number
  /** Units since the last batch in order of their first reading. */
  kept: Unit[]
  latest: Map<Key, Unit>
  firstSeq: number
  lastSeq: number
  samples: number
  dueAt: Micros | null
}

export class Sampler {
  readonly #options: SamplerOptions
  readonly #devices = new Map<DeviceId, Device>()
  #seen: number

  /** `done`: no record up to it is needed any more; replay starts behind it. */
  constructor(options: SamplerOptions, done = 0, marks: Iterable<DeviceMark> = []) {
    this.#options = options
    this.#seen = done
    for (const mark of marks) this.#devices.set(mark.device, newDevice(mark.device, mark))
  }

  /** Takes one stored record, in order of `seq`. Gives what fell due before it: of this device only. */
  take(seq: number, stored: StoredReadings): readonly DueBatch[] {
    if (seq <= this.#seen) return []
    this.#seen = seq
    const device = this.#devices.get(stored.device) ?? this.#add(stored.device)
    if (seq <= device.markSeq) return []
    const due = this.#isDue(device, stored.at) ? [this.#flush(device)] : []
    this.#keep(device, seq, stored)
    return due
  }

  /** Time passes: batches of all devices that are due. */
  tick(now: Micros): readonly DueBatch[] {
    return [...this.#devices.values()].flatMap((device) => (this.#isDue(device, now) ? [this.#flush(device)] : []))
  }

  /** Further ahead than a whole window: the clock was set back, and waiting would be silence. */
  #isDue({ dueAt }: Device, now: Micros): boolean {
    return dueAt !== null && (dueAt <= now || dueAt > now + Math.max(this.#options.everyMicros, URGENT_MICROS))
  }

  /** Every record up to here is in a batch, or nothing of it was wanted. */
  get done(): number {
    let done = this.#seen
    for (const device of this.#devices.values()) if (device.dueAt !== null) done = Math.min(done, device.firstSeq - 1)
    return done
  }

  #add(id: DeviceId): Device {
    const device = newDevice(id, { device: id, seq: 0, told: '{}' })
    this.#devices.set(id, device)
    return device
  }

  #keep(device: Device, seq: number, stored: StoredReadings): void {
    const units = unitsOf(stored, this.#options.waveforms)
    let isKept = false
    let isUrgent = false
    for (const unit of units) {
      const before = device.latest.get(unit.key)
      const word = before?.word ?? device.told.get(unit.key)
      // A cuff measurement is an event: it is told once, not again in every window.
      if (unit.key === 'cuff' && word === unit.word) continue
      isKept = true
      if (unit.pieces.length === 0 && word !== unit.word) isUrgent = true
      if (before === undefined || !merge(before, unit)) {
        device.kept.push(unit)
        device.latest.set(unit.key, unit)
      }
      device.samples += unit.samples
    }
    if (!isKept) return
    if (device.dueAt === null) device.firstSeq = seq
    device.lastSeq = seq
    const regular = device.dueAt ?? nextTurn(device.id, stored.at, this.#options.everyMicros)
    device.dueAt = Math.min(regular, isUrgent ? stored.at + URGENT_MICROS : regular, device.samples > PENDING_SAMPLES_MAX ? stored.at : regular)
  }

  #flush(device: Device): DueBatch {
    const parts = partsOf(device.kept)
    let isChanged = false
    for (const unit of device.kept) {
      if (unit.pieces.length > 0 || device.told.get(unit.key) === unit.word) continue
      device.told.set(unit.key, unit.word)
      isChanged = true
    }
    if (isChanged) device.toldText = JSON.stringify(Object.fromEntries(device.told))
    const dueAt = device.dueAt ?? 0
    Object.assign(device, { kept: [], latest: new Map(), samples: 0, dueAt: null, markSeq: device.lastSeq })
    return { device: device.id, dueAt, parts, mark: { device: device.id, seq: device.lastSeq, told: device.toldText } }
  }
}

function newDevice(id: DeviceId, mark: DeviceMark): Device {
  const told = new Map(Object.entries(JSON.parse(mark.told) as Record<string, string>))
  return { id, told, toldText: mark.told, markSeq: mark.seq, kept: [], latest: new Map(), firstSeq: 0, lastSeq: mark.seq, samples: 0, dueAt: null }
}

/** End of the window that `at` is in. Each device has its own phase, so that a thousand beds do not send in the same moment. */
export function nextTurn(device: DeviceId, at: Micros, every: Micros): Micros {
  let hash = 0
  for (let i = 0; i < device.length; i++) hash = (Math.imul(hash, 31) + device.charCodeAt(i)) >>> 0
  const phase = Math.floor(((hash * 0.618033988749895) % 1) * every)
  return (Math.floor((at - phase) / every) + 1) * every + phase
}

function unitsOf({ bed, items }: StoredReadings, waveforms: boolean): Unit[] {
  const cuffs = new Map<string, OwnedReading[]>()
  const units: Unit[] = []
  let before: OwnedReading | null = null
  let about = ''
  for (const item of items) {
    const { reading } = item
    if (reading.kind === 'wave' && !waveforms) continue
    // Nearly always the same for all items of a record.
    if (before === null || !isSaidAlike(before, item)) about = wordsAbout(item, bed)
    before = item
    if (reading.kind === 'wave') {
      units.push({ key: reading.channel, word: about, bed, items: [item], pieces: [reading], samples: reading.samples.length })
    } else if (isNibp(reading.parameter)) {
      const one = `${about} ${reading.times.device?.at ?? '-'} ${reading.times.measured === null ? 'undated' : 'dated'}`
      const cuff = cuffs.get(one)
      if (cuff === undefined) cuffs.set(one, [item])
      else cuff.push(item)
    } else {
      const word = `${reading.value === null ? reading.absent ?? 'absent' : 'value'} ${reading.quality} ${about}`
      units.push({ key: reading.parameter, word, bed, items: [item], pieces: [], samples: 0 })
    }
  }
  return [...units, ...[...cuffs].map(([one, cuff]): Unit => ({ key: 'cuff', word: cuffWord(one, cuff), bed, items: cuff, pieces: [], samples: 0 }))]
}

function isSaidAlike(a: OwnedReading, b: OwnedReading): boolean {
  return a.patient?.key === b.patient?.key && a.trust === b.trust && a.dataCheck === b.dataCheck
}

function wordsAbout({ patient, trust, dataCheck }: OwnedReading, bed: Bed | null): string {
  return JSON.stringify([patient?.key ?? null, bed, trust, dataCheck])
}

/** The measurement itself, by the monitor's stamp and its numbers: two monitors' firmware may stamp to the minute only. */
function cuffWord(one: string, cuff: readonly OwnedReading[]): string {
  const numbers = cuff.map(({ reading }) => (reading.kind === 'numeric' ? `${reading.parameter}=${reading.value ?? reading.absent} ${reading.quality}` : ''))
  return `${one} ${numbers.join(' ')}`
}

/** False when both have to leave. */
function merge(before: Unit, unit: Unit): boolean {
  if (before.word !== unit.word || unit.key === 'cuff') return false
  const [piece] = unit.pieces
  if (piece === undefined) {
    before.items = unit.items
    return true
  }
  if (!continues(before, piece)) return false
  before.pieces.push(piece)
  before.samples += piece.samples.length
  return true
}

/** Whether a piece ends where the samples before it and its own say, counted from the first: neither holes nor drift are covered up. */
function continues(before: Unit, piece: Wave): boolean {
  const [first] = before.pieces
  if (first === undefined || first.rate !== piece.rate) return false
  const after = before.samples - first.samples.length + piece.samples.length
  return Math.abs(piece.times.received - first.times.received - (after * MICROS_PER_SECOND) / piece.rate) <= WAVE_SLACK_MICROS
}

/** As few messages as can be: a new one begins where a key would come twice or the bed is another, and each is split by owner. */
function partsOf(kept: readonly Unit[]): Part[] {
  const layers: Unit[][] = []
  let keys = new Set<Key>()
  for (const unit of kept) {
    const layer = layers.at(-1)
    if (layer === undefined || keys.has(unit.key) || layer[0]?.bed !== unit.bed) {
      layers.push([unit])
      keys = new Set()
    } else layer.push(unit)
    keys.add(unit.key)
  }
  return layers.flatMap((layer) => splitByOwner(layer.flatMap(itemsOf)).map((group) => ({ bed: layer[0]?.bed ?? null, ...group })))
}

function itemsOf(unit: Unit): readonly OwnedReading[] {
  const [item] = unit.items
  return unit.pieces.length > 1 && item !== undefined ? [{ ...item, reading: joined(unit.pieces) }] : unit.items
}

/** The last piece's time is the end of all. */
function joined(pieces: readonly Wave[]): Wave {
  const last = pieces[pieces.length - 1] as Wave
  const samples = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.samples.length, 0))
  let at = 0
  for (const piece of pieces) {
    samples.set(piece.samples, at)
    at += piece.samples.length
  }
  return { kind: 'wave', channel: last.channel, samples, rate: last.rate, times: last.times }
}
