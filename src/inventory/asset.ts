// Asset: a device we believe exists, the interfaces it used, and every claim about it with the evidence.
// Keeps the rule "an OUI alone names nobody": a claim carries its ladder level, and only A to D may name a model.

import type { Ip } from '../base/ip.ts'
import type { Mac } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'

/** A label, UDI or CMMS with serial; B CMMS model; C protocol fingerprint; D behaves like (an advisory's indicator); E OUI. */
export type EvidenceLevel = 'A' | 'B' | 'C' | 'D' | 'E'

export type ClaimSubject = 'model' | 'vendor' | 'role' | 'host-name' | 'device-identifier' | 'bed' | 'software' | 'nic-vendor'
  /** Make and model in the device's own words; a switch and its port; a serial number; a service it announces or offers. */
  | 'product' | 'attached-to' | 'serial-number' | 'service'
  /** What others call it, what it proves itself with, what kind of client it is, and where it says that it stands. */
  | 'server-name' | 'certificate' | 'fingerprint' | 'location'

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

export type AssetRole =
  | 'patient-monitor' | 'infusion-pump' | 'central-station' | 'hl7-server' | 'dicom-node' | 'file-server' | 'printer' | 'router' | 'dns-server'
  | 'dhcp-server' | 'unknown'

/** Deterministic: the same capture gives the same ids. `a-` and 10 hex digits. */
export type AssetId = string

export interface Asset {
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
