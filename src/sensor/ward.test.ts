// The synthetic ward through the whole sensor: each story gives its findings, once per asset and behaviour; the quiet day gives none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RULES } from '../detect/rules.ts'
import type { Finding } from '../detect/finding.ts'
import { shippedKnowledge, watchWard } from '../testing/check.ts'
import { describeWard, SCENARIOS, WARD_DEFAULTS, type Scenario } from '../twin/core/ward.ts'
import { takePicture } from './picture.ts'

/** Long enough for every story, the unanswered update's last retry included. */
const SECONDS = 150

function ward(scenarios: readonly Scenario[], seed = 7) {
  return watchWard({ seed, scenarios: new Set(scenarios), durationSeconds: SECONDS })
}

function byRule(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const f of findings) counts[f.rule] = (counts[f.rule] ?? 0) + 1
  return counts
}

/** Nobody in the synthetic ward administers anything; real captures show these (captures.test.ts). */
const WITHOUT_STORY: ReadonlySet<string> = new Set([
  'unencrypted-administration', 'old-file-sharing', 'password-in-clear', 'password-guessing', 'rogue-router', 'second-dhcp-server', 'name-poisoning',
])

for (const seed of [7, 8, 1234]) {
  test(`the quiet ward of seed ${seed} gives no finding, leaves nothing and is allowed by the policy`, () => {
    const { picture, sensor } = ward([], seed)
    assert.deepEqual(picture.findings.map((f) => [f.rule, f.technical]), [])
    assert.deepEqual(picture.conversations.filter((c) => c.leaves || c.verdict === 'deny').map((c) => c.id), [])
    assert.deepEqual(sensor.observations(), [])
    assert.equal(picture.assets.filter((a) => a.role === 'patient-monitor').length, WARD_DEFAULTS.beds)
  })

  test(`every story at once, seed ${seed}: each finding once per asset and behaviour`, () => {
    const { picture } = ward(SCENARIOS, seed)
    const keys = picture.findings.map((f) => `${f.rule} ${f.assetId} ${f.evidence.details[0]?.[1] ?? ''}`)
    assert.equal(new Set(keys).size, keys.length)
    assert.equal(new Set(picture.findings.map((f) => f.id)).size, picture.findings.length)
    const counts = byRule(picture.findings)
    for (const { id } of RULES.filter((rule) => !WITHOUT_STORY.has(rule.id))) assert.ok((counts[id] ?? 0) > 0, `${id} is missing: ${JSON.stringify(counts)}`)
    assert.deepEqual([counts['talks-outside'], counts['patient-data-in-clear'], counts['update-pulled'], counts['update-attempted']], [2, 2, 1, 1])
  })
}

const EXPECTED: Readonly<Record<Scenario, readonly string[]>> = {
  leak: ['indicator-contact', 'patient-data-in-clear', 'talks-outside'],
  update: ['indicator-contact', 'update-attempted', 'update-pulled'],
  mitm: ['address-claimed-twice', 'one-card-two-addresses', 'server-payload'],
  udp: ['inbound-udp', 'streams-lost'],
}

for (const scenario of SCENARIOS) {
  test(`the story "${scenario}" alone gives its own findings and no others`, () => {
    assert.deepEqual(Object.keys(byRule(ward([scenario]).picture.findings)).sort(), EXPECTED[scenario])
  })
}

test('what the sensor believes is what the cast is', () => {
  const options = { ...WARD_DEFAULTS, seed: 7, scenarios: new Set(SCENARIOS), durationSeconds: SECONDS }
  const { picture } = watchWard(options)
  const byIp = new Map(picture.assets.flatMap((a) => a.interfaces.map((i) => [i.ip, a] as const)))
  const roles = new Set(['patient-monitor', 'central-station', 'printer', 'router', 'hl7-server'])
  for (const member of describeWard(options).members) {
    const asset = byIp.get(member.ip)
    if (member.role === 'outside') continue
    if (roles.has(member.role)) assert.equal(asset?.role, member.role, member.label)
    else assert.notEqual(asset?.role, 'patient-monitor', member.label)
    if (member.mac !== null) assert.equal(asset?.interfaces.find((i) => i.ip === member.ip)?.mac, member.mac, member.label)
    if (member.bed !== null && asset?.level === 'C') assert.equal(asset.bed, member.bed)
  }
})

test('the update: path, file names, kinds, hashes and full coverage are in the evidence', () => {
  const { picture } = ward(['update'])
  const pulled = picture.findings.find((f) => f.rule === 'update-pulled')
  assert.match(pulled?.technical ?? '', /Mounted 202\.114\.4\.119:\/pm; 3 files read, 3 of them programs/)
  const details = new Map(pulled?.evidence.details)
  for (const [name, magic] of [['monitor', 'elf'], ['update', 'elf'], ['run.sh', 'script']] as const) {
    assert.match(details.get(name) ?? '', new RegExp(`${magic}, (\\d+) of \\1 bytes seen, SHA-256 [0-9a-f]{64}`))
  }
})

test('the update over TCP is found like the one over UDP', () => {
  const { picture } = watchWard({ seed: 7, scenarios: new Set<Scenario>(['update']), durationSeconds: SECONDS, updateTransport: 'tcp' })
  assert.match(picture.findings.find((f) => f.rule === 'update-pulled')?.technical ?? '', /3 files read, 3 of them programs/)
})

test('the attack on ARP names the owner and the impostor', () => {
  const { picture } = ward(['mitm'])
  const options = { ...WARD_DEFAULTS, seed: 7, scenarios: new Set<Scenario>(['mitm']), durationSeconds: SECONDS }
  const macOf = (role: string): string => describeWard(options).members.find((m) => m.role === role)?.mac ?? ''
  const central = picture.findings.find((f) => f.rule === 'address-claimed-twice' && f.evidence.details[0]?.[1] === '202.114.4.119')
  const details = new Map(central?.evidence.details)
  assert.equal(details.get('owner'), macOf('central-station'))
  assert.equal(details.get('impostor'), macOf('stranger'))
})

test('taking a picture twice, or in the middle, changes nothing', () => {
  const { sensor, picture } = ward(SCENARIOS)
  assert.deepEqual(takePicture(sensor.heard(), shippedKnowledge()).findings, picture.findings)
  assert.deepEqual(takePicture(sensor.heard(), shippedKnowledge()).assets, picture.assets)
})

test('the finding tells what is inferred, and no text says that a patient is fine or gives a value', () => {
  const { picture } = ward(SCENARIOS)
  for (const f of picture.findings) {
    assert.ok(f.evidence.frames.length > 0, `${f.rule} has no frame`)
    assert.doesNotMatch(`${f.ward} ${f.technical} ${f.help}`, /\b(?:is fine|healthy|stable)\b|\d+ (?:bpm|mmHg)/i)
  }
  assert.ok(picture.findings.some((f) => f.inferred.length > 0))
})

test('what a live sensor mixes into its hashes shows in no answer', () => {
  const [plain, seeded] = [0, 0x5eed1234].map((seed) => watchWard({ seed: 7, scenarios: new Set(['leak']), durationSeconds: 60 }, undefined, seed))
  const told = (w: ReturnType<typeof watchWard> | undefined): unknown =>
    [w?.picture.assets, w?.picture.conversations, w?.picture.findings, w?.sensor.observations()]
  assert.ok((plain?.picture.conversations.length ?? 0) > 20)
  assert.equal(JSON.stringify(told(seeded)), JSON.stringify(told(plain)))
})
