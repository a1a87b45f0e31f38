// The permit folder: request, two approvals, revocation, and the grants of the hour; keys are made for the test.
// Keeps "in doubt nothing is served": damaged, doubled and foreign documents give no grant and say why.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Result } from '../base/result.ts'
import { MICROS_PER_MINUTE } from '../base/time.ts'
import { scratch } from '../testing/command.ts'
import { BED_7, BED_8, START, testTree } from '../testing/update-world.ts'
import type { PermitBody } from './core/update/permit.ts'
import { approvePermit, grantsOf, listPermits, requestPermit, revokePermit, verifyEd25519, type PermitStore } from './permits.ts'
import type { LoadedRelease } from './release.ts'

const RELEASE = 'CMS8000@3.0.0#0123456789abcdef'
const RELEASES: readonly LoadedRelease[] = [
  { manifest: { id: RELEASE, model: 'CMS8000', toVersion: '3.0.0', fromVersions: ['2.0.8'], files: [] }, tree: testTree(RELEASE) },
]

function body(over: Partial<PermitBody> = {}): PermitBody {
  return {
    type: 'cordon-permit', version: 1, id: 'permit-1', release: RELEASE,
    device: { serial: 'SN-0007', model: 'CMS8000', version: '2.0.8', ip: BED_7, mac: '00:1a:2b:3c:4d:5e' },
    from: '2026-01-05T07:30:00Z', until: '2026-01-05T07:40:00Z', completeBy: '2026-01-05T07:45:00Z',
    bedEmpty: { bed: '7', confirmedBy: 'nurse on duty', at: '2026-01-05T07:20:00Z' }, requestedBy: 'ada', reason: 'ZZTEST', ...over,
  }
}

interface Office {
  readonly store: PermitStore
  readonly pem: { readonly [person: string]: string }
}

function office(t: TestContext): Office {
  const people = ['ada', 'ben', 'eve'].map((id) => ({ id, ...generateKeyPairSync('ed25519') }))
  const approvers = people.slice(0, 2).map(({ id, publicKey }) => ({
    id, role: 'biomed', publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
  }))
  return {
    store: { folder: path.join(scratch(t), 'permits'), approvers },
    pem: Object.fromEntries(people.map(({ id, privateKey }) => [id, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()])),
  }
}

function value<T>(result: Result<T>): T {
  ok(result.ok, result.ok ? '' : result.error)
  return result.value
}

function why(result: Result<unknown>): string {
  return result.ok ? 'done' : result.error
}

function approved({ store, pem }: Office, over: Partial<PermitBody> = {}): string {
  const { id } = value(requestPermit(store, body(over)))
  for (const person of ['ada', 'ben']) value(approvePermit(store, id, person, pem[person] ?? ''))
  return id
}

test('a permit goes from requested to approved, open, completing and over', (t) => {
  const desk = office(t)
  const { store, pem } = desk
  const state = (now: number): string | undefined => listPermits(store, now)[0]?.state
  value(requestPermit(store, body()))
  equal(state(START), 'requested')
  deepEqual(grantsOf(store, RELEASES, START).refused.map((r) => r.why), ['permit permit-1 has 0 of 2 approvals'])
  value(approvePermit(store, 'permit-1', 'ada', pem['ada'] ?? ''))
  equal(state(START), 'requested')
  deepEqual(value(approvePermit(store, 'permit-1', 'ben', pem['ben'] ?? '')).approvedBy, ['ada', 'ben'])
  deepEqual([START - 1, START, START + 10 * MICROS_PER_MINUTE, START + 15 * MICROS_PER_MINUTE].map(state), ['approved', 'open', 'completing', 'over'])
  deepEqual(grantsOf(store, RELEASES, START).grants.map((g) => [g.permitId, g.ip, g.deviceId]), [['permit-1', BED_7, 'SN-0007 00:1a:2b:3c:4d:5e']])
  deepEqual(grantsOf(store, RELEASES, START + 15 * MICROS_PER_MINUTE), { grants: [], refused: [] })
})

test('without a release that was verified just now there is no grant', (t) => {
  const desk = office(t)
  approved(desk)
  match(grantsOf(desk.store, [], START).refused[0]?.why ?? '', /release CMS8000@3\.0\.0#0123456789abcdef is not here/)
})

test('only approvers approve, each with the key the configuration has, and twice is once', (t) => {
  const { store, pem } = office(t)
  value(requestPermit(store, body()))
  match(why(approvePermit(store, 'permit-1', 'eve', pem['eve'] ?? '')), /eve is no approver; the configuration names ada, ben/)
  match(why(approvePermit(store, 'permit-1', 'ada', pem['ben'] ?? '')), /not the one that the configuration has for ada/)
  match(why(approvePermit(store, 'permit-1', 'ada', 'nonsense')), /cannot be read/)
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  match(why(approvePermit(store, 'permit-1', 'ada', curve)), /is ec, not ed25519/)
  for (let i = 0; i < 2; i++) deepEqual(value(approvePermit(store, 'permit-1', 'ada', pem['ada'] ?? '')).approvedBy, ['ada'])
  match(why(approvePermit(store, 'permit-2', 'ada', pem['ada'] ?? '')), /cannot be read/)
})

test('one approver revokes; a stranger cannot; the permit stays revoked', (t) => {
  const desk = office(t)
  const { store, pem } = desk
  approved(desk)
  match(why(revokePermit(store, 'permit-1', 'eve', pem['eve'] ?? '', 'ZZTEST', START)), /no approver/)
  equal(grantsOf(store, RELEASES, START).grants.length, 1)
  value(revokePermit(store, 'permit-1', 'ben', pem['ben'] ?? '', 'ZZTEST', START))
  equal(listPermits(store, START)[0]?.state, 'revoked')
  deepEqual(grantsOf(store, RELEASES, START), { grants: [], refused: [] })
})

test('a damaged revocation stops too; one for another permit, or forged, does not', (t) => {
  const desk = office(t)
  const { store, pem } = desk
  approved(desk)
  const file = path.join(store.folder, 'permit-1.revoked.json')
  value(revokePermit(store, 'permit-2', 'ben', pem['ben'] ?? '', 'ZZTEST', START))
  fs.renameSync(path.join(store.folder, 'permit-2.revoked.json'), file)
  equal(grantsOf(store, RELEASES, START).grants.length, 1)
  fs.writeFileSync(file, '{')
  equal(grantsOf(store, RELEASES, START).grants.length, 0)
})

test('a permit is never changed, and its id is no path', (t) => {
  const { store } = office(t)
  value(requestPermit(store, body()))
  match(why(requestPermit(store, body({ reason: 'other' }))), /there already/)
  for (const id of ['../x', 'a/b', '.', '', 'x'.repeat(65)]) ok(!requestPermit(store, body({ id })).ok, id)
  match(why(approvePermit(store, '../permit-1', 'ada', '')), /no permit id/)
})

test('a document changed after approval, or under another name, gives nothing', (t) => {
  const desk = office(t)
  const { store } = desk
  approved(desk)
  const file = path.join(store.folder, 'permit-1.json')
  const text = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(file, text.replace(BED_7, BED_8))
  match(grantsOf(store, RELEASES, START).refused[0]?.why ?? '', /0 of 2 approvals/)
  fs.renameSync(file, path.join(store.folder, 'other.json'))
  match(grantsOf(store, RELEASES, START).refused[0]?.why ?? '', /the document is permit permit-1/)
  fs.writeFileSync(path.join(store.folder, 'other.json'), ' '.repeat(70_000))
  match(grantsOf(store, RELEASES, START).refused[0]?.why ?? '', /longer than 65536 bytes/)
})

test('two permits for one address in one hour: neither; one after the other: the first that is not over', (t) => {
  const desk = office(t)
  approved(desk)
  approved(desk, { id: 'permit-2', from: '2026-01-05T07:44:00Z', until: '2026-01-05T07:50:00Z', completeBy: '2026-01-05T07:50:00Z' })
  approved(desk, { id: 'permit-3', from: '2026-01-05T08:00:00Z', until: '2026-01-05T08:10:00Z', completeBy: '2026-01-05T08:10:00Z' })
  const { grants, refused } = grantsOf(desk.store, RELEASES, START)
  deepEqual(grants.map((g) => g.permitId), ['permit-3'])
  deepEqual(refused.map((r) => [r.id, r.why]), ['permit-1', 'permit-2'].map((id) => [id, `another permit covers ${BED_7} in the same hour`]))
})

test('a key that is no key verifies nothing, and does not throw', () => {
  equal(verifyEd25519(new Uint8Array(32).fill(255), new Uint8Array(1), new Uint8Array(64)), false)
  equal(verifyEd25519(new Uint8Array(3), new Uint8Array(1), new Uint8Array(64)), false)
})
