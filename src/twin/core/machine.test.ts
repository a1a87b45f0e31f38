// Tests of machine.ts and of every state table of the twin: each row reachable, each event answered, printed as text.
// Keeps the rule that a table is complete: a hole would crash a ward in the middle.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { LINE_TABLE } from './line.ts'
import { formatTable, runTable, type Actions, type TableRow } from './machine.ts'
import type { WardFrame } from './packets.ts'
import { STRANGER_TABLE } from './stranger.ts'
import { UPDATE_TABLE } from './update.ts'

type S = 'a' | 'b' | 'end'
type E = 'go' | 'again' | 'enough'
type A = 'step' | 'repeat'

const TABLE: readonly TableRow<S, E, A>[] = [
  { state: 'a', event: 'go', action: 'step', next: 'b' },
  { state: 'b', event: 'again', action: 'repeat', next: 'b' },
  { state: 'b', event: 'enough', action: 'step', next: 'end' },
]

function actions(repeats: number): Actions<E, A> {
  let left = repeats
  let at = 0
  return {
    step: function* () {
      yield { at: at++, bytes: Uint8Array.of(1) }
      return left > 0 ? 'again' : 'enough'
    },
    repeat: function* () {
      yield { at: at++, bytes: Uint8Array.of(2) }
      left--
      return left > 0 ? 'again' : 'enough'
    },
  }
}

function collect(run: Generator<WardFrame, S, undefined>): { bytes: number[]; state: S } {
  const bytes: number[] = []
  for (let step = run.next(); ; step = run.next()) {
    if (step.done === true) return { bytes, state: step.value }
    bytes.push(step.value.bytes[0] as number)
  }
}

test('the runner does the action of the row and follows the event it returns', () => {
  assert.deepEqual(collect(runTable(TABLE, 'a', 'go', actions(2))), { bytes: [1, 2, 2, 1], state: 'end' })
  assert.deepEqual(collect(runTable(TABLE, 'a', 'go', actions(0))), { bytes: [1, 1], state: 'end' })
})

test('a state without rows ends at once', () => {
  assert.deepEqual(collect(runTable(TABLE, 'end', 'go', actions(1))), { bytes: [], state: 'end' })
})

test('an event without a row is our bug and says which', () => {
  assert.throws(() => collect(runTable(TABLE, 'a', 'enough', actions(1))), /no row for enough in state a/)
})

test('a table prints as aligned text, one row per line', () => {
  assert.equal(formatTable(TABLE), [
    'state  event   action  next',
    'a      go      step    b',
    'b      again   repeat  b',
    'b      enough  step    end',
  ].join('\n'))
})

const TABLES: readonly (readonly [string, string, readonly TableRow<string, string, string>[]])[] = [
  ['line', 'dark', LINE_TABLE],
  ['update', 'idle', UPDATE_TABLE],
  ['stranger', 'waiting', STRANGER_TABLE],
]

for (const [name, start, table] of TABLES) {
  test(`every state of the ${name} table can be reached, and no state answers one event twice`, () => {
    const reached = new Set([start])
    for (let before = 0; before < reached.size;) {
      before = reached.size
      for (const row of table) if (reached.has(row.state)) reached.add(row.next)
    }
    assert.deepEqual(table.filter((row) => !reached.has(row.state)), [])
    assert.equal(new Set(table.map((row) => `${row.state}|${row.event}`)).size, table.length)
  })
}

test('the monitor\'s table reads as the facts tell it', () => {
  const text = formatTable(LINE_TABLE)
  assert.match(text, /^connecting\s+connected\s+greet\s+streaming$/m)
  assert.match(text, /^streaming\s+crashed\s+fall-silent\s+silent$/m)
  assert.equal(text.split('\n').length, LINE_TABLE.length + 1)
})

test('the README prints every table as it is', () => {
  const readme = fs.readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  for (const [name, , table] of TABLES) {
    const indented = formatTable(table).split('\n').map((line) => `    ${line}`).join('\n')
    assert.ok(readme.includes(indented), name)
  }
})
