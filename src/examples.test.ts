// The examples run, and the policies among them are sound: a newcomer's first try must not fail.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { cordonHere as cordon, scratch } from './testing/command.ts'

const EXAMPLES = path.join(import.meta.dirname, '..', 'examples')
const files = fs.readdirSync(EXAMPLES)

test('each example program answers about a ward it has never seen, and refuses to run without a file', async (t) => {
  const ward = path.join(scratch(t), 'ward.pcap')
  assert.equal((await cordon(['twin', '--out', ward, '--beds', '4', '--scenario', 'leak', '--seconds', '30'])).code, 0)
  const programs = files.filter((f) => f.endsWith('.ts'))
  assert.ok(programs.length >= 2)
  for (const program of programs) {
    const run = (args: readonly string[]) => spawnSync(process.execPath, [path.join(EXAMPLES, program), ...args], { encoding: 'utf8' })
    const answered = run([ward])
    assert.equal(answered.status, 0, `${program}: ${answered.stderr}`)
    assert.match(answered.stdout, /202\.114\.4\.119/, program)
    assert.equal(run([]).status, 2, program)
  }
})

test('each example policy passes policy check without a warning', async () => {
  const policies = files.filter((f) => f.endsWith('.yaml') && f !== 'gateway.yaml')
  assert.ok(policies.length >= 1)
  for (const policy of policies) {
    const checked = await cordon(['policy', 'check', path.join(EXAMPLES, policy), '--json'])
    assert.equal(checked.code, 0, policy)
    assert.deepEqual((JSON.parse(checked.out) as { diagnostics: unknown[] }).diagnostics, [], policy)
  }
})
