// Assemble: from hosts, bindings and claims to assets. A pure function, so that the same capture always tells the same story.
// Keeps "a router's MAC names nobody" and "an OUI alone names nobody".

import { greatestOf, leastOf } from '../base/extent.ts'
import { isGroupIp, ipScope, usualSegment } from '../base/ip-scope.ts'
import { ipVersion, type Ip } from '../base/ip.ts'
import { formatMac, type MacNumber } from '../base/mac.ts'
import { shortId } from '../base/short-id.ts'
import { ASSET_ROLES, roleName, type Asset, type AssetInterface, type AssetRole, type Claim, type EvidenceLevel } from './asset.ts'
import { addressKey, claimedByArp, type Binding, type Bindings } from './bindings.ts'
import { claimsAbout, joinClaims, strongest, type ClaimSet } from './claims.ts'
import { cardClaims, stackClaims } from './hints/stack.ts'
import type { Host } from './inventory.ts'
import type { OuiTable } from './oui.ts'
import { arpAddresses, judgeOwner } from './ownership.ts'

/** How a profile names its devices (profiles/*.yaml). */
export interface ProfileName {
  readonly id: string
  readonly vendor: string
  readonly model: string
  readonly role: AssetRole
}

export interface AssembleOptions {
  readonly profiles: ReadonlyMap<string, ProfileName>
  readonly oui: OuiTable | null
  /** True for addresses the policy or the address plan puts inside the hospital. */
  readonly isInside: (ip: Ip) => boolean
  /** Zone of an asset's address, or null. */
  readonly zoneOf: (ip: Ip) => string | null
}

export interface InventoryState {
  readonly hosts: readonly Host[]
  readonly macClaims: ReadonlyMap<MacNumber, ClaimSet>
  readonly bindings: Bindings
}

/** An asset in the making: one hardware address, or one IP address when no card can be named for it. */
interface Box {
  readonly key: string
  readonly mac: MacNumber | null
  readonly hosts: { readonly host: Host; readonly binding: Binding | null }[]
}

/** What the segment as a whole tells, computed once per answer. */
interface Neighbourhood {
  readonly routers: ReadonlySet<MacNumber>
  readonly arpAddresses: ReadonlyMap<MacNumber, readonly Ip[]>
}

/** More unclaimed senders than this behind one card: it forwards for others. Two already cannot be one plain host. */
const ROUTED_SENDERS_MIN = 2


export function assembleAssets(state: InventoryState, options: AssembleOptions): Asset[] {
  const facts: Neighbourhood = { routers: routerMacs(state.bindings), arpAddresses: arpAddresses(state.bindings) }
  const boxes = new Map<string, Box>()
  for (const host of state.hosts) {
    const binding = bindingOf(host, state.bindings, facts, options)
    if (!binding && !worthAnAsset(host, options)) continue
    const key = binding ? `mac:${formatMac(binding.mac)}` : `ip:${addressKey(host.vlan, host.ip)}`
    const box = boxes.get(key) ?? { key, mac: binding?.mac ?? null, hosts: [] }
    box.hosts.push({ host, binding })
    boxes.set(key, box)
  }
  const assets = [...boxes.values()].flatMap((box) => toAssets(box, state, options, facts))
  return assets.sort((a, b) => compareText(a.label, b.label) || compareText(a.id, b.id))
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Cards that send packets of addresses they never claimed: routers, and the mirror of a routed port. One such address is enough when
 * the card's own is on another segment. A DHCP client is an end device, even when an attack makes it carry others' packets.
 */
export function routerMacs(bindings: Bindings): ReadonlySet<MacNumber> {
  const all = bindings.all()
  const own = arpSegments(all, new Set(all.filter(isCarried).map((b) => b.mac)))
  const carried = new Map<MacNumber, Set<string>>()
  const leased = new Set<MacNumber>()
  const routers = new Set<MacNumber>()
  for (const b of all) {
    if (b.dhcpLeases > 0) leased.add(b.mac)
    if (!isCarried(b)) continue
    const set = carried.get(b.mac) ?? new Set()
    const isV4 = ipVersion(b.ip) === 4
    if (set.size < ROUTED_SENDERS_MIN) carried.set(b.mac, set.add(isV4 ? b.ip : usualSegment(b.ip)))
    const isElsewhere = isV4 && own.get(b.mac)?.has(usualSegment(b.ip)) === false
    if (set.size >= ROUTED_SENDERS_MIN || isElsewhere) routers.add(b.mac)
  }
  for (const mac of leased) routers.delete(mac)
  return routers
}

/** The card was seen with packets of the address, and nothing says that the address is its own. */
function isCarried(b: Binding): boolean {
  return b.traffic > 0 && !claimedByArp(b) && b.dhcpLeases === 0 && ipScope(b.ip) !== 'link-local'
}

/** Segments each of these cards claimed an address on: a set, for a storm has thousands of addresses behind one card. */
function arpSegments(bindings: readonly Binding[], macs: ReadonlySet<MacNumber>): Map<MacNumber, Set<string>> {
  const segments = new Map<MacNumber, Set<string>>()
  for (const b of bindings) {
    if (!macs.has(b.mac) || !claimedByArp(b)) continue
    const known = segments.get(b.mac)
    if (known) known.add(usualSegment(b.ip))
    else segments.set(b.mac, new Set([usualSegment(b.ip)]))
  }
  return segments
}

/** The card that owns a host's address, or null when only a router was seen carrying it, or nothing says it is on this segment. */
function bindingOf(host: Host, bindings: Bindings, facts: Neighbourhood, options: AssembleOptions): Binding | null {
  const claimants = bindings.claimants(host.vlan, host.ip)
  const stated = claimants.filter((b) => claimedByArp(b) || b.dhcpLeases > 0)
  // DHCP gave the address on: each tenant has a host of its own.
  const leased = stated.filter((b) => b.dhcpLeases > 0)
  const tenant = leased.length > 1 ? leased.find((b) => b.mac === host.tenant) : undefined
  if (tenant) return tenant
  if (stated.length > 0) return judgeOwner(bindings, stated, facts.arpAddresses)?.owner ?? null
  if (!options.isInside(host.ip) && !namesItself(host)) return null
  return claimants.find((b) => !facts.routers.has(b.mac)) ?? null
}

/** Without a card: an asset when it is inside, or when its own protocol names it. */
function worthAnAsset(host: Host, options: AssembleOptions): boolean {
  return !isGroupIp(host.ip) && (options.isInside(host.ip) || namesItself(host))
}

function namesItself(host: Host): boolean {
  return host.claims.list().some((c) => c.what === 'model' && c.level <= 'C' && !c.inferred)
}

/** A box becomes one asset; devices it only reports about (a gateway naming several) become assets without interfaces. */
function toAssets(box: Box, state: InventoryState, options: AssembleOptions, facts: Neighbourhood): Asset[] {
  const isSingle = box.hosts.length === 1
  const stated = box.hosts.map(({ host }) => {
    const own = host.syns ? [...host.claims.list(), ...stackClaims(host.syns.list(), box.mac)] : host.claims.list()
    return isSingle ? own : claimsAbout(own, host.ip)
  })
  const claims = joinClaims([...stated, ...macClaims(box, state, options)])
  const devices = [...new Set(claims.filter((c) => c.what === 'device-identifier').map((c) => c.value))]
  const own = toAsset(box, claims, devices.length === 1, options, facts)
  return devices.length > 1 ? [own, ...devices.map((device) => reportedAsset(device, claims, own))] : [own]
}

function macClaims(box: Box, state: InventoryState, options: AssembleOptions): (readonly Claim[])[] {
  if (box.mac === null) return []
  const first = box.hosts[0]?.host
  const vendor = options.oui?.lookup(box.mac) ?? null
  const oui: Claim[] = !vendor || !first ? [] : [{
    what: 'nic-vendor', value: vendor, level: 'E', evidence: `IEEE registry for ${formatMac(box.mac).slice(0, 8)}`, inferred: false,
    firstAt: first.firstAt, lastAt: first.lastAt, frame: first.frame, count: 1,
  }]
  return [state.macClaims.get(box.mac)?.list() ?? [], oui, first ? cardClaims(box.mac, first) : []]
}

function toAsset(box: Box, claims: readonly Claim[], namedByIdentifier: boolean, options: AssembleOptions, facts: Neighbourhood): Asset {
  const interfaces = box.hosts.map(toInterface)
  const model = strongest(claims, 'model')
  const profile = model && model.level <= 'D' ? (options.profiles.get(model.value) ?? null) : null
  const identifier = namedByIdentifier ? strongest(claims, 'device-identifier') : null
  const bed = bedOf(claims)
  const role = profile?.role ?? roleOf(claims, box.mac !== null && facts.routers.has(box.mac))
  const addresses = interfaces.flatMap((i) => (i.ip ? [i.ip] : []))
  return {
    id: shortId('a', box.key),
    label: labelOf({
      identifier: identifier?.value ?? null, profile, level: model?.level ?? null, bed,
      hostName: strongest(claims, 'host-name')?.value ?? null, role, ip: addresses[0] ?? null, mac: box.mac,
    }),
    profile: profile?.id ?? null,
    vendor: profile?.vendor ?? null,
    model: identifier?.value ?? profile?.model ?? null,
    role,
    level: identifier?.level ?? (profile ? model?.level : null) ?? null,
    bed,
    outside: !addresses.some(options.isInside) && !interfaces.some((i) => i.evidence !== 'traffic'),
    zone: addresses.map(options.zoneOf).find((zone) => zone !== null) ?? null,
    interfaces,
    claims,
    firstAt: leastOf(interfaces, (i) => i.firstAt),
    lastAt: greatestOf(interfaces, (i) => i.lastAt),
  }
}

function toInterface({ host, binding }: Box['hosts'][number]): AssetInterface {
  const stated = binding !== null && claimedByArp(binding)
  const evidence = stated ? 'arp' : binding && binding.dhcpLeases > 0 ? 'dhcp' : 'traffic'
  return {
    mac: binding ? formatMac(binding.mac) : null, ip: host.ip, vlan: host.vlan, evidence,
    firstAt: host.firstAt, lastAt: Math.max(host.lastAt, binding?.lastAt ?? 0),
  }
}

/** A bed only when the stream never named two: a label on the wrong bed is worse than none. */
export function bedOf(claims: readonly Claim[]): number | null {
  const beds = claims.filter((c) => c.what === 'bed')
  return beds.length === 1 ? Number(beds[0]?.value) : null
}

export function roleOf(claims: readonly Claim[], forwards: boolean): AssetRole {
  const roles = new Set(claims.filter((c) => c.what === 'role').map((c) => c.value))
  if (forwards) roles.add('router')
  return ASSET_ROLES.find((role) => roles.has(role)) ?? 'unknown'
}

interface LabelParts {
  readonly identifier: string | null
  readonly profile: ProfileName | null
  readonly level: EvidenceLevel | null
  readonly bed: number | null
  readonly hostName: string | null
  readonly role: AssetRole
  readonly ip: Ip | null
  readonly mac: MacNumber | null
}

/** What people call it, from the strongest thing known. */
export function labelOf(parts: LabelParts): string {
  const address = parts.ip ?? (parts.mac === null ? 'unknown address' : formatMac(parts.mac))
  if (parts.identifier) return parts.identifier
  if (parts.profile && parts.level === 'D') return `${address}, behaves like a ${parts.profile.model}`
  if (parts.profile?.role === 'patient-monitor') {
    return parts.bed === null ? `${parts.profile.model} monitor ${address}` : `${parts.profile.model} monitor, bed ${parts.bed}`
  }
  if (parts.hostName) return parts.hostName
  return parts.role === 'unknown' ? address : `${roleName(parts.role)} ${address}`
}

/** A device that another host's messages name: it exists, but none of its own packets is known. */
function reportedAsset(device: string, claims: readonly Claim[], reporter: Asset): Asset {
  const about = claims.filter((c) => c.what === 'device-identifier' && c.value === device)
  return {
    id: shortId('a', 'reported', device), label: device, profile: null, vendor: null, model: device, role: 'unknown', level: 'A', bed: null,
    outside: false, zone: reporter.zone, interfaces: [],
    claims: about.map((c) => ({ ...c, evidence: c.evidence.replace('it sent', `sent by ${reporter.label}`) })),
    firstAt: leastOf(about, (c) => c.firstAt), lastAt: greatestOf(about, (c) => c.lastAt),
  }
}
