// Address translation of IOS as NatRule rows: inside and outside source, inside destination; static, by list or by route map.
// Keeps "never dropped": a form that is not understood is an unknown line, one that is not exact keeps its row with an unknown match.

import type { Chain, Match, NatRule, UnknownMatch, ValueRange } from '../../rules/model.ts'
import type { Block } from '../text/blocks.ts'
import type { FieldConstraint } from '../text/cisco-model.ts'
import type { Findings } from '../text/findings.ts'
import { startsWith, type ConfigLine } from '../text/lines.ts'
import { inRanges, inValues } from '../text/ranges.ts'
import { joined, permittedWays } from '../ways.ts'
import { natInterfaces, type NatInterface } from './interfaces.ts'
import { ALWAYS, pools, routeMapWays, type Pool } from './nat-parts.ts'
import { parseTranslation, type Translation } from './nat-words.ts'

export interface NatText {
  readonly interfaces: readonly string[]
  readonly chains: ReadonlyMap<string, Chain>
  readonly findings: Findings
}

interface Work extends NatText {
  readonly sides: readonly NatInterface[]
  readonly blocks: readonly Block[]
  readonly pools: ReadonlyMap<string, Pool>
}

/** Commands of `ip nat` that change neither addresses nor what is translated: how long entries stay, logs, helpers of single protocols. */
const QUIET = ['ip nat translation', 'ip nat log', 'ip nat service', 'ip nat pool', 'ip nat create', 'ip nat portmap']

/** Static rows come first, those of single ports in front (IOS: extended entries are more specific); the others as the text has them. */
export function iosTranslations(blocks: readonly Block[], text: NatText): readonly NatRule[] {
  const heads = blocks.map(({ head }) => head).filter((head) => startsWith(head, 'ip nat') && !QUIET.some((quiet) => startsWith(head, quiet)))
  const work: Work = { ...text, blocks, sides: natInterfaces(blocks, text.interfaces), pools: pools(blocks, text.findings) }
  const found: { readonly rank: number; readonly rows: readonly NatRule[] }[] = []
  for (const head of heads) {
    const translation = parseTranslation(head)
    if (translation === null) text.findings.unknown(head, 'this form of address translation is not understood')
    else found.push({ rank: translation.rank, rows: rowsOf(translation, head, work) })
  }
  const rows = found.sort((a, b) => a.rank - b.rank).flatMap((one) => one.rows)
  text.findings.noteRows(rows)
  if (heads.length > 0 && work.sides.every(({ side }) => side === null)) {
    text.findings.warn('nat-sides', heads[0]?.number ?? 0, 'no interface of this text is marked `ip nat inside` or `ip nat outside`',
      'IOS translates between marked interfaces only: give the whole configuration')
  }
  return rows
}

interface OutBinding {
  readonly iface: number
  readonly hook: string
  readonly line: ConfigLine
}

/** IOS asks an outgoing list after it has translated; the model's lists see the packet before. */
export function lateLists(blocks: readonly Block[], bindings: readonly OutBinding[],
  { interfaces, rows, findings }: Pick<NatText, 'interfaces' | 'findings'> & { readonly rows: readonly NatRule[] }): void {
  if (rows.length === 0) return
  const marked = new Set(natInterfaces(blocks, interfaces).filter(({ side }) => side !== null).map(({ index }) => index))
  for (const { iface, hook, line } of bindings) {
    if (hook === 'interface-out' && marked.has(iface)) findings.unknown(line, 'an outgoing list sees addresses after they are translated')
  }
}

interface Ends {
  readonly inside: readonly FieldConstraint[]
  readonly outside: readonly FieldConstraint[]
  readonly toOutside: readonly FieldConstraint[]
  readonly unknown: readonly UnknownMatch[]
}

/** Interfaces of each side, by VRF: without the word those of no VRF. A VRF without an outside of its own leaves by those of the others. */
function endsOf({ vrf }: Translation, head: ConfigLine, { sides }: Work): Ends {
  const of = (side: 'inside' | 'outside', all: boolean): readonly number[] =>
    sides.filter((one) => one.side === side && (all || one.vrf === (vrf ?? 'main'))).map(({ index }) => index)
  const crosses = vrf !== null && of('outside', false).length === 0
  const outside = inValues(...of('outside', crosses))
  return {
    inside: [['iif', inValues(...of('inside', false))]], outside: [['iif', outside]], toOutside: [['oif', outside]],
    unknown: crosses ? [why(head, 'translation from one VRF into another is not modelled')] : [],
  }
}

function why(head: ConfigLine, reason: string): UnknownMatch {
  return { text: head.text, line: head.number, reason }
}

function rowsOf(t: Translation, head: ConfigLine, work: Work): readonly NatRule[] {
  const ends = endsOf(t, head, work)
  const always: Match = { fields: [], unknown: [...ends.unknown, ...t.unknown.map((reason) => why(head, reason))] }
  const ways = conditions(t, head, work).map((way) => joined(way, always))
  return t.kind === 'static' ? staticRows(t, head, ends, ways, work) : dynamicRows(t, head, ends, ways, work)
}

/** What a list or a route map asks for; everything without one. */
function conditions(t: Translation, head: ConfigLine, { chains, blocks, interfaces }: Work): readonly Match[] {
  if (t.routeMap !== null) return routeMapWays(t.routeMap, head, blocks, chains, interfaces)
  if (t.list === null) return [ALWAYS]
  const chain = chains.get(t.list)
  return chain === undefined ? [{ fields: [], unknown: [why(head, `list ${t.list} is not defined in this text`)] }] : permittedWays(chain)
}

type RowParts = Pick<NatRule, 'kind' | 'address' | 'port'> & { readonly stage: 'destination' | 'source' }

function row(head: ConfigLine, way: Match, fields: readonly FieldConstraint[], parts: RowParts, unknown: readonly UnknownMatch[] = []): NatRule {
  return {
    line: head.number, text: head.text, match: { fields: [...fields, ...way.fields], unknown: [...way.unknown, ...unknown] }, family: 4, ...parts,
  }
}

/** From the inside the source changes behind routing; from the outside the destination changes in front of it. Outside source: turned round. */
function staticRows(t: Translation, head: ConfigLine, ends: Ends, ways: readonly Match[], { sides, interfaces }: Work): readonly NatRule[] {
  const { before } = t
  const named = t.after.iface === null ? null : sides[interfaces.findIndex((name) => name.toLowerCase() === t.after.iface?.toLowerCase())]
  const after = t.after.iface === null ? t.after.range : named?.address ? { low: named.address, high: named.address } : null
  if (before === null || after === null) return [row(head, { fields: [], unknown: [why(head, 'the address of the interface is not in the text')] },
    [], { kind: t.side === 'inside' ? 'destination' : 'source', address: null, port: null, stage: t.side === 'inside' ? 'destination' : 'source' })]
  const vague = before.low === before.high ? [] : [why(head, 'each address of the network becomes the one at its own place in the other')]
  const late = t.side === 'outside' ? [why(head, 'the destination changes after the route is chosen')] : []
  const proto: readonly FieldConstraint[] = t.proto === null ? [] : [['proto', inValues(t.proto)]]
  const port = (field: 'sport' | 'dport', range: ValueRange | null): readonly FieldConstraint[] => (range === null ? [] : [[field, inRanges([range])]])
  const leaving = t.side === 'inside' ? [...ends.inside, ...ends.toOutside] : ends.outside
  const arriving = t.side === 'inside' ? ends.outside : ends.inside
  const reversible = t.routeMap === null || t.reversible
  return [
    ...ways.map((way) => row(head, way, [...leaving, ['src', inRanges([before])], ...proto, ...port('sport', t.ports.before)],
      { kind: 'source', address: after, port: t.ports.after, stage: 'source' }, vague)),
    row(head, reversible ? backwards(ways) : { fields: [], unknown: [why(head, 'the way back of a route map depends on connections')] },
      [...arriving, ['dst', inRanges([after])], ...proto, ...port('dport', t.ports.after)],
      { kind: 'destination', address: before, port: t.ports.before, stage: 'destination' }, [...vague, ...late]),
  ]
}

/** The way back has no condition of its own; what is unknown of the way there is unknown of it. */
function backwards(ways: readonly Match[]): Match {
  return { fields: [], unknown: [...new Set(ways.flatMap(({ unknown }) => unknown))] }
}

function dynamicRows(t: Translation, head: ConfigLine, ends: Ends, ways: readonly Match[], work: Work): readonly NatRule[] {
  if (t.what === 'destination') return rotaryRows(t, head, ends, ways, work)
  const leaving = t.side === 'inside' ? [...ends.inside, ...ends.toOutside] : ends.outside
  const target = targetOf(t, head, work)
  const there = ways.map((way) => row(head, way, leaving, { ...target.parts, stage: 'source' }, target.unknown))
  if (t.overload || target.parts.address === null || t.after.iface !== null) return there
  const living = [why(head, 'while an entry lives, it is met from the other side, too')]
  const arriving = t.side === 'inside' ? ends.outside : ends.inside
  return [...there, row(head, ALWAYS, [...arriving, ['dst', inRanges([target.parts.address])]],
    { kind: 'destination', address: null, port: null, stage: 'destination' }, living)]
}

interface Target {
  readonly parts: Pick<NatRule, 'kind' | 'address' | 'port'>
  readonly unknown: readonly UnknownMatch[]
}

/** A pool, or the address of an interface: of the only outside interface it is a masquerade, whatever that address is. */
function targetOf(t: Translation, head: ConfigLine, { sides, interfaces, pools: known }: Work): Target {
  if (t.after.iface !== null) {
    const index = interfaces.findIndex((name) => name.toLowerCase() === t.after.iface?.toLowerCase())
    const outside = sides.filter((one) => one.side === 'outside')
    if (outside.length === 1 && outside[0]?.index === index) return { parts: { kind: 'masquerade', address: null, port: null }, unknown: [] }
    const address = sides[index]?.address ?? null
    const parts = { kind: 'source', address: address === null ? null : { low: address, high: address }, port: null } as const
    return { parts, unknown: address === null ? [why(head, 'the address of the interface is not in the text')] : [] }
  }
  const pool = known.get(t.pool ?? '')
  const parts = { kind: 'source', address: pool?.range ?? null, port: null } as const
  return { parts, unknown: pool?.range ? [] : [why(head, `pool ${t.pool ?? ''} is not one range that this text defines`)] }
}

/** `ip nat inside destination list L pool P`: TCP to what a standard list names goes to the pool in turn (IOS, "rotary"). */
function rotaryRows(t: Translation, head: ConfigLine, ends: Ends, ways: readonly Match[], work: Work): readonly NatRule[] {
  const target = targetOf(t, head, work)
  return ways.map((way) => {
    const odd = way.fields.some(([field]) => field !== 'src') ? [why(head, 'an extended list for destinations is not modelled')] : []
    const fields = way.fields.flatMap(([field, c]): FieldConstraint[] => (field === 'src' ? [['dst', c]] : []))
    return row(head, { ...way, fields }, [...ends.outside, ['proto', inValues(6)]], { ...target.parts, kind: 'destination', stage: 'destination' },
      [...target.unknown, ...odd])
  })
}

