// Static routes of an SRX (`routing-options static`), main table and routing instances.
// Keeps "only what the text says": interface routes come from the addresses on interfaces and are not invented here.

import { ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { Route } from '../../rules/model.ts'
import { prefixRange, prefixText } from '../zone-based/ranges.ts'
import type { Tree } from '../zone-based/tree.ts'

/** Default preference of a static route in Junos. */
const PREFERENCE = 5

export function staticRoutes(tree: Tree): Route[] {
  const main = [...tree.list('routing-options', 'static', 'route'), ...tree.list('routing-options', 'rib', 'inet6.0', 'static', 'route')]
    .flatMap((r) => routeOf(r, 'main'))
  const instances = tree.list('routing-instances').flatMap((instance) =>
    instance.list('routing-options', 'static', 'route').flatMap((r) => routeOf(r, instance.word)))
  return [...main, ...instances]
}

function routeOf(node: Tree, table: string): Route[] {
  const found = prefixRange(node.word)
  const length = found ? prefixText(found.version, found.range)?.split('/')[1] : undefined
  if (!found || length === undefined) return []
  const metric = Number(node.value('preference') ?? PREFERENCE)
  const base = { version: found.version, network: found.range.low, length: Number(length), iface: null, metric, table, line: node.line }
  if (node.child('discard')) return [{ ...base, kind: 'blackhole', nextHop: null }]
  if (node.child('reject')) return [{ ...base, kind: 'unreachable', nextHop: null }]
  const hops = [
    ...node.values('next-hop').map((hop) => ({ hop, preference: metric })),
    ...node.list('qualified-next-hop').map((q) => ({ hop: q.word, preference: Number(q.value('preference') ?? metric) })),
  ]
  return hops.map(({ hop, preference }) => {
    const parsed = parseIp(hop)
    const nextHop = parsed.ok && ipVersion(parsed.value) === found.version ? ipValue(parsed.value) : null
    return { ...base, kind: 'via' as const, nextHop, metric: preference }
  })
}
