// readMud: a tree of a MUD file, in any of three dialects, becomes rules, or is refused by name. RFC 8520, RFC 8519.
// Keeps "nothing is dropped in silence": each entry is a rule or a RefusedAce with a warning at its line.

import type { IpVersion } from '../../base/ip.ts'
import { positionOf, type TreeNode } from '../../base/tree.ts'
import { createReader, quote, report, type TreeReader } from '../../base/tree-reader.ts'
import { bareKey, readMatches, Refusal } from './match.ts'
import type { Mud, MudDialect, MudDirection, MudOptions, MudResult, MudRule, RefusalCode, RefusedAce } from './model.ts'

/** Entries read; the largest real profile known has some hundred, a file of 512 KiB some thousands. */
export const ACES_MAX = 8192

const REFUSAL_HELP: Readonly<Record<RefusalCode, string>> = {
  'no-peer': 'Name the other side; as it stands the entry is left out.',
  'not-ip': 'Entries about other frames than IP (EAPOL, ARP) are left out: a policy of addresses cannot say them.',
  'unknown-match': 'The entry is left out: without that criterion it would allow more than the file says.',
  'bad-value': 'Correct the value; as it stands the entry is left out.',
  'own-address': 'The entry is left out: a profile is for the model, not for one machine.',
  'no-action': 'Write actions with forwarding accept or drop (RFC 8519); as it stands the entry is left out.',
}

/** Value of the first of these keys, prefixes of modules ignored. */
function child(node: TreeNode | undefined, ...names: readonly string[]): TreeNode | undefined {
  if (node?.kind !== 'map') return undefined
  for (const name of names) {
    const found = node.entries.find((entry) => bareKey(entry.key) === name)
    if (found !== undefined) return found.value
  }
  return undefined
}

function items(node: TreeNode | undefined): readonly TreeNode[] {
  return node?.kind === 'list' ? node.items : []
}

function textOf(node: TreeNode | undefined): string | null {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : null
}

/** Reads a MUD file. Never throws, whatever the tree. */
export function readMud(tree: TreeNode, options: MudOptions = {}): MudResult {
  const reader = createReader('mud')
  const mud = readFile(reader, tree, options)
  return { mud, diagnostics: [...reader.diagnostics].sort((a, b) => a.line - b.line || a.column - b.column) }
}

function readFile(reader: TreeReader, tree: TreeNode, options: MudOptions): Mud | null {
  const head = child(tree, 'mud')
  const top = tree.kind === 'map' ? tree.entries.find((e) => ['acls', 'access-lists'].includes(bareKey(e.key))) : undefined
  if (head?.kind !== 'map' || top === undefined) {
    const no = 'it has no "ietf-mud:mud" with access lists beside it'
    const what = tree.kind === 'scalar' ? 'it is one text; was JSON put into quotes?' : no
    report(reader, tree, 'not-mud', `the file is no MUD file: ${what}`, 'RFC 8520 section 9 has an example.')
    return null
  }
  checkHead(reader, head)
  const lists = items(child(top.value, 'acl'))
  const directions = directionsOf(reader, head)
  const dialect = dialectOf(bareKey(top.key), lists)
  const found = { rules: [] as MudRule[], refused: [] as RefusedAce[] }
  const names = new Set<string>()
  for (const list of lists) {
    const name = nameOf(list)
    if (names.has(name)) {
      report(reader, list, 'duplicate-acl', `two lists are called ${quote(name)}`, 'Rename one; which is meant cannot be told.')
      return null
    }
    names.add(name)
    readList(reader, list, directions.get(name), options, found)
  }
  for (const [name] of directions) {
    if (names.has(name)) continue
    report(reader, head, 'missing-acl', `the list ${quote(name)} is named, and is not in the file`, 'Add it.', 'warning')
  }
  return {
    dialect, url: textOf(child(head, 'mud-url')) ?? '', systeminfo: textOf(child(head, 'systeminfo')),
    manufacturer: textOf(child(head, 'mfg-name')), model: textOf(child(head, 'model-name')), lastUpdate: textOf(child(head, 'last-update')),
    ...found,
  }
}

function checkHead(reader: TreeReader, head: TreeNode): void {
  const version = child(head, 'mud-version')
  if (version !== undefined && !(version.kind === 'scalar' && version.value === 1)) {
    report(reader, version, 'version', '"mud-version" is not 1', 'RFC 8520 knows version 1 only; it is read as that.', 'warning')
  }
  const url = child(head, 'mud-url')
  if (textOf(url)?.startsWith('https://') !== true) {
    report(reader, url ?? head, 'url', '"mud-url" is no https address', 'RFC 8520 section 3.2 asks for one.', 'warning')
  }
}

function nameOf(node: TreeNode): string {
  return textOf(child(node, 'name', 'acl-name', 'rule-name')) ?? ''
}

function directionsOf(reader: TreeReader, head: TreeNode): ReadonlyMap<string, MudDirection> {
  const found = new Map<string, MudDirection>()
  for (const direction of ['from-device', 'to-device'] as const) {
    for (const item of items(child(child(child(head, `${direction}-policy`), 'access-lists'), 'access-list'))) {
      const name = nameOf(item)
      const other = found.get(name)
      if (other !== undefined && other !== direction) {
        report(reader, item, 'both-directions', `the list ${quote(name)} is named for both directions`,
          'It is read as from-device; write two lists.', 'warning')
      } else found.set(name, direction)
    }
  }
  return found
}

function dialectOf(key: string, lists: readonly TreeNode[]): MudDialect {
  if (lists.some((list) => child(list, 'acl-name') !== undefined)) return 'acl-name'
  return key === 'acls' ? 'acls' : 'access-lists'
}

/** Families by type of list; `ethernet-acl-type` has none of its own. */
function familyOf(type: string | null): IpVersion | null {
  if (type?.includes('ipv4') === true) return 4
  return type?.includes('ipv6') === true ? 6 : null
}

function readList(
  reader: TreeReader, list: TreeNode, direction: MudDirection | undefined, options: MudOptions,
  found: { rules: MudRule[]; refused: RefusedAce[] },
): void {
  const acl = nameOf(list)
  if (direction === undefined) {
    report(reader, list, 'unused-acl', `no policy names the list ${quote(acl)}`, 'It is not read.', 'warning')
    return
  }
  const family = familyOf(textOf(child(list, 'type', 'acl-type')))
  const aces = child(list, 'aces', 'access-list-entries')
  for (const ace of items(child(aces, 'ace'))) {
    if (found.rules.length + found.refused.length >= ACES_MAX) {
      report(reader, ace, 'too-many', `more than ${ACES_MAX} entries`, 'The rest is not read: split the file.')
      return
    }
    try {
      found.rules.push(readAce(reader, ace, acl, direction, family, options))
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      const message = `entry ${quote(nameOf(ace))} of ${quote(acl)} is left out: ${cause.message}`
      report(reader, cause.at, cause.code, message, REFUSAL_HELP[cause.code], 'warning')
      found.refused.push({ acl, ace: nameOf(ace), code: cause.code, at: positionOf(cause.at) })
    }
  }
}

function readAce(
  reader: TreeReader, ace: TreeNode, acl: string, direction: MudDirection, family: IpVersion | null, options: MudOptions,
): MudRule {
  const forwarding = textOf(child(child(ace, 'actions'), 'forwarding'))
  const word = forwarding === null ? '' : bareKey(forwarding)
  if (!['accept', 'drop', 'reject'].includes(word)) throw new Refusal('no-action', ace, 'it says neither accept nor drop')
  const matches = child(ace, 'matches')
  if (matches === undefined) throw new Refusal('no-peer', ace, 'it matches everything')
  const matched = readMatches(reader, matches, direction, family, options)
  return { direction, acl, ace: nameOf(ace), ...matched, action: word === 'accept' ? 'allow' : 'deny', at: positionOf(ace) }
}
