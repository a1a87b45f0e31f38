// IOS lines that the reader leaves alone, and lines it knows to matter but does not model: the whole of both lists.
// Keeps "harmless by name": a line that stands in neither list is unknown.

/** Top-level lines that change neither which packets pass nor where they go. */
export const HARMLESS: readonly string[] = [
  'aaa', 'alias', 'archive', 'arp timeout', 'banner', 'boot', 'boot-end-marker', 'boot-start-marker', 'call-home', 'card', 'cdp',
  'class-map',
  'clock', 'config-register', 'control-plane', 'crypto key', 'crypto pki', 'diagnostic', 'enable', 'end', 'errdisable', 'exit',
  'exit-address-family', 'file', 'flow', 'hw-module', 'ip access-list log-update', 'ip access-list logging', 'ip access-list resequence',
  'ip as-path', 'ip bgp-community', 'ip cef', 'ip classless', 'ip community-list',
  'ip dhcp', 'ip domain', 'ip domain-list', 'ip domain-lookup', 'ip domain-name', 'ip finger', 'ip flow-cache',
  'ip flow-export', 'ip flow-top-talkers', 'ip forward-protocol', 'ip ftp', 'ip host', 'ip http', 'ip icmp', 'ip igmp', 'ip msdp',
  'ip multicast', 'ip multicast-routing', 'ip name-server', 'ip options', 'ip pim', 'ip prefix-list', 'ip radius', 'ip routing',
  'ip rsh-disable',
  'ip scp', 'ip sla', 'ip source-route', 'ip ssh', 'ip subnet-zero', 'ip tacacs', 'ip tcp', 'ip telnet', 'ip tftp', 'ip vrf', 'ipv6 cef',
  'ipv6 prefix-list', 'ipv6 unicast-routing', 'key', 'license', 'line', 'lldp', 'logging', 'mac address-table', 'mac-address-table',
  'memory', 'parameter-map type inspect',
  'mls', 'module', 'monitor', 'multilink', 'ntp', 'parser', 'platform', 'policy-map', 'port-channel', 'power', 'prefix-list', 'privilege',
  'process', 'prompt', 'radius', 'radius-server', 'redundancy', 'rmon', 'route-map', 'scheduler', 'service', 'snmp', 'snmp-server',
  'spanning-tree', 'subscriber', 'switch', 'system', 'tacacs', 'tacacs-server', 'tftp-server', 'track', 'transceiver', 'udld', 'upgrade',
  'username', 'version', 'vlan', 'voice', 'vrf definition', 'vtp', 'current configuration', 'building configuration...',
  'last configuration change', 'nvram', 'configure', 'conf', 'write', 'feature', 'nv', 'ip sdr', 'sdm', 'stackwise', 'login', 'no',
]

/** Top-level lines that may change what passes or where it goes, with the reason they are unknown. */
export const MATTERS: readonly (readonly [prefix: string, reason: string])[] = [
  ['router', 'routes learned by a routing protocol are not in the text'],
  ['ip inspect', 'inspection opens return paths and is not modelled'],
  ['parameter-map', 'inspection opens return paths and is not modelled'],
  ['crypto', 'encrypted tunnels are not modelled'],
  ['vlan access-map', 'VLAN access maps are not modelled'],
  ['vlan filter', 'VLAN access maps are not modelled'],
  ['mac access-list', 'filters on MAC addresses are not modelled'],
  ['arp access-list', 'ARP inspection is not modelled'],
  ['ip arp', 'ARP inspection is not modelled'],
  ['ip local', 'policy routing of own packets is not modelled'],
  ['ip policy-list', 'policy routing is not modelled'],
  ['ip default-network', 'the default route is taken from another route'],
  ['no ip access-list', 'a line that takes something away depends on what was there before'],
  ['no ipv6 access-list', 'a line that takes something away depends on what was there before'],
  ['no access-list', 'a line that takes something away depends on what was there before'],
  ['no ip route', 'a line that takes something away depends on what was there before'],
  ['no ipv6 route', 'a line that takes something away depends on what was there before'],
  ['no ip routing', 'the device does not route at all'],
  ['no interface', 'a line that takes something away depends on what was there before'],
  ['ip default-gateway', 'used only by a device that does not route'],
  ['mpls', 'labels are not modelled'],
  ['l2vpn', 'bridged circuits are not modelled'],
]

/** Lines of an interface that change neither which packets pass nor where they go. */
export const INTERFACE_HARMLESS: readonly string[] = [
  'arp', 'auto', 'bandwidth', 'carrier-delay', 'cdp', 'channel-group', 'channel-protocol', 'clock', 'clockrate', 'delay', 'description',
  'dot1x',
  'duplex', 'exit', 'fair-queue', 'flowcontrol', 'glbp', 'hold-queue', 'ip bandwidth-percent', 'ip dhcp', 'ip directed-broadcast',
  'ip eigrp',
  'ip flow', 'ip hello-interval', 'ip helper-address', 'ip hold-time', 'ip igmp', 'ip load-sharing', 'ip mask-reply', 'ip mtu', 'ip ospf',
  'ip pim',
  'ip proxy-arp', 'ip redirects', 'ip rip', 'ip route-cache', 'ip router', 'ip summary-address', 'ip tcp', 'ip unreachables', 'ipv6 enable',
  'ipv6 mtu', 'ipv6 nd', 'ipv6 ospf', 'isis', 'keepalive', 'lldp', 'load-interval', 'logging', 'macro', 'mdix', 'media-type', 'mls', 'mtu',
  'negotiation', 'no', 'ntp', 'power', 'priority-queue', 'rcv-queue', 'snmp', 'spanning-tree', 'speed', 'srr-queue', 'standby',
  'storm-control',
  'switchport', 'transceiver', 'tx-queue', 'udld', 'vrrp', 'wrr-queue', 'encapsulation',
]

/** Reasons for lines of an interface that are known to matter; any other line is unknown without a better reason. */
export const INTERFACE_MATTERS: readonly (readonly [prefix: string, reason: string])[] = [
  ['ip nat', 'this form of address translation is not modelled'],
  ['ip policy', 'policy routing is not modelled'],
  ['ip inspect', 'inspection opens return paths and is not modelled'],
  ['zone-member', 'this form of zone is not modelled'],
  ['ip verify', 'the check of source addresses is not modelled'],
  ['crypto', 'encrypted tunnels are not modelled'],
  ['tunnel', 'tunnels are not modelled'],
  ['service-policy', 'policy maps on an interface are not modelled'],
  ['mac access-group', 'filters on MAC addresses are not modelled'],
  ['ip unnumbered', 'the address of another interface is used'],
  ['bridge-group', 'bridging is not modelled'],
  ['mpls', 'labels are not modelled'],
]
