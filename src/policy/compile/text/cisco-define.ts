// Definitions of objects and object-groups: head line to kind and name, lines gathered over the whole text.
// Keeps devices' ways: entering a group again adds to it, and its place in the text does not matter.

import type { Block } from './blocks.ts'
import type { GroupDefinition, GroupKind } from './cisco-model.ts'

/** Word behind `object` or `object-group`, and what it gathers. */
const KINDS: Readonly<Record<string, GroupKind>> = {
  network: 'network', 'v6-network': 'network', service: 'service', protocol: 'protocol', 'icmp-type': 'icmp-type',
}

/** Objects and groups by name. A name used for two kinds keeps the first: the device would refuse the second. */
export function groupDefinitions(blocks: readonly Block[]): ReadonlyMap<string, GroupDefinition> {
  const found = new Map<string, GroupDefinition>()
  for (const block of blocks) {
    const fresh = definition(block)
    if (fresh === null) continue
    const known = found.get(fresh.name)
    if (known === undefined) found.set(fresh.name, fresh)
    else if (known.kind === fresh.kind) found.set(fresh.name, { ...known, lines: [...known.lines, ...fresh.lines] })
    else found.set(fresh.name, { ...known, kind: 'other' })
  }
  return found
}

function definition({ head, body }: Block): GroupDefinition | null {
  const words = head.words.map((word) => word.toLowerCase())
  if (words[0] !== 'object' && words[0] !== 'object-group') return null
  if (words[1] === 'ip' && (words[2] === 'port' || words[2] === 'address')) {
    return { kind: words[2] === 'port' ? 'port' : 'network', name: head.words[3] ?? '', lines: body, transport: null }
  }
  const at = words[1] === 'group' ? 2 : 1
  const kind = KINDS[words[at] ?? ''] ?? 'other'
  const transport = words[0] === 'object-group' && kind === 'service' ? (words[at + 2] ?? null) : null
  return { kind: transport === null ? kind : 'port', name: head.words[at + 1] ?? '', lines: body, transport }
}
