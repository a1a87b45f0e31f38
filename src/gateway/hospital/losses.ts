// Losses: what a person must still know after it is over: readings that were never stored, and updates in the middle of which a process ended.
// Keeps the rule that nothing is dropped in silence: the words stay until the gateway is started anew, or the update is known to be whole.

import { formatMicros, type Micros } from '../../base/time.ts'
import type { AuditRecord } from '../core/update/audit.ts'
import type { AuditFile } from './audit-file.ts'
import type { Notices } from './notices.ts'

const clock = (at: Micros): string => `${formatMicros(at).slice(0, 16).replace('T', ' ')} UTC`

export class Losses {
  readonly #notices: Notices
  readonly #audit: AuditFile
  /** Frames of monitors since the start, and of the stretch that goes on. */
  #frames = 0
  #stretch: { readonly from: Micros; frames: number; code: string } | null = null
  /** Monitors that mounted a release and did not end it, by permit. */
  readonly #copying = new Map<string, AuditRecord>()

  constructor(notices: Notices, audit: AuditFile) {
    this.#notices = notices
    this.#audit = audit
  }

  notStored(frames: number, code: string, at: Micros): void {
    this.#stretch ??= { from: at, frames: 0, code }
    this.#stretch.frames += frames
    this.#stretch.code = code
    this.#frames += frames
    this.#notices.set('readings', `Readings are NOT STORED (${code}): check the disk of the data folder.`)
  }

  /** The audit hears of it when its disk takes lines again. */
  stored(at: Micros): void {
    if (this.#stretch === null) return
    const { from, frames, code } = this.#stretch
    this.#stretch = null
    this.#audit.write(at, 'readings-lost', { frames, from: formatMicros(from), code })
    this.#notices.set('readings', null)
    const what = `${this.#frames} frames of monitors were NOT STORED and are in no message`
    this.#notices.set('readings-lost', `${what}: last from ${clock(from)} to ${clock(at)} (${code}).`)
  }

  update(record: AuditRecord): void {
    const { kind, permitId, ip } = record
    if (permitId === null) return
    if (kind === 'mount-granted') this.#copying.set(permitId, record)
    if (kind === 'release-complete' || kind === 'window-closed') this.#copying.delete(permitId)
    if (kind === 'release-complete') this.#notices.set(`interrupted ${ip}`, null)
  }

  /** What was counted of a copy went with the process: nobody can say that the monitor holds a whole program. */
  segmentDown(at: Micros): void {
    for (const { ip, permitId, releaseId, deviceId } of this.#copying.values()) {
      this.#audit.write(at, 'update-interrupted', { severity: 'alarm', ip, deviceId, permitId, releaseId })
      const why = `the process that served it ended (permit ${permitId})`
      this.#notices.set(`interrupted ${ip}`, `The monitor at ${ip} may hold HALF A PROGRAM: ${why}. Do not restart it.`)
    }
    this.#copying.clear()
  }
}
