// Ip and Prefix: addresses as canonical text (RFC 5952), which is a Map key, a JSON value and what people read.
// Arithmetic goes through ipValue; nothing else does sums on addresses.

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

/** From a 32-bit unsigned integer. */
export function ipFromV4(value: number): Ip {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ip
}

/** From four 32-bit words, most significant first (RFC 5952 text; IPv4-mapped stays IPv6). */
export function ipFromWords(w0: number, w1: number, w2: number, w3: number): Ip {
  const groups = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff]
  const { start, length } = longestZeroRun(groups)
  const hex = groups.map((g) => g.toString(16))
  if (length < 2) return hex.join(':') as Ip
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}` as Ip
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}

export function ipVersion(ip: Ip): IpVersion {
  return ip.includes(':') ? 6 : 4
}

/** The address as an integer of 32 or 128 bits. */
export function ipValue(ip: Ip): bigint {
  return ipVersion(ip) === 4 ? BigInt(v4Number(ip)) : v6Value(ip)
}

const DOT = 0x2e
const ZERO = 0x30

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

function v6Value(text: string): bigint {
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...middle, ...right].reduce((sum, g) => (sum << 16n) | BigInt(Number.parseInt(g, 16)), 0n)
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
  const groups = v6Groups(text)
  if (!groups || groups.length !== 8) return null
  const word = (i: number): number => (((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0)) >>> 0
  return [word(0), word(2), word(4), word(6)]
}

function v6Groups(text: string): number[] | null {
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
  const hostBits = BigInt(IP_BITS[p.version] - p.length)
  return ipValue(ip) >> hostBits === p.network >> hostBits
}

/** True when the two blocks share at least one address. */
export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  if (a.version !== b.version) return false
  const hostBits = BigInt(IP_BITS[a.version] - Math.min(a.length, b.length))
  return a.network >> hostBits === b.network >> hostBits
}
