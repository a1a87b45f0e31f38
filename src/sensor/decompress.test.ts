// Tests of unpacking: both formats, members and frames in any split, and every kind of damage.
// Keeps the rule that damage is told, and that what came before it is kept.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressionOf, type Compression, Inflater } from './decompress.ts'

const PLAIN = Uint8Array.from({ length: 50_000 }, (_, i) => (i * i) >>> 7)
const GZIP = Uint8Array.from(gzipSync(PLAIN))
const ZSTD = Uint8Array.from(zstdCompressSync(PLAIN))
/** A skippable frame of four bytes (RFC 8878 section 3.1.2). */
const SKIPPABLE = Uint8Array.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])

function cat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

interface Inflated {
  readonly plain: Uint8Array
  readonly failure: string | null
}

/** Unpacks `packed` in pieces; each piece is overwritten afterwards, as a reused read buffer would be. */
async function inflate(kind: Compression, packed: Uint8Array, pieceBytes: number): Promise<Inflated> {
  const out: Uint8Array[] = []
  const inflater = new Inflater(kind, (bytes) => out.push(Uint8Array.from(bytes)))
  for (let off = 0; off < packed.length; off += pieceBytes) {
    const piece = packed.slice(off, off + pieceBytes)
    await inflater.write(piece)
    piece.fill(0xee)
  }
  await inflater.end()
  const plain = cat(...out)
  assert.equal(inflater.delivered, plain.length)
  return { plain, failure: inflater.failure }
}

test('the first bytes tell', () => {
  assert.equal(compressionOf(GZIP), 'gzip')
  assert.equal(compressionOf(ZSTD), 'zstd')
  assert.equal(compressionOf(SKIPPABLE), 'zstd')
  for (const head of [[], [0x1f], [0x28, 0xb5, 0x2f], [0xd4, 0xc3, 0xb2, 0xa1], [0x0a, 0x0d, 0x0d, 0x0a], [0x1f, 0x9d, 0, 0]]) {
    assert.equal(compressionOf(Uint8Array.from(head)), null)
  }
  assert.equal(compressionOf(cat(Uint8Array.of(0, 0, 0), ZSTD).subarray(3)), 'zstd', 'a view into a larger buffer')
})

test('one, two and three members or frames, in pieces that end anywhere', async () => {
  for (const [kind, packed] of [['gzip', GZIP], ['zstd', ZSTD]] as const) {
    for (const count of [1, 2, 3]) {
      const whole = cat(...Array.from({ length: count }, () => packed))
      const expected = cat(...Array.from({ length: count }, () => PLAIN))
      for (const pieceBytes of [37, 4096, packed.length, packed.length + 1, packed.length - 1, 1 << 20]) {
        const { plain, failure } = await inflate(kind, whole, pieceBytes)
        assert.deepEqual([failure, Buffer.compare(plain, expected)], [null, 0], `${kind} x ${count} in ${pieceBytes}`)
      }
    }
  }
})

test('skippable zstd frames are skipped wherever they stand', async () => {
  const packed = cat(SKIPPABLE, ZSTD, SKIPPABLE, SKIPPABLE, ZSTD, SKIPPABLE)
  for (const pieceBytes of [7, 101, 1 << 20]) {
    const { plain, failure } = await inflate('zstd', packed, pieceBytes)
    assert.deepEqual([failure, plain.length], [null, 2 * PLAIN.length], `pieces of ${pieceBytes}`)
  }
})

test('cut short: what is there is unpacked, and the cut is told', async () => {
  for (const length of [3, 12, 1000, GZIP.length - 8, GZIP.length - 1]) {
    const { plain, failure } = await inflate('gzip', GZIP.slice(0, length), 512)
    assert.match(failure ?? '', /unexpected end of file/)
    assert.equal(Buffer.compare(plain, PLAIN.subarray(0, plain.length)), 0)
    if (length >= GZIP.length - 8) assert.equal(plain.length, PLAIN.length, 'only the check sum is missing')
  }
  for (const length of [5, 1000, ZSTD.length - 1]) {
    assert.match((await inflate('zstd', ZSTD.slice(0, length), 512)).failure ?? '', /unexpected end of file/)
  }
  const second = await inflate('zstd', cat(ZSTD, ZSTD.slice(0, 500)), 512)
  assert.match(second.failure ?? '', /unexpected end of file/)
  assert.ok(second.plain.length >= PLAIN.length, 'the first frame is whole')
})

test('damage: told, never thrown; later pieces are ignored', async () => {
  const badCheckSum = GZIP.with(GZIP.length - 6, (GZIP[GZIP.length - 6] ?? 0) ^ 1)
  const checked = await inflate('gzip', badCheckSum, 1)
  assert.deepEqual([checked.failure, Buffer.compare(checked.plain, PLAIN)], ['incorrect data check', 0])
  // zstd keeps no check sum here, so only a broken block header is seen: it stands right after the frame header.
  for (const [kind, packed, from] of [['gzip', GZIP, 300], ['zstd', ZSTD, 6]] as const) {
    const broken = cat(packed.slice(0, from), new Uint8Array(2000).fill(0xff), packed.slice(from + 2000))
    const { plain, failure } = await inflate(kind, broken, 100)
    assert.equal(typeof failure, 'string', kind)
    assert.ok(plain.length < PLAIN.length + 200_000, 'what the damage itself unpacks to is bounded')
  }
})

test('bytes after the end: padding with zeros is fine, anything else is told', async () => {
  for (const pieceBytes of [64, 1 << 20]) {
    assert.equal((await inflate('gzip', cat(GZIP, new Uint8Array(100)), pieceBytes)).failure, null)
    for (const [kind, packed] of [['gzip', GZIP], ['zstd', ZSTD]] as const) {
      const { failure } = await inflate(kind, cat(packed, Uint8Array.of(1, 2, 3, 4, 5)), pieceBytes)
      assert.equal(typeof failure, 'string', `${kind} in pieces of ${pieceBytes}`)
    }
  }
})

test('random damage never throws and never hangs', async () => {
  for (let i = 0; i < 60; i++) {
    const [kind, packed] = i % 2 === 0 ? (['gzip', GZIP] as const) : (['zstd', ZSTD] as const)
    const broken = packed.slice(0, packed.length - (i % 7)).with((i * 7919) % (packed.length - 7), (i * 31) & 255)
    const { plain } = await inflate(kind, broken, 1024)
    assert.ok(plain.length <= PLAIN.length + 200_000)
  }
})

test('what the receiver throws comes out of write, not out of an event', async () => {
  for (const [kind, packed] of [['gzip', GZIP], ['zstd', ZSTD]] as const) {
    const inflater = new Inflater(kind, () => { throw new RangeError('ours') })
    await assert.rejects(inflater.write(packed), RangeError)
  }
})
