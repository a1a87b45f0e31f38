// DHCP codes: operations, message types, the options that are read, as tables from number to the standard's word.
// Source: RFC 2131, RFC 2132, IANA "Dynamic Host Configuration Protocol (DHCP) and BOOTP Parameters"; unknown types stay numbers.

export const DhcpOperation = { request: 1, reply: 2 } as const

/** Option 53 (RFC 2132 section 9.6). */
export const DhcpType = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7, inform: 8 } as const

/** RFC 2132 unless noted; full name: RFC 4702, relay information: RFC 3046. */
export const DhcpOption = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  hostName: 12,
  vendorOptions: 43,
  requestedAddress: 50,
  overload: 52,
  messageType: 53,
  server: 54,
  parameterList: 55,
  vendorClass: 60,
  clientIdentifier: 61,
  fullName: 81,
  relayInformation: 82,
  end: 255,
} as const

/** Option 52: which fixed fields carry options as well (RFC 2132 section 9.3). */
export const DhcpOverload = { file: 1, serverName: 2 } as const

/** Hardware types with six-byte addresses that are MACs: Ethernet and IEEE 802 (RFC 1700 "Number Hardware Type"). */
export const MAC_HARDWARE: ReadonlySet<number> = new Set([1, 6])

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(DhcpType).map(([name, number]) => [number, name]))

/** `discover`, ..., `inform`, or `type-N`. */
export function dhcpTypeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `type-${type}`
}
