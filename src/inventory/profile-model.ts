// Profile model: what is publicly known of a device model as plain values, every fact with its source and how sure it is.
// Keeps the rule that an unknown stays unknown: what nobody published is absent or null, never a guess without the word inferred.

import type { Ip, Prefix } from '../base/ip.ts'
import type { PortRange } from '../base/port-range.ts'
import type { Position } from '../base/tree.ts'
import type { AssetRole } from './asset.ts'

export const PROFILE_VERSIONS = ['1'] as const

/**
 * Best first. `confirmed-2`: two independent implementations agree; `stated`: a vendor, CERT or research page says so;
 * `derived`: worked out from real bytes of a sibling.
 */
export const CONFIDENCES = ['confirmed-2', 'confirmed-1', 'stated', 'derived', 'inferred'] as const
export type Confidence = (typeof CONFIDENCES)[number]


/** One model; a family under one maker's name; or a class of devices, which stands for no product and is never matched by vendor and model. */
export const COVERAGES = ['model', 'family', 'class'] as const
export type Coverage = (typeof COVERAGES)[number]

/** Every fact carries where it comes from and how sure it is. */
export interface Sourced {
  /** Public reference, e.g. `CISA ICSMA-25-030-01`. */
  readonly source: string
  readonly confidence: Confidence
}

/** Another name for the same device, as lists and advisories write it. */
export interface ProfileAlias extends Sourced {
  readonly vendor: string
  readonly model: string
}

/** Content that gives the model away: which protocol, on which side of the connection. */
export interface IdentityToken extends Sourced {
  readonly protocol: string
  readonly side: 'client' | 'server'
  /** Text that must stand there, or null when the form alone tells. */
  readonly value: string | null
  /** What in the bytes is looked at. */
  readonly detail: string
}

export const FLOW_TRANSPORTS = ['tcp', 'udp', 'icmp'] as const
export type FlowTransport = (typeof FLOW_TRANSPORTS)[number]
export const FLOW_OCCURRENCES = ['continuous', 'at-start', 'after-measurement', 'user-action', 'unknown'] as const
export type FlowOccurrence = (typeof FLOW_OCCURRENCES)[number]
/** `routine`: part of care or of being on a network; `rare`: documented, so its absence from a capture proves nothing. */
export const FLOW_EXPECTATIONS = ['routine', 'rare'] as const
export type FlowExpectation = (typeof FLOW_EXPECTATIONS)[number]

/** A documented flow, whether ever seen here or not: what replay asks about when a draft would stop it. */
export interface ProfileFlow extends Sourced {
  readonly name: string
  /** Who opens it: this device or the other side. */
  readonly opens: 'device' | 'peer'
  readonly peer: AssetRole
  /** Factory default of the peer's address, or null. */
  readonly address: Ip | null
  readonly transports: readonly FlowTransport[]
  /** Empty for icmp and for ports that are negotiated (`ports: dynamic`). */
  readonly ports: readonly PortRange[]
  readonly dynamicPorts: boolean
  readonly protocol: string | null
  /** Whether the content goes unencrypted; null when nobody published it. */
  readonly clear: boolean | null
  /** Whether it names a patient; null when nobody published it. */
  readonly patientData: boolean | null
  readonly occurs: FlowOccurrence
  readonly expected: FlowExpectation
  readonly purpose: string
  /** What happens on the ward when it is blocked, in ward words. */
  readonly blocked: string
}

export const INDICATOR_KINDS = ['address', 'prefix', 'path', 'sha256', 'inbound-udp'] as const
export type IndicatorKind = (typeof INDICATOR_KINDS)[number]

/** Something whose sight says more than itself. */
export interface ProfileIndicator extends Sourced {
  readonly kind: IndicatorKind
  /** Canonical: address, block, export path, 64 lower-case hex digits, or `any-but-dhcp-replies`. */
  readonly value: string
  /** The block of kinds `address` and `prefix`, else null. */
  readonly prefix: Prefix | null
  readonly meaning: string
}

/** A CVE entry; scores as published, never recomputed. */
export interface ProfileVulnerability extends Sourced {
  readonly id: string
  /** `CWE-787`. */
  readonly weakness: string
  /** CVSS base score 0..10. */
  readonly score: number
  /** CVSS version of the score. */
  readonly cvss: string
  readonly summary: string
  /** What it looks like on the network, or null when nothing of it can be seen there. */
  readonly observable: string | null
}

/** An advisory that names the device. */
export interface ProfileAdvisory extends Sourced {
  readonly id: string
  readonly publisher: string
  readonly title: string
  /** ISO 8601 date of the revision these facts were taken from. */
  readonly date: string
}

/** What a maker offers or an authority advises, and what that does on the ward. */
export interface ProfileRemedy extends Sourced {
  readonly remedy: string
  readonly effect: string
}

/** One profile file. Lists are in file order. */
export interface DeviceProfile extends Sourced {
  readonly id: string
  readonly vendor: string
  readonly model: string
  readonly role: AssetRole
  readonly covers: Coverage
  /** Profile id of the original when this is the same device under another label. */
  readonly relabels: string | null
  readonly description: string | null
  readonly aliases: readonly ProfileAlias[]
  readonly identity: readonly IdentityToken[]
  readonly flows: readonly ProfileFlow[]
  readonly indicators: readonly ProfileIndicator[]
  readonly vulnerabilities: readonly ProfileVulnerability[]
  readonly advisories: readonly ProfileAdvisory[]
  readonly remedies: readonly ProfileRemedy[]
  readonly at: Position
}
