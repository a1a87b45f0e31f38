// ASA lines that the reader leaves alone, and lines it knows to matter but does not model: the whole of both lists.
// Keeps "harmless by name": a line that stands in neither list is unknown.

/** Top-level lines that change neither which packets pass nor where they go. */
export const HARMLESS: readonly string[] = [
  'aaa', 'aaa-server', 'access-list alert-interval', 'access-list deny-flow-max', 'access-list mode', 'arp timeout', 'asa version', 'asdm',
  'banner',
  'boot', 'call-home', 'checkheaps', 'class-map', 'clock', 'console', 'cryptochecksum', 'crypto ca', 'crypto key', 'ddns', 'dhcpd',
  'dns', 'dns domain-lookup', 'dns server-group', 'dns-guard', 'domain-name', 'dynamic-access-policy-record', 'enable', 'end', 'exit', 
  'fragment', 'ftp', 'group-policy', 'hostname', 'http', 'icmp', 'ip local pool', 'jumbo-frame', 'key', 'ldap', 'license', 'logging',
  'management-access', 'mac-address', 'mtu', 'names', 'no', 'ntp', 'pager', 'passwd', 'password', 'pix version', 'prompt', 'privilege',
  'quota',
  'service', 'sla', 'snmp', 'snmp-map', 'snmp-server', 'ssh', 'ssl', 'sysopt', 'telnet', 'terminal', 'threat-detection', 'timeout', 'track',
  'tls-proxy', 'user-identity', 'username', 'version', 'write', 'ipv6 icmp', ': saved', ':', ': end', 'crashinfo', 'tcp-map', 'policy-map',
]

/** Top-level lines that may change what passes or where it goes, with the reason they are unknown. */
export const MATTERS: readonly (readonly [prefix: string, reason: string])[] = [
  ['router', 'routes learned by a routing protocol are not in the text'],
  ['alias', 'address translation is not modelled'],
  ['xlate', 'address translation is not modelled'],
  ['crypto', 'encrypted tunnels are not modelled'],
  ['tunnel-group', 'encrypted tunnels are not modelled'],
  ['webvpn', 'encrypted tunnels are not modelled'],
  ['sysopt connection permit-vpn', 'traffic out of tunnels passes by the access lists'],
  ['established', 'the command `established` opens return paths and is not modelled'],
  ['service-policy', 'which inspections are in force is not modelled beyond the paths that they open'],
  ['ip verify', 'the check of source addresses is not modelled'],
  ['filter', 'filtering of URLs is not modelled'],
  ['context', 'security contexts are not modelled'],
  ['failover', 'the text of the other unit is not here'],
  ['policy-route', 'policy routing is not modelled'],
  ['route-map', 'policy routing is not modelled'],
  ['firewall transparent', 'a bridging firewall is not modelled'],
  ['zone', 'traffic zones are not modelled'],
  ['mac-list', 'lists of MAC addresses are not modelled'],
  ['shun', 'shunned hosts are not modelled'],
  ['no sysopt connection permit-vpn', 'whether tunnels exist is not modelled'],
  ['no access-list', 'a line that takes something away depends on what was there before'],
  ['no access-group', 'a line that takes something away depends on what was there before'],
  ['no route', 'a line that takes something away depends on what was there before'],
  ['clear configure', 'a line that takes something away depends on what was there before'],
]

/** Lines of an interface that change neither which packets pass nor where they go. */
export const INTERFACE_HARMLESS: readonly string[] = [
  'description', 'speed', 'duplex', 'no', 'vlan', 'mac-address', 'channel-group', 'lacp', 'delay', 'ospf', 'ipv6 enable', 'ipv6 nd',
  'ipv6 ospf',
  'flowcontrol', 'igmp', 'pim', 'authentication', 'hello-interval', 'switchport', 'management-only', 'exit', 'port-channel', 'dhcprelay',
  'cts', 'eigrp', 'split-horizon', 'summary-address', 'member-interface', 'redundant', 'poll-interval',
]

/** Reasons for lines of an interface that are known to matter; any other line is unknown without a better reason. */
export const INTERFACE_MATTERS: readonly (readonly [prefix: string, reason: string])[] = [
  ['policy-route', 'policy routing is not modelled'],
  ['zone-member', 'traffic zones are not modelled'],
  ['bridge-group', 'bridging is not modelled'],
  ['tunnel', 'tunnels are not modelled'],
]

/** Inspections that let connections in that no list permits (ASA firewall guide, "Inspection of basic/voice protocols"). */
export const OPENING_INSPECTIONS: ReadonlySet<string> = new Set([
  'ctiqbe', 'ftp', 'gtp', 'h323', 'icmp', 'mgcp', 'netbios', 'pptp', 'rsh', 'rtsp', 'sctp', 'sip', 'skinny', 'sqlnet', 'sunrpc', 'tftp',
  'xdmcp', 'dcerpc',
])
