// NetBIOS codes: record types, opcodes, datagram kinds, and what the sixteenth byte of a name means.
// Source: RFC 1001 section 14, RFC 1002 sections 4.2 and 4.4; suffixes as in the [MS-BRWS] and [MS-NBTE] specifications.

export const NbType = { name: 0x20, status: 0x21 } as const
export const NbOpcode = { query: 0, registration: 5, release: 6, wait: 7, refresh: 8, refreshOld: 9 } as const
export const NB_OPCODES: ReadonlySet<number> = new Set(Object.values(NbOpcode))
/** RFC 1002 section 4.4.1: direct unique, direct group, broadcast. */
export const NB_DATAGRAMS: ReadonlySet<number> = new Set([0x10, 0x11, 0x12])
/** Group bit of NB_FLAGS and NAME_FLAGS. */
export const NB_GROUP = 0x8000

/** Unique names with these suffixes are the machine's own: workstation and file server. */
export const HOST_SUFFIXES: ReadonlySet<number> = new Set([0x00, 0x20])
