// registry: every protocol that is identified by content, as an array of rows, strongest signature first.
// Keeps house habit 6: no side effect on import; a row with memory across flows is made anew for each sensor.

import { cms8000 } from './cms8000/index.ts'
import { dhcp } from './dhcp/index.ts'
import { dns } from './dns/index.ts'
import { createFtp } from './ftp/index.ts'
import { hl7 } from './hl7/index.ts'
import { createHttp } from './http/index.ts'
import { lpd } from './lpd/index.ts'
import type { ProtocolRow } from './protocol.ts'
import { createRpc } from './rpc/index.ts'
import { createSmb } from './smb/index.ts'
import { createTftp } from './tftp/index.ts'

/**
 * The rows for one sensor; of two that say yes to the same bytes the first wins. dhcp has a four-byte cookie, hl7 the letters MSH
 * with separators, rpc four fixed words, smb its own name behind a length, http a line that ends in its version, dns a header whose
 * counts, name, type and class must fit, cms8000 a length, a constant and a type, tftp a request down to its last byte, ftp a
 * greeting and what follows it, lpd a line of text. ARP is not here: it has no flow, and the sensor hands it link frames.
 */
export function createRegistry(): readonly ProtocolRow[] {
  return [dhcp, hl7, createRpc(), createSmb(), createHttp(), dns, cms8000, createTftp(), createFtp(), lpd]
}
