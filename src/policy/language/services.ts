// Built-in services: names every ward network needs, so that a policy says `dns` and not numbers.
// A table, in alphabetical order. Ports are where a service is offered (the responder's side); a port never proves a protocol.

import type { PortRange } from '../../base/port-range.ts'
import type { PolicyTransport, Service } from './model.ts'

interface Row {
  readonly name: string
  readonly transports: readonly PolicyTransport[]
  /** Single ports or [low, high]. */
  readonly ports: readonly (number | readonly [number, number])[]
  readonly protocol: string | null
  readonly description: string
}

/** Sources: IANA Service Name and Transport Protocol Port Number Registry; facts cms8000.md section 1 for the two CMS rows. */
const ROWS: readonly Row[] = [
  { name: 'any', transports: ['any'], ports: [], protocol: null, description: 'every IP protocol and every port' },
  { name: 'cms8000', transports: ['tcp'], ports: [[515, 520]], protocol: 'cms8000', description: 'CMS8000 monitor to its central station' },
  { name: 'cms8000-hl7', transports: ['tcp'], ports: [511], protocol: 'hl7', description: 'CMS8000 monitor to its HL7 server' },
  { name: 'dhcp', transports: ['udp'], ports: [67, 547], protocol: 'dhcp',
    description: 'address requests to a DHCP server (RFC 2131, RFC 8415)' },
  {
    name: 'dhcp-reply', transports: ['udp'], ports: [68, 546], protocol: 'dhcp',
    description: 'answers of a DHCP server, which open a flow of their own',
  },
  { name: 'dicom', transports: ['tcp'], ports: [104, 11112], protocol: 'dicom', description: 'images (DICOM PS3.8)' },
  { name: 'dicom-tls', transports: ['tcp'], ports: [2762], protocol: 'dicom', description: 'images over TLS (DICOM PS3.15)' },
  { name: 'dns', transports: ['udp', 'tcp'], ports: [53], protocol: 'dns', description: 'names (RFC 1035)' },
  { name: 'ftp', transports: ['tcp'], ports: [21], protocol: 'ftp', description: 'file transfer, control connection only' },
  { name: 'hl7', transports: ['tcp'], ports: [2575], protocol: 'hl7', description: 'HL7 v2 over MLLP, registered port' },
  { name: 'http', transports: ['tcp'], ports: [80], protocol: 'http', description: 'web, in clear' },
  { name: 'https', transports: ['tcp'], ports: [443], protocol: 'tls', description: 'web over TLS' },
  { name: 'icmp', transports: ['icmp'], ports: [], protocol: null, description: 'ICMP and ICMPv6: errors, ping, IPv6 neighbours' },
  { name: 'igmp', transports: ['igmp'], ports: [], protocol: null, description: 'multicast membership (RFC 3376)' },
  { name: 'ipp', transports: ['tcp'], ports: [631], protocol: null, description: 'printing (RFC 8011)' },
  { name: 'kerberos', transports: ['tcp', 'udp'], ports: [88], protocol: null, description: 'log-in tickets (RFC 4120)' },
  { name: 'ldap', transports: ['tcp', 'udp'], ports: [389], protocol: null, description: 'directory' },
  { name: 'ldaps', transports: ['tcp'], ports: [636], protocol: null, description: 'directory over TLS' },
  { name: 'lpd', transports: ['tcp'], ports: [515], protocol: 'lpd',
    description: 'line printer (RFC 1179); shares its port with the CMS8000' },
  { name: 'mdns', transports: ['udp'], ports: [5353], protocol: 'dns', description: 'names on the segment (RFC 6762)' },
  { name: 'mqtt', transports: ['tcp'], ports: [1883], protocol: null, description: 'messages, in clear' },
  { name: 'mqtts', transports: ['tcp'], ports: [8883], protocol: null, description: 'messages over TLS' },
  { name: 'nfs', transports: ['tcp', 'udp'], ports: [2049], protocol: 'rpc', description: 'network files (RFC 1813)' },
  { name: 'ntp', transports: ['udp'], ports: [123], protocol: null, description: 'time (RFC 5905)' },
  { name: 'portmap', transports: ['tcp', 'udp'], ports: [111], protocol: 'rpc', description: 'ONC RPC port mapper (RFC 1833)' },
  { name: 'radius', transports: ['udp'], ports: [[1812, 1813]], protocol: null, description: 'network access log-in (RFC 2865)' },
  { name: 'rdp', transports: ['tcp', 'udp'], ports: [3389], protocol: null, description: 'remote desktop' },
  { name: 'smb', transports: ['tcp'], ports: [445], protocol: 'smb', description: 'Windows file shares' },
  { name: 'smtp', transports: ['tcp'], ports: [25, 587], protocol: null, description: 'mail' },
  { name: 'snmp', transports: ['udp'], ports: [161], protocol: null, description: 'device management' },
  { name: 'ssh', transports: ['tcp'], ports: [22], protocol: null, description: 'remote shell (RFC 4253)' },
  { name: 'syslog', transports: ['udp', 'tcp'], ports: [514], protocol: null, description: 'logs (RFC 5424); TCP 514 by custom' },
  { name: 'syslog-tls', transports: ['tcp'], ports: [6514], protocol: null, description: 'logs over TLS (RFC 5425)' },
  { name: 'telnet', transports: ['tcp'], ports: [23], protocol: null, description: 'remote terminal, in clear' },
  { name: 'tftp', transports: ['udp'], ports: [69], protocol: 'tftp', description: 'trivial file transfer, first packet only' },
]

export const BUILT_IN_SERVICES: readonly Service[] = ROWS.map((row) => ({
  name: row.name,
  transports: row.transports,
  ports: row.ports.map(toRange),
  protocol: row.protocol,
  description: row.description,
  builtIn: true,
  at: null,
}))

const BY_NAME: ReadonlyMap<string, Service> = new Map(BUILT_IN_SERVICES.map((service) => [service.name, service]))

function toRange(port: number | readonly [number, number]): PortRange {
  return typeof port === 'number' ? { low: port, high: port } : { low: port[0], high: port[1] }
}

/** The built-in service of that name, or null. */
export function builtInService(name: string): Service | null {
  return BY_NAME.get(name) ?? null
}

/** Whether ports mean anything for a transport. */
export function hasPorts(transport: PolicyTransport): boolean {
  return transport === 'tcp' || transport === 'udp'
}
