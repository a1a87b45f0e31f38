// Groups: conversations of one class per device and clinical function, counted as they come. A million rows make a few hundred groups.
// Keeps the bound of what is held: examples are few, sums are exact.

import type { ReplayClass, ReplayDevice, ReplayedConversation, ReplayGroup } from './model.ts'
import { deviceOf, functionOf, stoppedSentence } from './words.ts'

/** Shown per group: enough to recognise the machines, few enough to read. */
export const EXAMPLES_MAX = 5

type GroupClass = Exclude<ReplayClass, 'permitted'>

interface Growing {
  readonly class: GroupClass
  readonly device: ReplayDevice
  readonly function: string
  readonly sentence: string
  conversations: number
  flows: number
  bytes: number
  firstAt: number
  lastAt: number
  readonly examples: ReplayedConversation[]
}

/** Gathers what is not permitted. */
export class Groups {
  readonly #rows = new Map<string, Growing>()

  add(replayed: ReplayedConversation): void {
    if (replayed.class === 'permitted') return
    const { conversation: c } = replayed
    const device = deviceOf(c)
    const what = functionOf(c)
    const key = `${replayed.class}|${device.id ?? device.ip}|${what}`
    const row = this.#rows.get(key) ?? emptyRow(replayed, replayed.class, device, what)
    this.#rows.set(key, row)
    row.conversations++
    row.flows += c.flows
    row.bytes += c.bytes
    row.firstAt = Math.min(row.firstAt, c.firstAt)
    row.lastAt = Math.max(row.lastAt, c.lastAt)
    keepNewest(row.examples, replayed)
  }

  /** Beds first, by number, then the rest by name: the order of a ward's list. */
  of(wanted: GroupClass): readonly ReplayGroup[] {
    return [...this.#rows.values()].filter((row) => row.class === wanted).sort(byWard)
  }
}

function emptyRow(replayed: ReplayedConversation, of: GroupClass, device: ReplayDevice, what: string): Growing {
  const { conversation: c } = replayed
  return {
    class: of, device, function: what, sentence: stoppedSentence(c), conversations: 0, flows: 0, bytes: 0,
    firstAt: c.firstAt, lastAt: c.lastAt, examples: [],
  }
}

/** Newest first; a full list lets its oldest go. */
function keepNewest(examples: ReplayedConversation[], replayed: ReplayedConversation): void {
  const at = replayed.conversation.lastAt
  if (examples.length === EXAMPLES_MAX && at <= (examples.at(-1)?.conversation.lastAt ?? 0)) return
  const place = examples.findIndex((e) => e.conversation.lastAt < at)
  examples.splice(place < 0 ? examples.length : place, 0, replayed)
  if (examples.length > EXAMPLES_MAX) examples.pop()
}

function byWard(a: Growing, b: Growing): number {
  return compareDevices(a.device, b.device) || compare(a.function, b.function)
}

/** The order of a ward's list, whatever order the record has: beds by number, then the rest by name. */
export function compareDevices(a: ReplayDevice, b: ReplayDevice): number {
  const bed = (device: ReplayDevice): number => device.bed ?? Number.MAX_SAFE_INTEGER
  return bed(a) - bed(b) || compare(a.label, b.label) || compare(a.ip, b.ip)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
