// Coverage: which conduits can never decide because earlier ones of the same pair of zones take all their traffic.
// Exact, not syntactic: services are compared as sets of protocols and ports, so no false alarm (peers are known for those).

import { EVERY_PORT, normalisePortRanges, type PortRange } from '../../base/port-range.ts'
import type { Conduit, Service } from './model.ts'
import { hasPorts } from './services.ts'

/** What a list of services covers: everything, or per transport its ports (portless transports have every port). */
interface Cover {
  readonly everything: boolean
  readonly ranges: ReadonlyMap<string, readonly PortRange[]>
}

/** A conduit that never decides, and the earlier ones that take its traffic, in order. */
export interface Silenced {
  readonly conduit: Conduit
  readonly by: readonly Conduit[]
}

/** Pairs of zones with more conduits than this are not compared: the work grows with the square, and no one reads such a list. */
const COMPARED_MAX = 512

interface Covering {
  readonly conduit: Conduit
  readonly cover: Cover
}

/**
 * Conduits that no flow can reach, where at least one of those before it does the opposite. Redundant ones with the same action
 * are left alone: they change nothing and often document something.
 */
export function silencedConduits(conduits: readonly Conduit[], services: ReadonlyMap<string, Service>): readonly Silenced[] {
  const byPair = new Map<string, Covering[]>()
  const silenced: Silenced[] = []
  for (const conduit of conduits) {
    const pair = `${conduit.from} ${conduit.to}`
    const earlier = byPair.get(pair) ?? []
    byPair.set(pair, earlier)
    if (earlier.length >= COMPARED_MAX) continue
    const own = { conduit, cover: coverOf(conduit, services) }
    const by = coveredBy(own, earlier)
    if (by.some((other) => other.action !== conduit.action)) silenced.push({ conduit, by })
    earlier.push(own)
  }
  return silenced
}

/** The earlier conduits that share traffic with this one when together they cover all of it, else none. */
function coveredBy(own: Covering, earlier: readonly Covering[]): readonly Conduit[] {
  const sharing = earlier.filter((other) => sharesTraffic(own.cover, other.cover))
  const covered = isCovered(own.cover, union(sharing.map((other) => other.cover)))
  return covered ? sharing.map((other) => other.conduit) : []
}

function coverOf(conduit: Conduit, services: ReadonlyMap<string, Service>): Cover {
  const covers = conduit.services.map((name) => services.get(name)).filter((service) => service !== undefined).map(coverOfService)
  return union(covers)
}

function coverOfService(service: Service): Cover {
  const everyPort = [EVERY_PORT]
  const ranges = new Map(service.transports.map((transport) => [transport as string, hasPorts(transport) ? service.ports : everyPort]))
  return { everything: service.transports.includes('any'), ranges }
}

function union(covers: readonly Cover[]): Cover {
  const gathered = new Map<string, PortRange[]>()
  for (const [transport, ports] of covers.flatMap((cover) => [...cover.ranges])) {
    const list = gathered.get(transport) ?? []
    gathered.set(transport, list)
    list.push(...ports)
  }
  const ranges = new Map([...gathered].map(([transport, ports]) => [transport, normalisePortRanges(ports)]))
  return { everything: covers.some((cover) => cover.everything), ranges }
}

function isCovered(inner: Cover, outer: Cover): boolean {
  if (outer.everything) return true
  if (inner.everything) return false
  for (const [transport, ports] of inner.ranges) {
    const held = outer.ranges.get(transport) ?? []
    // Normalised ranges are disjoint and not touching, so a covered range lies within a single one.
    if (!ports.every((p) => held.some((h) => h.low <= p.low && p.high <= h.high))) return false
  }
  return true
}

function sharesTraffic(a: Cover, b: Cover): boolean {
  if (a.everything || b.everything) return true
  for (const [transport, ports] of a.ranges) {
    const other = b.ranges.get(transport) ?? []
    if (ports.some((p) => other.some((q) => p.low <= q.high && q.low <= p.high))) return true
  }
  return false
}
