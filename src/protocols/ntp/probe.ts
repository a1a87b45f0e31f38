// NTP probe: a header of 48 bytes whose fields can be true together, behind it only extensions or a digest; or a management message.
// Keeps the rule "a port is a hint, the probe is the judge"; the length and the first byte refuse most.

import { u32be, u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { NTP_POLL_MAX, NTP_STRATUM_MAX, NTP_VERSION_MAX, NTP_VERSION_MIN, NtpMode } from './codes.ts'
import { looksLikeManagement } from './management.ts'
import { NTP_BYTES } from './message.ts'

/** Root delay and dispersion in 16.16 seconds: RFC 5905 section 7.2 calls 16 seconds (MAXDISP) unusable. */
const ROOT_MAX = 16 << 16
/** Longest with extensions: RFC 7822 section 7.5, the usual ones and NTS (RFC 8915) stay below. */
const BYTES_MAX = 1024
/** A server answers at once: receive and transmit differ by less than this many seconds. */
const ANSWER_SECONDS_MAX = 64

export function probeNtp(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  const length = end - off
  if (length >= 8 && (u8(buf, off) & 7) >= NtpMode.control) return looksLikeManagement(buf, off, end) ? 'yes' : 'no'
  if (length < NTP_BYTES || length > BYTES_MAX || length % 4 !== 0) return 'no'
  const version = (u8(buf, off) >>> 3) & 7
  const mode = u8(buf, off) & 7
  if (version < NTP_VERSION_MIN || version > NTP_VERSION_MAX || mode < NtpMode.active || mode > NtpMode.broadcast) return 'no'
  if (u8(buf, off + 1) > NTP_STRATUM_MAX || u8(buf, off + 2) > NTP_POLL_MAX || u32be(buf, off + 4) > ROOT_MAX || u32be(buf, off + 8) > ROOT_MAX) return 'no'
  // Precision is below a second: negative, or left empty.
  const precision = u8(buf, off + 3)
  if (precision !== 0 && precision < 0xd8) return 'no'
  return hasTime(buf, off, mode) ? 'yes' : 'no'
}

/** Whoever sends says when. A client may leave out or garble its time (RFC 9109 wants it random), but leaves the other two to the server. */
function hasTime(buf: Uint8Array, off: number, mode: number): boolean {
  const receive = u32be(buf, off + 32)
  const transmit = u32be(buf, off + 40)
  if (mode === NtpMode.client) return transmit !== 0 || (u32be(buf, off + 24) === 0 && receive === 0 && u8(buf, off + 1) === 0)
  if (transmit === 0) return false
  return mode === NtpMode.broadcast || receive === 0 || Math.abs(transmit - receive) < ANSWER_SECONDS_MAX
}
