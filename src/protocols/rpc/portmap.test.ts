// PORTMAP and RPCBIND: questions and answers, whole, cut and impossible.
// Keeps the rule that a fault leaves no half-read question behind.

import { deepStrictEqual, equal } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dumpResult, getportResult, portmapDump, portmapGetport } from './encode.ts'
import { procedureRow } from './decoders.ts'
import { universalPort } from './portmap.ts'
import { type CallArguments, type CallResult, emptyArguments, emptyResult } from './procedure.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

function args(version: number, procedure: number, bytes: Uint8Array, end = bytes.length): { into: CallArguments; fault: string | null } {
  const r = new XdrReader()
  r.reset(bytes, 0, end)
  const into = emptyArguments()
  procedureRow(100000, version, procedure)?.args?.(r, into)
  return { into, fault: r.fault }
}

function result(version: number, procedure: number, bytes: Uint8Array): { into: CallResult; fault: string | null } {
  const r = new XdrReader()
  r.reset(bytes, 0, bytes.length)
  const into = emptyResult()
  procedureRow(100000, version, procedure)?.result?.(r, into)
  return { into, fault: r.fault }
}

describe('version 2', () => {
  test('GETPORT asks and is answered', () => {
    const { into, fault } = args(2, 3, portmapGetport(100003, 3, 17).args)
    deepStrictEqual(into.asks, { program: 100003, version: 3, protocol: 17 })
    equal(fault, null)
    equal(result(2, 3, getportResult(2049)).into.port, 2049)
    equal(result(2, 3, getportResult(0)).into.port, 0)
  })

  test('a question cut in its last, unused word still asks (snaplen 96 does that on UDP)', () => {
    const bytes = portmapGetport(100003, 3, 6).args
    for (let end = 0; end < bytes.length; end++) {
      const { into, fault } = args(2, 3, bytes, end)
      equal(into.asks !== null, end >= 12, `cut at ${end}`)
      equal(fault, 'cut-short')
    }
  })

  test('a port above 65535 is a fault and no port', () => {
    const { into, fault } = result(2, 3, new XdrWriter().u32(65536).bytes())
    equal(into.port, null)
    equal(fault, 'port')
  })

  test('DUMP asks nothing; its list is programs, versions, transports and ports', () => {
    deepStrictEqual(args(2, 4, portmapDump().args).into, emptyArguments())
    const list = dumpResult([{ program: 100005, version: 3, protocol: 17, port: 635 }])
    deepStrictEqual(result(2, 4, list).into, { ...emptyResult(), names: ['MOUNT.3 udp 635'] })
  })
})

describe('versions 3 and 4', () => {
  const question = (netid: string): Uint8Array => new XdrWriter().u32(100005).u32(1).string(netid).string('').string('').bytes()

  test('GETADDR names its transport', () => {
    for (const [netid, protocol] of [['udp', 17], ['tcp', 6], ['udp6', 17], ['tcp6', 6], ['local', 0]] as const) {
      deepStrictEqual(args(3, 3, question(netid)).into.asks, { program: 100005, version: 1, protocol })
    }
    deepStrictEqual(args(4, 9, question('tcp')).into.asks?.protocol, 6)
  })

  test('a transport name longer than any is a fault without a question', () => {
    const { into, fault } = args(3, 3, question('x'.repeat(33)))
    equal(into.asks, null)
    equal(fault, 'netid-length')
  })

  test('the answer is a universal address', () => {
    const answer = (text: string) => result(3, 3, new XdrWriter().string(text).bytes())
    equal(answer('139.25.22.102.4.24').into.port, 1048)
    equal(answer('').into.port, 0)
    equal(answer('::1.8.1').into.port, 2049)
    equal(answer('139.25.22.102.4.256').fault, 'universal-address')
    equal(answer('nonsense').fault, 'universal-address')
    equal(answer('nonsense').into.port, null)
  })
})

describe('registrations, and calls on another\'s behalf', () => {
  test('DUMP of rpcbind, with transports by name', () => {
    const list = new XdrWriter().bool(true).u32(100003).u32(4).string('tcp').string('0.0.0.0.8.1').string('root').bool(false).bytes()
    for (const version of [3, 4]) deepStrictEqual(result(version, 4, list).into.names, ['NFS.4 tcp 2049'])
  })

  test('SET and UNSET name what is registered, CALLIT and INDIRECT what shall be called', () => {
    const mapping = new XdrWriter().u32(100003).u32(3).u32(6).u32(2049).bytes()
    for (const procedure of [1, 2]) deepStrictEqual(args(2, procedure, mapping).into.asks, { program: 100003, version: 3, protocol: 6 })
    const callit = new XdrWriter().u32(100232).u32(10).u32(1).opaque(new Uint8Array(9)).bytes()
    deepStrictEqual(args(2, 5, callit).into.asks, { program: 100232, version: 10, protocol: 17 })
    deepStrictEqual(args(4, 10, callit).into.asks, { program: 100232, version: 10, protocol: 17 })
    equal(result(2, 5, new XdrWriter().u32(32773).opaque(new Uint8Array(4)).bytes()).into.port, 32773)
    equal(result(2, 1, new XdrWriter().u32(2).bytes()).fault, 'registered')
  })

  test('GETADDRLIST lists transports and ports', () => {
    const entry = (w: XdrWriter, netid: string): XdrWriter => w.bool(true).string('10.0.0.1.8.1').string(netid).u32(3).string('inet').string('tcp')
    deepStrictEqual(result(4, 11, entry(entry(new XdrWriter(), 'tcp'), 'udp').bool(false).bytes()).into.names, ['tcp 2049', 'udp 2049'])
  })
})

test('universalPort takes the last two numbers and nothing else', () => {
  equal(universalPort('0.0.0.0.0.111'), 111)
  equal(universalPort('1.2'), null)
  equal(universalPort('a.255.255'), 65535)
  equal(universalPort('.1.2x'), null)
})
