// Guard: nothing is sent unless this process is in a network of its own, and every link in it is the drill's.
// Keeps the rule "packets go only to namespaces that the drill made": each check is about what is there, not about what was intended.

import { LINK } from './core/scripts.ts'
import type { Layout } from './core/layout.ts'

/** One interface as `ip -j link` prints it. */
export interface LinkState {
  readonly ifname: string
  readonly link_type: string
  readonly address?: string
  readonly flags?: readonly string[]
}

/** Loopback, and the tunnel ends that some kernels put into every new network: they are down, and the drill brings none up. */
function isHarmless({ ifname, link_type, flags = [] }: LinkState): boolean {
  return (ifname === 'lo' && link_type === 'loopback') || (link_type !== 'ether' && !flags.includes('UP'))
}

/** Why this process may not build anything here, or null. `own` and `outer` are the texts of `/proc/self/ns/net`. */
export function networkProblem(own: string, outer: string, links: readonly LinkState[]): string | null {
  if (!/^net:\[\d+\]$/.test(own) || !/^net:\[\d+\]$/.test(outer)) return 'it cannot be told which network this process is in'
  if (own === outer) return 'this process is in the machine\'s own network'
  const others = links.filter((link) => !isHarmless(link)).map(({ ifname }) => ifname)
  return others.length === 0 ? null : `the network of this process already has ${others.join(', ')}`
}

/** Why nothing may be sent from a namespace, or null: besides loopback it must have exactly the drill's links, by name and hardware address. */
export function linksProblem(layout: Layout, namespace: string, links: readonly LinkState[]): string | null {
  const side = layout.sides.find(({ name }) => name === namespace)
  const expected = new Map<string, string>(side === undefined ? layout.sides.map(({ name, routerMac }) => [name, routerMac]) : [[LINK, side.mac]])
  for (const link of links) {
    const { ifname, address } = link
    if (isHarmless(link)) continue
    if (expected.get(ifname) !== address) return `${namespace} has the interface ${ifname}, which is none of the drill's`
    expected.delete(ifname)
  }
  return expected.size === 0 ? null : `${namespace} lacks ${[...expected.keys()].join(', ')}`
}
