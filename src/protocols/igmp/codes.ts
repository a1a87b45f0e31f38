// IGMP and MLD codes: message types, record types, and the groups whose membership says what a device speaks.
// Source: RFC 1112, RFC 2236, RFC 3376, RFC 2710, RFC 3810.

export const IGMP_PROTO = 2
export const Igmp = { query: 0x11, report1: 0x12, report2: 0x16, leave: 0x17, report3: 0x22 } as const
export const Mld = { query: 130, report1: 131, done: 132, report2: 143 } as const

/** RFC 3376 section 4.2.12: mode is include, change to include, allow: a membership only with sources. */
const INCLUDES = new Set([1, 3, 5])
const EXCLUDES = new Set([2, 4])

/** Whether a group record says that its sender listens. */
export function isJoin(recordType: number, sources: number): boolean {
  return EXCLUDES.has(recordType) || (INCLUDES.has(recordType) && sources > 0)
}
