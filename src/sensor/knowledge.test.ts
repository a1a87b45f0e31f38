// overlapOf: from the zones of a policy to how the host at an address puts overlapping pieces together.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, type Ip } from '../base/ip.ts'
import { treeFromValue, type PlainValue } from '../base/tree.ts'
import { parsePolicy, type Policy } from '../policy/index.ts'
import { shippedKnowledge } from '../testing/check.ts'
import { overlapOf } from './knowledge.ts'

function policy(zones: readonly PlainValue[]): Policy {
  const { policy: parsed, diagnostics } = parsePolicy(treeFromValue({ version: 1, zones, conduits: [] }, 'p.yaml'))
  assert.ok(parsed, JSON.stringify(diagnostics))
  return parsed
}

function ip(text: string): Ip {
  const parsed = parseIp(text)
  assert.ok(parsed.ok)
  return parsed.value
}

test('the zone that holds the address decides, then the zone around it, then the default', () => {
  const of = overlapOf(policy([
    { name: 'hospital', kind: 'it', prefixes: ['10.0.0.0/8', 'fd00::/8'], overlap: 'windows' },
    { name: 'ward', kind: 'medical', inside: 'hospital', prefixes: ['10.20.0.0/16'] },
    { name: 'bsd', kind: 'medical', inside: 'ward', prefixes: ['10.20.9.0/24'], overlap: 'bsd' },
    { name: 'partner', kind: 'external', prefixes: ['192.0.2.0/24'] },
  ]))
  assert.ok(of)
  const rows = {
    '10.1.1.1': 'windows', '10.20.1.1': 'windows', '10.20.9.1': 'bsd', 'fd00::1': 'windows',
    '192.0.2.1': 'linux', '8.8.8.8': 'linux', '224.0.0.1': 'linux',
  }
  for (const [address, expected] of Object.entries(rows)) assert.equal(of(ip(address)), expected, address)
})

test('a policy that says nothing asks nothing of each flow', () => {
  assert.equal(overlapOf(policy([{ name: 'hospital', kind: 'it', prefixes: ['10.0.0.0/8'] }])), undefined)
  assert.equal(overlapOf(shippedKnowledge().policy), undefined)
})
