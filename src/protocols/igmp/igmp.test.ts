// Tests of IGMP and MLD: goldens by way of a row that wraps a packet, hostile bytes, bounds, and a capture against tshark.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromWords } from '../../base/ip.ts'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { ipRow, packetFactsOf } from '../../testing/packet-row.ts'
import { IGMP_PROTO } from './codes.ts'
import { decodeIgmp, encodeRecords, encodeReport, IGMP_RECORDS_MAX } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const ROW = ipRow('igmp', IGMP_PROTO)

runGoldens(TESTDATA, ROW)

test('no bytes make it throw or say too much', () => {
  neverThrows(ROW, { cases: loadGoldens(TESTDATA), runs: 300 })
})

const group4 = fc.integer({ min: 0xe0000000, max: 0xefffffff }).map((n) => ipFromV4(n))
const group6 = fc.integer({ min: 0, max: 0xffffffff }).map((n) => ipFromWords(0xff020000, 0, 0, n))

test('decode gives back the groups that encode joined, in both families and versions', () => {
  for (const [family, arbitrary] of [[4, group4], [6, group6]] as const) {
    fc.assert(fc.property(fc.array(fc.record({ group: arbitrary, joins: fc.boolean() }), { maxLength: 12 }), (groups) => {
      const bytes = encodeRecords(family, groups)
      deepEqual(decodeIgmp(bytes, 0, bytes.length, family), {
        kind: 'report', version: family === 4 ? 3 : 2, groups: groups.filter((g) => g.joins).map((g) => g.group), problem: null,
      })
    }))
    fc.assert(fc.property(arbitrary, (group) => {
      const bytes = encodeReport(group)
      deepEqual(decodeIgmp(bytes, 0, bytes.length, family)?.groups, [group])
    }))
  }
})

test('a count beyond the packet, and one beyond the bound, end', () => {
  const bytes = encodeRecords(4, Array.from({ length: IGMP_RECORDS_MAX + 9 }, (_, i) => ({ group: ipFromV4(0xe0000000 + i), joins: true })))
  equal(decodeIgmp(bytes, 0, bytes.length, 4)?.groups.length, IGMP_RECORDS_MAX)
  equal(decodeIgmp(bytes, 0, 40, 4)?.problem, 'truncated')
})

test('lengths tell the version of a query', () => {
  const query = (length: number, time: number, family: 4 | 6): number | undefined => {
    const bytes = new Uint8Array(length)
    bytes.set([family === 4 ? 0x11 : 130, time])
    return decodeIgmp(bytes, 0, length, family)?.version
  }
  deepEqual([query(8, 0, 4), query(8, 100, 4), query(12, 100, 4), query(24, 0, 6), query(28, 0, 6)], [1, 2, 3, 1, 2])
})

const STARTUP = 'inventory/ws__adsl-cpe_nb6-startup.pcap'

test('capture nb6-startup: the box joins SSDP\'s group once in three reports, and groups of IPv6', { skip: skipWithout(STARTUP) }, () => {
  const facts = packetFactsOf(sharedCapture(STARTUP) ?? '').filter((f) => f.protocol === 'igmp')
  const members = facts.flatMap((f) => (f.kind === 'member' ? [`${f.family} ${f.from} ${f.group}`] : []))
  deepEqual(members.filter((m) => m.startsWith('igmp')), ['igmp 10.251.23.139 239.255.255.250'])
  equal(new Set(members).size, members.length)
})
