// The rule row: what it looks for, how grave it is, and a detector that hears facts and is asked for findings.
// One rule per file in rules/; the registry is an array (house habit 6).

import type { Micros } from '../base/time.ts'
import { shortId } from '../base/short-id.ts'
import type { Fact, ProtocolId } from '../protocols/facts.ts'
import type { Flow } from '../wire/flow.ts'
import { roleName, type Asset } from '../inventory/asset.ts'
import type { AttackTag, Finding, Severity } from './finding.ts'
import { evidenceFlow, type FlowMark } from './flow-mark.ts'
import type { World } from './world.ts'

export interface Rule {
  readonly id: string
  readonly title: string
  readonly attack: readonly AttackTag[]
  /** Fresh state for one sensor. */
  readonly open: () => Detector
}

/** Hears the facts of its protocols with their flows, in order, and answers at any time what is true so far. Asking changes nothing. */
export interface Detector {
  /** Protocols whose facts it heeds; it is told no others. */
  readonly hears?: readonly ProtocolId[]
  fact?(fact: Fact, flow: Flow | null): void
  /** A UDP datagram to a broadcast address; few enough to be told one by one. */
  broadcast?(flow: Flow, at: Micros, frame: number): void
  findings(world: World): Draft[]
}

/** A finding before the rule's row and the asset's name are added. */
export interface Draft {
  readonly asset: Asset | FindingSubject
  /** Tells two behaviours of one asset apart; part of the id. */
  readonly behaviour: string
  readonly severity: Severity
  readonly ward: string
  readonly technical: string
  readonly help: string
  readonly inferred: readonly string[]
  readonly firstAt: Micros
  readonly lastAt: Micros
  readonly count: number
  readonly frames: readonly number[]
  readonly flows: readonly FlowMark[]
  readonly details: readonly (readonly [string, string])[]
}

/** When no asset holds the address (a forged sender, a host beyond the capture). */
export interface FindingSubject {
  readonly id: string
  readonly label: string
}

const FRAMES_MAX = 20
const FLOWS_MAX = 10

export function toFinding(rule: Rule, draft: Draft): Finding {
  return {
    id: shortId('f', rule.id, draft.asset.id, draft.behaviour),
    rule: rule.id,
    severity: draft.severity,
    assetId: draft.asset.id,
    assetLabel: draft.asset.label,
    ward: draft.ward,
    technical: draft.technical,
    help: draft.help,
    attack: rule.attack,
    inferred: draft.inferred,
    firstAt: draft.firstAt,
    lastAt: draft.lastAt,
    count: draft.count,
    evidence: {
      frames: [...new Set(draft.frames)].sort((a, b) => a - b).slice(0, FRAMES_MAX),
      flows: draft.flows.slice(0, FLOWS_MAX).map(evidenceFlow),
      details: draft.details,
    },
  }
}

/** The asset at an address, or the address itself as a subject. */
export function subjectAt(world: World, vlan: number, ip: string & { readonly __ip: true }): Asset | FindingSubject {
  return world.assetAt(vlan, ip) ?? { id: shortId('a', 'ip', vlan, ip), label: ip }
}

/** "bed 7's monitor", "the monitor at 10.0.0.7", "the printer 10.0.0.9", "NURSE-PC-04": inside a ward sentence. */
export function wardName(subject: Asset | FindingSubject): string {
  if (!('role' in subject)) return `the device at ${subject.label}`
  if (subject.role === 'patient-monitor') {
    return subject.bed === null ? `the monitor at ${subject.interfaces.find((i) => i.ip)?.ip ?? subject.label}` : `bed ${subject.bed}'s monitor`
  }
  if (/^[\d:a-f.]+$/.test(subject.label)) return `the device at ${subject.label}`
  return subject.label.startsWith(roleName(subject.role)) ? `the ${subject.label}` : subject.label
}

/** The same at the beginning of a sentence. */
export function wardNameFirst(subject: Asset | FindingSubject): string {
  const name = wardName(subject)
  return /^(?:the|bed) /.test(name) ? name.charAt(0).toUpperCase() + name.slice(1) : name
}
