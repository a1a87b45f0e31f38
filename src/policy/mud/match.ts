// Matches of one MUD entry: addresses, names, ports and abstractions in any of the three dialects.
// Keeps "never wider than the file": a criterion that is not understood refuses the entry, and odd ones are read with a named warning.

import { parsePrefix, type IpVersion } from '../../base/ip.ts'
import { EVERY_PORT, PORT_MAX, type PortRange } from '../../base/port-range.ts'
import { quote, report, type TreeReader } from '../../base/tree-reader.ts'
import type { TreeEntry, TreeNode } from '../../base/tree.ts'
import type { MudDirection, MudOptions, MudPeer, MudRule, RefusalCode } from './model.ts'

/** What an entry's matches say. */
export type Matched = Pick<MudRule, 'family' | 'protocol' | 'peers' | 'devicePorts' | 'peerPorts' | 'icmp' | 'initiated'>

/** The entry cannot be a rule: thrown inside this file's callers only, turned into a RefusedAce. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly at: TreeNode

  constructor(code: RefusalCode, at: TreeNode, message: string) {
    super(message)
    this.code = code
    this.at = at
  }
}

interface Draft {
  readonly reader: TreeReader
  readonly direction: MudDirection
  family: IpVersion | null
  protocol: number | null
  readonly peers: MudPeer[]
  devicePorts: readonly PortRange[] | null
  peerPorts: readonly PortRange[] | null
  icmp: MudRule['icmp']
  initiated: MudDirection | null
  ethernet: TreeNode | null
  ethertype: number | null
}

type Handler = (draft: Draft, value: TreeNode) => void

/** Key without its module prefix: `ietf-acldns:dst-dnsname` is `dst-dnsname`. */
export function bareKey(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1)
}

/** Entries of a map, or a refusal. */
function entriesOf(node: TreeNode, what: string): readonly TreeEntry[] {
  if (node.kind !== 'map') throw new Refusal('bad-value', node, `${what} is no object`)
  return node.entries
}

/** Runs a table of keys over an object; an unknown key refuses the entry, because leaving it out would widen. */
function readTable(draft: Draft, node: TreeNode, what: string, table: Readonly<Record<string, Handler>>): void {
  for (const { key, value } of entriesOf(node, what)) {
    const handler = Object.hasOwn(table, bareKey(key)) ? table[bareKey(key)] : undefined
    if (handler === undefined) throw new Refusal('unknown-match', value, `${what} has the unknown criterion ${quote(key)}`)
    handler(draft, value)
  }
}

function text(node: TreeNode, what: string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '') return node.value
  throw new Refusal('bad-value', node, `${what} is no text`)
}

function whole(node: TreeNode, what: string, max: number): number {
  const value = node.kind === 'scalar' ? Number(node.value) : Number.NaN
  if (Number.isInteger(value) && value >= 0 && value <= max) return value
  throw new Refusal('bad-value', node, `${what} is no whole number from 0 to ${max}`)
}

/** An empty leaf is `[null]` (RFC 7951 section 6.9); other spellings are said and read as present, which narrows. */
function emptyLeaf(kind: 'local-networks' | 'my-controller' | 'same-manufacturer'): Handler {
  return (draft, value) => {
    const only = value.kind === 'list' && value.items.length === 1 ? value.items[0] : undefined
    const isNull = only?.kind === 'scalar' && only.value === null
    const help = 'Write [null]; it is read as that.'
    if (!isNull) report(draft.reader, value, 'empty-leaf', `"${kind}" is not written [null]`, help, 'warning')
    draft.peers.push({ kind })
  }
}

function uriLeaf(kind: 'controller' | 'manufacturer' | 'model'): Handler {
  return (draft, value) => void draft.peers.push({ kind, uri: text(value, `"${kind}"`) })
}

const MUD_TABLE: Readonly<Record<string, Handler>> = {
  'local-networks': emptyLeaf('local-networks'), 'my-controller': emptyLeaf('my-controller'),
  'same-manufacturer': emptyLeaf('same-manufacturer'),
  controller: uriLeaf('controller'), manufacturer: uriLeaf('manufacturer'), model: uriLeaf('model'),
  'direction-initiated': (draft, value) => void (draft.initiated = initiated(value)),
}

function initiated(node: TreeNode): MudDirection {
  const value = text(node, '"direction-initiated"')
  if (value === 'from-device' || value === 'to-device') return value
  throw new Refusal('bad-value', node, `"direction-initiated" is ${quote(value)}`)
}

/** `dst` of a from-device entry is the other side, `src` of it the device itself; the reverse in a to-device entry. */
function isPeerSide(draft: Draft, side: 'src' | 'dst'): boolean {
  return (draft.direction === 'from-device') === (side === 'dst')
}

function network(side: 'src' | 'dst'): Handler {
  return (draft, value) => {
    if (!isPeerSide(draft, side)) throw new Refusal('own-address', value, 'it is tied to the address of the device itself')
    const parsed = parsePrefix(text(value, 'a network'))
    if (!parsed.ok) throw new Refusal('bad-value', value, parsed.error)
    if (draft.family !== null && parsed.value.version !== draft.family) {
      throw new Refusal('bad-value', value, `IPv${parsed.value.version} in a match of IPv${draft.family}`)
    }
    draft.peers.push({ kind: 'prefix', prefix: parsed.value })
  }
}

/** A host name has at most 253 characters (RFC 1035 section 3.1); letters, digits, hyphen, underscore and dots are what is seen. */
const NAME = /^(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$/

function dnsName(side: 'src' | 'dst'): Handler {
  return (draft, value) => {
    if (!isPeerSide(draft, side)) throw new Refusal('own-address', value, 'it is tied to the name of the device itself')
    const name = text(value, 'a name')
    if (!NAME.test(name)) throw new Refusal('bad-value', value, `${quote(name)} is no host name`)
    draft.peers.push({ kind: 'name', name: name.toLowerCase() })
  }
}

function ports(side: 'src' | 'dst'): Handler {
  return (draft, value) => {
    const ranges = portRanges(draft, value)
    if (isPeerSide(draft, side)) draft.peerPorts = ranges
    else draft.devicePorts = ranges
  }
}

/** RFC 8519 section 4.2: operator eq, neq, lte, gte with `port`, or `lower-port` and `upper-port`. */
function portRanges(draft: Draft, node: TreeNode): readonly PortRange[] {
  const fields = new Map(entriesOf(node, 'a port match').map((e) => [bareKey(e.key), e.value]))
  const operatorNode = fields.get('operator')
  const operator = operatorNode === undefined ? null : text(operatorNode, '"operator"')
  const [lower, upper, port] = [fields.get('lower-port'), fields.get('upper-port'), fields.get('port')]
  if ([...fields.keys()].some((k) => !['operator', 'lower-port', 'upper-port', 'port'].includes(k))) {
    throw new Refusal('unknown-match', node, 'a port match has an unknown key')
  }
  if (lower !== undefined && port === undefined) return [portSpan(draft, node, operator, lower, upper)]
  if (port === undefined) throw new Refusal('bad-value', node, 'a port match without a port')
  return operatorRanges(node, operator ?? 'eq', whole(port, '"port"', PORT_MAX))
}

function portSpan(draft: Draft, node: TreeNode, operator: string | null, lower: TreeNode, upper: TreeNode | undefined): PortRange {
  const low = whole(lower, '"lower-port"', PORT_MAX)
  const high = upper === undefined ? low : whole(upper, '"upper-port"', PORT_MAX)
  if (low > high) throw new Refusal('bad-value', node, `the ports ${low}-${high} run backwards`)
  if (operator !== null && operator !== 'range') {
    const message = `operator ${quote(operator)} with lower-port and upper-port`
    if (operator !== 'eq') throw new Refusal('bad-value', node, message)
    report(draft.reader, node, 'eq-with-range', message, `It is read as the range ${low}-${high}.`, 'warning')
  }
  return { low, high }
}

function operatorRanges(node: TreeNode, operator: string, port: number): readonly PortRange[] {
  if (operator === 'eq') return [{ low: port, high: port }]
  if (operator === 'lte') return [{ low: 0, high: port }]
  if (operator === 'gte') return [{ low: port, high: PORT_MAX }]
  if (operator !== 'neq') throw new Refusal('bad-value', node, `the operator ${quote(operator)} is unknown`)
  return [{ low: EVERY_PORT.low, high: port - 1 }, { low: port + 1, high: EVERY_PORT.high }].filter((r) => r.low <= r.high)
}

const TRANSPORT_TABLE: Readonly<Record<string, Handler>> = {
  'source-port': ports('src'), 'destination-port': ports('dst'), 'direction-initiated': MUD_TABLE['direction-initiated'] as Handler,
}

/** Transport containers state the protocol; in RFC 8520 files `ipv4` says it too. */
function transport(protocol: number, what: string): Handler {
  return (draft, value) => {
    setProtocol(draft, value, protocol)
    readTable(draft, value, what, TRANSPORT_TABLE)
  }
}

function setProtocol(draft: Draft, node: TreeNode, protocol: number): void {
  if (draft.protocol !== null && draft.protocol !== protocol) {
    throw new Refusal('bad-value', node, `protocol ${draft.protocol} and ${protocol} in one entry match nothing`)
  }
  draft.protocol = protocol
}

const IP_TABLE: Readonly<Record<string, Handler>> = {
  protocol: (draft, value) => setProtocol(draft, value, whole(value, '"protocol"', 255)),
  'destination-ipv4-network': network('dst'), 'source-ipv4-network': network('src'),
  'destination-ipv6-network': network('dst'), 'source-ipv6-network': network('src'),
  'dst-dnsname': dnsName('dst'), 'src-dnsname': dnsName('src'),
  'source-port-range': ports('src'), 'destination-port-range': ports('dst'),
}

function ipHeader(family: IpVersion): Handler {
  return (draft, value) => {
    if (draft.family !== null && draft.family !== family) throw new Refusal('bad-value', value, 'IPv4 and IPv6 in one entry')
    draft.family = family
    readTable(draft, value, `"ipv${family}"`, IP_TABLE)
  }
}

const icmp: Handler = (draft, value) => {
  const fields = new Map(entriesOf(value, '"icmp"').map((e) => [bareKey(e.key), e.value]))
  const [type, code] = [fields.get('type'), fields.get('code')]
  const known = Number(type !== undefined) + Number(code !== undefined)
  if (type === undefined || fields.size > known) throw new Refusal('unknown-match', value, '"icmp" is not type and code')
  draft.icmp = { type: whole(type, '"type"', 255), code: code === undefined ? null : whole(code, '"code"', 255) }
}

const ETHERTYPE_FAMILIES: Readonly<Record<number, IpVersion>> = { 0x0800: 4, 0x86dd: 6 }

const ETH_TABLE: Readonly<Record<string, Handler>> = {
  ethertype: (draft, value) => void (draft.ethertype = whole(value, '"ethertype"', 0xffff)),
  'destination-mac-address': (draft, value) => {
    const help = 'The IP part of the entry is kept; a policy of addresses cannot say hardware addresses.'
    const mac = text(value, 'a hardware address').toLowerCase()
    if (mac !== 'ff:ff:ff:ff:ff:ff') throw new Refusal('unknown-match', value, 'it is tied to one hardware address')
    report(draft.reader, value, 'broadcast-mac', 'the entry is for broadcast frames only', help, 'warning')
  },
}

const MATCH_TABLE: Readonly<Record<string, Handler>> = {
  mud: (draft, value) => readTable(draft, value, 'the mud match', MUD_TABLE),
  'mud-acl': (draft, value) => readTable(draft, value, 'the mud match', MUD_TABLE),
  ...MUD_TABLE,
  ipv4: ipHeader(4), ipv6: ipHeader(6), 'ipv4-acl': ipHeader(4), 'ipv6-acl': ipHeader(6),
  tcp: transport(6, '"tcp"'), udp: transport(17, '"udp"'), 'tcp-acl': transport(6, '"tcp-acl"'), 'udp-acl': transport(17, '"udp-acl"'),
  icmp,
  eth: (draft, value) => {
    draft.ethernet = value
    readTable(draft, value, '"eth"', ETH_TABLE)
  },
}

/** Reads the `matches` of an entry in a list of `family`. Throws Refusal, and nothing else, when it cannot be a rule. */
export function readMatches(
  reader: TreeReader, node: TreeNode, direction: MudDirection, family: IpVersion | null, options: MudOptions,
): Matched {
  const draft: Draft = {
    reader, direction, family: null, protocol: null, peers: [], devicePorts: null, peerPorts: null, icmp: null, initiated: null,
    ethernet: null, ethertype: null,
  }
  readTable(draft, node, '"matches"', MATCH_TABLE)
  checkEthernet(draft)
  if (family !== null && draft.family !== null && family !== draft.family) {
    throw new Refusal('bad-value', node, `IPv${draft.family} in a list of IPv${family}`)
  }
  if (draft.peers.length === 0) missingPeer(draft, node, options)
  const { protocol, peers, devicePorts, peerPorts, icmp: message, initiated: opener } = draft
  return { family: draft.family ?? family, protocol, peers, devicePorts, peerPorts, icmp: message, initiated: opener }
}

/** An EtherType other than IP's is beyond a policy of addresses: EAPOL, ARP, and raw lengths of old framing. */
function checkEthernet(draft: Draft): void {
  if (draft.ethernet === null) return
  const family = draft.ethertype === null ? undefined : ETHERTYPE_FAMILIES[draft.ethertype]
  if (family === undefined || draft.family === null) throw new Refusal('not-ip', draft.ethernet, 'it is about frames that are not IP')
  if (family !== draft.family) throw new Refusal('bad-value', draft.ethernet, `EtherType of IPv${family} in a match of IPv${draft.family}`)
}

function missingPeer(draft: Draft, node: TreeNode, options: MudOptions): void {
  if (options.withoutPeer !== 'widen') throw new Refusal('no-peer', node, 'it names no other side, so it would allow everybody')
  report(draft.reader, node, 'widened', 'the entry names no other side: taken as everybody, the Internet included',
    'Name the other side, or leave the entry out.', 'warning')
  draft.peers.push({ kind: 'any' })
}
