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

/** Legal forms and the like at the end of a name. `and` is left by "Becton, Dickinson and Company". */
const LEGAL_FORMS: ReadonlySet<string> = new Set([
  'ab', 'ag', 'aps', 'as', 'bv', 'co', 'company', 'corp', 'corporation', 'gmbh', 'inc', 'incorporated', 'kg', 'kgaa', 'limited', 'llc', 'lp', 'ltd', 'nv', 'oy',
  'oyj', 'plc', 'pte', 'pty', 'sa', 'sas', 'se', 'spa', 'srl', 'usa',
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

/** `Becton, Dickinson and Company (BD)` and `B. Braun Melsungen AG` as folded words without a legal form behind. */
export function vendorName(text: string): string {
  const words = wordsOf(fold(text).replaceAll('&', ' and '))
  while (words.length > 1 && LEGAL_FORMS.has(words.at(-1) ?? '')) words.pop()
  return words.join(' ')
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
