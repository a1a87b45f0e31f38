// Blind spots: what this view cannot show, in sentences. Keeps S4: twenty minutes of capture cannot make a green tick.

import { MICROS_PER_MINUTE, type Micros } from '../base/time.ts'
import { count, spanText } from './words.ts'

export interface Coverage {
  readonly firstAt: Micros | null
  readonly lastAt: Micros | null
  readonly packets: number
  readonly arpFrames: number
  readonly ipPackets: number
  /** The file or the sensor lost packets, or a table was full. */
  readonly lost: number
  readonly damaged: boolean
  /** Frames cut by the capture's own limit. */
  readonly cutFrames: number
  /** Assets no profile recognises. */
  readonly unidentifiedAssets: number
  readonly fragmentsOfUnknownLinks: number
}

const MINUTES_PER_DAY = 24 * 60
const MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY

/** Sentences, gravest first. Never empty: no capture shows everything. */
export function blindSpots(c: Coverage): string[] {
  const rows: readonly (readonly [boolean, () => string])[] = [
    [c.packets === 0, () => 'There is not a single readable packet in it: nothing can be said about any device.'],
    [c.damaged, () => 'The file is damaged or cut short: what came after the fault is missing from every page.'],
    [c.lost > 0, () => `Lost on the way: at least ${count(c.lost, 'packet or record', 'packets or records')}; a device or a connection can be missing.`],
    [c.packets > 0, () => coverageSentence(c)],
    [c.ipPackets > 0 && c.arpFrames === 0, () => 'No ARP in it: which card owns which address, and whether somebody poses as another, cannot be judged.'],
    [c.cutFrames > 0, () => `Stored cut off by the capture's size limit: ${count(c.cutFrames, 'packet')}; content beyond the cut was not read.`],
    [c.fragmentsOfUnknownLinks > 0, () => `Not decoded, for their link type: ${count(c.fragmentsOfUnknownLinks, 'frame')}.`],
    [c.unidentifiedAssets > 0, () => `${count(c.unidentifiedAssets, 'asset')} showed nothing that names the model; a bedside device can be among them.`],
    [true, () => 'Encrypted traffic, Wi-Fi between devices and anything on other switch ports is not in view.'],
  ]
  return rows.filter(([holds]) => holds).map(([, sentence]) => sentence())
}

function coverageSentence(c: Coverage): string {
  const minutes = ((c.lastAt ?? 0) - (c.firstAt ?? 0)) / MICROS_PER_MINUTE
  const span = spanText((c.lastAt ?? 0) - (c.firstAt ?? 0))
  if (minutes >= MINUTES_PER_WEEK) return `It covers ${span}: what happens less often than that is not in it.`
  const missing = minutes < MINUTES_PER_DAY ? 'other shifts, nights, weekends and rare events' : 'weekends and rare events'
  return `It covers ${span}: ${missing} are not in it, and a device that was silent or switched off is not either.`
}
