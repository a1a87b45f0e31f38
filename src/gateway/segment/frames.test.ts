// Tests of the frames on the pipe: what is written comes out, however the pieces break; a frame past its bound is a fault.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { FrameReader, FrameWriter } from './frames.ts'

type Frame = readonly [number, Uint8Array]

async function written(frames: readonly Frame[]): Promise<Buffer> {
  const out = new PassThrough({ highWaterMark: 1 << 24 })
  const writer = new FrameWriter(out)
  for (const [kind, bytes] of frames) writer.put(kind, bytes)
  await turn()
  await turn()
  equal(writer.queuedBytes, out.writableLength)
  return (out.read() as Buffer | null) ?? Buffer.alloc(0)
}

function read(bytes: Uint8Array, cuts: readonly number[], bytesMax = 1 << 20): Frame[] {
  const frames: Frame[] = []
  const reader = new FrameReader(bytesMax, (kind, body) => frames.push([kind, Uint8Array.from(body)]))
  const points = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < points.length; i++) equal(reader.push(bytes.subarray(points[i - 1], points[i])), null)
  ok(reader.isIdle)
  return frames
}

test('frames come out as they went in, in any pieces', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 60 })), { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 20 }),
    async (frames, cuts) => deepEqual(read(await written(frames), cuts), frames.map(([k, b]) => [k, Uint8Array.from(b)]))))
})

test('byte by byte, and longer than a piece', async () => {
  const frames: Frame[] = [[1, new Uint8Array(200_000).fill(7)], [2, new Uint8Array(0)], [3, new Uint8Array(70_000).fill(9)]]
  const bytes = await written(frames)
  deepEqual(read(bytes, []), frames)
  deepEqual(read(bytes.subarray(200_005), [...Array.from({ length: 300 }, (_, i) => i)]), frames.slice(1))
})

test('one turn of the loop is one write', async () => {
  const out = new PassThrough()
  const writer = new FrameWriter(out)
  for (let i = 0; i < 100; i++) writer.put(1, new Uint8Array(10))
  equal(out.readableLength, 0)
  equal(writer.queuedBytes, 1500)
  await turn()
  equal((out.read() as Buffer).length, 1500)
})

test('bytes may be used again at once after they were put', async () => {
  const out = new PassThrough()
  const bytes = new Uint8Array([1, 2, 3])
  new FrameWriter(out).put(9, bytes)
  bytes.fill(0)
  await turn()
  deepEqual([...(out.read() as Buffer)], [4, 0, 0, 0, 9, 1, 2, 3])
})

test('a frame longer than the bound, or of no length, is a fault before it is held', () => {
  const reader = (): FrameReader => new FrameReader(100, () => undefined)
  match(reader().push(Buffer.from([101, 0, 0, 0, 1])) ?? '', /a frame of 101 bytes; at most 100 can be/)
  match(reader().push(Buffer.from([255, 255, 255, 255, 1])) ?? '', /4294967295/)
  match(reader().push(Buffer.from([0, 0, 0, 0, 1])) ?? '', /a frame of 0 bytes/)
})
