// Tests of what parsers share: how problems are counted, link types listed, and kept packets put into words.
// Keeps the rule that a damaged file cannot make the summary grow.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptText, type RecordParser, Tally } from './parser.ts'
import { PcapParser, pcapVariant } from './pcap.ts'
import { PcapngParser } from './pcapng.ts'
import { BIG, block, enhanced, iface, join, LITTLE, packet, pcapHeader, pcapRecord, section, statistics } from './test-captures.ts'

function tally(): Tally {
  return new Tally({ packet: () => assert.fail('no packet is due') })
}

test('a problem seen once stands as it is; a repeated one keeps its first place and says how often', () => {
  const t = tally()
  t.note('bad-interface', 'The packet at byte 9 is odd.', 9)
  t.note('bad-length', 'The block at byte 40 is long.', 40)
  t.note('bad-interface', 'The packet at byte 90 is odd.', 90)
  t.note('bad-interface', 'The packet at byte 99 is odd.', 99)
  assert.deepEqual(t.problems(), [
    { code: 'bad-interface', message: 'The packet at byte 9 is odd. (the first of 3)', offset: 9 },
    { code: 'bad-length', message: 'The block at byte 40 is long.', offset: 40 },
  ])
})

test('codes are bounded', () => {
  const t = tally()
  for (let i = 0; i < 1000; i++) t.note(`code-${i}`, 'odd', i)
  assert.equal(t.problems().length, 32)
})

test('link types are listed once, in order', () => {
  const t = tally()
  for (const linkType of [113, 1, 113, 0, 1]) t.addLinkType(linkType)
  assert.deepEqual(t.linkTypes, [113, 1, 0])
})

test('what was kept, in words', () => {
  assert.equal(keptText(0), 'nothing came before it')
  assert.equal(keptText(1), 'the 1 packet before it was kept')
  assert.equal(keptText(250), 'the 250 packets before it were kept')
})

/** Feeds `file` as the carry-over buffer does: exactly what is asked for, from where the parser stands. Returns the packets it made. */
function feedByNeed(make: (tally: Tally) => RecordParser, file: Uint8Array): number {
  const t = new Tally({ packet: () => undefined })
  const parser = make(t)
  let used = 0
  for (let steps = 0; used < file.length; steps++) {
    assert.ok(steps < 4 * file.length, 'each step gets further, or asks for more')
    if (parser.skip > 0) {
      used += parser.skip
      parser.skip = 0
      continue
    }
    const need = parser.need
    assert.ok(need > 0 && used + need <= file.length, `asks for ${need} bytes at ${used} of ${file.length}`)
    const next = parser.take(file, used, used + need, 0)
    if (next === used) assert.ok(parser.need > need, 'all or more')
    else assert.equal(next, used + need, 'all or nothing')
    used = next
  }
  assert.deepEqual([used, t.problems(), parser.pendingFrom], [file.length, [], -1])
  return t.packets
}

test('the contract of need: given exactly that, a parser uses all of it or asks for more', () => {
  for (const o of [LITTLE, BIG]) {
    const sizes = [0, 1, 60, 1500]
    const records = sizes.map((size, i) => pcapRecord(o, i, i, packet(size)))
    for (const magic of [0xa1b2c3d4, 0xa1b23c4d]) {
      const file = join(pcapHeader(o, { magic }), ...records)
      const variant = pcapVariant(new DataView(file.buffer).getUint32(0)) ?? assert.fail('no such magic')
      assert.equal(feedByNeed((t) => new PcapParser(variant, t), file), sizes.length)
    }
    const blocks = sizes.flatMap((size) => [enhanced(o, 0, 1n, packet(size)), block(o, 77, packet(size)), statistics(o, 0, 1n)])
    const file = join(section(o), iface(o), ...blocks, section(o), iface(o), ...blocks)
    assert.equal(feedByNeed((t) => new PcapngParser(t), file), 2 * sizes.length)
  }
})
