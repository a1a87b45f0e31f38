// Tests of cordon mud: what an import says and how it exits, and that an exported profile imports as what it was.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { loadPolicy } from '../config/index.ts'
import { runMudCheck, runMudCompare, type MudCheckArgs } from './mud-check.ts'
import { runMud, type MudExportArgs, type MudImportArgs } from './mud.ts'
import { runProvePolicy } from './prove.ts'
import { runTwin } from './twin.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-mud-cli-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(args: MudImportArgs | MudExportArgs): Promise<Run> {
  let out = ''
  let err = ''
  const code = await runMud(args, { out: (text) => void (out += text), err: (text) => void (err += text) })
  return { code, out, err }
}

function file(name: string, text: string): string {
  const full = path.join(folder, name)
  fs.writeFileSync(full, text)
  return full
}

const NOW = (): number => 1_767_571_200_000_000
const EXPORT: MudExportArgs = { verb: 'export', profile: 'contec-cms8000', url: 'https://hospital.example/mud/cms8000', now: NOW }

/** A file of 2017: acl-name, rule-name and port ranges. */
function oldFile(matches: object): string {
  return JSON.stringify({
    'ietf-mud:mud': { 'mud-url': 'https://meter.example/mud', systeminfo: 'meter',
      'from-device-policy': { 'access-lists': { 'access-list': [{ 'acl-name': 'fr' }] } } },
    'ietf-access-control-list:access-lists': { acl: [{ 'acl-name': 'fr', 'acl-type': 'ipv4-acl',
      'access-list-entries': { ace: [{ 'rule-name': 'r0', matches, actions: { forwarding: 'accept' } }] } }] },
  }, null, 2)
}

test('a device that calls home exits with 1 and a witness with entry and line', async () => {
  const port = { 'destination-port-range': { 'lower-port': 8777 } }
  const matches = { 'ipv4-acl': { 'ietf-acldns:dst-dnsname': 'cloud.example', protocol: 6, ...port } }
  const r = await run({ verb: 'import', file: file('meter.json', oldFile(matches)) })
  assert.deepEqual([r.code, r.err], [1, ''])
  assert.match(r.out, /dialect acl-name, 1 entries, 1 conduits/)
  assert.match(r.out, /Ways to the Internet that it allows\n {2}device opens tcp 8777 to cloud\.example \(entry r0, line \d+\)/)
  assert.match(r.out, /Names to give addresses to; none was looked up\n {2}cloud\.example/)
})

test('an entry without other side is left out with exit 4, or widened with a warning and exit 1', async () => {
  const name = file('any.json', oldFile({ 'ipv4-acl': { protocol: 6 } }))
  const refused = await run({ verb: 'import', file: name })
  assert.deepEqual([refused.code, /Entries left out\n {2}r0 of fr, line \d+: no-peer/.test(refused.out)], [4, true])
  assert.match(refused.err, /any\.json:\d+:\d+: warning mud\/no-peer/)
  const widened = await run({ verb: 'import', file: name, widen: true })
  assert.deepEqual([widened.code, /warning mud\/widened/.test(widened.err)], [1, true])
})

test('what is no MUD file exits with 2 and says why', async () => {
  for (const text of ['{"a": 1}', '"quoted"', '{', '']) {
    const r = await run({ verb: 'import', file: file('bad.json', text) })
    assert.deepEqual([r.code, r.out, /error/.test(r.err)], [2, '', true], text)
  }
  assert.equal((await run({ verb: 'import', file: path.join(folder, 'missing.json') })).code, 2)
})

interface Conduit {
  readonly opens: string
  readonly peers: readonly string[]
  readonly protocol: number
  readonly family: number
  readonly ports: readonly { readonly low: number; readonly high: number }[]
}

interface Imported {
  readonly dialect: string
  readonly internet: readonly unknown[]
  readonly refused: readonly unknown[]
  readonly conduits: readonly Conduit[]
}

test('a CMS8000 gets a file: vitals and HL7 to the controller, no factory address, no update share, no Internet', async () => {
  const exported = await run(EXPORT)
  assert.equal(exported.code, 0)
  assert.doesNotMatch(exported.out, /202\.114|2049/)
  assert.match(exported.err, /note: update-mount is left out: its port is negotiated\n/)
  assert.match(exported.err, /note: address-request is left out: it is rare \(--all has it\)\n/)
  const r = await run({ verb: 'import', file: file('cms.json', exported.out), json: true })
  assert.deepEqual([r.code, r.err], [0, ''])
  const body = JSON.parse(r.out) as Imported
  assert.deepEqual([body.dialect, body.internet, body.refused], ['acls', [], []])
  const shown = (c: Conduit): unknown[] => [c.opens, c.peers.join(), c.protocol, c.ports[0]?.low, c.ports[0]?.high]
  const v4 = body.conduits.filter((c) => c.family === 4).map(shown)
  assert.deepEqual(v4, [['device', 'my-controller', 6, 515, 520], ['device', 'my-controller', 6, 511, 511]])
})

test('with --all the rare flows are in it too, and the same input gives the same bytes', async () => {
  const [first, again] = [await run({ ...EXPORT, all: true }), await run({ ...EXPORT, all: true })]
  assert.equal(first.out, again.out)
  const body = JSON.parse((await run({ verb: 'import', file: file('all.json', first.out), json: true })).out) as Imported
  assert.ok(body.conduits.some((c) => c.ports.some((p) => p.low === 67) && c.peers.join() === 'local-networks'))
  assert.match(first.out, /"last-update": "2026-01-05T00:00:00Z"/)
})

test('an export that cannot be is refused with what to do', async () => {
  const unknown = await run({ ...EXPORT, profile: 'nothing' })
  assert.deepEqual([unknown.code, unknown.out, /Profiles: .*contec-cms8000/.test(unknown.err)], [2, '', true])
  const plain = await run({ ...EXPORT, url: 'http://hospital.example' })
  assert.deepEqual([plain.code, plain.out, /https/.test(plain.err)], [2, '', true])
})

const METER = { 'ipv4-acl': { 'ietf-acldns:dst-dnsname': 'cloud.example', protocol: 6, 'destination-port-range': { 'lower-port': 8777 } } }

test('--policy: text that loads without errors and is refuted with a named witness, exit 1', async () => {
  const name = file('policy.json', oldFile(METER))
  const r = await run({ verb: 'import', file: name, policy: true, device: '10.20.3.7' })
  assert.deepEqual([r.code, /policy\.json:\d+: warning mud\/name-as-internet: widened: entry r0/.test(r.err)], [1, true])
  const loaded = loadPolicy(file('meter.yaml', r.out))
  assert.ok(loaded.ok)
  assert.deepEqual(loaded.value.warnings.map((w) => w.code), ['policy/medical-internet'])
  let out = ''
  const code = runProvePolicy({ file: path.join(folder, 'meter.yaml'), assets: [], json: false }, { ...SILENT, out: (text) => void (out += text) })
  assert.equal(code, 5)
  assert.match(out, /never device -> internet \(IPv4\): refuted: tcp 10\.20\.3\.7:\d+ -> [\d.]+:8777 is allowed by line \d+: to-cloud-example-tcp-8777/)
})

test('--policy asks for the address of the device, and for flags it can read', async () => {
  const name = file('policy2.json', oldFile(METER))
  const none = await run({ verb: 'import', file: name, policy: true })
  assert.deepEqual([none.code, none.out, /--device/.test(none.err)], [2, '', true])
  const bad = await run({ verb: 'import', file: name, policy: true, device: '10.20.3.7', names: ['cloud.example'], local: ['ward'] })
  assert.deepEqual([bad.code, /--name cloud\.example: write NAME=ADDRESS/.test(bad.err), /--local ward/.test(bad.err)], [2, true, true])
  const named = await run({ verb: 'import', file: name, policy: true, device: '10.20.3.7', names: ['cloud.example=10.30.0.1'] })
  assert.deepEqual([/name-as-internet/.test(named.err), /10\.30\.0\.1\/32/.test(named.out)], [false, true])
})

const SILENT = { out: () => {}, err: () => {}, color: false, isTty: false } as unknown as Parameters<typeof runProvePolicy>[1]

async function check(args: Omit<MudCheckArgs, 'profile'>, profile = file('check.json', oldFile(METER))): Promise<Run> {
  let [out, err] = ['', '']
  const io = { ...SILENT, out: (text: string) => void (out += text), err: (text: string) => void (err += text) } as Parameters<typeof runMudCheck>[1]
  const code = await runMudCheck({ profile, ...args }, io)
  return { code, out, err }
}

const HEAD = 'srcMac,dstMac,ethType,srcIp,dstIp,ipProto,srcPort,dstPort,packetCount'
const flows = (name: string, ...rows: readonly string[]): string => file(name, [HEAD, ...rows, ''].join('\n'))

test('check: covered flows exit with 0, uncovered ones with 1 and the nearest entry, undecided ones with 4', async () => {
  const good = '02:00:00:00:00:01,02:00:00:00:00:02,0x0800,*,cloud.example,6,*,8777,3'
  const covered = await check({ flows: [flows('020000000001_flows.csv', good)] })
  assert.deepEqual([covered.code, /1 flows seen, 1 covered, 0 not covered/.test(covered.out)], [0, true], covered.err)
  const bad = await check({ flows: [flows('020000000001_bad.csv', good.replace('8777', '80'))] })
  assert.equal(bad.code, 1)
  assert.match(bad.out, /tcp 80 to cloud\.example {2}3 +nearest is r0 \(line \d+\): port of the other side 8777, not 80/)
  assert.match(bad.out, /Entries never used\n {2}r0, line \d+: from-device tcp 8777 cloud\.example/)
  const address = flows('020000000001_ip.csv', good.replace('cloud.example', '198.51.100.7'))
  assert.equal((await check({ flows: [address] })).code, 4)
  assert.equal((await check({ flows: [address], names: ['cloud.example=198.51.100.7'] })).code, 0)
  const json = JSON.parse((await check({ flows: [address], json: true })).out) as { readonly undecided: readonly unknown[] }
  assert.equal(json.undecided.length, 1)
})

test('check: nothing to check, a table of another kind, a device that is not in it', async () => {
  assert.equal((await check({})).code, 2)
  const other = await check({ flows: [file('other.csv', 'a,b\n1,2\n')] })
  assert.deepEqual([other.code, /mud-flows\/columns/.test(other.err)], [4, true])
  const foreign = await check({ flows: [flows('x.csv', '02:00:00:00:00:09,*,0x0800,*,a.example,6,*,80,1')], device: '02:00:00:00:00:01' })
  assert.deepEqual([foreign.code, /1 rows are of other devices/.test(foreign.out)], [4, true])
  assert.equal((await check({ flows: [path.join(folder, 'missing.csv')] })).code, 3)
  assert.equal((await check({ capture: 'x.pcap' })).code, 2)
})

test('check on a capture: what a bed did against the file that was written for its model', async () => {
  const pcap = path.join(folder, 'ward.pcap')
  await runTwin({ out: pcap, beds: 3, scenario: 'leak', seed: 7, seconds: 60 }, SILENT)
  const profile = file('cms-check.json', (await run(EXPORT)).out)
  const at = (device: string, station: string): Promise<Run> => check({ capture: pcap, device, names: [`my-controller=${station}`] }, profile)
  const named = await at('10.20.4.31', '202.114.4.119')
  assert.match(named.out, /\d+ flows seen, [1-9]\d* covered/)
  const inside = await at('10.20.4.31', '10.30.1.10')
  assert.equal(inside.code, 1, 'the factory address is not the controller that the site named')
  assert.match(inside.out, /tcp 515 to 202\.114\.4\.119\/32 +\d+ +nearest is .*the other side is my-controller/)
  assert.deepEqual((await at('10.9.9.9', '10.30.1.10')).code, 4, 'a device that is not in it')
})

test('compare: what one file allows and the other does not, and nothing when they are the same', () => {
  const [a, b] = [file('a.json', oldFile(METER)),
    file('b.json', oldFile({ 'ipv4-acl': { ...METER['ipv4-acl'], 'destination-port-range': { 'lower-port': 443 } } }))]
  const compare = (other: string): Run => {
    let [out, err] = ['', '']
    const code = runMudCompare({ profile: a, other }, { out: (text) => void (out += text), err: (text) => void (err += text) })
    return { code, out, err }
  }
  assert.deepEqual([compare(a).code, compare(b).code], [0, 1])
  assert.match(compare(b).out, /a\.json: 1 entries that the other file does not cover[\s\S]*b\.json: 1 entries/)
})
