// Guard: where the live twin may send: to loopback, or inside a network that Cordon made for it and whose every link it knows.
// Keeps the rule that invented patients reach no real network: each check is about what is there, not about what was intended.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { ipVersion, parseIp } from '../base/ip.ts'

/** One interface as `ip -j link` prints it. */
export interface LinkSight {
  readonly ifname: string
  readonly link_type: string
  readonly address?: string
  readonly flags?: readonly string[]
}

/** What can be seen of the network that this process is in. `own` and `first` are the texts of /proc/self/ns/net and /proc/1/ns/net. */
export interface NetworkSight {
  readonly own: string
  /** Null when it may not be read. */
  readonly first: string | null
  readonly links: readonly LinkSight[]
}

/** What the maker of a network says of it. */
export interface MadeNetwork {
  /** The text of /proc/self/ns/net where its maker stands. */
  readonly outer: string
  /** Hardware address of each link it made, by name; loopback is not among them. */
  readonly links: ReadonlyMap<string, string>
}

/** Loopback, and the tunnel ends that some kernels put into every new network: they are down. */
function isHarmless({ ifname, link_type, flags = [] }: LinkSight): boolean {
  return (ifname === 'lo' && link_type === 'loopback') || (link_type !== 'ether' && !flags.includes('UP'))
}

const ONLY = 'the live twin sends to 127.0.0.0/8, or inside a network namespace that Cordon made itself'

/** Why nothing may be sent to `target`, as one sentence, or null. `look` is asked only when the answer depends on it. */
export function targetProblem(target: string, made: MadeNetwork | null, look: () => NetworkSight): string | null {
  const parsed = parseIp(target)
  if (!parsed.ok) return `"${target}" is no address, and the live twin looks up no names: write an IPv4 address such as 127.0.0.1`
  if (ipVersion(parsed.value) !== 4) return `${target} is IPv6, and a CMS8000 speaks IPv4 only: write an address such as 127.0.0.1`
  if (parsed.value.startsWith('127.')) return null
  if (made === null) return `${target} may be somebody: ${ONLY}`
  const problem = networkProblem(made, look())
  return problem === null ? null : `${target} is not sent to: ${problem}; ${ONLY}`
}

function networkProblem(made: MadeNetwork, { own, first, links }: NetworkSight): string | null {
  if (!isNetwork(own) || !isNetwork(made.outer)) return 'it cannot be told which network this process is in'
  if (own === made.outer || own === first) return 'this process is in the machine\'s own network'
  const expected = new Map(made.links)
  for (const link of links.filter((l) => !isHarmless(l))) {
    const { ifname, address } = link
    if (address === undefined || expected.get(ifname) !== address) return `this network has the interface ${ifname}, which is none that was made for it`
    expected.delete(ifname)
  }
  return expected.size === 0 ? null : `this network lacks ${[...expected.keys()].join(', ')}`
}

function isNetwork(text: string): boolean {
  return /^net:\[\d+\]$/.test(text)
}

/** The network of this process. Throws when `ip` (package iproute2) is not here. */
export function seenNetwork(): NetworkSight {
  const links = JSON.parse(execFileSync('ip', ['-j', 'link', 'show'], { encoding: 'utf8' })) as readonly LinkSight[]
  return { own: fs.readlinkSync('/proc/self/ns/net'), first: firstNetwork(), links }
}

function firstNetwork(): string | null {
  try {
    return fs.readlinkSync('/proc/1/ns/net')
  } catch {
    return null
  }
}
