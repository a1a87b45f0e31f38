// Mix: murmur3's mixing of 32-bit words, for tables that find rows by numbers instead of by text.
// Keeps the rule that a hash never shows in any output: it decides where a row lies, not in which order rows are told.

import { ipVersion, v4Number, type Ip } from './ip.ts'

/** One word, signed, into the hash. */
export function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

/** The last step: every bit of the input moves every bit of the hash. 31 bits, so that V8 never boxes it. */
export function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 1
}

/** An address, by its number or by its characters. */
export function mixIp(hash: number, ip: Ip): number {
  return ipVersion(ip) === 4 ? mix(hash, v4Number(ip) | 0) : mixText(hash, ip)
}

export function mixText(hash: number, text: string): number {
  let h = hash
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h, text.length)
}
