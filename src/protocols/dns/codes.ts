// DNS codes: record types, classes, response codes, opcodes, as tables from number to the registry's word.
// Source: IANA "Domain Name System (DNS) Parameters"; unknown numbers survive as TYPE123 (RFC 3597 section 5) and RCODE9.

export const DnsType = { a: 1, ns: 2, cname: 5, soa: 6, ptr: 12, mx: 15, txt: 16, aaaa: 28, srv: 33, opt: 41 } as const
export const DnsClass = { in: 1, chaos: 3, hesiod: 4, none: 254, any: 255 } as const
/** RFC 1035 section 4.1.1, RFC 1996 (notify), RFC 2136 (update), RFC 8490 (stateful operations). */
export const DnsOpcode = { query: 0, inverseQuery: 1, status: 2, notify: 4, update: 5, stateful: 6 } as const

const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'A'], [2, 'NS'], [3, 'MD'], [4, 'MF'], [5, 'CNAME'], [6, 'SOA'], [7, 'MB'], [8, 'MG'], [9, 'MR'], [10, 'NULL'],
  [11, 'WKS'], [12, 'PTR'], [13, 'HINFO'], [14, 'MINFO'], [15, 'MX'], [16, 'TXT'], [17, 'RP'], [18, 'AFSDB'], [19, 'X25'],
  [20, 'ISDN'], [21, 'RT'], [22, 'NSAP'], [23, 'NSAP-PTR'], [24, 'SIG'], [25, 'KEY'], [26, 'PX'], [27, 'GPOS'], [28, 'AAAA'],
  [29, 'LOC'], [30, 'NXT'], [31, 'EID'], [32, 'NIMLOC'], [33, 'SRV'], [34, 'ATMA'], [35, 'NAPTR'], [36, 'KX'], [37, 'CERT'],
  [38, 'A6'], [39, 'DNAME'], [40, 'SINK'], [41, 'OPT'], [42, 'APL'], [43, 'DS'], [44, 'SSHFP'], [45, 'IPSECKEY'],
  [46, 'RRSIG'], [47, 'NSEC'], [48, 'DNSKEY'], [49, 'DHCID'], [50, 'NSEC3'], [51, 'NSEC3PARAM'], [52, 'TLSA'],
  [53, 'SMIMEA'], [55, 'HIP'], [56, 'NINFO'], [57, 'RKEY'], [58, 'TALINK'], [59, 'CDS'], [60, 'CDNSKEY'],
  [61, 'OPENPGPKEY'], [62, 'CSYNC'], [63, 'ZONEMD'], [64, 'SVCB'], [65, 'HTTPS'], [66, 'DSYNC'], [99, 'SPF'],
  [100, 'UINFO'], [101, 'UID'], [102, 'GID'], [103, 'UNSPEC'], [104, 'NID'], [105, 'L32'], [106, 'L64'], [107, 'LP'],
  [108, 'EUI48'], [109, 'EUI64'], [249, 'TKEY'], [250, 'TSIG'], [251, 'IXFR'], [252, 'AXFR'], [253, 'MAILB'],
  [254, 'MAILA'], [255, 'ANY'], [256, 'URI'], [257, 'CAA'], [258, 'AVC'], [259, 'DOA'], [260, 'AMTRELAY'],
  [32768, 'TA'], [32769, 'DLV'],
])

/** RFC 6895 section 3.1: 65280..65534 are for private use; tunnels use them. */
const PRIVATE_TYPE_FIRST = 65280
const PRIVATE_TYPE_LAST = 65534

const RESPONSE_CODES: ReadonlyMap<number, string> = new Map([
  [0, 'NOERROR'], [1, 'FORMERR'], [2, 'SERVFAIL'], [3, 'NXDOMAIN'], [4, 'NOTIMP'], [5, 'REFUSED'], [6, 'YXDOMAIN'],
  [7, 'YXRRSET'], [8, 'NXRRSET'], [9, 'NOTAUTH'], [10, 'NOTZONE'], [11, 'DSOTYPENI'], [16, 'BADVERS'], [17, 'BADKEY'],
  [18, 'BADTIME'], [19, 'BADMODE'], [20, 'BADNAME'], [21, 'BADALG'], [22, 'BADTRUNC'], [23, 'BADCOOKIE'],
])

const OPCODES: ReadonlySet<number> = new Set(Object.values(DnsOpcode))
const CLASSES: ReadonlySet<number> = new Set(Object.values(DnsClass))

/** `A`, `AAAA`, ... or `TYPE123`. */
export function dnsTypeName(type: number): string {
  return TYPES.get(type) ?? `TYPE${type}`
}

/** `NOERROR`, ... or `RCODE12`; 12 bits with EDNS (RFC 6891 section 6.1.3). */
export function dnsResponseCodeName(code: number): string {
  return RESPONSE_CODES.get(code) ?? `RCODE${code}`
}

/** Listed at IANA, or of the private range: what a probe believes. */
export function isKnownDnsType(type: number): boolean {
  return TYPES.has(type) || (type >= PRIVATE_TYPE_FIRST && type <= PRIVATE_TYPE_LAST)
}

/** The top bit is the unicast-response or cache-flush bit of mDNS (RFC 6762 sections 5.4, 10.2), not part of the class. */
export function isKnownDnsClass(value: number): boolean {
  return CLASSES.has(value & 0x7fff)
}

export function isKnownDnsOpcode(opcode: number): boolean {
  return OPCODES.has(opcode)
}
