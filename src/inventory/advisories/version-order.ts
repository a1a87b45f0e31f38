// Version order: which of two version texts is the later one, or that they cannot be told apart.
// Keeps the rule that an order nobody defined is no order: letters against numbers, and two different series, answer null.

/** Parts of a version: numbers, and lower-case letters between them. `B.06.18` is b, 6, 18. */
export type VersionPart = number | string

/** Words in front that say only that a version follows. */
const LEAD = /^(?:software|firmware|hardware|release|revision|rel|rev|version|versions|ver|vers|build|sw|fw|s\/w|f\/w|app|no|r|v)[.\s:=]*(?=\d)/iu
/** As above before a letter: `Rev B`, `Version B.06`. */
const LEAD_WORD = /^(?:software|firmware|release|revision|rev|version|ver|sw|fw|s\/w|f\/w)[.\s:=]+(?=\p{L})/iu
/** Build names have some forty characters; a longer text is prose. */
export const VERSION_LENGTH_MAX = 64
/** Digits a number keeps exact as a double. */
const DIGITS_MAX = 15

/** Null when the text is no version: too long, no digit or lone letter in it, or words. */
export function versionParts(text: string): readonly VersionPart[] | null {
  const bare = bareVersion(text)
  if (bare === '' || bare.length > VERSION_LENGTH_MAX || !/^[\p{L}\d][\p{L}\d._\-+/ ]*$/u.test(bare)) return null
  const found = bare.match(/\d+|\p{L}+/gu) ?? []
  if (found.some((part) => part.length > DIGITS_MAX) || isProse(bare, found)) return null
  // Prose has words; a version has digits, or is one letter (Philips revisions).
  if (!found.some((part) => /\d/.test(part)) && bare.length > 2) return null
  return found.map((part) => (/\d/.test(part) ? Number(part) : part))
}

/** Words of a version that are no prose: `1.8.4 Service Pack 01`. */
const TAIL_WORDS: ReadonlySet<string> = new Set(['build', 'patch', 'pack', 'release', 'service', 'update', 'beta', 'alpha'])
const SERIES_LETTERS_MAX = 3

/** Longer words, or a second version behind a space (`S4 A.07.107`). */
function isProse(bare: string, parts: readonly string[]): boolean {
  const words = parts.filter((part) => !/\d/.test(part))
  return words.some((word) => word.length > SERIES_LETTERS_MAX && !TAIL_WORDS.has(word)) || /^\p{L}\S*\s/u.test(bare)
}

/** Lower case without `Version`, `Rev.`, `v` in front. */
export function bareVersion(text: string): string {
  let bare = text.trim()
  for (let next = bare.replace(LEAD, '').replace(LEAD_WORD, ''); next !== bare; next = bare.replace(LEAD, '').replace(LEAD_WORD, '')) bare = next
  return bare.trim().toLowerCase()
}

/** Years and days as versions: `2024.1`, `2019-04-12`, `20190412`. No count of releases gets there. */
const YEARS = { first: 1990, last: 2099, firstDay: 19_900_000, lastDay: 20_999_999 } as const

export function isDated(parts: readonly VersionPart[]): boolean {
  const [first] = parts
  return typeof first === 'number' && ((first >= YEARS.first && first <= YEARS.last) || (first >= YEARS.firstDay && first <= YEARS.lastDay))
}

/** -1, 0, 1, or null when they cannot be compared: a day beside a count of releases is no order. Missing parts count as 0: `2.0` is `2.0.0`. */
export function compareVersions(a: readonly VersionPart[], b: readonly VersionPart[]): -1 | 0 | 1 | null {
  if (isDated(a) !== isDated(b)) return null
  const length = Math.max(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const order = compareParts(a[i], b[i])
    if (order !== 0) return order
  }
  return 0
}

function compareParts(a: VersionPart | undefined, b: VersionPart | undefined): -1 | 0 | 1 | null {
  if (a === undefined) return typeof b === 'number' ? sign(0, b) : null
  if (b === undefined) return typeof a === 'number' ? sign(a, 0) : null
  if (typeof a === 'number' && typeof b === 'number') return sign(a, b)
  if (typeof a === 'string' && typeof b === 'string') return letters(a, b)
  return null
}

/** One letter is a revision (B before C); longer ones name a series (`BT`, `SV`), and two series have no order. */
function letters(a: string, b: string): -1 | 0 | 1 | null {
  if (a === b) return 0
  return a.length === 1 && b.length === 1 ? (a < b ? -1 : 1) : null
}

function sign(a: number, b: number): -1 | 0 | 1 {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `2.3` begins `2.3.1`: whether "2.3 and prior" means it, only its author knows. */
export function begins(prefix: readonly VersionPart[], whole: readonly VersionPart[]): boolean {
  return prefix.length < whole.length && prefix.every((part, i) => part === whole[i])
}
