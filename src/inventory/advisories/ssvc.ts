// SSVC: which of four decisions a vulnerability calls for here, as a table. CISA, "Stakeholder-Specific Vulnerability Categorization Guide"
// (November 2022), decision tree and table of mission and well-being. Keeps the rule that a decision shows its inputs and which of them are ours.

import type { AssetRole } from '../asset.ts'
import type { MatchedVulnerability } from './match.ts'

export const DECISIONS = ['track', 'track*', 'attend', 'act'] as const
export type Decision = (typeof DECISIONS)[number]
export const EXPLOITATIONS = ['none', 'poc', 'active'] as const
export type Exploitation = (typeof EXPLOITATIONS)[number]
export const WELL_BEINGS = ['low', 'medium', 'high'] as const
export type WellBeing = (typeof WELL_BEINGS)[number]

export interface SsvcInputs {
  readonly exploitation: Exploitation
  readonly automatable: boolean
  readonly totalImpact: boolean
  readonly wellBeing: WellBeing
}

export interface Ssvc {
  readonly decision: Decision
  readonly inputs: SsvcInputs
  /** Where each input comes from; CISA lets people answer, and we derive. */
  readonly because: readonly string[]
}

/** Rows: exploitation, automatable, technical impact (partial, total). Columns: mission and well-being low, medium, high. */
const TREE: Readonly<Record<Exploitation, Readonly<Record<'no' | 'yes', readonly [readonly Decision[], readonly Decision[]]>>>> = {
  none: {
    no: [['track', 'track', 'track'], ['track', 'track', 'track*']],
    yes: [['track', 'track', 'attend'], ['track', 'track', 'attend']],
  },
  poc: {
    no: [['track', 'track', 'track*'], ['track', 'track*', 'attend']],
    yes: [['track', 'track', 'attend'], ['track', 'track*', 'attend']],
  },
  active: {
    no: [['track', 'track', 'attend'], ['track', 'attend', 'act']],
    yes: [['attend', 'attend', 'act'], ['attend', 'act', 'act']],
  },
}

export function decide({ exploitation, automatable, totalImpact, wellBeing }: SsvcInputs): Decision {
  return TREE[exploitation][automatable ? 'yes' : 'no'][totalImpact ? 1 : 0][WELL_BEINGS.indexOf(wellBeing)] ?? 'track'
}

/** Public programs or walk-throughs: CVE-2025-1204 by CISA's own enrichment of the CVE record. A site can know more. */
const PROOFS_PUBLISHED: ReadonlySet<string> = new Set(['CVE-2025-1204'])

/** A device at a patient's body, or the one place where its alarms are seen: its loss can cost a life, which the guide calls irreversible. */
const WELL_BEING_OF: Partial<Readonly<Record<AssetRole, readonly [WellBeing, string]>>> = {
  'patient-monitor': ['high', 'a device at a patient'], 'central-station': ['high', 'where the beds are watched'],
  'hl7-server': ['medium', 'carries data of care'], 'dicom-node': ['medium', 'carries data of care'], 'file-server': ['medium', 'supports care'],
  printer: ['low', 'care goes on without it'],
}
const UNKNOWN_ROLE: readonly [WellBeing, string] = ['high', 'its role is not known, and a medical advisory names it']

export function ssvcOf(one: Pick<MatchedVulnerability, 'cve' | 'vector' | 'exploited' | 'exploitedUnconfirmed'>, role: AssetRole): Ssvc {
  const isProof = one.exploitedUnconfirmed || (one.cve !== null && PROOFS_PUBLISHED.has(one.cve))
  const exploitation: Exploitation = one.exploited ? 'active' : isProof ? 'poc' : 'none'
  const metric = metricsOf(one.vector)
  const automatable = metric('AV') === 'N' && metric('AC') === 'L' && metric('PR') === 'N' && metric('UI') === 'N'
  const totalImpact = ['C', 'I', 'A'].every((name) => metric(name) === 'H')
  const [wellBeing, why] = WELL_BEING_OF[role] ?? UNKNOWN_ROLE
  const inputs: SsvcInputs = { exploitation, automatable, totalImpact, wellBeing }
  return {
    decision: decide(inputs), inputs,
    because: [
      exploitation === 'active' ? 'exploitation active: in CISA\'s catalog of known exploited vulnerabilities'
        : one.exploitedUnconfirmed ? 'exploitation poc at least: said to be in CISA\'s catalog by another\'s list, unconfirmed'
        : exploitation === 'poc' ? 'exploitation poc: said to be published' : 'exploitation none: none known to this installation',
      `automatable ${automatable ? 'yes' : 'no'}: inferred from the published vector ${one.vector ?? '(none)'}`,
      `technical impact ${totalImpact ? 'total' : 'partial'}: inferred from the same vector`,
      `mission and well-being ${wellBeing}: ${why}`,
    ],
  }
}

/** CVSS 3 base metrics by name; of version 4 `VC`, `VI`, `VA` stand for `C`, `I`, `A`. */
function metricsOf(vector: string | null): (name: string) => string {
  const metrics = new Map((vector ?? '').split('/').map((part): [string, string] => [part.split(':')[0] ?? '', part.split(':')[1] ?? '']))
  return (name) => metrics.get(name) ?? metrics.get(`V${name}`) ?? ''
}
