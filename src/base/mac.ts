// Mac: a 48-bit hardware address. A number on the frame path (exact below 2^53, a cheap Map key), text in every output.

/** 48-bit address as a non-negative integer. */
export type MacNumber = number

/** Canonical text, lower case, colons: `00:1b:44:11:3a:b7`. */
export type Mac = string & { readonly __mac: true }

export const MAC_BROADCAST: MacNumber = 0xffffffffffff

/** `00` to `ff`. */
const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const LOW_24 = 2 ** 24

/** Texts remembered by number, as those of addresses (ip.ts): the cards of a network come again and again. */
const TEXTS = 1 << 13
const textValues = new Float64Array(TEXTS).fill(-1)
const texts: Mac[] = []

export function formatMac(mac: MacNumber): Mac {
  const place = Math.imul(mac % LOW_24, 0x9e3779b1) >>> 19
  if (textValues[place] === mac) return texts[place] as Mac
  const text = macText(mac)
  textValues[place] = mac
  texts[place] = text
  return text
}

function macText(mac: MacNumber): Mac {
  const high = Math.floor(mac / LOW_24)
  const low = mac % LOW_24
  return `${hex(high >>> 16)}:${hex(high >>> 8)}:${hex(high)}:${hex(low >>> 16)}:${hex(low >>> 8)}:${hex(low)}` as Mac
}

function hex(byte: number): string {
  return HEX_OF_BYTE[byte & 0xff] as string
}

const CANONICAL_LENGTH = 17
const COLON = 0x3a

/** Accepts colons, dashes, Cisco dots or bare hex; null when it is no MAC. */
export function parseMac(text: string): MacNumber | null {
  const canonical = text.length === CANONICAL_LENGTH ? parseCanonical(text) : -1
  if (canonical >= 0) return canonical
  const digits = text.replaceAll(/[:.-]/g, '')
  return /^[0-9a-fA-F]{12}$/.test(digits) ? Number.parseInt(digits, 16) : null
}

/** What formatMac writes, or -1: the way nearly all of them come, without a regular expression. */
function parseCanonical(text: string): number {
  let mac = 0
  for (let i = 0; i < CANONICAL_LENGTH; i++) {
    const code = text.charCodeAt(i)
    if (i % 3 === 2) {
      if (code !== COLON) return -1
      continue
    }
    const digit = code >= 0x61 && code <= 0x66 ? code - 0x61 + 10 : code >= 0x30 && code <= 0x39 ? code - 0x30 : -1
    if (digit < 0) return -1
    mac = mac * 16 + digit
  }
  return mac
}

/** IEEE 802 group bit: multicast and broadcast addresses name no single interface. */
export function isGroupMac(mac: MacNumber): boolean {
  return Math.floor(mac / 2 ** 40) % 2 === 1
}

/** IEEE 802 local bit: made up by software (virtual machines, private Wi-Fi addresses), so an OUI means nothing. */
export function isLocalMac(mac: MacNumber): boolean {
  return Math.floor(mac / 2 ** 41) % 2 === 1
}
