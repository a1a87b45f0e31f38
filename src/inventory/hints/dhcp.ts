// DHCP hints: what a client's own words (option 60) and the list of what it asks for (option 55, RFC 2132 section 9.8) tell of its system.
// Keeps to clients whose default list is public: an exact list or nothing. A hint, level C by words and D by list, always inferred.

import type { DhcpMessage } from '../../protocols/dhcp/facts.ts'
import type { NewClaim } from '../claims.ts'

interface ClassRow {
  readonly begins: string
  readonly os: string
  readonly role?: 'printer'
}

/** Vendor classes as the makers document them, by how they begin. */
const CLASSES: readonly ClassRow[] = [
  { begins: 'MSFT 5.0', os: 'Windows' },
  { begins: 'MSFT 98', os: 'Windows 98 or Me' },
  { begins: 'android-dhcp-', os: 'Android' },
  { begins: 'udhcp', os: 'Linux, embedded (BusyBox)' },
  { begins: 'dhcpcd', os: 'Unix with dhcpcd' },
  { begins: 'PXEClient', os: 'boot firmware (PXE)' },
  { begins: 'Hewlett-Packard JetDirect', os: 'HP JetDirect', role: 'printer' },
]

/** Default lists of clients: of public source code, or as they were seen of systems that said in option 60 what they are. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ['1,3,6,15,31,33,43,44,46,47,119,121,249,252', 'Windows, 8.1 or later'],
  ['1,15,3,6,44,46,47,31,33,121,249,43,252', 'Windows, 7 or 8'],
  ['1,15,3,6,44,46,47,31,33,121,249,43', 'Windows, Vista to 8'],
  ['1,15,3,6,44,46,47,31,33,249,43', 'Windows, XP or 2003'],
  ['1,15,3,6,44,46,47,31,33,43', 'Windows, 2000'],
  ['1,121,3,6,15,108,114,119,252', 'Apple (iOS)'],
  ['1,121,3,6,15,108,114,119,252,95,44,46', 'Apple (macOS)'],
  ['1,121,3,6,15,119,252', 'Apple (iOS)'],
  ['1,121,3,6,15,119,252,95,44,46', 'Apple (macOS)'],
  ['1,28,2,3,15,6,12', 'Unix with ISC dhclient'],
  ['1,28,2,3,15,6,119,12,44,47,26,121,42', 'Linux with ISC dhclient (Debian)'],
  ['1,3,6,12,15,28,42', 'Linux, embedded (BusyBox)'],
  ['1,3,6,15,26,28,51,58,59,43', 'Android'],
])

/** Claims about the client that sent this message; none of a server's. */
export function dhcpHints({ vendorClass, parameterList }: Pick<DhcpMessage, 'vendorClass' | 'parameterList'>): readonly NewClaim[] {
  const claims: NewClaim[] = []
  const known = vendorClass === null ? undefined : CLASSES.find((c) => vendorClass.startsWith(c.begins))
  if (known) {
    const evidence = `DHCP option 60 begins "${known.begins}"`
    claims.push({ what: 'os', value: known.os, level: 'C', evidence, inferred: true })
    if (known.role) claims.push({ what: 'role', value: known.role, level: 'C', evidence, inferred: true })
  }
  const os = parameterList === null ? undefined : LISTS.get(parameterList)
  if (os !== undefined) claims.push({ what: 'os', value: os, level: 'D', evidence: `DHCP option 55 asks for ${parameterList}`, inferred: true })
  return claims
}
