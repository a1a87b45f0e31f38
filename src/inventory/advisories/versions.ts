// Versions: an advisory's version words as a test of a device's version, and what the test says. Tolerant of how people write ranges.
// Keeps the rule that free text is for a human and an unknown version is never silence (product.md, "Matching an advisory").

import { begins, compareVersions, isDated, versionParts, type VersionPart } from './version-order.ts'

interface Bound {
  readonly parts: readonly VersionPart[]
  readonly inclusive: boolean
}

/** One alternative of an expression; any that holds is enough. */
export type VersionTest =
  | { readonly kind: 'all' }
  | { readonly kind: 'range'; readonly low: Bound | null; readonly high: Bound | null }
  /** `12.x`: what begins with these parts. */
  | { readonly kind: 'prefix'; readonly parts: readonly VersionPart[] }
  | { readonly kind: 'exact'; readonly parts: readonly VersionPart[] }
  /** Words: a person reads them. */
  | { readonly kind: 'text'; readonly text: string }

/** What the version words say of a device. `read`: the words are prose. `unknown`: the device's version is not known or cannot be ordered. */
export type VersionVerdict = 'affected' | 'not-affected' | 'unknown' | 'read'

/** Alternatives of one expression; the longest of the medical set has 16. */
const TESTS_MAX = 64

const ALL = /^(?:vers:[\w.+-]+\/\*|\*|all|all versions|any|any version|)$/u
/** A day or a month: released or made before it, which no version tells. */
const MONTHS = 'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?'
const DAY = new RegExp(`\\b(?:${MONTHS})\\b|\\d/\\d`, 'u')

/** As published, e.g. `vers:all/*`, `>= 1.1 | <= 1.3.2`, `2.3.6 and below`, `prior to 3.0`, `2.0 through 2.4`, `12.x`. */
export function versionTests(words: string): readonly VersionTest[] {
  const text = words.trim().toLowerCase().replaceAll(/\s+/gu, ' ')
  if (ALL.test(text)) return [{ kind: 'all' }]
  const scheme = /^vers:[\w.+-]+\/(.*)$/u.exec(text)
  const list = (scheme?.[1] ?? text).split('|').map((part) => part.trim()).filter((part) => part !== '')
  if (DAY.test(text) || list.length > TESTS_MAX || !list.every(isBalanced)) return [{ kind: 'text', text: words.trim() }]
  const tests = list.map((part) => testOf(part) ?? ({ kind: 'text', text: part } as const))
  return joinRanges(tests)
}

function isBalanced(part: string): boolean {
  return part.split('(').length === part.split(')').length
}

function testOf(part: string): VersionTest | null {
  return operatorTest(part) ?? wordsTest(part) ?? betweenTest(part) ?? plainTest(part)
}

/** `<= 2.3.0`, `<2024.2`, `>=BT02`. */
function operatorTest(part: string): VersionTest | null {
  const found = /^(<=|>=|<|>|=|==)\s*(.+)$/u.exec(part)
  if (found === null) return null
  const [, operator = '', version = ''] = found
  if (operator.startsWith('=')) return plainTest(version)
  return rangeTest(operator.startsWith('<') ? 'high' : 'low', version, operator.endsWith('='))
}

/** `x` in a bound stands for anything: `<= 12.2.x.x` ends behind every 12.2. */
function rangeTest(end: 'low' | 'high', version: string, inclusive: boolean): VersionTest | null {
  const cut = withoutWildcards(version)
  const parts = versionParts(cut.text)
  if (parts === null) return null
  if (cut.wild && end === 'high' && inclusive) {
    const last = parts.at(-1)
    if (typeof last !== 'number') return null
    return { kind: 'range', low: null, high: { parts: [...parts.slice(0, -1), last + 1], inclusive: false } }
  }
  const bound = { parts, inclusive }
  return { kind: 'range', low: end === 'low' ? bound : null, high: end === 'high' ? bound : null }
}

const AND_BEFORE = /^(?:versions? )?(.+?),?\s+(?:and|or)\s+(?:all\s+)?(?:prior|earlier|below|before|older|lower|previous)(?:\s+(?:versions?|releases?))?$/u
const AND_AFTER = /^(?:versions? )?(.+?),?\s+(?:and|or)\s+(?:all\s+)?(?:later|newer|higher|above|after|greater|onwards?|up)(?:\s+(?:versions?|releases?))?$/u
const BEFORE = /^(?:all\s+)?(?:versions?\s+)?(?:prior to|before|earlier than|older than|lower than|below|less than)\s+(.+)$/u
const UP_TO = /^(?:all\s+)?(?:versions?\s+)?(?:up to(?:\s+and\s+including)?|through|until)\s+(.+)$/u
const AFTER = /^(?:all\s+)?(?:versions?\s+)?(?:after|later than|newer than|higher than|above)\s+(.+)$/u
const SINCE = /^(?:all\s+)?(?:versions?\s+)?(?:since|starting (?:with|from)|from)\s+(\S+)$/u

const WORDS: readonly (readonly [RegExp, 'low' | 'high', boolean])[] = [
  [AND_BEFORE, 'high', true], [AND_AFTER, 'low', true], [BEFORE, 'high', false], [UP_TO, 'high', true], [AFTER, 'low', false], [SINCE, 'low', true],
]

function wordsTest(part: string): VersionTest | null {
  for (const [pattern, end, inclusive] of WORDS) {
    const found = pattern.exec(part)
    if (found !== null) return rangeTest(end, found[1] ?? '', inclusive)
  }
  return null
}

/** `2.0 through 2.4`, `1.1 to 1.3.2`, `from 4.01 to 4.34`, `Rev B-M`. A hyphen only between letters, for it stands in version numbers too. */
function betweenTest(part: string): VersionTest | null {
  const found = /^(?:from |between |versions? )*(\S+)\s+(?:through|thru|to|until|up to|and)\s+(?:versions? )?(\S+)$/u.exec(part)
    ?? /^rev(?:ision)?\.? (\p{L})-(\p{L})$/u.exec(part)
  if (found === null || (/ and /u.test(part) && !part.startsWith('between '))) return null
  const [low, high] = [rangeTest('low', found[1] ?? '', true), rangeTest('high', found[2] ?? '', true)]
  return low?.kind === 'range' && high?.kind === 'range' ? { kind: 'range', low: low.low, high: high.high } : null
}

/** Words behind a version that are part of it: `1.1.3 MR Build 11`, `4.20 SR1`. With any other a space is prose: `2131 and 2141`. */
const TAIL = /^\S+(?:\s+(?:(?:build|mr|sr|sp|hf|rc|patch|pack|release|service|update|beta|alpha)\d*|[a-z]?\d\S*))*$/u

function plainTest(part: string): VersionTest | null {
  const cut = withoutWildcards(part)
  const parts = TAIL.test(part.replace(/^(?:version|release|rev|ver)\.?\s+/u, '')) ? versionParts(cut.text) : null
  if (parts === null) return null
  return { kind: cut.wild ? 'prefix' : 'exact', parts }
}

/** `12.2.x.x` and `8.0.*` without what stands for anything. */
function withoutWildcards(text: string): { readonly text: string; readonly wild: boolean } {
  const cut = text.replace(/(?:[.\s][x*])+$/u, '')
  return { text: cut, wild: cut !== text }
}

/** `>= 1.1 | <= 1.3.2` is one range; two upper bounds are two. */
function joinRanges(tests: readonly VersionTest[]): VersionTest[] {
  const joined: VersionTest[] = []
  for (const test of tests) {
    const before = joined.at(-1)
    if (test.kind === 'range' && test.low === null && before?.kind === 'range' && before.high === null && ordered(before.low, test.high)) {
      joined.splice(-1, 1, { kind: 'range', low: before.low, high: test.high })
    } else joined.push(test)
  }
  return joined
}

function ordered(low: Bound | null, high: Bound | null): boolean {
  return low !== null && high !== null && compareVersions(low.parts, high.parts) !== 1
}

/** `version` null: not known. One alternative that holds is enough; one that a person has to read keeps a "no" from being said. */
export function judgeVersion(tests: readonly VersionTest[], version: string | null): VersionVerdict {
  const parts = version === null ? null : deviceParts(version)
  const verdicts = seriesOf(tests, parts).map((test) => (test.kind === 'text' ? judgeText(test.text, version) : judge(test, parts)))
  for (const verdict of ['affected', 'read', 'unknown'] as const) if (verdicts.includes(verdict)) return verdict
  return 'not-affected'
}

/** How lists write it: `2023.3 (Build 9342)`, `2,3` where a comma stands in numbers; a bracket that is no part of it is left out. */
function deviceParts(version: string): readonly VersionPart[] | null {
  const points = version.includes('.') ? version : version.replaceAll(/(?<=\d),(?=\d)/gu, '.')
  return versionParts(points.replaceAll(/[()]/gu, ' ').replaceAll(/\s+/gu, ' ')) ?? versionParts(points.replaceAll(/\([^()]*\)/gu, ' '))
}

/** `<= U61 | <= L81` are two series of one product: a device of series L is asked of L only; likewise releases by year beside releases by number. */
function seriesOf(all: readonly VersionTest[], parts: readonly VersionPart[] | null): readonly VersionTest[] {
  const dated = (test: VersionTest): boolean | null => (test.kind === 'range' ? isDated((test.low ?? test.high)?.parts ?? []) : null)
  const sameKind = parts === null ? [] : all.filter((test) => dated(test) === isDated(parts))
  const tests = sameKind.length === 0 || parts === null ? all : all.filter((test) => dated(test) !== !isDated(parts))
  const letters = new Set(tests.map(seriesLetter).filter((letter) => letter !== null))
  const own = parts?.[0]
  if (letters.size < 2 || typeof own !== 'string' || !letters.has(own)) return tests
  return tests.filter((test) => seriesLetter(test) === null || seriesLetter(test) === own)
}

function seriesLetter(test: VersionTest): string | null {
  const first = test.kind === 'range' && test.low === null ? test.high?.parts[0] : undefined
  return typeof first === 'string' ? first : null
}

function judgeText(text: string, version: string | null): VersionVerdict {
  const bare = (words: string): string => words.toLowerCase().replaceAll(/[\s_]+/gu, ' ').trim()
  return version !== null && bare(text) === bare(version) ? 'affected' : 'read'
}

function judge(test: Exclude<VersionTest, { kind: 'text' }>, parts: readonly VersionPart[] | null): VersionVerdict {
  if (test.kind === 'all') return 'affected'
  if (parts === null) return 'unknown'
  if (test.kind === 'range') return within(parts, test.low, test.high)
  const order = compareVersions(parts, test.parts)
  if (order === 0 || (test.kind === 'prefix' && begins(test.parts, parts))) return 'affected'
  // A shorter or longer text of the same beginning (`4.3` and `4.3.1`) is not told.
  return order === null || begins(parts, test.parts) || begins(test.parts, parts) ? 'unknown' : 'not-affected'
}

function within(parts: readonly VersionPart[], low: Bound | null, high: Bound | null): VersionVerdict {
  const sides = [low === null ? 'affected' : aboveLow(parts, low), high === null ? 'affected' : belowHigh(parts, high)]
  if (sides.includes('not-affected')) return 'not-affected'
  return sides.includes('unknown') ? 'unknown' : 'affected'
}

/** A device's `2` may be any 2 point something. */
function aboveLow(parts: readonly VersionPart[], low: Bound): VersionVerdict {
  const order = compareVersions(parts, low.parts)
  if (order === null || (order === -1 && begins(parts, low.parts))) return 'unknown'
  return order === 1 || (order === 0 && low.inclusive) ? 'affected' : 'not-affected'
}

/** Whether "2.3 and prior" means a device's 2.3.1, only its author knows. A revision that is a letter holds all of it: `Rev B-M` holds M.01. */
function belowHigh(parts: readonly VersionPart[], high: Bound): VersionVerdict {
  if (high.inclusive && high.parts.length === 1 && typeof high.parts[0] === 'string' && parts[0] === high.parts[0]) return 'affected'
  const order = compareVersions(parts, high.parts)
  if (order === null || (order === -1 && begins(parts, high.parts)) || (order === 1 && high.inclusive && begins(high.parts, parts))) return 'unknown'
  return order === -1 || (order === 0 && high.inclusive) ? 'affected' : 'not-affected'
}
