// Catalogue: advisories made ready to be asked, by maker and by the most telling piece of each product's name.
// Keeps the rule that the index only leaves out what cannot match: its slow twin in the tests asks every product of every advisory.

import { atomsOf, type Atom } from './atoms.ts'
import type { Advisory } from './model.ts'
import { isExcepted, productPattern, showsKey, type ProductKey, type ProductPattern } from './products.ts'
import { leadingVendor, vendorMeaning } from './vendors.ts'
import { versionTests, type VersionTest } from './versions.ts'

/** One leaf of one advisory. */
export interface CatalogueProduct {
  readonly advisory: Advisory
  /** Place among all leaves of the catalogue. */
  readonly order: number
  /** Place in `advisory.products`. */
  readonly place: number
  readonly pattern: ProductPattern
  readonly tests: readonly VersionTest[]
}

export interface Catalogue {
  readonly advisories: readonly Advisory[]
  readonly products: readonly CatalogueProduct[]
  /** Row id of the maker, then an atom of the key. */
  readonly byVendor: ReadonlyMap<string, ReadonlyMap<string, readonly KeyEntry[]>>
  /** Leaves whose name alone finds no device. */
  readonly unfindable: readonly CatalogueProduct[]
}

export interface KeyEntry {
  readonly product: CatalogueProduct
  readonly key: ProductKey
}

/** Work done, for tests of cost. */
export interface MatchCounters {
  /** Product keys held against a model's text. */
  comparisons: number
}

export function createCatalogue(advisories: readonly Advisory[]): Catalogue {
  const patterns = new Map<string, ProductPattern>()
  const tests = new Map<string, readonly VersionTest[]>()
  const leaves = advisories.flatMap((advisory) => advisory.products.map((product, place) => ({ advisory, product, place })))
  const products = leaves.map(({ advisory, product: { vendor, name, version }, place }, order): CatalogueProduct => {
    const pattern = kept(patterns, `${vendor}\n${name}`, () => productPattern(vendor, name))
    return { advisory, order, place, pattern, tests: kept(tests, `${pattern.version}\n${version}`, () => testsOf(version, pattern.version)) }
  })
  return { advisories, products, byVendor: indexOf(products), unfindable: products.filter(({ pattern }) => pattern.keys.length === 0) }
}

function kept<T>(known: Map<string, T>, key: string, make: () => T): T {
  const old = known.get(key)
  if (old !== undefined) return old
  const made = make()
  known.set(key, made)
  return made
}

/** A version in the name narrows "all versions"; beside other words it is left to them. */
function testsOf(words: string, inName: string | null): readonly VersionTest[] {
  const tests = versionTests(words)
  return inName !== null && tests.every(({ kind }) => kind === 'all') ? versionTests(inName) : tests
}

function indexOf(products: readonly CatalogueProduct[]): Catalogue['byVendor'] {
  const meanings = new Map<string, readonly string[]>()
  const entries = new Map<string, KeyEntry[]>()
  for (const product of products) {
    const vendor = product.advisory.products[product.place]?.vendor ?? ''
    for (const id of kept(meanings, vendor, () => vendorMeaning(vendor).ids)) {
      const own = kept<KeyEntry[]>(entries, id, () => [])
      for (const key of product.pattern.keys) own.push({ product, key })
    }
  }
  return new Map([...entries].map(([id, own]) => [id, byAnchor(own)]))
}

/** Under the rarest of the atoms that a model has to show: the fewest keys are then held against a model. */
function byAnchor(entries: readonly KeyEntry[]): ReadonlyMap<string, readonly KeyEntry[]> {
  const counts = new Map<string, number>()
  for (const { key } of entries) for (const atom of anchorsOf(key)) counts.set(atom, (counts.get(atom) ?? 0) + 1)
  const byAtom = new Map<string, KeyEntry[]>()
  for (const entry of entries) {
    const [first = '', ...rest] = anchorsOf(entry.key)
    const rarest = rest.reduce((best, atom) => ((counts.get(atom) ?? 0) < (counts.get(best) ?? 0) ? atom : best), first)
    kept<KeyEntry[]>(byAtom, rarest, () => []).push(entry)
  }
  return byAtom
}

/** Atoms that stand in a model as they are; the number of a run may differ. */
function anchorsOf(key: ProductKey): readonly string[] {
  return key.items.flatMap((item) => (item.high === null ? item.atoms : item.atoms.slice(0, -1)))
}

/** Products that a maker's and a model's name mean, in catalogue order. `vendor` null: the model's text may begin with a maker's name. */
export function productsNamed(catalogue: Catalogue, vendor: string | null, model: string, counters?: MatchCounters): CatalogueProduct[] {
  const maker = vendor ?? leadingVendor(model)?.name ?? null
  if (maker === null) return []
  const { ids, shared } = vendorMeaning(maker)
  const atoms = atomsOf(model)
  const texts = new Set(atoms.map(({ text }) => text))
  const found = new Set<CatalogueProduct>()
  for (const id of ids) {
    const byAtom = catalogue.byVendor.get(id)
    for (const text of byAtom === undefined ? [] : texts) {
      for (const entry of byAtom?.get(text) ?? []) if (isMeant(entry, atoms, shared, counters)) found.add(entry.product)
    }
  }
  return [...found].sort((a, b) => a.order - b.order)
}

function isMeant({ product, key }: KeyEntry, model: readonly Atom[], shared: boolean, counters?: MatchCounters): boolean {
  if (counters !== undefined) counters.comparisons++
  return showsKey(model, key, shared) && !isExcepted(model, product.pattern)
}
