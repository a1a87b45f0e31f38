// Tests of NetBIOS names: goldens, hostile bytes, the probe, round trips, cuts, and captures against tshark.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4 } from '../../base/ip.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { fakeContext } from '../../testing/fake-context.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replayCapture } from '../../testing/replay.ts'
import { dnsQuery, encodeDns } from '../dns/index.ts'
import { nbns } from './index.ts'
import { decodeNb, encodeNbAnswer, encodeNbDatagram, encodeNbQuery, encodeNbRegistration, encodeNbStatus } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const IP = ipFromV4(0x0a14041f)
const BED = { name: 'BED-7', suffix: 0 }

runGoldens(TESTDATA, nbns)

test('no bytes make it throw or say too much', () => {
  neverThrows(nbns, { cases: loadGoldens(TESTDATA) })
})

const probe = (bytes: Uint8Array): string => nbns.probe('udp', 0, bytes, 0, bytes.length)

test('probe takes every form, and neither DNS nor random bytes', () => {
  const status = encodeNbStatus([{ ...BED, isGroup: false }], 1)
  const forms = [encodeNbQuery(BED), encodeNbRegistration(BED, IP), encodeNbAnswer(BED, IP), status, encodeNbDatagram(BED, IP, BED)]
  for (const bytes of forms) equal(probe(bytes), 'yes')
  equal(probe(encodeDns(dnsQuery(1, `${'a'.repeat(32)}.ward.example`, 1)) ?? new Uint8Array(60)), 'no')
  fc.assert(fc.property(fc.uint8Array({ minLength: 50, maxLength: 120 }), (bytes) => equal(probe(bytes), 'no')), { numRuns: 500 })
})

const nbName = fc.record({ name: fc.stringMatching(/^[A-Z0-9-]{1,15}$/), suffix: fc.nat({ max: 255 }) })
const address = fc.integer({ min: 1, max: 0xffffffff }).map((n) => ipFromV4(n))

test('decode gives back names, suffixes, holders and groups', () => {
  fc.assert(fc.property(nbName, address, fc.boolean(), (name, owner, isGroup) => {
    const plain = { ...name }
    const decode = (bytes: Uint8Array): ReturnType<typeof decodeNb> => decodeNb(bytes, 0, bytes.length)
    deepEqual(decode(encodeNbRegistration(name, owner, isGroup))?.names, [{ ...plain, owner, isGroup }])
    deepEqual(decode(encodeNbAnswer(name, owner))?.names, [{ ...plain, owner, isGroup: false }])
    deepEqual(decode(encodeNbDatagram(name, owner, name))?.names, [{ ...plain, owner, isGroup: false }])
    deepEqual(decode(encodeNbQuery(name))?.asked, { ...plain, isStatus: false })
    const status = decode(encodeNbStatus([{ ...name, isGroup }], 0x02005e000001))
    deepEqual([status?.names, status?.mac], [[{ ...plain, owner: null, isGroup }], '02:00:5e:00:00:01'])
  }))
})

test('cut at every byte it never throws and never makes a name up', () => {
  const whole = encodeNbStatus([{ ...BED, isGroup: false }, { name: 'WARD', suffix: 0, isGroup: true }], 1)
  for (let end = 0; end < whole.length; end++) ok((decodeNb(whole, 0, end)?.names ?? []).every((n) => n.name === 'BED-7' || n.name === 'WARD'))
})

test('a question that is asked a thousand times is one fact', () => {
  const context = fakeContext('udp')
  const session = nbns.open(context)
  for (let i = 0; i < 1000; i++) {
    const bytes = encodeNbQuery(BED)
    bytes.set([i >> 8, i & 255])
    session.feed(0, bytes, 0, bytes.length, i)
  }
  equal(context.facts.length, 1)
})

/** Distinct names that tshark 4.0 shows in nbns.name and nbdgm.source_name. */
const CAPTURES = ['scan/ws__community-shares_attack_扫描原理ping_解析sweep攻击.pcap', 'vlan/ws__general-unsorted_vlan.cap.gz'] as const

for (const name of CAPTURES) {
  test(`capture ${name}: names are heard, none is malformed`, { skip: skipWithout(name) }, () => {
    const facts = replayCapture(sharedCapture(name) ?? '', [nbns]).filter((f) => f.protocol === 'nbns')
    ok(facts.length > 0)
    ok(facts.every((f) => f.kind !== 'malformed'))
  })
}
