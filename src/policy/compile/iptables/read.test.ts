// What the words of iptables-save mean: packets that a rule must match and packets that it must not (iptables-extensions(8)).
// Keeps "exact or unknown": modules that are not modelled leave possibly true and possibly false.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { walkChain } from '../../sets/walk.ts'
import { packetPoint } from '../../sets/fields.ts'
import type { PacketPoint } from '../../sets/packet-set.ts'
import { readIptables } from './index.ts'

function verdict(rules: string, fields: Partial<PacketPoint>): string {
  const { config } = readIptables(`*filter\n:FORWARD DROP [0:0]\n:sub - [0:0]\n${rules}\nCOMMIT\n`, 'iptables-save')
  const base = config?.chains.get('ip filter FORWARD')
  assert.ok(config && base)
  return walkChain(base, config.chains, packetPoint({ proto: 6n, ...fields }), 4).verdict
}

const ROWS: readonly (readonly [string, Partial<PacketPoint>, Partial<PacketPoint>])[] = [
  ['-A FORWARD -s 10.0.0.0/24 -j ACCEPT', { src: 0x0a000001n }, { src: 0x0a000101n }],
  ['-A FORWARD -s 10.0.0.1/255.0.0.255 -j ACCEPT', { src: 0x0a070701n }, { src: 0x0a070702n }],
  ['-A FORWARD ! -s 10.0.0.0/8 -j ACCEPT', { src: 1n }, { src: 0x0a000001n }],
  ['-A FORWARD -s ! 10.0.0.0/8 -j ACCEPT', { src: 1n }, { src: 0x0a000001n }],
  ['-A FORWARD -p tcp -m tcp ! --dport 1:1023 -j ACCEPT', { dport: 1024n }, { dport: 1023n }],
  ['-A FORWARD -p tcp -m multiport --dports 80,8000:8010 -j ACCEPT', { dport: 8005n }, { dport: 81n }],
  ['-A FORWARD -p tcp -m multiport --ports 80 -j ACCEPT', { sport: 80n }, { sport: 81n }],
  ['-A FORWARD -p tcp --syn -j ACCEPT', { flags: 2n }, { flags: 18n }],
  ['-A FORWARD -p icmp -m icmp --icmp-type 3/4 -j ACCEPT', { proto: 1n, icmpType: 3n, icmpCode: 4n }, { proto: 1n, icmpType: 3n }],
  ['-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT', { state: 1n }, { state: 0n }],
  ['-A FORWARD -m iprange --src-range 10.0.0.1-10.0.0.5 -j ACCEPT', { src: 0x0a000005n }, { src: 0x0a000006n }],
  ['-A FORWARD -m comment --comment "!" -p udp -j ACCEPT', { proto: 17n }, { proto: 6n }],
  ['-A FORWARD -j sub\n-A FORWARD -j ACCEPT\n-A sub -p tcp --dport 2 -j RETURN\n-A sub -j REJECT', { dport: 2n }, { dport: 3n }],
]

test('each rule matches this packet and not that', () => {
  for (const [rules, yes, no] of ROWS) {
    assert.equal(verdict(rules, yes), 'permit', rules)
    assert.equal(verdict(rules, no), 'deny', rules)
  }
})

test('what is not modelled decides nothing for sure', () => {
  for (const words of ['-m limit --limit 5/sec -j ACCEPT', '-m set --match-set x src -j ACCEPT', '-s ward.example -j ACCEPT', '-j NFQUEUE',
    '-j nowhere']) {
    const { config } = readIptables(`*filter\n:FORWARD DROP [0:0]\n-A FORWARD ${words}\nCOMMIT\n`, 'x')
    assert.ok((config?.unknowns.length ?? 0) > 0 && config?.unknowns.every((u) => u.line === 3), words)
  }
})

test('other texts are refused', () => {
  for (const text of ['', 'table inet x {\n}\n', 'hello']) assert.equal(readIptables(text, 'x').config, null)
})

test('a rule of thousands of words is one unknown with its line, and a backwards range is no range', () => {
  const rules = `-A FORWARD ${'-p tcp '.repeat(2000)}-j ACCEPT\n-A FORWARD ${'--state '.repeat(200_000)}`
  const long = readIptables(`*filter\n:FORWARD ACCEPT [0:0]\n${rules}\nCOMMIT\n`, 'x')
  assert.deepEqual(long.config?.unknowns.map((u) => [u.line, u.reason]), [3, 4].map((line) => [line, 'a rule of more than 1024 words']))
  assert.deepEqual(long.config?.chains.get('ip filter FORWARD')?.rules.map((r) => r.action.kind), ['unknown', 'unknown'])
  const backwards = '-A FORWARD -m iprange --src-range 10.0.0.9-10.0.0.1 -j ACCEPT'
  const three = '-A FORWARD -m iprange --dst-range 1.0.0.1-1.0.0.2-1.0.0.3 -j DROP'
  const range = readIptables(`*filter\n${backwards}\n${three}\nCOMMIT\n`, 'x')
  assert.deepEqual(range.config?.unknowns.map((u) => u.line), [2, 3])
})

test('options that multiply stop at a bound, and the rule is unknown from there', () => {
  const { config } = readIptables(`*filter\n-A FORWARD -p tcp ${'--ports 80 '.repeat(16)}${'-p tcp '.repeat(400)}-j ACCEPT\nCOMMIT\n`, 'x')
  const [rule] = config?.chains.get('ip filter FORWARD')?.rules ?? []
  assert.ok(rule !== undefined && rule.matches.length < 65_536)
  assert.ok(config?.unknowns.some((u) => u.line === 2 && u.reason === 'more combinations than are followed'))
})
