// IGMP and MLD messages to a value and back: queries and reports of all versions (RFC 2236, RFC 3376, RFC 2710, RFC 3810).
// Keeps house habit 3: what is wrong is a fixed word.

import { ipFromV4, ipVersion, type Ip } from '../../base/ip.ts'
import { u16be, u32be, u8 } from '../../wire/bytes.ts'
import { ip6At } from '../icmp/message.ts'
import { ipBytes } from '../octets.ts'
import { Igmp, isJoin, Mld } from './codes.ts'

/** Groups read of one report: a packet of 1500 bytes holds 180 records of IPv4. */
export const IGMP_RECORDS_MAX = 256
const HEAD_BYTES = 8

export interface IgmpMessage {
  readonly kind: 'query' | 'report' | 'leave'
  readonly version: number
  /** Groups joined; of a leave none. */
  readonly groups: readonly Ip[]
  readonly problem: 'truncated' | 'group' | null
}

/** The message at [off, end) of IPv4 (protocol 2) or IPv6 (ICMPv6); null for a type that is none of these. */
export function decodeIgmp(buf: Uint8Array, off: number, end: number, family: 4 | 6): IgmpMessage | null {
  const size = family === 4 ? 4 : 16
  const type = end > off ? u8(buf, off) : -1
  const one = size + (family === 4 ? 4 : 8)
  switch (type) {
    case family === 4 ? Igmp.query : Mld.query:
      return { kind: 'query', version: queryVersion(buf, off, end, family), groups: [], problem: end - off < one ? 'truncated' : null }
    case family === 4 ? Igmp.report1 : Mld.report1: return single(buf, off, end, family, 1)
    case family === 4 ? Igmp.report2 : -2: return single(buf, off, end, family, 2)
    case family === 4 ? Igmp.leave : Mld.done: return { kind: 'leave', version: family === 4 ? 2 : 1, groups: [], problem: null }
    case family === 4 ? Igmp.report3 : Mld.report2: return records(buf, off, end, family)
    default: return null
  }
}

/** RFC 3376 section 7.1 and RFC 3810 section 8.1: the length tells, and in IPv4 a response time of 0 is version 1. */
function queryVersion(buf: Uint8Array, off: number, end: number, family: 4 | 6): number {
  if (family === 6) return end - off >= 28 ? 2 : 1
  return end - off >= 12 ? 3 : end - off >= 2 && u8(buf, off + 1) === 0 ? 1 : 2
}

function single(buf: Uint8Array, off: number, end: number, family: 4 | 6, version: number): IgmpMessage {
  const at = off + (family === 4 ? 4 : 8)
  if (at + (family === 4 ? 4 : 16) > end) return { kind: 'report', version, groups: [], problem: 'truncated' }
  return isGroupAt(buf, at, family)
    ? { kind: 'report', version, groups: [groupAt(buf, at, family)], problem: null }
    : { kind: 'report', version, groups: [], problem: 'group' }
}

function records(buf: Uint8Array, off: number, end: number, family: 4 | 6): IgmpMessage {
  const size = family === 4 ? 4 : 16
  const groups: Ip[] = []
  let problem: IgmpMessage['problem'] = end - off < HEAD_BYTES ? 'truncated' : null
  const count = problem ? 0 : Math.min(u16be(buf, off + 6), IGMP_RECORDS_MAX)
  let at = off + HEAD_BYTES
  for (let i = 0; i < count && problem === null; i++) {
    if (at + 4 + size > end) problem = 'truncated'
    else if (!isGroupAt(buf, at + 4, family)) problem = 'group'
    else {
      const sources = u16be(buf, at + 2)
      if (isJoin(u8(buf, at), sources)) groups.push(groupAt(buf, at + 4, family))
      at += 4 + size + size * sources + 4 * u8(buf, at + 1)
    }
  }
  return { kind: 'report', version: family === 4 ? 3 : 2, groups, problem }
}

function isGroupAt(buf: Uint8Array, off: number, family: 4 | 6): boolean {
  return family === 4 ? u8(buf, off) >>> 4 === 0xe : u8(buf, off) === 0xff
}

function groupAt(buf: Uint8Array, off: number, family: 4 | 6): Ip {
  return family === 4 ? ipFromV4(u32be(buf, off)) : ip6At(buf, off)
}

/** A version 2 report (IGMP) or version 1 report (MLD) for one group; the checksum is left zero. */
export function encodeReport(group: Ip): Uint8Array {
  const head = ipVersion(group) === 4 ? [Igmp.report2, 0, 0, 0] : [Mld.report1, 0, 0, 0, 0, 0, 0, 0]
  return Uint8Array.from([...head, ...ipBytes(group)])
}

/** A report of version 3 (IGMP) or 2 (MLD): each group excluded from nothing (joined) or included with no source (left). */
export function encodeRecords(family: 4 | 6, groups: readonly { readonly group: Ip; readonly joins: boolean }[]): Uint8Array {
  const body = groups.flatMap(({ group, joins }) => [joins ? 4 : 3, 0, 0, 0, ...ipBytes(group)])
  return Uint8Array.from([family === 4 ? Igmp.report3 : Mld.report2, 0, 0, 0, 0, 0, groups.length >>> 8, groups.length & 255, ...body])
}
