// Predefined applications of Junos that the reader knows, with protocol and destination port. A table, nothing else.
// Keeps "never guessed": a `junos-` name that is not here becomes an unknown match. Source: Junos "predefined policy applications".

import { numberRange } from '../zone-based/ranges.ts'
import { ANY_SERVICE, one, serviceOf, type ServiceTerm } from '../zone-based/terms.ts'

const TCP = 6
const UDP = 17
const ICMP = 1
const ICMP6 = 58

/** Name, protocol, destination ports; no ports means every port. Only single-term applications whose ports are beyond doubt. */
const PORTS: readonly (readonly [string, number, string])[] = [
  ['junos-bgp', TCP, '179'],
  ['junos-bootpc', UDP, '68'],
  ['junos-bootps', UDP, '67'],
  ['junos-dhcp-client', UDP, '68'],
  ['junos-dhcp-relay', UDP, '67'],
  ['junos-dhcp-server', UDP, '67'],
  ['junos-dns-tcp', TCP, '53'],
  ['junos-dns-udp', UDP, '53'],
  ['junos-finger', TCP, '79'],
  ['junos-ftp', TCP, '21'],
  ['junos-http', TCP, '80'],
  ['junos-https', TCP, '443'],
  ['junos-ident', TCP, '113'],
  ['junos-imap', TCP, '143'],
  ['junos-imaps', TCP, '993'],
  ['junos-ldap', TCP, '389'],
  ['junos-mail', TCP, '25'],
  ['junos-ms-sql', TCP, '1433'],
  ['junos-nbds', UDP, '138'],
  ['junos-nbname', UDP, '137'],
  ['junos-nntp', TCP, '119'],
  ['junos-ntp', UDP, '123'],
  ['junos-pop3', TCP, '110'],
  ['junos-printer', TCP, '515'],
  ['junos-radacct', UDP, '1813'],
  ['junos-radius', UDP, '1812'],
  ['junos-smtp', TCP, '25'],
  ['junos-ssh', TCP, '22'],
  ['junos-syslog', UDP, '514'],
  ['junos-tacacs', TCP, '49'],
  ['junos-telnet', TCP, '23'],
  ['junos-tftp', UDP, '69'],
  ['junos-whois', TCP, '43'],
]

/** Name and protocol number. */
const WHOLE: readonly (readonly [string, number])[] = [
  ['junos-gre', 47],
  ['junos-icmp-all', ICMP],
  ['junos-icmp6-all', ICMP6],
  ['junos-ospf', 89],
  ['junos-tcp-any', TCP],
  ['junos-udp-any', UDP],
]

const ECHO_REQUEST = 8

export const PREDEFINED: ReadonlyMap<string, ServiceTerm> = new Map([
  ['any', ANY_SERVICE],
  ['junos-icmp-ping', serviceOf(ICMP, { icmpType: [one(ECHO_REQUEST)] })],
  ['junos-ping', serviceOf(ICMP, { icmpType: [one(ECHO_REQUEST)] })],
  ...PORTS.map(([name, proto, port]) => [name, serviceOf(proto, { dport: [numberRange(port, 65_535n) ?? one(0)] })] as const),
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
