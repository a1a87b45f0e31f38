// Tests of cordon profile: the library as people and programs see it, a site's own file checked, and a MUD file for each that is read back.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { loadProfiles, loadYamlTree, productPath } from '../config/index.ts'
import { internetWitnesses, mudConduits, readMud } from '../policy/mud/index.ts'
import { runMud } from './mud.ts'
import { runProfileCheck, runProfileList, runProfileShow } from './profile.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-profile-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(command: (io: { out(text: string): void; err(text: string): void }) => number | Promise<number>): Promise<Run> {
  let [out, err] = ['', '']
  const code = await command({ out: (text) => void (out += text), err: (text) => void (err += text) })
  return { code, out, err }
}

const loaded = loadProfiles()
assert.ok(loaded.ok)
const PROFILES = [...loaded.value.profiles.values()]

test('list names every profile, show prints every fact with its source', async () => {
  const list = await run((io) => runProfileList({}, io))
  assert.equal(list.code, 0)
  for (const { id } of PROFILES) assert.match(list.out, new RegExp(`^\\s*${id} `, 'm'))
  for (const profile of PROFILES) {
    const { code, out } = await run((io) => runProfileShow(profile.id, {}, io))
    assert.equal(code, 0)
    for (const fact of [...profile.identity, ...profile.flows, ...profile.advisories, ...profile.remedies]) {
      assert.ok(out.includes(`[${fact.confidence}: ${fact.source}]`), `${profile.id}: ${fact.source}`)
    }
    for (const flow of profile.flows) assert.ok(out.includes(`Blocked: ${flow.blocked}`), flow.name)
  }
})

test('JSON of both is whole and has no number that JSON cannot hold', async () => {
  const list = JSON.parse((await run((io) => runProfileList({ json: true }, io))).out) as { profiles: { id: string }[] }
  assert.deepEqual(list.profiles.map((p) => p.id), PROFILES.map((p) => p.id))
  const show = JSON.parse((await run((io) => runProfileShow('contec-cms8000', { json: true }, io))).out) as { indicators: unknown[]; schema: string }
  assert.deepEqual([show.schema, show.indicators.length], ['cordon.profile/1', 6])
})

test('a profile nobody knows is told, with those there are', async () => {
  const { code, err } = await run((io) => runProfileShow('contec', {}, io))
  assert.equal(code, 2)
  assert.match(err, /no profile "contec"\n {2}help: Profiles: cms-central-station, contec-cms8000/)
})

test('the shipped library passes its own check; what has no decoder yet is named', async () => {
  const { code, err, out } = await run((io) => runProfileCheck(productPath('profiles'), {}, io))
  assert.equal(code, 0)
  assert.match(out, /10 profiles, no error/)
  const others = err.split('\n').filter((line) => line.includes('profile/') && !line.includes('profile/no-decoder'))
  assert.deepEqual(others, [])
})

const OWN = `version: 1
id: acme-one
vendor: ACME
model: One
role: patient-monitor
source: ACME manual, page 12
confidence: stated
flows:
  - {name: vitals, opens: device, peer: central-station, transport: tcp, ports: [515], occurs: continuous, expected: routine, purpose: Vitals.,
     blocked: Port 515 is shut., source: ACME manual, confidence: stated}
`

test('a site\'s own file: remarks by default, findings when strict, errors with line and help, and a file that is not there', async () => {
  const file = path.join(folder, 'own.yaml')
  fs.writeFileSync(file, OWN)
  const lax = await run((io) => runProfileCheck(file, {}, io))
  assert.deepEqual([lax.code, /not-ward-words/.test(lax.err), /1 profile, no error, 1 remarks/.test(lax.out)], [0, true, true], lax.err + lax.out)
  assert.equal((await run((io) => runProfileCheck(file, { strict: true }, io))).code, 1)
  const json = JSON.parse((await run((io) => runProfileCheck(file, { json: true }, io))).out) as { profiles: string[]; diagnostics: { code: string }[] }
  assert.deepEqual([json.profiles, json.diagnostics.map((d) => d.code)], [['acme-one'], ['profile/not-ward-words']])
  fs.writeFileSync(file, OWN.replace('role: patient-monitor', 'role: monitor'))
  const wrong = await run((io) => runProfileCheck(file, {}, io))
  assert.deepEqual([wrong.code, /own\.yaml:5(:\d+)?: error profile\/bad-choice/.test(wrong.err)], [2, true], wrong.err)
  assert.equal((await run((io) => runProfileCheck(path.join(folder, 'none.yaml'), {}, io))).code, 3)
  const empty = fs.mkdtempSync(path.join(folder, 'empty-'))
  assert.equal((await run((io) => runProfileCheck(empty, {}, io))).code, 2)
})

test('a site\'s own profile may relabel a shipped one, in a file or a folder', async () => {
  const own = fs.mkdtempSync(path.join(folder, 'own-'))
  fs.writeFileSync(path.join(own, 'a.yaml'), OWN.replace('acme-one', 'acme-two').replace(/flows:[\s\S]*/, 'relabels: contec-cms8000\n'))
  assert.equal((await run((io) => runProfileCheck(path.join(own, 'a.yaml'), { strict: true }, io))).code, 0)
  assert.equal((await run((io) => runProfileCheck(own, { strict: true }, io))).code, 0)
  fs.writeFileSync(path.join(own, 'b.yaml'), OWN.replace('acme-one', 'acme-three').replace(/flows:[\s\S]*/, 'relabels: nothing\n'))
  assert.equal((await run((io) => runProfileCheck(own, {}, io))).code, 2)
  assert.match((await run((io) => runProfileList({ profiles: own }, io))).err, /unknown-profile/)
})

for (const profile of PROFILES) {
  test(`RFC 8520 for ${profile.id}: read back by our own reader, nothing refused, every writable flow in it`, async () => {
    for (const all of [false, true]) {
      const file = path.join(folder, `${profile.id}-${all}.json`)
      const { code, out, err } = await run((io) => runMud({
        verb: 'export', profile: profile.id, url: `https://hospital.example/mud/${profile.id}`, all, now: () => 1_767_598_200_000_000,
      }, io))
      assert.equal(code, 0, err)
      fs.writeFileSync(file, out)
      const tree = loadYamlTree(file)
      assert.ok(tree.ok)
      const { mud, diagnostics } = readMud(tree.value.tree, { withoutPeer: 'refuse' })
      assert.deepEqual(diagnostics, [])
      assert.ok(mud)
      assert.deepEqual([mud.refused, mud.url, mud.dialect], [[], `https://hospital.example/mud/${profile.id}`, 'acls'])
      const written = profile.flows.filter((f) => !f.dynamicPorts && (all || f.expected === 'routine'))
      const conduits = mudConduits(mud)
      const says = new Set(conduits.flatMap((c) => (c.ports ?? []).map((r) => `${c.opens} ${c.protocol} ${r.low}-${r.high}`)))
      for (const flow of written) {
        for (const transport of flow.transports) {
          for (const { low, high } of flow.ports) assert.ok(says.has(`${flow.opens} ${transport === 'tcp' ? 6 : 17} ${low}-${high}`), flow.name)
        }
      }
      assert.deepEqual(internetWitnesses(conduits), [], 'no way to the Internet')
      assert.equal(err.split('\n').filter((line) => line.startsWith('note:')).length, profile.flows.length - written.length)
      assert.doesNotMatch(out, /202\.114\.4|any maker/)
    }
  })
}

/** A wrong profile each: what is changed in a good one, where it is told, and in which words. */
const WRONG: readonly (readonly [string, string, string, string, number])[] = [
  ['a relabel of itself', 'role: printer\n', 'role: printer\nrelabels: my-printer\n', 'relabels itself', 2],
  ['no ports', 'ports: [515]', 'ports: []', 'has an empty list of ports', 2],
  ['ports that run backwards', 'ports: [515]', 'ports: [520-515]', 'empty port range "520-515"', 2],
  ['a word for ports', 'ports: [515]', 'ports: all', 'has the port "all"', 2],
  ['a misspelt key', 'opens: peer', 'open: peer', 'Did you mean "opens"?', 2],
  ['a choice that is none', 'clear: yes', 'clear: maybe', 'One of: yes, no.', 2],
  ['a fact without a source', '    source: RFC 1179\n', '', 'a flow has no "source"', 2],
  ['a decoder that is none', 'protocol: lpd\n    side', 'protocol: lpq\n    side', 'no decoder is called "lpq"', 0],
  ['words of the trade', 'blocked: Nothing comes out of this printer.', 'blocked: TCP 515 is closed.', '"blocked" holds "TCP"', 0],
]

test('check tells each mistake with its line and what to do', async () => {
  const shipped = fs.readFileSync(path.join(productPath('profiles'), 'printer-lpd.yaml'), 'utf8').replace('id: printer-lpd', 'id: my-printer')
  for (const [what, good, bad, words, exit] of WRONG) {
    assert.ok(shipped.includes(good), what)
    const file = path.join(folder, 'wrong.yaml')
    fs.writeFileSync(file, shipped.replace(good, bad))
    const { code, err } = await run((io) => runProfileCheck(file, {}, io))
    assert.equal(code, exit, what)
    assert.ok(err.includes(words), `${what}: ${err}`)
    assert.match(err, /^\S*wrong\.yaml:\d+:\d+: (?:error|warning) .*\n {2}help: \S/, what)
    const line = Number(/wrong\.yaml:(\d+)/.exec(err)?.[1])
    // What is wrong with the profile as a whole is told at its first line; the rest at the part, or the value, it is about.
    const changed = shipped.slice(0, shipped.indexOf(good)).split('\n').length
    assert.ok(what === 'a relabel of itself' || (line <= changed + 1 && line > changed - 14), `${what}: line ${line}, changed ${changed}`)
  }
})

test('check says that a profile takes the place of a shipped one, and not so of the shipped one itself', async () => {
  const file = path.join(folder, 'printer-lpd.yaml')
  fs.copyFileSync(path.join(productPath('profiles'), 'printer-lpd.yaml'), file)
  assert.match((await run((io) => runProfileCheck(file, {}, io))).err, /profile\/replaced/)
  assert.equal((await run((io) => runProfileCheck(path.join(productPath('profiles'), 'printer-lpd.yaml'), {}, io))).err, '')
})
