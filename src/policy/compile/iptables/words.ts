// Words of iptables-save: splitting lines, addresses with masks, ports, ICMP names.
// Keeps "never throws": what is no address, port or type is null, and the rule says it as unknown.

import { ipValue, ipVersion, parseIp, type IpVersion } from '../../../base/ip.ts'
import type { Constraint, ValueRange } from '../../rules/model.ts'
import { ICMP6_TYPES, ICMP_TYPES, SERVICE_PORTS } from '../nftables/names.ts'

/** Words of a line: quotes group, a backslash keeps the next character (iptables-save escapes quotes so). */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = []
  for (const found of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)) {
    words.push(found[1]?.replaceAll(/\\(.)/g, '$1') ?? found[2] ?? found[3] ?? '')
  }
  return words
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8`; masks that are no prefix stay masks. Null: no address of this version. */
export function addressConstraint(text: string, version: IpVersion): Constraint | null {
  const [base = '', maskText] = text.split('/')
  const value = addressValue(base, version)
  const bits = version === 4 ? 32 : 128
  const full = (1n << BigInt(bits)) - 1n
  const mask = maskText === undefined ? full : maskValue(maskText, version, bits)
  if (value === null || mask === null) return null
  const host = full & ~mask
  if ((host & (host + 1n)) !== 0n) return { kind: 'masks', masks: [{ value: value & mask, mask }], not: false }
  return { kind: 'ranges', ranges: [{ low: value & mask, high: (value & mask) | host }], not: false }
}

export function addressValue(text: string, version: IpVersion): bigint | null {
  const parsed = parseIp(text)
  return parsed.ok && ipVersion(parsed.value) === version ? ipValue(parsed.value) : null
}

function maskValue(text: string, version: IpVersion, bits: number): bigint | null {
  if (!/^\d{1,3}$/.test(text)) return addressValue(text, version)
  const length = Number(text)
  return length > bits ? null : ((1n << BigInt(bits)) - 1n) & ~((1n << BigInt(bits - length)) - 1n)
}

/** `80`, `80:90`, `:1024`, `1024:`, `ssh`; null when it is none. */
export function portRange(text: string): ValueRange | null {
  const [low = '', high] = text.split(':')
  const first = low === '' ? 0n : portNumber(low)
  const last = high === undefined ? first : high === '' ? 65535n : portNumber(high)
  return first === null || last === null || first > last ? null : { low: first, high: last }
}

function portNumber(text: string): bigint | null {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : SERVICE_PORTS.get(text)
  return value === undefined || value > 65535 ? null : BigInt(value)
}

/** Codes by iptables' own names (iptables -p icmp -h): type and code. */
const ICMP_NAMES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['network-unreachable', [3, 0]], ['host-unreachable', [3, 1]], ['protocol-unreachable', [3, 2]], ['port-unreachable', [3, 3]],
  ['fragmentation-needed', [3, 4]], ['network-prohibited', [3, 9]], ['host-prohibited', [3, 10]], ['communication-prohibited', [3, 13]],
  ['network-redirect', [5, 0]], ['host-redirect', [5, 1]], ['ttl-zero-during-transit', [11, 0]], ['ttl-zero-during-reassembly', [11, 1]],
])

/** Type and code of `--icmp-type`; a null inside means any. Null when the name is not known. */
export function icmpType(text: string, version: IpVersion): { readonly type: number | null; readonly code: number | null } | null {
  const numbers = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(text)
  // 255 is the kernel's "any" in IPv4 (icmp_type_code_match); in IPv6 it is a type like any other.
  if (version === 4 && (text === 'any' || numbers?.[1] === '255')) return { type: null, code: null }
  if (numbers !== null) return { type: Number(numbers[1]), code: numbers[2] === undefined ? null : Number(numbers[2]) }
  const pair = version === 4 ? ICMP_NAMES.get(text) : undefined
  if (pair !== undefined) return { type: pair[0], code: pair[1] }
  const type = (version === 4 ? ICMP_TYPES : ICMP6_TYPES).get(text)
  return type === undefined ? null : { type, code: null }
}
