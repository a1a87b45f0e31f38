// DHCP message: the fixed BOOTP part and the options to a value and back (RFC 2131 section 2, RFC 2132, RFC 3396, RFC 951).
// Keeps house habit 3: what is wrong is `problem` on the value, next to everything that was still right.

import { ipFromV4, ipValue, type Ip } from '../../base/ip.ts'
import type { MacNumber } from '../../base/mac.ts'
import { copyOf, u16be, u32be, u48be, u8 } from '../../wire/bytes.ts'
import { DhcpOption, DhcpOverload, MAC_HARDWARE } from './codes.ts'

/** op to the end of `file`: RFC 951 section 3, RFC 2131 figure 1. */
export const DHCP_FIXED_BYTES = 236
/** 99.130.83.99 (RFC 2131 section 3) in front of the options. */
export const DHCP_COOKIE = 0x63825363
/** Longest chaddr (RFC 951). */
export const DHCP_HARDWARE_BYTES_MAX = 16
/** A datagram carries at most 65535 bytes, an option two or more; this many stretches are read, the rest is a problem. */
const OPTION_STRETCHES_MAX = 1024

const SERVER_NAME_OFF = 44
const FILE_OFF = 108
/** Smallest BOOTP message: the fixed part and 64 vendor bytes (RFC 951). */
export const BOOTP_BYTES_MIN = 300

/** One option, its stretches joined (RFC 3396 section 5), in order of first appearance. */
export interface DhcpOptionValue {
  readonly code: number
  readonly data: Uint8Array
}

export interface DhcpValue {
  /** 1 request, 2 reply; other numbers survive. */
  readonly operation: number
  readonly hardwareType: number
  readonly hops: number
  readonly transactionId: number
  readonly seconds: number
  readonly flags: number
  readonly clientAddress: Ip | null
  readonly yourAddress: Ip | null
  readonly serverAddress: Ip | null
  readonly relayAddress: Ip | null
  /** chaddr of Ethernet hardware; null when it is another kind or all zero. */
  readonly client: MacNumber | null
  /** False for a plain BOOTP message: no magic cookie, no options. */
  readonly hasCookie: boolean
  readonly options: readonly DhcpOptionValue[]
}

export type DhcpProblem = 'too-short' | 'hardware-length' | 'option-truncated' | 'overload' | 'too-many-options'

export interface DhcpDecoded {
  /** null only when the fixed part is not there. */
  readonly value: DhcpValue | null
  readonly problem: DhcpProblem | null
}

/** Decodes the message [off, end). Never throws. */
export function decodeDhcp(buf: Uint8Array, off: number, end: number): DhcpDecoded {
  if (end - off < DHCP_FIXED_BYTES) return { value: null, problem: 'too-short' }
  const hasCookie = end - off >= DHCP_FIXED_BYTES + 4 && u32be(buf, off + DHCP_FIXED_BYTES) === DHCP_COOKIE
  const options = hasCookie ? readOptions(buf, off, end) : { values: [], problem: null }
  const hardwareBytes = u8(buf, off + 2)
  const value: DhcpValue = {
    operation: u8(buf, off),
    hardwareType: u8(buf, off + 1),
    hops: u8(buf, off + 3),
    transactionId: u32be(buf, off + 4),
    seconds: u16be(buf, off + 8),
    flags: u16be(buf, off + 10),
    clientAddress: address(buf, off + 12),
    yourAddress: address(buf, off + 16),
    serverAddress: address(buf, off + 20),
    relayAddress: address(buf, off + 24),
    client: clientMac(buf, off, hardwareBytes),
    hasCookie,
    options: options.values,
  }
  return { value, problem: hardwareBytes > DHCP_HARDWARE_BYTES_MAX ? 'hardware-length' : options.problem }
}

/** 0.0.0.0 means "not known" in every address field (RFC 2131 section 2). */
function address(buf: Uint8Array, off: number): Ip | null {
  const value = u32be(buf, off)
  return value === 0 ? null : ipFromV4(value)
}

function clientMac(buf: Uint8Array, off: number, hardwareBytes: number): MacNumber | null {
  if (!MAC_HARDWARE.has(u8(buf, off + 1)) || hardwareBytes !== 6) return null
  const mac = u48be(buf, off + 28)
  return mac === 0 ? null : mac
}

/** Walking state over the option areas: stretches found, per code, in order. */
interface Walk {
  readonly stretches: Map<number, [number, number][]>
  count: number
  problem: DhcpProblem | null
}

function readOptions(buf: Uint8Array, off: number, end: number): { values: DhcpOptionValue[]; problem: DhcpProblem | null } {
  const walk: Walk = { stretches: new Map(), count: 0, problem: null }
  walkOptions(buf, off + DHCP_FIXED_BYTES + 4, end, walk)
  const overload = walk.stretches.get(DhcpOption.overload)?.[0]
  if (overload && walk.problem === null) walkOverload(buf, off, overload, walk)
  const values = [...walk.stretches].map(([code, pieces]) => ({ code, data: join(buf, pieces) }))
  return { values, problem: walk.problem }
}

/** The options field first, then file, then sname (RFC 3396 section 5: that is the order for joining). */
function walkOverload(buf: Uint8Array, off: number, [at, stop]: [number, number], walk: Walk): void {
  const which = stop - at === 1 ? u8(buf, at) : 0
  if (which < 1 || which > 3) {
    walk.problem = 'overload'
    return
  }
  if ((which & DhcpOverload.file) !== 0) walkOptions(buf, off + FILE_OFF, off + DHCP_FIXED_BYTES, walk)
  if ((which & DhcpOverload.serverName) !== 0) walkOptions(buf, off + SERVER_NAME_OFF, off + FILE_OFF, walk)
}

/** One area. A missing end option is tolerated: many BOOTP stacks fill up with pads instead. */
function walkOptions(buf: Uint8Array, off: number, end: number, walk: Walk): void {
  let at = off
  while (at < end && walk.problem === null) {
    const code = u8(buf, at)
    at += 1
    if (code === DhcpOption.end) return
    if (code === DhcpOption.pad) continue
    const stop = at < end ? at + 1 + u8(buf, at) : end + 1
    if (stop > end) walk.problem = 'option-truncated'
    else if (++walk.count > OPTION_STRETCHES_MAX) walk.problem = 'too-many-options'
    else addStretch(walk, code, at + 1, stop)
    at = stop
  }
}

function addStretch(walk: Walk, code: number, off: number, end: number): void {
  const pieces = walk.stretches.get(code)
  if (pieces) pieces.push([off, end])
  else walk.stretches.set(code, [[off, end]])
}

function join(buf: Uint8Array, pieces: readonly (readonly [number, number])[]): Uint8Array {
  const [first] = pieces
  if (pieces.length === 1 && first) return copyOf(buf, first[0], first[1])
  const data = new Uint8Array(pieces.reduce((sum, [off, end]) => sum + end - off, 0))
  let at = 0
  for (const [off, end] of pieces) {
    for (let i = off; i < end; i++) data[at++] = u8(buf, i)
  }
  return data
}

/** The bytes of an option, or null. */
export function dhcpOption(value: DhcpValue, code: number): Uint8Array | null {
  for (const option of value.options) if (option.code === code) return option.data
  return null
}

/**
 * The wire form: fixed part, cookie and options (data above 255 bytes in several stretches, RFC 3396), end, and zeros up to 300
 * bytes. Without cookie the 64 vendor bytes are zero. Option data is written as given; there is no overload.
 */
export function encodeDhcp(value: DhcpValue): Uint8Array {
  const options = value.hasCookie ? value.options.flatMap(optionBytes) : []
  const tail = value.hasCookie ? [...cookieBytes(), ...options, DhcpOption.end] : []
  const out = new Uint8Array(Math.max(BOOTP_BYTES_MIN, DHCP_FIXED_BYTES + tail.length))
  const view = new DataView(out.buffer)
  out.set([value.operation, value.hardwareType, 6, value.hops])
  view.setUint32(4, value.transactionId)
  view.setUint16(8, value.seconds)
  view.setUint16(10, value.flags)
  const addresses = [value.clientAddress, value.yourAddress, value.serverAddress, value.relayAddress]
  for (const [i, ip] of addresses.entries()) view.setUint32(12 + 4 * i, ip === null ? 0 : Number(ipValue(ip)))
  const mac = value.client ?? 0
  view.setUint16(28, Math.floor(mac / 0x1_0000_0000))
  view.setUint32(30, mac % 0x1_0000_0000)
  out.set(tail, DHCP_FIXED_BYTES)
  return out
}

function cookieBytes(): number[] {
  return [99, 130, 83, 99]
}

function optionBytes({ code, data }: DhcpOptionValue): number[] {
  if (data.length === 0) return [code, 0]
  const out: number[] = []
  for (let off = 0; off < data.length; off += 255) {
    const stretch = data.slice(off, off + 255)
    out.push(code, stretch.length, ...stretch)
  }
  return out
}

/** Short forms for what a caller of encodeDhcp writes: a byte, an address, ASCII text. */
export function optionByte(code: number, byte: number): DhcpOptionValue {
  return { code, data: Uint8Array.of(byte) }
}

export function optionAddress(code: number, ip: Ip): DhcpOptionValue {
  const data = new Uint8Array(4)
  new DataView(data.buffer).setUint32(0, Number(ipValue(ip)))
  return { code, data }
}

export function optionText(code: number, text: string): DhcpOptionValue {
  return { code, data: Uint8Array.from(text, (c) => c.charCodeAt(0) & 0x7f) }
}

/** A client's message with nothing filled in but its MAC and transaction. */
export function dhcpRequest(client: MacNumber, transactionId: number, options: readonly DhcpOptionValue[]): DhcpValue {
  return {
    operation: 1, hardwareType: 1, hops: 0, transactionId, seconds: 0, flags: 0, clientAddress: null, yourAddress: null,
    serverAddress: null, relayAddress: null, client, hasCookie: true, options,
  }
}

/** A server's answer to `request`, giving `yourAddress`. */
export function dhcpReply(request: DhcpValue, yourAddress: Ip | null, options: readonly DhcpOptionValue[]): DhcpValue {
  return { ...request, operation: 2, yourAddress, options }
}
