// The row: the probe at every length, against its look-alikes, and rows that share nothing.
// Keeps the rule "the port is a hint, the probe is the judge".

import { deepStrictEqual, equal, notEqual, ok } from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ProbeAnswer, Transport } from '../protocol.ts'
import { bareCall, encodeCall, encodeReply, getportResult, mountMnt, portmapDump, voidResult, withRecordMark } from './encode.ts'
import { nfs3Write } from './encode-nfs.ts'
import { createRpc, rpcIdentity } from './index.ts'
import { fakeContent, fakeHandle, MONITOR } from './testdata/talk.ts'

function probe(transport: Transport, bytes: Uint8Array, end = bytes.length): ProbeAnswer {
  return rpcIdentity.probe(transport, 0, bytes, 0, end)
}

const bytes = (...values: readonly (number | string)[]): Uint8Array => (
  Uint8Array.from(values.flatMap((v) => (typeof v === 'number' ? [v] : Array.from(v, (c) => c.charCodeAt(0))))))

describe('calls', () => {
  const message = encodeCall(0x12345678, mountMnt(3, '/pm'), MONITOR)

  test('a datagram is judged from its fixed part on', () => {
    for (let end = 0; end <= message.length; end++) equal(probe('udp', message, end), end < 24 ? 'no' : 'yes', `length ${end}`)
  })

  test('a stream asks for more until mark and fixed part are there', () => {
    const record = withRecordMark(message)
    for (let end = 0; end <= record.length; end++) equal(probe('tcp', record, end), end < 28 ? 'more' : 'yes', `length ${end}`)
  })

  test('a first fragment that is not the last, and a WRITE whose record is far from complete', () => {
    equal(probe('tcp', withRecordMark(message, 40)), 'yes')
    const write = withRecordMark(encodeCall(1, nfs3Write(fakeHandle(1), 0, fakeContent(100_000)), MONITOR))
    equal(probe('tcp', write, 1448), 'yes')
  })

  test('at an offset', () => {
    const shifted = Uint8Array.from([0xff, 0xff, ...message, 0xff])
    equal(rpcIdentity.probe('udp', 1, shifted, 2, 2 + message.length), 'yes')
  })

  test('a single fragment too short for a call', () => {
    equal(probe('tcp', bytes(0x80, 0, 0, 0x18, ...encodeCall(1, portmapDump(), null))), 'no')
  })
})

describe('replies', () => {
  test('one that fills its record is enough on TCP, where a late start must find its way', () => {
    equal(probe('tcp', withRecordMark(encodeReply(7, getportResult(2049)))), 'yes')
    const two = withRecordMark(encodeReply(7, voidResult()))
    equal(probe('tcp', Uint8Array.from([...two, ...two])), 'yes')
  })

  test('one that is followed by what is no mark is not', () => {
    equal(probe('tcp', Uint8Array.from([...withRecordMark(encodeReply(7, voidResult())), 0x47, 0x45, 0x54, 0x20])), 'no')
    equal(probe('tcp', Uint8Array.from([...withRecordMark(encodeReply(7, voidResult())), 0x80])), 'no')
  })

  test('one that goes on past the segment is not', () => {
    const long = withRecordMark(encodeReply(7, new Uint8Array(4000)))
    equal(probe('tcp', long, 1448), 'no')
  })

  test('none is on UDP: it names no procedure', () => {
    equal(probe('udp', encodeReply(7, getportResult(2049))), 'no')
  })
})

test('look-alikes are refused', () => {
  const cms = (length: number, type: number): Uint8Array => {
    const frame = new Uint8Array(length + 2)
    frame.set([length & 255, length >> 8, 5, type])
    return frame
  }
  const streams: readonly (readonly [string, Uint8Array])[] = [
    ['CMS8000 0x43', cms(2, 0x43)], ['CMS8000 bed', cms(6, 0x45)], ['CMS8000 ECG', cms(0x0401, 0x46)], ['CMS8000 SpO2', cms(0x011e, 0x46)],
    ['CMS8000 of 128 bytes', cms(0x80, 0x49)], ['CMS8000 of 0x0180', cms(0x0180, 0x46)],
    ['HTTP', bytes('GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['MLLP', bytes(0x0b, 'MSH|^~\\&|ZZTEST|WARD|||20260101||ADT^A01|1|P|2.4\r')],
    ['TLS', bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Uint8Array(40))],
    ['SMB', bytes(0, 0, 0, 0x54, 0xff, 'SMB', 0x72, ...new Uint8Array(70))],
    ['SMB2', bytes(0, 0, 0, 0x6c, 0xfe, 'SMB', 0x40, 0, ...new Uint8Array(90))],
    ['DICOM', bytes(1, 0, 0, 0, 0, 0xcd, 0, 1, 0, 0, ...new Uint8Array(60))],
    ['DNS', bytes(0, 0x1d, 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'www', ...new Uint8Array(20))],
    ['LPD', bytes(2, 'lp\n', ...new Uint8Array(40))], ['zeros', new Uint8Array(200)], ['ones', new Uint8Array(200).fill(255)],
  ]
  for (const [name, sample] of streams) {
    equal(probe('tcp', sample.length < 28 ? Uint8Array.from([...sample, ...new Uint8Array(40)]) : sample), 'no', name)
    equal(probe('udp', sample), 'no', `${name} as a datagram`)
  }
})

test('a CMS8000 frame is refused as soon as its first four bytes are there', () => {
  for (const type of [0x3e, 0x43, 0x45, 0x46, 0x47, 0x49]) {
    for (const length of [2, 6, 0x7f, 0x80, 0xaf, 0xff, 0x100, 0x11e, 0x17f, 0x180, 0x1ff, 0x3d5, 0x480, 0x1f40]) {
      const head = bytes(length & 255, length >> 8, 5, type)
      const answer = probe('tcp', head)
      const frame = Uint8Array.from([...head, 0, 0, ...new Uint8Array(length)])
      ok(answer === 'no' || probe('tcp', frame) === 'no', `length ${length} type ${type}`)
    }
  }
})

test('property: random bytes are never RPC, and an answer never changes from no', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom<Transport>('tcp', 'udp'), (sample, transport) => {
    notEqual(probe(transport, sample), 'yes')
    if (transport !== 'tcp') return
    let refused = false
    for (let end = 0; end <= sample.length; end++) {
      const answer = probe('tcp', sample, end)
      ok(!refused || answer === 'no')
      refused = answer === 'no'
    }
  }), { numRuns: 500 })
})

test('property: any program of the assigned blocks is recognised on both transports', () => {
  const blocks = [fc.integer({ min: 100000, max: 200999 }), fc.integer({ min: 0x20000000, max: 0x200fffff }), fc.constant(0x40000000)]
  const programs = fc.oneof(...blocks)
  fc.assert(fc.property(programs, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 40 }), (program, version, procedure) => {
    const call = encodeCall(1, bareCall(program, version, procedure), MONITOR)
    deepStrictEqual([probe('udp', call), probe('tcp', withRecordMark(call))], ['yes', 'yes'])
  }))
})

test('each row has a memory of its own and the same identity', () => {
  const [a, b] = [createRpc(), createRpc()]
  notEqual(a.open, b.open)
  equal(a.id, 'rpc')
  equal(a.probe, b.probe)
  deepStrictEqual([a.hints, a.transports, a.name], [rpcIdentity.hints, rpcIdentity.transports, rpcIdentity.name])
})
