// cordon read: platforms are told apart by their text, what is understood is shown, what is not is listed with its line.
// Keeps "never dropped": an unknown match in the text is an unknown match in the output.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { TARGETS } from '../policy/compile/registry.ts'
import { emitted, inputFromYaml, WARD_YAML } from '../testing/emit-check.ts'
import { Exit } from './io.ts'
import { runRead } from './read.ts'

const FOLDER = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-read-'))
after(() => fs.rmSync(FOLDER, { recursive: true }))

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(name: string, text: string | null, flags: { target?: string; json?: boolean } = {}): Run {
  const file = path.join(FOLDER, name)
  if (text !== null) fs.writeFileSync(file, text)
  let out = ''
  let err = ''
  const code = runRead({ file, ...flags }, { out: (t) => void (out += t), err: (t) => void (err += t) })
  return { code, out, err }
}

const NFT = `table inet ward {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established accept
    ip saddr 10.20.3.0/24 ip daddr 10.20.4.10 tcp dport 515-520 accept
    meta skuid 0 accept
  }
}
`

const IOS = `hostname ward-gw
interface GigabitEthernet0/1
 ip access-group WARD in
ip access-list extended WARD
 permit tcp 10.20.3.0 0.0.0.255 host 10.20.4.10 range 515 520
 deny ip any any
ip route 202.114.4.0 255.255.255.0 Null0
`

test('nftables and IOS are told apart by content; chains, bindings and routes are shown', () => {
  const nft = run('rules', NFT)
  assert.equal(nft.code, Exit.ok, nft.err)
  assert.match(nft.out, /^Linux nftables.*: 1 chains, 3 rules, 1 bindings, 0 routes/)
  assert.match(nft.out, /forward +- +both/)
  const ios = run('running-config', IOS)
  assert.equal(ios.code, Exit.ok, ios.err)
  assert.match(ios.out, /^Cisco IOS.* of ward-gw: /)
  assert.match(ios.out, /interface-in +GigabitEthernet0\/1/)
  assert.match(ios.out, /202\.114\.4\.0\/24 +blackhole/)
})

test('what is not understood is listed with its line, and is in the JSON', () => {
  const { out } = run('rules', NFT)
  assert.match(out, /1 not understood/)
  assert.match(out, /^6 +.*skuid/m)
  interface Json {
    readonly target: string
    readonly config: { readonly unknowns: readonly { readonly line: number }[]; readonly chains: readonly unknown[] }
  }
  const json = JSON.parse(run('rules', NFT, { json: true }).out) as Json
  assert.equal(json.target, 'nftables')
  assert.deepEqual(json.config.unknowns.map(({ line }) => line), [6])
  assert.equal(json.config.chains.length, 1)
})

for (const target of TARGETS) {
  if (target.read === null) continue
  test(`${target.id}: what Cordon writes is told to be ${target.id} again`, () => {
    const result = target.emit({ ...inputFromYaml(WARD_YAML), ruleBudget: 100_000 })
    if (!result.ok) return assert.ok(result.refused.length > 0)
    const { code, out, err } = run(`${target.id}.txt`, emitted(result).text, { json: true })
    assert.equal(code, Exit.ok, err)
    assert.equal((JSON.parse(out) as { target: string }).target, target.id)
  })
}

const SAVE = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
-A FORWARD -s 10.20.3.0/24 -d 10.20.4.10/32 -p tcp -m tcp --dport 515:520 -j ACCEPT
-A FORWARD -m owner --uid-owner 0 -j ACCEPT
COMMIT
`

test('iptables-save is read; what it does not understand keeps its line', () => {
  const { code, out, err } = run('rules.save', SAVE)
  assert.equal(code, Exit.ok)
  assert.match(out, /^Linux iptables of .*: 2 chains, 2 rules, 2 bindings/)
  assert.match(out, /\n5 +-m owner/)
  assert.match(err, /rules\.save:5: warning iptables\/unknown/)
})

test('a script of iptables commands is read as iptables, and what it leaves to variables is told', () => {
  const { code, out, err } = run('firewall.sh', '#!/bin/sh\niptables -P FORWARD DROP\niptables -A FORWARD -s $WARD -j ACCEPT\n')
  assert.equal(code, Exit.ok)
  assert.match(out, /^Linux iptables of .*: 1 chains, 1 rules, 1 bindings/)
  assert.match(err, /firewall\.sh:3: warning iptables\/unknown: -s \$WARD: a variable of the shell/)
})

test('ASA text is never taken for IOS text: its masks mean something else', () => {
  const asa = 'access-list 101 extended permit tcp 10.20.3.0 255.255.255.0 host 10.20.4.10 eq 515\naccess-group 101 in interface inside\n'
  assert.equal((JSON.parse(run('asa', asa, { json: true }).out) as { target: string }).target, 'cisco-asa')
})

test('a named platform is the only one asked; one that cannot be read is usage', () => {
  assert.match(run('rules', NFT, { target: 'nftables' }).out, /^Linux nftables/)
  const { code, err } = run('rules', NFT, { target: 'pf' })
  assert.equal(code, Exit.usage)
  assert.match(err, /no target "pf" can be read\n {2}help: These can: .*nftables/)
})

test('a missing file and a folder are unreadable, in words', () => {
  assert.equal(run('missing', null).code, Exit.unreadable)
  let err = ''
  assert.equal(runRead({ file: FOLDER }, { out: () => {}, err: (t) => void (err += t) }), Exit.unreadable)
  assert.match(err, /a folder/)
})

const DUMP = `[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]},{"type":"blackhole","dst":"202.114.4.0/24","flags":[]}]
[{"priority":0,"src":"all","table":"local"},{"priority":90,"src":"10.20.3.0","srclen":24,"iif":"eth1","table":"7"},\
{"priority":99,"src":"all","fwmark":"0x1","table":"8"}]
`

test('route dumps are told by content: JSON and text, routes and rules, one or several after each other', () => {
  const { code, out } = run('router.json', DUMP)
  assert.equal(code, Exit.ok)
  assert.match(out, /^Linux routes .*: 0 chains, .* 2 routes, 3 routing rules, .* 1 not understood/)
  assert.match(out, /^202\.114\.4\.0\/24 +blackhole +- +- +main +2$/m)
  assert.match(out, /^90 +src 10\.20\.3\.0\/24 iif eth1 +table 7/m)
  assert.match(out, /^99 +\(fwmark is not modelled\) +table 8/m)
  const text = run('router.txt', 'default via 192.0.2.1 dev eth0\n10.1.0.0/16 encap mpls 7 via 10.0.0.1 dev eth0\n0:\tfrom all lookup local\n')
  assert.match(text.out, /^Linux routes /)
  assert.match(text.out, /^2 +10\.1\.0\.0\/16 encap/m)
  assert.equal((JSON.parse(run('router.json', null, { json: true }).out) as { target: string }).target, 'routes-linux')
})

test('one of several files says its name first', () => {
  let out = ''
  const file = path.join(FOLDER, 'router.json')
  fs.writeFileSync(file, DUMP)
  assert.equal(runRead({ file, named: true }, { out: (t) => void (out += t), err: () => {} }), Exit.ok)
  assert.ok(out.startsWith(`== ${file}\n`))
})
