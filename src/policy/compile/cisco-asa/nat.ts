// Translation of an ASA as NatRule rows: twice NAT, then NAT of objects in the order of the device, then what stands behind (`after-auto`).
// Keeps "never dropped": a form that is not understood is an unknown line, one that is not exact keeps its row with an unknown match.

import { ipValue, ipVersion, parseIp, type IpVersion } from '../../../base/ip.ts'
import type { NatRule, UnknownMatch, ValueRange } from '../../rules/model.ts'
import { startsWithAny, type Block } from '../text/blocks.ts'
import type { CiscoGroups, FieldConstraint } from '../text/cisco-model.ts'
import { takeBlock } from '../text/cisco-route.ts'
import type { Findings } from '../text/findings.ts'
import { startsWith, Words, type ConfigLine } from '../text/lines.ts'
import { addressMax, inRanges, inValues, oneValue } from '../text/ranges.ts'
import { parseObjectNat, parseTwice, type End, type Translation } from './nat-words.ts'

export interface NatText {
  /** `nameif` of each interface. */
  readonly interfaces: readonly string[]
  readonly groups: CiscoGroups
  readonly findings: Findings
}

interface Work extends NatText {
  readonly own: ReadonlyMap<string, bigint>
}

interface Found {
  readonly line: ConfigLine
  readonly translation: Translation
  readonly order: readonly [section: number, dynamic: number, size: bigint, low: bigint]
  readonly name: string
}

/** Words that only systems before version 8.3 have. */
const LEGACY = ['static', 'global']

export function isLegacyNat(head: ConfigLine): boolean {
  return startsWithAny(head, LEGACY) || /^nat\s*\(\s*[^,)]+\)/i.test(head.text)
}

export function asaTranslations(blocks: readonly Block[], text: NatText): readonly NatRule[] {
  const work: Work = { ...text, own: ownAddresses(blocks) }
  const lines = blocks.flatMap(({ head, body }): { readonly line: ConfigLine; readonly object: string | null }[] => {
    if (/^nat\b/i.test(head.text) && !isLegacyNat(head)) return [{ line: head, object: null }]
    const object = startsWith(head, 'object network') ? (head.words[2] ?? '') : null
    return object === null ? [] : body.filter((line) => startsWith(line, 'nat')).map((line) => ({ line, object }))
  })
  const found = lines.flatMap(({ line, object }): Found[] => {
    const translation = object === null ? parseTwice(line) : parseObjectNat(line, object)
    if (translation === null) text.findings.unknown(line, 'this form of address translation is not understood')
    return translation === null || translation.inactive ? [] : [{ line, translation, name: object ?? '', order: orderOf(translation, work) }]
  })
  return found.sort(byOrder).flatMap(({ line, translation }) => rowsOf(translation, line, work))
}

/** Twice NAT as the text has it. Of objects: static ones first, the smallest first, then the lowest address, then the name. */
function orderOf({ section, kind, real }: Translation, { groups }: Work): Found['order'] {
  if (section !== 2 || real.kind !== 'named') return [section, 0, 0n, 0n]
  const { ranges } = groups.network(real.name)
  const all = [...ranges[4], ...ranges[6]]
  return [2, kind === 'static' ? 0 : 1, all.reduce((sum, range) => sum + range.high - range.low + 1n, 0n), all[0]?.low ?? 0n]
}

function byOrder(a: Found, b: Found): number {
  for (const [i, value] of a.order.entries()) {
    const other = b.order[i] ?? 0
    if (value !== other) return value < other ? -1 : 1
  }
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

/** The address that `interface` means, by `nameif`. */
export function ownAddresses(blocks: readonly Block[]): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>()
  for (const { head, body } of blocks) {
    const name = startsWith(head, 'interface') ? body.find((line) => startsWith(line, 'nameif'))?.words[1] : undefined
    const own = body.find((line) => startsWith(line, 'ip address'))
    const block = own === undefined ? null : takeBlock(new Words(own.words, 2))
    if (name !== undefined && block !== null) found.set(name, block.value)
  }
  return found
}

/** Addresses of one end; null ranges are all. */
interface Addresses {
  readonly ranges: readonly ValueRange[] | null
  readonly family: IpVersion | null
  readonly unknown: string | null
}

const EVERYTHING: Addresses = { ranges: null, family: null, unknown: null }

function addressesOf(end: End, face: string | null, { groups, own }: Work): Addresses {
  if (end.kind === 'any') return EVERYTHING
  if (end.kind !== 'named') {
    const value = face === null ? undefined : own.get(face)
    return value === undefined ? { ...EVERYTHING, unknown: 'the address of the interface is not in the text' }
      : { ranges: [oneValue(value)], family: 4, unknown: null }
  }
  const ip = groups.kind(end.name) === null ? parseIp(groups.nameOf(end.name)) : null
  if (ip?.ok) return { ranges: [oneValue(ipValue(ip.value))], family: ipVersion(ip.value), unknown: null }
  const { ranges, unknown } = groups.network(end.name)
  if (unknown !== null) return { ...EVERYTHING, unknown }
  if (ranges[4].length > 0 && ranges[6].length > 0) {
    const all = isEvery(ranges[4], 4) && isEvery(ranges[6], 6)
    return all ? EVERYTHING : { ...EVERYTHING, unknown: `group ${end.name} holds addresses of both families` }
  }
  return ranges[4].length > 0 ? { ranges: ranges[4], family: 4, unknown: null } : { ranges: ranges[6], family: 6, unknown: null }
}

function isEvery(ranges: readonly ValueRange[], family: IpVersion): boolean {
  return ranges.length === 1 && ranges[0]?.low === 0n && ranges[0].high === addressMax(family)
}

type Parts = Pick<NatRule, 'kind' | 'address' | 'port'>
interface Becomes {
  readonly parts: Parts
  readonly unknown: string | null
}

/** What addresses of `from` become: themselves, the one address there is, one of a pool, or those at their own place. */
function becomes(from: Addresses, to: Addresses, kind: 'destination' | 'source', pool: boolean): Becomes {
  if (sameRanges(from, to)) return { parts: { kind: 'none', address: null, port: null }, unknown: null }
  const only = to.ranges?.length === 1 ? to.ranges[0] : undefined
  if (only === undefined) return { parts: { kind, address: null, port: null }, unknown: 'what the address becomes is not one range' }
  const one = only.low === only.high && from.ranges?.length === 1 && from.ranges[0]?.low === from.ranges[0]?.high
  return { parts: { kind, address: only, port: null }, unknown: pool || one ? null : 'each address becomes the one at its own place in the other' }
}

function sameRanges(a: Addresses, b: Addresses): boolean {
  if (a.ranges === null || b.ranges === null) return a.ranges === b.ranges && (a.unknown ?? b.unknown) === null
  return a.family === b.family && a.ranges.length === b.ranges.length
    && a.ranges.every((range, i) => range.low === b.ranges?.[i]?.low && range.high === b.ranges[i].high)
}

function field(name: 'src' | 'dst', { ranges }: Addresses): readonly FieldConstraint[] {
  return ranges === null ? [] : [[name, inRanges(ranges)]]
}

/** Protocol and ports of one direction; `source` when the objects name source ports. */
interface Ports {
  readonly proto: FieldConstraint
  readonly side: 'source' | 'destination'
  readonly first: ValueRange
  readonly second: ValueRange
}

function rowsOf(t: Translation, line: ConfigLine, work: Work): readonly NatRule[] {
  const [realFace, mappedFace] = t.faces
  const reasons: string[] = []
  const face = (name: 'iif' | 'oif', nameif: string | null): readonly FieldConstraint[] => {
    const index = nameif === null ? -1 : work.interfaces.indexOf(nameif)
    if (nameif !== null && index < 0) reasons.push(`interface ${nameif} is not defined in this text`)
    return index < 0 ? [] : [[name, inValues(index)]]
  }
  const real = addressesOf(t.real, realFace, work)
  const mapped = asWide(addressesOf(t.mapped, mappedFace, work), real, t, work)
  const dst = t.destination === null ? null
    : { mapped: addressesOf(t.destination.mapped, realFace, work), real: addressesOf(t.destination.real, mappedFace, work) }
  const masquerade = t.mapped.kind === 'interface' && mapped.unknown !== null
  reasons.push(...[real.unknown, masquerade && t.kind === 'dynamic' ? null : mapped.unknown, dst?.mapped.unknown ?? null, dst?.real.unknown ?? null]
    .filter((reason) => reason !== null))
  if (t.fallback) reasons.push('a second choice of addresses is not modelled')
  const ports = portsOf(t, work.groups)
  if (ports === undefined) reasons.push('the services of a translation are not one port each')
  const ends: Ends = { real, mapped, dst, ports: ports ?? null, masquerade,
    inReal: face('iif', realFace), outMapped: face('oif', mappedFace), inMapped: face('iif', mappedFace), outReal: face('oif', realFace) }
  const rows = [...thereRows(t, ends), ...(t.kind === 'static' && !t.oneWay ? backRows(ends) : [])]
  const unknowns = (more: string | null): readonly UnknownMatch[] =>
    [...new Set([...reasons, ...(more === null ? [] : [more])])].map((reason) => ({ text: line.text, line: line.number, reason }))
  const family = real.family ?? mapped.family ?? dst?.real.family ?? null
  return rows.map(({ fields, parts, stage, unknown }) => ({ line: line.number, text: line.text, match: { fields, unknown: unknowns(unknown) }, ...parts,
    family, stage }))
}

/** `static 10.1.0.0` below an object that is a network: the first address of a network of its size. */
function asWide(mapped: Addresses, { ranges }: Addresses, t: Translation, { groups }: Work): Addresses {
  const [real, ...more] = ranges ?? []
  const [first] = mapped.ranges ?? []
  const written = t.section === 2 && t.kind === 'static' && t.mapped.kind === 'named' && groups.kind(t.mapped.name) === null
  if (!written || real === undefined || more.length > 0 || first === undefined) return mapped
  return { ...mapped, ranges: [{ low: first.low, high: first.low + real.high - real.low }] }
}

interface Ends {
  readonly real: Addresses
  readonly mapped: Addresses
  readonly dst: { readonly mapped: Addresses; readonly real: Addresses } | null
  readonly ports: Ports | null
  readonly masquerade: boolean
  readonly inReal: readonly FieldConstraint[]
  readonly outMapped: readonly FieldConstraint[]
  readonly inMapped: readonly FieldConstraint[]
  readonly outReal: readonly FieldConstraint[]
}

interface Row extends Becomes {
  readonly fields: readonly FieldConstraint[]
  readonly stage: 'destination' | 'source'
}

/** Behind the first step a destination's port is the real one already, a source's is not the mapped one yet. */
function laterPort({ side, first, second }: Ports): FieldConstraint[1] {
  return inRanges([side === 'source' ? first : second])
}

/** From the real side: the destination becomes real, the source mapped. */
function thereRows(t: Translation, { real, mapped, dst, ports, masquerade, inReal, outMapped }: Ends): readonly Row[] {
  const bySource = ports?.side === 'source'
  const first: readonly FieldConstraint[] = ports === null ? [] : [ports.proto, [bySource ? 'sport' : 'dport', inRanges([ports.first])]]
  const later: readonly FieldConstraint[] = ports === null ? [] : [ports.proto, [bySource ? 'sport' : 'dport', laterPort(ports)]]
  const source: Becomes = masquerade && t.kind === 'dynamic' ? { parts: { kind: 'masquerade', address: null, port: null }, unknown: null }
    : becomes(real, mapped, 'source', t.kind === 'dynamic')
  const rows: Row[] = []
  if (dst !== null || ports?.side === 'destination') {
    const to = dst ?? { mapped: EVERYTHING, real: EVERYTHING }
    const port = bySource ? null : (ports?.second ?? null)
    rows.push({ ...withPort(becomes(to.mapped, to.real, 'destination', false), 'destination', port), stage: 'destination',
      fields: [...inReal, ...field('src', real), ...field('dst', to.mapped), ...first] })
  }
  rows.push({ ...withPort(source, 'source', bySource ? ports.second : null), stage: 'source',
    fields: [...inReal, ...outMapped, ...field('src', real), ...(dst === null ? [] : field('dst', dst.real)), ...later] })
  return rows
}

/** From the mapped side: the destination becomes real, the source what the real side knows it as. */
function backRows({ real, mapped, dst, ports, inMapped, outReal }: Ends): readonly Row[] {
  const bySource = ports?.side === 'source'
  const first: readonly FieldConstraint[] = ports === null ? [] : [ports.proto, [bySource ? 'dport' : 'sport', inRanges([ports.second])]]
  const later: readonly FieldConstraint[] = ports === null ? [] : [ports.proto, [bySource ? 'dport' : 'sport', laterPort(ports)]]
  const rows: Row[] = [{ ...withPort(becomes(mapped, real, 'destination', false), 'destination', bySource ? ports.first : null), stage: 'destination',
    fields: [...inMapped, ...(dst === null ? [] : field('src', dst.real)), ...field('dst', mapped), ...first] }]
  if (dst !== null || ports?.side === 'destination') {
    const to = dst ?? { mapped: EVERYTHING, real: EVERYTHING }
    rows.push({ ...withPort(becomes(to.real, to.mapped, 'source', false), 'source', bySource ? null : (ports?.first ?? null)), stage: 'source',
      fields: [...inMapped, ...outReal, ...field('src', to.real), ...field('dst', real), ...later] })
  }
  return rows
}

/** A port that changes makes a translation of a row that keeps its address. */
function withPort(made: Becomes, kind: 'destination' | 'source', port: ValueRange | null): Becomes {
  if (port === null) return made
  return { ...made, parts: { ...made.parts, kind: made.parts.kind === 'none' ? kind : made.parts.kind, port } }
}

/** Null without a service; undefined when it is not one port of one protocol on each side. */
function portsOf({ service }: Translation, groups: CiscoGroups): Ports | null | undefined {
  if (service === null) return null
  if (service.kind === 'ports') {
    const [real, mapped] = service.ports
    return { proto: ['proto', inValues(service.proto)], side: 'source', first: oneValue(real), second: oneValue(mapped) }
  }
  const [first, second] = service.names.map((name) => onePort(name, groups))
  if (!first || !second || first.side !== second.side || first.proto !== second.proto) return undefined
  return { proto: ['proto', inValues(first.proto)], side: first.side, first: oneValue(first.port), second: oneValue(second.port) }
}

function onePort(name: string, groups: CiscoGroups): { readonly proto: bigint; readonly side: Ports['side']; readonly port: bigint } | null {
  const { terms, unknown } = groups.service(name)
  const [term] = terms
  if (unknown !== null || terms.length !== 1 || term?.fields.length !== 2) return null
  const value = (of: string): bigint | null => {
    const c = term.fields.find(([one]) => one === of)?.[1]
    const [only] = c?.kind === 'ranges' && c.ranges.length === 1 ? c.ranges : []
    return only !== undefined && only.low === only.high ? only.low : null
  }
  const [proto, sport, dport] = [value('proto'), value('sport'), value('dport')]
  const port = sport ?? dport
  return proto === null || port === null ? null : { proto, side: sport === null ? 'destination' : 'source', port }
}
