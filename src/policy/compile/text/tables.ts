// Looking a config line up in tables of prefixes: the longest prefix that fits decides.
// Keeps "harmless by name": the caller learns of a line that no table holds.

import { startsWith, type ConfigLine } from './lines.ts'

export type LineClass =
  | { readonly kind: 'harmless' }
  | { readonly kind: 'matters'; readonly reason: string }
  | { readonly kind: 'unlisted' }

/** What two tables say about a line; of prefixes that fit in both, the one with more words decides. */
export function classifyLine(
  line: ConfigLine, harmless: readonly string[], matters: readonly (readonly [prefix: string, reason: string])[],
): LineClass {
  const safe = longest(harmless.filter((prefix) => startsWith(line, prefix)))
  const risky = matters.filter(([prefix]) => startsWith(line, prefix)).sort((a, b) => words(b[0]) - words(a[0]))[0]
  if (risky !== undefined && words(risky[0]) >= safe) return { kind: 'matters', reason: risky[1] }
  return safe > 0 ? { kind: 'harmless' } : { kind: 'unlisted' }
}

function longest(prefixes: readonly string[]): number {
  return prefixes.reduce((most, prefix) => Math.max(most, words(prefix)), 0)
}

function words(prefix: string): number {
  return prefix.split(' ').length
}

/** Reason of lines that no table holds. */
export const UNLISTED = 'the reader does not know this line'

/** Multi-line texts between delimiters (`banner motd ^C ... ^C`): their lines are prose. An end that never comes drops nothing. */
export function withoutBanners(lines: readonly ConfigLine[]): readonly ConfigLine[] {
  const kept: ConfigLine[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]
    if (line === undefined) break
    kept.push(line)
    const delimiter = startsWith(line, 'banner') ? bannerDelimiter(line) : null
    if (delimiter === null) continue
    const end = lines.findIndex((other, i) => i > at && other.text.includes(delimiter))
    if (end > at) at = end
  }
  return kept
}

/** The delimiter that a banner line opens and does not close; `^C` is how devices print the control character. */
function bannerDelimiter(line: ConfigLine): string | null {
  const opened = /^banner\s+\S+\s+(\^.|\S)(.*)$/i.exec(line.text)
  const delimiter = opened?.[1]
  return delimiter === undefined || (opened?.[2] ?? '').includes(delimiter) ? null : delimiter
}
