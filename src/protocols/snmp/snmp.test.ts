// Tests of the SNMP row: goldens, hostile bytes, what is kept of a community, and real captures, damaged ones too.
// Keeps the rule that a community, a user name and a contact never leave: goldens plant them.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import { encodeBer, encodeBerInteger } from '../ber.ts'
import { encodeSnmp, encodeSnmpPdu, encodeSnmpV3, snmp, SnmpPdu, SnmpVersion } from './index.ts'
import { BINDINGS_MAX, decodeSnmp } from './message.ts'
import { fakeContext, fakeTime } from '../../testing/fake-context.ts'
import { SNMP_FACTS_MAX, SNMP_QUIET_MAX, SnmpSession } from './session.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, snmp)

test('no bytes make it throw or say too much', () => {
  neverThrows(snmp, { cases: loadGoldens(TESTDATA) })
})

test('no community, user name or contact leaves', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.some((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('ZZTEST'))))
  for (const c of cases) equal(JSON.stringify(runSession(snmp, 'udp', c.chunks).facts).includes('ZZTEST'), false, c.title)
})

const DESCRIPTION = '1.3.6.1.2.1.1.1.0'
const probe = (bytes: Uint8Array): string => snmp.probe('udp', 0, bytes, 0, bytes.length)
const kinds = (...messages: Uint8Array[]): string[] => runSession(snmp, 'udp', messages.map((bytes): Chunk => ({ direction: 1, bytes }))).facts
  .map((f) => (f.protocol === 'snmp' && f.kind === 'system' ? `${f.item} ${f.value}` : f.protocol === 'snmp' && f.kind === 'malformed' ? f.reason : f.kind))

test('every version and operation is recognised, and no shorter or longer datagram', () => {
  for (const version of [SnmpVersion.v1, SnmpVersion.v2c]) {
    for (const pdu of Object.values(SnmpPdu)) {
      const bytes = encodeSnmp(version, 'ZZTEST', encodeSnmpPdu(pdu, [[DESCRIPTION, null]]))
      equal(probe(bytes), 'yes')
      for (let length = 1; length < bytes.length; length++) equal(probe(bytes.slice(0, length)), 'no')
      equal(probe(Uint8Array.from([...bytes, 0])), 'no')
    }
  }
  equal(probe(encodeSnmpV3(4, [], '', encodeSnmpPdu(SnmpPdu.get, []))), 'yes')
})

for (const [what, bytes] of [
  ['an LDAP search without a connection', encodeBer(0x30, encodeBerInteger(1), encodeBer(0x63, [4, 0, 10, 1, 0]))],
  ['a Kerberos request', encodeBer(0x6a, encodeBer(0x30, encodeBerInteger(5)))],
  ['version 2', encodeSnmp(2, 'public', encodeSnmpPdu(SnmpPdu.get, []))],
  ['a community without a PDU', encodeBer(0x30, encodeBerInteger(0), encodeBer(4, [1]), encodeBer(0x30, []))],
] as const) {
  test(`the probe says no to ${what}`, () => equal(probe(bytes), 'no'))
}

test('communities are told by kind, whole and in their case', () => {
  const kindOf = (community: string): string | null | undefined => {
    const bytes = encodeSnmp(1, community, encodeSnmpPdu(SnmpPdu.get, []))
    return decodeSnmp(bytes, 0, bytes.length).message?.community
  }
  deepEqual(['public', 'private', 'Public', 'publi', 'publicx', '', 'ZZTEST'].map(kindOf), ['public', 'private', 'other', 'other', 'other', 'other', 'other'])
})

test('values: line breaks become blanks, empty ones and the wrong type are nothing, a request has none', () => {
  const answer = (value: string | { oid: string } | null): Uint8Array => encodeSnmp(1, 'x', encodeSnmpPdu(SnmpPdu.response, [[DESCRIPTION, value]]))
  deepEqual(kinds(answer('  a\r\n  b\u00e9 ')), ['access', 'description a b?'])
  deepEqual(kinds(answer(''), answer(null), answer({ oid: '1.3.6' })), ['access'])
  deepEqual(kinds(encodeSnmp(1, 'x', encodeSnmpPdu(SnmpPdu.set, [[DESCRIPTION, 'new']]))), ['access'])
})

test('damage is said once, and what was whole before it is kept', () => {
  const good = encodeSnmpPdu(SnmpPdu.response, [[DESCRIPTION, 'a'], ['1.3.6.1.2.1.1.5.0', 'b']])
  const broken = good.slice()
  broken[broken.length - 2] = 0x7f
  deepEqual(kinds(encodeSnmp(1, 'x', broken), encodeSnmp(1, 'x', broken)), ['access', 'description a', 'bindings'])
  deepEqual(kinds(encodeBer(0x30, encodeBerInteger(0), encodeBer(4, [1]), [0xa0])), ['pdu'])
  deepEqual(kinds(Uint8Array.of(0x30, 3, 2, 1, 9)), ['message'])
})

test('one flow tells at most so many things, and then decodes no more', () => {
  const many = Array.from({ length: 100 }, (_, i) => encodeSnmp(1, 'x', encodeSnmpPdu(SnmpPdu.response, [[DESCRIPTION, `v${i}`]])))
  equal(kinds(...many).length, SNMP_FACTS_MAX)
})

test('a flow that says the same again and again is read no more', () => {
  const context = fakeContext('udp')
  const session = new SnmpSession(context)
  const same = encodeSnmp(1, 'x', encodeSnmpPdu(SnmpPdu.response, [[DESCRIPTION, 'a']]))
  for (let i = 0; i <= SNMP_QUIET_MAX; i++) {
    equal(session.isDone, i > SNMP_QUIET_MAX, `after ${i}`)
    session.feed(1, same, 0, same.length, fakeTime(i + 1))
  }
  ok(session.isDone)
  const other = encodeSnmp(1, 'x', encodeSnmpPdu(SnmpPdu.response, [[DESCRIPTION, 'late']]))
  session.feed(1, other, 0, other.length, fakeTime(9999))
  equal(context.facts.length, 2)
})

test('bindings beyond the bound are not walked', () => {
  const bindings = Array.from({ length: BINDINGS_MAX + 1 }, (_, i): readonly [string, string] => (i < BINDINGS_MAX ? ['1.3.6.1', 'x'] : [DESCRIPTION, 'late']))
  deepEqual(kinds(encodeSnmp(1, 'x', encodeSnmpPdu(SnmpPdu.response, bindings))), ['access'])
})

test('any object identifier but the four is passed over', () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 9 }), (parts) => {
    const oid = ['1.3.6.1.2.1', ...parts].join('.')
    const read = kinds(encodeSnmp(1, 'x', encodeSnmpPdu(SnmpPdu.response, [[oid, 'v']])))
    equal(read.length, /^1\.3\.6\.1\.2\.1\.1\.[156]\.0$/.test(oid) ? 2 : 1)
  }))
})

const WALK = 'inventory/zeek__snmp_snmpwalk-short.pcap'
test(`capture ${WALK}: what the agent says that it is, and that it answers to the community it came with`, { skip: skipWithout(WALK) }, () => {
  const facts = replay(sharedCapture(WALK) ?? '', [snmp]).facts.filter((f) => f.protocol === 'snmp')
  const access = facts.filter((f) => f.kind === 'access').map((f) => `${f.direction} ${f.version} ${f.community} ${f.operation}`)
  deepEqual(access, ['0 2c public read', '1 2c public answer'])
  const system = Object.fromEntries(facts.filter((f) => f.kind === 'system').map((f) => [f.item, f.value]))
  deepEqual([system['description'], system['object-id']], [
    'Linux ubuntu-512mb-sfo2-01 4.4.0-31-generic #50~14.04.1-Ubuntu SMP Wed Jul 13 01:07:32 UTC 2016 x86_64', '1.3.6.1.4.1.8072.3.2.10',
  ])
  deepEqual(Object.keys(system).sort(), ['description', 'location', 'name', 'object-id'])
})

const PROTOS = 'corrupt/ws__protos-test-suite-traffic_c06-snmpv1-req-enc-r1.pcap.gz'
test(`capture ${PROTOS}: malformed messages are an observation`, { skip: skipWithout(PROTOS) }, () => {
  const { facts, flows } = replay(sharedCapture(PROTOS) ?? '', [snmp])
  const known = flows.filter((f) => f.protocol === 'snmp').length
  ok(known > 0)
  ok(facts.length > 0 && facts.length <= known * SNMP_FACTS_MAX, `${facts.length} facts of ${known} flows`)
})
