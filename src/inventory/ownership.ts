// Ownership: of all who claim an address, who is it really, and who poses? Judged from behaviour, stated with the reasons.
// The answer is an inference and is marked so wherever it is shown.

import type { Ip } from '../base/ip.ts'
import type { MacNumber } from '../base/mac.ts'
import { MICROS_PER_MINUTE } from '../base/time.ts'
import { claimedByArp, type Binding, type Bindings } from './bindings.ts'

export interface OwnerVerdict {
  readonly owner: Binding
  readonly impostors: readonly Impostor[]
}

export interface Impostor {
  readonly binding: Binding
  /** Fixed words, e.g. `asks for the address it claims`. */
  readonly reasons: readonly string[]
}

/** Signs of posing, heaviest first. Each is a statement a person can check in the capture. */
interface Sign {
  readonly weight: number
  readonly reason: string
  readonly holds: (b: Binding, bindings: Bindings, others: ReadonlyMap<MacNumber, readonly Ip[]>) => boolean
}

const SIGNS: readonly Sign[] = [
  { weight: 4, reason: 'asks others for the address it claims', holds: (b, bindings) => bindings.askedBy(b.vlan, b.ip, b.mac) },
  { weight: 2, reason: 'also claims other addresses', holds: (b, _, others) => (others.get(b.mac) ?? []).some((ip) => ip !== b.ip) },
  { weight: 2, reason: 'announces the address unasked, again and again', holds: announcesAgain },
  { weight: 2, reason: 'never claims the address by ARP, only sends packets from it', holds: (b) => !claimedByArp(b) },
  { weight: 1, reason: 'announced the address unasked', holds: (b) => b.unsolicitedReplies > 0 && !announcesAgain(b) },
  { weight: 1, reason: 'never sends IP packets from the address', holds: (b) => b.traffic === 0 },
]

function announcesAgain(b: Binding): boolean {
  return b.unsolicitedReplies >= 2 && b.unsolicitedReplies > b.solicitedReplies
}

/** Earlier claims of one address by another card are a change of hardware, not a fight, when the first fell silent this long before. */
export const HANDOVER_MICROS = 10 * MICROS_PER_MINUTE

/** Who owns `ip`; null without any claimant. Impostors only when two claimed it by ARP, DHCP or traffic at about the same time. */
export function judgeOwner(bindings: Bindings, claimants: readonly Binding[], addressesOf: ReadonlyMap<MacNumber, readonly Ip[]>): OwnerVerdict | null {
  const [first, ...rest] = claimants
  if (!first) return null
  if (rest.length === 0) return { owner: first, impostors: [] }
  const scored = claimants.map((binding, order) => ({ binding, order, ...score(binding, bindings, addressesOf) }))
  scored.sort((a, b) => a.points - b.points || a.order - b.order)
  const owner = scored[0]?.binding ?? first
  const impostors = scored.slice(1).filter((s) => contends(s.binding, owner))
  return { owner, impostors: impostors.map(({ binding, reasons }) => ({ binding, reasons })) }
}

function score(b: Binding, bindings: Bindings, addressesOf: ReadonlyMap<MacNumber, readonly Ip[]>): { points: number; reasons: string[] } {
  const signs = SIGNS.filter((sign) => sign.holds(b, bindings, addressesOf))
  return { points: signs.reduce((sum, s) => sum + s.weight, 0), reasons: signs.map((s) => s.reason) }
}

/** A single request with a strange sender is a damaged frame more often than an attack: it changes nobody's cache for long. */
const REQUESTS_MIN = 2

/** A pose needs an ARP reply, or the same request again; packets relayed by a router carry its address without claiming theirs. */
function contends(b: Binding, owner: Binding): boolean {
  if (b.solicitedReplies + b.unsolicitedReplies === 0 && b.arpRequests < REQUESTS_MIN) return false
  const later = b.firstAt > owner.firstAt ? b : owner
  const earlier = later === b ? owner : b
  // The DHCP server gave the address on: the earlier holder was silent by then, so the two never held it together (RFC 2131 section 4.3).
  if (later.dhcpLeases > 0 && earlier.dhcpLeases > 0 && earlier.lastAt <= later.firstAt) return false
  return later.firstAt - earlier.lastAt < HANDOVER_MICROS
}

/** Addresses each hardware address claimed by ARP. */
export function arpAddresses(bindings: Bindings): Map<MacNumber, Ip[]> {
  const claimed = new Map<MacNumber, Ip[]>()
  for (const b of bindings.all()) {
    if (!claimedByArp(b)) continue
    const list = claimed.get(b.mac)
    if (list) list.push(b.ip)
    else claimed.set(b.mac, [b.ip])
  }
  return claimed
}
