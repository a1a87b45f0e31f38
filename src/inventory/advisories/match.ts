// Match: advisory times asset, with the words of the one that met the claims of the other. Pure; who decides is a person.
// Keeps product.md: vendor alias AND model, ladder A to D, unknown version is "under investigation", `vendor_fix` is never a fix.

import type { Asset } from '../asset.ts'
import { shortId } from '../../base/short-id.ts'
import type { DeviceProfile } from '../profile-model.ts'
import { atomsOf, isDigits, type Atom } from './atoms.ts'
import { productsNamed, type Catalogue, type CatalogueProduct, type MatchCounters } from './catalogue.ts'
import { subjectOf, wordsOfName, type DeviceName, type QuotedClaim, type Subject } from './identity.ts'
import type { Advisory, AdvisoryVulnerability, KnownExploited } from './model.ts'
import { judgeVersion, type VersionVerdict } from './versions.ts'

/** `under-investigation`: the name matches, and a person has to look at version, condition or evidence. */
export const MATCH_STATES = ['affected', 'under-investigation', 'not-affected'] as const
export type MatchState = (typeof MATCH_STATES)[number]

/** One leaf of the advisory that the asset's name met. */
export interface MatchedProduct {
  /** Words of the advisory. */
  readonly vendor: string
  readonly name: string
  readonly version: string
  readonly state: MatchState
  /** Why this state, in words. */
  readonly why: string
  /** Claims of the asset that were met, the model's first. */
  readonly claims: readonly QuotedClaim[]
  /** How the claims lead to the name, when they are not the name itself. */
  readonly via: string | null
}

export interface MatchedVulnerability {
  readonly cve: string | null
  readonly cwe: string | null
  readonly score: number | null
  readonly vector: string | null
  readonly state: MatchState
  /** In CISA's catalog of known exploited vulnerabilities. */
  readonly exploited: boolean
  /** Said to be in that catalog, and not confirmed. */
  readonly exploitedUnconfirmed: boolean
  /** What the publisher filed under remediations: counts by category, and that is all. */
  readonly remarks: string
}

export interface Match {
  /** `m-` and ten hex digits of asset and advisory. */
  readonly id: string
  readonly assetId: string
  readonly assetLabel: string
  readonly advisory: Pick<Advisory, 'id' | 'publisher' | 'revision' | 'updated' | 'hash' | 'url'>
  readonly state: MatchState
  /** Best level behind any of the names that met. */
  readonly level: DeviceName['level']
  /** One sentence: which words of which revision met which claim. */
  readonly sentence: string
  /** Gravest state first. */
  readonly products: readonly MatchedProduct[]
  readonly vulnerabilities: readonly MatchedVulnerability[]
  /** What a person has to find out before this is settled. */
  readonly open: readonly string[]
}

export interface MatchOptions {
  readonly profiles: ReadonlyMap<string, DeviceProfile>
  readonly exploited: KnownExploited
  readonly counters?: MatchCounters
}

/** All matches, by asset and then in catalogue order. Assets that share a name share the search. */
export function matchAssets(assets: readonly Asset[], catalogue: Catalogue, options: MatchOptions): Match[] {
  const searched = new Map<string, readonly CatalogueProduct[]>()
  const find = ({ vendor, model }: DeviceName): readonly CatalogueProduct[] => {
    const key = `${vendor ?? ''}\n${model}`
    const known = searched.get(key) ?? productsNamed(catalogue, vendor, model, options.counters)
    searched.set(key, known)
    return known
  }
  return assets.flatMap((asset) => matchesOf(subjectOf(asset, options.profiles), find, options))
}

interface Hit {
  readonly product: CatalogueProduct
  readonly matched: MatchedProduct
  readonly name: DeviceName
}

function matchesOf(subject: Subject, find: (name: DeviceName) => readonly CatalogueProduct[], options: MatchOptions): Match[] {
  const byAdvisory = new Map<string, Map<CatalogueProduct, Hit>>()
  for (const name of subject.names) {
    for (const product of find(name)) {
      const hits = byAdvisory.get(product.advisory.id) ?? new Map<CatalogueProduct, Hit>()
      byAdvisory.set(product.advisory.id, hits)
      const known = hits.get(product)
      if (known === undefined || name.level < known.name.level) hits.set(product, { product, name, matched: matchedProduct(product, name, subject) })
    }
  }
  return [...byAdvisory.values()].map((hits) => [...hits.values()].filter(isJudged)).filter((hits) => hits.length > 0)
    .map((hits) => toMatch(subject, hits, options))
}

/** A leaf that no finding lists, in an advisory whose findings list leaves, stands in the tree for another's sake (what something is installed on). */
function isJudged({ product: { advisory: { vulnerabilities }, place } }: Hit): boolean {
  return vulnerabilities.some((one) => names(one, place))
    || vulnerabilities.every(({ affected, investigating, cleared }) => affected.length + investigating.length + cleared.length === 0)
}

/** The finding lists the leaf, in whatever state. */
function names({ affected, investigating, cleared }: AdvisoryVulnerability, place: number): boolean {
  return affected.includes(place) || investigating.includes(place) || cleared.includes(place)
}

const VERSION_STATES: Readonly<Record<VersionVerdict, MatchState>> = {
  affected: 'affected', 'not-affected': 'not-affected', unknown: 'under-investigation', read: 'under-investigation',
}

function matchedProduct(product: CatalogueProduct, name: DeviceName, subject: Subject): MatchedProduct {
  const words = product.advisory.products[product.place] ?? { vendor: '', name: '', version: '' }
  const verdict = verdictOf(product, words.version, name, subject)
  const state = verdict.state === 'affected' && (name.level === 'D' || product.pattern.condition !== null) ? 'under-investigation' : verdict.state
  const limits = [
    ...(name.level === 'D' ? ['it only behaves like one: nothing names it'] : []),
    ...(product.pattern.condition !== null ? [`the advisory limits it: ${product.pattern.condition}`] : []),
  ]
  return { ...words, state, why: [verdict.why, ...limits].join('; '), claims: [...name.claims, ...verdict.claims], via: name.via }
}

interface Verdict {
  readonly state: MatchState
  readonly why: string
  readonly claims: readonly QuotedClaim[]
}

function verdictOf(product: CatalogueProduct, words: string, name: DeviceName, subject: Subject): Verdict {
  const shown = words === '' ? 'no version named' : `"${words}"`
  if (product.tests.every(({ kind }) => kind === 'all')) return { state: 'affected', why: `${shown}: every version is meant`, claims: [] }
  if (namesModel(words, name.model)) return { state: 'affected', why: `${shown} is part of the model's own name`, claims: [] }
  if (subject.versions.length === 0) {
    const onlyText = product.tests.every(({ kind }) => kind === 'text')
    return { state: 'under-investigation', why: onlyText ? `${shown} is free text: a person reads it` : `${shown}: the device's version is not known`,
      claims: [] }
  }
  return verdictOfVersions(product, shown, subject.versions)
}

/** Several versions that agree are one; when they do not, a person looks. */
function verdictOfVersions(product: CatalogueProduct, shown: string, versions: readonly QuotedClaim[]): Verdict {
  const verdicts = versions.map((claim) => judgeVersion(product.tests, claim.value))
  const [first = 'unknown'] = verdicts
  const said = versions.map(({ value, evidence }) => `${value} (${evidence})`).join(', ')
  if (verdicts.some((verdict) => VERSION_STATES[verdict] !== VERSION_STATES[first])) {
    return { state: 'under-investigation', why: `${shown}: the device's versions disagree: ${said}`, claims: versions }
  }
  const why: Readonly<Record<VersionVerdict, string>> = {
    affected: `${shown} holds for ${said}`, 'not-affected': `${shown} does not hold for ${said}`,
    unknown: `${shown} cannot be compared with ${said}`, read: `${shown} is free text: a person reads it beside ${said}`,
  }
  return { state: VERSION_STATES[first], why: why[first], claims: versions }
}

/** Digits that make a number a model's and no version's: `MMT-1715`, `7900`, `35700BAX2`. */
const MODEL_DIGITS_MIN = 4

/** Digits of a model that stands alone as one of the advisory's alternatives: `620 | 650 | 650c`. */
const ALONE_DIGITS_MIN = 3

/** Some advisories write the model where the version belongs. */
function namesModel(words: string, model: string): boolean {
  const own = atomsOf(model)
  const long = atomsOf(words).map(({ text }) => text).filter((text) => isDigits(text) && !text.includes('.') && text.length >= MODEL_DIGITS_MIN)
  return own.some(({ text }) => long.includes(text)) || words.split('|').some((alternative) => standsWhole(atomsOf(alternative), own))
}

/** A whole alternative with a number of a model's length in it (`650c`, `CR-IR 357`), as it is, not inside a longer code. */
function standsWhole(alternative: readonly Atom[], model: readonly Atom[]): boolean {
  const bare = alternative.every(({ text }) => !text.includes('.')) && alternative.some(({ text }) => isDigits(text) && text.length >= ALONE_DIGITS_MIN)
  if (!bare) return false
  return model.some((atom, at) => !atom.glued && model[at + alternative.length]?.glued !== true
    && alternative.every(({ text, glued }, i) => model[at + i]?.text === text && (i === 0 || model[at + i]?.glued === glued)))
}

/** A leaf that every finding lists as fixed or not affected says so itself, and not that its version words hold. */
function withCleared(hits: readonly Hit[], { vulnerabilities }: Advisory): readonly Hit[] {
  return hits.map((hit) => {
    const { place } = hit.product
    const named = vulnerabilities.filter((one) => names(one, place))
    if (named.length === 0 || !named.every(({ cleared }) => cleared.includes(place))) return hit
    const why = `the publisher lists "${hit.matched.version}" as fixed or not affected: ${hit.matched.why}`
    return { ...hit, matched: { ...hit.matched, state: 'not-affected', why } }
  })
}

function toMatch(subject: Subject, found: readonly Hit[], options: MatchOptions): Match {
  const advisory = (found[0] as Hit).product.advisory
  const hits = withCleared(found, advisory)
  const products = hits.map(({ matched }) => matched).sort((a, b) => MATCH_STATES.indexOf(a.state) - MATCH_STATES.indexOf(b.state))
  const vulnerabilities = advisory.vulnerabilities.flatMap((one) => vulnerabilityOf(one, found, options.exploited))
  const state = gravest([...vulnerabilities, ...(vulnerabilities.length === 0 ? products : [])].map((one) => one.state))
  const level = hits.reduce((best, { name }) => (name.level < best ? name.level : best), 'D' as DeviceName['level'])
  return {
    id: shortId('m', subject.assetId, advisory.id), assetId: subject.assetId, assetLabel: subject.assetLabel,
    advisory: { id: advisory.id, publisher: advisory.publisher, revision: advisory.revision, updated: advisory.updated, hash: advisory.hash,
      url: advisory.url },
    state, level, sentence: sentenceOf(advisory, products, hits), products, vulnerabilities,
    open: [...new Set([...products.filter((one) => one.state === 'under-investigation').map((one) => one.why), ...subject.setAside])],
  }
}

function gravest(states: readonly MatchState[]): MatchState {
  return MATCH_STATES.find((state) => states.includes(state)) ?? 'not-affected'
}

/** A vulnerability that names none of the matched leaves is another product's. */
function vulnerabilityOf(one: AdvisoryVulnerability, hits: readonly Hit[], exploited: KnownExploited): MatchedVulnerability[] {
  const named = (places: readonly number[]) => hits.filter(({ product }) => places.includes(product.place) && !one.cleared.includes(product.place))
  const [affected, investigating] = [named(one.affected), named(one.investigating)]
  const cleared = hits.filter(({ product }) => one.cleared.includes(product.place))
  if (affected.length + investigating.length + cleared.length === 0) return []
  const isFixed = cleared.some(({ product, matched }) => matched.state === 'affected' && product.tests.every(({ kind }) => kind !== 'all'))
  return [{
    cve: one.cve, cwe: one.cwe, score: one.score?.score ?? null, vector: one.score?.vector ?? null,
    state: gravest([...affected.map((hit) => (isFixed ? fixed(hit) : hit.matched.state)), ...investigating.map(investigated)]),
    exploited: one.cve !== null && exploited.cves.has(one.cve), exploitedUnconfirmed: one.cve !== null && exploited.unconfirmed.has(one.cve),
    remarks: remarkWords(one),
  }]
}

/** "All versions" beside a leaf that names the device's own version as fixed means the versions before. */
function fixed({ product, matched }: Hit): MatchState {
  return matched.state === 'affected' && product.tests.every(({ kind }) => kind === 'all') ? 'not-affected' : matched.state
}

/** What the publisher still looks at is affected at most as far as anybody knows. */
function investigated({ matched }: Hit): MatchState {
  return matched.state === 'affected' ? 'under-investigation' : matched.state
}

/** Never "fix available": the category is a drawer, and what lies in it is often a telephone number. */
function remarkWords({ remarks, fixNamesVersion }: AdvisoryVulnerability): string {
  if (remarks.length === 0) return 'the publisher files no remediation'
  const said = remarks.map(({ category, count }) => `${count} under ${category}`).join(', ')
  const isFiled = remarks.some(({ category }) => category === 'vendor_fix')
  const judged = !isFiled ? '' : fixNamesVersion ? '; one names a version, to be read before anyone relies on it'
    : '; none names a version, so none is a fix by itself'
  return `the publisher files ${said}${judged}`
}

function sentenceOf(advisory: Advisory, products: readonly MatchedProduct[], hits: readonly Hit[]): string {
  const [product] = products
  const name = (hits.find(({ matched }) => matched === product) ?? hits[0])?.name
  const claim = name?.claims.map(({ what, value, level, evidence }) => `${what} "${value}" (level ${level}, ${evidence})`).join(' and ') ?? ''
  const via = name?.via === null || name === undefined ? '' : ` by way of ${name.via}, that is ${wordsOfName(name)}`
  return `"${product?.vendor ?? ''}" and "${product?.name ?? ''}" in ${revisionWords(advisory)} meet the claim ${claim}${via}; ${product?.why ?? ''}.`
}

/** `ICSMA-22-244-01 revision 1 (file sha256 0ca8cd1b2c16)`. */
export function revisionWords({ id, revision, hash }: Pick<Advisory, 'id' | 'revision' | 'hash'>): string {
  return `${id} revision ${revision} (${hash.of} sha256 ${hash.sha256.slice(0, 12)})`
}
