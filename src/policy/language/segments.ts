// Segments of a policy file: where the address blocks of zones are, which is what static routes need to know.
// Keeps the rule that zones alone say who owns an address: a segment outside of its zone is an error, not a second opinion.

import { formatPrefix, ipFromValue, ipVersion, parseIp, parsePrefix, prefixContains, prefixesOverlap, type Ip,
  type Prefix } from '../../base/ip.ts'
import { ipScope, type IpScope } from '../../base/ip-scope.ts'
import { positionOf, type Position, type TreeNode } from '../../base/tree.ts'
import { quote, readChoice, readList, readMap, readText, report, type Fields, type TreeReader } from '../../base/tree-reader.ts'
import { builtInZoneOf } from '../eval/names.ts'
import { readZone, type KnownNames } from './conduits.ts'
import { SEGMENT_KEYS } from './keys.ts'
import { ELSEWHERE, isBuiltInZone, type Segment } from './model.ts'
import { prefixHelp, type ParsedZone } from './zones.ts'

/** A large hospital has some hundred VLANs. */
export const SEGMENTS_MAX = 1024
/** Linux and Cisco IOS balance over at most 16 or 32 equal routes; a ward has two routers. */
export const NEXT_HOPS_MAX = 16

/** Reads `segments:`; every mistake goes to the reader. */
export function parseSegments(
  reader: TreeReader, node: TreeNode | undefined, known: KnownNames, zones: readonly ParsedZone[],
): readonly Segment[] {
  const items = readList(reader, node, '"segments"', SEGMENTS_MAX)
  const segments = items.flatMap((item) => parseSegment(reader, item, known, zones) ?? [])
  checkTwice(reader, segments)
  return segments
}

function parseSegment(reader: TreeReader, node: TreeNode, known: KnownNames, zones: readonly ParsedZone[]): Segment | null {
  const fields = readMap(reader, node, 'a segment', SEGMENT_KEYS)
  if (fields === null) return null
  const prefix = readPrefix(reader, fields.get('prefix'))
  const what = prefix === null ? 'a segment' : `segment ${formatPrefix(prefix)}`
  const zone = readOwnZone(reader, fields.get('zone'), what, known)
  const via = prefix === null ? null : readNextHops(reader, fields.get('via'), prefix, what)
  const elsewhere = readChoice(reader, fields.get('elsewhere'), `"elsewhere" of ${what}`, ELSEWHERE)
  const description = readText(reader, fields.get('description'), `"description" of ${what}`)
  if (prefix === null || zone === null) return null
  checkOwner(reader, fields, prefix, zone, zones)
  if (via === null) return null
  warnOfAttached(reader, fields, via, elsewhere === 'blackhole', what)
  return { prefix, zone, via, elsewhere, description, at: positionOf(node) }
}

function readPrefix(reader: TreeReader, node: TreeNode | undefined): Prefix | null {
  const text = readText(reader, node, '"prefix" of a segment')
  if (text === null || node === undefined) return null
  const parsed = parsePrefix(text)
  if (parsed.ok) return parsed.value
  report(reader, node, 'bad-prefix', parsed.error, prefixHelp(text))
  return null
}

function readOwnZone(reader: TreeReader, node: TreeNode | undefined, what: string, known: KnownNames): string | null {
  const zone = readZone(reader, node, `"zone" of ${what}`, known)
  if (zone === null || node === undefined || !isBuiltInZone(zone)) return zone
  const help = 'Segments are the site\'s own blocks: name a zone of this file.'
  report(reader, node, 'built-in-zone', `${what} is given to the built-in zone "${zone}"`, help)
  return null
}

/** Null when any is wrong: a route must not silently lose one of its next hops. */
function readNextHops(reader: TreeReader, node: TreeNode | undefined, prefix: Prefix, what: string): readonly Ip[] | null {
  const items = readList(reader, node, `"via" of ${what}`, NEXT_HOPS_MAX, true)
  if (node?.kind === 'list' && items.length === 0) {
    report(reader, node, 'empty-list', `"via" of ${what} is empty`, 'Write next hops, or leave "via" out if routers are attached to it.')
  }
  const hops = items.map((item) => readNextHop(reader, item, prefix, what))
  const good = hops.filter((hop) => hop !== null)
  return (node !== undefined && good.length === 0) || good.length < hops.length ? null : [...new Set(good)]
}

/** Kinds of addresses that no router has on a link, in words. */
const NO_ROUTER: ReadonlyMap<IpScope, string> = new Map([
  ['multicast', 'multicast'], ['broadcast', 'broadcast'], ['unspecified', 'the unspecified address'], ['loopback', 'loopback'],
])

function readNextHop(reader: TreeReader, node: TreeNode, prefix: Prefix, what: string): Ip | null {
  const text = readText(reader, node, `next hop of ${what}`)
  if (text === null) return null
  const parsed = parseIp(text)
  if (!parsed.ok) {
    report(reader, node, 'bad-next-hop', `${what} has the next hop ${quote(text)}, which is no address`,
      'Write one address, e.g. 10.20.0.1.')
    return null
  }
  const hop = parsed.value
  const problem = nextHopProblem(hop, prefix)
  if (problem === null) return hop
  report(reader, node, 'bad-next-hop', `${what} has the next hop ${hop}, which is ${problem[0]}`, problem[1])
  return null
}

/** What is wrong with a next hop and what to do, or null. */
function nextHopProblem(hop: Ip, prefix: Prefix): readonly [string, string] | null {
  const kind = NO_ROUTER.get(ipScope(hop))
  if (kind !== undefined) return [kind, 'Write the address of the router that leads there.']
  if (ipVersion(hop) !== prefix.version) return ['of the other IP version', 'Give each version its own segment.']
  if (!prefixContains(prefix, hop)) return null
  return ['inside the block it leads to', 'Write the router\'s address on the near side, or leave "via" out if routers are attached to it.']
}

/** The zone must hold the whole block: as the longest of all zone prefixes around it. */
function checkOwner(reader: TreeReader, fields: Fields, prefix: Prefix, zone: string, zones: readonly ParsedZone[]): void {
  const around = zones.flatMap(({ name, placed }) => placed.map((p) => ({ name, prefix: p.prefix })))
    .filter((outer) => outer.prefix.length <= prefix.length && prefixesOverlap(outer.prefix, prefix))
  const longest = Math.max(...around.map((outer) => outer.prefix.length))
  const owner = around.find((outer) => outer.prefix.length === longest)?.name ?? null
  if (owner === zone) return
  const builtIn = `the built-in zone "${builtInZoneOf(ipFromValue(prefix.version, prefix.network))}"`
  const holder = owner === null ? builtIn : `zone ${owner}`
  const carve = `Write "zone: ${owner}", or carve the block out of it in zone ${zone}.`
  const help = owner === null ? `Add it to "prefixes" of zone ${zone}.` : carve
  const message = `${formatPrefix(prefix)} is in ${holder}, not in zone ${zone}`
  report(reader, fields.get('prefix') ?? fields.at, 'segment-owner', message, help)
}

/** Kernels refuse a blackhole beside a connected route of the same block ("File exists"; measured, facts on segmentation, section 6). */
function warnOfAttached(reader: TreeReader, fields: Fields, via: readonly Ip[], blackhole: boolean, what: string): void {
  if (via.length > 0 || !blackhole) return
  const message = `${what} has no next hop, so routers are attached to it, and those refuse a blackhole for the same block`
  const help = 'Write "elsewhere: prohibit", which a routing rule can do, or give the next hops.'
  report(reader, fields.get('elsewhere') ?? fields.at, 'attached-blackhole', message, help, 'warning')
}

function checkTwice(reader: TreeReader, segments: readonly Segment[]): void {
  const seen = new Map<string, Position>()
  for (const { prefix, at } of segments) {
    const text = formatPrefix(prefix)
    const first = seen.get(text)
    if (first === undefined) seen.set(text, at)
    else {
      const where = first.line > 0 ? ` The first is on line ${first.line}.` : ''
      report(reader, at, 'duplicate-name', `two segments have the block ${text}`, `Join their next hops in one, or delete one.${where}`)
    }
  }
}
