// Growth of the readers' work: twice the text is about twice the steps, counted in runs of our own code, not in time.
// Keeps "no hang": a square shows at a few hundred lines, long before it hurts.

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
// First, so that what follows is compiled with its counters.
import { countWork } from './work.ts'
import { FUZZ_TARGETS, type FuzzTarget } from './fuzz-readers.ts'

function targetOf(id: string): FuzzTarget {
  const target = FUZZ_TARGETS.find((t) => t.id === id)
  assert.ok(target, id)
  return target
}

const SOURCES = path.join(import.meta.dirname, '..', 'policy')

/** Twice the text may take a little more than twice the work; four times as much is a square. */
const GROWTH_MAX = 2.6

const GROWING: Readonly<Record<string, (n: number) => string>> = {
  'nftables': (n) => `table ip x { set s { type ipv4_addr; flags interval; elements = { ${range(n, (i) => `10.${i >> 8}.${i & 255}.0/25`).join(', ')} } }
 chain y { type filter hook forward priority 0; policy drop;\n ${range(n, (i) => `ip saddr @s tcp dport ${i % 65_000} accept`).slice(0, 40).join('\n')}\n } }`,
  'cisco-ios': (n) => `ip access-list extended A\n${range(n, (i) => ` permit tcp host 10.0.${i >> 8}.${i & 255} any eq ${i % 65_000}`).join('\n')}\n`,
  'cisco-asa': (n) => `ASA Version 9.1\n${range(n, (i) =>
    `access-list A extended permit tcp host 10.0.${i >> 8}.${i & 255} any eq ${i % 65_000}`).join('\n')}\n`,
  'junos-srx': (n) => range(n, (i) => `set security address-book global address a${i} 10.0.${i >> 8}.${i & 255}/32
set security policies global policy p${i} match source-address a${i} destination-address any application any
set security policies global policy p${i} then permit`).join('\n'),
  'pan-os': (n) => range(n, (i) => `set address a${i} ip-netmask 10.0.${i >> 8}.${i & 255}/32
set rulebase security rules R${i} from any to any source a${i} destination any service any application any action allow`).join('\n'),
  'fortios': (n) => `config firewall policy\n${range(n, (i) => `edit ${i + 1}\nset srcintf "any"\nset dstintf "any"\nset srcaddr "all"
set dstaddr "all"\nset service "ALL"\nset action accept\nnext`).join('\n')}\nend\n`,
  'routes': (n) => range(n, (i) => `10.${i >> 8}.${i & 255}.0/24 via 10.0.0.1 dev eth0`).join('\n'),
  'rules': (n) => range(n, (i) => `${i}:\tfrom 10.${i >> 8}.${i & 255}.0/24 lookup 7`).join('\n'),
}

function range(n: number, write: (i: number) => string): readonly string[] {
  return Array.from({ length: n }, (_, i) => write(i))
}

for (const [id, make] of Object.entries(GROWING)) {
  test(`twice the text is about twice the work: ${id}`, (t) => {
    const [small, large] = [400, 800].map((n) => {
      const text = make(n)
      return countWork(SOURCES, () => targetOf(id).run(text))
    }) as [number, number]
    t.diagnostic(`${small} steps for 400, ${large} for 800`)
    assert.ok(small > 4000, 'steps are counted')
    assert.ok(large / small > 1.5, 'more text, more steps')
    assert.ok(large / small < GROWTH_MAX, `${small} steps, then ${large}`)
  })
}

test('canary: a square is seen', () => {
  const square = (n: number): void => {
    const text = range(n, (i) => `10.${i}`)
    for (let i = 0; i < text.length; i++) for (const line of text) targetOf('rules').run(line)
  }
  const [small, large] = [15, 30].map((n) => countWork(SOURCES, () => square(n))) as [number, number]
  assert.ok(large / small > GROWTH_MAX, `${small} steps, then ${large}`)
})
