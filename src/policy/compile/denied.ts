// Denied: all that a policy denies as pieces that need no order, for platforms where rules have none (Windows Firewall, Suricata).
// Keeps "never wider, never narrower": the pieces are disjoint per rule, cover exactly what first match denies, and name who denied it.

import type { ValueRange } from '../rules/model.ts'
import { everyAddress, intersectRanges, rangesKey, mergeRanges, subtractRanges, lastAddress } from './ranges.ts'
import { DEFAULT_NAME, ICMP_PROTOCOLS, ICMP_TYPE_MAX, PORT_MAX, PORT_PROTOCOLS, PROTOCOL_MAX, type PlanChain,
  type PlanRule } from './plan.ts'

/** Packets denied by one rule: any of the protocols, any of the ports or types, any source, any destination. */
export interface DeniedPiece {
  /** Conduit name, or `default`. */
  readonly rule: string
  readonly protos: readonly number[]
  /** These are all protocols that no rule names, and so are alike. */
  readonly rest: boolean
  /** Ports or ICMP types as the protocol has them; null: all, or it has neither. */
  readonly sub: readonly ValueRange[] | null
  readonly src: readonly ValueRange[]
  readonly dst: readonly ValueRange[]
}

/** Addresses looked at; a host firewall sees one host only. null: all. */
export interface DeniedScope {
  readonly src: readonly ValueRange[] | null
  readonly dst: readonly ValueRange[] | null
}

/** Protocols that the rules treat alike. */
interface ProtocolClass {
  readonly protos: readonly number[]
  readonly rest: boolean
}

/** A rule with its place; addresses are never null here. */
interface Active {
  readonly order: number
  readonly rule: PlanRule
  readonly src: readonly ValueRange[]
  readonly dst: readonly ValueRange[]
}

interface Rectangle {
  /** Place of the rule, -1 for the default. */
  readonly order: number
  readonly src: readonly ValueRange[]
  readonly dst: readonly ValueRange[]
}

/**
 * Pieces in order of protocol class, then of the rule that denies. `alone` are protocols that get pieces of their own even when no rule
 * names them. Cost: classes x (distinct sets of rules active on a port) x sources x rules.
 */
export function deniedPieces(chain: PlanChain, scope: DeniedScope, alone: readonly number[]): readonly DeniedPiece[] {
  const every = [everyAddress(chain.version)]
  const active = chain.rules.map((rule, order): Active => ({ order, rule, src: rule.src ?? every, dst: rule.dst ?? every }))
  return protocolClasses(chain.rules, alone).flatMap((group) => {
    const proto = group.protos[0] ?? 0
    const here = active.filter(({ rule }) => rule.proto === null || (!group.rest && rule.proto === proto))
    const byShape = new Map<string, { rectangle: Rectangle; sub: ValueRange[] }>()
    for (const { rules, sub } of subCells(proto, group.rest, here)) {
      for (const rectangle of rectangles(rules, chain, { src: scope.src ?? every, dst: scope.dst ?? every })) {
        const key = `${rectangle.order}|${rangesKey(rectangle.src)}|${rangesKey(rectangle.dst)}`
        const known = byShape.get(key) ?? { rectangle, sub: [] }
        byShape.set(key, known)
        known.sub.push(...sub)
      }
    }
    const found = [...byShape.values()].sort((a, b) => orderOf(a.rectangle, chain) - orderOf(b.rectangle, chain))
    return found.map(({ rectangle, sub }) => piece(rectangle, group, wholeOrNull(proto, group.rest, mergeRanges(sub)), chain))
  })
}

function orderOf(rectangle: Rectangle, chain: PlanChain): number {
  return rectangle.order < 0 ? chain.rules.length : rectangle.order
}

function piece({ order, src, dst }: Rectangle, group: ProtocolClass, sub: readonly ValueRange[] | null, chain: PlanChain): DeniedPiece {
  return { rule: chain.rules[order]?.name ?? DEFAULT_NAME, protos: group.protos, rest: group.rest, sub, src, dst }
}

/** Each named protocol alone, then all others together when there are any. */
function protocolClasses(rules: readonly PlanRule[], alone: readonly number[]): readonly ProtocolClass[] {
  const named = [...new Set([...alone, ...rules.flatMap((rule) => rule.proto ?? [])])].sort((a, b) => a - b)
  const others = Array.from({ length: PROTOCOL_MAX + 1 }, (_, proto) => proto).filter((proto) => !named.includes(proto))
  const classes = named.map((proto): ProtocolClass => ({ protos: [proto], rest: false }))
  return others.length === 0 ? classes : [...classes, { protos: others, rest: true }]
}

/** Largest port or type of a protocol; null when it has neither, or stands for many. */
function subMax(proto: number, rest: boolean): number | null {
  if (rest) return null
  return PORT_PROTOCOLS.includes(proto) ? PORT_MAX : ICMP_PROTOCOLS.includes(proto) ? ICMP_TYPE_MAX : null
}

function wholeOrNull(proto: number, rest: boolean, sub: readonly ValueRange[]): readonly ValueRange[] | null {
  const max = subMax(proto, rest)
  return max === null || (sub[0]?.low === 0n && sub[0].high === BigInt(max)) ? null : sub
}

function subOf(rule: PlanRule, proto: number): readonly ValueRange[] | null {
  return PORT_PROTOCOLS.includes(proto) ? rule.dport : rule.icmpType
}

/** Ports (or types) on which the same rules are active, together. One cell without ranges for protocols that have neither. */
function subCells(
  proto: number, rest: boolean, active: readonly Active[],
): readonly { rules: readonly Active[]; sub: readonly ValueRange[] }[] {
  const max = subMax(proto, rest)
  if (max === null) return [{ rules: active, sub: [] }]
  const edges = new Set([0n, BigInt(max) + 1n])
  for (const { rule } of active) for (const { low, high } of subOf(rule, proto) ?? []) edges.add(low).add(high + 1n)
  return groupCells([...edges], active, ({ rule }) => subOf(rule, proto)).map(({ members, ranges }) => ({ rules: members, sub: ranges }))
}

/** Cuts a line at the edges and puts together the cells that the same rules cover. null covers everything. */
function groupCells<T extends Active>(
  edges: readonly bigint[], active: readonly T[], rangesOf: (rule: T) => readonly ValueRange[] | null,
): readonly { members: readonly T[]; ranges: readonly ValueRange[] }[] {
  const sorted = [...edges].sort((a, b) => (a < b ? -1 : 1))
  const groups = new Map<string, { members: readonly T[]; ranges: ValueRange[] }>()
  for (const [i, low] of sorted.slice(0, -1).entries()) {
    const members = active.filter((rule) => rangesOf(rule)?.some((r) => r.low <= low && low <= r.high) ?? true)
    const key = members.map(({ order }) => order).join(' ')
    const group = groups.get(key) ?? { members, ranges: [] }
    groups.set(key, group)
    group.ranges.push({ low, high: (sorted[i + 1] ?? low + 1n) - 1n })
  }
  return [...groups.values()].map(({ members, ranges }) => ({ members, ranges: mergeRanges(ranges) }))
}

/** What the rules deny on one protocol and port, sources with equal answers joined. */
function rectangles(
  rules: readonly Active[], chain: PlanChain, scope: { readonly src: readonly ValueRange[]; readonly dst: readonly ValueRange[] },
): readonly Rectangle[] {
  const edges = new Set<bigint>()
  for (const ranges of [scope.src, ...rules.map((rule) => rule.src)]) for (const { low, high } of ranges) edges.add(low).add(high + 1n)
  const joined = new Map<string, { order: number; src: ValueRange[]; dst: readonly ValueRange[] }>()
  for (const { members, ranges } of groupCells([...edges], rules, (rule) => rule.src)) {
    const src = intersectRanges(ranges, scope.src)
    if (src.length === 0) continue
    for (const { order, dst } of deniedFrom(members, chain, scope.dst)) {
      const key = `${order}|${rangesKey(dst)}`
      const known = joined.get(key) ?? { order, src: [], dst }
      joined.set(key, known)
      known.src.push(...src)
    }
  }
  return [...joined.values()].map(({ order, src, dst }) => ({ order, src: mergeRanges(src), dst }))
}

/** First match over destinations for sources that these rules cover. */
function deniedFrom(
  rules: readonly Active[], chain: PlanChain, dst: readonly ValueRange[],
): readonly { order: number; dst: readonly ValueRange[] }[] {
  const max = lastAddress(chain.version)
  const denied: { order: number; dst: readonly ValueRange[] }[] = []
  let undecided = mergeRanges(dst)
  for (const { order, rule, dst: own } of rules) {
    const hit = intersectRanges(undecided, own)
    if (hit.length > 0 && !rule.permit) denied.push({ order, dst: hit })
    undecided = subtractRanges(undecided, own, max)
  }
  if (undecided.length > 0 && !chain.permitOtherwise) denied.push({ order: -1, dst: undecided })
  return denied
}
