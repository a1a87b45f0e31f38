// DHCPv6: the registry row.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import type { ProtocolRow } from '../protocol.ts'
import { probeDhcp6 } from './probe.ts'
import { openDhcp6 } from './session.ts'

export { encodeDhcp6 } from './message.ts'

/** Server 547, client 546 (RFC 8415 section 7.2). */
export const dhcp6: ProtocolRow = {
  id: 'dhcp6',
  name: 'DHCPv6',
  transports: ['udp'],
  hints: [546, 547],
  probe: (_transport, _direction, buf, off, end) => probeDhcp6(buf, off, end),
  open: openDhcp6,
}
