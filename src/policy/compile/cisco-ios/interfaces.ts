// Interfaces of IOS as several readers ask for them: name, VRF, address, and the side of address translation.
// Keeps one answer: what an interface is called and where it belongs is decided here for lists, translation and zones.

import type { Block } from '../text/blocks.ts'
import { takeBlock } from '../text/cisco-route.ts'
import { startsWith, Words, type ConfigLine } from '../text/lines.ts'

/** `interface Ethernet 1` and `interface Ethernet1` are the same. */
export function interfaceName(head: ConfigLine): string {
  return head.words.slice(1).filter((word) => !/^(?:point-to-point|multipoint|l2transport)$/i.test(word)).join('')
}

export function vrfName(line: ConfigLine): string | null {
  if (startsWith(line, 'ip vrf forwarding')) return line.words[3] ?? ''
  return startsWith(line, 'vrf forwarding') ? (line.words[2] ?? '') : null
}

/** `ip nat inside` or `ip nat outside` alone. */
export function isSideLine(line: ConfigLine): boolean {
  return /^ip\s+nat\s+(?:inside|outside)$/i.test(line.text)
}

export interface NatInterface {
  readonly index: number
  readonly vrf: string
  readonly side: 'inside' | 'outside' | null
  /** The primary IPv4 address; null when another device gives it, or there is none. */
  readonly address: bigint | null
}

/** What translation must know of each interface of the text; an interface that stands there twice is one. */
export function natInterfaces(blocks: readonly Block[], interfaces: readonly string[]): readonly NatInterface[] {
  return interfaces.map((name, index) => {
    const lines = blocks.filter(({ head }) => startsWith(head, 'interface') && interfaceName(head) === name).flatMap(({ body }) => body)
    const vrf = lines.map(vrfName).find((found) => found !== null) ?? 'main'
    const side = lines.findLast(isSideLine)?.words[2]?.toLowerCase()
    const own = lines.find((line) => startsWith(line, 'ip address') && !line.text.toLowerCase().endsWith('secondary'))
    const address = own === undefined ? null : (takeBlock(new Words(own.words, 2))?.value ?? null)
    return { index, vrf, side: side === 'inside' || side === 'outside' ? side : null, address }
  })
}
