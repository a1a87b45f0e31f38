// Places: how each member of the cast looks from the mirror port: hardware address of the hop, hops left, time to answer.
// Keeps the rule that a routed peer shows the gateway's hardware address: that is how a leak is told from a neighbour.

import type { Cast, Host, LocalHost, Monitor } from './cast.ts'
import type { Standpoint } from './tcp-talk.ts'

/** Usual initial time to live: 64 for Linux, 128 for Windows, on which centrals run. */
const TTL_LINUX = 64
const TTL_WINDOWS = 128
/** Routers between the ward and servers in the same hospital, and up to the outside. */
const HOPS_INSIDE = 1
const HOPS_OUTSIDE = 19
/** Answer times of a ward switch neighbour, of a server one router away, and of the other side of the world; made up. */
const TURN_LOCAL_MICROS = 220
const TURN_INSIDE_MICROS = 900
const TURN_OUTSIDE_MICROS = 231_000
/** A slow embedded processor. */
const TURN_MONITOR_MICROS = 350

/** The standpoints used by more than one story. */
export interface Places {
  readonly central: Standpoint
  readonly hl7: Standpoint
  readonly outsideCentral: Standpoint
  readonly outsideHl7: Standpoint
  readonly intranet: Standpoint
  readonly pacs: Standpoint
}

export function placesOf(cast: Cast): Places {
  return {
    central: local(cast.central, TTL_WINDOWS),
    hl7: local(cast.hl7),
    outsideCentral: beyond(cast, cast.outsideCentral, TTL_WINDOWS - HOPS_OUTSIDE, TURN_OUTSIDE_MICROS),
    outsideHl7: beyond(cast, cast.outsideHl7, TTL_LINUX - HOPS_OUTSIDE, TURN_OUTSIDE_MICROS),
    intranet: beyond(cast, cast.intranet, TTL_LINUX - HOPS_INSIDE, TURN_INSIDE_MICROS),
    pacs: beyond(cast, cast.pacs, TTL_WINDOWS - HOPS_INSIDE, TURN_INSIDE_MICROS),
  }
}

/** Someone on this switch. */
export function local(host: LocalHost, ttl = TTL_LINUX): Standpoint {
  return { mac: host.mac, ip: host.ip, ttl, turnMicros: TURN_LOCAL_MICROS }
}

export function monitorPlace(monitor: Monitor): Standpoint {
  return { ...local(monitor), turnMicros: TURN_MONITOR_MICROS }
}

/** Whom a monitor reaches at the central's address: the neighbour, or through the gateway whoever is there. */
export function centralOf(monitor: Monitor, places: Places): Standpoint {
  return monitor.place === 'clinical' ? places.central : places.outsideCentral
}

export function hl7Of(monitor: Monitor, places: Places): Standpoint {
  return monitor.place === 'clinical' ? places.hl7 : places.outsideHl7
}

function beyond(cast: Cast, host: Host, ttl: number, turnMicros: number): Standpoint {
  return { mac: cast.gateway.mac, ip: host.ip, ttl, turnMicros }
}
