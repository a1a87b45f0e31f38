// DHCPv6 codes: message types, the options that are read, DUID types.
// Source: RFC 8415 sections 7.3, 21 and 11, RFC 4704 (full name), RFC 6939 (client link-layer address), IANA "DHCPv6 Parameters".

const TYPES = [
  'solicit', 'advertise', 'request', 'confirm', 'renew', 'rebind', 'reply', 'release', 'decline', 'reconfigure', 'information-request',
  'relay-forward', 'relay-reply',
] as const

export const Dhcp6Type = { reconfigure: 10, informationRequest: 11, relayForward: 12, relayReply: 13 } as const
export const DHCP6_TYPE_MAX = TYPES.length

/** `solicit`, ..., or `type-N`. */
export function dhcp6TypeName(type: number): string {
  return TYPES[type - 1] ?? `type-${type}`
}

export const Dhcp6Option = {
  clientId: 1, serverId: 2, addresses: 3, temporaryAddresses: 4, address: 5, requested: 6, elapsed: 8, relayMessage: 9, vendorClass: 16, vendorOptions: 17,
  interfaceId: 18, dnsServers: 23, prefixes: 25, prefix: 26, fullName: 39, clientLink: 79,
} as const

/** Highest option number IANA has assigned, with room: what a probe believes. */
export const DHCP6_OPTION_MAX = 200

/** RFC 8415 section 11. */
export const DuidType = { linkTime: 1, enterprise: 2, link: 3, uuid: 4 } as const
