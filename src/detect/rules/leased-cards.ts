// Cards that were given an address by DHCP: end devices, whatever they say of themselves.
// Keeps to leases that were seen: a router or server of the hospital's own has its address in its settings.

import type { MacNumber } from '../../base/mac.ts'
import type { Bindings } from '../../inventory/bindings.ts'

export function cardsWithLease(bindings: Bindings): ReadonlySet<MacNumber> {
  return new Set(bindings.all().filter((b) => b.dhcpLeases > 0).map((b) => b.mac))
}
