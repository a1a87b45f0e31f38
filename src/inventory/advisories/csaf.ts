// CSAF: a parsed CSAF 2.0 document (OASIS CSAF Version 2.0, section 3) as the facts of model.ts; everything else of it is dropped.
// Keeps the rule that a document is data of strangers: every field is asked for its type, every list has a maximum, nothing throws.

import { formatPrefix, ipFromValue, parsePrefix } from '../../base/ip.ts'
import { ipScope } from '../../base/ip-scope.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { atomsOf } from './atoms.ts'
import {
  ADVISORY_STATES, type Advisory, type AdvisoryAddress, type AdvisoryHash, type AdvisoryProduct, type AdvisoryScore, type AdvisoryVulnerability,
  type RemarkCount,
} from './model.ts'
import { GENERIC_WORDS } from './product-words.ts'
import { leadingVendor } from './vendors.ts'

/** The deepest tree of the medical set has 3 levels; a product tree names vendor, family, name, version and architecture. */
const DEPTH_MAX = 16
/** The largest medical advisory has 107 products; an operating system's has some thousands. */
export const PRODUCTS_MAX = 16_384
/** The largest medical advisory has 35. */
export const VULNERABILITIES_MAX = 4096
/** Text looked at for addresses, in characters. */
const TEXT_MAX = 65_536
const ADDRESSES_MAX = 64

type Json = Readonly<Record<string, unknown>>

export function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function listOf(value: unknown, max: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, max) : []
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

/** Is it meant to be a CSAF document at all? Mirrors hold feeds and metadata beside them. */
export function looksLikeCsaf(value: unknown): boolean {
  return textOf(recordOf(recordOf(value)['document'])['csaf_version']) !== ''
}

/** The error says what is missing, and where. `hash` is of the file's bytes. */
export function advisoryOfCsaf(value: unknown, hash: AdvisoryHash): Result<Advisory> {
  const root = recordOf(value)
  const document = recordOf(root['document'])
  const tracking = recordOf(document['tracking'])
  const version = textOf(document['csaf_version'])
  if (version === '') return err('/document/csaf_version is missing: this is no CSAF document')
  if (version !== '2.0') return err(`/document/csaf_version is ${JSON.stringify(version)}; CSAF 2.0 is read`)
  const id = textOf(tracking['id'])
  if (!/^[\w.:+-]{1,120}$/.test(id)) return err('/document/tracking/id is missing or no plain word')
  const publisher = recordOf(document['publisher'])
  const tree = new ProductTree(root['product_tree'], publisher['category'] === 'vendor' ? textOf(publisher['name']) : '')
  if (tree.overflow) return err(`/product_tree has more than ${PRODUCTS_MAX} products or ${DEPTH_MAX} levels`)
  if (listOf(root['vulnerabilities'], VULNERABILITIES_MAX + 1).length > VULNERABILITIES_MAX) return err(`/vulnerabilities has more than ${VULNERABILITIES_MAX}`)
  const status = ADVISORY_STATES.find((state) => state === tracking['status']) ?? 'draft'
  return ok({
    id, publisher: textOf(publisher['name']), revision: textOf(tracking['version']), status,
    released: day(tracking['initial_release_date']), updated: day(tracking['current_release_date']), hash, url: urlOf(document),
    products: tree.products, vulnerabilities: listOf(root['vulnerabilities'], VULNERABILITIES_MAX).map((one) => vulnerabilityOf(one, tree)),
    addresses: addressesIn(document, root),
  })
}

function day(value: unknown): string {
  return /^\d{4}-\d{2}-\d{2}/.exec(textOf(value))?.[0] ?? ''
}

/** A page for people rather than the file itself. */
function urlOf(document: Json): string | null {
  const own = listOf(document['references'], 256).map(recordOf).filter((one) => one['category'] === 'self').map((one) => textOf(one['url']))
  const urls = own.filter((url) => /^https:\/\/[\w.:/#?=&%~+-]{4,300}$/.test(url))
  return urls.find((url) => !url.endsWith('.json')) ?? urls[0] ?? null
}

/** Leaves of the tree with the names on their way (3.1.2), products without a branch, and relationships (3.2.2.4). */
class ProductTree {
  readonly products: AdvisoryProduct[] = []
  /** A relationship is two leaves: what is installed, and the device it is installed on. */
  readonly #places = new Map<string, readonly number[]>()
  readonly #house: string
  readonly #groups = new Map<string, readonly string[]>()
  overflow = false

  /** `house`: the publisher, where it is the maker itself. */
  constructor(value: unknown, house: string) {
    this.#house = house
    const tree = recordOf(value)
    for (const branch of listOf(tree['branches'], PRODUCTS_MAX)) this.#walk(recordOf(branch), { vendor: '', name: '', version: '' }, 0)
    for (const full of listOf(tree['full_product_names'], PRODUCTS_MAX)) this.#add(recordOf(full), { vendor: '', name: '', version: '' })
    for (const link of listOf(tree['relationships'], PRODUCTS_MAX).map(recordOf)) this.#relate(link)
    for (const group of listOf(tree['product_groups'], PRODUCTS_MAX).map(recordOf)) {
      this.#groups.set(textOf(group['group_id']), listOf(group['product_ids'], PRODUCTS_MAX).map(textOf))
    }
  }

  /** Places of product ids and of the products in groups. */
  placesOf(ids: unknown, groups: unknown = []): number[] {
    const all = [...listOf(ids, PRODUCTS_MAX).map(textOf), ...listOf(groups, PRODUCTS_MAX).flatMap((group) => this.#groups.get(textOf(group)) ?? [])]
    return [...new Set(all.flatMap((id) => this.#places.get(id) ?? []))].sort((a, b) => a - b)
  }

  #walk(branch: Json, above: AdvisoryProduct, depth: number): void {
    if (depth >= DEPTH_MAX) {
      this.overflow = true
      return
    }
    const here = named(above, textOf(branch['category']), textOf(branch['name']))
    if (branch['product'] !== undefined) this.#add(recordOf(branch['product']), here)
    for (const child of listOf(branch['branches'], PRODUCTS_MAX)) this.#walk(recordOf(child), here, depth + 1)
  }

  #add(product: Json, here: AdvisoryProduct): void {
    if (this.products.length >= PRODUCTS_MAX) {
      this.overflow = true
      return
    }
    const id = textOf(product['product_id'])
    this.#places.set(id, [...this.#places.get(id) ?? [], this.products.length])
    this.products.push(here.name === '' ? this.#ofFullName(textOf(product['name']), here) : here)
  }

  /** Without branches the full name is all there is; the maker stands in front of it, or publishes it. */
  #ofFullName(name: string, { vendor, version }: AdvisoryProduct): AdvisoryProduct {
    return { vendor: vendor || (leadingVendor(name)?.name ?? this.#house), name, version }
  }

  /** "A installed on B": a list of devices may show A's names, or B's. */
  #relate(link: Json): void {
    const productOf = (id: unknown): AdvisoryProduct | undefined => this.products[this.#places.get(textOf(id))?.[0] ?? -1]
    const [part, device] = [productOf(link['product_reference']), productOf(link['relates_to_product_reference'])]
    const full = recordOf(link['full_product_name'])
    this.#add(full, part ?? { vendor: '', name: '', version: '' })
    if (part !== undefined && device !== undefined) this.#add(full, deviceWith(part, device))
  }
}

/** The device's names. A firmware's version is the device's own; what else is on it a person looks for. */
function deviceWith(part: AdvisoryProduct, device: AdvisoryProduct): AdvisoryProduct {
  const isOwn = part.version !== '' && part.vendor === device.vendor && /\b(?:firmware|software)\b/iu.test(part.name)
  return { vendor: device.vendor, name: device.name, version: isOwn ? part.version : `with ${part.vendor} ${part.name} ${part.version}`.trim() }
}

function isFilling(name: string): boolean {
  return atomsOf(name).every(({ text }) => GENERIC_WORDS.has(text))
}

function named(above: AdvisoryProduct, category: string, name: string): AdvisoryProduct {
  switch (category) {
    case 'vendor': return { ...above, vendor: name }
    // A family above the name; the name that follows says the whole, unless it is filling only (`CMS8000`, then `Patient Monitor`).
    case 'product_name': return { ...above, name: above.name !== '' && isFilling(name) ? `${above.name} ${name}` : name }
    case 'product_family': return above.name === '' ? { ...above, name } : above
    case 'product_version':
    case 'product_version_range': return { ...above, version: name }
    case 'service_pack':
    case 'patch_level': return { ...above, version: `${above.version} ${name}`.trim() }
    default: return above
  }
}

function vulnerabilityOf(value: unknown, tree: ProductTree): AdvisoryVulnerability {
  const one = recordOf(value)
  const status = recordOf(one['product_status'])
  const places = (...kinds: readonly string[]): number[] => [...new Set(kinds.flatMap((kind) => tree.placesOf(status[kind])))].sort((a, b) => a - b)
  const remediations = listOf(one['remediations'], PRODUCTS_MAX).map(recordOf)
  const cve = textOf(one['cve'])
  const cwe = textOf(recordOf(one['cwe'])['id'])
  return {
    cve: /^CVE-\d{4}-\d{4,}$/.test(cve) ? cve : null, cwe: /^CWE-[1-9]\d{0,5}$/.test(cwe) ? cwe : null, score: highest(one['scores']),
    affected: places('known_affected', 'first_affected', 'last_affected'), investigating: places('under_investigation'),
    cleared: places('known_not_affected', 'fixed', 'first_fixed'),
    remarks: countsOf(remediations.map((remark) => textOf(remark['category']))),
    fixNamesVersion: remediations.some((remark) => remark['category'] === 'vendor_fix' && namesVersion(textOf(remark['details']))),
  }
}

function countsOf(categories: readonly string[]): RemarkCount[] {
  return [...new Set(categories)].filter((category) => category !== '').sort()
    .map((category) => ({ category, count: categories.filter((other) => other === category).length }))
}

/** `Version 12.2.1.5`, `Ver.3.5.0`, `software 028U00062`: a number behind a word for versions. Dates, pages and telephone numbers are none. */
export function namesVersion(text: string): boolean {
  return /\b(?:version|versions|ver|release|revision|rev|software|firmware|v)\b\.?\s*[a-z]{0,3}\d+(?:[._]\w+)*/iu.test(text.slice(0, TEXT_MAX))
}

/** Of several scores of one vulnerability the worst, as published. */
function highest(value: unknown): AdvisoryScore | null {
  const scores = listOf(value, PRODUCTS_MAX).flatMap((score) => [recordOf(score)['cvss_v3'], recordOf(score)['cvss_v4']]).map(recordOf)
  let best: AdvisoryScore | null = null
  for (const one of scores) {
    const score = typeof one['baseScore'] === 'number' && one['baseScore'] >= 0 && one['baseScore'] <= 10 ? one['baseScore'] : null
    if (score === null || (best !== null && best.score >= score)) continue
    best = { version: textOf(one['version']), score, vector: textOf(one['vectorString']).replace(/^CVSS:[\d.]+\//, '') }
  }
  return best
}

/** An address with a word about addresses close before it: version numbers look the same. */
const ADDRESS = /(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(\/\d{1,2})?(?![\d.]*\d)/gu
const ABOUT = /\b(?:ip|address(?:es)?|subnet|network|hosts?|block(?:ing)?|traffic to)\b[^.]{0,60}$/iu

/** Public addresses that the text tells to block or watch: notes of the document and of vulnerabilities, and remediations. */
function addressesIn(document: Json, root: Json): AdvisoryAddress[] {
  const texts = [
    ...listOf(document['notes'], 256).map((note) => recordOf(note)['text']),
    ...listOf(root['vulnerabilities'], VULNERABILITIES_MAX).map(recordOf).flatMap((one) => [
      ...listOf(one['notes'], 64).map((note) => recordOf(note)['text']), ...listOf(one['remediations'], 256).map((remark) => recordOf(remark)['details']),
    ]),
  ].map((text) => textOf(text).slice(0, TEXT_MAX))
  const found = new Set(texts.flatMap(addressesOfText))
  return [...found].sort().slice(0, ADDRESSES_MAX).map((value) => ({ value }))
}

export function addressesOfText(text: string): string[] {
  return [...text.matchAll(ADDRESS)].flatMap((hit) => {
    const before = text.slice(Math.max(0, hit.index - 80), hit.index)
    const parsed = parsePrefix(hit[0])
    if (!parsed.ok || !ABOUT.test(before) || /\b(?:version|ver|v|release|build)\.?\s*$/iu.test(before)) return []
    return ipScope(ipFromValue(parsed.value.version, parsed.value.network)) === 'global' ? [formatPrefix(parsed.value)] : []
  })
}

/** `TLP:RED`, `TLP:AMBER`: who may see it (CSAF 2.0, 3.2.1.5.1). Null for what everybody may. */
export function markingOfCsaf(value: unknown): string | null {
  const label = recordOf(recordOf(recordOf(recordOf(value)['document'])['distribution'])['tlp'])['label']
  return label === 'RED' || label === 'AMBER' ? `TLP:${label}` : null
}
