// Goldens: each testdata/*.yaml and, beside it, exactly what a person is told about it. UPDATE=1 rewrites; review reads the diff.
// The first line of each file says why the case exists; `policy-`, `yaml-`, `profile-` and `gateway-` say who reads it.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatDiagnostic, type Diagnostic } from '../base/diagnostic.ts'
import { parseProfile } from '../inventory/profiles.ts'
import { loadGatewayFile } from './gateway-file.ts'
import { loadYamlTree } from './load.ts'
import { loadPolicy } from './policy.ts'

const FOLDER = join(import.meta.dirname, 'testdata')
const CASES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')).sort()
const KNOWN = { profiles: new Set(['contec-cms8000', 'epsimed-mn-120', 'cms-central-station']), today: '2026-06-15' }

function profileDiagnostics(path: string): readonly Diagnostic[] {
  const loaded = loadYamlTree(path)
  return loaded.ok ? [...loaded.value.diagnostics, ...parseProfile(loaded.value.tree).diagnostics] : loaded.error
}

function policyDiagnostics(path: string): readonly Diagnostic[] {
  const loaded = loadPolicy(path, KNOWN)
  return loaded.ok ? loaded.value.warnings : loaded.error
}

function gatewayDiagnostics(path: string): readonly Diagnostic[] {
  const loaded = loadGatewayFile(path)
  return loaded.ok ? loaded.value.warnings : loaded.error
}

function diagnosticsOf(name: string, path: string): readonly Diagnostic[] {
  if (name.startsWith('gateway-')) return gatewayDiagnostics(path)
  return name.startsWith('profile-') ? profileDiagnostics(path) : policyDiagnostics(path)
}

/** What is printed, with the folder left out of the path. */
function told(name: string): string {
  const path = join(FOLDER, name)
  const diagnostics = diagnosticsOf(name, path)
  return diagnostics.map((d) => `${formatDiagnostic({ ...d, file: name, message: d.message.replaceAll(path, name) })}\n`).join('')
}

for (const name of CASES) {
  test(`golden ${name}`, () => {
    const expectedPath = join(FOLDER, name.replace(/\.yaml$/, '.expected'))
    const actual = told(name)
    if (process.env.UPDATE === '1') writeFileSync(expectedPath, actual)
    assert.equal(actual, readFileSync(expectedPath, 'utf8'))
  })
}

test('there is a case for each reader, and no expectation without its case', () => {
  for (const reader of ['policy-', 'yaml-', 'profile-', 'gateway-']) assert.ok(CASES.filter((name) => name.startsWith(reader)).length >= 2, reader)
  const orphans = readdirSync(FOLDER).filter((name) => name.endsWith('.expected')
    && !existsSync(join(FOLDER, name.replace(/\.expected$/, '.yaml'))))
  assert.deepEqual(orphans, [])
})

test('each case says in its first lines why it exists', () => {
  for (const name of CASES.filter((n) => n !== 'yaml-empty.yaml')) {
    const head = readFileSync(join(FOLDER, name), 'utf8').split('\n').slice(0, 2).join('\n')
    assert.match(head, /^# \S.{15,}[.?]/m, name)
  }
})

test('every diagnostic of a file points into it', () => {
  for (const name of CASES) {
    const lines = readFileSync(join(FOLDER, name), 'utf8').split('\n')
    const path = join(FOLDER, name)
    for (const d of diagnosticsOf(name, path)) {
      assert.equal(d.file, path)
      assert.ok(d.line >= 0 && d.line <= lines.length, `${name}:${d.line}`)
      assert.ok(d.line === 0 || d.column <= (lines[d.line - 1]?.length ?? 0) + 1, `${name}:${d.line}:${d.column}`)
    }
  }
})
