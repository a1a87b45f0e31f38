// words: the console's names for codes, one table each. Ward words first; codes stay visible where engineers need them.

import type { AssetRole, EvidenceLevel, Severity, TriageState, ZoneMap } from '../../../src/console/api.ts'
import { plural } from './format.ts'

/** Worst first, as lists show them. */
export const SEVERITY_ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info']

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', info: 'Info',
}

/** 0 for info to 4 for critical; -1 without a finding. */
export function severityRank(severity: Severity | null): number {
  return severity === null ? -1 : SEVERITY_ORDER.length - 1 - SEVERITY_ORDER.indexOf(severity)
}

export const TRIAGE_ORDER: readonly TriageState[] = ['new', 'acknowledged', 'in-progress', 'closed']

export const TRIAGE_WORDS: Readonly<Record<TriageState, string>> = {
  new: 'New', acknowledged: 'Acknowledged', 'in-progress': 'In progress', closed: 'Closed',
}

export const ROLE_WORDS: Readonly<Record<AssetRole, string>> = {
  'patient-monitor': 'patient monitor', 'infusion-pump': 'infusion pump', 'central-station': 'central station', printer: 'printer',
  'dicom-modality': 'imaging device (DICOM modality)', pacs: 'image archive (PACS)', 'dicom-viewer': 'DICOM viewer', 'dicom-worklist': 'DICOM worklist',
  'dicom-printer': 'DICOM printer', 'dicom-node': 'DICOM node', 'lab-analyser': 'laboratory analyser', 'point-of-care-device': 'point-of-care device',
  'laboratory-system': 'laboratory system', 'point-of-care-manager': 'point-of-care manager', 'alarm-reporter': 'reports alarms',
  'device-reporter': 'reports device values', 'adt-source': 'patient administration (ADT)', 'hl7-server': 'HL7 server',
  'building-controller': 'building controller', telephone: 'telephone', 'file-server': 'file server', 'time-server': 'time server',
  'dhcp-server': 'DHCP server', 'dns-server': 'DNS server', 'access-point': 'Wi-Fi access point', switch: 'network switch', router: 'router',
  'web-server': 'web server', unknown: 'role unknown',
}

/** The evidence ladder of product.md; A is strongest. */
export const LEVEL_WORDS: Readonly<Record<EvidenceLevel, string>> = {
  A: 'label, UDI or CMMS with serial', B: 'CMMS model', C: 'protocol fingerprint', D: 'behaves like', E: 'maker of the network card',
}

/** Rungs reached: A 5, E 1. */
export function levelRungs(level: EvidenceLevel): number {
  return 5 - 'ABCDE'.indexOf(level)
}

type Zone = ZoneMap['zones'][number]

export const ZONE_KIND_WORDS: Readonly<Record<Zone['kind'], string>> = {
  medical: 'medical', it: 'IT', external: 'outside the hospital', unzoned: 'in no zone', group: 'multicast and broadcast',
}

/** Second line of a zone: how many it holds. Nobody is an asset "in" a multicast group, and outside only addresses are known. */
export function zoneHolds({ kind, assets }: Pick<Zone, 'kind' | 'assets'>): string {
  if (kind === 'group') return 'to many at once'
  if (kind === 'external') return assets === 0 ? 'outside' : plural(assets, 'address', 'addresses')
  return plural(assets, 'asset')
}
