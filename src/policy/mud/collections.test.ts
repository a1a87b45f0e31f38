// Tests of the MUD reader on published profiles: every entry is a rule or refused by name, and the health devices that call home are found.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parsePrefix, type Prefix } from '../../base/ip.ts'
import { parseYaml } from '../../config/yaml.ts'
import { policyNames } from '../eval/names.ts'
import { parsePolicy } from '../language/policy.ts'
import type { WrittenPolicy } from '../language/model.ts'
import { proveAssertions } from '../prove/assertions.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { draftPolicy, internetWitnesses, mudConduits, NO_SITE, readMud, type Mud, type MudSite } from './index.ts'

const FOLDER = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'mud')
const skip = fs.existsSync(FOLDER) ? false : 'the collection ../shared/mud is not here'

function load(name: string): ReturnType<typeof readMud> {
  const { tree, diagnostics } = parseYaml(fs.readFileSync(path.join(FOLDER, name), 'utf8'), name)
  assert.ok(tree !== null, JSON.stringify(diagnostics))
  return readMud(tree)
}

function mudOf(name: string): Mud {
  const { mud } = load(name)
  assert.ok(mud !== null, name)
  return mud
}

/** Entries of a file, counted without the reader: each has actions. */
function entries(name: string): number {
  return [...fs.readFileSync(path.join(FOLDER, name), 'utf8').matchAll(/"actions"\s*:/g)].length
}

/** What is refused besides frames that are not IP and entries without other side, by file. */
const ODD: Readonly<Record<string, readonly string[]>> = {
  'locations/mi_bolb_hk/mi_bolb_hkMud_test.json': ['bad-value'],
  'unsw/augustdoorbellcamMud.json': ['bad-value'],
}
/** Not a MUD file: one JSON text that holds a MUD file in quotes. */
const NOT_MUD = ['locations/ch_imilab_xiaomi_camera/camera_home_2021-04-03_025606.json']

test('every file is read with each entry accounted for, or refused by name', { skip }, () => {
  const names = fs.readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((n) => /\.json$|MUDFILE/.test(n)).sort()
  assert.ok(names.length >= 100)
  const refusedWhole: string[] = []
  for (const name of names) {
    const { mud, diagnostics } = load(name)
    if (mud === null) {
      assert.deepEqual(diagnostics.map((d) => d.code), ['mud/not-mud'])
      refusedWhole.push(name)
      continue
    }
    assert.equal(mud.rules.length + mud.refused.length, entries(name), name)
    const odd = mud.refused.map((r) => r.code).filter((code) => code !== 'not-ip' && code !== 'no-peer')
    assert.deepEqual(odd, ODD[name] ?? [], name)
    for (const code of new Set(mud.refused.map((r) => r.code))) assert.ok(diagnostics.some((d) => d.code === `mud/${code}` && d.line > 0))
  }
  assert.deepEqual(refusedWhole, NOT_MUD)
})

test('the three dialects are told apart', { skip }, () => {
  assert.equal(mudOf('crowd/L2540DW.json').dialect, 'acls')
  assert.equal(mudOf('unsw/blipcareBPmeterMud.json').dialect, 'access-lists')
  const old = mudOf('osmud/MUDFILE.NEST')
  assert.deepEqual([old.dialect, old.rules.length, old.refused.length], ['acl-name', entries('osmud/MUDFILE.NEST'), 0])
})

const HEALTH: readonly (readonly [string, readonly string[]])[] = [
  ['blipcareBPmeter', ['6/8777 tech.carematix.com']],
  ['withingscardio', ['6/443 wbs04-ws.withings.net']],
  ['withingssleepsensor', ['6/443 scalews.withings.net', '6/80 scalews.withings.net']],
]

test('the health devices that reach the Internet are found, each with a witness', { skip }, () => {
  for (const [name, expected] of HEALTH) {
    const found = internetWitnesses(mudConduits(mudOf(`unsw/${name}Mud.json`)))
    assert.deepEqual(found.map((w) => `${w.protocol}/${w.port} ${w.peer}`), expected, name)
    for (const witness of found) assert.ok(witness.opens === 'device' && witness.line > 0)
  }
  const monitor = internetWitnesses(mudConduits(mudOf('unsw/withingsbabymonitorMud.json')))
  assert.ok(monitor.some((w) => w.port === 1935) && monitor.some((w) => w.port === 80 && w.peer === 'babyws.withings.net'))
})

function block(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function policyOf(mud: Mud, site: MudSite): WrittenPolicy {
  const { text } = draftPolicy({ mud, device: block('10.20.3.7/32'), site })
  const { tree } = parseYaml(text, 'draft.yaml')
  const policy = tree === null ? null : parsePolicy(tree).policy
  assert.ok(policy !== null, text)
  return policy
}

/** `tcp 8777 to-tech-carematix-com-tcp-8777`: what refutes `never device -> internet`; null when it is proved. */
function refutation(mud: Mud, site: MudSite = NO_SITE): string | null {
  const policy = policyOf(mud, site)
  const leaving = policy.assertions.filter((assertion) => assertion.text.startsWith('never device ->'))
  const names = policyNames(policy, new Map())
  const answers = leaving.map((a) => proveAssertions([a], policy, names, bddSpace(4))[0]?.answer)
  assert.ok(answers.length > 0 && answers.every((a) => a !== undefined && a.verdict !== 'unknown'))
  const refuted = answers.find((a) => a?.verdict === 'refuted')
  if (refuted?.verdict !== 'refuted') return null
  const { point, deciding } = refuted.witness
  return `${point.proto === 6n ? 'tcp' : point.proto} ${point.dport} ${deciding.text}`
}

test('the same devices as policies: "never device -> internet" is refuted with a named witness', { skip }, () => {
  const witnesses = HEALTH.map(([name]) => refutation(mudOf(`unsw/${name}Mud.json`)))
  assert.deepEqual(witnesses.slice(0, 2), ['tcp 8777 to-tech-carematix-com-tcp-8777', 'tcp 443 to-wbs04-ws-withings-net-tcp-443'])
  assert.match(witnesses[2] ?? '', /^tcp (?:80|443) to-scalews-withings-net-tcp-/)
  assert.match(refutation(mudOf('unsw/withingsbabymonitorMud.json')) ?? '', /^tcp (?:80|1935) to-/)
})

test('a name with an address inside is a conduit inside, and nothing leaves', { skip }, () => {
  const inside: MudSite = { addresses: new Map([['tech.carematix.com', [block('10.30.1.7/32')]]]), local: null }
  assert.equal(refutation(mudOf('unsw/blipcareBPmeterMud.json'), inside), null)
})

test('every profile becomes a policy; who may reach the Internet by witness is who is refuted', { skip }, (t) => {
  const names = fs.readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((n) => /\.json$|MUDFILE/.test(n) && !NOT_MUD.includes(n)).sort()
  let refuted = 0
  for (const name of names) {
    const mud = mudOf(name)
    const out = internetWitnesses(mudConduits(mud)).filter((w) => w.opens === 'device')
    const found = refutation(mud)
    if (out.length > 0) assert.ok(found !== null, `${name}: ${out[0]?.peer}`)
    if (found !== null) refuted++
  }
  t.diagnostic(`${refuted} of ${names.length} profiles let the device reach the Internet`)
})

test('entries without other side in real profiles: refused, or widened to a witness', { skip }, () => {
  for (const [name, port] of [['samsungsmartcam', 1024], ['tplinkcamera', 1023]] as const) {
    const file = `unsw/${name}Mud.json`
    assert.ok(mudOf(file).refused.some((r) => r.code === 'no-peer'))
    const { tree } = parseYaml(fs.readFileSync(path.join(FOLDER, file), 'utf8'), file)
    assert.ok(tree !== null)
    const widened = readMud(tree, { withoutPeer: 'widen' })
    assert.ok(widened.mud !== null && widened.diagnostics.some((d) => d.code === 'mud/widened'))
    assert.ok(internetWitnesses(mudConduits(widened.mud)).some((w) => w.peer === 'any' && w.port === port), name)
  }
})
