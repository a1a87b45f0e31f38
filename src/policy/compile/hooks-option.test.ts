// The option `hooks`, as people type it.
// Keeps one order whatever the order of the words, and names a wrong word.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hooksOption } from './hooks-option.ts'

test('words in any order, each once, in the order of the kernel', () => {
  assert.deepEqual(hooksOption(undefined), ['forward'])
  assert.deepEqual(hooksOption(' output, forward ,output'), ['forward', 'output'])
  assert.deepEqual(hooksOption('input'), ['input'])
})

test('a word that is no hook is said', () => {
  for (const text of ['fwd', '', 'forward,', 'FORWARD']) assert.match(String(hooksOption(text)), /^option hooks: ".*" is none of forward/)
})
