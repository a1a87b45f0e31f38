// Bindings: which hardware address claimed which IP address, on which segment, how and when.
// Keeps every claimant, so that an impostor is evidence and not an overwrite.

import type { Ip } from '../base/ip.ts'
import { isGroupMac, type MacNumber } from '../base/mac.ts'
import type { Micros } from '../base/time.ts'
import { SOLICITED_WITHIN_MICROS } from '../protocols/arp/memory.ts'
import { Places, type Place } from './places.ts'
import type { SenderTold } from './senders.ts'

/** One claimant of one address. Counts never shrink; frames are the first few that showed the claim. */
export interface Binding {
  readonly vlan: number
  readonly ip: Ip
  readonly mac: MacNumber
  readonly firstAt: Micros
  lastAt: Micros
  /** ARP requests whose sender fields made the claim. */
  arpRequests: number
  /** ARP replies that answered a question asked shortly before. */
  solicitedReplies: number
  /** ARP replies nobody had asked for, gratuitous ones included. */
  unsolicitedReplies: number
  dhcpLeases: number
  /** IP packets' first appearances (per flow and direction) with this source pair. */
  traffic: number
  frames: readonly number[]
}

/** As many as addresses are kept (HOSTS_MAX), for nearly each has one claimant. Beyond it new claims are counted, not kept. */
export const BINDINGS_MAX = 32_768
/** Frames kept per binding: enough to open the capture at the place, few enough to print. */
const FRAMES_MAX = 20
/** Questions, and askers of them, remembered at once; one per address of a /16, as an ARP sweep asks. */
const QUESTIONS_MAX = 65_536

/** `arp-answer`: a reply that is known to answer; of an `arp-reply` it is worked out here. */
export type BindingEvidence = 'arp-request' | 'arp-answer' | 'arp-reply' | 'dhcp' | 'traffic'

/** What a claimant said again, the same as before. */
export interface ClaimedAgain {
  readonly requests: number
  readonly solicited: number
  readonly unsolicited: number
  readonly lastAt: Micros
  readonly frames: readonly number[]
}

/** Claimants of one address that are looked through one by one; beyond them a map finds the card. */
const CLAIMANTS_SCANNED = 8

export class Bindings {
  readonly places = new Places()
  /** Claimants by address, in order of first claim. */
  readonly #claimed: Binding[][] = []
  #size = 0
  #questions = 0
  #askersKept = 0
  #refused = 0

  /** Claims that were not kept because the table is full. */
  get refused(): number {
    return this.#refused
  }

  /** Somebody wants to reach `ip`. */
  asked(vlan: number, ip: Ip, asker: MacNumber, at: Micros): void {
    const place = this.#questioned(vlan, ip)
    if (!place) return
    place.askedAt = at
    if (place.askers?.has(asker) || this.#askersKept >= QUESTIONS_MAX) return
    this.#askersKept++
    place.askers ??= new Set()
    place.askers.add(asker)
  }

  /** The place of a question, or undefined when it is new and too many wait. */
  #questioned(vlan: number, ip: Ip): Place | undefined {
    const known = this.places.find(vlan, ip)
    if (known && known.askedAt !== Number.NEGATIVE_INFINITY) return known
    if (this.#questions >= QUESTIONS_MAX) return undefined
    this.#questions++
    return known ?? this.places.at(vlan, ip)
  }

  askedBy(vlan: number, ip: Ip, mac: MacNumber): boolean {
    return this.places.find(vlan, ip)?.askers?.has(mac) ?? false
  }

  claim(vlan: number, ip: Ip, mac: MacNumber, evidence: BindingEvidence, at: Micros, frame: number): void {
    this.claimAt(this.places.find(vlan, ip), vlan, ip, mac, evidence, at, frame)
  }

  /** As claim, for a caller who has looked the place up. */
  claimAt(place: Place | undefined, vlan: number, ip: Ip, mac: MacNumber, evidence: BindingEvidence, at: Micros, frame: number): void {
    if (mac <= 0 || isGroupMac(mac)) return
    const binding = (place && findClaim(place, mac)) ?? this.#add(place, vlan, ip, mac, at)
    if (!binding) return
    if (at > binding.lastAt) binding.lastAt = at
    noteFrame(binding, frame)
    if (evidence === 'arp-request') binding.arpRequests++
    else if (evidence === 'dhcp') binding.dhcpLeases++
    else if (evidence === 'traffic') binding.traffic++
    else if (evidence === 'arp-answer' || (place && at - place.askedAt <= SOLICITED_WITHIN_MICROS)) binding.solicitedReplies++
    else binding.unsolicitedReplies++
  }

  /** Flows of a card that is known to use the address; others than the first. */
  claimedMore(place: Place, { mac, flows, claimAt, frames }: SenderTold): void {
    const binding = findClaim(place, mac)
    if (!binding) return
    binding.traffic += flows
    if (claimAt > binding.lastAt) binding.lastAt = claimAt
    binding.frames = firstFrames(binding.frames, frames)
  }

  /** ARP of a card that is known to claim the address. */
  claimedAgain(place: Place, mac: MacNumber, { requests, solicited, unsolicited, lastAt, frames }: ClaimedAgain): void {
    const binding = findClaim(place, mac)
    if (!binding) return
    binding.arpRequests += requests
    binding.solicitedReplies += solicited
    binding.unsolicitedReplies += unsolicited
    if (lastAt > binding.lastAt) binding.lastAt = lastAt
    binding.frames = firstFrames(binding.frames, frames)
  }

  #add(place: Place | undefined, vlan: number, ip: Ip, mac: MacNumber, at: Micros): Binding | undefined {
    if (this.#size >= BINDINGS_MAX) {
      this.#refused++
      return undefined
    }
    this.#size++
    const binding: Binding = {
      vlan, ip, mac, firstAt: at, lastAt: at, arpRequests: 0, solicitedReplies: 0, unsolicitedReplies: 0, dhcpLeases: 0, traffic: 0, frames: NO_FRAMES,
    }
    const kept = place ?? this.places.at(vlan, ip)
    if (kept.claimants) addClaim(kept, kept.claimants, binding)
    else {
      kept.claimants = [binding]
      this.#claimed.push(kept.claimants)
    }
    return binding
  }

  /** All claimants of one address on one segment, in order of first claim. */
  claimants(vlan: number, ip: Ip): readonly Binding[] {
    return this.places.find(vlan, ip)?.claimants ?? NO_CLAIMANTS
  }

  /** Every binding, grouped by address, in order of first claim. */
  all(): readonly Binding[] {
    return this.#claimed.flat()
  }

  /** Addresses with their claimants. */
  addresses(): Iterable<readonly Binding[]> {
    return this.#claimed
  }
}

const NO_CLAIMANTS: readonly Binding[] = []
const NO_FRAMES: readonly number[] = []

function findClaim(place: Place, mac: MacNumber): Binding | undefined {
  if (place.byCard) return place.byCard.get(mac)
  if (place.claimants) for (const binding of place.claimants) if (binding.mac === mac) return binding
  return undefined
}

function addClaim(place: Place, claimants: Binding[], binding: Binding): void {
  claimants.push(binding)
  if (place.byCard) place.byCard.set(binding.mac, binding)
  else if (claimants.length > CLAIMANTS_SCANNED) place.byCard = new Map(claimants.map((b) => [b.mac, b]))
}

/** Most bindings have a frame or two: the list is made anew for each, and exactly as long (what grows by itself has room for seventeen). */
function noteFrame(binding: Binding, frame: number): void {
  const { frames } = binding
  if (frames.length >= FRAMES_MAX || frames[frames.length - 1] === frame) return
  binding.frames = frames.length === 0 ? [frame] : frames.concat(frame)
}

/** The first frames of both, ascending, each once. */
function firstFrames(known: readonly number[], more: readonly number[]): readonly number[] {
  const fresh = more.filter((frame) => !known.includes(frame))
  return fresh.length === 0 ? known : [...known, ...fresh].sort((a, b) => a - b).slice(0, FRAMES_MAX)
}

/** True when the claimant spoke ARP for the address (not only sent packets from it). */
export function claimedByArp(b: Binding): boolean {
  return b.arpRequests + b.solicitedReplies + b.unsolicitedReplies > 0
}

export function addressKey(vlan: number, ip: Ip): string {
  return `${vlan}|${ip}`
}
