// The update commands' part of a gateway's file: folder and approvers, and each way they can be wrong.
// Keeps the rule that a wrong approver is never dropped in silence: the whole file is refused with line and help.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { scratch } from '../testing/command.ts'
import { loadUpdateSite } from './update-site.ts'

const [A, B] = ['a'.repeat(64), 'B'.repeat(64)]

function load(t: TestContext, text: string): ReturnType<typeof loadUpdateSite> {
  const file = path.join(scratch(t), 'gateway.yaml')
  fs.writeFileSync(file, text)
  return loadUpdateSite(file)
}

test('folder and approvers are taken, the folder relative to the file, and other keys are not looked at', (t) => {
  const site = load(t, `version: 1
folder: data
beds: 7
updates:
  export: /pm
  approvers:
    - { id: biomed, name: A. Example, key: "${A}" }
    - { id: ward, name: B. Example, key: "${B}" }
`)
  ok(site.ok)
  equal(path.basename(site.value.folder), 'data')
  ok(path.isAbsolute(site.value.folder))
  deepEqual(site.value.approvers.map((a) => [a.id, a.key]), [['biomed', A], ['ward', B.toLowerCase()]])
})

test('no approvers is nobody, not an error: then nothing can be approved', (t) => {
  for (const text of ['folder: /var/lib/x\n', 'folder: /var/lib/x\nupdates: {}\n']) {
    const site = load(t, text)
    deepEqual(site.ok && site.value, { folder: '/var/lib/x', approvers: [] })
  }
})

for (const [what, approvers, pattern] of [
  ['a short key', `[{ id: a, name: A, key: "${'a'.repeat(63)}" }]`, /"key" of approver a must have 64 hex digits/],
  ['one id twice', `[{ id: a, name: A, key: "${A}" }, { id: a, name: B, key: "${B}" }]`, /the id "a" is there twice/],
  ['one key twice, in other letters', `[{ id: a, name: A, key: "${A}" }, { id: b, name: B, key: "${A.toUpperCase()}" }]`, /the key "a+…" is there twice/],
  ['no name', `[{ id: a, key: "${A}" }]`, /an approver has no "name"/],
  ['a mistyped key', `[{ id: a, name: A, keys: "${A}" }]`, /an approver has no key "keys"/],
  ['no list', 'ada', /must be a list/],
] as const) {
  test(`${what} refuses the file, with its line`, (t) => {
    const site = load(t, `folder: x\nupdates:\n  approvers: ${approvers}\n`)
    equal(site.ok, false)
    const first = site.ok ? undefined : site.error.find((d) => pattern.test(d.message))
    match(first?.message ?? JSON.stringify(site), pattern)
    equal(first?.line, 3)
    ok((first?.help ?? '') !== '')
  })
}

test('no folder, no file and no YAML are told', (t) => {
  const texts = ['updates: {}\n', 'folder: [1]\n', 'folder: "a\n']
  for (const text of texts) equal(load(t, text).ok, false, text)
  const missing = loadUpdateSite(path.join(scratch(t), 'absent.yaml'))
  equal(missing.ok, false)
})
