// Record marking: fragments, splits, bulk, holes, lost framing, and the bounds. A recording sink shows what came out.
// Keeps the rule that a stream's output depends on the bytes, never on how they were cut.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeCall, encodeReply, portmapDump, withRecordMark } from './encode.ts'
import { looksLikeCall, looksLikeReply } from './message.ts'
import { HEAD_BYTES, isPlausibleMark, RECORD_BYTES_MAX, type RecordSink, RecordStream } from './stream.ts'
import { XdrWriter } from './xdr.ts'

/** Writes down what it is told; neighbouring bulk pieces are joined, as their cut is the segment's and not the record's. */
class Recorder implements RecordSink {
  readonly log: string[] = []
  readonly #bulkFirstByte: number

  /** Records whose first byte is `bulkFirstByte` pass through as bulk. */
  constructor(bulkFirstByte = -1) {
    this.#bulkFirstByte = bulkFirstByte
  }

  plausible(_direction: 0 | 1, buf: Uint8Array, off: number, end: number): boolean {
    return looksLikeCall(buf, off, end) || looksLikeReply(buf, off, end)
  }

  isBulk(_direction: 0 | 1, buf: Uint8Array, off: number, end: number): boolean {
    equal(end - off, HEAD_BYTES)
    return buf[off] === this.#bulkFirstByte
  }

  message(_direction: 0 | 1, buf: Uint8Array, off: number, end: number, whole: boolean): void {
    this.log.push(`message ${end - off} ${sum(buf, off, end)}${whole ? '' : ' cut'}`)
  }

  bulk(_direction: 0 | 1, buf: Uint8Array, off: number, end: number): void {
    const last = /^bulk (\d+) (\d+)$/.exec(this.log.at(-1) ?? '')
    if (last) this.log[this.log.length - 1] = `bulk ${Number(last[1]) + end - off} ${Number(last[2]) + sum(buf, off, end)}`
    else this.log.push(`bulk ${end - off} ${sum(buf, off, end)}`)
  }

  hole(_direction: 0 | 1, bytes: number): void {
    this.log.push(`hole ${bytes}`)
  }

  recordEnd(): void {
    this.log.push('end')
  }

  lost(_direction: 0 | 1, reason: string): void {
    this.log.push(`lost ${reason}`)
  }
}

function sum(buf: Uint8Array, off: number, end: number): number {
  let total = 0
  for (let i = off; i < end; i++) total += buf[i] as number
  return total
}

function bytesOf(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? first : i % 251))
}

function mark(length: number, last = true): Uint8Array {
  return new XdrWriter().u32(length + (last ? 0x8000_0000 : 0)).bytes()
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((p) => Array.from(p)))
}

/** Feeds `bytes` cut at `cuts` (any order, any values) and gives the log. */
function run(bytes: Uint8Array, cuts: readonly number[] = [], recorder = new Recorder()): string[] {
  const stream = new RecordStream(0, recorder)
  const edges = [0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  for (let i = 1; i < edges.length; i++) stream.feed(bytes, edges[i - 1] as number, edges[i] as number)
  return recorder.log
}

describe('records', () => {
  test('one fragment, several fragments, and fragments of nothing give the same message', () => {
    const message = bytesOf(100)
    const expected = [`message 100 ${sum(message, 0, 100)}`, 'end']
    deepStrictEqual(run(withRecordMark(message)), expected)
    deepStrictEqual(run(withRecordMark(message, 7)), expected)
    deepStrictEqual(run(join(mark(0, false), mark(0, false), mark(100, false), message, mark(0))), expected)
  })

  test('records follow each other in one segment', () => {
    const a = bytesOf(40)
    const b = bytesOf(60)
    const expected = [`message 40 ${sum(a, 0, 40)}`, 'end', `message 60 ${sum(b, 0, 60)}`, 'end']
    deepStrictEqual(run(join(withRecordMark(a), withRecordMark(b))), expected)
  })

  test('an empty record is an empty message, for the owner to judge', () => {
    deepStrictEqual(run(mark(0)), ['message 0 0', 'end'])
  })

  test('a record longer than the head passes as bulk only when the owner says so', () => {
    const bulky = bytesOf(HEAD_BYTES + 500, 9)
    const tail = sum(bulky, HEAD_BYTES, HEAD_BYTES + 500)
    const expected = [`message ${HEAD_BYTES} ${sum(bulky, 0, HEAD_BYTES)} cut`, `bulk 500 ${tail}`, 'end']
    deepStrictEqual(run(withRecordMark(bulky), [], new Recorder(9)), expected)
    deepStrictEqual(run(withRecordMark(bulky, 100), [3, 777], new Recorder(9)), expected)
    deepStrictEqual(run(withRecordMark(bulky)), [`message ${HEAD_BYTES + 500} ${sum(bulky, 0, bulky.length)}`, 'end'])
  })

  test('a record of exactly the head is whole: nothing is asked', () => {
    const exact = bytesOf(HEAD_BYTES, 9)
    for (const cuts of [[], [1], [4, 5, HEAD_BYTES]]) {
      deepStrictEqual(run(withRecordMark(exact), cuts, new Recorder(9)), [`message ${HEAD_BYTES} ${sum(exact, 0, HEAD_BYTES)}`, 'end'])
    }
  })

  test('a record past the bound is cut there and the rest is not kept', () => {
    const long = bytesOf(RECORD_BYTES_MAX + 4096)
    const tail = sum(long, RECORD_BYTES_MAX, long.length)
    const expected = [`message ${RECORD_BYTES_MAX} ${sum(long, 0, RECORD_BYTES_MAX)} cut`, `bulk 4096 ${tail}`, 'end']
    deepStrictEqual(run(withRecordMark(long)), expected)
    deepStrictEqual(run(withRecordMark(long), [100, 70_000, 140_000]), expected)
    deepStrictEqual(run(withRecordMark(long, 9000)), expected)
  })
})

describe('bytes that cannot be', () => {
  test('a mark above 16 MiB loses framing once, and the next message is found', () => {
    const call = withRecordMark(encodeCall(7, portmapDump(), null))
    const text = Uint8Array.from('GET / HTTP/1.1 and then some', (c) => c.charCodeAt(0))
    deepStrictEqual(run(join(text, call)), ['lost record-mark', `message 40 ${sum(call, 4, call.length)}`, 'end'])
  })

  test('one stray byte between records does not cost the next record', () => {
    const call = withRecordMark(encodeCall(7, portmapDump(), null))
    const log = run(join(call, Uint8Array.of(0x55), call))
    deepStrictEqual(log.filter((l) => l.startsWith('message')).length, 2)
  })

  test('fragments without end are given up', () => {
    const log = run(join(...Array.from({ length: 1100 }, () => join(mark(4, false), bytesOf(4)))))
    deepStrictEqual(log.slice(0, 4), [`message 4096 ${1024 * sum(bytesOf(4), 0, 4)} cut`, 'hole 0', 'end', 'lost fragment-count'])
  })

  test('plausible marks', () => {
    ok(isPlausibleMark(0x80000028))
    ok(isPlausibleMark(0x00000200))
    ok(!isPlausibleMark(0x80000029), 'a single fragment is a multiple of four')
    ok(!isPlausibleMark(0x80000010), 'shorter than a denied reply')
    ok(!isPlausibleMark(0x81000001 + 3), 'above 16 MiB')
    ok(!isPlausibleMark(0x16030102), 'a TLS record')
    ok(!isPlausibleMark(0x0200_0546), 'a CMS8000 frame')
  })
})

describe('losses', () => {
  test('inside a record the framing holds', () => {
    const message = bytesOf(200)
    const recorder = new Recorder()
    const stream = new RecordStream(0, recorder)
    const record = withRecordMark(message)
    stream.feed(record, 0, 54)
    stream.gap(100)
    stream.feed(record, 154, record.length)
    stream.feed(record, 0, record.length)
    deepStrictEqual(recorder.log, [
      `message 50 ${sum(message, 0, 50)} cut`, 'hole 100', `bulk 50 ${sum(message, 150, 200)}`, 'end',
      `message 200 ${sum(message, 0, 200)}`, 'end',
    ])
  })

  test('a loss that ends with the record ends the record', () => {
    const recorder = new Recorder()
    const stream = new RecordStream(0, recorder)
    const record = withRecordMark(bytesOf(200))
    stream.feed(record, 0, 34)
    stream.gap(170)
    stream.feed(record, 0, record.length)
    deepStrictEqual(recorder.log.slice(1, 3), ['hole 170', 'end'])
    equal(recorder.log.length, 5)
  })

  test('across a record end the next message is looked for, through any cut', () => {
    const call = withRecordMark(encodeCall(7, portmapDump(), null))
    const noise = bytesOf(50)
    const tail = join(noise, call, call)
    const expected = ['lost lost-sync', ...Array.from({ length: 2 }, () => [`message 40 ${sum(call, 4, call.length)}`, 'end']).flat()]
    for (let cut = 0; cut <= tail.length; cut++) {
      const recorder = new Recorder()
      const stream = new RecordStream(0, recorder)
      stream.gap(1000)
      stream.feed(tail, 0, cut)
      stream.feed(tail, cut, tail.length)
      deepStrictEqual(recorder.log, expected, `cut at ${cut}`)
    }
  })

  test('byte by byte after a loss', () => {
    const reply = withRecordMark(encodeReply(7, new Uint8Array(4)))
    const tail = join(bytesOf(5), reply)
    const recorder = new Recorder()
    const stream = new RecordStream(0, recorder)
    stream.gap(1)
    for (let i = 0; i < tail.length; i++) stream.feed(tail, i, i + 1)
    deepStrictEqual(recorder.log, ['lost lost-sync', `message 28 ${sum(reply, 4, reply.length)}`, 'end'])
  })

  test('28 bytes after a loss are enough to find a call: what a snaplen of 94 leaves', () => {
    const call = withRecordMark(encodeCall(7, portmapDump(), null))
    const recorder = new Recorder()
    const stream = new RecordStream(0, recorder)
    stream.gap(1)
    stream.feed(call, 0, 28)
    stream.gap(call.length - 28)
    deepStrictEqual(recorder.log, ['lost lost-sync', `message 24 ${sum(call, 4, 28)} cut`, `hole ${call.length - 28}`, 'end'])
  })

  test('a second loss while looking drops what was carried', () => {
    const call = withRecordMark(encodeCall(7, portmapDump(), null))
    const recorder = new Recorder()
    const stream = new RecordStream(0, recorder)
    stream.gap(10)
    stream.feed(call, 0, 20)
    stream.gap(10)
    stream.feed(call, 20, call.length)
    deepStrictEqual(recorder.log, ['lost lost-sync'])
  })

  test('the end hands over what was collected, once', () => {
    const record = withRecordMark(bytesOf(200))
    const recorder = new Recorder()
    const stream = new RecordStream(0, recorder)
    stream.feed(record, 0, 64)
    stream.end()
    stream.end()
    deepStrictEqual(recorder.log, [`message 60 ${sum(record, 4, 64)} cut`, 'hole 140', 'end'])
  })
})

test('property: the log does not depend on the cuts', () => {
  const record = fc.record({
    length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: HEAD_BYTES - 2, max: HEAD_BYTES + 40 })),
    first: fc.constantFrom(1, 9),
    fragment: fc.integer({ min: 30, max: 2000 }),
  })
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }), (records, cuts) => {
    const bytes = join(...records.map((r) => withRecordMark(bytesOf(r.length, r.first), r.fragment)))
    deepStrictEqual(run(bytes, cuts, new Recorder(9)), run(bytes, [], new Recorder(9)))
  }), { numRuns: 200 })
})

test('property: noise in any cuts never throws and every message is ended', () => {
  const noise = fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constant(mark(8)), fc.constant(mark(4, false))), { maxLength: 10 })
  fc.assert(fc.property(noise, fc.array(fc.nat(), { maxLength: 8 }), (parts, cuts) => {
    const bytes = join(...parts)
    const whole = run(bytes)
    deepStrictEqual(run(bytes, cuts), whole)
    const messages = whole.filter((l) => l.startsWith('message')).length
    const ends = whole.filter((l) => l === 'end').length
    ok(messages - ends <= 1 && messages >= ends)
  }), { numRuns: 200 })
})
