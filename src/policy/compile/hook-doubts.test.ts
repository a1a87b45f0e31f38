// What Linux chains cannot see where they stand, and translation chains behind one another. Every row was tried on a real kernel (6.x):
// the packet went the way of `real`, and the proof must not say the opposite.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkFrom } from '../../testing/network-texts.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { proveAlive, proveUnreachable, type PathAnswer } from '../network/ask.ts'
import type { Network } from '../network/model.ts'

const TO = 0x0a020002n
const OTHER = 0x0a020003n

function network(text: string, target: string): Network {
  return networkFrom(`network: one-router
devices:
  - { name: r, config: r, target: ${target}, routes: routes }
links:
  - { name: left, attached: [r/a] }
  - { name: right, attached: [r/b] }
`, { r: text, routes: '10.1.0.0/24 dev a scope link src 10.1.0.1\n10.2.0.0/24 dev b scope link src 10.2.0.1\n' })
}

function ask(prove: typeof proveAlive, text: string, target: string, to: bigint): PathAnswer['verdict'] {
  const space = bddSpace(4)
  const udp = ['proto', { kind: 'ranges', ranges: [{ low: 17n, high: 17n }], not: false }] as const
  const asked = space.of({ fields: [['dst', { kind: 'ranges', ranges: [{ low: to, high: to }], not: false }], udp], unknown: [] })
  return prove(space, network(text, target), { from: { link: 0 }, asked }).answer.verdict
}

interface Row {
  readonly name: string
  readonly target?: string
  readonly text: string
  /** What the kernel did with a datagram to 10.2.0.2 (or `sent`): where it arrived. */
  readonly real: bigint | null
  readonly sent?: bigint
}

const base = (hook: string, priority: string, rules: string, name = hook) =>
  `chain ${name} { type filter hook ${hook} priority ${priority}; policy accept; ${rules} }\n`
const nat = (table: string, priority: number, rules: string, more = '') =>
  `table ip ${table} { ${more} chain p { type nat hook prerouting priority ${priority}; ${rules} } }\n`
const DNAT = 'ip daddr 10.2.0.2 dnat to 10.2.0.3'
const filter = (rules: string) => `table inet t {\n${rules}}\n`

const ROWS: readonly Row[] = [
  { name: 'no way out is known before routing', text: filter(base('prerouting', '0', 'oifname "b" drop')), real: TO },
  { name: 'no state before connection tracking', text: filter(base('prerouting', 'raw', 'ct state new drop')), real: TO },
  { name: 'everything is invalid before connection tracking', text: filter(base('prerouting', 'raw', 'ct state invalid drop')), real: null },
  { name: 'no state without connection tracking', real: TO,
    text: filter(base('prerouting', 'raw', 'notrack') + base('forward', '0', 'ct state new drop')) },
  { name: 'a chain rewrites the destination behind the filter', real: TO, sent: OTHER,
    text: filter(base('postrouting', '0', 'ip daddr 10.2.0.3 ip daddr set 10.2.0.2') + base('forward', '0', 'ip daddr 10.2.0.2 drop')) },
  { name: 'accept of one translation chain does not stop the next', text: nat('a', -110, 'accept') + nat('b', -100, DNAT), real: OTHER },
  { name: 'the end of a chain behind goto goes back to the caller of both', real: OTHER,
    text: nat('a', -100, `jump x; ${DNAT}`, 'chain y { ip daddr 9.9.9.9 return; }\n chain x { goto y; }\n') },
  { name: 'state in the raw table of iptables', target: 'iptables', real: TO,
    text: '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m state --state NEW -j DROP\nCOMMIT\n' },
  { name: 'NOTRACK of iptables', target: 'iptables', real: TO,
    text: '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j CT --notrack\nCOMMIT\n'
      + '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m state --state NEW -j DROP\nCOMMIT\n' },
]

for (const { name, target = 'nftables', text, real, sent = TO } of ROWS) {
  test(`proofs do not say the opposite of the kernel: ${name}`, () => {
    if (real !== null) assert.notEqual(ask(proveUnreachable, text, target, real), 'proved', 'it arrived')
    if (real === null) assert.notEqual(ask(proveAlive, text, target, sent), 'proved', 'it did not arrive')
  })
}

test('a chain that sees what it asks stays exact', () => {
  const text = filter(base('forward', '0', 'oifname "b" ct state new drop') + base('prerouting', '-150', 'ct state invalid drop'))
  assert.equal(ask(proveUnreachable, text, 'nftables', TO), 'proved')
})
