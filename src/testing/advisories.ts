// advisories: the shared CSAF files as facts, read as the importer reads them but without its checks of a folder.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import assert from 'node:assert/strict'
import { advisoryOfCsaf } from '../inventory/advisories/csaf.ts'
import type { Advisory } from '../inventory/advisories/model.ts'
import { sharedAdvisories } from './shared.ts'

export function readFolder(): Advisory[] {
  const folder = sharedAdvisories()
  return fs.readdirSync(folder).filter((name) => name.endsWith('.json')).sort().map((name) => {
    const bytes = fs.readFileSync(path.join(folder, name))
    const read = advisoryOfCsaf(JSON.parse(bytes.toString('utf8')), { of: 'file', sha256: createHash('sha256').update(bytes).digest('hex') })
    assert.ok(read.ok, read.ok ? '' : `${name}: ${read.error}`)
    return read.value
  })
}
