// Translation before version 8.3 as NatRule rows: `static (real,mapped)`, `nat (face) ID` with `global (face) ID`, and `nat 0`.
// Keeps "never dropped": a form that is not understood is an unknown line. Lists of such a text see mapped addresses (Config.sees).

import { ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { Chain, Match, NatRule, UnknownMatch, ValueRange } from '../../rules/model.ts'
import type { Block } from '../text/blocks.ts'
import type { FieldConstraint } from '../text/cisco-model.ts'
import { Words, type ConfigLine } from '../text/lines.ts'
import { blockRange, inRanges, inValues, maskLength, oneValue } from '../text/ranges.ts'
import { permittedWays } from '../ways.ts'
import { isLegacyNat, ownAddresses, type NatText } from './nat.ts'
import { portOf } from './nat-words.ts'

interface Work extends NatText {
  readonly chains: ReadonlyMap<string, Chain>
  readonly own: ReadonlyMap<string, bigint>
  readonly globals: readonly Global[]
}

interface Global {
  readonly face: string
  readonly id: string
  /** Null: the address of the interface. */
  readonly range: ValueRange | null
  readonly line: ConfigLine
}

/** The device asks exemptions first, then static lines, then those by number. */
const RANKS: readonly ((head: ConfigLine) => boolean)[] = [
  (head) => /^nat\s*\([^)]*\)\s*0\b/i.test(head.text), (head) => /^static\b.*\b(?:tcp|udp)\b/i.test(head.text), (head) => /^static\b/i.test(head.text),
  (head) => /^nat\b/i.test(head.text),
]

export function legacyTranslations(blocks: readonly Block[], text: NatText & { readonly chains: ReadonlyMap<string, Chain> }): readonly NatRule[] {
  const heads = blocks.map(({ head }) => head).filter(isLegacyNat)
  const globals = heads.filter((head) => /^global\b/i.test(head.text)).flatMap((head) => {
    const found = globalOf(head)
    if (found === null) text.findings.unknown(head, NOT_UNDERSTOOD)
    return found === null ? [] : [found]
  })
  const work: Work = { ...text, own: ownAddresses(blocks), globals }
  return RANKS.flatMap((fits, rank) => heads.filter((head) => RANKS.findIndex((one) => one(head)) === rank && fits(head)).flatMap((head) => {
    const rows = /^static\b/i.test(head.text) ? staticRows(head, work) : natRows(head, work)
    if (rows === null) text.findings.unknown(head, NOT_UNDERSTOOD)
    return rows ?? []
  }))
}

const NOT_UNDERSTOOD = 'this form of address translation is not understood'

/** `(inside,outside)` or `(inside)` behind the command, and the words behind. */
function facesOf(head: ConfigLine): { readonly faces: readonly string[]; readonly words: Words } {
  const found = /^\w+\s*\(([^)]*)\)\s*/.exec(head.text)
  const rest = head.text.slice(found?.[0].length ?? 0)
  return { faces: (found?.[1] ?? '').split(',').map((name) => name.trim()), words: new Words(rest === '' ? [] : rest.split(/\s+/)) }
}

/** `global (outside) 1 192.0.2.10-192.0.2.20 netmask 255.255.255.0`, `global (outside) 1 interface`. */
function globalOf(head: ConfigLine): Global | null {
  const { faces, words } = facesOf(head)
  const id = words.take()
  if (faces.length !== 1 || !/^\d+$/.test(id)) return null
  if (words.takeIf('interface')) return words.done ? { face: faces[0] ?? '', id, range: null, line: head } : null
  const [low, high] = words.take().split('-').map(addressOf)
  if (words.takeIf('netmask')) words.skip(1)
  if (low === undefined || low === null || high === null || !words.done || low > (high ?? low)) return null
  return { face: faces[0] ?? '', id, range: { low, high: high ?? low }, line: head }
}

function addressOf(text: string): bigint | null {
  const ip = parseIp(text)
  return ip.ok && ipVersion(ip.value) === 4 ? ipValue(ip.value) : null
}

function face(name: 'iif' | 'oif', nameif: string, head: ConfigLine, { interfaces }: Work): Match {
  const index = interfaces.indexOf(nameif)
  if (index >= 0) return { fields: [[name, inValues(index)]], unknown: [] }
  return { fields: [], unknown: [why(head, `interface ${nameif} is not defined in this text`)] }
}

function why(head: ConfigLine, reason: string): UnknownMatch {
  return { text: head.text, line: head.number, reason }
}

type Parts = Pick<NatRule, 'kind' | 'address' | 'port'> & { readonly stage: 'destination' | 'source' }

function row(head: ConfigLine, faces: readonly Match[], fields: readonly FieldConstraint[], parts: Parts, unknown: readonly UnknownMatch[] = []): NatRule {
  const match = { fields: [...faces.flatMap((one) => one.fields), ...fields], unknown: [...faces.flatMap((one) => one.unknown), ...unknown] }
  return { line: head.number, text: head.text, match, family: 4, ...parts }
}

/** Words behind a static line: limits of connections, which translate nothing. */
function restIsQuiet(words: Words): boolean {
  while (!words.done) {
    if (!/^(?:\d+|dns|tcp|udp|norandomseq)$/.test(words.take().toLowerCase())) return false
  }
  return true
}

/** `static (real,mapped) M R netmask MASK`, `static (real,mapped) tcp M 80 R 8080`; M may be `interface`. */
function staticRows(head: ConfigLine, work: Work): readonly NatRule[] | null {
  const { faces: [real = '', mapped = ''], words } = facesOf(head)
  const proto = words.takeIf('tcp') ? 6 : words.takeIf('udp') ? 17 : null
  const outer = words.takeIf('interface') ? (work.own.get(mapped) ?? null) : addressOf(work.groups.nameOf(words.take()))
  const outerPort = proto === null ? null : portOf(words.take())
  const inner = addressOf(work.groups.nameOf(words.take()))
  const innerPort = proto === null ? null : portOf(words.take())
  const mask = words.takeIf('netmask') ? addressOf(words.take()) : 0xffffffffn
  const length = mask === null ? null : maskLength(mask, 32)
  const ported = proto === null || (outerPort !== null && innerPort !== null)
  if (outer === null || inner === null || length === null || !ported || !restIsQuiet(words)) return null
  const [before, after] = [blockRange(inner, length, 32), blockRange(outer, length, 32)]
  const odd = length === 32 || before.low === after.low ? [] : [why(head, 'each address becomes the one at its own place in the other')]
  const same = before.low === after.low && innerPort === outerPort
  const fields = (name: 'sport' | 'dport', port: number | null): readonly FieldConstraint[] =>
    (proto === null || port === null ? [] : [['proto', inValues(proto)], [name, inValues(port)]])
  const becomes = (range: ValueRange, port: number | null) =>
    (same ? { address: null, port: null } : { address: range, port: port === null ? null : oneValue(port) })
  return [
    row(head, [face('iif', real, head, work), face('oif', mapped, head, work)], [['src', inRanges([before])], ...fields('sport', innerPort)],
      { kind: same ? 'none' : 'source', ...becomes(after, outerPort), stage: 'source' }, odd),
    row(head, [face('iif', mapped, head, work)], [['dst', inRanges([after])], ...fields('dport', outerPort)],
      { kind: same ? 'none' : 'destination', ...becomes(before, innerPort), stage: 'destination' }, odd),
  ]
}

/** `nat (inside) 1 10.0.0.0 255.0.0.0`, `nat (inside) 1 access-list L`; number 0 keeps the address. */
function natRows(head: ConfigLine, work: Work): readonly NatRule[] | null {
  const { faces: [name = ''], words } = facesOf(head)
  const id = words.take()
  const ways = sourcesOf(head, words, work)
  if (!/^\d+$/.test(id) || ways === null || !restIsQuiet(words)) return null
  const into = face('iif', name, head, work)
  if (id === '0') return ways.map((way) => row(head, [into, way], [], { kind: 'none', address: null, port: null, stage: 'source' }))
  return work.globals.filter((one) => one.id === id).flatMap((one) => ways.map((way) => {
    const address = one.range ?? ownRange(work.own.get(one.face))
    const kind = address === null ? 'masquerade' : 'source'
    return row(head, [into, face('oif', one.face, one.line, work), way], [], { kind, address, port: null, stage: 'source' })
  }))
}

function ownRange(value: bigint | undefined): ValueRange | null {
  return value === undefined ? null : oneValue(value)
}

/** `0 0` and `0.0.0.0 0.0.0.0` are all. */
function sourcesOf(head: ConfigLine, words: Words, { chains }: Work): readonly Match[] | null {
  if (words.takeIf('access-list')) {
    const name = words.take()
    const chain = chains.get(name)
    if (chain !== undefined) return permittedWays({ ...chain, rules: chain.rules.filter(({ family }) => family !== 6) })
    return [{ fields: [], unknown: [why(head, `list ${name} is not defined in this text`)] }]
  }
  const wide = (text: string): string => (text === '0' ? '0.0.0.0' : text)
  const value = addressOf(wide(words.take()))
  const mask = words.done ? 0xffffffffn : addressOf(wide(words.take()))
  const length = mask === null ? null : maskLength(mask, 32)
  return value === null || length === null ? null : [{ fields: [['src', inRanges([blockRange(value, length, 32)])]], unknown: [] }]
}
