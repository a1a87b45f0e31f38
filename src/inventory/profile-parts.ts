// Parts of a profile file: aliases, identity, flows, indicators, vulnerabilities and advisories, each with source and confidence.
// Keeps the rule that a part with a mistake is left out and told, never half taken.

import { formatPrefix, parseIp, parsePrefix, type Ip, type Prefix } from '../base/ip.ts'
import { normalisePortRanges, type PortRange } from '../base/port-range.ts'
import { positionOf, type Position, type TreeNode } from '../base/tree.ts'
import {
  quote, readChoice, readList, readMap, readName, readPortRange, readText, report, type Fields, type KeyTable, type TreeReader,
} from '../base/tree-reader.ts'
import { ADVISORY_KEYS, ALIAS_KEYS, FLOW_KEYS, IDENTITY_KEYS, INDICATOR_KEYS, REMEDY_KEYS, VULNERABILITY_KEYS } from './profile-keys.ts'
import { ASSET_ROLES } from './asset.ts'
import {
  CONFIDENCES, FLOW_EXPECTATIONS, FLOW_OCCURRENCES, FLOW_TRANSPORTS, INDICATOR_KINDS, type FlowTransport, type IdentityToken,
  type IndicatorKind, type ProfileAdvisory, type ProfileAlias, type ProfileFlow, type ProfileIndicator, type ProfileRemedy,
  type ProfileVulnerability, type Sourced,
} from './profile-model.ts'

/** The CMS8000, the best documented device we know, has nine entries in its longest list. */
export const PARTS_MAX = 256
const PORT_RANGES_MAX = 64

type PartReader<T> = (reader: TreeReader, node: TreeNode) => T | null

/** Every readable item of the list under `key`; `places` takes where each stands. */
export function readEach<T extends object>(reader: TreeReader, fields: Fields, key: string, read: PartReader<T>, places: Map<object, Position>): readonly T[] {
  return readList(reader, fields.get(key), `"${key}"`, PARTS_MAX).flatMap((node) => {
    const part = read(reader, node)
    if (part === null) return []
    places.set(part, positionOf(node))
    return [part]
  })
}

/** Source and confidence; null when either is wrong. */
export function readSourced(reader: TreeReader, fields: Fields, what: string): Sourced | null {
  const source = readText(reader, fields.get('source'), `"source" of ${what}`)
  const confidence = readChoice(reader, fields.get('confidence'), `"confidence" of ${what}`, CONFIDENCES)
  return source === null || confidence === null ? null : { source, confidence }
}

interface PartFields extends Sourced {
  readonly fields: Fields
}

/** The map of a part with its source; null when there is none to read on. */
function readPart(reader: TreeReader, node: TreeNode, what: string, table: KeyTable): PartFields | null {
  const fields = readMap(reader, node, what, table)
  if (fields === null) return null
  const sourced = readSourced(reader, fields, what)
  return sourced === null ? null : { fields, ...sourced }
}

/** One item of `aliases`; null after its mistakes were told. */
export function readAlias(reader: TreeReader, node: TreeNode): ProfileAlias | null {
  const part = readPart(reader, node, 'an alias', ALIAS_KEYS)
  if (part === null) return null
  const vendor = readText(reader, part.fields.get('vendor'), '"vendor" of an alias')
  const model = readText(reader, part.fields.get('model'), '"model" of an alias')
  return vendor === null || model === null ? null : { vendor, model, source: part.source, confidence: part.confidence }
}

/** One item of `identity`; null after its mistakes were told. */
export function readIdentity(reader: TreeReader, node: TreeNode): IdentityToken | null {
  const part = readPart(reader, node, 'an identity token', IDENTITY_KEYS)
  if (part === null) return null
  const protocol = readName(reader, part.fields.get('protocol'), '"protocol" of an identity token')
  const side = readChoice(reader, part.fields.get('side'), '"side" of an identity token', ['client', 'server'])
  const detail = readText(reader, part.fields.get('detail'), '"detail" of an identity token')
  const value = readText(reader, part.fields.get('value'), '"value" of an identity token')
  if (protocol === null || side === null || detail === null) return null
  return { protocol, side, value, detail, source: part.source, confidence: part.confidence }
}

/** One item of `flows`; null after its mistakes were told. */
export function readFlow(reader: TreeReader, node: TreeNode): ProfileFlow | null {
  const part = readPart(reader, node, 'a flow', FLOW_KEYS)
  if (part === null) return null
  const { fields, source, confidence } = part
  const name = readName(reader, fields.get('name'), '"name" of a flow')
  const what = name === null ? 'a flow' : `flow ${name}`
  const opens = readChoice(reader, fields.get('opens'), `"opens" of ${what}`, ['device', 'peer'])
  const peer = readChoice(reader, fields.get('peer'), `"peer" of ${what}`, ASSET_ROLES)
  const address = readAddress(reader, fields.get('address'), what)
  const transports = readTransports(reader, fields.get('transport'), what)
  const ports = readPorts(reader, node, fields.get('ports'), transports, what)
  const protocol = readName(reader, fields.get('protocol'), `"protocol" of ${what}`)
  const clear = readYesNo(reader, fields.get('clear'), `"clear" of ${what}`)
  const patientData = readYesNo(reader, fields.get('patient-data'), `"patient-data" of ${what}`)
  const occurs = readChoice(reader, fields.get('occurs'), `"occurs" of ${what}`, FLOW_OCCURRENCES)
  const expected = readChoice(reader, fields.get('expected'), `"expected" of ${what}`, FLOW_EXPECTATIONS)
  const purpose = readText(reader, fields.get('purpose'), `"purpose" of ${what}`)
  const blocked = readText(reader, fields.get('blocked'), `"blocked" of ${what}`)
  if (name === null || opens === null || peer === null || transports.length === 0 || ports === null) return null
  if (occurs === null || expected === null || purpose === null || blocked === null) return null
  const dynamicPorts = isDynamic(fields.get('ports'))
  const content = { protocol, clear, patientData }
  return { name, opens, peer, address, transports, ports, dynamicPorts, ...content, occurs, expected, purpose, blocked, source, confidence }
}

/** Null without the key, and after a mistake was told. */
function readYesNo(reader: TreeReader, node: TreeNode | undefined, what: string): boolean | null {
  const word = node === undefined ? null : readChoice(reader, node, what, ['yes', 'no'])
  return word === null ? null : word === 'yes'
}

function readAddress(reader: TreeReader, node: TreeNode | undefined, what: string): Ip | null {
  const text = readText(reader, node, `"address" of ${what}`)
  if (text === null || node === undefined) return null
  const parsed = parseIp(text)
  if (parsed.ok) return parsed.value
  report(reader, node, 'bad-address', parsed.error, 'Write one address, e.g. 202.114.4.119.')
  return null
}

function readTransports(reader: TreeReader, node: TreeNode | undefined, what: string): readonly FlowTransport[] {
  const items = readList(reader, node, `"transport" of ${what}`, FLOW_TRANSPORTS.length, true)
  return items.flatMap((item) => readChoice(reader, item, `"transport" of ${what}`, FLOW_TRANSPORTS) ?? [])
}

function isDynamic(node: TreeNode | undefined): boolean {
  return node?.kind === 'scalar' && node.text === 'dynamic'
}

/** Null when any is wrong. TCP and UDP need ports or the word `dynamic`; ICMP has none. */
function readPorts(
  reader: TreeReader, flow: TreeNode, node: TreeNode | undefined, transports: readonly FlowTransport[], what: string,
): readonly PortRange[] | null {
  const needed = transports.some((t) => t !== 'icmp')
  if (node === undefined) {
    if (!needed) return []
    report(reader, flow, 'missing-key', `${what} has no "ports"`, 'List them, or write "ports: dynamic" when they are negotiated.')
    return null
  }
  if (isDynamic(node)) return []
  const items = readList(reader, node, `"ports" of ${what}`, PORT_RANGES_MAX, true)
  if (items.length === 0 && needed && node.kind === 'list') {
    report(reader, node, 'missing-value', `${what} has an empty list of ports`, 'List them, or write "ports: dynamic" when they are negotiated.')
    return null
  }
  const ranges = items.map((item) => readPortRange(reader, item, what))
  const good = ranges.filter((range) => range !== null)
  return good.length < ranges.length ? null : normalisePortRanges(good)
}

interface IndicatorValue {
  readonly value: string
  readonly prefix: Prefix | null
}

interface IndicatorForm {
  readonly parse: (text: string) => IndicatorValue | null
  readonly help: string
}

/** How a value of each kind must look, and what to write instead. */
const INDICATOR_VALUES: Readonly<Record<IndicatorKind, IndicatorForm>> = {
  address: { parse: (text) => blockOf(text, true), help: 'Write one address, e.g. 202.114.4.119.' },
  prefix: { parse: (text) => blockOf(text, false), help: 'Write a block, e.g. 202.114.4.0/24.' },
  path: { parse: (text) => matching(text, /^\/\S*$/), help: 'Write an export path that starts with "/".' },
  sha256: { parse: (text) => matching(text.toLowerCase(), /^[0-9a-f]{64}$/), help: 'Write 64 hexadecimal digits.' },
  'inbound-udp': { parse: (text) => matching(text, /^any-but-dhcp-replies$/), help: 'Write any-but-dhcp-replies.' },
}

function blockOf(text: string, single: boolean): IndicatorValue | null {
  const parsed = parsePrefix(text)
  if (!parsed.ok || single === text.includes('/')) return null
  const formatted = formatPrefix(parsed.value)
  return { value: single ? formatted.slice(0, formatted.indexOf('/')) : formatted, prefix: parsed.value }
}

function matching(text: string, form: RegExp): IndicatorValue | null {
  return form.test(text) ? { value: text, prefix: null } : null
}

/** One item of `indicators`; null after its mistakes were told. */
export function readIndicator(reader: TreeReader, node: TreeNode): ProfileIndicator | null {
  const part = readPart(reader, node, 'an indicator', INDICATOR_KEYS)
  if (part === null) return null
  const { fields, source, confidence } = part
  const kind = readChoice(reader, fields.get('kind'), '"kind" of an indicator', INDICATOR_KINDS)
  const text = readText(reader, fields.get('value'), '"value" of an indicator')
  const meaning = readText(reader, fields.get('meaning'), '"meaning" of an indicator')
  if (kind === null || text === null || meaning === null) return null
  const parsed = INDICATOR_VALUES[kind].parse(text)
  if (parsed !== null) return { kind, ...parsed, meaning, source, confidence }
  report(reader, fields.get('value') ?? node, 'bad-indicator', `${quote(text)} is no ${kind}`, INDICATOR_VALUES[kind].help)
  return null
}

/** Text of a fixed form, e.g. a CVE id. */
function readForm(reader: TreeReader, fields: Fields, key: string, form: RegExp, example: string): string | null {
  const node = fields.get(key)
  const text = readText(reader, node, `"${key}"`)
  if (text === null || node === undefined || form.test(text)) return text
  report(reader, node, 'bad-form', `"${key}" cannot be ${quote(text)}`, `Write it like ${example}.`)
  return null
}

/** One item of `vulnerabilities`; null after its mistakes were told. */
export function readVulnerability(reader: TreeReader, node: TreeNode): ProfileVulnerability | null {
  const part = readPart(reader, node, 'a vulnerability', VULNERABILITY_KEYS)
  if (part === null) return null
  const { fields, source, confidence } = part
  const id = readForm(reader, fields, 'id', /^CVE-\d{4}-\d{4,}$/, 'CVE-2025-0626')
  const weakness = readForm(reader, fields, 'weakness', /^CWE-\d+$/, 'CWE-912')
  const score = readScore(reader, fields.get('score'))
  const cvss = readForm(reader, fields, 'cvss', /^\d\.\d$/, '"3.1", in quotes')
  const summary = readText(reader, fields.get('summary'), '"summary"')
  const observable = readText(reader, fields.get('observable'), '"observable"')
  if (id === null || weakness === null || score === null || cvss === null || summary === null) return null
  return { id, weakness, score, cvss, summary, observable, source, confidence }
}

function readScore(reader: TreeReader, node: TreeNode | undefined): number | null {
  if (node === undefined) return null
  const value = node.kind === 'scalar' ? node.value : null
  if (typeof value === 'number' && value >= 0 && value <= 10) return value
  report(reader, node, 'bad-score', '"score" must be a number from 0 to 10', 'Write the CVSS base score, e.g. 7.5.')
  return null
}

/** ISO days; 30 of April, June, September and November, 29 of February in any year: whether it was a leap year says the source. */
const DATE = /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|[12]\d))$/

/** One item of `advisories`; null after its mistakes were told. */
export function readAdvisory(reader: TreeReader, node: TreeNode): ProfileAdvisory | null {
  const part = readPart(reader, node, 'an advisory', ADVISORY_KEYS)
  if (part === null) return null
  const { fields, source, confidence } = part
  const id = readForm(reader, fields, 'id', /^[\w.:+-]{1,120}$/, 'ICSMA-25-030-01')
  const publisher = readText(reader, fields.get('publisher'), '"publisher" of an advisory')
  const title = readText(reader, fields.get('title'), '"title" of an advisory')
  const date = readForm(reader, fields, 'date', DATE, '2025-02-25, a day there is')
  if (id === null || publisher === null || title === null || date === null) return null
  return { id, publisher, title, date, source, confidence }
}

/** One item of `remedies`; null after its mistakes were told. */
export function readRemedy(reader: TreeReader, node: TreeNode): ProfileRemedy | null {
  const part = readPart(reader, node, 'a remedy', REMEDY_KEYS)
  if (part === null) return null
  const remedy = readText(reader, part.fields.get('remedy'), '"remedy"')
  const effect = readText(reader, part.fields.get('effect'), '"effect" of a remedy')
  return remedy === null || effect === null ? null : { remedy, effect, source: part.source, confidence: part.confidence }
}
