// Bindings: which hardware address claimed which IP address, on which segment, how and when.
// Keeps every claimant, so that an impostor is evidence and not an overwrite.

import type { Ip } from '../base/ip.ts'
import { isGroupMac, type MacNumber } from '../base/mac.ts'
import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'

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
  readonly frames: number[]
}

/** Most addresses a home keeps; a /16 of claimants. Beyond it new claims are counted, not kept. */
export const BINDINGS_MAX = 65_536
/** Frames kept per binding: enough to open the capture at the place, few enough to print. */
const FRAMES_MAX = 20
/** A reply within this time of a question is an answer: Linux asks at most three times, a second apart. */
const SOLICITED_WITHIN_MICROS = 3 * MICROS_PER_SECOND
/** Questions, and askers of them, remembered at once; one per address of a /16, as an ARP sweep asks. */
const QUESTIONS_MAX = 65_536

export type BindingEvidence = 'arp-request' | 'arp-reply' | 'dhcp' | 'traffic'

export class Bindings {
  readonly #byAddress = new Map<string, Binding[]>()
  /** The same bindings by address and card: one address can have as many claimants as the table has rows. */
  readonly #byClaim = new Map<string, Binding>()
  readonly #askedAt = new Map<string, Micros>()
  /** Who asked for which address: an owner never asks for its own. */
  readonly #askers = new Map<string, Set<MacNumber>>()
  #askersKept = 0
  #refused = 0

  /** Claims that were not kept because the table is full. */
  get refused(): number {
    return this.#refused
  }

  /** Somebody wants to reach `ip`. */
  asked(vlan: number, ip: Ip, asker: MacNumber, at: Micros): void {
    const key = addressKey(vlan, ip)
    if (this.#askedAt.size >= QUESTIONS_MAX && !this.#askedAt.has(key)) return
    this.#askedAt.set(key, at)
    const askers = this.#askers.get(key)
    if (askers?.has(asker) || this.#askersKept >= QUESTIONS_MAX) return
    this.#askersKept++
    if (askers) askers.add(asker)
    else this.#askers.set(key, new Set([asker]))
  }

  askedBy(vlan: number, ip: Ip, mac: MacNumber): boolean {
    return this.#askers.get(addressKey(vlan, ip))?.has(mac) ?? false
  }

  claim(vlan: number, ip: Ip, mac: MacNumber, evidence: BindingEvidence, at: Micros, frame: number): void {
    if (mac <= 0 || isGroupMac(mac)) return
    const binding = this.#find(vlan, ip, mac) ?? this.#add(vlan, ip, mac, at)
    if (!binding) return
    binding.lastAt = Math.max(binding.lastAt, at)
    if (binding.frames.length < FRAMES_MAX && binding.frames.at(-1) !== frame) binding.frames.push(frame)
    if (evidence === 'arp-request') binding.arpRequests++
    else if (evidence === 'dhcp') binding.dhcpLeases++
    else if (evidence === 'traffic') binding.traffic++
    else if (this.#wasAsked(vlan, ip, at)) binding.solicitedReplies++
    else binding.unsolicitedReplies++
  }

  #wasAsked(vlan: number, ip: Ip, at: Micros): boolean {
    const asked = this.#askedAt.get(addressKey(vlan, ip))
    return asked !== undefined && at - asked <= SOLICITED_WITHIN_MICROS
  }

  #find(vlan: number, ip: Ip, mac: MacNumber): Binding | undefined {
    return this.#byClaim.get(claimKey(vlan, ip, mac))
  }

  #add(vlan: number, ip: Ip, mac: MacNumber, at: Micros): Binding | undefined {
    if (this.#byClaim.size >= BINDINGS_MAX) {
      this.#refused++
      return undefined
    }
    const binding: Binding = {
      vlan, ip, mac, firstAt: at, lastAt: at, arpRequests: 0, solicitedReplies: 0, unsolicitedReplies: 0, dhcpLeases: 0, traffic: 0, frames: [],
    }
    const key = addressKey(vlan, ip)
    const claimants = this.#byAddress.get(key)
    if (claimants) claimants.push(binding)
    else this.#byAddress.set(key, [binding])
    this.#byClaim.set(claimKey(vlan, ip, mac), binding)
    return binding
  }

  /** All claimants of one address on one segment, in order of first claim. */
  claimants(vlan: number, ip: Ip): readonly Binding[] {
    return this.#byAddress.get(addressKey(vlan, ip)) ?? []
  }

  /** Every binding, grouped by address, in order of first claim. */
  *all(): Generator<Binding> {
    for (const claimants of this.#byAddress.values()) yield* claimants
  }

  /** Addresses with their claimants. */
  addresses(): Iterable<readonly Binding[]> {
    return this.#byAddress.values()
  }
}

/** True when the claimant spoke ARP for the address (not only sent packets from it). */
export function claimedByArp(b: Binding): boolean {
  return b.arpRequests + b.solicitedReplies + b.unsolicitedReplies > 0
}

function claimKey(vlan: number, ip: Ip, mac: MacNumber): string {
  return `${vlan}|${ip}|${mac}`
}

export function addressKey(vlan: number, ip: Ip): string {
  return `${vlan}|${ip}`
}
