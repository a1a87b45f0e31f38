// Tests of whole drills in this machine's kernel: both shipped policies, texts that are not the policy's, an ordinary user, and the guard.
// Keeps "a check must be able to fail": each kind of wrong text is caught, with its packet named.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { Sha256 } from '../base/sha256.ts'
import { cordon, CORDON, cordonHere, ended, scratch, start } from '../testing/command.ts'
import { DEFAULT_ASSETS, drillWard, KEEP_INSIDE } from '../testing/drill-ward.ts'
import { isInstalled } from './lab.ts'
import { canDrill, launchDrill, ownNetwork } from './launch.ts'

const able = await canDrill()
const skip = able.ok ? false : `no drill on this machine: ${able.error}`
const PROBES = '3000'

interface Document {
  readonly verdict: string
  readonly talks: readonly { readonly phase: string; readonly story: string; readonly seen: string; readonly ok: boolean }[]
  readonly probes: readonly { readonly phase: string; readonly escaped: number; readonly tally: {
    readonly sent: number; readonly equal: number; readonly passed: number; readonly wrong: number
    readonly examples: readonly { readonly kind: string; readonly words: string }[]
  } }[]
  readonly assertions: readonly { readonly text: string; readonly asked: number; readonly broken: number }[]
  readonly oldSession: { readonly survived: boolean; readonly denied: boolean; readonly flush: string; readonly endedByFlush: boolean | null }
  readonly leftBehind: readonly string[]
  readonly bedsOnStation: number
  readonly escapedBefore: number
  readonly escapedAfter: number
}

async function drill(...args: string[]): Promise<{ readonly code: number | null; readonly result: Document; readonly err: string }> {
  const { code, out, err } = await cordon(['drill', '--json', '--probes', PROBES, ...args])
  assert.ok(out.startsWith('{'), `${code}: ${err}`)
  return { code, result: JSON.parse(out) as Document, err }
}

const ofPhase = ({ probes }: Document, name: string) => probes.find(({ phase }) => phase === name) ?? assert.fail(name)

/** The compiled text of a policy with one rule put in front. */
async function textWith(t: TestContext, rule: string): Promise<string> {
  const file = path.join(scratch(t), 'router.nft')
  assert.equal((await cordonHere(['compile', '--target', 'nftables', '--policy', KEEP_INSIDE, '--out', file])).code, 0)
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('chain policy_v4 {', `chain policy_v4 {\n\t\t${rule}`))
  return file
}

test('the template keeps the ward inside, its rollback leaves nothing, and an old session goes on until it is flushed', { skip }, async (t) => {
  const out = path.join(scratch(t), 'evidence')
  const { code, result } = await drill('--beds', '3', '--out', out)
  assert.equal(code, 0, JSON.stringify(result.talks.filter(({ ok }) => !ok)))
  assert.equal(result.verdict, 'held')
  assert.equal(result.bedsOnStation, 3)
  assert.ok(result.escapedBefore > 0)
  assert.equal(result.escapedAfter, 0)
  for (const { tally } of result.probes) assert.deepEqual([tally.sent, tally.equal, tally.wrong], [Number(PROBES), Number(PROBES), 0])
  assert.ok(ofPhase(result, 'after').tally.passed > 0)
  assert.deepEqual(ofPhase(result, 'rolled back').tally.passed, ofPhase(result, 'before').tally.passed)
  assert.deepEqual(result.leftBehind, [])
  assert.ok(result.assertions.length > 0 && result.assertions.every(({ asked, broken }) => asked > 0 && broken === 0))
  assert.ok(result.talks.some(({ phase, story, seen }) => phase === 'before' && story === 'update: mount /pm' && seen === 'reaches the outside'))
  assert.ok(result.talks.filter(({ phase }) => phase === 'station gone').every(({ seen }) => seen === 'stopped'))
  checkOldSession(result)
  await checkEvidence(out)
})

async function checkEvidence(out: string): Promise<void> {
  const manifest = JSON.parse(fs.readFileSync(path.join(out, 'manifest.json'), 'utf8')) as { files: { name: string; sha256: string }[] }
  assert.deepEqual(manifest.files.map(({ name }) => name), fs.readdirSync(out).filter((name) => name !== 'manifest.json').sort())
  for (const { name, sha256 } of manifest.files) assert.equal(new Sha256().update(fs.readFileSync(path.join(out, name))).hex(), sha256, name)
  const compiled = await cordonHere(['compile', '--target', 'nftables', '--policy', KEEP_INSIDE])
  assert.equal(fs.readFileSync(path.join(out, 'rules.nft'), 'utf8'), compiled.out)
  assert.equal(fs.readFileSync(path.join(out, 'state-before.txt'), 'utf8'), fs.readFileSync(path.join(out, 'state-rolled-back.txt'), 'utf8'))
  assert.match(fs.readFileSync(path.join(out, 'state-after.txt'), 'utf8'), /blackhole 202\.114\.4\.112\/28/)
  for (const phase of ['before', 'after', 'rolled-back']) {
    for (const side of ['bedside', 'central', 'hospital', 'outside']) assert.ok(fs.existsSync(path.join(out, `${phase}-probes-${side}.pcap`)))
  }
}

function checkOldSession({ oldSession }: Document): void {
  assert.equal(oldSession.survived, true)
  assert.equal(oldSession.denied, true)
  assert.match(oldSession.flush, /^conntrack -D -p tcp -s 10\.20\.3\.11 -d 202\.114\.4\.1 --dport 515$/)
  assert.equal(oldSession.endedByFlush, isInstalled('conntrack') ? true : null)
}

test('the default policy on a ward of named devices, over IPv4 and IPv6', { skip }, async () => {
  const assets = DEFAULT_ASSETS.flatMap((asset) => ['--asset', asset])
  const { code, result } = await drill('--policy', path.join(path.dirname(KEEP_INSIDE), 'default.yaml'), ...assets)
  assert.equal(code, 0, JSON.stringify(result.probes.map(({ tally }) => tally.examples)))
  assert.equal(result.bedsOnStation, 3)
  assert.equal(result.escapedAfter, 0)
  // It writes no routes, so nothing keeps the factory address inside when the station is gone: that is said.
  assert.ok(result.talks.some(({ phase, seen }) => phase === 'station gone' && seen === 'reaches the outside'))
})

test('a text with one permit more is caught, and the packet is named', { skip }, async (t) => {
  const file = await textWith(t, 'ip saddr 10.20.3.77 ip daddr 202.114.4.9 tcp dport 4444 accept')
  const { code, result, err } = await drill('--rules', file)
  assert.equal(code, 5)
  assert.equal(result.verdict, 'failed')
  const { examples, wrong } = ofPhase(result, 'after').tally
  assert.ok(wrong > 0 && examples.some(({ kind, words }) => kind === 'leaked' && words.startsWith('10.20.3.77 -> 202.114.4.9, tcp 4444, sent by bedside')))
  assert.ok(result.assertions.some(({ text, broken }) => text === 'never any -> factory-block' && broken > 0))
  assert.ok(ofPhase(result, 'before').tally.wrong === 0 && result.leftBehind.length === 0)
  assert.match(err, /as text the rules differ/)
})

test('a text that stops telemetry is caught: the beds disappear, and that is said first', { skip }, async (t) => {
  const { code, out } = await cordon(['drill', '--probes', PROBES, '--beds', '2', '--rules', await textWith(t, 'tcp dport 515 drop')])
  assert.equal(code, 5)
  assert.match(out, /^0 of 2 beds are on the central station; 2 would DISAPPEAR from it\./)
  assert.match(out, /missing: 10\.20\.3\.\d+ -> 202\.114\.4\.\d+, tcp 515, sent by bedside, should reach central: the policy allows it \(bedside-vitals\)/)
})

test('an ordinary user can drill', { skip: skip || (process.getuid?.() !== 0 ? 'the other tests did' : false) }, async () => {
  const child = start(['--reuid=65534', '--regid=65534', '--clear-groups', CORDON, 'drill', '--probes', '500', '--json'], { command: 'setpriv' })
  let out = ''
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr?.resume()
  assert.equal(await ended(child), 0)
  assert.equal((JSON.parse(out) as Document).verdict, 'held')
})

test('in the machine\'s own network the drill\'s process refuses to build or send anything', { skip }, async (t) => {
  const { policy, names } = drillWard(KEEP_INSIDE)
  const texts = { nft: '', nftRollback: '', routes: null, routesRollback: null }
  const folder = scratch(t)
  const spec = { policy, names, texts, witnesses: null, beds: 1, probes: 1, seed: 1, folder, outerNetwork: ownNetwork() }
  const refused = await launchDrill(spec, null, new AbortController().signal, () => {})
  const reason = 'this process is in the machine\'s own network; nothing was built and nothing was sent'
  assert.deepEqual(refused, { kind: 'failed', because: 'machine', reason })
  const lied = await launchDrill({ ...spec, outerNetwork: 'net:[1]' }, null, new AbortController().signal, () => {})
  assert.ok(lied.kind === 'failed' && (/the network of this process already has/.test(lied.reason)), JSON.stringify(lied))
  assert.deepEqual(fs.readdirSync(folder), [])
})

test('a signal ends the drill and everything in it', { skip }, async () => {
  const stop = new AbortController()
  const { policy, names } = drillWard(KEEP_INSIDE)
  const folder = fs.mkdtempSync('/tmp/cordon-test-')
  const texts = { nft: 'table inet x\n', nftRollback: 'delete table inet x\n', routes: null, routesRollback: null }
  const spec = { policy, names, texts, witnesses: null, beds: 1, probes: 500, seed: 1, folder, outerNetwork: ownNetwork() }
  const stopped = await launchDrill(spec, able.ok ? able.value : [], stop.signal, () => stop.abort())
  assert.deepEqual(stopped, { kind: 'stopped' })
  const running = fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => commandOf(pid).includes(folder))
  assert.deepEqual(running, [])
  fs.rmSync(folder, { recursive: true })
})

function commandOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

test('what cannot be drilled is refused before anything is built', async (t) => {
  const folder = scratch(t)
  fs.writeFileSync(path.join(folder, 'there'), 'x')
  const used = await cordon(['drill', '--out', folder])
  assert.equal(used.code, 2)
  assert.match(used.err, /not an empty folder/)
  const absent = await cordon(['drill', '--rules', path.join(folder, 'absent.nft')])
  assert.equal(absent.code, 2)
  assert.match(absent.err, /file\/missing/)
  for (const [name, bytes, said] of [['empty.nft', '', /drill\/empty/], ['binary.nft', '\u0000\u001b[31m\u0001', /file\/binary/]] as const) {
    fs.writeFileSync(path.join(folder, name), bytes)
    const bad = await cordon(['drill', '--rules', path.join(folder, name)])
    assert.deepEqual([bad.code, bad.err.includes('\u001b')], [2, false])
    assert.match(bad.err, said)
  }
  const empty = await cordon(['drill', '--policy', path.join(path.dirname(KEEP_INSIDE), 'default.yaml')])
  assert.equal(empty.code, 2)
  assert.match(empty.err, /zone bedside .* holds no address/)
  assert.equal((await cordon(['drill', '--probes', 'many'])).code, 2)
})

test('evidence that cannot be kept is refused before anything is sent', { skip }, async (t) => {
  const file = path.join(scratch(t), 'file')
  fs.writeFileSync(file, 'x')
  for (const out of [path.join(file, 'evidence'), '/proc/cordon-no-such/evidence']) {
    const { code, out: said, err } = await cordon(['drill', '--probes', '10', '--out', out])
    assert.deepEqual([code, said], [2, ''])
    assert.match(err, /cannot hold the evidence/)
  }
})

test('a tool is looked for in the path and in the system folders', (t) => {
  assert.equal(isInstalled('no-such-tool-of-a-drill'), false)
  const folder = scratch(t)
  fs.writeFileSync(path.join(folder, 'no-such-tool-of-a-drill'), '')
  const before = process.env['PATH']
  t.after(() => (process.env['PATH'] = before))
  process.env['PATH'] = `${before}${path.delimiter}${folder}`
  assert.equal(isInstalled('no-such-tool-of-a-drill'), true)
})

test('a text that nft does not load is unreadable, with what nft says', { skip }, async (t) => {
  const file = path.join(scratch(t), 'bad.nft')
  fs.writeFileSync(file, 'table inet x { chain\n')
  const { code, err } = await cordon(['drill', '--probes', '10', '--rules', file])
  assert.equal(code, 3)
  assert.match(err, /nft does not load the rules: .*syntax error/)
})
