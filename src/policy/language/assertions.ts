// Assertions of a policy file: one line each, read into what a proof can ask.
// Keeps the rule that a claim says what it shows: words that are not understood are an error, never left out.

import { formatPrefix, parsePrefix, type Prefix } from '../../base/ip.ts'
import { suggest } from '../../base/suggest.ts'
import { positionOf, type Position, type TreeNode } from '../../base/tree.ts'
import { quote, readList, readText, report, type TreeReader } from '../../base/tree-reader.ts'
import { checkService, checkSource, checkZone, type KnownNames } from './conduits.ts'
import { ASSERTION_KINDS, type Assertion, type AssertionEnd, type AssertionKind } from './model.ts'
import { prefixHelp } from './zones.ts'

/** A page of claims is read by people; each is a proof over the whole policy. */
export const ASSERTIONS_MAX = 512

/** The forms, for help lines and docs/policy.md. */
export const ASSERTION_FORMS: readonly string[] = [
  'never A -> B', 'never A -> B on SERVICE', 'never A -> B except via ZONE', 'always A -> B on SERVICE', 'only A -> B on SERVICE, SERVICE',
]

const FORMS_HELP = `Write "${ASSERTION_FORMS.slice(0, -1).join('", "')}" or "${ASSERTION_FORMS.at(-1)}".`

/** A claim cut into its parts; every part is a word as written. */
interface Words {
  readonly kind: AssertionKind
  readonly from: string
  readonly to: string
  /** Empty when there is no "on". */
  readonly services: readonly string[]
  readonly via: string | null
}

/** Reads `assertions:`; every mistake goes to the reader. */
export function parseAssertions(reader: TreeReader, node: TreeNode | undefined, known: KnownNames): readonly Assertion[] {
  const items = readList(reader, node, '"assertions"', ASSERTIONS_MAX)
  const assertions = items.flatMap((item) => parseAssertion(reader, item, known) ?? [])
  checkAgainstEachOther(reader, assertions)
  return assertions
}

function parseAssertion(reader: TreeReader, node: TreeNode, known: KnownNames): Assertion | null {
  if (node.kind === 'map') {
    const help = 'A colon and a space make a key of it; an assertion is one text. Put quotes around it.'
    report(reader, node, 'expected-text', 'an assertion must be text, found a map of keys', help)
    return null
  }
  const text = readText(reader, node, 'an assertion')
  if (text === null) return null
  const words = splitWords(text)
  if (typeof words === 'string') {
    report(reader, node, 'bad-assertion', `assertion ${quote(text)}: ${words}`, FORMS_HELP)
    return null
  }
  const what = `assertion ${quote(text)}`
  const from = readEnd(reader, node, words.from, `the start of ${what}`, known)
  const to = readEnd(reader, node, words.to, `the end of ${what}`, known)
  const servicesOk = words.services.map((name) => checkService(reader, node, name, what, known)).every(Boolean)
  const viaOk = words.via === null || checkZone(reader, node, words.via, `"via" of ${what}`, known)
  if (from?.kind === 'zone') checkSource(reader, node, from.zone, what)
  if (from === null || to === null || !servicesOk || !viaOk || !sameVersion(reader, node, from, to, what)) return null
  const { kind, via } = words
  const services = [...new Set(words.services)]
  return { kind, from, to, services, via, text: formatAssertion({ kind, from, to, services, via }), at: positionOf(node) }
}

/** The claim in canonical words, which parse to the same claim. */
export function formatAssertion({ kind, from, to, services, via }: Omit<Assertion, 'text' | 'at'>): string {
  const on = services.length === 0 ? '' : ` on ${services.join(', ')}`
  return `${kind} ${formatEnd(from)} -> ${formatEnd(to)}${on}${via === null ? '' : ` except via ${via}`}`
}

function formatEnd(end: AssertionEnd): string {
  if (end.kind === 'any') return 'any'
  return end.kind === 'zone' ? end.zone : formatPrefix(end.prefix)
}

/** The parts of a claim, or what is wrong with it. */
function splitWords(text: string): Words | string {
  const [verb = '', ...words] = text.replaceAll('->', ' -> ').replaceAll(',', ' , ').trim().split(/\s+/)
  const kind = ASSERTION_KINDS.find((each) => each === verb)
  if (kind === undefined) {
    const near = suggest(verb, ASSERTION_KINDS)
    return near === null ? `it starts with ${quote(verb)}` : `it starts with ${quote(verb)}; did you mean "${near}"?`
  }
  const [from, arrow, to, ...tail] = words
  if (from === undefined || isPunctuation(from)) return 'it does not say from where'
  if (arrow !== '->') return `after ${quote(from)} it has ${arrow === undefined ? 'nothing' : quote(arrow)}, not "->"`
  if (to === undefined || isPunctuation(to)) return 'it does not say to where'
  const services = takeServices(tail)
  if (typeof services === 'string') return services
  const via = takeVia(services.rest)
  if (typeof via === 'string') return via
  if (kind !== 'never' && services.names.length === 0) return `"${kind}" needs "on" and a service; write "on any" for every one`
  if (kind !== 'never' && via.zone !== null) return '"except via" belongs to "never"'
  return { kind, from, to, services: services.names, via: via.zone }
}

function isPunctuation(word: string): boolean {
  return word === '->' || word === ','
}

/** `on A, B, C`, then the rest. */
function takeServices(words: readonly string[]): { readonly names: readonly string[]; readonly rest: readonly string[] } | string {
  if (words[0] !== 'on') return { names: [], rest: words }
  const names: string[] = []
  let at = 1
  do {
    const name = words[at]
    if (name === undefined || isPunctuation(name)) return 'a service is missing after "on" or a comma'
    names.push(name)
    at += 2
  } while (words[at - 1] === ',')
  return { names, rest: words.slice(at - 1) }
}

/** `except via ZONE` and then nothing more. */
function takeVia(words: readonly string[]): { readonly zone: string | null } | string {
  const [except, via, zone, ...more] = words
  if (except === undefined) return { zone: null }
  if (except !== 'except') return `${quote(except)} is not understood; services are parted by commas`
  if (via !== 'via' || zone === undefined || isPunctuation(zone)) return 'after "except" it needs "via" and a zone'
  return more.length === 0 ? { zone } : `after the zone it goes on with ${quote(more.join(' '))}`
}

function readEnd(reader: TreeReader, at: Position, word: string, what: string, known: KnownNames): AssertionEnd | null {
  if (word === 'any') return { kind: 'any' }
  if (!/[.:/]/.test(word)) return checkZone(reader, at, word, what, known) ? { kind: 'zone', zone: word } : null
  const parsed = parsePrefix(word)
  if (parsed.ok) return { kind: 'prefix', prefix: parsed.value }
  report(reader, at, 'bad-prefix', `${what}: ${parsed.error}`, prefixHelp(word))
  return null
}

/** A claim between versions holds of nothing, so it was meant otherwise. */
function sameVersion(reader: TreeReader, at: Position, from: AssertionEnd, to: AssertionEnd, what: string): boolean {
  const versions = [from, to].flatMap((end) => (end.kind === 'prefix' ? [end.prefix] : [])).map((prefix: Prefix) => prefix.version)
  if (new Set(versions).size <= 1) return true
  report(reader, at, 'two-versions', `${what} goes from one IP version to the other, which no packet does`, 'Write one claim per version.')
  return false
}

/** The same claim twice, and a `never` that an `always` of the same ends contradicts: told by names, before any proof. */
function checkAgainstEachOther(reader: TreeReader, assertions: readonly Assertion[]): void {
  const byEnds = new Map<string, Assertion[]>()
  for (const assertion of assertions) {
    const ends = `${formatEnd(assertion.from)} ${formatEnd(assertion.to)}`
    const earlier = byEnds.get(ends) ?? []
    byEnds.set(ends, earlier)
    const same = earlier.find((other) => other.text === assertion.text)
    const against = earlier.find((other) => contradict(other, assertion))
    if (same !== undefined) reportPair(reader, assertion, same, 'duplicate-assertion', 'is written twice', 'Delete one of them.')
    else if (against !== undefined) {
      reportPair(reader, assertion, against, 'contradiction', `cannot hold beside "${against.text}"`, 'Change one of them.')
    }
    earlier.push(assertion)
  }
}

function contradict(a: Assertion, b: Assertion): boolean {
  const never = [a, b].find((each) => each.kind === 'never')
  const always = [a, b].find((each) => each.kind === 'always')
  if (never === undefined || always === undefined || never.via !== null) return false
  return never.services.length === 0 || never.services.some((name) => always.services.includes(name))
}

function reportPair(reader: TreeReader, own: Assertion, other: Assertion, code: string, says: string, help: string): void {
  const where = other.at.line > 0 ? ` The other is on line ${other.at.line}.` : ''
  report(reader, own.at, code, `assertion "${own.text}" ${says}`, `${help}${where}`, code === 'contradiction' ? 'error' : 'warning')
}
