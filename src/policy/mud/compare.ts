// Compare: what a device did against its MUD file, and one MUD file against another: uncovered flows, entries never used, gaps.
// Keeps "never a tick for what was not judged": flows whose other side nobody names are counted apart, with their packets.

import { coverage, doubtsOf, type Coverage, type MudSite, type MudTraffic } from './cover.ts'
import type { ObservedFlow } from './flow-csv.ts'
import type { Mud, MudRule } from './model.ts'

export interface JudgedFlow {
  readonly flow: ObservedFlow
  readonly coverage: Coverage
}

export interface MudCheck {
  readonly covered: readonly JudgedFlow[]
  /** An entry covers it if the site says so: who the controller is, what address a name has. */
  readonly undecided: readonly JudgedFlow[]
  readonly uncovered: readonly JudgedFlow[]
  /** Nobody says who the other side was, so no entry can be held against it. */
  readonly unnamed: readonly ObservedFlow[]
  /** Entries that no flow used, surely or perhaps. */
  readonly neverUsed: readonly MudRule[]
}

/** Judges each flow, and each entry by whether a flow used it. */
export function checkFlows(mud: Mud, flows: readonly ObservedFlow[], site: MudSite): MudCheck {
  const used = new Set<MudRule>()
  const groups = { yes: [] as JudgedFlow[], perhaps: [] as JudgedFlow[], no: [] as JudgedFlow[] }
  const unnamed: ObservedFlow[] = []
  for (const flow of flows) {
    for (const rule of mud.rules) if (mayUse(rule, flow, site)) used.add(rule)
    const judged = { flow, coverage: coverage(mud, flow, site) }
    if (flow.peers.length === 0 && judged.coverage.answer !== 'yes') unnamed.push(flow)
    else groups[judged.coverage.answer].push(judged)
  }
  return {
    covered: groups.yes, undecided: groups.perhaps, uncovered: groups.no, unnamed, neverUsed: mud.rules.filter((rule) => !used.has(rule)),
  }
}

/** A flow without other side uses nothing: it would use every entry of its protocol. */
function mayUse(rule: MudRule, flow: ObservedFlow, site: MudSite): boolean {
  if (rule.direction !== flow.direction) return false
  const doubts = doubtsOf(rule, flow, site)
  return doubts.every((d) => d.tri !== 'no') && (flow.peers.length > 0 || doubts.length === 0)
}

/** Entries of `mud` that `other` does not surely cover. */
export interface MudGap {
  readonly rule: MudRule
  /** `perhaps`: only a part of it, or only if the site says so. */
  readonly coverage: Coverage
}

export function gaps(mud: Mud, other: Mud, site: MudSite): readonly MudGap[] {
  return mud.rules.filter((rule) => rule.action === 'allow').map((rule) => ({ rule, coverage: coverage(other, trafficOf(rule), site) }))
    .filter((gap) => gap.coverage.answer !== 'yes')
}

function trafficOf(rule: MudRule): MudTraffic {
  return {
    direction: rule.direction, family: rule.family, protocol: rule.protocol, peers: rule.peers, devicePorts: rule.devicePorts,
    peerPorts: rule.peerPorts, icmp: rule.icmp, opens: rule.initiated,
  }
}
