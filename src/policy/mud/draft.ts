// Draft: a MUD file as a policy: a zone for the device, zones for its other sides, a conduit per conduit of the file, and what to prove.
// Keeps "widened only with a named warning": what the policy language or the site cannot say is taken wider or left out, each by name.

import { ipScope } from '../../base/ip-scope.ts'
import { formatPrefix, IP_BITS, ipFromValue, type Prefix } from '../../base/ip.ts'
import { formatPortRange } from '../../base/port-range.ts'
import { CONDUITS_MAX } from '../language/conduits.ts'
import { SERVICES_MAX } from '../language/services-file.ts'
import { isInsideName, mudConduits, peerText, type MudConduit } from './conduits.ts'
import { prefixWithin, type MudSite } from './cover.ts'
import type { Mud, MudPeer } from './model.ts'

export interface DraftInput {
  readonly mud: Mud
  /** Address or block of the device. */
  readonly device: Prefix
  readonly site: MudSite
}

export const DRAFT_CODES = ['name-as-internet', 'name-as-local', 'class-as-local', 'any-as-everybody', 'protocol', 'two-sides', 'group-opens',
  'source-port', 'icmp-type', 'inferred', 'family', 'wide-block', 'denial', 'too-many'] as const
export type DraftCode = (typeof DRAFT_CODES)[number]

/** Wider than the file (`widened`), or not in the draft (`refused`). */
export interface DraftNote {
  readonly code: DraftCode
  readonly effect: 'widened' | 'refused'
  readonly ace: string
  readonly line: number
  readonly words: string
}

export interface Draft {
  /** Policy text; valid, not laid out. */
  readonly text: string
  readonly notes: readonly DraftNote[]
  readonly conduits: number
}

/** Private addresses, where the site did not say what its networks are. RFC 1918 and RFC 4193. */
const LOCAL: readonly Prefix[] = [
  { version: 4, network: 0x0a00_0000n, length: 8 }, { version: 4, network: 0xac10_0000n, length: 12 },
  { version: 4, network: 0xc0a8_0000n, length: 16 }, { version: 6, network: 0xfcn << 120n, length: 7 },
]

interface Zone {
  readonly name: string
  readonly prefix: Prefix
  readonly words: string
}

interface Line {
  readonly name: string
  /** Zone of the side that is not the device. */
  readonly other: string
  readonly opens: 'device' | 'peer'
  readonly service: string
  readonly action: 'allow' | 'deny'
  readonly reason: string
  readonly conduit: MudConduit
}

/** Everything a draft gathers. */
class Drafting {
  readonly notes: DraftNote[] = []
  readonly services = new Map<string, string>()
  readonly lines: Line[] = []
  readonly #zones = new Map<string, Zone>()
  readonly #names = new Set<string>(['device', 'local', 'internet', 'group', 'unzoned', 'any'])
  readonly input: DraftInput
  readonly local: readonly Prefix[]

  constructor(input: DraftInput) {
    this.input = input
    this.local = input.site.local ?? LOCAL
  }

  note(conduit: MudConduit, code: DraftCode, effect: DraftNote['effect'], words: string): void {
    this.notes.push({ code, effect, ace: conduit.ace, line: conduit.line, words })
  }

  /** A name of the policy language nobody has yet. */
  fresh(text: string): string {
    const words = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, NAME_ROOM)
    const start = /^[a-z]/.test(words) ? words : `x-${words}`
    let name = start.replace(/-$/, '')
    for (let i = 2; this.#names.has(name); i++) name = `${start}-${i}`
    this.#names.add(name)
    return name
  }

  /** The zone of a block: the device, a group, or one of its own. */
  zone(prefix: Prefix, words: string): string {
    if (prefixWithin(prefix, this.input.device)) return 'device'
    if (isGroup(prefix)) return 'group'
    const key = formatPrefix(prefix)
    const zone = this.#zones.get(key) ?? { name: this.fresh(words), prefix, words }
    this.#zones.set(key, zone)
    return zone.name
  }

  isLocal(prefix: Prefix): boolean {
    return this.local.some((block) => prefixWithin(prefix, block))
  }

  /** Blocks that are their own zones, in order of first mention. */
  zones(): readonly Zone[] {
    return [...this.#zones.values()]
  }

  /** A zone and those carved out of it: what is said of it is meant for all of its addresses. */
  parts(name: string): readonly string[] {
    const own = this.zones()
    const zone = own.find((z) => z.name === name)
    const inDevice = name === 'local' ? this.isLocal(this.input.device) : zone !== undefined && prefixWithin(this.input.device, zone.prefix)
    const inside = own.filter((z) => z.name !== name && this.#holds(name, zone, z.prefix)).map((z) => z.name)
    const { version, length } = this.input.device
    const severalDevices = length < IP_BITS[version]
    return [name, ...inside, ...(inDevice && severalDevices ? ['device'] : [])]
  }

  #holds(name: string, zone: Zone | undefined, prefix: Prefix): boolean {
    if (name === 'local') return this.isLocal(prefix)
    return name === 'internet' ? !this.isLocal(prefix) : zone !== undefined && prefixWithin(prefix, zone.prefix)
  }

  /** The smallest zone around a block. */
  around(prefix: Prefix): string | null {
    const outer = this.zones().filter((z) => prefixWithin(prefix, z.prefix) && z.prefix.length < prefix.length)
    const best = outer.reduce<Zone | null>((a, b) => (a === null || b.prefix.length > a.prefix.length ? b : a), null)
    return best?.name ?? (this.isLocal(prefix) ? 'local' : null)
  }
}

/** 224.0.0.0/4; wider blocks hold more than groups. */
const WIDEST_GROUP = 4
const GROUP: ReadonlySet<string> = new Set(['multicast', 'broadcast'])
function isGroup(prefix: Prefix): boolean {
  return prefix.length >= WIDEST_GROUP && GROUP.has(ipScope(ipFromValue(prefix.version, prefix.network)))
}

/** Names have at most 63 characters; a number may follow. */
const NAME_ROOM = 48
const TEXT_ROOM = 200

/** Drafts. Deterministic; what the file does not say is denied. */
export function draftPolicy(input: DraftInput): Draft {
  const drafting = new Drafting(input)
  for (const conduit of mudConduits(input.mud)) addConduit(drafting, conduit)
  const text = textOf(drafting)
  return { text, notes: drafting.notes, conduits: drafting.lines.length }
}

/** A denial that is taken wider would hide ways that the file leaves open: it is left out instead. */
function addConduit(drafting: Drafting, conduit: MudConduit): void {
  const [lines, notes] = [drafting.lines.length, drafting.notes.length]
  addLines(drafting, conduit)
  const inexact = drafting.notes.slice(notes).map((n) => n.words)
  if (conduit.action !== 'deny' || inexact.length === 0) return
  drafting.lines.length = lines
  drafting.notes.length = notes
  drafting.note(conduit, 'denial', 'widened', `a denial that cannot be said exactly is left out: ${inexact.join('; ')}`)
}

function addLines(drafting: Drafting, conduit: MudConduit): void {
  const service = serviceOf(drafting, conduit)
  if (service === null) return
  const others = othersOf(drafting, conduit)
  if (others.length > 0) noteInexact(drafting, conduit)
  for (const other of others) {
    if (conduit.opens === 'peer' && other === 'group') {
      drafting.note(conduit, 'group-opens', 'refused', 'a group address opens nothing')
      continue
    }
    const peer = conduit.peers.map(peerText).join(' and ')
    const reason = `Entry ${plain(conduit.ace)}, line ${conduit.line}: ${plain(peer)}.`
    const name = `${conduit.opens === 'device' ? 'to' : 'from'}-${peer}-${service}`
    drafting.lines.push({ name, other, opens: conduit.opens, service, action: conduit.action, reason, conduit })
  }
}

function noteInexact(drafting: Drafting, conduit: MudConduit): void {
  for (const words of conduit.inexact) {
    if (words.startsWith('only from port')) drafting.note(conduit, 'source-port', 'widened', `${words}: taken from every port`)
    if (words.startsWith('only ICMP')) drafting.note(conduit, 'icmp-type', 'widened', `${words}: taken as all of ICMP`)
    if (words.startsWith('the file has the answer')) drafting.note(conduit, 'inferred', 'widened', words)
  }
  const { family } = conduit
  if (family !== null && conduit.peers.every((p) => p.kind !== 'prefix') && drafting.input.device.version !== family) {
    drafting.note(conduit, 'family', 'widened', `only IPv${family}: taken for both IP versions`)
  }
}

const TRANSPORTS: Readonly<Record<number, string>> = { 1: 'icmp', 58: 'icmp', 2: 'igmp', 6: 'tcp', 17: 'udp' }

/** Name of the service in the policy, or null after saying why there is none. */
function serviceOf(drafting: Drafting, conduit: MudConduit): string | null {
  const { protocol, ports } = conduit
  if (protocol === null) return 'any'
  const transport = TRANSPORTS[protocol]
  if (transport === undefined) {
    drafting.note(conduit, 'protocol', 'refused', `IP protocol ${protocol} is no word of the policy language`)
    return null
  }
  if (transport === 'icmp' || transport === 'igmp') return transport
  if (drafting.services.size >= SERVICES_MAX) {
    drafting.note(conduit, 'too-many', 'refused', `a policy has at most ${SERVICES_MAX} services`)
    return null
  }
  if (ports?.every((p) => p.high === 0) === true) {
    drafting.note(conduit, 'protocol', 'refused', 'port 0 is no service')
    return null
  }
  const texts = ports === null ? ['any'] : ports.filter((p) => p.high > 0).map((p) => formatPortRange({ low: Math.max(1, p.low), high: p.high }))
  const name = `${transport}-${texts.join('-').replaceAll(/[^a-z0-9]+/g, '-')}`
  drafting.services.set(name, `{ name: ${name}, transport: ${transport}, ports: ${ports === null ? 'any' : `[${texts.join(', ')}]`} }`)
  return name
}

/** Zones of the other side; none after saying why. Several only for "everybody". */
function othersOf(drafting: Drafting, conduit: MudConduit): readonly string[] {
  const { site } = drafting.input
  const rest = conduit.peers.length > 1 ? conduit.peers.filter((p) => p.kind !== 'local-networks') : conduit.peers
  const [peer] = rest
  if (rest.length !== 1 || peer === undefined) {
    drafting.note(conduit, 'two-sides', 'refused', 'it asks for two things of the other side at once')
    return []
  }
  const known = peer.kind === 'prefix' ? [peer.prefix] : site.addresses.get(peerText(peer))
  const local = rest.length < conduit.peers.length
  if (local && !(known?.every((block) => drafting.isLocal(block) || isGroup(block)) ?? false)) {
    return known === undefined ? unknownSide(drafting, conduit, peer, true) : refuseMixed(drafting, conduit)
  }
  if (known === undefined) return unknownSide(drafting, conduit, peer, false)
  return [...new Set(known.flatMap((block) => blockZones(drafting, conduit, block, peer)))]
}

function blockZones(drafting: Drafting, conduit: MudConduit, block: Prefix, peer: MudPeer): readonly string[] {
  if (block.length === 0) return everybody(drafting, conduit)
  if (!drafting.local.some((own) => prefixWithin(own, block))) {
    return [drafting.zone(block, peer.kind === 'prefix' ? `net-${formatPrefix(block)}` : peerText(peer))]
  }
  if (drafting.isLocal(block) && drafting.local.length === 1) return ['local']
  const more = drafting.isLocal(block) ? '' : ' and the Internet'
  drafting.note(conduit, 'wide-block', 'widened', `${formatPrefix(block)} holds local networks: taken as all of them${more}`)
  return drafting.isLocal(block) ? ['local'] : ['internet', 'local']
}

function refuseMixed(drafting: Drafting, conduit: MudConduit): readonly string[] {
  drafting.note(conduit, 'two-sides', 'refused', 'it asks for the local networks and for an address outside of them')
  return []
}

function unknownSide(drafting: Drafting, conduit: MudConduit, peer: MudPeer, local: boolean): readonly string[] {
  if (peer.kind === 'any') return everybody(drafting, conduit)
  if (peer.kind === 'local-networks') return ['local']
  if (peer.kind === 'name' && !isInsideName(peer.name) && !local) {
    drafting.note(conduit, 'name-as-internet', 'widened', `nobody says which address ${peer.name} has: taken as the whole Internet`)
    return ['internet']
  }
  const code = peer.kind === 'name' ? 'name-as-local' : 'class-as-local'
  drafting.note(conduit, code, 'widened', `nobody says who ${peerText(peer)} is: taken as all local networks`)
  return ['local']
}

function everybody(drafting: Drafting, conduit: MudConduit): readonly string[] {
  drafting.note(conduit, 'any-as-everybody', 'widened', 'it means everybody: the Internet and the local networks')
  return ['internet', 'local']
}

function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, TEXT_ROOM)
}

/** Zones in order of mention; the local networks last, so that what is carved out of them stands first. */
function zoneLines(drafting: Drafting): readonly string[] {
  const { mud, device } = drafting.input
  const row = (name: string, kind: string, prefixes: readonly Prefix[], inside: string | null, words: string): readonly string[] => [
    `  - name: ${name}`, `    kind: ${kind}`, `    prefixes: [${prefixes.map((p) => JSON.stringify(formatPrefix(p))).join(', ')}]`,
    ...(inside === null ? [] : [`    inside: ${inside}`]), `    description: ${JSON.stringify(plain(words))}`,
  ]
  return [
    ...row('device', 'medical', [device], drafting.around(device), mud.systeminfo ?? mud.url),
    ...drafting.zones().flatMap(({ name, prefix, words }) =>
      row(name, drafting.isLocal(prefix) ? 'it' : 'external', [prefix], drafting.around(prefix), words)),
    ...row('local', 'it', drafting.local, null, 'The local networks.'),
  ]
}

/** Each line for its zone and for those carved out of it; lines that say the same once. */
function conduitLines(drafting: Drafting): readonly string[] {
  const said = new Set<string>()
  const lines: string[] = []
  for (const line of drafting.lines) {
    for (const other of drafting.parts(line.other)) {
      const [from, to] = line.opens === 'device' ? ['device', other] : [other, 'device']
      const key = `${from} ${to} ${line.service} ${line.action} ${line.name}`
      if (said.has(key)) continue
      said.add(key)
      if (said.size > CONDUITS_MAX) {
        if (said.size === CONDUITS_MAX + 1) drafting.note(line.conduit, 'too-many', 'refused', `from here on: a policy has ${CONDUITS_MAX} conduits`)
        continue
      }
      lines.push(`  - name: ${drafting.fresh(line.name)}`, `    from: ${from}`, `    to: ${to}`, `    services: [${line.service}]`,
        `    action: ${line.action}`, '    fail: closed', `    reason: ${JSON.stringify(line.reason)}`)
    }
  }
  return lines
}

/** A block outside that the file names is a zone of its own, and outside all the same. */
function outsideOf(drafting: Drafting): readonly string[] {
  return ['internet', ...drafting.zones().filter((zone) => !drafting.isLocal(zone.prefix)).map((zone) => zone.name)]
}

/** JSON strings are YAML strings. */
function textOf(drafting: Drafting): string {
  const { mud } = drafting.input
  const conduits = conduitLines(drafting)
  const services = [...drafting.services.values()].map((s) => `  - ${s}`)
  return [
    ...drafting.notes.map((n) => `# ${n.effect}: ${n.code}, entry ${plain(n.ace)}, line ${n.line}: ${plain(n.words)}`),
    ...(mud.refused.length > 0 ? [`# ${mud.refused.length} entries of the file were left out when it was read.`] : []),
    'version: 1', `name: ${JSON.stringify(`mud ${plain(mud.systeminfo ?? mud.url)}`.slice(0, NAME_ROOM).trim())}`,
    'zones:', ...zoneLines(drafting), ...(services.length > 0 ? ['services:', ...services] : []),
    ...(conduits.length > 0 ? ['conduits:', ...conduits] : ['conduits: []']),
    'assertions:', ...outsideOf(drafting).flatMap((zone) => [`  - never device -> ${zone}`, `  - never ${zone} -> device`]),
    'default: deny', '',
  ].join('\n')
}
