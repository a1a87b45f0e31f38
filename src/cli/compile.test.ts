// cordon compile: what a person sees: text on stdout or in two files, notes beside it, and refusals instead of wider rules.
// Keeps "stdout is data, stderr is talk", and that nothing is written when anything is refused.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { TARGETS } from '../policy/compile/registry.ts'
import { ROUTE_TARGETS } from '../policy/compile/routes/index.ts'
import { listTargets, proofsStop, runCompile, type CompileArgs } from './compile.ts'
import { Exit } from './io.ts'

const FOLDER = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-compile-'))
after(() => fs.rmSync(FOLDER, { recursive: true }))

const POLICY = path.join(FOLDER, 'ward.yaml')
fs.writeFileSync(POLICY, `
version: 1
name: ward 3
zones:
  - { name: hospital, kind: it, prefixes: [10.0.0.0/8] }
  - { name: ward-3, kind: medical, inside: hospital, prefixes: [10.20.3.0/24] }
  - { name: central, kind: medical, profiles: [cms-central-station] }
conduits:
  - { name: vitals, from: ward-3, to: central, services: [cms8000], action: allow, fail: open, reason: The central shows the bed. }
default: deny
`)
const CENTRAL = ['cms-central-station=10.20.4.10']

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

const quiet = { isTty: false, color: false, env: {}, signal: new AbortController().signal }

async function run(args: Partial<CompileArgs>): Promise<Run> {
  let out = ''
  let err = ''
  const io = { ...quiet, out: (text: string) => void (out += text), err: (text: string) => void (err += text) }
  const code = await runCompile({ target: 'pf', policy: POLICY, assets: CENTRAL, ...args }, io)
  return { code, out, err }
}

test('text goes to stdout, notes and the count of lines to stderr', async () => {
  const { code, out, err } = await run({})
  assert.equal(code, Exit.ok)
  assert.match(out, /^# Cordon policy ward 3, sha256 [0-9a-f]{64}\n/)
  assert.match(out, /label "cordon-ward-3 vitals"/)
  assert.match(err, /note: IPv4 and IPv6 are both written/)
  assert.match(err, /pf \(OpenBSD.*\): \d+ lines?\n/)
  assert.equal(out.includes('note:'), false)
})

test('--out writes the text and its rollback, and prints nothing on stdout', async () => {
  const file = path.join(FOLDER, 'anchor.conf')
  const { code, out, err } = await run({ out: file })
  assert.deepEqual([code, out], [Exit.ok, ''])
  assert.equal(fs.readFileSync(file, 'utf8'), (await run({})).out)
  assert.match(fs.readFileSync(`${file}.rollback`, 'utf8'), /pfctl -a cordon\/cordon-ward-3 -F rules/)
  assert.match(err, /anchor\.conf\.rollback written; read both/)
})

test('a file that cannot be written is said, exit 2', async () => {
  const { code, err } = await run({ out: path.join(FOLDER, 'no-such-folder', 'x') })
  assert.equal(code, Exit.usage)
  assert.match(err, /cannot be written/)
})

test('an unknown target is named, with those there are', async () => {
  const { code, out, err } = await run({ target: 'pfsense-gui' })
  assert.deepEqual([code, out], [Exit.usage, ''])
  assert.match(err, /no target is called "pfsense-gui"/)
  for (const { id } of TARGETS) assert.ok(err.includes(id), id)
})

test('a zone whose devices nobody named is refused: its denies would be lost', async () => {
  const { code, out, err } = await run({ assets: [] })
  assert.deepEqual([code, out], [Exit.usage, ''])
  assert.match(err, /zone central .* holds no address.*\n.*--asset cms-central-station=/)
  const allowed = await run({ assets: [], allowEmptyZones: true })
  assert.equal(allowed.code, Exit.ok)
  assert.equal(allowed.out.includes('vitals'), false)
})

test('the shipped policy asks for its devices first', async () => {
  const { code, err } = await run({ policy: undefined, assets: [] })
  assert.equal(code, Exit.usage)
  assert.match(err, /zone bedside of policies\/default\.yaml holds no address/)
  assert.equal((await run({ policy: undefined, assets: ['contec-cms8000=10.20.3.7', ...CENTRAL] })).code, Exit.ok)
})

test('a broken policy, a broken asset and an unknown option are all exit 2 without text', async () => {
  const broken = path.join(FOLDER, 'broken.yaml')
  fs.writeFileSync(broken, 'version: 1\nzones: [{ nam: x }]\n')
  for (const [args, words] of [
    [{ policy: broken }, /broken\.yaml:\d+/],
    [{ policy: path.join(FOLDER, 'missing.yaml') }, /no such file/],
    [{ assets: ['cms-central-station'] }, /is no profile=address/],
    [{ assets: ['=10.0.0.1'] }, /is no profile=address/],
    [{ assets: ['cms-central-station=ward'] }, /is no profile=address/],
    [{ options: { iface: 'igb1' } }, /refused by pf: unknown option iface/],
    [{ options: { zone: 'nowhere' } }, /no zone "nowhere" with addresses/],
    [{ options: { zone: 'ward-3', source: '10.0.0.0/8' } }, /not both/],
    [{ budget: 1 }, /refused by pf: \d+ lines are needed and 1 are allowed/],
  ] as const) {
    const { code, out, err } = await run(args)
    assert.deepEqual([code, out], [Exit.usage, ''], err)
    assert.match(err, words)
  }
})

test('nothing is written when the platform refuses', async () => {
  const file = path.join(FOLDER, 'refused.conf')
  assert.equal((await run({ out: file, budget: 1 })).code, Exit.usage)
  assert.equal(fs.existsSync(file) || fs.existsSync(`${file}.rollback`), false)
})

test('the Zeek target is filled from the profiles that the policy selects', async () => {
  const { code, out, err } = await run({ target: 'zeek-intel', policy: undefined, assets: ['contec-cms8000=10.20.3.7', ...CENTRAL] })
  assert.equal(code, Exit.ok, err)
  assert.match(out, /^202\.114\.4\.119\tIntel::ADDR\tcordon-default\tcontec-cms8000, /m)
  assert.match(out, /^202\.114\.4\.0\/24\tIntel::SUBNET\t/m)
  assert.match(err, /Not written, Intel has no type for it: path \/pm of contec-cms8000/)
})

test('the NAC target takes the zone by name', async () => {
  const { code, out, err } = await run({ target: 'nac-dacl', options: { zone: 'ward-3' } })
  assert.equal(code, Exit.ok, err)
  assert.match(out, /^permit tcp any host 10\.20\.4\.10 range 515 520\ndeny ip any any$/m)
})

test('the hash follows the addresses and the policy, not comments', async () => {
  const hash = async (args: Partial<CompileArgs>): Promise<string> => /sha256 ([0-9a-f]{64})/.exec((await run(args)).out)?.[1] ?? assert.fail()
  const commented = path.join(FOLDER, 'commented.yaml')
  fs.writeFileSync(commented, `# read by the ward\n${fs.readFileSync(POLICY, 'utf8')}`)
  assert.equal(await hash({ policy: commented }), await hash({}))
  assert.notEqual(await hash({ assets: ['cms-central-station=10.20.4.11'] }), await hash({}))
})

test('the list shows every target with what it can say', () => {
  let out = ''
  const io = { out: (text: string) => void (out += text), err: () => {} }
  assert.equal(listTargets({}, io), Exit.ok)
  assert.match(out, /^target +families +stateful/)
  for (const { id, name } of [...TARGETS, ...ROUTE_TARGETS]) assert.ok(out.includes(id) && out.includes(name), id)
  out = ''
  assert.equal(listTargets({ json: true }, io), Exit.ok)
  assert.deepEqual((JSON.parse(out) as { id: string }[]).map(({ id }) => id), [...TARGETS, ...ROUTE_TARGETS].map(({ id }) => id))
})

const SEGMENTS = path.join(FOLDER, 'segments.yaml')
fs.writeFileSync(SEGMENTS, `${fs.readFileSync(POLICY, 'utf8')}segments:
  - { prefix: 10.20.3.0/24, zone: ward-3, via: [10.20.0.3], elsewhere: prohibit }
`)

test('routes: the policy\'s segments as text, with the same hash as the filter, proved, with rollback and change pack', async () => {
  const file = path.join(FOLDER, 'routes.sh')
  const { code, err } = await run({ target: 'routes-linux', policy: SEGMENTS, out: file })
  assert.equal(code, Exit.ok, err)
  const text = fs.readFileSync(file, 'utf8')
  assert.match(text, /ip route replace 10\.20\.3\.0\/24 via 10\.20\.0\.3 metric 10\nip route replace prohibit 10\.20\.3\.0\/24 metric 900000\n$/)
  const filter = await run({ policy: SEGMENTS })
  assert.equal(/hash ([0-9a-f]{64})/.exec(text)?.[1], /sha256 ([0-9a-f]{64})/.exec(filter.out)?.[1])
  assert.match(err, /proof: the text, read back, is the policy's routes: proved/)
  assert.match(err, /proof: the rollback takes away .*: 2 things come with the text/)
  assert.match(err, /none of the next hops \(10\.20\.0\.3\)/)
  assert.match(fs.readFileSync(`${file}.change.md`, 'utf8'), /# Change: ward 3 on Static routes of a Linux router/)
})

test('routes: options, the router itself, and refusals', async () => {
  const attached = await run({ target: 'routes-ios', policy: SEGMENTS, options: { router: '10.20.0.3' } })
  assert.deepEqual([attached.code, attached.out], [Exit.usage, ''])
  assert.match(attached.err, /refused by routes-ios: the policy has no segments that need a route/)
  assert.match((await run({ target: 'routes-windows', policy: SEGMENTS })).err, /Windows has no route that drops/)
  assert.match((await run({ target: 'routes-junos', policy: SEGMENTS })).err, /Junos cannot keep a drop behind next hops/)
  assert.match((await run({ target: 'routes-linux', policy: SEGMENTS, options: { hooks: 'forward' } })).err, /option "hooks" is not known/)
  assert.match((await run({ target: 'routes-linux' })).err, /no segments/)
})

test('the text is proved before it is written, and --no-prove says that it was not', async () => {
  const proved = await run({ target: 'nftables' })
  assert.match(proved.err, /proof: the text, read back, is the policy \(IPv4, .*\): proved\nproof: .*IPv6.*: proved\nproof: the rollback/)
  const unproved = await run({ target: 'nftables', prove: false })
  assert.deepEqual([unproved.code, unproved.out], [Exit.ok, proved.out])
  assert.match(unproved.err, /not proved: --no-prove was given/)
  assert.match((await run({})).err, /not proved here: Cordon does not read this platform/)
})

test('a text that differs, or cannot be proved, is written by nobody: exit 5 and 4', () => {
  const said: string[] = []
  const io = { err: (text: string) => void said.push(text) }
  const proof = (verdict: 'refuted' | 'unknown' | 'proved' | 'not proved') =>
    [{ claim: 'the text is the policy', verdict, words: 'tcp 10.0.0.1 -> 10.0.0.2:22' }]
  assert.deepEqual([proofsStop(proof('refuted'), {}, io), proofsStop(proof('unknown'), {}, io), proofsStop(proof('proved'), {}, io),
    proofsStop(proof('not proved'), {}, io), proofsStop(proof('refuted'), { prove: false }, io)], [5, Exit.incomplete, null, null, 5])
  assert.match(said.join(''), /nothing was written, because the text does not do what the policy says/)
})

test('an exception in effect is in the text, and its end is said; after its day it is not', async () => {
  const file = path.join(FOLDER, 'visit.yaml')
  fs.writeFileSync(file, `${fs.readFileSync(POLICY, 'utf8')}exceptions:
  - { name: visit, from: ward-3, to: central, services: [ssh], action: allow, owner: o, reason: r, expires: 2026-12-24 }
`)
  const during = await run({ policy: file, today: '2026-12-24' })
  assert.match(during.out, /port \{ 22 \}.*"cordon-ward-3 visit"/)
  assert.match(during.err, /note: exception visit is in this text and ends after 2026-12-24: compile and load again then/)
  const later = await run({ policy: file, today: '2026-12-25' })
  assert.equal(later.out.includes('visit'), false)
})
