// matrix: zones in order with the hospital's boundary between them, and the cell of each pair.
// Keeps the one picture of the console: inside left, the cordon line, outside right.

import type { Conversation, ZoneCell, ZoneMap } from '../../../src/console/api.ts'

type Zone = ZoneMap['zones'][number]

/** Clinical first, then the rest of the house; what is outside comes after the line. */
const KIND_ORDER: readonly Zone['kind'][] = ['medical', 'it', 'unzoned', 'group', 'external']

export interface Matrix {
  /** Both axes, inside zones first. */
  readonly zones: readonly Zone[]
  /** Index of the first zone beyond the hospital; `zones.length` when there is none. */
  readonly boundary: number
  /** null: nothing was seen between the two. */
  cell(from: string, to: string): ZoneCell | null
}

export function buildMatrix(map: ZoneMap): Matrix {
  const rank = (zone: Zone): number => KIND_ORDER.indexOf(zone.kind)
  const zones = [...map.zones].sort((a, b) => rank(a) - rank(b))
  const boundary = zones.findIndex((zone) => zone.kind === 'external')
  const cells = new Map(map.cells.map((cell) => [JSON.stringify([cell.from, cell.to]), cell]))
  return {
    zones,
    boundary: boundary < 0 ? zones.length : boundary,
    cell: (from, to) => cells.get(JSON.stringify([from, to])) ?? null,
  }
}

/** Whether a cell leads from inside to beyond the hospital. */
export function crosses(matrix: Matrix, from: string, to: string): boolean {
  const outside = new Set(matrix.zones.slice(matrix.boundary).map((zone) => zone.name))
  return outside.has(to) && !outside.has(from)
}

/** One row of the table beside the map: a direction between two zones with what the policy allows and what was seen. */
export interface ZonePair {
  readonly from: string
  readonly to: string
  /** Services of the conduits in this direction; empty means: deny. */
  readonly conduits: readonly string[]
  readonly cell: ZoneCell | null
}

/** Every direction that has a conduit, traffic or both; seen and denied first. */
export function zonePairs(map: ZoneMap): ZonePair[] {
  const keys = [...map.cells, ...map.conduits].map(({ from, to }) => JSON.stringify([from, to]))
  const matrix = buildMatrix(map)
  return [...new Set(keys)].map((key): ZonePair => {
    const [from = '', to = ''] = JSON.parse(key) as string[]
    const conduits = map.conduits.filter((c) => c.from === from && c.to === to).map((c) => c.service)
    return { from, to, conduits: [...new Set(conduits)], cell: matrix.cell(from, to) }
  }).sort((a, b) => (b.cell?.denied ?? -1) - (a.cell?.denied ?? -1))
}

/** What crosses the line: leaving conversations joined per sender and receiver, largest first. */
export interface Crossing {
  readonly key: string
  readonly from: Conversation['from']
  readonly to: Conversation['to']
  readonly services: readonly string[]
  readonly bytes: number
  readonly denied: boolean
}

export function crossings(conversations: readonly Conversation[]): Crossing[] {
  const groups = new Map<string, Conversation[]>()
  for (const c of conversations.filter((one) => one.leaves)) {
    const key = `${c.from.assetId ?? c.from.ip} ${c.to.ip}`
    groups.set(key, [...(groups.get(key) ?? []), c])
  }
  return [...groups].flatMap(([key, group]): Crossing[] => {
    const [first] = group
    if (!first) return []
    const services = [...new Set(group.map((c) => `${c.protocol ?? ''} ${c.transport}${c.port > 0 ? `/${c.port}` : ''}`.trim()))]
    const bytes = group.reduce((sum, c) => sum + c.bytes, 0)
    return [{ key, from: first.from, to: first.to, services, bytes, denied: group.some((c) => c.verdict === 'deny') }]
  }).sort((a, b) => Number(b.denied) - Number(a.denied) || b.bytes - a.bytes)
}
