// Certificates from the command line: what is proved is written and verified, another text and a changed file are told with what is wrong.
// Keeps "offline and by somebody else": verify gets the file and the texts, and nothing of the run that proved.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Certificate } from '../policy/prove/certificate.ts'
import { cordon as cordonProcess, cordonHere as cordon, scratch } from '../testing/command.ts'

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
  - only bedside -> cms-segment on cms8000
`

const ACL = `ip access-list extended WARD
 permit tcp 10.20.4.0 0.0.0.127 202.114.4.0 0.0.0.255 range 515 520
 deny ip 10.20.4.5 0.0.3.0 any
 deny ip any any
`

interface Ward {
  readonly folder: string
  readonly policy: string
  readonly acl: string
  readonly certificate: string
}

function ward(t: TestContext): Ward {
  const folder = scratch(t)
  const [policy, acl, certificate] = ['ward.yaml', 'ward.ios', 'ward.certificate'].map((name) => path.join(folder, name)) as [string, string, string]
  fs.writeFileSync(policy, POLICY)
  fs.writeFileSync(acl, ACL)
  return { folder, policy, acl, certificate }
}

const load = (file: string): Certificate => JSON.parse(fs.readFileSync(file, 'utf8')) as Certificate

test('a policy: one certificate with a part per assertion and IP version, the same bytes each time', async (t) => {
  const { policy, certificate } = ward(t)
  const made = await cordon(['prove', 'policy', policy, '--certificate', certificate])
  assert.equal(made.code, 0, made.out + made.err)
  assert.match(made.err, /cubes in 6 parts; check it with: cordon prove verify/)
  const first = fs.readFileSync(certificate, 'utf8')
  assert.deepEqual(load(certificate).parts.map((part) => [part.ipVersion, part.claim]), [4, 6].flatMap((v) => [[v, 'never'], [v, 'always'], [v, 'never']]))
  const verified = await cordon(['prove', 'verify', certificate])
  assert.deepEqual([verified.code, verified.err], [0, ''], verified.out)
  assert.match(verified.out, /never bedside -> internet \(IPv4\): verified for \d+ packets\n/)
  assert.match(verified.out, /\(IPv6\): verified \(no packet of this version is meant\)/)
  await cordon(['prove', 'policy', policy, '--certificate', certificate])
  assert.equal(fs.readFileSync(certificate, 'utf8'), first)
})

test('the shipped policy is certified with assets, and found again wherever one stands', async (t) => {
  const { folder, certificate } = ward(t)
  const assets = ['--asset', 'contec-cms8000=10.20.4.31', '--asset', 'cms-central-station=10.20.3.100']
  assert.equal((await cordonProcess(['prove', 'policy', ...assets, '--certificate', certificate], { cwd: folder })).code, 0)
  assert.equal((await cordonProcess(['prove', 'verify', certificate], { cwd: folder })).code, 0)
})

test('reach, liveness and equal on configs, masks with holes included; the text may have moved', async (t) => {
  const { folder, acl, policy, certificate } = ward(t)
  const questions: readonly (readonly string[])[] = [
    ['reach', acl, '--from', '10.20.4.0/25', '--to', '8.0.0.0/8'],
    ['liveness', acl, '--from', '10.20.4.0/25', '--to', '202.114.4.119', '--service', 'tcp/515-520'],
    ['equal', policy, acl],
  ]
  for (const question of questions) {
    const made = await cordon(['prove', ...question, '--certificate', certificate])
    assert.equal(made.code, 0, made.out + made.err)
    const moved = question.filter((word) => word === acl || word === policy).map((file) => path.join(folder, `moved-${path.basename(file)}`))
    for (const file of moved) fs.copyFileSync(path.join(folder, path.basename(file).slice('moved-'.length)), file)
    const verified = await cordon(['prove', 'verify', certificate, ...moved.flatMap((file) => ['--config', file]), '--json'])
    assert.equal(verified.code, 0, verified.out + verified.err)
    assert.equal((JSON.parse(verified.out) as { verdict: string }).verdict, 'verified')
  }
})

test('what is refuted or unknown gets no certificate, and the exit code of its answer', async (t) => {
  const { acl, certificate } = ward(t)
  const refuted = await cordon(['prove', 'reach', acl, '--to', '202.114.4.0/24', '--certificate', certificate])
  assert.equal(refuted.code, 5)
  assert.match(refuted.err, /no certificate is written, because not everything is proved/)
  fs.writeFileSync(acl, ACL.replace('deny ip any any', 'permit ip any any time-range NIGHT'))
  const unknown = await cordon(['prove', 'reach', acl, '--to', '8.0.0.0/8', '--certificate', certificate])
  assert.equal(unknown.code, 4, unknown.out)
  assert.equal(fs.existsSync(certificate), false)
})

test('another text is told with both hashes; a missing one with how to name it', async (t) => {
  const { acl, certificate } = ward(t)
  await cordon(['prove', 'reach', acl, '--to', '8.0.0.0/8', '--certificate', certificate])
  fs.writeFileSync(acl, `${ACL}!\n`)
  const other = await cordon(['prove', 'verify', certificate])
  assert.deepEqual([other.code, other.err], [5, ''])
  assert.match(other.out, /^refuted: .*ward\.ios is another text than the one that was proved\n {2}certificate: [0-9a-f]{64}\n {2}file: {8}[0-9a-f]{64}\n$/)
  fs.rmSync(acl)
  const missing = await cordon(['prove', 'verify', certificate])
  assert.equal(missing.code, 3)
  assert.match(missing.err, /no such file[\s\S]*--config/)
})

test('a changed certificate is refuted, and says which cube is wrong', async (t) => {
  const { acl, certificate } = ward(t)
  await cordon(['prove', 'reach', acl, '--to', '8.0.0.0/8', '--certificate', certificate])
  const text = fs.readFileSync(certificate, 'utf8')
  const changes: readonly (readonly [RegExp, string, RegExp])[] = [
    [/"rule":3/, '"rule":1', /cube \{.*\} is decided by .*the certificate says/],
    [/"action": "deny"/, '"action": "permit"', /is decided by/],
    [/"to": "8\.0\.0\.0\/8"/, '"to": "9.0.0.0/8"', /the claim differs/],
    [/"day": null/, '"day": "2026-01-01"', /belong to policies only/],
    [/"src":\["[^"]+"/, '"src":["0.0.0.0"', /hold \d+ of the \d+ packets|takes a part|is decided by/],
    [/"kind": "reach"/, '"kind": "liveness"', /the claim differs/],
    [/"count": "\d/, '"count": "1', /the count differs/],
  ]
  for (const [from, to, pattern] of changes) {
    assert.match(text, from)
    fs.writeFileSync(certificate, text.replace(from, to))
    const refuted = await cordon(['prove', 'verify', certificate])
    assert.equal(refuted.code, 5, `${to}: ${refuted.out}${refuted.err}`)
    assert.match(refuted.out, pattern)
  }
})

test('what the maker chose is said: reader, chain, day; a day that is none is refuted, names that pretend lines are refused', async (t) => {
  const { acl, certificate } = ward(t)
  const text = path.join(path.dirname(acl), 'two.nft')
  fs.writeFileSync(text, '\ufefftable inet f {\n chain forward { type filter hook forward priority 0; accept; }\n chain unused { drop; }\n}\n')
  const made = await cordon(['prove', 'reach', text, '--chain', 'inet f unused', '--to', '8.0.0.0/8', '--certificate', certificate])
  assert.equal(made.code, 0, made.out + made.err)
  const verified = await cordon(['prove', 'verify', certificate])
  assert.match(verified.out, /this is about .*two\.nft read as nftables, chain "inet f unused" alone, wherever it is bound\n$/)
  const hash = crypto.createHash('sha256').update(fs.readFileSync(text)).digest('hex')
  assert.ok(fs.readFileSync(certificate, 'utf8').includes(hash), 'the hash is that of the bytes, with the byte order mark')
  fs.writeFileSync(certificate, fs.readFileSync(certificate, 'utf8').replace('"name":"', '"name":"\\u001b[2J'))
  const odd = await cordon(['prove', 'verify', certificate, '--config', text])
  assert.deepEqual([odd.code, odd.out], [3, ''])
  assert.match(odd.err, /inputs\[0\]\.name must be text of one line/)
  await cordon(['prove', 'policy', '--certificate', certificate])
  assert.match((await cordon(['prove', 'verify', certificate])).out, /read as policy, exceptions as of \d{4}-\d\d-\d\d, no assets\n$/)
  fs.writeFileSync(certificate, fs.readFileSync(certificate, 'utf8').replace(/"day": "[^"]*"/, '"day": "zzzz"'))
  const never = await cordon(['prove', 'verify', certificate])
  assert.deepEqual([never.code, never.err], [5, ''])
  assert.match(never.out, /its day "?zzzz"? is none/)
})

test('what is no certificate is refused with the place', async (t) => {
  const { acl, certificate } = ward(t)
  await cordon(['prove', 'reach', acl, '--to', '8.0.0.0/8', '--certificate', certificate])
  const text = fs.readFileSync(certificate, 'utf8')
  const changes: readonly (readonly [string, RegExp])[] = [
    ['{', /it is not JSON/],
    ['[]', /the file must be a map/],
    [text.replace('cordon-certificate-1', 'cordon-certificate-9'), /format must be one of cordon-certificate-1/],
    [text.replace('"verdict"', '"verdikt"'), /without the key "?verdikt/],
    [text.replace('"claim": "never"', '"claim": "mostly"'), /parts\[0\]\.claim must be one of never, always, equal/],
    [text.replace('"rule":3', '"rule":"3"'), /rule must be a whole number/],
  ]
  for (const [changed, pattern] of changes) {
    fs.writeFileSync(certificate, changed)
    const refused = await cordon(['prove', 'verify', certificate])
    assert.deepEqual([refused.code, refused.out], [3, ''], refused.err)
    assert.match(refused.err, pattern)
  }
  const wrong = await cordon(['prove', 'verify', certificate, '--config', 'a', '--config', 'b'])
  assert.notEqual(wrong.code, 0)
  const unwritable = await cordon(['prove', 'reach', acl, '--to', '8.0.0.0/8', '--certificate', '/nowhere/x'])
  assert.equal(unwritable.code, 3)
  assert.match(unwritable.err, /cannot write/)
})

const TWO_TABLES = `table ip first {
  chain fwd { type filter hook forward priority 0; policy accept; ip saddr 10.20.4.0/25 ip daddr 8.0.0.0/8 drop }
}
table ip second {
  chain fwd { type filter hook forward priority 10; policy accept; }
  chain into { type filter hook input priority 0; policy drop; }
}
`

test('a certificate is about one chain: several of a hook, another hook and networks are refused, and nothing is written', async (t) => {
  const { folder, policy, certificate } = ward(t)
  const nft = path.join(folder, 'two.nft')
  const network = path.join(import.meta.dirname, '..', '..', 'examples', 'ward-network', 'network.yaml')
  fs.writeFileSync(nft, TWO_TABLES)
  const question = ['--from', '10.20.4.0/25', '--to', '8.0.0.0/8', '--certificate', certificate]
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['reach', nft, ...question], /choose with --chain: ip first fwd, ip second fwd/],
    [['reach', nft, ...question, '--hook', 'input'], /name the chain with --chain/],
    [['reach', network, ...question], /not about a network/],
    [['policy', policy, '--network', network, '--certificate', certificate], /not about a network/],
  ]
  for (const [args, why] of refused) {
    const { code, err } = await cordon(['prove', ...args])
    assert.equal(code, 2, err)
    assert.match(err, why)
    assert.equal(fs.existsSync(certificate), false, args.join(' '))
  }
  const named = await cordon(['prove', 'reach', nft, ...question, '--chain', 'ip first fwd'])
  assert.equal(named.code, 0, named.err)
  assert.equal((await cordon(['prove', 'verify', certificate])).code, 0)
})
