// Permits: two people, two keys, one device, one release, one window, an empty bed; every field changed is a refusal.
// Keeps node's Ed25519 as the verifier that the shell hands in, so that signatures here are real ones.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { MICROS_PER_MINUTE } from '../../../base/time.ts'
import { BED_7, START, testTree } from '../../../testing/update-world.ts'
import { canonicalJson } from './canonical.ts'
import {
  grantOf, parseInstant, readPermitBody, signedBytes, verifyPermit, verifyRevocation, type Approver, type PermitBody, type SignedDocument,
  type VerifySignature,
} from './permit.ts'
import type { ReleaseManifest } from './release.ts'
import { windowPhase } from './window.ts'

/** SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 10.1) before the 32 bytes of the key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const ed25519: VerifySignature = (key, message, signature) =>
  verify(null, message, createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' }), signature)

interface Person extends Approver {
  sign(body: unknown): { approver: string; sig: string }
}

function person(id: string, role = 'biomed'): Person {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    id, role, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
    sign(body) {
      const bytes = signedBytes(body)
      return { approver: id, sig: bytes.ok ? sign(null, bytes.value, privateKey).toString('hex') : '' }
    },
  }
}

const ADA = person('ada')
const BEN = person('ben', 'security')
const EVE = person('eve')
const APPROVERS = [ADA, BEN]

const BODY: PermitBody = {
  type: 'cordon-permit', version: 1, id: 'permit-1', release: 'CMS8000@3.0.0#0123456789abcdef',
  device: { serial: 'SN-0007', model: 'CMS8000', version: '2.0.8', ip: BED_7, mac: '00:1a:2b:3c:4d:5e' },
  from: '2026-01-05T07:30:00Z', until: '2026-01-05T07:40:00Z', completeBy: '2026-01-05T07:45:00Z',
  bedEmpty: { bed: '7', confirmedBy: 'nurse on duty', at: '2026-01-05T07:20:00Z' }, requestedBy: 'ada', reason: 'ZZTEST',
}

function signed(body: unknown, ...people: Person[]): SignedDocument<unknown> {
  return { signed: body, signatures: people.map((p) => p.sign(body)) }
}

function refusal(document: unknown, approvers: readonly Approver[] = APPROVERS, now = START): string {
  const result = verifyPermit(document, approvers, now, ed25519)
  return result.ok ? 'granted' : result.error
}

test('two approvals make a permit, and with its release a grant', () => {
  const permit = verifyPermit(signed(BODY, ADA, BEN), APPROVERS, START, ed25519)
  ok(permit.ok)
  deepEqual([permit.value.approvedBy, permit.value.fromAt, permit.value.untilAt - permit.value.fromAt], [['ada', 'ben'], START, 10 * MICROS_PER_MINUTE])
  const grant = grantOf(permit.value, MANIFEST, testTree(BODY.release))
  ok(grant.ok)
  deepEqual([grant.value.ip, grant.value.permitId, windowPhase(grant.value, START)], [BED_7, 'permit-1', 'open'])
})

test('it goes through text and back', () => {
  equal(refusal(JSON.parse(JSON.stringify(signed(BODY, ADA, BEN)))), 'granted')
})

test('one approval, none, the same person twice, a stranger: refused, with the count', () => {
  match(refusal(signed(BODY)), /0 of 2 approvals/)
  match(refusal(signed(BODY, ADA)), /1 of 2/)
  match(refusal(signed(BODY, ADA, ADA)), /1 of 2/)
  match(refusal(signed(BODY, ADA, EVE)), /1 of 2/)
  const doubled = { ...ADA, id: 'ada-again', sign: (body: unknown) => ({ ...ADA.sign(body), approver: 'ada-again' }) }
  match(refusal(signed(BODY, ADA, doubled), [ADA, doubled]), /1 of 2/, 'one key under two names is one')
  equal(refusal(signed(BODY, ADA, EVE, BEN)), 'granted', 'a bad signature beside two good ones does no harm')
})

test('a signature of one permit is worth nothing under another', () => {
  const { signatures } = signed(BODY, ADA, BEN)
  for (const change of [
    { id: 'permit-2' }, { release: 'other' }, { until: '2026-01-05T07:41:00Z' }, { device: { ...BODY.device, serial: 'SN-0008' } },
    { device: { ...BODY.device, ip: '202.114.4.32' } }, { bedEmpty: { ...BODY.bedEmpty, bed: '8' } }, { extra: true }]) {
    match(refusal({ signed: { ...BODY, ...change }, signatures }), /0 of 2/, JSON.stringify(change))
  }
})

for (const [change, pattern] of [
  [{ type: 'x' }, /no permit of version 1/], [{ version: 2 }, /no permit of version 1/], [{ id: '' }, /has no id/], [{ release: 7 }, /has no release/],
  [{ reason: undefined }, /has no reason/], [{ requestedBy: null }, /has no requestedBy/], [{ device: null }, /names no device/],
  [{ device: { ...BODY.device, serial: '' } }, /device\.serial/], [{ device: { ...BODY.device, ip: '202.114.4' } }, /device\.ip/],
  [{ device: { ...BODY.device, mac: '001a2b3c4d5e' } }, /device\.mac/], [{ bedEmpty: {} }, /bed is empty/],
  [{ bedEmpty: { ...BODY.bedEmpty, at: 'now' } }, /when the bed was empty/], [{ from: '2026-01-05 07:30' }, /has no from/],
  [{ until: BODY.from }, /ends before it begins/], [{ until: '2026-01-05T11:30:01Z', completeBy: '2026-01-05T11:30:01Z' }, /longer than 240 minutes/],
  [{ completeBy: '2026-01-05T07:39:59Z' }, /completion/], [{ completeBy: '2026-01-05T08:40:01Z' }, /by at most 60 minutes/],
  [{ bedEmpty: { ...BODY.bedEmpty, at: '2026-01-05T07:30:01Z' } }, /before it begins/],
  [{ bedEmpty: { ...BODY.bedEmpty, at: '2026-01-05T03:29:59Z' } }, /hours before/],
] as const) {
  test(`a permit with ${JSON.stringify(change).slice(0, 60)} is refused, approvals or not`, () => {
    match(refusal(signed({ ...BODY, ...change }, ADA, BEN)), pattern)
  })
}

test('what is no document is refused', () => {
  const odd = [null, 7, { approver: 'ada' }]
  for (const document of [null, 7, 'x', [], {}, { signed: BODY }, { signed: BODY, signatures: {} }, { signed: BODY, signatures: odd }]) {
    ok(refusal(document) !== 'granted')
  }
})

test('a permit is over at the end of its completion, not before', () => {
  const document = signed(BODY, ADA, BEN)
  equal(refusal(document, APPROVERS, START + 15 * MICROS_PER_MINUTE - 1), 'granted')
  match(refusal(document, APPROVERS, START + 15 * MICROS_PER_MINUTE), /is over since 2026-01-05T07:45:00Z/)
  equal(refusal(document, APPROVERS, 0), 'granted', 'before its hour it is a permit, but its window is not open')
})

test('one approver is enough to revoke, a stranger is not', () => {
  const body = { type: 'cordon-revocation', version: 1, permit: 'permit-1', at: '2026-01-05T07:35:00Z', reason: 'ZZTEST' }
  deepEqual(verifyRevocation(signed(body, BEN), APPROVERS, ed25519), { ok: true, value: 'permit-1' })
  equal(verifyRevocation(signed(body, EVE), APPROVERS, ed25519).ok, false)
  equal(verifyRevocation(signed(BODY, BEN), APPROVERS, ed25519).ok, false, 'a permit is no revocation')
  match(refusal(signed(body, ADA, BEN)), /no permit/)
})

const MANIFEST: ReleaseManifest = { id: BODY.release, model: 'CMS8000', toVersion: '3.0.0', fromVersions: ['2.0.7', '2.0.8'], files: [] }

test('a permit fits one release, one model and the versions it may replace', () => {
  const permit = verifyPermit(signed(BODY, ADA, BEN), APPROVERS, START, ed25519)
  ok(permit.ok)
  const why = (manifest: Partial<ReleaseManifest>, treeId = BODY.release): string => {
    const grant = grantOf(permit.value, { ...MANIFEST, ...manifest }, testTree(treeId))
    return grant.ok ? 'granted' : grant.error
  }
  equal(why({}), 'granted')
  match(why({ id: 'other' }), /is for CMS8000@3\.0\.0#0123456789abcdef, not for other/)
  match(why({}, 'other'), /is for/)
  match(why({ model: 'CMS6000' }), /is for a CMS8000, the release for CMS6000/)
  match(why({ fromVersions: ['1.0'] }), /has version 2\.0\.8; .* may replace 1\.0/)
})

test('instants are whole seconds of UTC that exist', () => {
  equal(parseInstant('2026-01-05T07:30:00Z'), START)
  const wrong = ['2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-05T07:30:00', '2026-01-05T07:30:00.5Z', '', 7, null]
  for (const text of wrong) equal(parseInstant(text), null)
})

test('canonical JSON: sorted keys, the same text whatever the order, and no fractions', () => {
  deepEqual(canonicalJson({ b: [1, null, true], a: { d: 'x', c: -1 } }), { ok: true, value: '{"a":{"c":-1,"d":"x"},"b":[1,null,true]}' })
  for (const value of [0.5, 2 ** 53, Number.NaN, undefined, { a: undefined }, [() => 1]]) equal(canonicalJson(value).ok, false)
  let deep: unknown = 1
  for (let i = 0; i < 20; i++) deep = [deep]
  equal(canonicalJson(deep).ok, false)
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean())), (value) => {
    const text = canonicalJson(value)
    const back = canonicalJson(Object.fromEntries(Object.entries(value).reverse()))
    ok(text.ok && back.ok)
    equal(text.value, back.value)
    deepEqual(JSON.parse(text.value), JSON.parse(JSON.stringify(value)))
  }))
})

test('a body reads the same before and after it is signed', () => {
  deepEqual(readPermitBody(BODY), { ok: true, value: BODY })
})
