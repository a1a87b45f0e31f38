// Tests of the MLLP reader: blocks, faults, bounds; every split of a conversation, and a slow twin on arbitrary bytes.
// Keeps the reader's contract: an event, null for "more", or a failure that is final.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fact } from '../../protocols/facts.ts'
import { encodeMllp } from '../../protocols/hl7/message.ts'
import type { ProtocolRow, SessionContext } from '../../protocols/protocol.ts'
import { everySplit } from '../../testing/everysplit.ts'
import { asBlock, FRAME_FAULTS, MllpReader, type FrameEvent } from './mllp-frames.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const shown = (event: FrameEvent): string =>
  (event.kind === 'frame' ? `[${[...event.bytes].map((b) => b.toString(16)).join(' ')}]` : event.kind === 'empty' ? 'empty' : event.fault)

function read(reader: MllpReader, bytes: Uint8Array): string[] {
  const out: string[] = []
  reader.push(bytes)
  for (let event = reader.next(); event !== null; event = reader.next()) {
    out.push(shown(event))
    if (event.kind === 'failure') break
  }
  return out
}

const readText = (text: string, max = 100): string[] => read(new MllpReader(max), utf8(text))
const frame = (text: string): string => `[${[...utf8(text)].map((b) => b.toString(16)).join(' ')}]`

test('blocks, one after the other, with line ends between', () => {
  deepEqual(readText('\x0bone\x1c\r\x0btwo\r\nthree\x1c\r\r\n\x0b\x1c\r'), [frame('one'), frame('two\r\nthree'), 'empty'])
})

test('each fault has its name and its words', () => {
  deepEqual(readText('\x0bA\x1c\rMSH'), [frame('A'), 'outside'])
  deepEqual(readText('\x0bA\x1cB'), ['unended'])
  deepEqual(readText('\x0bA\x0bB'), ['nested'])
  deepEqual(readText(`\x0b${'A'.repeat(101)}`), ['too-long'])
  deepEqual(readText('HTTP/1.1 400'), ['outside'])
  for (const words of Object.values(FRAME_FAULTS)) ok(words.length > 10)
})

test('a block of exactly the maximum is read, byte by byte too', () => {
  const text = 'A'.repeat(100)
  deepEqual(readText(`\x0b${text}\x1c\r`), [frame(text)])
  const reader = new MllpReader(100)
  deepEqual([...utf8(`\x0b${text}\x1c\r`)].flatMap((byte) => read(reader, Uint8Array.of(byte))), [frame(text)])
})

test('a failure is final: what comes after it is not read', () => {
  const reader = new MllpReader(100)
  deepEqual(read(reader, utf8('x')), ['outside'])
  deepEqual(read(reader, utf8('\x0bA\x1c\r')), ['outside'])
})

test('isInside says that a block began and did not end', () => {
  const reader = new MllpReader(100)
  deepEqual([...utf8('\x0bA\x1c\r')].map((byte) => [read(reader, Uint8Array.of(byte)), reader.isInside].at(-1)), [true, true, true, false])
})

test('frames are copies: the caller\'s buffer may be used again', () => {
  const reader = new MllpReader(100)
  const bytes = utf8('\x0bABC\x1c\r')
  reader.push(bytes)
  const event = reader.next()
  bytes.fill(0)
  ok(event?.kind === 'frame')
  equal(new TextDecoder().decode(event.bytes), 'ABC')
})

/** A reader per direction as a protocol row, so that everySplit can cut it; a fact per event. */
function readerRow(): ProtocolRow {
  return {
    id: 'mllp', name: 'MLLP', transports: ['tcp'], hints: [], probe: () => 'yes',
    open(context: SessionContext) {
      const readers = [new MllpReader(400), new MllpReader(400)] as const
      const failed = [false, false]
      return {
        feed(direction, buf, off, end, at) {
          if (failed[direction]) return
          for (const text of read(readers[direction], buf.slice(off, end))) {
            failed[direction] ||= text in FRAME_FAULTS
            const fact: Fact = { at, frame: context.frame(), protocol: 'lpd', kind: 'command', flowId: 1, command: String(direction), queue: text }
            context.emit(fact)
          }
        },
        gap() {},
        end() {},
      }
    },
  }
}

test('every split of a conversation gives the same blocks, also with bytes behind it', () => {
  const message = encodeMllp('MSH|^~\\&|A|B|||20260105||ORU^R01|M1|P|2.6\rPID|||1||ZZTEST^CANARY\r')
  const answer = encodeMllp('MSH|^~\\&|E|H|||20260105||ACK|A1|P|2.6\rMSA|CA|M1\r')
  const chunks = [
    { direction: 0 as const, bytes: message }, { direction: 1 as const, bytes: answer },
    { direction: 0 as const, bytes: Uint8Array.from([...message, 0x0b, 0x1c, 0x0d, ...message]) }, { direction: 1 as const, bytes: utf8('no block') },
  ]
  equal(everySplit(readerRow, 'tcp', chunks).length, 6)
})

/** The slow twin: the whole text at once, by expressions. */
function slowRead(bytes: Uint8Array, max: number): string[] {
  let rest = Buffer.from(bytes).toString('latin1')
  const out: string[] = []
  const hex = (text: string): string => (text === '' ? 'empty' : `[${[...text].map((c) => c.charCodeAt(0).toString(16)).join(' ')}]`)
  for (;;) {
    rest = rest.replace(/^[\r\n]+/, '')
    if (rest === '') return out
    if (!rest.startsWith('\x0b')) return [...out, 'outside']
    const stop = [...rest.slice(1)].findIndex((c) => c === '\x0b' || c === '\x1c')
    const text = stop === -1 ? rest.slice(1) : rest.slice(1, stop + 1)
    if (text.length > max) return [...out, 'too-long']
    if (stop === -1) return out
    if (rest[stop + 1] === '\x0b') return [...out, 'nested']
    if (rest.length === stop + 2) return out
    if (rest[stop + 2] !== '\r') return [...out, 'unended']
    out.push(hex(text))
    rest = rest.slice(stop + 3)
  }
}

const BYTE = fc.constantFrom(0x0b, 0x1c, 0x0d, 0x0a, 0x41, 0x42, 0xff)
const BLOCK = fc.array(fc.constantFrom(0x41, 0x0d, 0xc3), { maxLength: 12 }).map((text) => [0x0b, ...text, 0x1c, 0x0d])
const STREAM = fc.array(fc.oneof({ weight: 4, arbitrary: BLOCK }, { weight: 1, arbitrary: fc.array(BYTE, { maxLength: 4 }) }), { maxLength: 8 })

test('property: any bytes in any split give what the slow twin gives', () => {
  fc.assert(fc.property(STREAM, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 }), (parts, sizes) => {
    const bytes = Uint8Array.from(parts.flat())
    const reader = new MllpReader(10)
    const out: string[] = []
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] as number
      const got = read(reader, bytes.slice(at, at + size))
      out.push(...got)
      if (got.some((text) => text in FRAME_FAULTS)) break
      at += size
    }
    deepEqual(out, slowRead(bytes, 10))
  }), { numRuns: 2000 })
})

test('asBlock puts a block around a bare message and leaves a block as it is', () => {
  deepEqual([...asBlock(utf8('A'))], [0x0b, 0x41, 0x1c, 0x0d])
  deepEqual([...asBlock(encodeMllp('A'))], [...encodeMllp('A')])
})
