// CmsIntake: one TCP connection of a CMS8000 (ports 515 to 520): bytes in any split -> readings, counts and reasons.
// Keeps the rule that the gateway only listens: the session has no way to answer, and unknown frames are counted, never dropped unseen.

import { cmsKey } from '../../../protocols/cms8000/codes.ts'
import { decodeCms, type CmsMessage } from '../../../protocols/cms8000/message.ts'
import { CmsStream } from '../../../protocols/cms8000/stream.ts'
import { FRAMELESS_CMS_BYTES_MAX } from './bounds.ts'
import { cmsReadings } from './cms-readings.ts'
import type { CommandSink } from './command.ts'
import type { DeviceWatch } from './device-watch.ts'
import { Door } from './door.ts'
import type { DeviceId } from './reading.ts'
import { StreamIntake } from './stream-intake.ts'

/** Wording of status texts that two receivers handle (facts cms8000 2.1, 0x49), and what such texts are made of. */
const STATUS_WORDS: ReadonlySet<string> = new Set(
  `SPO2 T1 T2 ECG RESP NIBP CUFF SENSOR LEAD LEADS PROBE CABLE RA LA LL RL V C I II III AIR LEAK BATTERY LOW HIGH OFF ON NO NOT LOOSE FAIL
  FAILED ERROR FINGER SIGNAL WEAK NOISE SEARCH PULSE MODULE COMM STOP INIT OVER RANGE LIMIT`.trim().split(/\s+/),
)
const STATUS_WORDS_MAX = 8

export class CmsIntake extends StreamIntake {
  readonly #watch: DeviceWatch
  protected readonly stream: CmsStream
  #bed = -1

  constructor(device: DeviceId, watch: DeviceWatch, sink: CommandSink) {
    super(new Door(device, sink, FRAMELESS_CMS_BYTES_MAX))
    this.#watch = watch
    this.stream = new CmsStream({
      frame: (type, buf, off, end) => this.#onFrame(decodeCms(type, buf, off, end)),
      resync: (skipped) => this.#onResync(skipped),
    })
  }

  #onFrame(message: CmsMessage): void {
    const door = this.door
    if (door.isClosed) return
    if (message.kind === 'unknown') return this.#onUnknown(message.type, message.subtype)
    if (message.kind === 'malformed') return this.#onMalformed(message.type, message.subtype)
    door.frame()
    if (this.#watch.onFrame(this.at) !== null) door.log(this.at, 'note', 'feed-back', 'frames are received again')
    if (message.kind === 'cycle-end') this.#watch.onCycle(this.at)
    this.#onWords(message)
    door.readings(this.at, cmsReadings(message, this.at, this.#watch))
  }

  /** Messages that are told, not shown as numbers. Of a record only the names of its filled fields leave. */
  #onWords(message: CmsMessage): void {
    if (message.kind === 'bed') this.#onBed(message.bed)
    if (message.kind === 'patient') {
      if (message.bed !== 0) this.#onBed(message.bed)
      const fields = message.filled.length === 0 ? 'no field filled' : `filled: ${message.filled.join(', ')}`
      this.door.log(this.at, 'note', 'record-seen', `the monitor's own patient record was not passed on (${fields})`)
    }
    if (message.kind === 'status') this.door.log(this.at, 'note', 'status-text', statusWords(message.code, message.text.reveal()))
  }

  #onBed(bed: number): void {
    if (bed === this.#bed) return
    const before = this.#bed
    this.#bed = bed
    this.door.log(this.at, 'note', 'bed-changed', before < 0 ? `bed ${bed}` : `bed ${before} became bed ${bed}`)
  }

  /** An unknown type proves that the peer speaks the protocol: it is a frame for the byte budget, and news once per kind. */
  #onUnknown(type: number, subtype: number): void {
    const key = cmsKey(type, subtype)
    this.door.frame()
    if (this.door.unknown.add(key)) {
      this.door.log(this.at, 'note', 'frame-unknown', `type ${key} is not described anywhere; it is skipped by its length and counted`)
    }
  }

  #onMalformed(type: number, subtype: number): void {
    this.door.malformed += 1
    this.door.log(this.at, 'drop', 'frame-malformed', `a frame of type ${cmsKey(type, subtype)} is shorter than its fields`)
  }

  #onResync(skipped: number): void {
    this.door.resyncs += 1
    this.door.skippedBytes += skipped
    this.door.log(this.at, 'note', 'resync', `${skipped} bytes fitted no frame; the next frame was found behind them`)
  }
}

/** Words alone may be told that name a sensor or its state; a status with any other word is told by its length: it might hold anything. */
function statusWords(code: number, text: string): string {
  const words = text.toUpperCase().split(/[\s,.:/-]+/).filter((word) => word !== '')
  const isTechnical = words.length > 0 && words.length <= STATUS_WORDS_MAX && words.every((word) => STATUS_WORDS.has(word))
  return `technical status ${code}: ${isTechnical ? words.join(' ') : `a text of ${text.length} characters`}`
}
