// Gateway: what the operator says in gateway.yaml, as values: addresses of the segment, beds, where data go and under which protection.
// Keeps the rule that nothing leaves in clear by omission: a target has either TLS files or a written reason for having none.

import type { Ip } from '../base/ip.ts'
import type { Micros } from '../base/time.ts'

/** One mutual TLS end: files in PEM, read when the gateway starts and again for each connection that is made. */
export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Name the peer's certificate must have; null: the host that was dialled. */
  readonly serverName: string | null
}

/** `clear` is the operator's own decision for this one target, with the reason that the screen shows. */
export type Protection = { readonly kind: 'tls'; readonly files: TlsFiles } | { readonly kind: 'clear'; readonly reason: string }

export interface TargetConfig {
  /** Names the queue of this target: letters, digits, `-`; unique. */
  readonly name: string
  readonly kind: 'pcd01' | 'fhir'
  /** `host:port` for pcd01, a base URL for fhir (https, or http when `protection` is `clear`). */
  readonly to: string
  readonly protection: Protection
  /** Numerics are gathered over this time and the last of each is sent; a change to or from "no value" and each cuff measurement always is. */
  readonly everyMicros: Micros
  readonly waveforms: boolean
}

export interface BedConfig {
  readonly device: Ip
  /** unit^room^bed as the hospital writes it. */
  readonly bed: string
  readonly model: string
  readonly isPaced: boolean
}

/** Where the hospital's ADT comes in: MLLP over mutual TLS, or in clear for a written reason. */
export interface AdtConfig {
  readonly host: string
  readonly port: number
  readonly protection: Protection
}

export interface SegmentConfig {
  /** The monitors' idea of the central station; 202.114.4.119 unless the ward was set up otherwise. */
  readonly cms: Ip
  /** The monitors' idea of the HL7 server; 202.114.4.120. */
  readonly hl7: Ip
  readonly cmsPorts: readonly number[]
  readonly hl7Port: number
  readonly updatePorts: { readonly portmap: number; readonly mount: number; readonly nfs: number }
  /** The account the process that faces the segment becomes when the gateway is started as root; null: `nobody`. */
  readonly user: string | null
}

export interface ApproverConfig {
  readonly id: string
  readonly name: string
  /** Ed25519 public key, 64 hex digits. */
  readonly key: string
}

export interface GatewayConfig {
  /** Who sends: MSH-3, MSH-4 and the URIs of the numbers. */
  readonly name: string
  readonly eui64: string
  readonly facility: string
  readonly deviceSystem: string
  readonly patientSystem: string
  /** Data folder: queue, readings, releases, permits, audit, control socket. Mode 0700. */
  readonly folder: string
  readonly segment: SegmentConfig
  readonly beds: readonly BedConfig[]
  readonly leads: 'known' | 'inferred' | 'unknown'
  readonly targets: readonly TargetConfig[]
  readonly adt: AdtConfig | null
  readonly updates: { readonly nfsVersions: readonly (2 | 3)[]; readonly exportPath: string; readonly approvers: readonly ApproverConfig[] }
  readonly keep: { readonly readingsHours: number; readonly queueMegabytes: number }
  readonly console: { readonly host: string; readonly port: number; readonly mmPerSecond: number; readonly cssPixelsPerMm: number }
  /** Devices at most: what the memory is planned for. */
  readonly devicesMax: number
}
