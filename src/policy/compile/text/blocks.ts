// Blocks of Cisco text: a head line and the lines of its mode, told apart by indent and by words that only stand inside a mode.
// Keeps pasted text readable: what people type without indent belongs where the device would put it.

import { startsWith, type ConfigLine } from './lines.ts'

export interface Block {
  readonly head: ConfigLine
  readonly body: readonly ConfigLine[]
}

/** First words that no top-level command begins with. */
const INSIDE_ONLY = new Set([
  'permit', 'deny', 'remark', 'evaluate', 'network-object', 'service-object', 'port-object', 'protocol-object', 'icmp-object',
  'group-object', 'nameif', 'security-level', 'subnet', 'host', 'fqdn', 'description', 'shutdown',
])

/** Longer beginnings that stand inside an interface only. */
const INSIDE_PREFIXES = ['ip access-group', 'ipv6 traffic-filter', 'ip address', 'ipv6 address', 'no shutdown', 'no ip address']

/** Heads whose lines may begin with a sequence number. */
const NUMBERED_HEADS = ['ip access-list', 'ipv6 access-list', 'arp access-list', 'access-list', 'mac access-list']

/** Lines in front of the first head that need one stand alone, as heads. */
export function blocksOf(lines: readonly ConfigLine[]): readonly Block[] {
  const blocks: { head: ConfigLine; body: ConfigLine[] }[] = []
  for (const line of lines) {
    const last = blocks.at(-1)
    if (last !== undefined && isInside(last.head, line)) last.body.push(line)
    else blocks.push({ head: line, body: [] })
  }
  return blocks
}

function isInside(head: ConfigLine, line: ConfigLine): boolean {
  if (line.indent > head.indent) return true
  const first = line.words[0]?.toLowerCase() ?? ''
  if (INSIDE_ONLY.has(first)) return true
  if (/^\d+$/.test(first)) return NUMBERED_HEADS.some((prefix) => startsWith(head, prefix))
  return INSIDE_PREFIXES.some((prefix) => startsWith(line, prefix))
}

/** True when the line begins with any of the prefixes. */
export function startsWithAny(line: ConfigLine, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => startsWith(line, prefix))
}
