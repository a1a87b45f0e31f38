// Tests of the witnesses: a text that is equal has none, a hole however narrow has one, and so has a permit that was forgotten.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nftables } from '../../policy/compile/nftables/index.ts'
import { policyFilter } from '../../policy/prove/assertions.ts'
import { drillWard, KEEP_INSIDE } from '../../testing/drill-ward.ts'
import { emitted, inputOf } from '../../testing/emit-check.ts'
import { packetWords } from './compare.ts'
import { SPORT_HIGH, SPORT_LOW } from './probes.ts'
import { witnessesOf } from './witnesses.ts'

const WARD = drillWard(KEEP_INSIDE)
const { text: TEXT } = emitted(nftables.emit(inputOf(WARD.chains, {}, 'keep-inside')))

function found(text: string, { policy, names, layout } = WARD) {
  const config = nftables.read?.(text, 'rules').config ?? null
  assert.ok(config)
  return witnessesOf(config, (version) => policyFilter(policy, names, version), layout)
}

const withRule = (rule: string): string => TEXT.replace('chain policy_v4 {', `chain policy_v4 {\n\t\t${rule}`)

test('the compiled text has no witness, in either version', () => {
  assert.deepEqual(found(TEXT).packets, [])
  assert.deepEqual(found(TEXT).unknown, [])
  assert.ok(found(TEXT).matches[4].length > 0)
})

test('one address, one port, one permit more: it is found, as a packet that a session can begin with', () => {
  const { packets } = found(withRule('ip saddr 10.20.3.77 ip daddr 202.114.4.9 tcp dport 4444 accept'))
  assert.deepEqual(packets.map(packetWords), ['10.20.3.77 -> 202.114.4.9, tcp 4444'])
  assert.ok(packets.every(({ sport }) => sport >= SPORT_LOW && sport <= SPORT_HIGH))
})

test('a permit that is missing is found too, and a text that lets everything through has several', () => {
  const narrower = found(withRule('ip saddr 10.20.3.7 ip daddr 202.114.4.119 tcp dport 515 drop')).packets
  assert.deepEqual(narrower.map(packetWords), ['10.20.3.7 -> 202.114.4.119, tcp 515'])
  const open = 'table inet open {\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy accept;\n\t}\n}\n'
  const { packets } = found(open)
  assert.ok(packets.length > 5)
  assert.ok(packets.some(({ version }) => version === 4))
})

test('witnesses touch the inside and are addresses that routers carry', () => {
  for (const { version, src, dst } of found(withRule('accept')).packets.filter((one) => one.version === 4)) {
    const inside = (a: bigint): boolean => WARD.layout.sides.slice(0, 3).some(({ blocks }) =>
      blocks.some((b) => b.version === version && a >> BigInt(32 - b.length) === b.network >> BigInt(32 - b.length)))
    assert.ok(inside(src) || inside(dst))
    assert.ok([src, dst].every((a) => a >> 24n !== 127n && a < 0xe000_0000n && a >= 0x0100_0000n))
  }
})
