// Asset: a device we believe exists, the interfaces it used, and every claim about it with the evidence.
// Keeps the rule "an OUI alone names nobody": a claim carries its ladder level, and only A to D may name a model.

import type { Ip } from '../base/ip.ts'
import type { Mac } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'

/** A label, UDI or CMMS with serial; B CMMS model; C protocol fingerprint; D behaves like (an advisory's indicator); E OUI. */
export type EvidenceLevel = 'A' | 'B' | 'C' | 'D' | 'E'

export const CLAIM_SUBJECTS = [
  'model', 'vendor', 'role', 'host-name', 'device-identifier', 'bed', 'software', 'nic-vendor',
  /** Of the card: what its address says of itself. Of the address: how many may stand behind it. Of the system: a hint from its stack. */
  'card', 'sharing', 'os',
  /** From the hospital's own list or a person; where it stands it may also say itself. */
  'listed-model', 'asset-tag', 'location',
  /** Make and model in the device's own words; a switch and its port; a serial number, its own word or the list's; a service it announces or offers. */
  'product', 'attached-to', 'serial-number', 'service',
  /** What others call it, what it proves itself with, what kind of client it is. */
  'server-name', 'certificate', 'fingerprint',
] as const
export type ClaimSubject = (typeof CLAIM_SUBJECTS)[number]

/** Who says so when it was not a packet: a person, the hospital's own list, or a manufacturer's statement. */
export type ClaimSource = 'person' | 'list'

/** One statement about an asset and why we believe it. Repeats raise `count` and `lastAt`. */
export interface Claim {
  readonly what: ClaimSubject
  readonly value: string
  readonly level: EvidenceLevel
  /** Where it comes from in words: `CMS8000 framing on TCP 515`, `DHCP option 12`, `IEEE registry for 00:1b:44`. */
  readonly evidence: string
  /** True when the step from bytes to value is our inference, not a documented fact. */
  readonly inferred: boolean
  readonly firstAt: Micros
  readonly lastAt: Micros
  /** Frame that first showed it. */
  readonly frame: number
  readonly count: number
  /** Absent: a packet said so. */
  readonly source?: ClaimSource
  /** Addresses it was stated about, the first few; absent when the asset has one. What a split divides claims by. */
  readonly about?: readonly Ip[]
}

/** A MAC/IP binding in time. */
export interface AssetInterface {
  readonly mac: Mac | null
  readonly ip: Ip | null
  readonly vlan: number
  /** What bound them: the strongest seen. `traffic` is the sender of IP packets on its own segment. */
  readonly evidence: 'arp' | 'dhcp' | 'traffic'
  readonly firstAt: Micros
  readonly lastAt: Micros
}

/** What a device does on the network. Of several that are claimed the first here is its role: the most telling. */
export const ASSET_ROLES = [
  'patient-monitor', 'infusion-pump', 'central-station', 'printer', 'dicom-modality', 'pacs', 'dicom-viewer', 'dicom-worklist',
  'dicom-printer', 'dicom-node', 'lab-analyser', 'point-of-care-device', 'laboratory-system', 'point-of-care-manager',
  'alarm-reporter', 'device-reporter', 'adt-source', 'hl7-server', 'building-controller', 'telephone', 'file-server',
  'time-server', 'dhcp-server', 'dns-server', 'access-point', 'switch', 'router', 'web-server', 'unknown',
] as const
export type AssetRole = (typeof ASSET_ROLES)[number]

/** Parts of roles that people write in capitals. */
const CAPITALS: ReadonlySet<string> = new Set(['dicom', 'hl7', 'dhcp', 'dns', 'adt', 'pacs'])

/** `patient monitor`, `DHCP server`, `DICOM node`: as labels and sentences have it. */
export function roleName(role: AssetRole): string {
  return role.split('-').map((word) => (CAPITALS.has(word) ? word.toUpperCase() : word)).join(' ')
}

/** Deterministic: the same capture gives the same ids. `a-` and 10 hex digits. */
export type AssetId = string

/** What the evidence of packets alone tells. */
export interface BareAsset {
  readonly id: AssetId
  /** What people call it: `CMS8000 monitor, bed 7`, a host name, or its address. */
  readonly label: string
  /** Device profile id (profiles/*.yaml) when identification reached level A to D, else null. */
  readonly profile: string | null
  readonly vendor: string | null
  readonly model: string | null
  readonly role: AssetRole
  /** Strongest ladder level behind `model`, null without a model. */
  readonly level: EvidenceLevel | null
  readonly bed: number | null
  /** Inside the hospital (private, or a zone of the policy says so), or an address beyond it. */
  readonly outside: boolean
  /** Zone of the policy that holds its address, or null. */
  readonly zone: string | null
  readonly interfaces: readonly AssetInterface[]
  readonly claims: readonly Claim[]
  readonly firstAt: Micros
  readonly lastAt: Micros
}

/** A person's decision as it was applied. */
export interface AppliedDecision {
  readonly id: string
  readonly action: 'confirm' | 'rename' | 'merge' | 'split'
  /** What was decided, in words. */
  readonly words: string
  readonly by: string
  readonly at: Micros
  readonly reason: string
}

/** How an asset differs from what the packets alone tell, and that itself, so that every step can be explained and taken back. */
export interface Composition {
  readonly bare: readonly BareAsset[]
  readonly decisions: readonly AppliedDecision[]
  /** What speaks against a decision or a list, in words. */
  readonly contradictions: readonly string[]
}

/** An asset may be the same box as another: for a person to decide. */
export interface Likeness {
  readonly asset: AssetId
  readonly label: string
  readonly signs: readonly string[]
}

export interface Asset extends BareAsset {
  /** Absent when nothing but packets speaks of it. */
  readonly composition?: Composition
  readonly perhaps?: readonly Likeness[]
}
