// PPP and what carries it: serial lines (PPP in HDLC, Cisco HDLC), PPPoE sessions, PPTP.
// Keeps the rule that control protocols and compressed or encrypted content are a link without IP, and no error.

import { u16be, u8 } from './bytes.ts'
import { LinkType } from './capture/capture.ts'
import { type Frame, FrameFlag } from './frame.ts'
import { ETHERTYPE_IPV4 } from './ip4.ts'
import { ETHERTYPE_IPV6 } from './ip6.ts'

/** PPP session stage (RFC 2516 section 4) up to the PPP protocol number. */
export const ETHERTYPE_PPPOE_SESSION = 0x8864
const PPPOE_BYTES = 6
/** Version 1, type 1, code 0: session data (RFC 2516 section 4). */
const PPPOE_SESSION_DATA = 0x1100

const PPP_IPV4 = 0x0021
const PPP_IPV6 = 0x0057
/** Address and control of PPP in HDLC-like framing; peers may agree to leave them out (RFC 1662 section 3.1, RFC 1661 section 6.6). */
const HDLC_PPP = 0xff03
/** Cisco HDLC: unicast and broadcast addresses, then a control byte of 0 and an EtherType (RFC 4349 section 2). */
const CISCO_UNICAST = 0x0f00
const CISCO_BROADCAST = 0x8f00
const CISCO_BYTES = 4

/** What a PPP protocol number means as an EtherType; 0 when it carries no IP. */
function etherTypeOf(protocol: number): number {
  if (protocol === PPP_IPV4) return ETHERTYPE_IPV4
  return protocol === PPP_IPV6 ? ETHERTYPE_IPV6 : 0
}

/** Offset of the PPP protocol field at or after `off`. */
function protocolOff(buf: Uint8Array, off: number, end: number): number {
  return end - off >= 2 && u16be(buf, off) === HDLC_PPP ? off + 2 : off
}

/** The protocol field may be one byte, then it is odd (RFC 1661 section 2 and 6.5). 0 when it is not all there. */
function protocolBytes(buf: Uint8Array, off: number, end: number): number {
  if (end <= off) return 0
  if ((u8(buf, off) & 1) === 1) return 1
  return end - off >= 2 ? 2 : 0
}

/**
 * Looks at the PPP packet [off, end): the offset of the IP header it carries, with frame.etherType set, or -1 and nothing set.
 */
export function openPpp(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  const at = protocolOff(buf, off, end)
  const length = protocolBytes(buf, at, end)
  if (length === 0) return -1
  const etherType = etherTypeOf(length === 1 ? u8(buf, at) : u16be(buf, at))
  if (etherType === 0) return -1
  frame.etherType = etherType
  return at + length
}

/** As openPpp, for what follows EtherType 0x8864. Discovery, LCP and authentication stay the link they are. */
export function openPppoe(buf: Uint8Array, off: number, end: number, frame: Frame): number {
  if (end - off < PPPOE_BYTES || u16be(buf, off) !== PPPOE_SESSION_DATA) return -1
  return openPpp(buf, off + PPPOE_BYTES, end, frame)
}

/** A serial line's link header: etherType 0 when it carries no IP. Answers as decodeLink. */
export function decodeSerial(buf: Uint8Array, off: number, end: number, linkType: number, frame: Frame): number {
  const start = linkType === LinkType.pppWithDirection ? off + 1 : off
  if (end - start < CISCO_BYTES) {
    frame.flags |= FrameFlag.linkTruncated
    return -1
  }
  const head = u16be(buf, start)
  if (linkType === LinkType.ciscoHdlc || (linkType === LinkType.pppHdlc && (head === CISCO_UNICAST || head === CISCO_BROADCAST))) {
    frame.etherType = u16be(buf, start + 2)
    return start + CISCO_BYTES
  }
  const pos = openPpp(buf, start, end, frame)
  return pos < 0 ? start : pos
}
