// CMS8000 session: one TCP flow -> facts. Which side is the monitor, which bed, whether a patient record passed, who else spoke.
// Keeps the rule that no vital sign and no patient text leaves: waves and numbers are never decoded here, only counted.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { FactBase } from '../facts.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { CMS_LENGTH_MIN, CMS_TOTAL_KEYS_MAX, CmsType, cmsKey } from './codes.ts'
import type { Cms8000Fact } from './facts.ts'
import { bedNumber, classifyCms, cmsSubtype } from './message.ts'
import { filledPatientFields, patientBed } from './patient.ts'
import { CmsShape } from './shape.ts'
import { CmsStream } from './stream.ts'

/** A fact without what every fact of this flow shares. */
type Unshared<F> = F extends Cms8000Fact ? Omit<F, keyof FactBase | 'protocol' | 'flowId' | 'monitorSide'> : never
type Teaching = Unshared<Cms8000Fact>

/** First payload of one direction: where and how much. */
interface FirstPayload extends FactBase {
  readonly bytes: number
}

/** Sub-types are u16, and one value more says "none". */
const SUBTYPES = 0x1_0001

/** Counted in place: a frame is one look-up. */
interface FrameCount {
  frames: number
}

const otherSide = (side: Direction): Direction => (side === 0 ? 1 : 0)

export class Cms8000Session implements Session {
  readonly #context: SessionContext
  /** The monitor's direction; null until frames show it, in a flow whose start was not captured. */
  #side: Direction | null
  readonly #streams: readonly [CmsStream, CmsStream]
  readonly #first: [FirstPayload | null, FirstPayload | null] = [null, null]
  #at: Micros = 0
  #streamTold = false
  #downstreamTold = false
  #bed = -1
  #unknownFrames = 0
  #malformedFrames = 0
  #cycles = 0
  readonly #shape: CmsShape
  /** By type, and sub-type plus one below it: a number per frame, no string. */
  readonly #counts = new Map<number, FrameCount>()

  constructor(context: SessionContext) {
    this.#context = context
    const midstream = context.flow.state === 'midstream'
    this.#side = midstream ? null : 0
    this.#shape = new CmsShape(!midstream)
    this.#streams = [this.#makeStream(0, midstream), this.#makeStream(1, midstream)]
  }

  #makeStream(direction: Direction, midstream: boolean): CmsStream {
    return new CmsStream({
      frame: (type, buf, off, end) => this.#onFrame(direction, type, buf, off, end),
      resync: (skipped) => this.#onResync(direction, skipped),
    }, midstream ? 'search' : 'step')
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    if (off >= end) return
    this.#at = at
    this.#first[direction] ??= { at, frame: this.#context.frame(), bytes: end - off }
    if (this.#side === null || this.#side === direction) this.#streams[direction].feed(buf, off, end)
    this.#tellDownstream()
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.#at = at
    if (this.#side !== null && this.#side !== direction) return
    this.#streams[direction].gap()
    this.#shape.interrupt()
  }

  end(at: Micros): void {
    this.#at = at
    if (this.#side !== null) this.#streams[this.#side].end()
    this.#teach({
      kind: 'totals',
      frames: this.#namedCounts(),
      unknownFrames: this.#unknownFrames,
      malformedFrames: this.#malformedFrames,
      cycles: this.#cycles,
      ...this.#shape.said(),
    })
  }

  #onResync(direction: Direction, skipped: number): void {
    if (this.#side === null) this.#choose(direction)
    if (this.#side !== direction) return
    this.#shape.interrupt()
    this.#teach({ kind: 'resync', skipped })
  }

  #onFrame(direction: Direction, type: number, buf: Uint8Array, off: number, end: number): void {
    if (this.#side === null) this.#choose(direction)
    if (this.#side !== direction) return
    const kind = classifyCms(type, buf, off, end)
    const subtype = cmsSubtype(type, buf, off, end)
    this.#count(type * SUBTYPES + subtype + 1, kind === 'known')
    if (kind === 'unknown') this.#unknownFrames += 1
    if (kind === 'malformed') this.#malformedFrames += 1
    if (kind !== 'known') return
    this.#shape.add(type, subtype, buf, off, end, this.#at)
    if (!this.#streamTold) this.#teach({ kind: 'stream', firstType: type })
    this.#streamTold = true
    if (type === CmsType.cycleEnd) this.#cycles += 1
    if (type === CmsType.bed) this.#onBed(bedNumber(buf, off))
    if (type === CmsType.patient) this.#onPatient(buf, off, end)
  }

  /** The side that shows a frame, or in a search its proven head, is the monitor. Of the other side nothing stays held. */
  #choose(direction: Direction): void {
    this.#side = direction
    this.#streams[otherSide(direction)].gap()
    // Here, not after the packet: the order of facts must not depend on where segments end.
    this.#tellDownstream()
  }

  /** Known keys always have room: there are fewer of them than CMS_TOTAL_KEYS_MAX, which bounds the unknown ones. */
  #count(key: number, known: boolean): void {
    const count = this.#counts.get(key)
    if (count !== undefined) count.frames++
    else if (known || this.#counts.size < CMS_TOTAL_KEYS_MAX) this.#counts.set(key, { frames: 1 })
  }

  #namedCounts(): [string, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b).map(([key, { frames }]) => [cmsKey(Math.floor(key / SUBTYPES), (key % SUBTYPES) - 1), frames])
  }

  #onBed(bed: number): void {
    if (bed === this.#bed) return
    this.#bed = bed
    this.#teach({ kind: 'bed', bed })
  }

  /** Bed 0 in a record is taken for "not set" [I], so that an empty record does not move the bed. */
  #onPatient(buf: Uint8Array, off: number, end: number): void {
    const bed = patientBed(buf, off)
    if (bed !== 0) this.#onBed(bed)
    this.#teach({ kind: 'patient', length: end - off + CMS_LENGTH_MIN, filled: filledPatientFields(buf, off) })
  }

  #tellDownstream(): void {
    if (this.#side === null || this.#downstreamTold) return
    const first = this.#first[otherSide(this.#side)]
    if (first === null) return
    this.#downstreamTold = true
    const { at, frame, bytes } = first
    this.#emit({ kind: 'downstream', bytes }, at, frame)
  }

  #teach(teaching: Teaching): void {
    this.#emit(teaching, this.#at, this.#context.frame())
  }

  #emit(teaching: Teaching, at: Micros, frame: number): void {
    const shared = { at, frame, protocol: 'cms8000', flowId: this.#context.flow.id, monitorSide: this.#side ?? 0 } as const
    this.#context.emit({ ...shared, ...teaching })
  }
}
