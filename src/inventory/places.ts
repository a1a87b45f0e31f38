// Places: what is known of each address on each segment, found by one look-up without building a key.
// Keeps the rule that a place is made only for something that is kept: a flood of strangers leaves none.

import type { Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import type { Binding } from './bindings.ts'
import type { Host } from './inventory.ts'

/** An address on a segment. Its parts are bounded by those who keep them: hosts, bindings, questions. */
export class Place {
  readonly vlan: number
  readonly ip: Ip
  host: Host | null = null
  /** In order of first claim; null before one. */
  claimants: Binding[] | null = null
  /** The same by card, once there are many: one address can have as many claimants as the table has rows. */
  byCard: Map<MacNumber, Binding> | null = null
  /** When somebody last asked for it; minus infinity before. */
  askedAt: Micros = Number.NEGATIVE_INFINITY
  /** Who asked: an owner never asks for its own. */
  askers: Set<MacNumber> | null = null

  constructor(vlan: number, ip: Ip) {
    this.vlan = vlan
    this.ip = ip
  }
}

export class Places {
  readonly #segments = new Map<number, Map<Ip, Place>>()
  /** Most captures have one segment, and most packets follow one of theirs. */
  #lastVlan = Number.NaN
  #last = new Map<Ip, Place>()
  /** What was looked for last, and found or not: one event asks for its place two or three times. */
  #foundVlan = Number.NaN
  #foundIp: Ip | null = null
  #place: Place | undefined

  find(vlan: number, ip: Ip): Place | undefined {
    if (vlan !== this.#foundVlan || ip !== this.#foundIp) this.#found(vlan, ip, this.#segment(vlan).get(ip))
    return this.#place
  }

  /** The place, made when it is new. */
  at(vlan: number, ip: Ip): Place {
    const known = this.find(vlan, ip)
    if (known) return known
    const segment = this.#segment(vlan)
    const place = new Place(vlan, ip)
    segment.set(ip, place)
    this.#segments.set(vlan, segment)
    this.#found(vlan, ip, place)
    return place
  }

  #found(vlan: number, ip: Ip, place: Place | undefined): void {
    this.#foundVlan = vlan
    this.#foundIp = ip
    this.#place = place
  }

  /** A segment without places is kept only until another one is asked for. */
  #segment(vlan: number): Map<Ip, Place> {
    if (vlan === this.#lastVlan) return this.#last
    this.#last = this.#segments.get(vlan) ?? new Map<Ip, Place>()
    this.#lastVlan = vlan
    return this.#last
  }
}
