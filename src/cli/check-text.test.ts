// The text of `cordon check` on what is longer or shorter than usual: one flow, and an asset with thousands of addresses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp } from '../base/ip.ts'
import type { Asset } from '../inventory/asset.ts'
import { asset } from '../testing/world.ts'
import type { Report } from '../sensor/report.ts'
import { assetCells, reportText } from './check-text.ts'
import type { Io } from './io.ts'

const ADDRESSES = 3000

function manyAddresses(): Asset {
  const one = asset('unknown', '10.0.0.0')
  const [first] = one.interfaces
  assert.ok(first)
  const interfaces = Array.from({ length: ADDRESSES }, (_, i) => {
    const ip = parseIp(`10.0.${i >> 8}.${i & 255}`)
    assert.ok(ip.ok)
    return { ...first, ip: ip.value }
  })
  return { ...one, interfaces }
}

function report(packets: number, assets: readonly Asset[]): Report {
  return {
    schema: 'cordon.report/1', findings: [], assets, conversations: [], severities: { info: 0, low: 0, medium: 0, high: 0, critical: 0 },
    analysis: {
      id: 'capture-1', name: 'x.pcap', source: 'capture', state: 'complete', sha256: null, format: 'pcap', packets, bytes: 60, flows: packets,
      firstAt: 1, lastAt: 2, problems: [], observations: [], health: [], blindSpots: [],
    },
  }
}

const text = (r: Report): string => reportText(r, { total: 0, first: [], talking: new Set() }, { color: false } as unknown as Io)

test('one packet in one flow is said in the singular', () => {
  assert.match(text(report(1, [])), /^x\.pcap {2}1 packet, 60 B, 1 flow, /)
  assert.match(text(report(2, [])), /2 packets, 60 B, 2 flows, /)
})

test('what is wrong with the sensor is said before what it cannot see, ward words first; a sound sensor has no such part', () => {
  const sound = report(2, [])
  assert.ok(!text(sound).includes('The sensor itself'))
  const finding = { id: 'hears-one-side', severity: 'high', ward: 'WARD', technical: 'TECHNICAL', help: 'HELP', count: 9, incomplete: true } as const
  const lines = text({ ...sound, analysis: { ...sound.analysis, health: [finding] } })
  assert.match(lines, /The sensor itself \(1\)\nHIGH {6}WARD\n {10}TECHNICAL\n {10}what to do: HELP\n\nWhat we cannot see/)
})

test('a card with thousands of addresses takes one readable row on a terminal, and all of them for machines', () => {
  const many = manyAddresses()
  const lines = text(report(2, [many])).split('\n')
  assert.ok(lines.every((line) => line.length < 300))
  assert.ok(lines.some((line) => line.includes(`10.0.0.0 10.0.0.1 10.0.0.2 10.0.0.3 and ${ADDRESSES - 4} more`)))
  assert.equal(assetCells(many).find((cell) => cell.startsWith('10.0.0.0 10.'))?.split(' ').length, ADDRESSES)
})

test('what was odd in the packets is said in words, with its name and count', () => {
  const plain = report(2, [])
  const observations = [{ name: 'tcp overlapDifferent', count: 3, means: 'data sent again with other content' }, { name: 'arpMalformed', count: 1 }]
  const said = text({ ...plain, analysis: { ...plain.analysis, observations } })
  assert.match(said, /\n- odd in the packets: data sent again with other content \(tcp overlapDifferent 3\)\n- odd in the packets: arpMalformed 1/)
})
