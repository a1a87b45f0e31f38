// DNS: the registry row. Public names of this folder for the twin and the registry.
// Keeps the rule that a protocol knows no ports: `hints` is data for identify.ts.

import type { ProtocolRow } from '../protocol.ts'
import { probeDnsDatagram, probeDnsStream } from './probe.ts'
import { openDns } from './session.ts'

export { DnsType } from './codes.ts'
export { dnsQuery, dnsReply, encodeDns, encodeDnsTcp } from './message.ts'

/** Unicast DNS 53, mDNS 5353 (RFC 6762), LLMNR 5355 (RFC 4795). */
export const dns: ProtocolRow = {
  id: 'dns',
  name: 'DNS',
  transports: ['udp', 'tcp'],
  hints: [53, 5353, 5355],
  probe: (transport, _direction, buf, off, end) => (transport === 'udp' ? probeDnsDatagram(buf, off, end) : probeDnsStream(buf, off, end)),
  open: openDns,
}
