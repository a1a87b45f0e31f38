// Tests of the DICOM probe and framer: every head and near miss, a slow twin over whole buffers, losses anywhere, bounds.
// Keeps the rule that a data set is never held: what the framer passes on of it is a number.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DICOM_ASSOCIATE_BYTES_MAX, DICOM_COMMAND_BYTES_MAX } from './codes.ts'
import { encodeAbort, encodeAssociation, encodeData, encodePdu, encodeReject, encodeRelease, type DicomDataValue } from './message.ts'
import { DICOM_PROBE_BYTES_MAX, probeDicom } from './probe.ts'
import { DicomStream } from './stream.ts'
import { ACCEPT, CT, DATA_SET, ECHO, IMPLICIT, REQUEST, STORE, dataSet, glued } from './testdata/samples.ts'

const probe = (bytes: ArrayLike<number>): string => probeDicom(Uint8Array.from(bytes), 0, bytes.length)

for (const [what, pdu, needs] of [
  ['a request', REQUEST, 42], ['an answer', ACCEPT, 42], ['a rejection', encodeReject(2, 3, 1), 10], ['a command', ECHO, 20],
  ['a data set', encodeData([3, 2, DATA_SET]), 12],
] as const) {
  test(`probe: ${what} is a yes after ${needs} bytes, more before, and whatever follows`, () => {
    for (let length = 0; length < needs; length++) equal(probe(pdu.subarray(0, length)), 'more', String(length))
    for (let length = needs; length < pdu.length; length++) equal(probe(pdu.subarray(0, length)), 'yes')
    equal(probe(glued(pdu, Uint8Array.of(9, 9, 9))), 'yes')
    ok(needs <= DICOM_PROBE_BYTES_MAX)
  })
}

const edited = (pdu: Uint8Array, at: number, value: number): Uint8Array => Uint8Array.from(pdu, (byte, i) => (i === at ? value : byte))

for (const [what, bytes] of [
  ['no type', edited(ECHO, 0, 0)], ['a release alone', encodeRelease(5)], ['an abort alone', encodeAbort(0, 0)],
  ['a reserved byte that is set', edited(REQUEST, 1, 1)],
  ['an association below its fixed fields', encodePdu(1, Array.from({ length: 67 }, () => 0x20))], ['version 0', edited(REQUEST, 7, 0)],
  ['a reserved word that is set', edited(REQUEST, 9, 1)], ['a control byte in a title', edited(REQUEST, 12, 7)],
  ['blank titles', encodeAssociation(1, { calledAe: ' ', callingAe: ' ', contexts: [] })], ['rejected by nobody', encodeReject(1, 0, 1)],
  ['a value beyond its PDU', edited(ECHO, 9, 0xff)], ['an even context', edited(ECHO, 10, 2)], ['control bits that do not exist', edited(ECHO, 11, 4)],
  ['a command that begins otherwise', edited(ECHO, 12, 8)], ['two data values in one PDU', encodeData([1, 0, [1, 2]], [1, 2, [3]])],
  ['a length of gigabytes', edited(REQUEST, 2, 0x7f)], ['text', Uint8Array.from('GET / HTTP/1.1\r\n', (c) => c.charCodeAt(0))],
] as const) {
  test(`probe: ${what} is a no`, () => equal(probe(bytes), 'no'))
}

interface Heard {
  readonly words: string[]
  readonly stream: DicomStream
  dataBytes: number
}

function listen(midstream = false): Heard {
  const heard: Heard = { words: [], dataBytes: 0, stream: new DicomStream({
    pdu: (type, buf, off, end) => void heard.words.push(`pdu ${type} ${end - off} ${buf[off]}`),
    command: (context, buf, off, end) => void heard.words.push(`command ${context} ${end - off} ${buf[off + 4]}`),
    dataSet: (bytes) => void (heard.dataBytes += bytes),
    fault: (fault) => void heard.words.push(`fault ${fault}`),
  }, midstream) }
  return heard
}

function words(chunks: readonly Uint8Array[], midstream = false): string[] {
  const heard = listen(midstream)
  for (const chunk of chunks) heard.stream.feed(chunk, 0, chunk.length)
  return [...heard.words, `data ${heard.dataBytes}`]
}

/** What whole PDUs hold, by reading them from one buffer: the slow twin. */
function slowly(bytes: Uint8Array): string[] {
  const said: string[] = []
  let data = 0
  let set: number[] = []
  for (let at = 0; at < bytes.length;) {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const [type, length] = [bytes[at], view.getUint32(at + 2)]
    if (type !== 4) said.push(`pdu ${type} ${length} ${bytes[at + 6]}`)
    else {
      for (let v = at + 6; v < at + 6 + length;) {
        const size = view.getUint32(v) - 2
        const control = bytes[v + 5] ?? 0
        if ((control & 1) === 0) data += size
        else set.push(...bytes.subarray(v + 6, v + 6 + size))
        if (control === 3) {
          said.push(`command ${bytes[v + 4]} ${set.length} ${set[4]}`)
          set = []
        }
        v += 6 + size
      }
    }
    at += 6 + length
  }
  return [...said, `data ${data}`]
}

const value = fc.tuple(fc.constantFrom(1, 3, 5), fc.constantFrom(0, 2, 3), fc.uint8Array({ minLength: 8, maxLength: 40 }))
const pdu = fc.oneof(
  fc.array(value, { minLength: 1, maxLength: 3 }).map((values) => encodeData(...values as DicomDataValue[])),
  fc.constantFrom(REQUEST, ACCEPT, ECHO, STORE, encodeRelease(5), encodeRelease(6), encodeAbort(2, 1), encodeReject(1, 1, 1)),
)

test('any PDUs in any split are what the slow twin reads', () => {
  fc.assert(fc.property(fc.array(pdu, { maxLength: 6 }), fc.array(fc.nat({ max: 1000 }), { maxLength: 5 }), (pdus, cuts) => {
    const bytes = glued(...pdus)
    const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
    const chunks = places.slice(1).map((end, i) => bytes.slice(places[i], end))
    deepEqual(words(chunks), slowly(bytes))
    deepEqual(words(Array.from(bytes, (byte) => Uint8Array.of(byte))), slowly(bytes))
  }), { numRuns: 150 })
})

test('a search finds the same PDU in any split, and says the rest as if it had begun there', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 90 }), fc.nat({ max: 200 }), (noise, cut) => {
    const junk = noise.map((byte) => byte & 7)
    const bytes = glued(junk, STORE, ...dataSet(1, 2), ECHO)
    const expected = words([bytes], true)
    deepEqual(words([bytes.slice(0, cut), bytes.slice(cut)], true), expected)
    deepEqual(words(Array.from(bytes, (byte) => Uint8Array.of(byte)), true), expected)
  }), { numRuns: 150 })
})

test('a loss of any length at any place: the ECHO two PDUs later is found, or the loss ran into it', () => {
  const bytes = glued(REQUEST, STORE, ...dataSet(1, 3), STORE, ...dataSet(1, 1), ECHO)
  for (let from = 0; from < bytes.length; from += 7) {
    for (const lost of [1, 30, 200]) {
      const heard = listen()
      heard.stream.feed(bytes, 0, from)
      heard.stream.gap(lost)
      heard.stream.feed(bytes, Math.min(bytes.length, from + lost), bytes.length)
      if (from + lost < bytes.length - ECHO.length) ok(heard.words.some((word) => word.startsWith('command 5')), `${from} ${lost} ${heard.words.join()}`)
    }
  }
})

test('a loss inside a data value leaves no trace but missing bytes', () => {
  const [data] = dataSet(1, 1) as [Uint8Array]
  const heard = listen()
  heard.stream.feed(data, 0, 100)
  heard.stream.gap(200)
  heard.stream.feed(data, 300, data.length)
  heard.stream.feed(ECHO, 0, ECHO.length)
  deepEqual([heard.words.length, heard.dataBytes, heard.stream.state], [1, DATA_SET.length - 200, 'head'])
})

test('a command that lost bytes is dropped, the next one is read', () => {
  const heard = listen()
  heard.stream.feed(STORE, 0, 30)
  heard.stream.gap(10)
  heard.stream.feed(STORE, 40, STORE.length)
  heard.stream.feed(ECHO, 0, ECHO.length)
  deepEqual(heard.words.map((word) => word.split(' ')[1]), ['5'])
})

test('an over-long association is read to the bound, told, and stepped over', () => {
  const context = { id: 1, result: 0, abstractSyntax: CT, transferSyntaxes: Array.from({ length: 30 }, () => IMPLICIT) }
  const long = encodeAssociation(1, { calledAe: 'A', callingAe: 'B', contexts: Array.from({ length: 128 }, () => context) })
  ok(long.length > DICOM_ASSOCIATE_BYTES_MAX)
  for (const size of [long.length + ECHO.length, 1000]) {
    const bytes = glued(long, ECHO)
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size))
    deepEqual(words(chunks).map((word) => word.split(' ').slice(0, 3).join(' ')), [
      `pdu 1 ${DICOM_ASSOCIATE_BYTES_MAX}`, 'fault association-too-long', `command 5 ${ECHO.length - 12}`, 'data 0',
    ])
  }
})

test('an over-long command is read to the bound and told', () => {
  const long = encodeData([1, 1, new Uint8Array(3000)], [1, 3, new Uint8Array(3000)])
  deepEqual(words([long, ECHO]).slice(0, 2), ['fault command-too-long', `command 1 ${DICOM_COMMAND_BYTES_MAX} 0`])
  equal(words([long, ECHO]).length, 4)
})

test('a value beyond its PDU, or a stub behind the last one, is a fault, and the next PDU is read', () => {
  const beyond = encodePdu(4, [0, 0, 0, 99, 1, 3, 1, 2, 3])
  const stub = encodePdu(4, [0, 0, 0, 3, 1, 0, 7, 9, 9])
  for (const bad of [beyond, stub]) equal(words([glued(bad, ECHO)]).filter((word) => word === 'fault data-value').length, 1)
  for (const bad of [beyond, stub]) ok(words([glued(bad, ECHO)]).some((word) => word.startsWith('command 5')))
})

test('random bytes never throw', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 6 }), fc.boolean(), (chunks, late) => ok(words(chunks, late).length > 0)))
})
