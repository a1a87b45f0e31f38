// The clinical rules S2 to S10 on the real output of the commands that prepare a change. One test per rule, named after it.
// Keeps ../docs/change.md true; S1 (nothing is transmitted) is the sensor's, src/cli/live.test.ts.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openEmbeddedStore } from '../store/embedded.ts'
import { cordonHere as cordon, type Ended } from '../testing/command.ts'

const FOLDER = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-safety-'))
after(() => fs.rmSync(FOLDER, { recursive: true, force: true }))
const at = (name: string): string => path.join(FOLDER, name)
const read = (name: string): string => fs.readFileSync(at(name), 'utf8')

const DATA = at('data')
/** Beds of the synthetic ward are 10.20.4.31 and up; they send to the factory address outside. */
const POLICY = `version: 1
name: ward
zones:
  - { name: bedside, kind: medical, profiles: [contec-cms8000] }
  - { name: hospital, kind: it, prefixes: [10.0.0.0/8] }
conduits:
  - { name: cut-off, from: bedside, to: internet, services: [any], action: deny, fail: closed, owner: network, reason: CISA asks to cut them off. }
  - { name: ground, from: bedside, to: hospital, services: [dns, dhcp], action: allow, fail: open, owner: network, reason: Address and names. }
  - { name: staff, from: hospital, to: hospital, services: [any], action: allow, fail: open, reason: The rest of the house. }
default: deny
`

/** Everything the commands of this file printed or wrote. */
let everything = ''

async function run(args: readonly string[]): Promise<Ended> {
  const ended = await cordon(args)
  everything += ended.out + ended.err
  return ended
}

before(async () => {
  fs.writeFileSync(at('ward.yaml'), POLICY)
  assert.equal((await cordon(['twin', '--out', at('ward.pcap'), '--beds', '3', '--scenario', 'leak', '--seed', '7', '--seconds', '60'])).code, 0)
  assert.ok(fs.readFileSync(at('ward.pcap')).toString('latin1').includes('ZZTEST'), 'the canary is on the wire')
  assert.equal((await run(['check', at('ward.pcap'), '--data', DATA, '--fail-on', 'never'])).code, 0)
  const { code, err } = await compile('base.nft')
  assert.equal(code, 0, err)
})

const compile = (out: string, more: readonly string[] = []): Promise<Ended> =>
  run(['compile', '--target', 'nftables', '--policy', at('ward.yaml'), '--data', DATA, '--out', at(out), ...more])

interface Pack {
  readonly policy: { readonly hash: string }
  readonly replay: { readonly verdict: string; readonly denies: readonly { readonly rule: string; readonly verdict: string; readonly stops: number }[] }
  readonly approval: { readonly by: string; readonly reason: string } | null
  readonly proofs: readonly { readonly claim: string; readonly verdict: string }[]
  readonly fail: readonly { readonly conduit: string; readonly fail: string }[]
  readonly ipv6: string
}

const pack = (out: string): Pack => JSON.parse(read(`${out}.change.json`)) as Pack

test('S2: a change is text for a person: files, and nothing that sends', () => {
  const own = fs.readdirSync(FOLDER).filter((name) => name.startsWith('base.')).sort()
  assert.deepEqual(own, ['base.nft', 'base.nft.change.json', 'base.nft.change.md', 'base.nft.rollback'])
  for (const name of own) assert.equal(read(name).includes(FOLDER), false, `${name} names a folder of this machine`)
  assert.match(read('base.nft.change.md'), /Cordon loads nothing: a person reads both and loads the text/)
  const files = ['compile.ts', 'change-pack.ts', 'break-glass.ts', 'audit.ts', 'prove-rollback.ts'].map((name) => path.join(import.meta.dirname, name))
  for (const file of files) assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /node:(?:net|child_process|http|dgram|tls)/, file)
})

test('S3: every deny carries a replay verdict; break and unknown hold the approval until a reason is stated', async () => {
  const { replay } = pack('base.nft')
  assert.equal(replay.verdict, 'break')
  assert.deepEqual(replay.denies.map(({ rule }) => rule), ['cut-off', 'default'])
  assert.deepEqual([replay.denies[0]?.verdict, (replay.denies[0]?.stops ?? 0) > 0], ['break', true])
  assert.notEqual(replay.denies[1]?.verdict, 'pass', 'a minute of capture cannot pass anything')
  assert.match(read('base.nft.change.md'), /^BREAK\. NOT APPROVED/m)
  const approve = ['replay', '--policy', at('ward.yaml'), '--data', DATA, '--approve', '--by', 'Kim, network']
  const held = await run(approve)
  assert.equal(held.code, 1)
  assert.match(held.err, /not approved: the verdict is break, and nobody said why/)
  assert.match((await run(['policy', 'audit', '--data', DATA])).err, /no approval/)
  assert.equal((await run(['replay', '--policy', at('ward.yaml'), '--data', DATA, '--approve', '--reason', 'x'])).code, 2, 'somebody must answer for it')
  const kept = await run([...approve, '--reason', 'The ward agreed.'])
  assert.equal(kept.code, 1, 'a reason does not make a pass')
  await compile('s3b.nft')
  const { approval } = pack('s3b.nft')
  assert.deepEqual([approval?.by, approval?.reason], ['Kim, network', 'The ward agreed.'])
  assert.match(read('s3b.nft.change.md'), /Approved by Kim, network on .* with the verdict break, because: The ward agreed\./)
  assert.equal(read('s3b.nft'), read('base.nft'), 'an approval does not change the text')
  await compile('s3c.nft', ['--asset', 'contec-cms8000=10.20.9.9'])
  assert.match(read('s3c.nft.change.md'), /NOT APPROVED: Kim, network approved this policy .* devices have come, gone or moved/)
})

test('S4: the coverage is in the change: hours, shifts, weekend', () => {
  const page = read('base.nft.change.md')
  for (const gap of [/less than 7 days/, /shifts/, /weekend/]) assert.match(page, gap)
})

test('S5: who is in use is line one of the change, on the page and on the terminal', async () => {
  // The folder's clock is the wall clock, so the past is moved to now.
  const opened = await openEmbeddedStore(DATA)
  assert.ok(opened.ok)
  const store = opened.value
  const conversations = await store.read('conversation')
  const now = Date.now() * 1000
  await store.append(conversations.map((record) => ({ ...record, body: { ...(record.body as object), lastAt: now } })))
  await store.close()
  const { err } = await compile('s5.nft')
  assert.match(err.split('\n')[0] ?? '', /^In use now, and this change stops something of it: Bed 1 \(\d+ seconds? ago\), bed 2/)
  assert.match(read('s5.nft.change.md').split('\n')[0] ?? '', /^In use now, and this change stops something of it: Bed 1/)
  const nobody = await run(['compile', '--target', 'nftables', '--policy', at('ward.yaml'), '--asset', 'contec-cms8000=10.20.4.31', '--out', at('s5b.nft')])
  assert.match(nobody.err, /^In use now: not known, because no --data FOLDER/)
})

test('S6: the rollback comes with the text and is proved before either is written; a refuted one exits 5', async () => {
  const proofs = pack('base.nft').proofs
  assert.ok(proofs.length >= 3 && proofs.every(({ verdict }) => verdict === 'proved'))
  assert.ok(proofs.some(({ claim }) => claim.includes('rollback')))
  const prove = (rollback: string, more: readonly string[] = []): Promise<Ended> =>
    run(['prove', 'rollback', at('base.nft'), at(rollback), '--target', 'nftables', ...more])
  assert.equal((await prove('base.nft.rollback')).code, 0)
  fs.writeFileSync(at('forgets.nft'), 'delete table inet other\n')
  const refuted = await prove('forgets.nft')
  assert.equal(refuted.code, 5)
  assert.match(refuted.out, /it leaves "table inet cordon_ward"; line 1 of the rollback names what is not there/)
  fs.writeFileSync(at('today.nft'), 'table inet filter {\n}\n')
  assert.equal((await prove('base.nft.rollback', ['--base', at('today.nft')])).code, 0)
  assert.equal((await prove('base.nft.rollback', ['--base', at('missing.nft')])).code, 3)
  fs.writeFileSync(at('empty.nft'), '')
  const nothing = await run(['prove', 'rollback', at('empty.nft'), at('empty.nft'), '--target', 'nftables'])
  assert.deepEqual([nothing.code, nothing.out], [4, ''], 'nothing proves nothing')
  const unproved = await compile('s6b.nft', ['--no-prove'])
  assert.equal(unproved.code, 0)
  assert.match(read('s6b.nft.change.md'), /not proved: --no-prove was given/)
})

test('S7: fail-open or fail-closed is stated for every conduit', () => {
  assert.deepEqual(pack('base.nft').fail.map(({ conduit, fail }) => `${conduit} ${fail}`), ['cut-off closed', 'ground open', 'staff open'])
  assert.match(read('base.nft.change.md'), /\| cut-off \| bedside \| internet \| deny \| stops \(fail closed\) \| network \|/)
  assert.match(pack('base.nft').ipv6, /IPv6.*proved/)
})

test('S8: the ward\'s sentences come before any address, port or rule', () => {
  const page = read('base.nft.change.md')
  const ward = page.indexOf('Bed 1 disappears from the central station.')
  const technical = page.search(/\d+\.\d+\.\d+\.\d+|sha256|\| rule \|/)
  assert.ok(ward > 0 && ward < technical, `${ward} before ${technical}`)
})

test('S9: break-glass lifts one device for a time, proves that it is one, and leaves an audit line', async () => {
  const glass = (more: readonly string[]): Promise<Ended> => run(['policy', 'break-glass', '--policy', at('ward.yaml'), '--target', 'nftables',
    '--owner', 'Dr. Ward', '--reason', 'Vendor on the phone', '--out', at('s9.nft'), '--data', DATA, ...more])
  const { code, err } = await glass(['--device', 'bed 1', '--hours', '2'])
  assert.equal(code, 0, err)
  assert.match(err, /every packet of other devices is decided as before \(IPv4\): proved/)
  assert.match(err, /Other firewalls, switches and the routes on the way are as they were/)
  assert.match(read('s9.nft'), /^# BREAK-GLASS for .*10\.20\.4\.31.* until \d{4}-/)
  assert.match(read('s9.nft'), /elements = \{ 10\.20\.4\.31 timeout 7200s \}/)
  assert.ok(read('s9.nft.rollback').endsWith(read('base.nft')), 'the rollback is the text of the policy')
  const audit = await run(['policy', 'audit', '--data', DATA])
  assert.match(audit.out, /Dr\. Ward +break-glass +.*10\.20\.4\.31.*until .*Vendor on the phone/)
  const lines = (JSON.parse((await run(['policy', 'audit', '--data', DATA, '--json'])).out) as { lines: { action: string; textHash?: string }[] }).lines
  assert.equal(lines.filter(({ action }) => action === 'break-glass').length, 1)
  assert.match(lines.at(-1)?.textHash ?? '', /^[0-9a-f]{64}$/)
  for (const [more, words] of [
    [['--address', '10.20.4.0/24', '--hours', '2'], /is no address/], [['--address', '10.20.4.31', '--address', '10.20.4.32', '--hours', '2'], /ONE device/],
    [['--address', '202.114.4.119', '--hours', '2'], /no device of this site/],
    [['--address', '10.20.4.31', '--hours', '500'], /no time from one minute to 72 hours/],
    [['--address', '10.20.4.31'], /either --hours or --until/], [['--device', 'bed 99', '--hours', '1'], /no device is called/],
    [['--address', '10.20.4.31', '--until', '2020-01-01T00:00Z'], /no time from/],
    [['--address', '10.20.4.31', '--until', '2026-12-24T18:00'], /no time zone/],
    [['--address', '10.20.4.31', '--hours', '1', '--reason', ' '], /--reason is empty/],
    [['--address', '10.20.4.31', '--hours', '1', '--target', 'pan-os'], /put an exception with a day into the policy/],
  ] as const) {
    const refused = await glass(more)
    assert.equal(refused.code, 2, refused.err)
    assert.match(refused.err, words)
  }
  assert.equal(JSON.parse((await run(['policy', 'audit', '--data', DATA, '--json'])).out).lines.length, lines.length, 'a refusal leaves no line')
  const absent = await run(['policy', 'audit', '--data', at('mistyped')])
  assert.deepEqual([absent.code, fs.existsSync(at('mistyped'))], [2, false], 'a mistyped folder is not an empty audit')
})

test('S9: on IOS and ASA the lifted lists stand beside those in force, and the rollback binds those again', async () => {
  for (const [target, iface] of [['cisco-ios', 'Gi0/1'], ['cisco-asa', 'wards']] as const) {
    const common = ['--policy', at('small.yaml'), '--target', target, '--set', `interface=${iface}`]
    const small = POLICY.replace(/ {2}- \{ name: cut-off.*\n/, '').replace('profiles: [contec-cms8000]', 'prefixes: [10.20.3.0/24], inside: hospital')
    fs.writeFileSync(at('small.yaml'), small)
    assert.equal((await run(['compile', ...common, '--out', at('now.cfg')])).code, 0)
    const glass = await run(['policy', 'break-glass', ...common, '--address', '10.20.3.7', '--hours', '1', '--owner', 'o', '--reason', 'r',
      '--data', DATA, '--out', at('bg.cfg')])
    assert.equal(glass.code, 0, glass.err)
    assert.match(read('bg.cfg'), /does NOT end by itself/)
    const proved = await run(['prove', 'rollback', at('bg.cfg'), at('bg.cfg.rollback'), '--target', target, '--base', at('now.cfg')])
    assert.equal(proved.code, 0, proved.out)
  }
})

test('S10: no clinical value, no patient text and no word that a patient is fine, in anything printed or written', () => {
  for (const name of fs.readdirSync(FOLDER)) if (/\.(?:nft|cfg|md|json|rollback)$/.test(name)) everything += read(name)
  assert.ok(everything.length > 10_000)
  for (const secret of ['ZZTEST', 'CANARY']) assert.equal(everything.includes(secret), false, secret)
  assert.doesNotMatch(everything, /\b(?:heart rate|SpO2|bpm|mmHg|systolic|diastolic|patient is (?:fine|well|stable|safe))\b/i)
})
