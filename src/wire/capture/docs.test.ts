// docs/captures.md against the code: every link type, tunnel, refused format, bound and port that it names, and no other.
// Keeps the rule that a page of limits is true.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FrameFlag, LAYERS_MAX, TunnelKind } from '../frame.ts'
import { LABELS_MAX } from '../mpls.ts'
import { TunnelPort } from '../tunnel-ports.ts'
import { FOUND_BYTES_MAX } from './block-search.ts'
import { LinkType } from './capture.ts'
import { refusedFormats } from './foreign.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/captures.md'), 'utf8')

/** The text of a heading up to the next one of any level. */
function part(heading: string): string {
  const from = PAGE.indexOf(`${heading}\n`)
  assert.ok(from >= 0, heading)
  const rest = PAGE.slice(from + heading.length)
  const end = rest.search(/\n##+ /)
  return end < 0 ? rest : rest.slice(0, end)
}

/** What stands in backquotes in the first column of the tables of `text`. */
function firstColumn(text: string): string[] {
  const cells = [...text.matchAll(/^\| ([^|]*`[^|]*) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

test('the links are those of LinkType', () => {
  assert.deepEqual(firstColumn(part('## Links')).toSorted(), Object.keys(LinkType).toSorted())
})

test('the tunnels are those of TunnelKind, by the names of their observations', () => {
  assert.deepEqual(firstColumn(part('## Tunnels')), Object.keys(TunnelKind).map((kind) => `tunnel ${kind}`))
})

test('the ports are those that hint at tunnels', () => {
  const [, list = ''] = /UDP ([\d, and]+) make Cordon look/.exec(PAGE) ?? []
  assert.deepEqual((list.match(/\d+/g) ?? []).map(Number).toSorted((a, b) => a - b), Object.values(TunnelPort).toSorted((a, b) => a - b))
})

test('the formats refused by name are those of the table', () => {
  const [, list = ''] = /Refused by name, with what to do: ([^(]+), and what is no capture/.exec(PAGE.replaceAll('\n  ', ' ')) ?? []
  assert.deepEqual(list.split(', ').toSorted(), refusedFormats().toSorted())
})

test('the bounds are those of the code', () => {
  const bounds = part('### Bounds')
  assert.match(bounds, new RegExp(`in one another \\| ${LAYERS_MAX} \\|`))
  assert.match(bounds, new RegExp(`MPLS labels in a stack \\| ${LABELS_MAX} \\|`))
  assert.match(PAGE, new RegExp(`The search keeps ${FOUND_BYTES_MAX / 1024} KiB at most`))
})

test('flags in the text are flags of a frame, and all that tunnels and Wi-Fi have are there', () => {
  const words = new Set([...PAGE.matchAll(/`(\w+)`/g)].map(([, word]) => word))
  for (const flag of Object.keys(FrameFlag).filter((name) => /^(tunnel|wlan)/.test(name))) assert.ok(words.has(flag), flag)
})
