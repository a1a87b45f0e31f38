// DHCP: the registry row. Public names of this folder for the twin and the registry.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import type { ProtocolRow } from '../protocol.ts'
import { probeDhcp } from './probe.ts'
import { openDhcp } from './session.ts'

export { DhcpOption, DhcpType } from './codes.ts'
export { dhcpReply, dhcpRequest, encodeDhcp, optionAddress, optionByte, optionText } from './message.ts'

/** Server 67, client 68 (RFC 2131 section 4.1). */
export const dhcp: ProtocolRow = {
  id: 'dhcp',
  name: 'DHCP',
  transports: ['udp'],
  hints: [67, 68],
  probe: (_transport, _direction, buf, off, end) => probeDhcp(buf, off, end),
  open: openDhcp,
}
