// Products: from an advisory's product name to the words a device's model must show, and whether a model shows them.
// Keeps the rule "vendor alias and model token" (product.md): all words of one key, each whole, or there is no match.

import { atomsOf, fold, isDigits, type Atom } from './atoms.ts'
import { GENERIC_WORDS, OTHER_TRADES, PLAIN_WORDS, PRODUCT_OVERRIDES, type ProductOverride } from './product-words.ts'
import { vendorMeaning, vendorName } from './vendors.ts'

/** Atoms that stand one behind the other: `cms` `8000`. `high` makes a run of numbers of the last atom: `mx400..550`. */
export interface KeyItem {
  readonly atoms: readonly string[]
  readonly high: number | null
}

/** All items have to be in a model's text. */
export interface ProductKey {
  readonly items: readonly KeyItem[]
  /** Plain words only: the model must have no other telling word. */
  readonly plain: boolean
}

export interface ProductPattern {
  /** Any one is enough; none means that the name alone cannot find a device. */
  readonly keys: readonly ProductKey[]
  readonly except: readonly (readonly KeyItem[])[]
  /** Words of the name that limit it to some of the devices, or null. */
  readonly condition: string | null
  /** A version at the end of the name (`IntelliSpace Portal 8.0.x`), or null. */
  readonly version: string | null
}

/** Letters that belong to the number behind them: `MX 450`, `iSeq 100`. */
const CODE_LETTERS_MAX = 4
/** Longest list of alternatives in one name of the medical set: nine. */
const SLOT_MAX = 16
/** A name multiplies its lists; two of three each are the most seen. */
const KEYS_MAX = 64

const LIMITS = /\s*,?\s+(?:used with|running on|enabled with|with installed|integrated as|compatible with|with|without|installed on)\s.*$/iu
const VERSION_BEHIND = /\s+v?(\d+(?:\.(?:\d+|x))+)$/iu

/** A number as long as an order number finds its product alone: `24950 MyCareLink Monitor`. */
const ORDER_NUMBER = /^\d{5,}$/u

/** First words that are a house's name and a family's at once: without them `MiniMed 508` would be any 508. */
const BRANDS: ReadonlySet<string> = new Set(['alaris', 'change', 'dana', 'eli', 'mckesson', 'minimed', 'peervue', 'valleylab', 'xltek'])

const OVERRIDES: ReadonlyMap<string, ProductOverride> = new Map(PRODUCT_OVERRIDES.map((row) => [`${row.vendor}|${row.name}`, row]))

/** Both as published. */
export function productPattern(vendor: string, name: string): ProductPattern {
  for (const id of vendorMeaning(vendor).ids) {
    const row = OVERRIDES.get(`${id}|${fold(name).trim()}`)
    if (row !== undefined) return patternOfRow(row)
  }
  return patternOfName(vendor, name)
}

function patternOfRow(row: ProductOverride): ProductPattern {
  return {
    keys: row.keys.map((key) => keyOf(key.split(' ').flatMap(itemOfWord))),
    except: (row.except ?? []).map((key) => key.split(' ').flatMap(itemOfWord)),
    condition: row.condition ?? null, version: row.version ?? null,
  }
}

/** `mx400..550` or `cms8000`; a word with a hyphen or slash is several items. */
function itemOfWord(word: string): KeyItem[] {
  const range = /^(.*\d)\.\.(\d+)$/.exec(word)
  return itemsOfAtoms(atomsOf(range?.[1] ?? word), range === null ? null : Number(range[2]))
}

/** Glued atoms are one item. `high` belongs to the last. */
function itemsOfAtoms(atoms: readonly Atom[], high: number | null): KeyItem[] {
  const items: string[][] = []
  for (const atom of atoms) {
    if (atom.glued) items.at(-1)?.push(atom.text)
    else items.push([atom.text])
  }
  return items.map((item, i) => ({ atoms: item, high: i === items.length - 1 ? high : null }))
}

function keyOf(items: readonly KeyItem[]): ProductKey {
  return { items, plain: items.every(({ atoms }) => atoms.length === 1 && PLAIN_WORDS.has(atoms[0] ?? '')) }
}

function patternOfName(vendor: string, name: string): ProductPattern {
  const bracketed = bracketsOf(name)
  const limit = LIMITS.exec(bracketed.outside)
  const free = limit === null ? bracketed.outside : bracketed.outside.slice(0, limit.index)
  const version = VERSION_BEHIND.exec(free)
  const outside = version === null ? free : free.slice(0, version.index)
  const slots = joinCodes(slotsOf(withoutVendor(vendor, outside)))
  const telling = slots.filter((slot) => !slot.every(isGeneric))
  const chosen = telling.length > 0 ? telling : slots.length > 1 ? slots : []
  const numbers = telling.length > 1 ? outside.split(' ').filter((word) => ORDER_NUMBER.test(word)) : []
  const codes = [...bracketed.codes, ...numbers].map((code) => keyOf(itemOfWord(code)))
  return {
    keys: [...productOf(chosen).map(keyOf), ...codes],
    except: [], condition: limit?.[0].trim() ?? bracketed.condition, version: version?.[1] ?? null,
  }
}

interface Brackets {
  readonly outside: string
  /** Order numbers and long abbreviations in brackets, each enough by itself. */
  readonly codes: readonly string[]
  readonly condition: string | null
}

function bracketsOf(name: string): Brackets {
  const contents = [...name.matchAll(/\(([^()]*)\)/gu)].map((found) => (found[1] ?? '').trim())
  return {
    outside: name.replaceAll(/\([^()]*\)/gu, ' ').replaceAll(/[()]/gu, ' ').replaceAll(/\s+/gu, ' ').trim(),
    codes: contents.filter((text) => /^(?=\S*\d)[A-Z0-9-]{5,}$/u.test(text) || /^[A-Z]{4,6}$/u.test(text)).map(fold),
    condition: contents.find((text) => /\b(?:only|with|running)\b/iu.test(text)) ?? null,
  }
}

/** A maker's name in front of the product's says nothing new. */
function withoutVendor(vendor: string, name: string): string {
  const words = name.split(' ')
  const own = vendorMeaning(vendor).ids
  if (BRANDS.has(words[0]?.toLowerCase() ?? '')) return name
  for (let count = Math.min(3, words.length - 1); count > 0; count--) {
    const ids = vendorMeaning(words.slice(0, count).join(' ')).ids
    if (ids.some((id) => own.includes(id)) || words.slice(0, count).join(' ').toLowerCase() === vendorName(vendor)) return words.slice(count).join(' ')
  }
  return name
}

type Slot = readonly KeyItem[][]

/** One slot for each word; a word with slashes (`FM20/FM30`, `Accent/Anthem`) is a list of alternatives. */
function slotsOf(name: string): Slot[] {
  return name.split(/[\s,]+/u).filter((word) => word !== '').flatMap((word): Slot[] => {
    const range = rangeOf(word)
    if (range !== null) return [[[range]]]
    const parts = word.split('/').filter((part) => part !== '')
    if (parts.length > 1 && parts.length <= SLOT_MAX && parts.every(isListed)) return [withPrefixes(parts)]
    return itemOfWord(word).map((item) => [[item]])
  })
}

/** Parts of a list are codes or whole names; `NM/CT` and `XQ/i` are one name. */
function isListed(part: string): boolean {
  return /\d/u.test(part) || part.length >= 4
}

/** `MX400-550`, `MX400-MX850`. */
function rangeOf(word: string): KeyItem | null {
  const found = /^([a-z]+)(\d+)-([a-z]*)(\d+)$/u.exec(fold(word))
  if (found === null) return null
  const [, letters = '', low = '', again = '', high = ''] = found
  if ((again !== '' && again !== letters) || Number(low) >= Number(high)) return null
  return { atoms: [letters, low], high: Number(high) }
}

/** `MX800/700/600`: the letters of the first are meant with each. */
function withPrefixes(parts: readonly string[]): Slot {
  const first = atomsOf(parts[0] ?? '')
  const letters = first.length > 1 && !isDigits(first[0]?.text ?? '') ? (first[0]?.text ?? '') : ''
  return parts.map((part) => itemOfWord(/^\d/u.test(part) ? `${letters}${part}` : part))
}

/** Short letters and the number behind them become one item: `NM 630` and `NM630` are one code. */
function joinCodes(slots: readonly Slot[]): Slot[] {
  const joined: Slot[] = []
  for (const slot of slots) {
    const letters = shortLetters(joined.at(-1))
    const isNumber = slot.every((items) => items.length === 1 && isDigits(items[0]?.atoms[0] ?? ''))
    if (letters === null || !isNumber) joined.push(slot)
    else joined.splice(-1, 1, slot.map((items) => items.map((item) => ({ ...item, atoms: [letters, ...item.atoms] }))))
  }
  return joined
}

function shortLetters(slot: Slot | undefined): string | null {
  const only = slot?.length === 1 && slot[0]?.length === 1 ? slot[0][0] : undefined
  const text = only?.atoms.length === 1 ? (only.atoms[0] ?? '') : ''
  return text !== '' && text.length <= CODE_LETTERS_MAX && !isDigits(text) && !GENERIC_WORDS.has(text) ? text : null
}

function isGeneric(items: readonly KeyItem[]): boolean {
  return items.every(({ atoms }) => atoms.length === 1 && GENERIC_WORDS.has(atoms[0] ?? ''))
}

/** One of each slot, in all combinations. */
function productOf(slots: readonly Slot[]): KeyItem[][] {
  if (slots.length === 0) return []
  let keys: KeyItem[][] = [[]]
  for (const slot of slots) {
    keys = keys.flatMap((key) => slot.map((items) => [...key, ...items])).slice(0, KEYS_MAX)
  }
  return keys
}

/** Does the model's text show all items of the key? `shared`: the maker's name is used for other goods too. */
export function showsKey(model: readonly Atom[], key: ProductKey, shared: boolean): boolean {
  if (!key.items.every((item, i) => shows(model, item, key.items[i - 1]))) return false
  if (shared && isOtherTrade(model, key)) return false
  return !(key.plain && shared) || tellingWords(model).every((word) => key.items.some(({ atoms }) => atoms[0] === word))
}

export function isExcepted(model: readonly Atom[], pattern: ProductPattern): boolean {
  return pattern.except.some((items) => items.every((item) => shows(model, item)))
}

function tellingWords(model: readonly Atom[]): string[] {
  return model.map(({ text }) => text).filter((text) => !GENERIC_WORDS.has(text))
}

/** A word that is the product's own (`Remote Controller`) says nothing of the trade. */
function isOtherTrade(model: readonly Atom[], key: ProductKey): boolean {
  return model.some(({ text }) => OTHER_TRADES.has(text) && !key.items.some(({ atoms }) => atoms.includes(text)))
}

/** `before`: the item in front of it in the key. */
export function shows(model: readonly Atom[], item: KeyItem, before?: KeyItem): boolean {
  for (let at = 0; at + item.atoms.length <= model.length; at++) if (standsAt(model, at, item, before)) return true
  return false
}

/**
 * Whole: nothing glued before a number or before letters, and no letters glued behind a number. A word may have its number glued behind it:
 * `Medfusion4000` is the word and the number that the key has one behind the other.
 */
function standsAt(model: readonly Atom[], at: number, item: KeyItem, before?: KeyItem): boolean {
  if (model[at]?.glued === true && !(isDigits(item.atoms[0] ?? '') && before?.atoms.length === 1 && before.atoms[0] === model[at - 1]?.text)) return false
  const last = item.atoms.length - 1
  for (let i = 0; i <= last; i++) {
    const text = model[at + i]?.text ?? ''
    if (i === last && item.high !== null ? !isWithin(text, Number(item.atoms[last]), item.high) : text !== item.atoms[i]) return false
  }
  const behind = model[at + last + 1]
  return behind === undefined || !behind.glued || (item.atoms.length === 1 && !isDigits(item.atoms[0] ?? ''))
}

function isWithin(text: string, low: number, high: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= low && Number(text) <= high
}
