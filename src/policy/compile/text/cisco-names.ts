// Names that IOS and ASA print instead of numbers: protocols, ports, ICMP types.
// Keeps "not understood is said": a name that means different numbers on different releases is left out, and so becomes unknown.

/** IP protocol names (IANA protocol numbers). `ip` and `ipv6` as "all" are decided by the reader. */
export const PROTOCOLS: Readonly<Record<string, number>> = {
  ah: 51, ahp: 51, eigrp: 88, esp: 50, gre: 47, igmp: 2, igrp: 9, ipinip: 4, ipsec: 50, nos: 94, ospf: 89, pcp: 108, pim: 103,
  pptp: 47, sctp: 132, snp: 109, tcp: 6, udp: 17, vrrp: 112,
}

/** IOS "ip access-list extended" and ASA "TCP and UDP ports" tables, joined; the few that differ by transport come after. */
export const PORTS: Readonly<Record<string, number>> = {
  aol: 5190, bfd: 3784, 'bfd-echo': 3785, bgp: 179, biff: 512, bootpc: 68, bootps: 67, chargen: 19, cifs: 3020, 'citrix-ica': 1494,
  cmd: 514, ctiqbe: 2748, daytime: 13, discard: 9, dnsix: 195, domain: 53, drip: 3949, echo: 7, exec: 512, finger: 79, ftp: 21,
  'ftp-data': 20, gopher: 70, h323: 1720, hostname: 101, http: 80, https: 443, ident: 113, imap4: 143, irc: 194, isakmp: 500,
  klogin: 543, kshell: 544, ldap: 389, ldaps: 636, login: 513, lotusnotes: 1352, lpd: 515, 'microsoft-ds': 445, mlag: 4432,
  'mobile-ip': 434, msrpc: 135, nameserver: 42, 'netbios-dgm': 138, 'netbios-ns': 137, 'netbios-ss': 139, 'netbios-ssn': 139, nfs: 2049,
  nntp: 119, 'non500-isakmp': 4500, ntp: 123, 'onep-plain': 15001, 'onep-tls': 15002, 'pcanywhere-data': 5631,
  'pcanywhere-status': 5632, 'pim-auto-rp': 496, pop2: 109, pop3: 110, pptp: 1723, radius: 1645, 'radius-acct': 1646, rip: 520,
  ripng: 521, rsh: 514, rtsp: 554, 'secureid-udp': 5510, sip: 5060, smtp: 25, snmp: 161, snmptrap: 162, ssh: 22, sunrpc: 111,
  syslog: 514, tacacs: 49, talk: 517, telnet: 23, tftp: 69, time: 37, uucp: 540, vxlan: 4789, who: 513, whois: 43, www: 80, xdmcp: 177,
}

/** Type, and code when the name means one. */
export type IcmpName = readonly [type: number, code: number | null]

/** ICMP (RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 5.2.7) as IOS and ASA write it. */
export const ICMP_TYPES: Readonly<Record<string, IcmpName>> = {
  'administratively-prohibited': [3, 13], 'alternate-address': [6, null], 'conversion-error': [31, null], 'dod-host-prohibited': [3, 10],
  'dod-net-prohibited': [3, 9], echo: [8, null], 'echo-reply': [0, null], 'general-parameter-problem': [12, 0], 'host-isolated': [3, 8],
  'host-precedence-unreachable': [3, 14], 'host-redirect': [5, 1], 'host-tos-redirect': [5, 3], 'host-tos-unreachable': [3, 12],
  'host-unknown': [3, 7], 'host-unreachable': [3, 1], 'information-reply': [16, null], 'information-request': [15, null],
  'mask-reply': [18, null], 'mask-request': [17, null], 'mobile-redirect': [32, null], 'net-redirect': [5, 0],
  'net-tos-redirect': [5, 2], 'net-tos-unreachable': [3, 11], 'net-unreachable': [3, 0], 'network-unknown': [3, 6],
  'no-room-for-option': [12, 2], 'option-missing': [12, 1], 'packet-too-big': [3, 4], 'parameter-problem': [12, null],
  'port-unreachable': [3, 3], 'precedence-unreachable': [3, 15], 'protocol-unreachable': [3, 2], 'reassembly-timeout': [11, 1],
  redirect: [5, null], 'router-advertisement': [9, null], 'router-solicitation': [10, null], 'source-quench': [4, null],
  'source-route-failed': [3, 5], 'time-exceeded': [11, null], 'timestamp-reply': [14, null], 'timestamp-request': [13, null],
  traceroute: [30, null], 'ttl-exceeded': [11, 0], unreachable: [3, null],
}

/** ICMPv6 (RFC 4443, RFC 4861) as IOS and ASA write it. `destination-unreachable` is left out: one code or all of them. */
export const ICMP6_TYPES: Readonly<Record<string, IcmpName>> = {
  'beyond-scope': [1, 2], echo: [128, null], 'echo-request': [128, null], 'echo-reply': [129, null], header: [4, 0], 'hop-limit': [3, 0],
  'membership-query': [130, null], 'membership-reduction': [132, null], 'membership-report': [131, null], 'mld-query': [130, null],
  'mld-reduction': [132, null], 'mld-report': [131, null], 'nd-na': [136, null], 'nd-ns': [135, null],
  'neighbor-advertisement': [136, null], 'neighbor-redirect': [137, null], 'neighbor-solicitation': [135, null], 'next-header': [4, 1],
  'no-admin': [1, 1], 'no-route': [1, 0], 'packet-too-big': [2, null], 'parameter-option': [4, 2], 'parameter-problem': [4, null],
  'port-unreachable': [1, 4], 'reassembly-timeout': [3, 1], 'router-advertisement': [134, null], 'router-renumbering': [138, null],
  'router-solicitation': [133, null], 'time-exceeded': [3, null], unreachable: [1, null],
}

/** Flag bits of TCP as IOS names them (RFC 9293 section 3.1). */
export const TCP_FLAGS: Readonly<Record<string, number>> = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 }

/** Own property only: a name such as `constructor` is no protocol. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | null {
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null
}
