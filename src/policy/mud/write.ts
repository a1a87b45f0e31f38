// writeMud: a profile of a device, also of one that never had any, as a MUD file in the dialect of RFC 8520.
// Keeps translation validation: what was written is read back, and an entry that the reader refuses is our mistake.

import { assert } from '../../base/assert.ts'
import { formatPrefix, type IpVersion } from '../../base/ip.ts'
import { formatPortRange, type PortRange } from '../../base/port-range.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { treeFromValue, type PlainValue } from '../../base/tree.ts'
import type { MudDirection, MudPeer } from './model.ts'
import { readMud } from './read.ts'

/** Every peer but `any`, which would allow everybody. */
export type WritablePeer = MudPeer & { readonly kind: Exclude<MudPeer['kind'], 'any'> }

/** One connection of the device. */
export interface MudFlow {
  readonly opens: 'device' | 'peer'
  readonly peer: WritablePeer
  /** IP protocol number. Without ports (ICMP, IGMP) nobody can tell question from answer: both sides may then open it. */
  readonly protocol: number
  /** Responder ports for TCP and UDP, at least one; empty for other protocols. */
  readonly ports: readonly PortRange[]
}

export interface MudDevice {
  /** https address under which the file will stand. */
  readonly url: string
  readonly systeminfo: string
  readonly manufacturer: string | null
  readonly model: string | null
  /** RFC 3339 date and time. */
  readonly lastUpdate: string
  /** How long a reader may keep it, 1 to 168 hours (RFC 8520 section 3.5). */
  readonly cacheHours: number
  readonly flows: readonly MudFlow[]
}

/** RFC 8520 section 3.7: systeminfo has at most 60 characters. */
export const SYSTEMINFO_LENGTH_MAX = 60
const CACHE_HOURS_MAX = 168
/** As many entries as the reader takes, over four lists. */
const FLOWS_MAX = 1024

const TCP = 6
const UDP = 17
const ICMP_FAMILY: Readonly<Record<number, IpVersion>> = { 1: 4, 58: 6 }

/** The file's text, ending in a newline; or what is wrong with the device. Deterministic. */
export function writeMud(device: MudDevice): Result<string> {
  const wrong = problemOf(device)
  if (wrong !== null) return err(wrong)
  const directions = ['from-device', 'to-device'] as const
  const lists = ([4, 6] as const).flatMap((family) => directions.map((direction) => listOf(device, family, direction)))
  const used = lists.filter((list) => list.aces.length > 0)
  const named = (direction: MudDirection): PlainValue => ({
    'access-lists': { 'access-list': used.filter((l) => l.direction === direction).map((l) => ({ name: l.name })) },
  })
  const file: PlainValue = {
    'ietf-mud:mud': {
      'mud-version': 1, 'mud-url': device.url, 'last-update': device.lastUpdate, 'cache-validity': device.cacheHours, 'is-supported': true,
      systeminfo: device.systeminfo,
      ...(device.manufacturer === null ? {} : { 'mfg-name': device.manufacturer }),
      ...(device.model === null ? {} : { 'model-name': device.model }),
      'from-device-policy': named('from-device'), 'to-device-policy': named('to-device'),
    },
    'ietf-access-control-list:acls': { acl: used.map((l) => ({ name: l.name, type: `ipv${l.family}-acl-type`, aces: { ace: l.aces } })) },
  }
  const back = readMud(treeFromValue(file, 'written'))
  assert(back.mud !== null && back.mud.refused.length === 0, `a written MUD file is not read back: ${back.diagnostics[0]?.message ?? ''}`)
  return ok(`${JSON.stringify(file, null, 2)}\n`)
}

function problemOf(device: MudDevice): string | null {
  if (!device.url.startsWith('https://')) return 'the address of a MUD file starts with https:// (RFC 8520 section 3.2)'
  if (device.systeminfo.length > SYSTEMINFO_LENGTH_MAX) return `systeminfo has at most ${SYSTEMINFO_LENGTH_MAX} characters`
  if (!(device.cacheHours >= 1 && device.cacheHours <= CACHE_HOURS_MAX)) return `the file may be kept for 1 to ${CACHE_HOURS_MAX} hours`
  if (device.flows.length > FLOWS_MAX) return `more than ${FLOWS_MAX} flows`
  const portless = device.flows.find((f) => carriesPorts(f.protocol) !== f.ports.length > 0)
  return portless === undefined ? null : `protocol ${portless.protocol} with ${portless.ports.length} port ranges`
}

function carriesPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP
}

interface WrittenList {
  readonly name: string
  readonly family: IpVersion
  readonly direction: MudDirection
  readonly aces: readonly PlainValue[]
}

function listOf(device: MudDevice, family: IpVersion, direction: MudDirection): WrittenList {
  const short = direction === 'from-device' ? 'fr' : 'to'
  const aces = device.flows.filter((flow) => isOf(flow, family)).flatMap((flow) =>
    (flow.ports.length === 0 ? [null] : flow.ports).map((ports) => matchesOf(flow, family, direction, ports)))
  return {
    name: `cordon-v${family}${short}`, family, direction,
    aces: aces.map((matches, i) => ({ name: `v${family}${short}-${i}`, matches, actions: { forwarding: 'accept' } })),
  }
}

function isOf(flow: MudFlow, family: IpVersion): boolean {
  if (flow.peer.kind === 'prefix' && flow.peer.prefix.version !== family) return false
  return (ICMP_FAMILY[flow.protocol] ?? family) === family
}

function matchesOf(flow: MudFlow, family: IpVersion, direction: MudDirection, ports: PortRange | null): PlainValue {
  const out = direction === 'from-device'
  const side = out ? 'dst' : 'src'
  const header: Record<string, PlainValue> = { protocol: flow.protocol }
  if (flow.peer.kind === 'name') header[`ietf-acldns:${side}-dnsname`] = flow.peer.name
  if (flow.peer.kind === 'prefix') header[`${out ? 'destination' : 'source'}-ipv${family}-network`] = formatPrefix(flow.peer.prefix)
  const matches: Record<string, PlainValue> = {}
  if (flow.peer.kind !== 'name' && flow.peer.kind !== 'prefix') {
    matches['ietf-mud:mud'] = { [flow.peer.kind]: 'uri' in flow.peer ? flow.peer.uri : [null] }
  }
  matches[`ipv${family}`] = header
  if (ports !== null) matches[flow.protocol === TCP ? 'tcp' : 'udp'] = transportOf(flow, out, ports)
  return matches
}

/**
 * The responder's port: destination on the way there, source on the way back. A range has no operator: they are two cases of one choice
 * (RFC 8519 section 4.2).
 */
function transportOf(flow: MudFlow, out: boolean, ports: PortRange): PlainValue {
  const there = (flow.opens === 'device') === out
  const match: PlainValue = ports.low === ports.high
    ? { operator: 'eq', port: ports.low }
    : { 'lower-port': ports.low, 'upper-port': ports.high }
  const opener = flow.opens === 'device' ? 'from-device' : 'to-device'
  const initiated: Record<string, PlainValue> = flow.protocol === TCP ? { 'ietf-mud:direction-initiated': opener } : {}
  return { ...initiated, [there ? 'destination-port' : 'source-port']: match }
}

/** `tcp 515-520`, `udp 53`, `IP protocol 2`. */
export function protocolText(protocol: number | null, ports: readonly PortRange[] | null): string {
  const names: Readonly<Record<number, string>> = { 1: 'icmp', 2: 'igmp', 6: 'tcp', 17: 'udp', 58: 'ipv6-icmp' }
  const name = protocol === null ? 'every protocol' : (names[protocol] ?? `IP protocol ${protocol}`)
  return ports === null || ports.length === 0 ? name : `${name} ${ports.map(formatPortRange).join(', ')}`
}
