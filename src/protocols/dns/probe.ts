// DNS probe: are these first bytes a DNS message? Content only, on any port, so that a shell on TCP 53 is not DNS.
// Keeps the rule "a port is a hint, the probe is the judge": header, counts and the first name, type and class must all be plausible.

import { u16be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { DnsClass, isKnownDnsClass, isKnownDnsOpcode, isKnownDnsType } from './codes.ts'
import { decodeDns, DNS_HEADER_BYTES, DNS_QUESTIONS_MAX } from './message.ts'
import { newNameCursor, skipDnsName } from './name.ts'

/** Smallest question: root name, type, class. */
const QUESTION_BYTES_MIN = 5
/** Smallest record: root name, type, class, TTL, length. */
const RECORD_BYTES_MIN = 11

/** One datagram, which must be a whole message. */
export function probeDnsDatagram(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off < DNS_HEADER_BYTES || !isPlausibleHeader(buf, off, end - off)) return 'no'
  return probeBody(buf, off, end) === 'yes' || isExactMessage(buf, off, end) ? 'yes' : 'no'
}

/** A TCP stream from its first byte: two length bytes, then a message (RFC 1035 section 4.2.2). */
export function probeDnsStream(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (end - off < 2) return 'more'
  const length = u16be(buf, off)
  if (length < DNS_HEADER_BYTES + QUESTION_BYTES_MIN) return 'no'
  const start = off + 2
  if (end - start < DNS_HEADER_BYTES) return end - start >= 4 && !isPlausibleFlags(u16be(buf, start + 2)) ? 'no' : 'more'
  if (!isPlausibleHeader(buf, start, length)) return 'no'
  const messageEnd = Math.min(end, start + length)
  const answer = probeBody(buf, start, messageEnd)
  return answer === 'more' && messageEnd === start + length ? 'no' : answer
}

/** Opcode known, the reserved Z bit clear (RFC 6895 section 2.1), and no response code in a query. */
function isPlausibleFlags(flags: number): boolean {
  const response = (flags & 0x8000) !== 0
  return isKnownDnsOpcode((flags >>> 11) & 15) && (flags & 0x0040) === 0 && (response || (flags & 15) === 0)
}

/** Flags, and counts that `length` bytes can hold. A message without question and record teaches nothing and is refused. */
function isPlausibleHeader(buf: Uint8Array, off: number, length: number): boolean {
  const questions = u16be(buf, off + 4)
  const records = u16be(buf, off + 6) + u16be(buf, off + 8) + u16be(buf, off + 10)
  if (!isPlausibleFlags(u16be(buf, off + 2)) || questions + records === 0 || questions > DNS_QUESTIONS_MAX) return false
  return DNS_HEADER_BYTES + questions * QUESTION_BYTES_MIN + records * RECORD_BYTES_MIN <= length
}

/** The first question, or without questions (mDNS announcements, inverse queries) the first record: name, known type and class. */
function probeBody(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const first = off + DNS_HEADER_BYTES
  const cursor = newNameCursor()
  skipDnsName(buf, off, first, end, cursor)
  if (cursor.problem !== null) return cursor.problem === 'name-truncated' ? 'more' : 'no'
  const tail = cursor.next
  if (tail + 4 > end) return 'more'
  return isKnownDnsType(u16be(buf, tail)) && isKnownDnsClass(u16be(buf, tail + 2)) && !isNetbiosName(buf, first, tail) ? 'yes' : 'no'
}

/** A type nobody listed is believed when all else is right: class IN, every record in place, not one byte left over. */
function isExactMessage(buf: Uint8Array, off: number, end: number): boolean {
  const { message, problem, end: used } = decodeDns(buf, off, end)
  return problem === null && used === end && message.questions.length === 1
    && message.questions[0]?.class === DnsClass.in && !isKnownDnsType(message.questions[0].type)
}

/** NetBIOS name service (RFC 1002): 32 letters A..P, types NB 0x20 and NBSTAT 0x21. It has the form of DNS and is another protocol. */
function isNetbiosName(buf: Uint8Array, first: number, tail: number): boolean {
  const type = u16be(buf, tail)
  if (u8(buf, first) !== 32 || (type !== 0x20 && type !== 0x21)) return false
  for (let i = first + 1; i <= first + 32; i++) {
    if (u8(buf, i) < 0x41 || u8(buf, i) > 0x50) return false
  }
  return true
}
