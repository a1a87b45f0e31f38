// ARP codes: hardware types, the protocol type of IPv4 and operations.
// Source: RFC 826, RFC 5227, IANA "Address Resolution Protocol (ARP) Parameters".

/** Ethernet, and IEEE 802 networks, which some stacks write for the same six-byte addresses (RFC 1042). */
export const ArpHardware = { ethernet: 1, ieee802: 6 } as const
export const ARP_PROTOCOL_IPV4 = 0x0800
export const ArpOperation = { request: 1, reply: 2 } as const

/** Reverse, dynamic and inverse ARP and their kin (IANA): other questions than "who has this address", so they claim nothing here. */
const OTHER_OPERATION_FIRST = 3
const OTHER_OPERATION_LAST = 25

/** RARP 3 and 4, InARP 8 and 9, and the rest of the registry up to 25. */
export function isOtherArpOperation(operation: number): boolean {
  return operation >= OTHER_OPERATION_FIRST && operation <= OTHER_OPERATION_LAST
}
