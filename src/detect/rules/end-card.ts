// The card of one end of a flow, by its address.
// Keeps the rule that an address which is neither end (a relay's client, a name told for another) has no card here.

import type { Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import type { Flow } from '../../wire/flow.ts'

/** Null without one: neither end, or a link without cards. */
export function cardAt({ src, dst, macs }: Flow, ip: Ip): MacNumber | null {
  const card = src === ip ? macs[0] : dst === ip ? macs[1] : -1
  return card > 0 ? card : null
}
