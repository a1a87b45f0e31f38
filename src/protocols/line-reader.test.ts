// LineReader: the same lines at every split; long lines cut at the bound; stopping behind a line.
// Keeps the slow twin: lines equal those of a text that is split at once.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineReader } from './line-reader.ts'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const textOf = (buf: Uint8Array, off: number, end: number): string => String.fromCharCode(...buf.slice(off, end))

function linesOf(text: string, cuts: readonly number[], max = 20): string[] {
  const reader = new LineReader(max)
  const lines: string[] = []
  const edges = [...new Set([0, ...cuts.map((c) => c % (text.length + 1)), text.length])].sort((a, b) => a - b)
  for (let i = 0; i + 1 < edges.length; i++) {
    const piece = bytesOf(`##${text.slice(edges[i], edges[i + 1])}##`)
    reader.feed(piece, 2, piece.length - 2, (buf, off, end, isCut) => {
      lines.push(`${textOf(buf, off, end)}${isCut ? '~' : ''}`)
      return true
    })
    piece.fill(0)
  }
  return lines
}

/** What the lines must be: split at LF, one CR dropped, cut at `max`. */
function slowly(text: string, max: number): string[] {
  return text.split('\n').slice(0, -1).map((line) => (line.length > max ? `${line.slice(0, max)}~` : line.replace(/\r$/, '')))
}

test('the same lines at every split as from the whole text', () => {
  const texts = fc.array(fc.constantFrom('a', 'bc', '\r', '\n', '\r\n', 'long enough to be cut'), { maxLength: 12 }).map((parts) => `${parts.join('')}\n`)
  fc.assert(fc.property(texts, fc.array(fc.nat(80), { maxLength: 8 }), (text, cuts) => {
    deepEqual(linesOf(text, cuts), slowly(text, 20))
  }))
})

test('a line that goes on for ever is told once, cut', () => {
  deepEqual(linesOf(`${'x'.repeat(500)}\nnext\n`, [3, 50, 400]), [`${'x'.repeat(20)}~`, 'next'])
  deepEqual(linesOf('x'.repeat(500), [30]), [`${'x'.repeat(20)}~`])
})

test('feed stops behind the line that said so; reset forgets', () => {
  const reader = new LineReader(20)
  const bytes = bytesOf('one\r\ntwo\r\nBODY')
  equal(reader.feed(bytes, 0, bytes.length, (buf, off, end) => textOf(buf, off, end) !== 'two'), 10)
  reader.feed(bytesOf('half'), 0, 4, () => true)
  reader.reset()
  const lines: string[] = []
  reader.feed(bytesOf('new\n'), 0, 4, (buf, off, end) => lines.push(textOf(buf, off, end)) > 0)
  deepEqual(lines, ['new'])
})

test('no byte behind the piece is looked at, however long the buffer around it is', () => {
  const buf = new Uint8Array(100_000).fill(0x61)
  let farthest = 0
  const watched = new Proxy(buf, {
    get(target, key): unknown {
      if (typeof key === 'string' && /^\d+$/.test(key)) farthest = Math.max(farthest, Number(key))
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      // A method of the array may look at all of it.
      farthest = target.length
      return value.bind(target)
    },
  })
  buf[90_000] = 0x0a
  const reader = new LineReader(20)
  equal(reader.feed(watched, 10, 30, () => true), 30)
  equal(farthest < 30, true, `byte ${farthest} was read`)
})
