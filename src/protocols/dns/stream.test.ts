// Tests of DNS over TCP framing: splits, losses, and that the README prints the state table that runs.
// Keeps the rule that tables shown to people come from the code.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { dnsQuery, encodeDnsTcp } from './message.ts'
import { DNS_STREAM_BYTES_MAX, DNS_STREAM_STATES, DnsStream } from './stream.ts'

function collect(): { stream: DnsStream; messages: number[]; lost: string[] } {
  const messages: number[] = []
  const lost: string[] = []
  const stream = new DnsStream({ message: (_buf, off, end) => messages.push(end - off), lost: (reason) => lost.push(reason) })
  return { stream, messages, lost }
}

const query = (name: string): Uint8Array => {
  const bytes = encodeDnsTcp(dnsQuery(1, name, 1))
  ok(bytes)
  return bytes
}

/** A message of `length` bytes with its length in front. */
const framed = (length: number): Uint8Array => Uint8Array.from([length >>> 8, length & 255, ...new Uint8Array(length)])

test('messages come whole whatever the split', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 12, max: 400 }), { maxLength: 6 }), fc.array(fc.nat({ max: 300 })), (lengths, cuts) => {
    const bytes = Uint8Array.from(lengths.flatMap((length) => [...framed(length)]))
    const { stream, messages, lost } = collect()
    let at = 0
    for (const cut of [...cuts, bytes.length]) {
      const end = Math.min(bytes.length, at + cut)
      stream.feed(bytes, at, end)
      at = end
    }
    deepEqual(messages, lengths)
    deepEqual(lost, [])
  }))
})

test('the largest message fits', () => {
  const bytes = framed(0xffff)
  equal(bytes.length, DNS_STREAM_BYTES_MAX)
  const { stream, messages } = collect()
  stream.feed(bytes, 0, 1000)
  stream.feed(bytes, 1000, bytes.length)
  deepEqual(messages, [0xffff])
})

test('a length below a header ends the direction once, however much follows', () => {
  const { stream, messages, lost } = collect()
  stream.feed(Uint8Array.of(0, 5, 1), 0, 3)
  stream.feed(query('a.example'), 0, 20)
  deepEqual([messages, lost], [[], ['tcp-length']])
})

test('a length cut in two and too small is seen as well', () => {
  const { stream, lost } = collect()
  stream.feed(Uint8Array.of(0), 0, 1)
  stream.feed(Uint8Array.of(3), 0, 1)
  deepEqual(lost, ['tcp-length'])
})

test('after a gap a plausible message is believed, in any split, and those behind it too', () => {
  const bytes = Uint8Array.from([...query('one.example'), ...query('two.example'), ...query('three.example')])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { stream, messages, lost } = collect()
    stream.feed(bytes, 0, 9)
    stream.gap()
    stream.feed(bytes, 0, cut)
    stream.feed(bytes, cut, bytes.length)
    deepEqual([messages.length, lost.length], [3, 0], `cut at ${cut}`)
  }
})

test('after a gap other bytes are given up; a further gap gives another chance', () => {
  const { stream, messages, lost } = collect()
  stream.gap()
  stream.feed(new TextEncoder().encode('not a message at all, not a message'), 0, 35)
  deepEqual(lost, ['gap'])
  stream.feed(query('a.example'), 0, 20)
  equal(messages.length, 0)
  stream.gap()
  const bytes = query('a.example')
  stream.feed(bytes, 0, bytes.length)
  equal(messages.length, 1)
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of DNS_STREAM_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})
