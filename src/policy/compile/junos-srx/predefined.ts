// Predefined applications of Junos that the reader knows, with protocol and destination port. A table, nothing else.
// Keeps "never guessed": a `junos-` name that is not here becomes an unknown match. Source: Junos "predefined policy applications".

import { portRange } from '../zone-based/ranges.ts'
import { ANY_SERVICE, one, serviceOf, type ServiceTerm } from '../zone-based/terms.ts'

const TCP = 6
const UDP = 17
const ICMP = 1
const ICMP6 = 58

/** Name, protocol, destination ports; no ports means every port. Only applications whose ports are beyond doubt. */
const PORTS: readonly (readonly [string, number, string])[] = [
  ['junos-bgp', TCP, '179'],
  ['junos-biff', UDP, '512'],
  ['junos-bootpc', UDP, '68'],
  ['junos-bootps', UDP, '67'],
  ['junos-cvspserver', TCP, '2401'],
  ['junos-dhcp-client', UDP, '68'],
  ['junos-dhcp-relay', UDP, '67'],
  ['junos-dhcp-server', UDP, '67'],
  ['junos-dns-tcp', TCP, '53'],
  ['junos-dns-udp', UDP, '53'],
  ['junos-finger', TCP, '79'],
  ['junos-ftp', TCP, '21'],
  ['junos-ftp-data', TCP, '20'],
  ['junos-gopher', TCP, '70'],
  ['junos-gprs-gtp-c', UDP, '2123'],
  ['junos-gprs-gtp-u', UDP, '2152'],
  ['junos-gprs-gtp-v0', UDP, '3386'],
  ['junos-http', TCP, '80'],
  ['junos-http-ext', TCP, '7001'],
  ['junos-https', TCP, '443'],
  ['junos-ident', TCP, '113'],
  ['junos-ike', UDP, '500'],
  ['junos-ike-nat', UDP, '4500'],
  ['junos-imap', TCP, '143'],
  ['junos-imaps', TCP, '993'],
  ['junos-irc', TCP, '6660-6669'],
  ['junos-l2tp', UDP, '1701'],
  ['junos-ldap', TCP, '389'],
  ['junos-ldp-tcp', TCP, '646'],
  ['junos-ldp-udp', UDP, '646'],
  ['junos-lpr', TCP, '515'],
  ['junos-mail', TCP, '25'],
  ['junos-mgcp-ca', UDP, '2727'],
  ['junos-mgcp-ua', UDP, '2427'],
  ['junos-ms-sql', TCP, '1433'],
  ['junos-msn', TCP, '1863'],
  ['junos-nbds', UDP, '138'],
  ['junos-nbname', UDP, '137'],
  ['junos-netbios-session', TCP, '139'],
  ['junos-nfsd-tcp', TCP, '2049'],
  ['junos-nfsd-udp', UDP, '2049'],
  ['junos-nntp', TCP, '119'],
  ['junos-ntp', UDP, '123'],
  ['junos-pop3', TCP, '110'],
  ['junos-pptp', TCP, '1723'],
  ['junos-printer', TCP, '515'],
  ['junos-radacct', UDP, '1813'],
  ['junos-radius', UDP, '1812'],
  ['junos-rdp', TCP, '3389'],
  ['junos-rip', UDP, '520'],
  ['junos-rsh', TCP, '514'],
  ['junos-rtsp', TCP, '554'],
  ['junos-sccp', TCP, '2000'],
  ['junos-smb-session', TCP, '445'],
  ['junos-smtp', TCP, '25'],
  ['junos-smtps', TCP, '465'],
  ['junos-snmp-agentx', TCP, '705'],
  ['junos-snpp', TCP, '444'],
  ['junos-sql-monitor', UDP, '1434'],
  ['junos-sqlnet-v1', TCP, '1525'],
  ['junos-sqlnet-v2', TCP, '1521'],
  ['junos-ssh', TCP, '22'],
  ['junos-syslog', UDP, '514'],
  ['junos-tacacs', TCP, '49'],
  ['junos-tacacs-ds', TCP, '65'],
  ['junos-telnet', TCP, '23'],
  ['junos-tftp', UDP, '69'],
  ['junos-wais', TCP, '210'],
  ['junos-who', UDP, '513'],
  ['junos-whois', TCP, '43'],
  ['junos-winframe', TCP, '1494'],
  ['junos-x-windows', TCP, '6000-6063'],
  ['junos-xnm-clear-text', TCP, '3221'],
  ['junos-xnm-ssl', TCP, '3220'],
  ['junos-ymsg', TCP, '5050'],
]

/** Name and protocol number. */
const WHOLE: readonly (readonly [string, number])[] = [
  ['junos-gre', 47],
  ['junos-icmp-all', ICMP],
  ['junos-icmp6-all', ICMP6],
  ['junos-ospf', 89],
  ['junos-sctp-any', 132],
  ['junos-tcp-any', TCP],
  ['junos-udp-any', UDP],
]

const ECHO_REQUEST = 8
const ECHO_REQUEST_6 = 128

/** `junos-icmp6-` words with type and code (RFC 4443); null is any code. */
const ICMP6_APPLICATIONS: readonly (readonly [string, number, number | null])[] = [
  ['dst-unreach-route', 1, 0], ['dst-unreach-admin', 1, 1], ['dst-unreach-beyond', 1, 2], ['dst-unreach-addr', 1, 3], ['dst-unreach-port', 1, 4],
  ['packet-too-big', 2, null], ['time-exceed-transit', 3, 0], ['time-exceed-reassembly', 3, 1], ['param-prob-header', 4, 0],
  ['param-prob-nexthdr', 4, 1], ['param-prob-option', 4, 2], ['echo-request', ECHO_REQUEST_6, null], ['echo-reply', 129, null],
]

export const PREDEFINED: ReadonlyMap<string, ServiceTerm> = new Map([
  ['any', ANY_SERVICE],
  ['junos-icmp-ping', serviceOf(ICMP, { icmpType: [one(ECHO_REQUEST)] })],
  ['junos-ping', serviceOf(ICMP, { icmpType: [one(ECHO_REQUEST)] })],
  ['junos-pingv6', serviceOf(ICMP6, { icmpType: [one(ECHO_REQUEST_6)] })],
  ['junos-sip', { ...ANY_SERVICE, proto: [one(TCP), one(UDP)], dport: [one(5060)] }],
  ['junos-smb', serviceOf(TCP, { dport: [one(139), one(445)] })],
  ...ICMP6_APPLICATIONS.map(([name, type, code]) =>
    [`junos-icmp6-${name}`, serviceOf(ICMP6, { icmpType: [one(type)], icmpCode: code === null ? null : [one(code)] })] as const),
  ...PORTS.map(([name, proto, port]) => [name, serviceOf(proto, { dport: [portRange(port) ?? one(0)] })] as const),
  ...WHOLE.map(([name, proto]) => [name, serviceOf(proto)] as const),
])

/** Protocol words of `applications application X protocol`; numbers are taken as they are. */
export const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['ah', 51],
  ['egp', 8],
  ['esp', 50],
  ['gre', 47],
  ['icmp', ICMP],
  ['icmp6', ICMP6],
  ['icmpv6', ICMP6],
  ['igmp', 2],
  ['ipip', 4],
  ['ospf', 89],
  ['pim', 103],
  ['rsvp', 46],
  ['sctp', 132],
  ['tcp', TCP],
  ['udp', UDP],
])

/** Port words of Junos that are beyond doubt (IANA names); any other word makes the application unknown. */
export const PORT_WORDS: ReadonlyMap<string, number> = new Map([
  ['bgp', 179],
  ['bootpc', 68],
  ['bootps', 67],
  ['domain', 53],
  ['finger', 79],
  ['ftp', 21],
  ['ftp-data', 20],
  ['http', 80],
  ['https', 443],
  ['ident', 113],
  ['imap', 143],
  ['ldap', 389],
  ['netbios-dgm', 138],
  ['netbios-ns', 137],
  ['netbios-ssn', 139],
  ['ntp', 123],
  ['pop3', 110],
  ['radius', 1812],
  ['smtp', 25],
  ['snmp', 161],
  ['snmptrap', 162],
  ['ssh', 22],
  ['sunrpc', 111],
  ['syslog', 514],
  ['tacacs', 49],
  ['telnet', 23],
  ['tftp', 69],
  ['whois', 43],
])

/** ICMP type words beyond doubt (RFC 792). */
export const ICMP_WORDS: ReadonlyMap<string, number> = new Map([
  ['echo-reply', 0],
  ['unreachable', 3],
  ['redirect', 5],
  ['echo-request', ECHO_REQUEST],
  ['time-exceeded', 11],
  ['timestamp', 13],
  ['timestamp-reply', 14],
])
