// Sets of ipset: for each type what it holds and what not, against a list that is looked through, and against the kernel's own answer.
// Keeps "exact or unknown": sets that change by themselves, or are not in the text, decide nothing for sure.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromValue } from '../../../base/ip.ts'
import type { Config } from '../../rules/model.ts'
import { packetPoint } from '../../sets/fields.ts'
import type { PacketPoint } from '../../sets/packet-set.ts'
import { walkChain } from '../../sets/walk.ts'
import { readIptables } from './index.ts'

function read(sets: string, match: string): Config {
  const { config } = readIptables(`${sets}\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m set ${match} -j ACCEPT\nCOMMIT\n`, 'iptables-save')
  assert.ok(config)
  return config
}

function verdict(sets: string, match: string, fields: Partial<PacketPoint>): string {
  const config = read(sets, match)
  const base = config.chains.get('ip filter FORWARD')
  assert.ok(base)
  return walkChain(base, config.chains, packetPoint({ proto: 6n, ...fields }), 4).verdict
}

const HOST = 0x0a000001n
const ROWS: readonly (readonly [string, string, Partial<PacketPoint>, Partial<PacketPoint>])[] = [
  ['create s hash:ip family inet hashsize 1024 maxelem 65536\nadd s 10.0.0.1', '--match-set s src', { src: HOST }, { src: HOST + 1n }],
  ['create s hash:ip\nadd s 10.0.0.1-10.0.0.3', '--match-set s dst', { dst: HOST + 2n }, { dst: HOST + 3n }],
  ['create s hash:ip netmask 24\nadd s 10.0.0.0', '--match-set s src', { src: HOST + 200n }, { src: HOST + 256n }],
  ['create s hash:net\nadd s 10.0.0.0/24\nadd s 10.0.0.0/30 nomatch\nadd s 10.0.0.1', '--match-set s src', { src: HOST }, { src: HOST + 1n }],
  ['create s hash:net\nadd s 10.0.0.0/24', '! --match-set s src', { src: 1n }, { src: HOST }],
  ['create s hash:ip,port\nadd s 10.0.0.1,tcp:80', '--match-set s src,dst', { src: HOST, dport: 80n }, { src: HOST, sport: 80n }],
  ['create s hash:ip,port\nadd s 10.0.0.1,80-90', '! --match-set s dst,src', { dst: HOST, sport: 91n }, { dst: HOST, sport: 85n }],
  ['create s hash:ip,port\nadd s 10.0.0.1,gre:0', '--match-set s src,dst', { src: HOST, proto: 47n }, { src: HOST, proto: 6n }],
  ['create s hash:ip,port\nadd s 10.0.0.1,icmp:echo-request', '--match-set s src,dst', { src: HOST, proto: 1n, icmpType: 8n },
    { src: HOST, proto: 1n, icmpType: 0n }],
  ['create s hash:net,port\nadd s 10.0.0.0/8,udp:53', '--match-set s dst,dst', { dst: HOST, proto: 17n, dport: 53n }, { dst: HOST, dport: 53n }],
  ['create s hash:net,net\nadd s 10.0.0.0/8,10.1.0.0/16', '--match-set s src,dst', { src: HOST, dst: 0x0a010001n }, { src: HOST, dst: HOST }],
  ['create s hash:ip,port,net\nadd s 10.0.0.1,tcp:22,10.1.0.0/16', '--match-set s src,dst,dst', { src: HOST, dport: 22n, dst: 0x0a010001n },
    { src: HOST, dport: 22n }],
  ['create s bitmap:ip range 10.0.0.0-10.0.0.255\nadd s 10.0.0.1', '--match-set s src', { src: HOST }, { src: HOST + 1n }],
  ['create s bitmap:port range 0-1023\nadd s 80-90', '--match-set s dst', { dport: 90n }, { dport: 90n, proto: 132n }],
  ['create s bitmap:port range 0-1023\nadd s 80', '! --match-set s dst', { dport: 81n }, { dport: 80n }],
  ['create a hash:ip\nadd a 10.0.0.1\ncreate b hash:net\nadd b 11.0.0.0/8\ncreate s list:set size 8\nadd s a\nadd s b', '--match-set s src',
    { src: 0x0b000001n }, { src: 1n }],
  // The kernel says no to fewer directions than parts, and to a set of the other family.
  ['create s hash:ip,port\nadd s 10.0.0.1,tcp:80', '! --match-set s src', { src: HOST, dport: 80n }, { state: 9n }],
  ['create s hash:ip family inet6\nadd s 2001:db8::1', '! --match-set s src', { src: HOST }, { state: 9n }],
]

test('each type holds this packet and not that', () => {
  for (const [sets, match, yes, no] of ROWS) {
    assert.deepEqual(read(sets, match).unknowns, [], match)
    assert.equal(verdict(sets, match, yes), 'permit', `${sets} ${match}`)
    if (no.state === undefined) assert.equal(verdict(sets, match, no), 'deny', `${sets} ${match}`)
  }
})

test('what is not known decides nothing for sure', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['', '--match-set s src'], ['create s hash:ip timeout 300\nadd s 10.0.0.1 timeout 299', '--match-set s src'],
    ['create s hash:mac\nadd s 01:02:03:04:05:06', '--match-set s src'], ['create s hash:ip\nadd s ward.example', '--match-set s src'],
    ['create s hash:ip\nadd s 10.0.0.1', '--match-set s mac'], ['create s hash:net\nadd s 10.0.0.0/8 nomatch', '--match-set s src --return-nomatch'],
    ['create s hash:ip,port\nadd s 10.0.0.1,80\nadd s 10.0.0.2,81', '! --match-set s src,dst'],
    ['create s hash:ip\nadd s 10.0.0.1\nflush s', '--match-set s src'],
    ['create s list:set\nadd s gone', '--match-set s src'], ['create s hash:ip\nadd s 10.0.0.1', '--match-set s src --packets-gt 3'],
  ]
  for (const [sets, match] of rows) assert.equal(verdict(sets, match, { src: HOST, dport: 80n }), 'unknown', `${sets} ${match}`)
})

test('a set that rules fill is not known', () => {
  const rules = '-A INPUT -j SET --add-set s src\n-A INPUT -m set --match-set s src -j DROP\n'
  const { config } = readIptables(`create s hash:ip\nadd s 10.0.0.1\n*filter\n${rules}`, 'x')
  assert.match(config?.unknowns[0]?.reason ?? '', /line 4 changes it while packets pass/)
})

test('sets alone are refused with what to do', () => {
  const { config, diagnostics } = readIptables('create s hash:ip family inet\nadd s 10.0.0.1\n', 'x')
  assert.equal(config, null)
  assert.match(diagnostics[0]?.message ?? '', /put this text before that of iptables-save/)
})

/** Blocks that nest and touch, some of them exceptions. */
const someBlocks = fc.uniqueArray(fc.record({ at: fc.nat(15), bits: fc.integer({ min: 28, max: 32 }), nomatch: fc.boolean() })
  .map(({ at, bits, nomatch }) => ({ low: (at >> (32 - bits)) << (32 - bits), bits, nomatch })), { maxLength: 6, selector: (b) => `${b.low}/${b.bits}` })

function setText(blocks: readonly { readonly low: number; readonly bits: number; readonly nomatch: boolean }[]): string {
  return ['create s hash:net', ...blocks.map(({ low, bits, nomatch }) => `add s 10.0.0.${low}/${bits}${nomatch ? ' nomatch' : ''}`)].join('\n')
}

test('hash:net: the longest block decides, for any blocks', () => {
  fc.assert(fc.property(someBlocks, (blocks) => {
    for (let host = 0; host < 16; host++) {
      const holding = blocks.filter(({ low, bits }) => host >= low && host < low + 2 ** (32 - bits)).sort((a, b) => b.bits - a.bits)
      const expected = holding[0] !== undefined && !holding[0].nomatch ? 'permit' : 'deny'
      assert.equal(verdict(setText(blocks), '--match-set s src', { src: 0x0a000000n + BigInt(host) }), expected)
    }
  }), { numRuns: 60 })
})

const KERNEL_MISSING: string | false = spawnSync('unshare', ['-rn', 'ipset', 'create', 's', 'hash:net']).status === 0 ? false
  : 'no ipset in an own network namespace here'

test('the kernel agrees: ipset save is read, and ipset test says the same of every address', { skip: KERNEL_MISSING }, () => {
  fc.assert(fc.property(someBlocks, (blocks) => {
    const hosts = Array.from({ length: 16 }, (_, host) => 0x0a000000n + BigInt(host))
    const tests = hosts.map((host) => `ipset -q test s ${ipFromValue(4, host)} && echo permit || echo deny`)
    const script = ['ipset restore <<END', setText(blocks), 'END', 'ipset save', 'echo =', ...tests].join('\n')
    const [save = '', answers = ''] = execFileSync('unshare', ['-rn', 'sh', '-c', script], { encoding: 'utf8', stdio: 'pipe' }).split('=\n')
    assert.deepEqual(hosts.map((src) => verdict(save, '--match-set s src', { src })), answers.trim().split('\n'), save)
  }), { numRuns: 12 })
})
