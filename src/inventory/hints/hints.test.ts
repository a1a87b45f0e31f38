// Tests of hints: what a SYN's options look like, several hosts behind one address, made-up card numbers, DHCP lists.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Frame } from '../../wire/frame.ts'
import { dhcpHints } from './dhcp.ts'
import { cardClaims, stackClaims } from './stack.ts'
import { packLayout, SHAPES_MAX, readSyn, SynShapes } from './syn.ts'

const CARD = 0x00_1b_44_11_3a_b7
const OPTIONS: Readonly<Record<string, readonly number[]>> = {
  EOL: [0], NOP: [1], MSS: [2, 4, 5, 0xb4], WS: [3, 3, 7], SACK: [4, 2], TS: [8, 10, 0, 0, 0, 1, 0, 0, 0, 0], FO: [34, 2],
}

let number = 0
/** A SYN as the frame decoder leaves it: header at 0, options behind it. */
function syn(shapes: SynShapes, layout: string, ttl: number, more: { readonly window?: number; readonly mac?: number } = {}): void {
  const options = layout.split(',').filter((w) => w !== '').flatMap((word) => OPTIONS[word] ?? [])
  const buf = Uint8Array.from([...new Uint8Array(20), ...options])
  const frame = new Frame()
  frame.l4Off = 0
  frame.payloadOff = buf.length
  frame.ttl = ttl
  frame.srcMac = more.mac ?? CARD
  frame.tcpWindow = more.window ?? 64_240
  frame.number = ++number
  frame.at = number * 1000
  noteOf(shapes, buf, frame)
}

function noteOf(shapes: SynShapes, buf: Uint8Array, frame: Frame): void {
  const seen = readSyn(buf, frame)
  if (seen) shapes.note(seen)
}

function osOf(layout: string, ttl: number, window = 1000): string | undefined {
  const shapes = new SynShapes()
  syn(shapes, layout, ttl, { window })
  return stackClaims(shapes.list(), CARD).find((c) => c.what === 'os')?.value
}

test('systems are told by the order of their options and their TTL; Linux by its window too', () => {
  assert.equal(osOf('MSS,SACK,TS,NOP,WS', 64, 64_240), 'Linux, as 4.20 or later')
  assert.equal(osOf('MSS,SACK,TS,NOP,WS', 61, 29_200), 'Linux, as 3.x to 4.19')
  assert.equal(osOf('MSS,SACK,TS,NOP,WS', 64, 5840), 'Linux, as before 2.6.39 (2011)')
  assert.equal(osOf('MSS,SACK,TS,NOP,WS', 64), 'Linux')
  assert.equal(osOf('MSS,NOP,WS,NOP,NOP,SACK', 127), 'Windows')
  assert.equal(osOf('MSS,NOP,WS,NOP,NOP,TS,SACK,EOL', 64), 'Apple (macOS or iOS)')
  assert.equal(osOf('MSS', 255), 'small stack (embedded system, or a tool)')
  // Another system's TTL, an option no row has, none at all, and more routers in between than the Internet has.
  for (const [layout, ttl] of [['MSS,SACK,TS,NOP,WS', 128], ['MSS,FO', 64], ['', 64], ['MSS,SACK,TS,NOP,WS', 33]] as const) {
    assert.equal(osOf(layout, ttl), undefined)
  }
})

test('any bytes as options are a shape and nothing worse; a layout packs as it is read', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 255 }), (bytes, ttl) => {
    const shapes = new SynShapes()
    const frame = new Frame()
    frame.l4Off = 0
    frame.payloadOff = 20 + bytes.length
    frame.ttl = ttl
    noteOf(shapes, Uint8Array.from([...new Uint8Array(20), ...bytes]), frame)
    const [shape] = shapes.list()
    assert.ok(shape && Number.isSafeInteger(shape.layout))
    stackClaims(shapes.list(), null)
  }))
  const words = fc.constantFrom('NOP', 'MSS', 'WS', 'SACK', 'TS')
  fc.assert(fc.property(fc.array(words, { maxLength: 6 }).filter((l) => l.flatMap((w) => OPTIONS[w] ?? []).length <= 40), (list) => {
    const shapes = new SynShapes()
    syn(shapes, list.join(','), 64)
    assert.equal(shapes.list()[0]?.layout, packLayout(list.join(',')))
  }))
})

test('a header that is not all there, or frames without one, leave nothing', () => {
  const shapes = new SynShapes()
  const frame = new Frame()
  noteOf(shapes, new Uint8Array(40), frame)
  frame.l4Off = 30
  frame.payloadOff = 54
  noteOf(shapes, new Uint8Array(40), frame)
  assert.deepEqual(shapes.list(), [])
})

test('two systems that take turns behind one address are several hosts; one that was changed for another is not', () => {
  const [linux, windows] = ['MSS,SACK,TS,NOP,WS', 'MSS,NOP,WS,NOP,NOP,SACK'] as const
  const turns = new SynShapes()
  for (let i = 0; i < 3; i++) for (const [layout, ttl] of [[linux, 64], [windows, 128]] as const) syn(turns, layout, ttl)
  const shared = stackClaims(turns.list(), CARD).find((c) => c.what === 'sharing')
  assert.match(shared?.evidence ?? '', /connections opened as Linux and as Windows took turns 4 times/)
  assert.deepEqual([shared?.level, shared?.inferred, shared?.count], ['D', true, 6])
  const changed = new SynShapes()
  for (const [layout, ttl] of [[linux, 64], [windows, 128]] as const) for (let i = 0; i < 9; i++) syn(changed, layout, ttl)
  assert.deepEqual(stackClaims(changed.list(), CARD).filter((c) => c.what === 'sharing'), [])
})

test('packets of a card on its own segment that have crossed a router are somebody else\'s; through a router\'s card they are its own', () => {
  const shapes = new SynShapes()
  for (let i = 0; i < 3; i++) syn(shapes, 'MSS,SACK,TS,NOP,WS', 63)
  const claim = stackClaims(shapes.list(), CARD).find((c) => c.what === 'sharing')
  assert.match(claim?.evidence ?? '', /came with TTL 63, as if they had crossed a router/)
  assert.ok(!stackClaims(shapes.list(), null).some((c) => c.what === 'sharing'))
  assert.deepEqual(stackClaims(shapes.list(), CARD + 1), [])
})

test('a scanner\'s packets with TTLs drawn by lot are one shape, and hide nobody; no more shapes than the maximum are kept', () => {
  const shapes = new SynShapes()
  for (let ttl = 37; ttl < 60; ttl++) syn(shapes, 'MSS', ttl)
  syn(shapes, 'MSS,SACK,TS,NOP,WS', 64)
  assert.deepEqual(shapes.list().map((s) => s.count), [23, 1])
  for (let ttl = 1; ttl < 60; ttl++) syn(shapes, 'MSS,WS', ttl)
  assert.equal(shapes.list().length, SHAPES_MAX)
})

test('a card number with the local bit was given by no maker', () => {
  const times = { firstAt: 1, lastAt: 2, frame: 3 }
  assert.deepEqual(cardClaims(CARD, times), [])
  const [claim] = cardClaims(0x02_00_5e_00_00_01, times)
  assert.deepEqual([claim?.what, claim?.level, claim?.frame], ['card', 'E', 3])
  assert.match(claim?.evidence ?? '', /locally administered bit of 02:00:5e:00:00:01/)
})

test('DHCP: own words and exact lists, or nothing', () => {
  const os = (vendorClass: string | null, parameterList: string | null): (string | undefined)[] =>
    dhcpHints({ vendorClass, parameterList }).map((c) => `${c.what} ${c.value} ${c.level}`)
  assert.deepEqual(os('MSFT 5.0', '1,3,6,15,31,33,43,44,46,47,119,121,249,252'), ['os Windows C', 'os Windows, 8.1 or later D'])
  assert.deepEqual(os('udhcp 1.30.1', '1,3,6,12,15,28,42'), ['os Linux, embedded (BusyBox) C', 'os Linux, embedded (BusyBox) D'])
  assert.deepEqual(os('Hewlett-Packard JetDirect', null), ['os HP JetDirect C', 'role printer C'])
  assert.deepEqual(os('unheard of', '1,3,6'), [])
  assert.deepEqual(os(null, null), [])
})
