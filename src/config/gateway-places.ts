// Places of gateway.yaml: addresses, host:port, URLs, and the gateway's own side of the segment.
// Keeps the rule that a server is told its address: the unspecified one, which answers on every network, is refused.

import { ipVersion, parseIp, type Ip } from '../base/ip.ts'
import { PORT_MAX } from '../base/port-range.ts'
import type { TreeNode } from '../base/tree.ts'
import { quote, readList, readMap, readNumber, readText, report, type TreeReader } from '../base/tree-reader.ts'
import type { SegmentConfig } from './gateway.ts'
import { SEGMENT_SIDE_KEYS, UPDATE_PORT_KEYS } from './gateway-keys.ts'

/** Six ports of the central station (facts cms8000 2.1) and room for a ward that was set up otherwise. */
export const CMS_PORTS_MAX = 16
const CMS_PORTS = [515, 516, 517, 518, 519, 520] as const

/** One IPv4 address: the monitors speak nothing else. */
export function readAddress(reader: TreeReader, node: TreeNode | undefined, what: string): Ip | null {
  const text = readText(reader, node, what)
  if (text === null || node === undefined) return null
  const ip = parseIp(text)
  if (ip.ok && ipVersion(ip.value) === 4 && ip.value !== '0.0.0.0') return ip.value
  const why = ip.ok && ip.value === '0.0.0.0' ? 'which would be every network' : 'which is no IPv4 address'
  report(reader, node, 'bad-address', `${what} is ${quote(text)}, ${why}`, 'Write one address such as 10.20.4.31.')
  return null
}

export interface End {
  readonly text: string
  readonly host: string
  readonly port: number
}

/** host:port; an IPv6 address in brackets. */
export function readEnd(reader: TreeReader, node: TreeNode | undefined, what: string): End | null {
  const text = readText(reader, node, what, 300)
  if (text === null || node === undefined) return null
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)):(\d{1,5})$/.exec(text)
  const host = found?.[1] ?? found?.[2] ?? ''
  const port = Number(found?.[3])
  const isEverywhere = host === '0.0.0.0' || host === '::'
  if (found !== null && port >= 1 && port <= PORT_MAX && !isEverywhere) return { text, host, port }
  const why = isEverywhere ? 'which would be every network' : 'which is no host and port'
  report(reader, node, 'bad-end', `${what} is ${quote(text)}, ${why}`, 'Write host:port, e.g. ehr.hospital.example:2575, or [fd00::5]:2575.')
  return null
}

/** https, or http where the operator wrote why. A password in it would be in every log of the way. */
export function readUrl(reader: TreeReader, node: TreeNode | undefined, what: string, isClear: boolean): string | null {
  const text = readText(reader, node, what)
  if (text === null || node === undefined) return null
  const url = URL.canParse(text) ? new URL(text) : null
  const wanted = isClear ? 'http:' : 'https:'
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    report(reader, node, 'bad-url', `${what} is ${quote(text)}, which is no URL of a FHIR server`, `Write it as ${wanted}//fhir.hospital.example/r4.`)
  } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    report(reader, node, 'bad-url', `${what} has a user, a query or a fragment`, 'Write the base only; who we are is said by the certificate.')
  } else if (url.protocol !== wanted) {
    const help = isClear ? 'Write "tls:" in place of "clear:", or http.' : 'Write https. If there is no other way, write "clear:" with the reason.'
    report(reader, node, 'bad-url', `${what} is ${url.protocol}// and the target ${isClear ? 'is "clear"' : 'has "tls"'}`, help)
  } else return text.replace(/\/+$/, '')
  return null
}

export function readSegment(reader: TreeReader, node: TreeNode | undefined): SegmentConfig {
  const fields = node === undefined ? null : readMap(reader, node, '"segment"', SEGMENT_SIDE_KEYS)
  const cms = readAddress(reader, fields?.get('cms'), '"cms" of "segment"') ?? known('202.114.4.119')
  const hl7 = readAddress(reader, fields?.get('hl7'), '"hl7" of "segment"') ?? known('202.114.4.120')
  const ports = fields?.get('cms-ports')
  const cmsPorts = readList(reader, ports, '"cms-ports"', CMS_PORTS_MAX).flatMap((item) => readPort(reader, item, '"cms-ports"') ?? [])
  const hl7Port = readPort(reader, fields?.get('hl7-port'), '"hl7-port"') ?? 511
  const all = [...(ports === undefined ? CMS_PORTS : cmsPorts), ...(cms === hl7 ? [hl7Port] : [])]
  if (fields !== null && new Set(all).size < all.length) {
    report(reader, ports ?? fields.at, 'duplicate-port', 'a port of the segment is there twice', 'Each port speaks one protocol: delete one.')
  }
  return {
    cms, hl7, cmsPorts: ports === undefined ? CMS_PORTS : cmsPorts, hl7Port, updatePorts: readUpdatePorts(reader, fields?.get('update-ports')),
    user: readText(reader, fields?.get('user'), '"user" of "segment"', 32),
  }
}

function readUpdatePorts(reader: TreeReader, node: TreeNode | undefined): SegmentConfig['updatePorts'] {
  const fields = node === undefined ? null : readMap(reader, node, '"update-ports"', UPDATE_PORT_KEYS)
  const port = (key: string, otherwise: number): number => readPort(reader, fields?.get(key), `"${key}" of "update-ports"`) ?? otherwise
  const ports = { portmap: port('portmap', 111), mount: port('mount', 635), nfs: port('nfs', 2049) }
  if (fields !== null && new Set(Object.values(ports)).size < 3) {
    report(reader, fields.at, 'duplicate-port', 'two update ports are the same', 'Each of the three programs has a port of its own.')
  }
  return ports
}

const readPort = (reader: TreeReader, node: TreeNode | undefined, what: string): number | null => readNumber(reader, node, what, 1, PORT_MAX)

function known(text: string): Ip {
  const ip = parseIp(text)
  return ip.ok ? ip.value : (text as Ip)
}
