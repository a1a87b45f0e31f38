// The heap policy against V8's own choice, in processes of their own: the same work, and less memory held for it.
// Keeps "no timed assertions": bytes of heap are compared; the launcher's half is read from the launcher.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const HEAP = path.join(import.meta.dirname, 'heap.ts')
const LAUNCHER = path.join(import.meta.dirname, '..', '..', 'cordon')

/** A table of 40 MB lives, and what lives in it is replaced eight times over, as flows are: the most heap that was ever held. */
const WORK = `
  const live = Array.from({ length: 40_000 }, () => null)
  let most = 0
  for (let i = 0; i < 8 * live.length; i++) {
    live[(i * 7919) % live.length] = Array.from({ length: 125 }, (_, n) => n + i)
    if (i % 1000 === 0) most = Math.max(most, process.memoryUsage().heapTotal)
  }
  console.log(most)
`

function heapMost(before: string): number {
  const flags = ['--no-warnings', '--max-semi-space-size=16', '--input-type=module', '-e', `${before}\n${WORK}`]
  return Number(execFileSync(process.execPath, flags, { encoding: 'utf8' }))
}

test('with the policy the heap stays near to what lives', (t) => {
  const early = heapMost(`import { collectEarly } from ${JSON.stringify(HEAP)}\ncollectEarly()`)
  const late = heapMost('')
  t.diagnostic(`${early} bytes, V8's own choice ${late}`)
  assert.ok(early > 40e6, 'the table lives')
  assert.ok(early < 0.8 * late, `${early} bytes of ${late}`)
})

/** Large enough to be worth it, and garbage: what is held after it was asked to collect. */
function heldAfter(flags: readonly string[]): number {
  const work = `import { collectBetween } from ${JSON.stringify(HEAP)}
    let table = Array.from({ length: 2_000_000 }, (_, n) => [n])
    table = null
    collectBetween()
    console.log(process.memoryUsage().heapUsed)`
  return Number(execFileSync(process.execPath, [...flags, '--no-warnings', '--input-type=module', '-e', work], { encoding: 'utf8' }))
}

test('between two phases what the first held is given back, where the launcher lets it be asked for', (t) => {
  const [asked, not] = [heldAfter(['--expose-gc']), heldAfter([])]
  t.diagnostic(`${asked} bytes, ${not} without`)
  assert.ok(asked < 20e6, `${asked} bytes`)
  assert.ok(not > 60e6, 'there was something to collect')
})

test('the launcher limits the space for new objects, lets collecting be asked for, and has freed tables given back', () => {
  const launcher = readFileSync(LAUNCHER, 'utf8')
  assert.match(launcher, /^exec "\$node" .*--expose-gc --max-semi-space-size=16 "\$main"/m)
  assert.match(launcher, /^export MALLOC_MMAP_THRESHOLD_=/m)
})
