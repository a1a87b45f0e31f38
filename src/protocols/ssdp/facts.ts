// What SSDP teaches: which devices and services announce themselves, their software, and who searches.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface SsdpBase extends FactBase {
  readonly protocol: 'ssdp'
  readonly flowId: number
}

/** A device says what it is, unasked or as the answer to a search; told once for each type. */
export interface SsdpAnnounce extends SsdpBase {
  readonly kind: 'announce'
  readonly device: Ip
  /** `upnp:rootdevice`, `urn:schemas-upnp-org:device:MediaRenderer:1`, ... */
  readonly type: string
  /** The unique device name before `::`, as `uuid:...`. */
  readonly udn: string | null
  /** Operating system, UPnP version and product, in the device's words. */
  readonly server: string | null
  /** Scheme, host and port of the description; never its path or query. */
  readonly location: string | null
  /** `ssdp:alive`, `ssdp:byebye`, `ssdp:update`, or null in an answer. */
  readonly state: string | null
}

export interface SsdpSearch extends SsdpBase {
  readonly kind: 'search'
  readonly client: Ip
  readonly type: string
  readonly userAgent: string | null
}

/** `reason`: `no-type` or `too-long`. */
export interface SsdpMalformed extends SsdpBase {
  readonly kind: 'malformed'
  readonly reason: string
}

export type SsdpFact = SsdpAnnounce | SsdpSearch | SsdpMalformed
