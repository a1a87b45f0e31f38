// Tests of loading profiles: what is shipped says what the facts say, and a site's own folder adds, replaces or is refused whole.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { DeviceProfile } from '../inventory/profiles.ts'
import { productPath } from './product.ts'
import { loadProfiles, type LoadedProfiles } from './profiles.ts'

const ROOT = mkdtempSync(join(tmpdir(), 'cordon-profiles-'))
after(() => rmSync(ROOT, { recursive: true }))

/** A folder with these files; `null` makes a folder where a file should be. */
function folder(name: string, files: Readonly<Record<string, string | null>>): string {
  const path = join(ROOT, name)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) {
    if (text === null) mkdirSync(join(path, file))
    else writeFileSync(join(path, file), text)
  }
  return path
}

const minimal = (id: string, more = ''): string =>
  `version: 1\nid: ${id}\nvendor: ACME\nmodel: One\nrole: patient-monitor\nsource: manual\nconfidence: stated\n${more}`

function load(userFolder?: string): LoadedProfiles {
  const loaded = loadProfiles(userFolder)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  return loaded.value
}

function refused(userFolder: string): string[] {
  const loaded = loadProfiles(userFolder)
  return loaded.ok ? [] : loaded.error.map((d) => `${d.file.replace(ROOT, '')}:${d.line} ${d.code}`)
}

function shipped(id: string): DeviceProfile {
  const profile = load().profiles.get(id)
  assert.ok(profile)
  return profile
}

const SHIPPED = [
  'cms-central-station', 'contec-cms8000', 'dicom-modality', 'draeger-vista-120', 'epsimed-mn-120', 'hl7-engine', 'infusion-pump', 'pacs',
  'philips-intellivue', 'printer-lpd',
]

test('ten profiles are shipped, without a complaint, one per file', () => {
  const { profiles, warnings } = load()
  assert.deepEqual([...profiles.keys()], SHIPPED)
  assert.deepEqual(warnings, [])
  assert.deepEqual(readdirSync(productPath('profiles')).sort(), ['README.md', ...SHIPPED.map((id) => `${id}.yaml`)])
})

test('classes stand for no product; only the two monitors with a documented factory address bear one', () => {
  const all = [...load().profiles.values()]
  const classes = all.filter((p) => p.covers === 'class')
  assert.deepEqual(classes.map((p) => p.id), ['dicom-modality', 'hl7-engine', 'infusion-pump', 'pacs', 'printer-lpd'])
  for (const p of classes) assert.deepEqual([p.aliases, p.vulnerabilities, p.advisories, p.indicators], [[], [], [], []], p.id)
  const addressed = all.filter((p) => p.flows.some((f) => f.address !== null)).map((p) => p.id)
  assert.deepEqual(addressed, ['contec-cms8000', 'draeger-vista-120', 'epsimed-mn-120'])
})

test('no two families answer to one address and port: what dials there behaves like one of them only', () => {
  const taken = new Map<string, string>()
  for (const profile of [...load().profiles.values()].filter((p) => p.relabels === null)) {
    for (const flow of profile.flows.filter((f) => f.address !== null && f.opens === 'device')) {
      for (const range of flow.ports) {
        for (let port = range.low; port <= range.high; port++) {
          const key = `${flow.address} ${port}`
          assert.equal(taken.get(key) ?? profile.id, profile.id, key)
          taken.set(key, profile.id)
        }
      }
    }
  }
  assert.ok(taken.size > 8)
})

test('the rare flows of the CMS8000 are four of an update and one of an address; blocking an update costs the ward nothing', () => {
  const rare = shipped('contec-cms8000').flows.filter((f) => f.expected === 'rare')
  assert.equal(rare.length, 5)
  for (const flow of rare.filter((f) => f.name.startsWith('update-'))) assert.match(flow.blocked, /^Nothing on the ward/)
})

test('the CMS8000 talks where the facts say: addresses, ports, protocols', () => {
  const rows = shipped('contec-cms8000').flows.map((f) =>
    [f.name, f.opens, f.address, f.transports.join('+'), f.ports.map((r) => `${r.low}-${r.high}`).join(' '), f.expected])
  assert.deepEqual(rows, [
    ['vitals', 'device', '202.114.4.119', 'tcp', '515-520', 'routine'],
    ['hl7', 'device', '202.114.4.120', 'tcp', '511-511', 'routine'],
    ['update-portmap', 'device', '202.114.4.119', 'tcp+udp', '111-111', 'rare'],
    ['update-mount', 'device', '202.114.4.119', 'tcp+udp', '', 'rare'],
    ['update-mount-fallback', 'device', '202.114.4.119', 'tcp+udp', '635-635', 'rare'],
    ['update-files', 'device', '202.114.4.119', 'tcp+udp', '2049-2049', 'rare'],
    ['address-request', 'device', null, 'udp', '67-67', 'rare'],
  ])
  assert.deepEqual(shipped('contec-cms8000').flows.filter((f) => f.dynamicPorts).map((f) => f.name), ['update-mount'])
})

test('its indicators are those of the advisories', () => {
  assert.deepEqual(shipped('contec-cms8000').indicators.map((i) => [i.kind, i.value]), [
    ['address', '202.114.4.119'], ['address', '202.114.4.120'], ['prefix', '202.114.4.0/24'], ['path', '/pm'],
    ['sha256', '4e42d3b131bd10d8f192d2d15c23bd68164c1bf3daf3c33803b8e81cb4d896ad'], ['inbound-udp', 'any-but-dhcp-replies'],
  ])
})

test('its vulnerabilities: nine, with the scores of the advisories', () => {
  assert.deepEqual(shipped('contec-cms8000').vulnerabilities.map((v) => [v.id, v.weakness, v.score]), [
    ['CVE-2024-12248', 'CWE-787', 9.8], ['CVE-2025-0626', 'CWE-912', 7.5], ['CVE-2025-1204', 'CWE-912', 7.5],
    ['CVE-2025-0683', 'CWE-359', 5.9],
    ['CVE-2022-36385', 'CWE-284', 6.8], ['CVE-2022-38100', 'CWE-400', 7.5], ['CVE-2022-38069', 'CWE-798', 4.3],
    ['CVE-2022-38453', 'CWE-489', 3],
    ['CVE-2022-3027', 'CWE-284', 5.7],
  ])
  assert.deepEqual(shipped('contec-cms8000').advisories.map((a) => a.id), ['ICSMA-25-030-01', 'ICSMA-22-244-01', 'FDA-2025-01-30'])
  assert.equal(shipped('contec-cms8000').remedies.length, 4)
})

test('the relabel has the facts of its original under its own name', () => {
  const [relabel, original] = [shipped('epsimed-mn-120'), shipped('contec-cms8000')]
  assert.deepEqual([relabel.vendor, relabel.model, relabel.role, relabel.relabels],
    ['Epsimed', 'MN-120', 'patient-monitor', 'contec-cms8000'])
  const inherited = ['identity', 'flows', 'indicators', 'vulnerabilities', 'advisories', 'remedies'] as const
  for (const key of inherited) assert.deepEqual(relabel[key], original[key], key)
  assert.deepEqual(relabel.aliases.map((a) => a.model), ['MN120'])
})

test('every shipped fact has a source, and what is inferred says so in its confidence', () => {
  for (const profile of load().profiles.values()) {
    const facts = [profile, ...profile.aliases, ...profile.identity, ...profile.flows, ...profile.indicators, ...profile.vulnerabilities,
      ...profile.advisories, ...profile.remedies]
    for (const fact of facts) assert.ok(fact.source.length >= 4, profile.id)
  }
  const inferred = shipped('contec-cms8000').flows.filter((f) => f.confidence === 'inferred').map((f) => f.name)
  assert.deepEqual(inferred, ['update-portmap', 'update-mount', 'update-mount-fallback', 'update-files', 'address-request'])
})

test('what the ward reads is a sentence without ports and protocols', () => {
  for (const profile of load().profiles.values()) {
    for (const flow of profile.flows) assert.match(flow.blocked, /^[A-Z][^0-9/]*\.$/, `${profile.id} ${flow.name}`)
  }
})

test('a site adds its own profile', () => {
  const { profiles, warnings } = load(folder('own',
    { 'acme.yaml': minimal('acme-one'), 'acme2.yml': minimal('acme-two', 'relabels: acme-one\n'), 'notes.txt': 'x' }))
  assert.deepEqual([...profiles.keys()].slice(SHIPPED.length), ['acme-one', 'acme-two'])
  assert.deepEqual(warnings, [])
})

test('a site replaces a shipped profile, relabels follow, and a warning says so', () => {
  const { profiles, warnings } = load(folder('replace', { 'cms.yaml': minimal('contec-cms8000') }))
  assert.equal(profiles.get('contec-cms8000')?.vendor, 'ACME')
  assert.deepEqual(profiles.get('epsimed-mn-120')?.flows, [])
  assert.deepEqual(warnings.map((d) => [d.code, d.severity, d.message]), [
    ['profile/replaced', 'warning', 'profile contec-cms8000 replaces the shipped one of profiles/contec-cms8000.yaml'],
  ])
})

test('any error in the folder, and nothing of it is used', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, string | null>>, readonly string[]])[] = [
    ['broken', { 'a.yaml': minimal('a'), 'b.yaml': 'a: [\n' }, ['/broken/b.yaml:2 yaml/syntax']],
    ['wrong', { 'a.yaml': 'version: 1\n' }, Array.from({ length: 6 }, () => '/wrong/a.yaml:1 profile/missing-key')],
    ['twice', { 'a.yaml': minimal('same'), 'b.yaml': minimal('same') }, ['/twice/b.yaml:1 profile/duplicate-name']],
    ['keys', { 'a.yaml': `${minimal('a')}id: b\n` }, ['/keys/a.yaml:8 yaml/duplicate-key']],
    ['lost', { 'a.yaml': minimal('a', 'relabels: nothing\n') }, ['/lost/a.yaml:1 profile/unknown-profile']],
    ['chain', { 'a.yaml': minimal('a', 'relabels: epsimed-mn-120\n') }, ['/chain/a.yaml:1 profile/relabel-chain']],
    ['self', { 'a.yaml': minimal('a', 'relabels: a\n') }, ['/self/a.yaml:1 profile/relabel-chain']],
    ['subfolder', { 'a.yaml': null }, ['/subfolder/a.yaml:0 file/directory']],
    ['empty-file', { 'a.yaml': '' }, ['/empty-file/a.yaml:0 yaml/empty']],
  ]
  for (const [name, files, expected] of rows) assert.deepEqual(refused(folder(name, files)), expected, name)
})

test('a folder that is none, or not there, is told', () => {
  assert.deepEqual(refused(join(ROOT, 'nowhere')), ['/nowhere:0 file/missing'])
  writeFileSync(join(ROOT, 'plain'), 'x')
  assert.deepEqual(refused(join(ROOT, 'plain')), ['/plain:0 file/unreadable'])
})

test('an empty folder adds nothing', () => {
  assert.equal(load(folder('empty', {})).profiles.size, SHIPPED.length)
})
