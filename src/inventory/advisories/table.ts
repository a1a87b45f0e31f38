// Table: the shipped facts, one advisory per line of JSON, and back. scripts/compile-advisories.ts writes it.
// Keeps the rule that a broken line is our mistake and is told with its number; nothing of it is half used.

import { assert } from '../../base/assert.ts'
import { listOf, PRODUCTS_MAX, recordOf, textOf, VULNERABILITIES_MAX } from './csaf.ts'
import { ADVISORY_STATES, type Advisory, type AdvisoryProduct, type AdvisoryVulnerability, type KnownExploited } from './model.ts'

/** What stands for "all products": most vulnerabilities affect each of them, and a table is read by people too. */
const ALL = 'all'

/** CISA's catalog has some 1700 rows. */
const CATALOG_MAX = 65_536

/** One line, keys always in this order, so that a difference between two tables is a difference in facts. */
export function advisoryLine(advisory: Advisory): string {
  const everything = advisory.products.map((_, i) => i).join()
  return JSON.stringify({
    id: advisory.id, publisher: advisory.publisher, revision: advisory.revision, status: advisory.status, released: advisory.released,
    updated: advisory.updated, hash: [advisory.hash.of, advisory.hash.sha256], url: advisory.url,
    products: advisory.products.map(({ vendor, name, version }) => [vendor, name, version]),
    vulnerabilities: advisory.vulnerabilities.map((one) => ({
      cve: one.cve, cwe: one.cwe, score: one.score === null ? null : [one.score.version, one.score.score, one.score.vector],
      affected: one.affected.join() === everything ? ALL : one.affected, ...(one.investigating.length > 0 ? { investigating: one.investigating } : {}),
      ...(one.cleared.length > 0 ? { cleared: one.cleared } : {}),
      remarks: Object.fromEntries(one.remarks.map(({ category, count }) => [category, count])), fixNamesVersion: one.fixNamesVersion,
    })),
    ...(advisory.addresses.length > 0 ? { addresses: advisory.addresses.map(({ value }) => value) } : {}),
  })
}

/** What the hash of a row without a file is taken of: the row with an empty hash. */
export function hashedLine(advisory: Advisory): string {
  return advisoryLine({ ...advisory, hash: { of: 'facts', sha256: '' } })
}

/** `text` is the table; empty lines are skipped. */
export function advisoriesOfTable(text: string): Advisory[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    const advisory = advisoryOfRow(JSON.parse(line))
    assert(advisory !== null, `line ${i + 1} of the advisory table`)
    return [advisory]
  })
}

/** A row of the table, or a record of a store; null when it is neither. */
export function advisoryOfRow(value: unknown): Advisory | null {
  const row = recordOf(value)
  const [of, sha256] = listOf(row['hash'], 2)
  const status = ADVISORY_STATES.find((state) => state === row['status'])
  if (textOf(row['id']) === '' || status === undefined || (of !== 'file' && of !== 'facts')) return null
  const products = listOf(row['products'], PRODUCTS_MAX).map(productOf)
  return {
    id: textOf(row['id']), publisher: textOf(row['publisher']), revision: textOf(row['revision']), status, released: textOf(row['released']),
    updated: textOf(row['updated']), hash: { of, sha256: textOf(sha256) }, url: textOf(row['url']) || null, products,
    vulnerabilities: listOf(row['vulnerabilities'], VULNERABILITIES_MAX).map((one) => vulnerabilityOf(recordOf(one), products.length)),
    addresses: listOf(row['addresses'], PRODUCTS_MAX).map((address) => ({ value: textOf(address) })),
  }
}

function productOf(value: unknown): AdvisoryProduct {
  const [vendor, name, version] = listOf(value, 3)
  return { vendor: textOf(vendor), name: textOf(name), version: textOf(version) }
}

function vulnerabilityOf(row: Readonly<Record<string, unknown>>, products: number): AdvisoryVulnerability {
  const [version, score, vector] = listOf(row['score'], 3)
  const places = (value: unknown): number[] => listOf(value, PRODUCTS_MAX).map(Number).filter((place) => place >= 0 && place < products)
  return {
    cve: textOf(row['cve']) || null, cwe: textOf(row['cwe']) || null,
    score: typeof score === 'number' ? { version: textOf(version), score, vector: textOf(vector) } : null,
    investigating: places(row['investigating']),
    affected: row['affected'] === ALL ? Array.from({ length: products }, (_, i) => i) : places(row['affected']), cleared: places(row['cleared']),
    remarks: Object.entries(recordOf(row['remarks'])).map(([category, count]) => ({ category, count: Number(count) })),
    fixNamesVersion: row['fixNamesVersion'] === true,
  }
}

/** `{ asOf, cves }` with a number as text or as `{ cve, added, source, unconfirmed }` each. */
export function knownExploitedOf(value: unknown): KnownExploited {
  const row = recordOf(value)
  const rows = listOf(row['cves'], CATALOG_MAX).map((one) => (typeof one === 'string' ? { cve: one } : recordOf(one)))
  const numbers = (unconfirmed: boolean): ReadonlySet<string> =>
    new Set(rows.filter((one: Readonly<Record<string, unknown>>) => (one['unconfirmed'] === true) === unconfirmed).map(({ cve }) => textOf(cve)))
  return { asOf: textOf(row['asOf']), cves: numbers(false), unconfirmed: numbers(true) }
}

/** CISA's catalog as it is published: `catalogVersion` and a list of vulnerabilities; null when it is something else. */
export function knownExploitedOfCatalog(value: unknown): KnownExploited | null {
  const root = recordOf(value)
  const rows = listOf(root['vulnerabilities'], CATALOG_MAX).map(recordOf)
  const asOf = textOf(root['catalogVersion']).replaceAll('.', '-')
  if (asOf === '' || rows.length === 0 || textOf(rows[0]?.['cveID']) === '') return null
  return { asOf, cves: new Set(rows.map((row) => textOf(row['cveID']))), unconfirmed: new Set() }
}
