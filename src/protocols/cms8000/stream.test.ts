// Tests of the CMS8000 framer: whole, split and coalesced frames, garbage, losses, and what stays in memory.
// Keeps the rules that a whole frame is not copied, that a held one is wiped, and that the search needs proof.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CMS_FRAME_MAX, CMS_LENGTH_MAX } from './codes.ts'
import { encodeBed, encodeCmsFrame, encodeCycleEnd, encodeEcg, encodeHello, encodePatient, encodeSpo2, encodeStatus } from './message.ts'
import { CmsStream } from './stream.ts'
import { ECG, PATIENT, SPO2, stream } from './testdata/samples.ts'

/** What the framer said, as words: `46:981` (type and body length), `skip 3`. `copied` counts frames not handed on in place. */
interface Heard {
  readonly words: string[]
  readonly bodies: string[]
  copied: number
}

function listen(start: 'step' | 'search' = 'step'): { heard: Heard; framer: CmsStream; feed: (bytes: Uint8Array) => void } {
  const heard: Heard = { words: [], bodies: [], copied: 0 }
  let chunk: Uint8Array | null = null
  const framer = new CmsStream({
    frame(type, buf, off, end) {
      heard.words.push(`${type.toString(16)}:${end - off}`)
      heard.bodies.push(Buffer.from(buf.slice(off, end)).toString('hex'))
      if (buf !== chunk) heard.copied += 1
    },
    resync: (skipped) => heard.words.push(`skip ${skipped}`),
  }, start)
  const feed = (bytes: Uint8Array): void => {
    chunk = bytes
    framer.feed(bytes, 0, bytes.length)
  }
  return { heard, framer, feed }
}

function words(chunks: readonly Uint8Array[], start: 'step' | 'search' = 'step'): string[] {
  const { heard, framer, feed } = listen(start)
  for (const chunk of chunks) feed(chunk)
  framer.end()
  return heard.words
}

const USUAL = stream(encodeHello(), encodeBed(7), encodePatient(PATIENT), encodeSpo2(SPO2), encodeCycleEnd())
const USUAL_WORDS = ['43:0', '45:4', '3e:173', '46:284', '47:0']

test('frames that share a segment are handed on in place, none copied', () => {
  const { heard, feed, framer } = listen()
  feed(USUAL)
  deepEqual(heard.words, USUAL_WORDS)
  equal(heard.copied, 0)
  equal(framer.heldBytes, 0)
})

test('only a frame cut by a segment end is copied', () => {
  const { heard, feed } = listen()
  feed(USUAL.slice(0, 100))
  feed(USUAL.slice(100))
  deepEqual(heard.words, USUAL_WORDS)
  equal(heard.copied, 1)
})

test('cut anywhere in two, or byte by byte, the frames and their bodies are the same', () => {
  const whole = listen()
  whole.feed(USUAL)
  for (let at = 1; at < USUAL.length; at++) {
    const { heard, feed } = listen()
    feed(USUAL.slice(0, at))
    feed(USUAL.slice(at))
    deepEqual(heard.bodies, whole.heard.bodies, `cut at ${at}`)
  }
  const { heard, feed } = listen()
  for (const byte of USUAL) feed(Uint8Array.of(byte))
  deepEqual(heard.bodies, whole.heard.bodies)
})

test('the longest frame fits, split too; its length plus one loses step', () => {
  const longest = encodeCmsFrame(0x99, new Uint8Array(CMS_LENGTH_MAX - 2).fill(1))
  deepEqual(words([longest.slice(0, 5000), longest.slice(5000), encodeCycleEnd()]), ['99:7998', '47:0'])
  deepEqual(words([Uint8Array.of(0x41, 0x1f, 5, 0x99), encodeCycleEnd()]), ['skip 4', '47:0'])
})

test('garbage between frames is skipped and counted once', () => {
  deepEqual(words([encodeBed(1), Uint8Array.of(1, 2, 3, 4, 5, 6, 7), encodeBed(2)]), ['45:4', 'skip 7', '45:4'])
})

test('garbage made of marks does not hide the frame behind it', () => {
  const marks = Uint8Array.of(0xee, 0xee, 0xee, ...new Uint8Array(40).fill(0x05))
  deepEqual(words([encodeBed(1), marks, encodeCycleEnd()]), ['45:4', `skip ${marks.length}`, '47:0'])
})

test('in step an unknown type is skipped by its length, whatever it holds', () => {
  const unknown = encodeCmsFrame(0x05, new Uint8Array(40).fill(0x05))
  deepEqual(words([encodeBed(1), unknown, encodeCycleEnd()]), ['45:4', '5:40', '47:0'])
})

test('samples that look like a head are not believed without their first bytes', () => {
  const lure = Uint8Array.of(0xff, 0xff, 0xff, 0xb0, 0x00, 0x05, 0x3e, ...new Uint8Array(130).fill(7))
  deepEqual(words([lure, encodeEcg(ECG), encodeCycleEnd()]), [`skip ${lure.length}`, '46:979', '47:0'])
})

test('after a loss inside a frame the rest of it is skipped, and the next patient record is found', () => {
  const { heard, framer, feed } = listen()
  const ecg = encodeEcg(ECG)
  feed(ecg.slice(0, 300))
  framer.gap()
  feed(ecg.slice(500))
  feed(stream(encodePatient(PATIENT), encodeCycleEnd()))
  deepEqual(heard.words, [`skip ${300 + 483}`, '3e:173', '47:0'])
})

test('a loss that ends at a frame start skips nothing but is told', () => {
  const { heard, framer, feed } = listen()
  feed(encodeBed(1))
  framer.gap()
  feed(encodeStatus(2, 'T1 SENSOR OFF'))
  deepEqual(heard.words, ['45:4', 'skip 0', '49:14'])
})

test('a late start is no news when it begins at a frame, and is when it does not', () => {
  deepEqual(words([USUAL], 'search'), USUAL_WORDS)
  deepEqual(words([USUAL.slice(6)], 'search'), ['skip 6', ...USUAL_WORDS.slice(2)])
})

test('bytes that never become a frame are told at the end; a frame cut by the end is not', () => {
  deepEqual(words([new Uint8Array(50).fill(0xee)]), ['skip 50'])
  deepEqual(words([encodeBed(1), encodeBed(2).slice(0, 6)]), ['45:4'])
})

test('never more than one frame is held, and what was held is wiped', () => {
  const { framer, feed } = listen()
  const ecg = encodeEcg(ECG, 6000)
  feed(ecg.slice(0, 4000))
  equal(framer.heldBytes, 4000)
  feed(ecg.slice(4000))
  equal(framer.heldBytes, 0)
  feed(new Uint8Array(20_000).fill(0x05))
  ok(framer.heldBytes <= CMS_FRAME_MAX)
})

test('a head alone takes no room for the frame it promises', () => {
  const promise = Uint8Array.of(CMS_LENGTH_MAX & 255, CMS_LENGTH_MAX >> 8, 5, 0x46, 0, 0, 0x14, 0)
  const framers = Array.from({ length: 2000 }, () => listen())
  const before = process.memoryUsage().arrayBuffers
  for (const { feed } of framers) feed(promise)
  ok(process.memoryUsage().arrayBuffers - before < 2000 * 1024)
  ok(framers.every(({ framer }) => framer.heldBytes === promise.length))
})

test('any bytes in any split: no throw, bounded memory, every byte framed, skipped or held', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }), fc.constantFrom(encodeBed(3), encodeCycleEnd(), encodeStatus(1, 'OFF'), encodePatient(PATIENT)),
  )
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat({ max: 600 }), { maxLength: 6 }), (pieces, cuts) => {
    const bytes = stream(...pieces)
    const expected = words([bytes])
    const places = [...new Set(cuts.filter((cut) => cut < bytes.length))].sort((a, b) => a - b)
    const chunks = [...places, bytes.length].map((to, i) => bytes.slice(places[i - 1] ?? 0, to))
    deepEqual(words(chunks), expected)
    const told = expected.map((word) => (word.startsWith('skip ') ? Number(word.slice(5)) : Number(word.split(':')[1]) + 4))
    ok(told.reduce((sum, n) => sum + n, 0) <= bytes.length)
  }))
})

test('after any loss at any place the next whole cycle is read', () => {
  const cycle = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd())
  fc.assert(fc.property(fc.nat({ max: cycle.length }), fc.nat({ max: cycle.length }), (a, b) => {
    const { heard, framer, feed } = listen()
    feed(cycle.slice(0, Math.min(a, b)))
    framer.gap()
    feed(cycle.slice(Math.max(a, b)))
    feed(cycle)
    deepEqual(heard.words.slice(-3), ['46:979', '46:284', '47:0'])
  }))
})
