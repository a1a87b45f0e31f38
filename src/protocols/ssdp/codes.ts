// SSDP codes: the three first lines and the header fields that are read.
// Source: UPnP Device Architecture 2.0 section 1.

export const START_LINES: readonly (readonly [line: string, kind: 'notify' | 'search' | 'response'])[] = [
  ['NOTIFY * HTTP/1.1', 'notify'], ['M-SEARCH * HTTP/1.1', 'search'], ['HTTP/1.1 200 OK', 'response'],
]

/** What SSDP's own headers are told by: a response looks like any HTTP until one of them comes. */
export const SSDP_FIELDS = ['nt', 'nts', 'st', 'usn', 'man', 'location', 'server', 'user-agent'] as const
export type SsdpField = (typeof SSDP_FIELDS)[number]
