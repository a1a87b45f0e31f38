// Finding: something true that needs a decision. Ward sentence first, technical sentence second, evidence under it.
// Keeps S8 (ward words first) and S10 (no clinical value, never "the patient is fine").

import type { Ip } from '../base/ip.ts'
import type { Micros } from '../base/time.ts'
import type { AssetId } from '../inventory/asset.ts'

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** MITRE ATT&CK technique, e.g. T1048.003 of Enterprise or T0857 of ICS. */
export interface AttackTag {
  readonly id: string
  readonly name: string
  readonly matrix: 'enterprise' | 'ics'
}

export interface EvidenceFlow {
  readonly flowId: number
  readonly communityId: string
  readonly src: Ip
  readonly srcPort: number
  readonly dst: Ip
  readonly dstPort: number
  /** `tcp`, `udp`, `icmp`, ... */
  readonly transport: string
  readonly vlan: number
}

/** What anyone needs to find it again in the capture. Lists are bounded; `count` on the finding is not. */
export interface FindingEvidence {
  /** 1-based frame numbers, ascending, at most 20. */
  readonly frames: readonly number[]
  /** At most 10. */
  readonly flows: readonly EvidenceFlow[]
  /** Named details, e.g. ['sha256', '…'], ['path', '/pm'], ['filled fields', 'name, number']. Never patient text. */
  readonly details: readonly (readonly [string, string])[]
}

export interface Finding {
  /** Deterministic: `f-` and 10 hex digits of rule, asset and behaviour. */
  readonly id: string
  /** Rule id, e.g. `talks-outside`. */
  readonly rule: string
  readonly severity: Severity
  readonly assetId: AssetId
  readonly assetLabel: string
  /** For the ward: "Bed 7's monitor sends its data out of the hospital." */
  readonly ward: string
  /** For the engineer: addresses, ports, protocol, count. */
  readonly technical: string
  /** What to do next, in one sentence. */
  readonly help: string
  readonly attack: readonly AttackTag[]
  /** Statements in this finding that rest on inferred facts; empty when none. */
  readonly inferred: readonly string[]
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** How often the behaviour was seen; repeats update the open finding. */
  readonly count: number
  readonly evidence: FindingEvidence
}
