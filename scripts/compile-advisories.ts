// Compiles advisories in CSAF 2.0 into the table the product ships: advisories/medical.jsonl, facts only, none of their prose.
// node scripts/compile-advisories.ts FOLDER, where FOLDER holds the files. The same files give the same bytes on every machine.

import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { advisoryOfCsaf } from '../src/inventory/advisories/csaf.ts'
import type { Advisory } from '../src/inventory/advisories/model.ts'
import { advisoryLine, hashedLine } from '../src/inventory/advisories/table.ts'

export const TABLE_FILE = path.join(import.meta.dirname, '..', 'advisories', 'medical.jsonl')

/** Medical advisories of CISA; industrial ones (ICSA) are another house's. */
const MEDICAL = /^icsma-.*\.json$/

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

/** The vectors' common part of the two hidden functions and of the leak, as published: attack over the network, high complexity. */
const HIDDEN_FUNCTION = { version: '3.1', score: 7.5, vector: 'AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:H' }

/**
 * ICSMA-25-030-01, update A (2025-02-25), by hand from what is publicly known of it: no file of it is at hand. One finding concerns three
 * firmware versions, the other three all versions.
 */
function contecOf2025(): Advisory {
  const product = (version: string): Advisory['products'][number] => ({ vendor: 'Contec Health', name: 'CMS8000 Patient Monitor', version })
  const none = { investigating: [], cleared: [], remarks: [{ category: 'mitigation', count: 1 }], fixNamesVersion: false }
  const facts: Advisory = {
    id: 'ICSMA-25-030-01', publisher: 'CISA', revision: 'Update A', status: 'final', released: '2025-01-30', updated: '2025-02-25',
    hash: { of: 'facts', sha256: '' }, url: 'https://www.cisa.gov/news-events/ics-medical-advisories/icsma-25-030-01',
    products: ['smart3250-2.6.27-wlan2.1.7.cramfs', 'CMS7.820.075.08/0.74(0.75)', 'CMS7.820.120.01/0.93(0.95)', 'vers:all/*'].map(product),
    vulnerabilities: [
      { cve: 'CVE-2024-12248', cwe: 'CWE-787', score: { version: '3.1', score: 9.8, vector: 'AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }, affected: [0, 1, 2],
        ...none },
      { cve: 'CVE-2025-0626', cwe: 'CWE-912', score: HIDDEN_FUNCTION, affected: [3], ...none },
      { cve: 'CVE-2025-0683', cwe: 'CWE-359', score: { version: '3.1', score: 5.9, vector: 'AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N' }, affected: [3], ...none },
      { cve: 'CVE-2025-1204', cwe: 'CWE-912', score: HIDDEN_FUNCTION, affected: [3], ...none },
    ],
    addresses: ['202.114.4.0/24', '202.114.4.119/32', '202.114.4.120/32'].map((value) => ({ value })),
  }
  return { ...facts, hash: { of: 'facts', sha256: sha256(hashedLine(facts)) } }
}

export function compileAdvisories(folder: string): string {
  const files = fs.readdirSync(folder).filter((name) => MEDICAL.test(name)).sort()
  const advisories = files.map((name) => {
    const bytes = fs.readFileSync(path.join(folder, name))
    const read = advisoryOfCsaf(JSON.parse(bytes.toString('utf8')), { of: 'file', sha256: sha256(bytes) })
    if (!read.ok) throw new Error(`${name}: ${read.error}`)
    return read.value
  })
  return [...advisories, contecOf2025()].sort((a, b) => (a.id < b.id ? -1 : 1)).map((one) => `${advisoryLine(one)}\n`).join('')
}

if (import.meta.main) {
  const folder = process.argv[2]
  if (folder === undefined) throw new Error('name the folder that holds the CSAF files')
  const table = compileAdvisories(folder)
  fs.writeFileSync(TABLE_FILE, table)
  console.log(`${TABLE_FILE}: ${table.split('\n').length - 1} advisories, ${table.length} bytes`)
}
