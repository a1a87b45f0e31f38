// Zones of a policy file: parsed, then checked against each other for shared addresses.
// Keeps the rule that an address has one zone: sharing is an error unless one zone says it is carved out of the other.

import { formatPrefix, ipFromValue, parsePrefix, prefixesOverlap, IP_BITS, type IpVersion, type Prefix } from '../../base/ip.ts'
import { ipScope, isGroupIp } from '../../base/ip-scope.ts'
import { OVERLAP_POLICIES } from '../../base/overlap.ts'
import { suggest } from '../../base/suggest.ts'
import { positionOf, type Position, type TreeNode } from '../../base/tree.ts'
import { quote, readChoice, readList, readMap, readName, readText, report, type Fields, type TreeReader } from '../../base/tree-reader.ts'
import { ZONE_KEYS } from './keys.ts'
import { BUILT_IN_ZONES, DEFAULT_RULE, ZONE_KINDS, type Zone } from './model.ts'

/** A hospital has tens of zones; hundreds are a generated file gone wrong. */
export const ZONES_MAX = 512
/** A region's routing table fits; the overlap sweep stays far below a second. */
export const PREFIXES_PER_ZONE_MAX = 4096
const PROFILES_PER_ZONE_MAX = 256

/** Words with a meaning of their own, so no zone may take them. */
const RESERVED_NAMES: readonly string[] = [...BUILT_IN_ZONES, DEFAULT_RULE, 'any']

/** A prefix with where it was written: what the overlap check compares. */
export interface PlacedPrefix {
  readonly prefix: Prefix
  readonly at: Position
}

/** A zone as written, with the places of its parts, kept even when `zone` is null because something in it is wrong. */
export interface ParsedZone {
  readonly zone: Zone | null
  readonly name: string | null
  readonly nameAt: Position
  readonly placed: readonly PlacedPrefix[]
  readonly inside: string | null
  readonly insideAt: Position
}

/** Profile ids that exist, or null when the caller does not know them (then none is reported). */
export type KnownProfiles = ReadonlySet<string> | null

/** Reads `zones:`; every mistake goes to the reader. */
export function parseZones(reader: TreeReader, node: TreeNode | undefined, known: KnownProfiles): readonly ParsedZone[] {
  const zones = readList(reader, node, '"zones"', ZONES_MAX).map((item) => parseZone(reader, item, known))
  checkInside(reader, zones)
  checkOverlaps(reader, zones)
  return zones
}

function parseZone(reader: TreeReader, node: TreeNode, known: KnownProfiles): ParsedZone {
  const at = positionOf(node)
  const fields = readMap(reader, node, 'a zone', ZONE_KEYS)
  if (fields === null) return { zone: null, name: null, nameAt: at, placed: [], inside: null, insideAt: at }
  const name = readZoneName(reader, fields)
  const what = name === null ? 'a zone' : `zone ${name}`
  const kind = readChoice(reader, fields.get('kind'), `"kind" of ${what}`, ZONE_KINDS)
  const placed = readPrefixes(reader, fields.get('prefixes'), what)
  const profiles = readProfiles(reader, fields.get('profiles'), what, known)
  const inside = readName(reader, fields.get('inside'), `"inside" of ${what}`)
  const overlap = readChoice(reader, fields.get('overlap'), `"overlap" of ${what}`, OVERLAP_POLICIES)
  const description = readText(reader, fields.get('description'), `"description" of ${what}`)
  if (name !== null && fields.get('prefixes') === undefined && fields.get('profiles') === undefined) {
    report(reader, node, 'empty-zone', `${what} has neither prefixes nor profiles, so no address is ever in it`, 'Add one of them.',
      'warning')
  }
  if (overlap !== null && placed.length === 0) {
    const message = `"overlap" of ${what} has no effect: it goes by address blocks, and the zone has none`
    report(reader, fields.get('overlap') ?? node, 'overlap-unplaced', message, 'Give the zone prefixes, or say it in the zone around it.', 'warning')
  }
  if (kind !== null && kind !== 'external') warnOfWide(reader, placed, what)
  const usable = name !== null && kind !== null
  const zone = usable ? { name, kind, prefixes: placed.map((p) => p.prefix), profiles, inside, overlap, description, at } : null
  const nameAt = positionOf(fields.get('name') ?? node)
  return { zone, name, nameAt, placed, inside, insideAt: positionOf(fields.get('inside') ?? node) }
}

/** Shorter prefixes than the largest block ever handed to one organisation (IPv4 /8; IPv6 /16) swallow the Internet. */
const LENGTH_MIN: Readonly<Record<IpVersion, number>> = { 4: 8, 6: 16 }

function warnOfWide(reader: TreeReader, placed: readonly PlacedPrefix[], what: string): void {
  for (const { prefix, at } of placed) {
    const scope = ipScope(ipFromValue(prefix.version, prefix.network))
    if (prefix.length >= LENGTH_MIN[prefix.version] || scope === 'private' || scope === 'link-local') continue
    const message = `${formatPrefix(prefix)} of ${what} takes in a large part of the Internet as if it were inside`
    report(reader, at, 'wide-prefix', message, 'List the blocks that are really yours; the rest is the built-in zone "internet".',
      'warning')
  }
}

function readZoneName(reader: TreeReader, fields: Fields): string | null {
  const name = readName(reader, fields.get('name'), '"name" of a zone')
  if (name === null || !RESERVED_NAMES.includes(name)) return name
  const help = `Choose another name; ${RESERVED_NAMES.join(', ')} have a meaning of their own.`
  report(reader, fields.get('name') ?? fields.at, 'reserved-name', `zone ${quote(name)} takes a reserved name`, help)
  return null
}

function readPrefixes(reader: TreeReader, node: TreeNode | undefined, what: string): readonly PlacedPrefix[] {
  const placed: PlacedPrefix[] = []
  for (const item of readList(reader, node, `"prefixes" of ${what}`, PREFIXES_PER_ZONE_MAX, true)) {
    const text = readText(reader, item, `a prefix of ${what}`)
    if (text === null) continue
    const parsed = parsePrefix(text)
    if (!parsed.ok) report(reader, item, 'bad-prefix', parsed.error, prefixHelp(text))
    else if (isGroupPrefix(parsed.value)) {
      const help = 'Multicast and broadcast belong to the built-in zone "group"; leave them out here.'
      report(reader, item, 'group-prefix', `${formatPrefix(parsed.value)} of ${what} is multicast or broadcast`, help)
    } else placed.push({ prefix: parsed.value, at: positionOf(item) })
  }
  return placed
}

function isGroupPrefix(prefix: Prefix): boolean {
  const hostBits = BigInt(IP_BITS[prefix.version] - prefix.length)
  const last = prefix.network | ((1n << hostBits) - 1n)
  return isGroupIp(ipFromValue(prefix.version, prefix.network)) && isGroupIp(ipFromValue(prefix.version, last))
}

/** The corrected block when only host bits or a mask in dotted form are wrong, else the form. */
export function prefixHelp(text: string): string {
  const form = 'Write an IPv4 or IPv6 block such as 10.20.0.0/16 or fd00:20::/32.'
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const host = parsePrefix(address)
  if (!host.ok) return form
  const length = slash < 0 ? '' : text.slice(slash + 1)
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : maskLength(length)
  const full = IP_BITS[host.value.version]
  if (bits === null || bits > full) return form
  const hostBits = BigInt(full - bits)
  const fixed = { version: host.value.version, network: (host.value.network >> hostBits) << hostBits, length: bits }
  return `Write ${formatPrefix(fixed)} for the block, or ${address} for the one address.`
}

/** 255.255.0.0 is 16; null when the ones are not in front. */
function maskLength(text: string): number | null {
  const mask = parsePrefix(text)
  if (!mask.ok || mask.value.version !== 4 || mask.value.length !== 32) return null
  const bits = mask.value.network.toString(2).padStart(32, '0')
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : null
}

function readProfiles(reader: TreeReader, node: TreeNode | undefined, what: string, known: KnownProfiles): readonly string[] {
  const profiles: string[] = []
  for (const item of readList(reader, node, `"profiles" of ${what}`, PROFILES_PER_ZONE_MAX, true)) {
    const id = readName(reader, item, `profile of ${what}`)
    if (id === null) continue
    if (known !== null && !known.has(id)) {
      const near = suggest(id, known)
      const help = `${near === null ? '' : `Did you mean "${near}"? `}Known profiles: ${[...known].sort().join(', ')}.`
      report(reader, item, 'unknown-profile', `${what} names the unknown profile ${quote(id)}`, help)
    } else if (profiles.includes(id)) {
      report(reader, item, 'duplicate-name', `${what} names the profile ${quote(id)} twice`, 'Delete one of the two.')
    } else profiles.push(id)
  }
  return profiles
}

function checkInside(reader: TreeReader, zones: readonly ParsedZone[]): void {
  const names = zones.flatMap((z) => z.name ?? [])
  for (const { name, inside, insideAt } of zones) {
    if (name === null || inside === null) continue
    if (!names.includes(inside)) {
      const near = suggest(inside, names)
      const help = near === null ? `Zones of this file: ${names.join(', ')}.` : `Did you mean "${near}"?`
      report(reader, insideAt, 'unknown-zone', `zone ${name} is inside the unknown zone ${quote(inside)}`, help)
    } else if (ancestors(zones, name).includes(name)) {
      const help = 'Delete "inside" from the outermost zone.'
      report(reader, insideAt, 'zone-cycle', `zone ${name} is inside itself, by way of ${quote(inside)}`, help)
    }
  }
}

/** Names of the zones out of which `name` is carved, nearest first. Stops at a repeat, so at most one per zone. */
function ancestors(zones: readonly ParsedZone[], name: string): readonly string[] {
  const outerOf = (inner: string): string | null => zones.find((z) => z.name === inner)?.inside ?? null
  const found: string[] = []
  for (let next = outerOf(name); next !== null && !found.includes(next); next = outerOf(next)) found.push(next)
  return found
}

interface SweepItem extends PlacedPrefix {
  readonly zone: string
}

/**
 * Sorted by network, then shorter first, prefixes that hold the current one form a stack: at most one per prefix length and zone.
 * So the sweep is linear but for equal prefixes, which are dropped from the stack after being reported once.
 */
function checkOverlaps(reader: TreeReader, zones: readonly ParsedZone[]): void {
  const items = zones.flatMap(({ name, placed }) => (name === null ? [] : placed.map((p) => ({ ...p, zone: name }))))
  items.sort(compareItems)
  const outerZones = new Map(zones.flatMap(({ name }) => (name === null ? [] : [[name, ancestors(zones, name)]])))
  let stack: readonly SweepItem[] = []
  for (const item of items) {
    stack = stack.filter((outer) => prefixesOverlap(outer.prefix, item.prefix))
    for (const outer of conflicts(stack, item, outerZones.get(item.zone) ?? [])) reportOverlap(reader, outer, item)
    if (stack.at(-1)?.prefix.length !== item.prefix.length) stack = [...stack, item]
  }
}

/** Of the blocks that hold `item`, those it may not lie in: one per zone. `outerZones` are the zones it says it is carved out of. */
function conflicts(stack: readonly SweepItem[], item: SweepItem, outerZones: readonly string[]): readonly SweepItem[] {
  const found = new Map<string, SweepItem>()
  for (const outer of stack) {
    if (found.has(outer.zone)) continue
    // Carved, as it says.
    if (outerZones.includes(outer.zone) && outer.prefix.length < item.prefix.length) continue
    // A block it is carved out of lies in between: what is wrong between those two was told there.
    if (stack.some((other) => outerZones.includes(other.zone) && other.prefix.length > outer.prefix.length)) continue
    // Its own zone's block further out is not what holds it when another zone's lies in between.
    if (outer.zone === item.zone && stack.at(-1)?.zone !== item.zone) continue
    found.set(outer.zone, outer)
  }
  return [...found.values()]
}

function compareItems(a: SweepItem, b: SweepItem): number {
  if (a.prefix.version !== b.prefix.version) return a.prefix.version - b.prefix.version
  if (a.prefix.network !== b.prefix.network) return a.prefix.network < b.prefix.network ? -1 : 1
  return a.prefix.length - b.prefix.length || a.at.line - b.at.line || a.at.column - b.at.column
}

/** `outer` holds `item` or equals it. */
function reportOverlap(reader: TreeReader, outer: SweepItem, item: SweepItem): void {
  const text = formatPrefix(item.prefix)
  const outerText = `${formatPrefix(outer.prefix)}${outer.at.line > 0 ? ` on line ${outer.at.line}` : ''}`
  if (outer.zone === item.zone) {
    const message = `zone ${item.zone} holds ${text} already through ${outerText}`
    report(reader, item.at, 'redundant-prefix', message, 'Delete the smaller one; it changes nothing.', 'warning')
    return
  }
  const equal = outer.prefix.length === item.prefix.length
  const message = `zones ${item.zone} and ${outer.zone} share addresses: ${text} and ${outerText}`
  const help = equal
    ? 'Give the block to one of the two zones.'
    : `Write "inside: ${outer.zone}" in zone ${item.zone} if it is carved out of it, or split the larger block.`
  report(reader, item.at, 'zone-overlap', message, help)
}
