// Zones of a proposal: addresses with the same function and the same neighbours are one zone, so that zones allow no pair nobody earned.
// Keeps least privilege exact: two addresses share a zone only when every edge of the one is an edge of the other.

import { PREFIXES_PER_ZONE_MAX, ZONES_MAX } from '../language/zones.ts'
import { BUILT_IN_ZONES, DEFAULT_RULE } from '../language/model.ts'
import type { Edge, End } from './model.ts'

export interface ProposedZone {
  readonly name: string
  readonly ends: readonly End[]
}

export interface Zoning {
  readonly zones: readonly ProposedZone[]
  /** Zone name by end key; `group` is its own. */
  readonly zoneOf: ReadonlyMap<string, string>
  readonly exact: boolean
}

/** Half a conduit's name, its number left out: two halves, two numbers and the word between stay below 63. */
const SLUG_LENGTH_MAX = 20
const RESERVED: ReadonlySet<string> = new Set([...BUILT_IN_ZONES, DEFAULT_RULE, 'any', 'unknown', ''])

/** By neighbours; when that makes more zones than a policy may have, by function only, which is not exact. */
export function zonesOf(ends: ReadonlyMap<string, End>, edges: Iterable<Edge>): Zoning {
  const neighbours = new Map<string, string[]>()
  for (const { from, to, service } of edges) {
    for (const [end, text] of [[from, `>${to}|${service}`], [to, `<${from}|${service}`]] as const) {
      const list = neighbours.get(end) ?? []
      neighbours.set(end, list)
      list.push(text)
    }
  }
  const exact = group(ends, (end) => `${end.kind} ${end.function} ${(neighbours.get(end.key) ?? []).toSorted().join(' ')}`)
  if (exact.length <= ZONES_MAX) return zoning(exact, true)
  return zoning(group(ends, (end) => `${end.kind} ${end.function}`), false)
}

function group(ends: ReadonlyMap<string, End>, signature: (end: End) => string): readonly (readonly End[])[] {
  const groups = new Map<string, End[]>()
  for (const end of ends.values()) {
    const key = signature(end)
    const list = groups.get(key) ?? []
    groups.set(key, list)
    list.push(end)
  }
  return [...groups.values()].flatMap(chunks)
}

function chunks(ends: readonly End[]): readonly (readonly End[])[] {
  const count = Math.ceil(ends.length / PREFIXES_PER_ZONE_MAX)
  return Array.from({ length: count }, (_, i) => ends.slice(i * PREFIXES_PER_ZONE_MAX, (i + 1) * PREFIXES_PER_ZONE_MAX))
}

function zoning(groups: readonly (readonly End[])[], exact: boolean): Zoning {
  const used = new Map<string, number>()
  const zones = groups.map((ends): ProposedZone => {
    const slug = slugOf(ends[0] as End)
    const number = (used.get(slug) ?? 0) + 1
    used.set(slug, number)
    return { name: `${slug}-${number}`, ends }
  })
  const zoneOf = new Map<string, string>([['group', 'group']])
  for (const zone of zones) for (const end of zone.ends) zoneOf.set(end.key, zone.name)
  return { zones, zoneOf, exact }
}

function slugOf(end: End): string {
  if (end.kind === 'external') return 'outside'
  const slug = end.function.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, SLUG_LENGTH_MAX).replaceAll(/^[^a-z]+|-+$/g, '')
  return RESERVED.has(slug) ? 'device' : slug
}
