// registry: every protocol that is identified by content, as an array of rows, strongest signature first.
// Keeps house habit 6: no side effect on import; a row with memory across flows is made anew for each sensor.

import { cms8000 } from './cms8000/index.ts'
import { dns } from './dns/index.ts'
import type { ProtocolRow } from './protocol.ts'

/** The rows for one sensor. ARP is not here: it has no flow, and the sensor hands it link frames. */
export function createRegistry(): readonly ProtocolRow[] {
  return [cms8000, dns]
}
