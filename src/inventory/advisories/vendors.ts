// Vendors: from a maker's name, as anybody writes it, to the houses it may mean. The alias table is vendor-table.ts.
// Keeps the rule that a name is compared whole: `GE Lighting` is not GE Healthcare, and nothing is found inside a longer name.

import { fold, wordsOf } from './atoms.ts'
import { SHARED_NAMES, VENDOR_ROWS } from './vendor-table.ts'

export interface VendorMeaning {
  /** Row ids of the table; for a maker in no row `=` and its folded name, so that equal names still meet. */
  readonly ids: readonly string[]
  /** The name alone says little: the product's name has to be telling. */
  readonly shared: boolean
}

const NOBODY: VendorMeaning = { ids: [], shared: true }

/** Legal forms at the end of a name. */
const LEGAL_FORMS: ReadonlySet<string> = new Set([
  'ab', 'ag', 'aps', 'as', 'asa', 'bv', 'co', 'company', 'corp', 'corporation', 'ev', 'gmbh', 'inc', 'incorporated', 'kg', 'kgaa', 'kk', 'limited', 'llc',
  'llp', 'lp', 'ltd', 'nv', 'ohg', 'oy', 'oyj', 'plc', 'pte', 'pty', 'sa', 'sarl', 'sas', 'se', 'sl', 'spa', 'srl', 'usa',
])

/** Where a house sells, and that it holds others. Taken off only when the table does not know the name with them: `Contec Japan` is a house. */
const BRANCH_WORDS: ReadonlySet<string> = new Set([
  'america', 'americas', 'asia', 'australia', 'austria', 'belgium', 'canada', 'china', 'denmark', 'deutschland', 'emea', 'espana', 'europe', 'european',
  'finland', 'france', 'germany', 'global', 'group', 'holding', 'holdings', 'iberica', 'india', 'international', 'ireland', 'italia', 'italy', 'japan', 'latin',
  'nederland', 'netherlands', 'nordic', 'norge', 'north', 'norway', 'osterreich', 'pacific', 'polska', 'schweiz', 'singapore', 'spain', 'suomi', 'sverige',
  'sweden', 'switzerland', 'uk', 'united', 'kingdom', 'states', 'us', 'worldwide',
])

const ROWS_BY_NAME: ReadonlyMap<string, readonly string[]> = rowsByName()

function rowsByName(): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string[]>()
  for (const row of VENDOR_ROWS) {
    for (const name of row.names) byName.set(name, [...byName.get(name) ?? [], row.id])
  }
  return byName
}

/** Words of the longest name in the table. */
const NAME_WORDS_MAX = Math.max(...[...ROWS_BY_NAME.keys()].map((name) => name.split(' ').length))

/** `B.V.`, `S.p.A.`, `A/S`: the letters of one word. `B. Braun` keeps its space. */
const INITIALS = /(?<![\p{L}\d])\p{L}(?:[./]\p{L})+(?:\.|(?![\p{L}\d]))/gu

/** `Becton, Dickinson and Company (BD)` and `B. Braun Melsungen AG` as folded words without legal forms behind (`GmbH & Co. KG` is three). */
export function vendorName(text: string): string {
  const words = wordsOf(fold(text).replaceAll(INITIALS, (letters) => letters.replaceAll(/[./]/gu, '')).replaceAll('&', ' and '))
  while (words.length > 1 && LEGAL_FORMS.has(words.at(-1) ?? '')) {
    words.pop()
    if (words.length > 1 && words.at(-1) === 'and') words.pop()
  }
  return withoutBranch(words).join(' ')
}

function withoutBranch(words: readonly string[]): readonly string[] {
  const own = [...words]
  while (own.length > 1 && !ROWS_BY_NAME.has(own.join(' ')) && BRANCH_WORDS.has(own.at(-1) ?? '')) own.pop()
  return ROWS_BY_NAME.has(own.join(' ')) ? own : words
}

/** Whom a maker's name may mean; several makers in one text (`BMC Medical, 3B Medical`) mean each of them. */
export function vendorMeaning(text: string): VendorMeaning {
  const whole = vendorName(text)
  if (whole === '') return NOBODY
  const rows = ROWS_BY_NAME.get(whole)
  if (rows !== undefined) return { ids: rows, shared: SHARED_NAMES.has(whole) }
  const parts = partsOf(text)
  if (parts.length <= 1) return { ids: [`=${whole}`], shared: false }
  const meanings = parts.map((part) => meaningOfPart(part))
  return { ids: [...new Set([`=${whole}`, ...meanings.flatMap(({ ids }) => ids)])], shared: meanings.some(({ shared }) => shared) }
}

function meaningOfPart(part: string): VendorMeaning {
  const rows = ROWS_BY_NAME.get(part)
  return rows === undefined ? { ids: [`=${part}`], shared: false } : { ids: rows, shared: SHARED_NAMES.has(part) }
}

/** Makers in a text that lists several: between commas, `and`, slashes, and inside and outside of brackets. */
function partsOf(text: string): string[] {
  const pieces = fold(text).split(/[,;/()]|\band\b/u).map((piece) => vendorName(piece))
  return [...new Set(pieces.filter((piece) => piece !== '' && !LEGAL_FORMS.has(piece)))]
}

/** The maker whose name a model text begins with (`Contec CMS8000`), longest first, and the words of it; null when none does. */
export function leadingVendor(text: string): { readonly name: string; readonly words: number } | null {
  const words = wordsOf(text)
  for (let count = Math.min(NAME_WORDS_MAX, words.length - 1); count > 0; count--) {
    const name = words.slice(0, count).join(' ')
    if (ROWS_BY_NAME.has(name)) return { name, words: count }
  }
  return null
}
