// Reads the written commands of each platform back into plain routes, with readers that the writer does not know.
// Keeps "translation validation": blocks, next hops, drops and their order are taken from the text alone.

import { ipFromValue, parseIp } from '../../../base/ip.ts'
import type { Config, Route } from '../../rules/model.ts'
import { readIos } from '../cisco-ios/read.ts'
import { junosSrx } from '../junos-srx/index.ts'
import type { RoutePlatform } from './emit.ts'
import { readLinuxRoutes } from './read-routes.ts'
import { readLinuxRules } from './read-rules.ts'

export interface RouteLine {
  readonly block: string
  /** Smaller is preferred. */
  readonly order: number
  readonly how: 'route' | 'rule'
  /** `via 10.0.0.1`, `blackhole`, `prohibit`, `unreachable`. */
  readonly to: string
}

export interface ReadBackRoutes {
  readonly routes: readonly RouteLine[]
  /** Lines of the text that were not understood. */
  readonly unknown: readonly string[]
}

const READERS: Readonly<Record<RoutePlatform, (text: string, iface: string | null) => ReadBackRoutes>> = {
  iproute2: readLinuxCommands,
  // IOS takes a word for an interface when the configuration has one of that name.
  'cisco-ios': (text, iface) => fromConfig(readIos(iface === null ? text : `interface ${iface}\n!\n${text}`, 'routes').config),
  junos: (text) => fromConfig(junosSrx.read?.(text, 'routes').config ?? null),
  windows: readWindows,
}

/** Never throws. `iface` is the interface that the option of the same name named. */
export function readBackRoutes(platform: RoutePlatform, text: string, iface: string | null): ReadBackRoutes {
  return READERS[platform](text, iface)
}

function fromConfig(config: Config | null): ReadBackRoutes {
  if (config === null) return { routes: [], unknown: ['the whole text'] }
  return { routes: config.routes.map(lineOf), unknown: config.unknowns.map(({ text }) => text) }
}

function lineOf(route: Route): RouteLine {
  const to = route.nextHop === null ? route.kind : `via ${ipFromValue(route.version, route.nextHop)}`
  return { block: `${ipFromValue(route.version, route.network)}/${route.length}`, order: route.metric, how: 'route', to }
}

/** The commands without their verbs are what `ip route` and `ip rule` print, and those are read. */
function readLinuxCommands(text: string): ReadBackRoutes {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const take = (pattern: RegExp): string[] => lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])
  const routes = ([[4, /^ip route (?:replace|add) (.+)$/], [6, /^ip -6 route (?:replace|add) (.+)$/]] as const).map(([version, pattern]) =>
    readLinuxRoutes(take(pattern).join('\n'), 'routes', { version }))
  const rules = lines.flatMap((line) => {
    const [, words = '', block = '', priority = ''] = /^ip (?:-6 )?rule add (to (\S+) \w+) priority (\d+)$/.exec(line) ?? []
    return words === '' ? [] : [{ block, read: readLinuxRules(`${priority}:\tfrom all ${words}\n`, 'rules') }]
  })
  const known = /^ip (?:-6 )?(?:route (?:replace|add)|rule add to \S+ \w+ priority)/
  return {
    routes: [
      ...routes.flatMap((read) => read.routes.map(lineOf)),
      ...rules.flatMap(({ block, read }) => read.rules.map(({ priority, action }): RouteLine =>
        ({ block, order: priority, how: 'rule', to: action.kind }))),
    ],
    unknown: [...lines.filter((line) => !known.test(line)), ...[...routes, ...rules.map(({ read }) => read)].flatMap((read) =>
      read.unknowns.map((unknown) => unknown.text))],
  }
}

/** `route -p add` and New-NetRoute: destination, next hop, metric. */
function readWindows(text: string): ReadBackRoutes {
  const found = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const four = /^route -p add (\S+) mask (\S+) (\S+) metric (\d+)$/.exec(line)
    if (four !== null) return windowsLine(`${four[1]}/${maskLength(four[2] ?? '')}`, four[3], four[4])
    const six = /^route -p add (\S+\/\d+) (\S+) metric (\d+)$/.exec(line)
    if (six !== null) return windowsLine(six[1], six[2], six[3])
    const net = /^New-NetRoute -DestinationPrefix '([^']+)' -InterfaceAlias '[^']+' -NextHop '([^']+)' -RouteMetric (\d+)$/.exec(line)
    return net === null ? line : windowsLine(net[1], net[2], net[3])
  })
  return { routes: found.filter((line) => typeof line !== 'string'), unknown: found.filter((line) => typeof line === 'string') }
}

function windowsLine(block = '', hop = '', metric = ''): RouteLine | string {
  const parsed = parseIp(hop)
  return parsed.ok ? { block, order: Number(metric), how: 'route', to: `via ${parsed.value}` } : `${block} ${hop}`
}

function maskLength(mask: string): number {
  return mask.split('.').map((part) => Number(part).toString(2).replaceAll('0', '').length).reduce((sum, bits) => sum + bits, 0)
}
