// Tests of cordon mud: what an import says and how it exits, and that an exported profile imports as what it was.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { runMud, type MudExportArgs, type MudImportArgs } from './mud.ts'

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
