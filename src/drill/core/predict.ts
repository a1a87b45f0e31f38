// Predict: what becomes of one packet in one phase: the policy's verdict by the slow interpreter, then what routers forward, then the route.
// Keeps "prove what is forwarded and what is not apart": a packet the policy allows and no router forwards is explained, not wrong.

import { ipValue, type IpVersion } from '../../base/ip.ts'
import type { Chain } from '../../policy/rules/model.ts'
import { packetPoint } from '../../policy/sets/fields.ts'
import { walkChain } from '../../policy/sets/walk.ts'
import { ROUTER_ADDRESS } from './layout.ts'
import { neverForwarded, type RouteTable } from './routing.ts'

/** The first packet of a session. */
export interface Packet {
  readonly version: IpVersion
  readonly src: bigint
  readonly dst: bigint
  readonly proto: number
  readonly sport: number
  readonly dport: number
  readonly icmpType: number
}

export interface Fate {
  /** Side on which it comes out, or null. */
  readonly side: number | null
  /** What the policy alone says; true where no rules are loaded. */
  readonly allowed: boolean
  /** Name of the deciding conduit, `default`, or `no rules`. */
  readonly rule: string
  /** Why an allowed packet comes out nowhere; null otherwise. */
  readonly why: string | null
}

/** What is loaded in a phase. */
export interface Loaded {
  /** null: no rules. */
  readonly chains: Readonly<Record<IpVersion, Chain>> | null
  readonly routes: RouteTable
}

const SYN = 2n
const TCP = 6
const ROUTER = ipValue(ROUTER_ADDRESS)
const DROPS = { blackhole: 'blackholed by a route', prohibit: 'prohibited by a route', own: 'to the router itself' } as const

/** `from` is the side that sends it. */
export function predict(loaded: Loaded, packet: Packet, from: number): Fate {
  const { allowed, rule } = verdictOf(loaded.chains, packet)
  if (!allowed) return { side: null, allowed, rule, why: null }
  const end = loaded.routes.find(packet.version, packet.dst)?.value
  const never = neverForwarded({ ...packet, crosses: end?.kind !== 'side' || end.side !== from }, ROUTER)
  if (never !== null) return { side: null, allowed, rule, why: never }
  if (end === undefined) return { side: null, allowed, rule, why: 'no route' }
  return end.kind === 'side' ? { side: end.side, allowed, rule, why: null } : { side: null, allowed, rule, why: DROPS[end.kind] }
}

function verdictOf(chains: Loaded['chains'], packet: Packet): { readonly allowed: boolean; readonly rule: string } {
  if (chains === null) return { allowed: true, rule: 'no rules' }
  const chain = chains[packet.version]
  const point = packetPoint({
    src: packet.src, dst: packet.dst, proto: BigInt(packet.proto), sport: BigInt(packet.sport), dport: BigInt(packet.dport),
    icmpType: BigInt(packet.icmpType), flags: packet.proto === TCP ? SYN : 0n,
  })
  const walk = walkChain(chain, new Map(), point, packet.version)
  return { allowed: walk.verdict === 'permit', rule: walk.rule?.text ?? 'default' }
}
