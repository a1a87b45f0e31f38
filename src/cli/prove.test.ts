// cordon prove from the command line: compiled text proves what the policy promises, and broken text is told so with a packet and a line.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { cordonHere as cordon, scratch } from '../testing/command.ts'

const POLICY = `version: 1
name: ward
zones:
  - { name: bedside, kind: medical, prefixes: [10.20.4.0/25] }
  - { name: cms-segment, kind: medical, prefixes: [202.114.4.0/24] }
services: []
conduits:
  - { name: vitals, from: bedside, to: cms-segment, services: [cms8000], action: allow, fail: open, reason: The beds stay on the central station. }
assertions:
  - never bedside -> internet
  - always bedside -> cms-segment on cms8000
`

interface Ward {
  readonly folder: string
  readonly policy: string
  readonly nft: string
}

async function ward(t: TestContext): Promise<Ward> {
  const folder = scratch(t)
  const [policy, nft] = [path.join(folder, 'ward.yaml'), path.join(folder, 'ward.nft')]
  fs.writeFileSync(policy, POLICY)
  const compiled = await cordon(['compile', '--target', 'nftables', '--policy', policy, '--out', nft])
  assert.equal(compiled.code, 0, compiled.err)
  return { folder, policy, nft }
}

test('the policy proves its own assertions; one that does not hold exits 5 with a packet', async (t) => {
  const { policy } = await ward(t)
  const proved = await cordon(['prove', 'policy', policy])
  assert.deepEqual([proved.code, proved.out.match(/: proved/g)?.length], [0, 4], proved.out + proved.err)
  fs.appendFileSync(policy, '  - only bedside -> cms-segment on dns\n')
  const refuted = await cordon(['prove', 'policy', policy, '--json'])
  assert.equal(refuted.code, 5)
  const { assertions } = JSON.parse(refuted.out) as { assertions: { verdict: string; witness?: { packet: { dst: string; dport: number } } }[] }
  const witness = assertions.find((a) => a.verdict === 'refuted')?.witness?.packet
  assert.ok(witness !== undefined && witness.dst.startsWith('202.114.4.') && witness.dport >= 515 && witness.dport <= 520)
})

test('compiled text: nothing leaves, the clinical path works, no line is dead, and it is equal to itself', async (t) => {
  const { nft, policy } = await ward(t)
  const leaves = await cordon(['prove', 'reach', nft, '--from', '10.20.4.0/25', '--to', '8.0.0.0/8'])
  assert.deepEqual([leaves.code, leaves.out], [0, 'nothing asked about can pass (IPv4): proved\n'])
  const alive = await cordon(['prove', 'liveness', nft, '--from', '10.20.4.0/25', '--to', '202.114.4.119', '--service', 'tcp/515-520'])
  assert.deepEqual([alive.code, alive.out], [0, 'everything asked about passes (IPv4): proved\n'])
  const dead = await cordon(['prove', 'dead-lines', nft, '--json'])
  assert.equal(dead.code, 0)
  assert.ok((JSON.parse(dead.out) as { chains: unknown[] }).chains.length >= 3, 'every chain is asked')
  assert.equal((await cordon(['prove', 'equal', nft, nft])).code, 0)
  for (const version of [[], ['--ipv6']]) {
    const validated = await cordon(['prove', 'equal', policy, nft, ...version])
    assert.deepEqual([validated.code, validated.err], [0, ''], validated.out)
  }
})

test('every platform that is read back: its text is proved equal to the policy, in both IP versions', async (t) => {
  const { folder, policy } = await ward(t)
  const rows = JSON.parse((await cordon(['compile', '--list', '--json'])).out) as { id: string; capabilities: { canRead: boolean; stateful: boolean } }[]
  const readable = rows.filter((row) => row.capabilities.canRead && row.capabilities.stateful).map((row) => row.id)
  assert.ok(readable.length >= 4, readable.join())
  for (const id of readable) {
    const text = path.join(folder, `ward.${id}`)
    const compiled = await cordon(['compile', '--target', id, '--policy', policy, '--out', text])
    assert.equal(compiled.code, 0, `${id}: ${compiled.err}`)
    for (const version of [[], ['--ipv6']]) {
      const proved = await cordon(['prove', 'equal', policy, text, ...version])
      assert.equal(proved.code, 0, `${id}: ${proved.out}${proved.err}`)
    }
  }
})

test('a hole cut by hand is found, with the packet, the line, and the count of what only the new version allows', async (t) => {
  const { folder, nft } = await ward(t)
  const holed = path.join(folder, 'holed.nft')
  const text = fs.readFileSync(nft, 'utf8')
  fs.writeFileSync(holed, text.replace('th dport 515-520', 'th dport 515-521'))
  assert.notEqual(fs.readFileSync(holed, 'utf8'), text)
  const diff = await cordon(['prove', 'diff', nft, holed])
  assert.equal(diff.code, 5)
  assert.match(diff.out, /only .*holed\.nft allows \d+ packets, for example tcp .*:521 is allowed by line \d+/)
  const reach = await cordon(['prove', 'reach', holed, '--from', '10.20.4.0/25', '--to', '202.114.4.119', '--service', 'tcp/521', '--json'])
  assert.equal(reach.code, 5)
  assert.equal((JSON.parse(reach.out) as { witness: { packet: { dport: number } } }).witness.packet.dport, 521)
})

test('what a reader does not understand makes the answer unknown because of that line', async (t) => {
  const { folder, nft } = await ward(t)
  const odd = path.join(folder, 'odd.nft')
  const lines = fs.readFileSync(nft, 'utf8').split('\n')
  const at = lines.findIndex((l) => l.includes('ct state established'))
  lines.splice(at, 0, '\t\tmeta skuid 0 accept')
  fs.writeFileSync(odd, lines.join('\n'))
  const asked = await cordon(['prove', 'reach', odd, '--from', '10.20.4.0/25', '--to', '8.0.0.0/8'])
  assert.equal(asked.code, 4, asked.out + asked.err)
  assert.match(asked.out, new RegExp(`unknown because of line ${at + 1} \\(`))
})

test('wrong words are told with what to do, and nothing on stdout', async (t) => {
  const { folder, nft, policy } = await ward(t)
  const letter = path.join(folder, 'letter.txt')
  fs.writeFileSync(letter, 'Dear Sir or Madam,\n')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['prove', 'reach', path.join(folder, 'missing.nft')], /missing\.nft/],
    [['prove', 'reach', letter], /no text that/],
    [['prove', 'reach', nft, '--from', '10.20.4.1/25'], /host bits set/],
    [['prove', 'reach', nft, '--from', '2001:db8::/32'], /--ipv6/],
    [['prove', 'reach', nft, '--service', 'http'], /tcp\/515-520/],
    [['prove', 'reach', nft, '--chain', 'nowhere'], /there are: /],
    [['prove', 'reach', nft, '--target', 'abacus'], /no target "?abacus/],
    [['prove', 'equal', nft], /missing required argument/],
    [['prove', 'policy', policy, '--asset', 'x'], /profile=address/],
  ]
  for (const [args, pattern] of cases) {
    const ended = await cordon(args)
    assert.deepEqual([ended.code, ended.out], [2, ''], args.join(' '))
    assert.match(ended.err, pattern, args.join(' '))
  }
})

const TWO_TABLES = `table inet first {
  chain forward { type filter hook forward priority -10; policy accept;
    tcp dport 23 drop
  }
  chain input { type filter hook input priority 0; policy drop; }
  chain output { type filter hook output priority 0; policy accept; }
}
table inet second {
  chain forward { type filter hook forward priority 0; policy drop;
    ip saddr 10.20.4.0/25 accept
  }
}
`

test('every chain that is bound to a hook must permit; input, output and forward are asked apart', async (t) => {
  const nft = path.join(scratch(t), 'two.nft')
  fs.writeFileSync(nft, TWO_TABLES)
  const ask = (...more: string[]) => cordon(['prove', 'reach', nft, '--from', '10.20.4.0/25', ...more])
  const telnet = await ask('--service', 'tcp/23')
  assert.deepEqual([telnet.code, telnet.err], [0, ''], telnet.out)
  const web = await ask('--service', 'tcp/80')
  assert.deepEqual([web.code, /allowed by line 10/.test(web.out)], [5, true], web.out)
  assert.equal((await ask('--hook', 'input')).code, 0)
  const own = await ask('--hook', 'output')
  assert.deepEqual([own.code, /end of inet first output/.test(own.out)], [5, true], 'what the device itself sends never meets forward')
  const stopped = await cordon(['prove', 'liveness', nft, '--from', '10.20.4.0/25', '--service', 'tcp/20-30'])
  assert.deepEqual([stopped.code, /denied by line 3/.test(stopped.out)], [5, true], stopped.out)
  assert.match((await ask('--hook', 'interface-in')).err, /nothing is bound to interface-in; there is: forward, input, output/)
  assert.match((await cordon(['prove', 'unclaimed', nft])).err, /choose one with --chain/)
})
