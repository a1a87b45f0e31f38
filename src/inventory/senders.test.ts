// Senders against a slow twin, a map by text; a full table counts and keeps; draining tells each flow once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, ipFromWords } from '../base/ip.ts'
import { SENDER_FRAMES_MAX, SenderTable, type SenderTold } from './senders.ts'

interface Heard {
  readonly vlan: number
  readonly version: 4 | 6
  readonly words: readonly number[]
  readonly mac: number
  readonly at: number
  readonly frame: number
}

const heard = fc.record({
  vlan: fc.constantFrom(0, 1, 4095), version: fc.constantFrom(4 as const, 6 as const),
  words: fc.constantFrom([0, 0, 0, 0x0a000001], [0, 0, 0, 0xca720477], [0xfe800000, 0, 0, 1], [0xfe800000, 1, 0, 1]),
  mac: fc.constantFrom(-1, 0, 1, 0x02005e000001, 0xfffffffffffe), at: fc.integer({ min: -5, max: 1_000 }), frame: fc.nat(200),
}).map((h): Heard => (h.version === 4 ? { ...h, words: [0, 0, 0, h.words[3] as number] } : h))

/** The slow twin: text for a key, one object per sender. */
class PlainSenders {
  readonly rows = new Map<string, { -readonly [K in keyof SenderTold]: SenderTold[K] }>()
  refused = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  heard(h: Heard): void {
    const ip = h.version === 4 ? ipFromV4(h.words[3] as number) : ipFromWords(...(h.words as [number, number, number, number]))
    const key = `${h.vlan}|${h.version}|${ip}|${h.mac}`
    const row = this.rows.get(key)
    if (!row && this.rows.size >= this.#max) this.refused++
    else if (!row) this.rows.set(key, { vlan: h.vlan, ip, mac: h.mac, flows: 0, claimAt: h.at, seenAt: h.at, frames: [h.frame] })
    else {
      row.flows++
      row.claimAt = Math.max(row.claimAt, h.at)
      if (row.frames.length < SENDER_FRAMES_MAX && row.frames.at(-1) !== h.frame) row.frames = [...row.frames, h.frame]
    }
  }
}

function told(table: SenderTable): SenderTold[] {
  const rows: SenderTold[] = []
  table.drain((row) => rows.push(row))
  return rows
}

test('the table tells what a map by text tells', () => {
  fc.assert(fc.property(fc.array(heard, { maxLength: 80 }), fc.nat(1_000), fc.constantFrom(3, 1_000), (list, seed, max) => {
    const table = new SenderTable(max, seed)
    const plain = new PlainSenders(max)
    for (const h of list) {
      table.heard(h.vlan, h.version, Uint32Array.from([...h.words, 9, 9, 9, 9]), h.mac, h.at, h.frame)
      plain.heard(h)
    }
    assert.equal(table.refused, plain.refused)
    assert.deepEqual(told(table), [...plain.rows.values()])
  }))
})

test('it grows past its first room, each row is found again, and a second drain tells no flow twice', () => {
  const table = new SenderTable()
  const word = (n: number): Uint32Array => Uint32Array.from([0, 0, 0, 0x0a000000 + n, 0, 0, 0, 1])
  for (let round = 0; round < 2; round++) for (let n = 0; n < 3000; n++) assert.equal(table.heard(7, 4, word(n), n + 1, n, n + 1), n)
  table.seen(5, 99_999)
  const first = told(table)
  assert.equal(first.length, 3000)
  assert.equal(first.every((row) => row.flows === 1), true)
  assert.deepEqual([first[5]?.seenAt, first[6]?.seenAt, first[5]?.ip, first[5]?.mac], [99_999, 6, '10.0.0.5', 6])
  assert.equal(told(table).every((row) => row.flows === 0), true)
})
