// sent-and-stored: compares what a live ward sent with what a gateway stored, reading by reading: nothing missing, invented, doubled or crossed.
// Keeps the rule of the slow twin: what ought to be stored is made by feeding whole frames, in one piece, to a fresh intake of each connection.

import { createHash } from 'node:crypto'
import { CmsIntake } from '../gateway/core/intake/cms-intake.ts'
import { DeviceWatch } from '../gateway/core/intake/device-watch.ts'
import { Hl7Intake } from '../gateway/core/intake/hl7-intake.ts'
import type { Reading } from '../gateway/core/intake/reading.ts'
import type { OnSent } from '../twin/account.ts'

type Sent = Parameters<OnSent>[0]

/** How often each reading was sent or stored, by its key. */
type Bag = Map<string, number>

export interface Comparison {
  /** Readings sent for sure, those that may have been lost with their connection, and those stored. */
  readonly sure: number
  readonly unsure: number
  readonly stored: number
  /** Sent for sure and not stored, or less often than sent. */
  readonly missing: readonly string[]
  /** Stored for a bed that did not send it that often. */
  readonly invented: readonly string[]
  /** ECG stretches of one bed stored for another. */
  readonly crossed: readonly string[]
}

/** Everything of a reading but when it came. */
export function readingKey(reading: Reading): string {
  if (reading.kind === 'wave') return `${reading.channel} ${createHash('sha1').update(reading.samples).digest('base64')}`
  const { parameter, value, absent, quality, limits, times } = reading
  return `${parameter}=${value ?? absent} ${quality} ${limits === null ? '' : `${limits.low}..${limits.high}`} ${times.device?.at ?? ''}`
}

function add(bag: Bag, key: string, count = 1): void {
  bag.set(key, (bag.get(key) ?? 0) + count)
}

/** What a connection's frames mean, read without any fault. */
function readingsOf({ speaks, frames }: Sent): Reading[] {
  const found: Reading[] = []
  const sink = (command: { kind: string; readings?: readonly Reading[] }): void => void (command.kind === 'store' && found.push(...(command.readings ?? [])))
  const intake = speaks === 'cms' ? new CmsIntake('twin', new DeviceWatch(), sink) : new Hl7Intake('twin', new DeviceWatch(), sink)
  // A minute apart from each other: no quota of bytes is near.
  for (const [i, frame] of frames.entries()) intake.feed(frame, 0, frame.length, 60_000_000 * (i + 1))
  return found
}

export class SentAndStored {
  readonly #sure = new Map<number, Bag>()
  readonly #unsure = new Map<number, Bag>()
  readonly #stored = new Map<number, Bag>()

  readonly onSent: OnSent = (sent) => {
    const bag = bagOf(sent.isSure ? this.#sure : this.#unsure, sent.bed)
    for (const reading of readingsOf(sent)) add(bag, readingKey(reading))
  }

  store(bed: number, readings: readonly Reading[]): void {
    const bag = bagOf(this.#stored, bed)
    for (const reading of readings) add(bag, readingKey(reading))
  }

  compare(): Comparison {
    const beds = new Set([...this.#sure.keys(), ...this.#unsure.keys(), ...this.#stored.keys()])
    const [missing, invented, crossed]: [string[], string[], string[]] = [[], [], []]
    const owners = this.#owners()
    for (const bed of beds) {
      const [sure, unsure, stored] = [bagOf(this.#sure, bed), bagOf(this.#unsure, bed), bagOf(this.#stored, bed)]
      for (const [key, count] of sure) if ((stored.get(key) ?? 0) < count) missing.push(`bed ${bed}: ${key} sent ${count}, stored ${stored.get(key) ?? 0}`)
      for (const [key, count] of stored) {
        const most = (sure.get(key) ?? 0) + (unsure.get(key) ?? 0)
        if (count > most) invented.push(`bed ${bed}: ${key} sent at most ${most}, stored ${count}`)
        const owner = key.startsWith('ecg2 ') ? owners.get(key) : bed
        if (owner !== undefined && owner !== bed) crossed.push(`bed ${bed}: ${key} is of bed ${owner}`)
      }
    }
    return { sure: size(this.#sure), unsure: size(this.#unsure), stored: size(this.#stored), missing, invented, crossed }
  }

  /** Lead II with noise is unlike any other: whose it is. */
  #owners(): Map<string, number> {
    const owners = new Map<string, number>()
    for (const [bed, bag] of [...this.#sure, ...this.#unsure]) {
      for (const key of bag.keys()) if (key.startsWith('ecg2 ')) owners.set(key, bed)
    }
    return owners
  }
}

function bagOf(side: Map<number, Bag>, bed: number): Bag {
  const bag = side.get(bed) ?? new Map<string, number>()
  side.set(bed, bag)
  return bag
}

function size(side: ReadonlyMap<number, Bag>): number {
  let sum = 0
  for (const bag of side.values()) for (const count of bag.values()) sum += count
  return sum
}
