// Reads routing rules as Linux prints them: `ip -j rule`, and the plain text of `ip rule`. One routing table is not the network.
// Keeps "never dropped": a selector or action that is not modelled is an unknown, named with its line.

import type { Diagnostic } from '../../../base/diagnostic.ts'
import { IP_BITS, ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { Constraint, Field, RouteRule, UnknownMatch } from '../../rules/model.ts'
import { lookUp, PROTOCOLS } from '../text/cisco-names.ts'
import { Findings } from '../text/findings.ts'
import { configLines, Words, type ConfigLine } from '../text/lines.ts'
import { blockRange, inRanges, inValues } from '../text/ranges.ts'
import { jsonEntries, numberField, textField, type LinuxEntry, type LinuxObject } from './linux-model.ts'
import { interfaceIndex } from './read-routes.ts'

export interface ReadRouteRules {
  /** By priority, lowest first, as the kernel asks them. */
  readonly rules: readonly RouteRule[]
  readonly interfaces: readonly string[]
  readonly unknowns: readonly UnknownMatch[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Never throws. JSON is told from text by its first character. */
export function readLinuxRules(text: string, file: string, known: readonly string[] = []): ReadRouteRules {
  const findings = new Findings('iproute2', file)
  const interfaces = [...known]
  const entries = text.trimStart().startsWith('[') ? jsonEntries(text) : textEntries(text, findings)
  if (entries === null) findings.error('not-json', 0, 'this is not the JSON that ip -j rule prints', 'save the output unchanged')
  const rules = (entries ?? []).flatMap((entry) => routeRule(entry, interfaces, findings))
  return { rules: rules.sort((a, b) => a.priority - b.priority), interfaces, unknowns: findings.unknowns,
    diagnostics: findings.diagnostics }
}

const DROPS = { blackhole: 'blackhole', prohibit: 'prohibit', unreachable: 'unreachable' } as const

function routeRule(entry: LinuxEntry, interfaces: string[], findings: Findings): readonly RouteRule[] {
  const { object, line, text } = entry
  const reasons: string[] = []
  const fields = selectors(object, interfaces, reasons)
  const action = actionOf(object)
  const priority = numberField(object, 'priority')
  if (action === null || priority === null) {
    findings.note({ text, line, reason: 'what this routing rule does is not modelled' })
    return []
  }
  const unknown = reasons.map((reason): UnknownMatch => ({ text, line, reason }))
  for (const one of unknown) findings.note(one)
  return [{ priority, line, action, match: { fields, unknown } }]
}

function actionOf(object: LinuxObject): RouteRule['action'] | null {
  const word = textField(object, 'action')
  if (word !== null) return Object.hasOwn(DROPS, word) ? { kind: DROPS[word as keyof typeof DROPS] } : null
  const table = textField(object, 'table')
  return table === null || Object.hasOwn(object, 'goto') ? null : { kind: 'table', table }
}

/** Fields that say nothing about which packets are meant. */
const QUIET: ReadonlySet<string> = new Set(['priority', 'table', 'action', 'goto', 'iif_detached', 'oif_detached', 'protocol', 'srclen',
  'dstlen',
  'sport_end', 'dport_end', 'iif_unresolved', 'unresolved', 'fwmask'])

type Selector = (object: LinuxObject, interfaces: string[]) => readonly [Field, Constraint] | 'every' | null

const SELECTORS: Readonly<Record<string, Selector>> = {
  src: (object) => addressSelector(object, 'src', 'srclen'),
  dst: (object) => addressSelector(object, 'dst', 'dstlen'),
  // `iif lo` means what the machine itself sends (ip-rule(8)), which no interface of the model is.
  iif: (object, interfaces) => (textField(object, 'iif') === 'lo' ? null : interfaceSelector('iif', textField(object, 'iif'), interfaces)),
  oif: (object, interfaces) => interfaceSelector('oif', textField(object, 'oif'), interfaces),
  ipproto: (object) => protoSelector(textField(object, 'ipproto')),
  sport: (object) => portSelector('sport', textField(object, 'sport')),
  dport: (object) => portSelector('dport', textField(object, 'dport')),
  sport_start: (object) => portSelector('sport', `${textField(object, 'sport_start')}-${textField(object, 'sport_end')}`),
  dport_start: (object) => portSelector('dport', `${textField(object, 'dport_start')}-${textField(object, 'dport_end')}`),
}

/** `not` turns the whole rule around, so then nothing of it may be used alone. */
function selectors(object: LinuxObject, interfaces: string[], reasons: string[]): readonly (readonly [Field, Constraint])[] {
  const fields: (readonly [Field, Constraint])[] = []
  for (const name of Object.keys(object)) {
    const selector = Object.hasOwn(SELECTORS, name) ? SELECTORS[name] : undefined
    const found = selector?.(object, interfaces) ?? null
    if (found !== null && found !== 'every') fields.push(found)
    else if (found === null && !QUIET.has(name)) reasons.push(`${name} is not modelled`)
  }
  return Object.hasOwn(object, 'not') ? [] : fields
}

function addressSelector(object: LinuxObject, field: 'src' | 'dst', lengthName: string): ReturnType<Selector> {
  const text = textField(object, field) ?? ''
  if (text === 'all') return 'every'
  const [address = '', inText] = text.split('/')
  const ip = parseIp(address)
  if (!ip.ok) return null
  const bits = IP_BITS[ipVersion(ip.value)]
  const length = inText === undefined ? (numberField(object, lengthName) ?? bits) : /^\d{1,3}$/.test(inText) ? Number(inText) : bits + 1
  return length > bits ? null : [field, inRanges([blockRange(ipValue(ip.value), length, bits)])]
}

function interfaceSelector(field: 'iif' | 'oif', name: string | null, interfaces: string[]): ReturnType<Selector> {
  const index = interfaceIndex(name, interfaces)
  return index === null ? null : [field, inValues(index)]
}

function protoSelector(word: string | null): ReturnType<Selector> {
  const names: Readonly<Record<string, number>> = { ...PROTOCOLS, icmp: 1, 'ipv6-icmp': 58 }
  const number = word !== null && /^\d{1,3}$/.test(word) ? Number(word) : lookUp(names, word ?? '')
  return number === null || number > 255 ? null : ['proto', inValues(number)]
}

function portSelector(field: 'sport' | 'dport', text: string | null): ReturnType<Selector> {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '')
  if (found === null) return null
  const low = BigInt(found[1] ?? '')
  const high = BigInt(found[2] ?? found[1] ?? '')
  return low > high || high > 65_535n ? null : [field, inRanges([{ low, high }])]
}

/** Words of `ip rule` with a value, and the field of `ip -j` that holds it. */
const VALUED: Readonly<Record<string, string>> = {
  from: 'src', to: 'dst', iif: 'iif', oif: 'oif', ipproto: 'ipproto', sport: 'sport', dport: 'dport', lookup: 'table', table: 'table',
  fwmark: 'fwmark', tos: 'tos', dsfield: 'tos', uidrange: 'uidrange', tun_id: 'tun_id', suppress_prefixlength: 'suppress_prefixlen',
  suppress_ifgroup: 'suppress_ifgroup', goto: 'goto', proto: 'protocol', protocol: 'protocol', realms: 'realms', 'map-to': 'nat_gateway',
}
const ACTIONS: ReadonlySet<string> = new Set(['blackhole', 'prohibit', 'unreachable', 'nop'])
const MARKS: ReadonlySet<string> = new Set(['[detached]', '[unresolved]', '[l3mdev-table]'])

function textEntries(text: string, findings: Findings): readonly LinuxEntry[] {
  const read = configLines(text)
  findings.limits(read)
  return read.lines.flatMap((line) => {
    const object = lineObject(line)
    if (object !== null) return [{ object, line: line.number, text: line.text }]
    findings.unknown(line, 'a line of the routing rules is not understood')
    return []
  })
}

/** A line such as `500:	from all to 10.6.0.0/24 prohibit` as the object that `ip -j` would print; null when a word is not known. */
function lineObject(line: ConfigLine): LinuxObject | null {
  const words = new Words(line.words)
  const priority = /^(\d{1,10}):$/.exec(words.take())
  if (priority === null) return null
  const object: Record<string, unknown> = { priority: Number(priority[1]) }
  while (!words.done) {
    const word = words.take()
    const field = Object.hasOwn(VALUED, word) ? VALUED[word] : undefined
    if (field !== undefined) object[field] = words.take()
    else if (ACTIONS.has(word)) object.action = word
    else if (word === 'not') object.not = null
    else if (word === '[l3mdev-table]' || !MARKS.has(word)) return null
  }
  return object
}
