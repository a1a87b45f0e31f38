// Ip and Prefix: addresses as canonical text (RFC 5952), which is a Map key, a JSON value and what people read.
// Arithmetic goes through ipValue; nothing else does sums on addresses.

import { hexLetter, letters, textOfLetters } from './letters.ts'
import { err, ok, type Result } from './result.ts'

/** Canonical text of an IPv4 or IPv6 address. Made only by parseIp, ipFromV4 and ipFromWords. */
export type Ip = string & { readonly __ip: true }
export type IpVersion = 4 | 6

/** An address block; `network` has its host bits clear. */
export interface Prefix {
  readonly version: IpVersion
  readonly network: bigint
  readonly length: number
}

export const IP_BITS: { readonly [V in IpVersion]: number } = { 4: 32, 6: 128 }

/** Texts remembered by number: one place per low 16 bits of a spread number, the last address there wins. Half a megabyte when full. */
const TEXTS = 1 << 16
const textValues = new Int32Array(TEXTS)
const texts: (Ip | undefined)[] = []

/**
 * From a 32-bit unsigned integer. The same text object again for an address seen lately: making and hashing a text costs more than a
 * flow does otherwise.
 */
export function ipFromV4(value: number): Ip {
  const place = Math.imul(value, 0x9e3779b1) >>> 16
  const known = texts[place]
  if (known !== undefined && textValues[place] === (value | 0)) return known
  const text = v4Text(value)
  textValues[place] = value
  texts[place] = text
  return text
}

function v4Text(value: number): Ip {
  return `${dotted(value >>> 24)}${dotted(value >>> 16)}${dotted(value >>> 8)}${value & 255}` as Ip
}

/** `0.` to `255.`: half the time of making each number's text. */
const DOTTED: readonly string[] = Array.from({ length: 256 }, (_, byte) => `${byte}.`)

function dotted(byte: number): string {
  return DOTTED[byte & 255] as string
}

/** The same for IPv6; an address takes four words. */
const V6_TEXTS = 1 << 14
const V6_WORDS = 4
const v6TextWords = new Int32Array(V6_TEXTS * V6_WORDS)
const v6Texts: (Ip | undefined)[] = []

/** From four 32-bit words, most significant first (RFC 5952 text; IPv4-mapped stays IPv6). The same text again for an address seen lately. */
export function ipFromWords(w0: number, w1: number, w2: number, w3: number): Ip {
  const place = Math.imul(Math.imul(w0 ^ (w1 >>> 7), 0x85ebca6b) ^ Math.imul(w2, 0xc2b2ae35) ^ w3, 0x9e3779b1) >>> 18
  const at = place * V6_WORDS
  const isKnown = v6TextWords[at] === (w0 | 0) && v6TextWords[at + 1] === (w1 | 0) && v6TextWords[at + 2] === (w2 | 0) && v6TextWords[at + 3] === (w3 | 0)
  const known = v6Texts[place]
  if (isKnown && known !== undefined) return known
  const text = textOfWords([w0, w1, w2, w3])
  v6TextWords[at] = w0
  v6TextWords[at + 1] = w1
  v6TextWords[at + 2] = w2
  v6TextWords[at + 3] = w3
  v6Texts[place] = text
  return text
}

function textOfWords(words: readonly [number, number, number, number]): Ip {
  let start = 0
  let longest = 1
  for (let i = 0, zeros = 0; i < V6_GROUPS; i++) {
    zeros = groupOf(words, i) === 0 ? zeros + 1 : 0
    if (zeros <= longest) continue
    longest = zeros
    start = i + 1 - zeros
  }
  // A single zero group is written out (RFC 5952 section 4.2.2).
  if (longest === 1) return textOfLetters(hexGroups(words, 0, V6_GROUPS, 0)) as Ip
  let length = hexGroups(words, 0, start, 0)
  letters[length++] = COLON
  letters[length++] = COLON
  return textOfLetters(hexGroups(words, start + longest, V6_GROUPS, length)) as Ip
}

/** An address that lies in four words at `off`, signed or not; IPv4 in the last of them. */
export function ipAt(words: ArrayLike<number>, off: number, version: number): Ip {
  const at = (i: number): number => (words[off + i] as number) >>> 0
  return version === 4 ? ipFromV4(at(3)) : ipFromWords(at(0), at(1), at(2), at(3))
}

function groupOf(words: readonly [number, number, number, number], i: number): number {
  const word = words[i >> 1] as number
  return i % 2 === 0 ? word >>> 16 : word & 0xffff
}

/** Writes groups [from, to) with colons between them behind `before` letters, without leading zeros; returns how many there are now. */
function hexGroups(words: readonly [number, number, number, number], from: number, to: number, before: number): number {
  let length = before
  for (let i = from; i < to; i++) {
    const group = groupOf(words, i)
    if (i > from) letters[length++] = COLON
    for (let shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0; shift >= 0; shift -= 4) letters[length++] = hexLetter((group >>> shift) & 0xf)
  }
  return length
}

/** By the first separator, which stands behind at most three digits of IPv4 and four of IPv6. */
export function ipVersion(ip: Ip): IpVersion {
  for (let i = 0; i < V6_GROUP_DIGITS; i++) if (ip.charCodeAt(i) === DOT) return 4
  return 6
}

/** The address as an integer of 32 or 128 bits. */
export function ipValue(ip: Ip): bigint {
  return ipVersion(ip) === 4 ? BigInt(v4Number(ip)) : v6Value(ip)
}

const DOT = 0x2e
const COLON = 0x3a
const ZERO = 0x30
const LOWER_A = 0x61
const V6_GROUPS = 8
const V6_GROUP_DIGITS = 4
/** Bytes of an address (RFC 791, RFC 8200). */
export const V4_BYTES = 4
export const V6_BYTES = 16

/** Of canonical text, as an unsigned 32-bit number. */
export function v4Number(text: string): number {
  let value = 0
  let part = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === DOT) {
      value = value * 256 + part
      part = 0
    } else part = part * 10 + c - ZERO
  }
  return value * 256 + part
}

/** Groups of the address read last. */
const lastGroups = new Uint16Array(V6_GROUPS)

/** Of canonical text, into `lastGroups`; what `::` stands for is zero. */
function readV6(text: string): void {
  lastGroups.fill(0)
  let count = 0
  let gapAt = -1
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) === COLON) {
      // A colon where a group should begin is the second one of `::`; at the very start it is the first.
      gapAt = count
      continue
    }
    let group = 0
    for (let c = text.charCodeAt(i); c !== COLON && i < text.length; c = text.charCodeAt(++i)) group = group * 16 + (c >= LOWER_A ? c - LOWER_A + 10 : c - ZERO)
    lastGroups[count++] = group
  }
  if (gapAt < 0) return
  lastGroups.copyWithin(V6_GROUPS - (count - gapAt), gapAt, count)
  lastGroups.fill(0, gapAt, V6_GROUPS - (count - gapAt))
}

/** An IPv6 address as eight groups of 16 bits, valid until the next one is asked for. */
export function v6Groups(ip: Ip): Uint16Array {
  readV6(ip)
  return lastGroups
}

/** The groups of a number of 128 bits. */
export function v6GroupsOf(value: bigint): Uint16Array {
  return Uint16Array.from({ length: V6_GROUPS }, (_, i) => Number((value >> BigInt(16 * (V6_GROUPS - 1 - i))) & 0xffffn))
}

/** The first `length` bits of two addresses are the same. */
export function sameV6Bits(a: Uint16Array, b: Uint16Array, length: number): boolean {
  const whole = length >> 4
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false
  const rest = 16 - (length & 15)
  return rest === 16 || (a[whole] as number) >>> rest === (b[whole] as number) >>> rest
}

function v6Value(text: string): bigint {
  readV6(text)
  let value = 0n
  for (const group of lastGroups) value = (value << 16n) | BigInt(group)
  return value
}

/** Writes the address in network order at `off`; gives V4_BYTES or V6_BYTES. */
export function putIp(ip: Ip, out: Uint8Array, off: number): number {
  if (ipVersion(ip) === 4) {
    const value = v4Number(ip)
    out[off] = value >>> 24
    out[off + 1] = value >>> 16
    out[off + 2] = value >>> 8
    out[off + 3] = value
    return V4_BYTES
  }
  readV6(ip)
  for (let i = 0; i < V6_GROUPS; i++) {
    const group = lastGroups[i] as number
    out[off + i * 2] = group >>> 8
    out[off + i * 2 + 1] = group
  }
  return V6_BYTES
}

const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Parses and canonicalises; refuses leading zeros in IPv4 (ambiguous octal, RFC 6943 section 3.1.1) and zone ids. */
export function parseIp(text: string): Result<Ip> {
  if (V4.test(text)) return ok(text as Ip)
  const words = parseV6Words(text)
  if (words) return ok(ipFromWords(...words))
  return err(`"${text}" is not an IPv4 or IPv6 address`)
}

function parseV6Words(text: string): [number, number, number, number] | null {
  const groups = writtenGroups(text)
  if (!groups || groups.length !== 8) return null
  const word = (i: number): number => (((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0)) >>> 0
  return [word(0), word(2), word(4), word(6)]
}

function writtenGroups(text: string): number[] | null {
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return null
  const left = parseGroups(halves[0] ?? '', halves.length === 1)
  const right = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : []
  if (!left || !right) return null
  if (halves.length === 1) return left
  const missing = 8 - left.length - right.length
  return missing < 1 ? null : [...left, ...Array.from({ length: missing }, () => 0), ...right]
}

function parseGroups(text: string, mayEndInV4: boolean): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else if (mayEndInV4 && i === parts.length - 1 && V4.test(part)) {
      const v4 = v4Number(part)
      groups.push(v4 >>> 16, v4 & 0xffff)
    } else return null
  }
  return groups
}

/** `10.0.0.0/8`, `2001:db8::/32`, or a bare address as its host prefix. Host bits that are set are an error. */
export function parsePrefix(text: string): Result<Prefix> {
  const slash = text.indexOf('/')
  const parsed = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (!parsed.ok) return err(`"${text}" is not an address block: ${parsed.error}`)
  const version = ipVersion(parsed.value)
  const bits = IP_BITS[version]
  const lengthText = slash < 0 ? String(bits) : text.slice(slash + 1)
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : Number.NaN
  if (!(length <= bits)) return err(`"${text}" has a prefix length outside 0..${bits}`)
  const hostBits = BigInt(bits - length)
  const value = ipValue(parsed.value)
  const network = (value >> hostBits) << hostBits
  if (network !== value) return err(`"${text}" has host bits set; the block is ${formatPrefix({ version, network, length })}`)
  return ok({ version, network, length })
}

export function ipFromValue(version: IpVersion, value: bigint): Ip {
  if (version === 4) return ipFromV4(Number(value))
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn)
  return ipFromWords(word(96n), word(64n), word(32n), word(0n))
}

export function formatPrefix(p: Prefix): string {
  return `${ipFromValue(p.version, p.network)}/${p.length}`
}

export function prefixContains(p: Prefix, ip: Ip): boolean {
  if (ipVersion(ip) !== p.version) return false
  if (p.version === 4) {
    const size = 2 ** (IP_BITS[4] - p.length)
    return Math.floor(v4Number(ip) / size) === Math.floor(Number(p.network) / size)
  }
  const hostBits = BigInt(IP_BITS[p.version] - p.length)
  return ipValue(ip) >> hostBits === p.network >> hostBits
}

/** prefixContains of one block, for asking often: compared as numbers, worked out once. */
export function prefixTest(p: Prefix): (ip: Ip) => boolean {
  if (p.version !== 4) {
    const network = v6GroupsOf(p.network)
    return (ip) => ipVersion(ip) === 6 && sameV6Bits(network, v6Groups(ip), p.length)
  }
  const size = 2 ** (IP_BITS[4] - p.length)
  const block = Math.floor(Number(p.network) / size)
  return (ip) => ipVersion(ip) === 4 && Math.floor(v4Number(ip) / size) === block
}

/** True when the two blocks share at least one address. */
export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  if (a.version !== b.version) return false
  const hostBits = BigInt(IP_BITS[a.version] - Math.min(a.length, b.length))
  return a.network >> hostBits === b.network >> hostBits
}
