// Device profiles: what is publicly known of a device model, every fact with its source and how sure it is.
// Keeps the rule that a profile names and explains, and never identifies by itself: evidence.ts decides what is on the wire.

import type { Diagnostic } from '../base/diagnostic.ts'
import type { Ip, Prefix } from '../base/ip.ts'
import type { PortRange } from '../base/port-range.ts'
import { positionOf, type Position, type TreeNode } from '../base/tree.ts'
import { createReader, hasErrors, readChoice, readMap, readName, readText, report } from '../base/tree-reader.ts'
import type { AssetRole } from './asset.ts'
import { readAdvisory, readAlias, readEach, readFlow, readIdentity, readIndicator, readSourced, readVulnerability } from './profile-parts.ts'
import { PROFILE_KEYS } from './profile-keys.ts'

export const PROFILE_VERSIONS = ['1'] as const

/** Best first. `confirmed-2`: two independent implementations agree; `stated`: a vendor, CERT or research page says so; `derived`: worked out from real bytes of a sibling. */
export const CONFIDENCES = ['confirmed-2', 'confirmed-1', 'stated', 'derived', 'inferred'] as const
export type Confidence = (typeof CONFIDENCES)[number]

export const ASSET_ROLES = [
  'patient-monitor', 'central-station', 'hl7-server', 'dicom-node', 'file-server', 'printer', 'router', 'dns-server', 'dhcp-server', 'unknown',
] as const satisfies readonly AssetRole[]

/** Every fact carries where it comes from and how sure it is. */
export interface Sourced {
  /** Public reference, e.g. `CISA ICSMA-25-030-01`. */
  readonly source: string
  readonly confidence: Confidence
}

export interface ProfileAlias extends Sourced {
  readonly vendor: string
  readonly model: string
}

/** Content that gives the model away: which protocol, on which side of the connection. */
export interface IdentityToken extends Sourced {
  readonly protocol: string
  readonly side: 'client' | 'server'
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
  readonly occurs: FlowOccurrence
  readonly expected: FlowExpectation
  readonly purpose: string
  /** What happens on the ward when it is blocked, in ward words. */
  readonly blocked: string
}

export const INDICATOR_KINDS = ['address', 'prefix', 'path', 'sha256', 'inbound-udp'] as const
export type IndicatorKind = (typeof INDICATOR_KINDS)[number]

export interface ProfileIndicator extends Sourced {
  readonly kind: IndicatorKind
  /** Canonical: address, block, export path, 64 lower-case hex digits, or `any-but-dhcp-replies`. */
  readonly value: string
  /** The block of kinds `address` and `prefix`, else null. */
  readonly prefix: Prefix | null
  readonly meaning: string
}

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

export interface ProfileAdvisory extends Sourced {
  readonly id: string
  readonly publisher: string
  readonly title: string
  /** ISO 8601 date of the revision these facts were taken from. */
  readonly date: string
}

export interface DeviceProfile extends Sourced {
  readonly id: string
  readonly vendor: string
  readonly model: string
  readonly role: AssetRole
  /** Profile id of the original when this is the same device under another label. */
  readonly relabels: string | null
  readonly description: string | null
  readonly aliases: readonly ProfileAlias[]
  readonly identity: readonly IdentityToken[]
  readonly flows: readonly ProfileFlow[]
  readonly indicators: readonly ProfileIndicator[]
  readonly vulnerabilities: readonly ProfileVulnerability[]
  readonly advisories: readonly ProfileAdvisory[]
  readonly at: Position
}

export interface ProfileResult {
  /** null when there is at least one error. */
  readonly profile: DeviceProfile | null
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads one profile file. Never throws, whatever the tree; format in docs/profiles.md. */
export function parseProfile(tree: TreeNode): ProfileResult {
  const reader = createReader('profile')
  const fields = readMap(reader, tree, 'the profile', PROFILE_KEYS)
  if (fields === null) return { profile: null, diagnostics: reader.diagnostics }
  readChoice(reader, fields.get('version'), '"version" of the profile', PROFILE_VERSIONS)
  const id = readName(reader, fields.get('id'), 'profile id')
  const vendor = readText(reader, fields.get('vendor'), '"vendor"')
  const model = readText(reader, fields.get('model'), '"model"')
  const role = readChoice(reader, fields.get('role'), '"role"', ASSET_ROLES)
  const sourced = readSourced(reader, fields, 'the profile')
  const parts = {
    relabels: readName(reader, fields.get('relabels'), '"relabels"'),
    description: readText(reader, fields.get('description'), '"description"'),
    aliases: readEach(reader, fields, 'aliases', readAlias),
    identity: readEach(reader, fields, 'identity', readIdentity),
    flows: readEach(reader, fields, 'flows', readFlow),
    indicators: readEach(reader, fields, 'indicators', readIndicator),
    vulnerabilities: readEach(reader, fields, 'vulnerabilities', readVulnerability),
    advisories: readEach(reader, fields, 'advisories', readAdvisory),
  }
  const diagnostics = [...reader.diagnostics].sort((a, b) => a.line - b.line || a.column - b.column)
  if (id === null || vendor === null || model === null || role === null || sourced === null) return { profile: null, diagnostics }
  const profile = { id, vendor, model, role, ...sourced, ...parts, at: positionOf(tree) }
  return { profile: hasErrors(diagnostics) ? null : profile, diagnostics }
}

export interface ResolvedProfiles {
  /** By id, in the order given. Relabels hold the original's facts before their own. */
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  readonly diagnostics: readonly Diagnostic[]
}

/** Gives each relabel the facts of its original. A relabel of a relabel is refused: the original is what facts are about. */
export function resolveRelabels(parsed: readonly DeviceProfile[]): ResolvedProfiles {
  const reader = createReader('profile')
  const own = new Map(parsed.map((profile) => [profile.id, profile]))
  const profiles = new Map<string, DeviceProfile>()
  for (const profile of own.values()) {
    const original = profile.relabels === null ? undefined : own.get(profile.relabels)
    if (profile.relabels !== null && original === undefined) {
      const help = `Known profiles: ${[...own.keys()].sort().join(', ')}.`
      report(reader, profile.at, 'unknown-profile', `profile ${profile.id} relabels the unknown profile "${profile.relabels}"`, help)
    } else if (original !== undefined && original.relabels !== null) {
      const message = `profile ${profile.id} relabels ${original.id}, which is a relabel itself`
      report(reader, profile.at, 'relabel-chain', message, `Name the original, ${original.relabels}.`)
    }
    profiles.set(profile.id, original === undefined ? profile : inherit(profile, original))
  }
  return { profiles, diagnostics: reader.diagnostics }
}

function inherit(relabel: DeviceProfile, original: DeviceProfile): DeviceProfile {
  return {
    ...relabel,
    identity: [...original.identity, ...relabel.identity],
    flows: [...original.flows, ...relabel.flows],
    indicators: [...original.indicators, ...relabel.indicators],
    vulnerabilities: [...original.vulnerabilities, ...relabel.vulnerabilities],
    advisories: [...original.advisories, ...relabel.advisories],
  }
}
