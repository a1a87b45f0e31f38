// Routing: one table of one device cut into classes of destinations with the same next step, longest prefix first.
// Keeps "one routing table is not the network": which table is asked is decided by the rules of policy routing (flow.ts, walk.ts).

import { IP_BITS, type IpVersion } from '../../base/ip.ts'
import type { Route, ValueRange } from '../rules/model.ts'

/** What a routing table says of some destinations. */
export interface RouteClass {
  readonly ranges: readonly ValueRange[]
  /** The best routes, equal ones together (any of them may be taken). */
  readonly routes: readonly Route[]
}

interface Block extends ValueRange {
  readonly routes: readonly Route[]
}

/** Routes of one table as classes. Destinations that no route covers are in none. */
export function routeClasses(routes: readonly Route[], version: IpVersion): readonly RouteClass[] {
  const classes = new Map<string, { readonly ranges: ValueRange[]; readonly routes: readonly Route[] }>()
  for (const piece of pieces(blocks(routes, version))) {
    const key = piece.routes.map((route) => `${route.kind} ${route.nextHop} ${route.iface}`).join(' | ')
    const known = classes.get(key) ?? { ranges: [], routes: piece.routes }
    classes.set(key, known)
    known.ranges.push({ low: piece.low, high: piece.high })
  }
  return [...classes.values()]
}

/** One block per prefix with its best routes, outer blocks before inner ones. */
function blocks(routes: readonly Route[], version: IpVersion): readonly Block[] {
  const byPrefix = new Map<string, Route[]>()
  for (const route of routes) {
    if (route.version !== version) continue
    const key = `${route.network}/${route.length}`
    byPrefix.set(key, [...(byPrefix.get(key) ?? []), route])
  }
  const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...byPrefix.values()].map((list): Block => {
    const [first] = list as [Route]
    const best = Math.min(...list.map((route) => route.metric))
    const high = first.network | ((1n << BigInt(IP_BITS[version] - first.length)) - 1n)
    return { low: first.network, high, routes: list.filter((route) => route.metric === best) }
  }).sort((a, b) => compare(a.low, b.low) || compare(b.high, a.high))
}

/** Nested blocks as disjoint pieces, each with its innermost block's routes. */
function pieces(sorted: readonly Block[]): readonly Block[] {
  const found: Block[] = []
  const open: Block[] = []
  let next = 0n
  const emit = (high: bigint): void => {
    const top = open.at(-1)
    if (top !== undefined && high >= next) found.push({ low: next, high, routes: top.routes })
    if (high >= next) next = high + 1n
  }
  const close = (before: bigint): void => {
    for (let top = open.at(-1); top !== undefined && top.high < before; top = open.at(-1)) {
      emit(top.high)
      open.pop()
    }
  }
  for (const block of sorted) {
    close(block.low)
    emit(block.low - 1n)
    next = block.low
    open.push(block)
  }
  close(1n << 128n)
  return found
}
