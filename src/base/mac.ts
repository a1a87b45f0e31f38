// Mac: a 48-bit hardware address. A number on the frame path (exact below 2^53, a cheap Map key), text in every output.

/** 48-bit address as a non-negative integer. */
export type MacNumber = number

/** Canonical text, lower case, colons: `00:1b:44:11:3a:b7`. */
export type Mac = string & { readonly __mac: true }

export const MAC_BROADCAST: MacNumber = 0xffffffffffff
const BYTE = 0x100

export function formatMac(mac: MacNumber): Mac {
  let rest = mac
  const parts: string[] = []
  for (let i = 0; i < 6; i++) {
    parts.unshift((rest % BYTE).toString(16).padStart(2, '0'))
    rest = Math.floor(rest / BYTE)
  }
  return parts.join(':') as Mac
}

/** Accepts colons, dashes, Cisco dots or bare hex; null when it is no MAC. */
export function parseMac(text: string): MacNumber | null {
  const hex = text.replaceAll(/[:.-]/g, '')
  return /^[0-9a-fA-F]{12}$/.test(hex) ? Number.parseInt(hex, 16) : null
}

/** IEEE 802 group bit: multicast and broadcast addresses name no single interface. */
export function isGroupMac(mac: MacNumber): boolean {
  return Math.floor(mac / 2 ** 40) % 2 === 1
}

/** IEEE 802 local bit: made up by software (virtual machines, private Wi-Fi addresses), so an OUI means nothing. */
export function isLocalMac(mac: MacNumber): boolean {
  return Math.floor(mac / 2 ** 41) % 2 === 1
}
