// The nftables scanner: text to tokens with their lines, in one pass over the text.
// Keeps "never throws": a character of no token becomes a token of its own, which the parser then reports.

import { parseIp } from '../../../base/ip.ts'

export interface Token {
  readonly kind: 'word' | 'number' | 'address' | 'text' | 'mark' | 'newline' | 'end'
  /** As written; for `text` without its quotes. */
  readonly text: string
  readonly line: number
  /** Offsets in the source, for quoting rules in their own words. */
  readonly start: number
  readonly stop: number
}

/** In order of trial. nft's own scanner (scanner.l) takes the longest match; the order here gives the same for what rulesets hold. */
const PATTERNS: readonly (readonly [Token['kind'] | 'skip' | 'maybe6', RegExp])[] = [
  ['skip', /(?:[ \t\r\f]|\\\r?\n)+/y],
  ['newline', /\n/y],
  ['skip', /#[^\n]*/y],
  ['text', /"[^"\n]*"/y],
  ['address', /[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5}(?![0-9a-fA-F:])/y],
  ['maybe6', /[0-9a-fA-F]*:[0-9a-fA-F:.]*/y],
  ['address', /\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/y],
  ['number', /(?:0[xX][0-9a-fA-F]+|\d+)(?![A-Za-z_0-9])/y],
  ['word', /[A-Za-z_][\w.\-/]*\*?|\.[\w]+|\d[\w]*/y],
  ['mark', /==|!=|<=|>=|<<|>>|./y],
]

/** Words never swallow a trailing hyphen or dot that belongs to what follows. */
function trimmedWord(text: string): string {
  return text.length > 1 ? text.replace(/[-/.]+$/, '') : text
}

/** Tokens of a ruleset, ending in one of kind `end`. Linear in the text. */
export function scan(text: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  let at = 0
  while (at < text.length) {
    const [kind, found] = next(text, at)
    const stop = at + found.length
    if (kind !== 'skip') tokens.push({ kind, text: kind === 'text' ? found.slice(1, -1) : found, line, start: at, stop })
    for (let i = found.indexOf('\n'); i >= 0; i = found.indexOf('\n', i + 1)) line++
    at = stop
  }
  tokens.push({ kind: 'end', text: '', line, start: text.length, stop: text.length })
  return tokens
}

function next(text: string, at: number): readonly [Token['kind'] | 'skip', string] {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined || found === '') continue
    if (kind === 'word') return [kind, trimmedWord(found)]
    if (kind !== 'maybe6') return [kind, found]
    const address = longestV6(found)
    if (address !== null) return ['address', address]
  }
  return ['mark', text.charAt(at)]
}

/** The address at the start of hex digits and colons, without a colon that belongs to what follows (`::1:`); null when there is none. */
function longestV6(found: string): string | null {
  for (const candidate of [found, found.replace(/[:.]$/, '')]) {
    if (candidate.length >= 2 && candidate.length <= V6_TEXT_MAX && parseIp(candidate).ok) return candidate
  }
  return null
}

/** Eight groups of four digits and seven colons, or six groups and a dotted quad: RFC 4291 section 2.2. */
const V6_TEXT_MAX = 45
