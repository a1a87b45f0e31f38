// network-arbitraries: random small networks of two devices and three wires whose addresses, routes, rules and translations meet often.
// Keeps tests from proving that random packets never arrive: a handful of addresses, a route for most of them.

import fc from 'fast-check'
import type { Device, DeviceInterface, Link, Network } from '../policy/network/model.ts'
import type { Binding, Config, NatRule, Route, RouteRule } from '../policy/rules/model.ts'
import { chainsArbitrary, matchArbitrary } from './packet-arbitraries.ts'

/** The first address of the small universe (packet-arbitraries.ts). */
const BASE = 0x0a000000n
/** Addresses that only devices have. */
const ROUTERS = [0x0a000101n, 0x0a000102n, 0x0a000103n, 0x0a000104n] as const

const address = fc.constantFrom(BASE, BASE + 1n, BASE + 2n, BASE + 3n)
const hop = fc.constantFrom(...ROUTERS)

function routesArbitrary(tables: readonly string[]): fc.Arbitrary<readonly Route[]> {
  const prefix = fc.tuple(address, fc.constantFrom(0, 30, 31, 32)).map(([value, length]) => {
    const host = BigInt(32 - length)
    return { network: (value >> host) << host, length }
  })
  const route = fc.record({
    prefix, hop, iface: fc.constantFrom(0, 1), metric: fc.constantFrom(0, 0, 5), table: fc.constantFrom(...tables), line: fc.nat(50),
    kind: fc.constantFrom<Route['kind']>('via', 'via', 'via', 'connected', 'connected', 'blackhole', 'prohibit'),
  }).map(({ prefix: p, hop: nextHop, iface, kind, ...rest }): Route => {
    const leads = kind === 'via' || kind === 'connected'
    return { version: 4, ...p, ...rest, kind, nextHop: kind === 'via' ? nextHop : null, iface: leads ? iface : null }
  })
  return fc.array(route, { minLength: 2, maxLength: 7 })
}

function natArbitrary(unknowns: boolean): fc.Arbitrary<NatRule> {
  return fc.record({
    match: matchArbitrary(4, { unknowns }), low: fc.constantFrom(BASE, BASE + 1n, BASE + 2n), width: fc.constantFrom(0n, 0n, 1n),
    kind: fc.constantFrom<NatRule['kind']>('destination', 'destination', 'source', 'masquerade', 'none'),
    stage: fc.constantFrom<'destination' | 'source'>('destination', 'source'), port: fc.constantFrom(null, null, 53n), line: fc.nat(50),
    packets: fc.constantFrom(undefined, undefined, 'own' as const), toSelf: fc.constantFrom(false, false, true),
  }).map(({ match, low, width, kind, stage, port, line, packets, toSelf }): NatRule => ({
    line, text: `nat ${kind}`, match, kind, address: kind === 'masquerade' || kind === 'none' ? null : { low, high: low + width },
    port: port === null ? null : { low: port, high: port }, ...(packets === undefined ? {} : { packets }),
    ...(kind === 'none' ? { stage } : {}), ...(kind === 'destination' && toSelf ? { toSelf } : {}),
  }))
}

export interface NetworkShape {
  readonly nat?: boolean
  readonly unknowns?: boolean
}

function configArbitrary(name: string, { nat = true, unknowns = true }: NetworkShape): fc.Arbitrary<Config> {
  const binding = fc.record({
    hook: fc.constantFrom<Binding['hook']>('forward', 'forward', 'input', 'output', 'interface-in', 'interface-out'),
    iface: fc.constantFrom(0, 1), chain: fc.constantFrom('base', 'one'),
  }).map(({ hook, iface, chain }): Binding => ({ hook, iface: hook.startsWith('interface') ? iface : null, family: null, chain }))
  const rule: fc.Arbitrary<RouteRule> = fc.record({
    priority: fc.constantFrom(1, 2, 3), match: matchArbitrary(4, { unknowns }), line: fc.nat(50),
    action: fc.constantFrom<RouteRule['action']>({ kind: 'table', table: 'main' }, { kind: 'table', table: 'other' }, { kind: 'prohibit' }),
  })
  return fc.record({
    chains: chainsArbitrary(4, unknowns), bindings: fc.array(binding, { maxLength: 2 }), routes: routesArbitrary(['main', 'main', 'other']),
    nat: nat ? fc.array(natArbitrary(unknowns), { maxLength: 2 }) : fc.constant([]),
    routeRules: fc.oneof(fc.constant([]), fc.array(rule, { maxLength: 2 })),
    sees: fc.constantFrom<Config['sees']>('after-dnat', 'after-dnat', 'before-dnat'),
  }).map((parts): Config => ({ target: 'nftables', device: name, interfaces: ['left', 'right'], unknowns: [], ...parts }))
}

function deviceArbitrary(name: string, links: readonly [number, number], addresses: readonly [bigint, bigint], shape: NetworkShape): fc.Arbitrary<Device> {
  return fc.record({
    config: configArbitrary(name, shape), manner: fc.constantFrom<Device['manner']>('linux', 'linux', 'stateless', 'session'), extra: address,
    takes: fc.boolean(), opaque: fc.constantFrom(false, false, false, true),
  }).map(({ config, manner, extra, takes, opaque }): Device => {
    const own = (value: bigint) => ({ version: 4 as const, value, length: 32 })
    const interfaces: DeviceInterface[] = [
      { name: 'left', link: links[0], addresses: [own(addresses[0]), ...(takes ? [own(extra)] : [])] },
      { name: 'right', link: links[1], addresses: [own(addresses[1])] },
    ]
    const why = { text: 'a strange line', line: 77, reason: 'not understood' }
    return { name, manner, config, interfaces, opaque: opaque && (shape.unknowns ?? true) ? [why] : [] }
  })
}

/** Two hosts' wires of two addresses each and an edge; both devices on the middle wire. */
export function networkArbitrary(shape: NetworkShape = {}): fc.Arbitrary<Network> {
  return fc.record({
    first: deviceArbitrary('first', [0, 1], [ROUTERS[0], ROUTERS[1]], shape), second: deviceArbitrary('second', [1, 2], [ROUTERS[2], ROUTERS[3]], shape),
    gateways: fc.constantFrom(null, [0], [1]), inside: fc.boolean(),
  }).map(({ first, second, gateways, inside }): Network => {
    const prefixes = (low: bigint) => [{ version: 4 as const, network: low, length: 31 }]
    const links: Link[] = [
      { name: 'ward', ends: [{ device: 0, iface: 0 }], prefixes: prefixes(BASE), zone: null, internet: false, gateways: null },
      { name: 'core', ends: [{ device: 0, iface: 1 }, { device: 1, iface: 0 }], prefixes: inside ? prefixes(BASE + 2n) : [], zone: null,
        internet: false, gateways },
      { name: 'edge', ends: [{ device: 1, iface: 1 }], prefixes: [], zone: null, internet: true, gateways: null },
    ]
    return { name: 'random', devices: [first, second], links }
  })
}
