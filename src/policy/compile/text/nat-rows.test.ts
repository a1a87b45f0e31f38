// Rows of translation in one line of words each, for the tests of the readers.
// Keeps answers readable: interfaces by name, addresses as people write them, and what is unknown behind a question mark.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipFromValue } from '../../../base/ip.ts'
import type { Config, Constraint, Field, NatRule, ValueRange } from '../../rules/model.ts'
import { inRanges, inValues } from './ranges.ts'

/** `7 source iif=inside src=10.0.0.1 -> 192.0.2.1:80 ? why`, in the order of the rows. */
export function natText(config: Config | null): readonly string[] {
  assert.ok(config)
  return config.nat.map((row) => [
    `${row.line} ${row.kind}${row.kind === 'none' ? ` ${row.stage}` : ''}`,
    ...row.match.fields.map(([field, c]) => fieldText(field, c, config)), '->', `${row.address === null ? 'null' : ends(row.address)}${portText(row)}`,
    ...(row.match.unknown.length === 0 ? [] : [`? ${[...new Set(row.match.unknown.map((why) => why.reason))].join('; ')}`]),
  ].join(' '))
}

function portText({ port }: NatRule): string {
  return port === null ? '' : `:${port.low}${port.high === port.low ? '' : `-${port.high}`}`
}

function fieldText(field: Field, c: Constraint, config: Config): string {
  const sign = c.not ? '!' : '='
  if (c.kind === 'masks') return `${field}${sign}masks`
  const text = ({ low, high }: ValueRange): string => (low === high ? `${low}` : `${low}-${high}`)
  const faces = field === 'iif' || field === 'oif'
  const values = c.ranges.map((range) => (field === 'src' || field === 'dst' ? ends(range) : faces ? names(range, config) : text(range)))
  return `${field}${sign}${values.join(',')}`
}

function names({ low, high }: ValueRange, config: Config): string {
  return config.interfaces.slice(Number(low), Number(high) + 1).join(',')
}

function ends({ low, high }: ValueRange): string {
  const text = (value: bigint): string => ipFromValue(value < 1n << 32n ? 4 : 6, value)
  return low === high ? text(low) : `${text(low)}-${text(high)}`
}

test('a row in words', () => {
  const rule: NatRule = {
    line: 3, text: '', kind: 'none', stage: 'source', address: { low: 0x0a000001n, high: 0x0a000002n }, port: { low: 1n, high: 2n },
    match: { fields: [['iif', inValues(0)], ['src', { ...inRanges([{ low: 1n, high: 1n }]), not: true }], ['dport', inValues(80)]],
      unknown: [{ text: '', line: 3, reason: 'why' }] },
  }
  const config: Config = {
    target: 'x', device: '', interfaces: ['a', 'b'], chains: new Map(), bindings: [], nat: [rule], routes: [], routeRules: [], sees: 'after-dnat',
    unknowns: [],
  }
  assert.deepEqual(natText(config), ['3 none source iif=a src!0.0.0.1 dport=80 -> 10.0.0.1-10.0.0.2:1-2 ? why'])
})
