// NFSv4 shapes: every operation of sessions, layouts, copies and attributes ends where the next one begins; tshark is the judge of the bytes.
// Keeps the rule that what follows such an operation in its COMPOUND is read, and that nothing of what it says is kept.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { everySplit, runSession } from '../../testing/everysplit.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import type { Fact } from '../facts.ts'
import { Program } from './codes.ts'
import { compoundSteps } from './compound.ts'
import { procedureRow } from './decoders.ts'
import { encodeCall, encodeReply } from './encode.ts'
import { createRpc } from './index.ts'
import { LIST_MAX, Op4, operationName } from './nfs4-codes.ts'
import { type CallArguments, type CallResult, emptyArguments, emptyResult } from './procedure.ts'
import {
  attributes, close, closed, compound, DIR, done, FILE, gave, gotattr, gotfh, mountTalk, op, type Op, opened, openTalk, putfh, read, results, sequence,
  sequenced, STATEID, took, write,
} from './testdata/compound.ts'
import { datagram, pcapOf } from './testdata/packets.ts'
import { fakeContent, MONITOR, Talk } from './testdata/talk.ts'
import { XdrReader } from './xdr.ts'

const CANARY = 'ZZTEST-CANARY'
const channel: Op = (w) => w.u32(0).u32(1 << 20).u32(1 << 20).u32(7680).u32(8).u32(64)
const plainChannel: Op = (w) => channel(w).u32(0)
const rdmaChannel: Op = (w) => channel(w).u32(1).u32(16)
const system: Op = (w) => w.u32(1).u32(5).string(CANARY).u32(0).u32(0).u32(2).u32(1).u32(2)
const netaddr: Op = (w) => w.u32(3).string('tcp').string('10.0.0.1.8.1')
const bits: Op = (w) => w.u32(2).u32(0x18).u32(0x30)
const time: Op = (w) => w.u64(7).u32(9)
const wrote: Op = (w) => w.u32(1).fixed(STATEID).u64(5).u32(2).u64(9)
const chain = (...parts: readonly Op[]): Op => (w) => parts.reduce((into, part) => part(into), w)

/** Operation, arguments and result, written from RFC 8881 section 18 and RFC 7862 section 15. */
const PAIRS: readonly (readonly [number, minor: 1 | 2, args: Op, result: Op])[] = [
  [33, 1, (w) => w.string('pm'), (w) => w.u32(2).u32(1).u32(6).string('oid').u32(0).u32(1)],
  [40, 1, (w) => chain(system)(w.u32(0x40000000).u32(2).u32(0)), (w) => w],
  [41, 1, (w) => w.fixed(STATEID).u32(3).bool(false), (w) => w.fixed(STATEID).u32(3).bool(false)],
  [43, 1, (w) => chain(plainChannel, rdmaChannel)(w.u64(1).u32(1).u32(3)).u32(0x40000000).u32(1).u32(0),
    (w) => chain(rdmaChannel, plainChannel)(w.fixed(STATEID).u32(1).u32(3))],
  [43, 1, (w) => chain(plainChannel, plainChannel)(w.u64(1).u32(1).u32(3)).u32(0x40000000).u32(1).u32(1).u32(5).string(CANARY).u32(0).u32(0).u32(0),
    (w) => chain(plainChannel, plainChannel)(w.fixed(STATEID).u32(1).u32(3))],
  [44, 1, (w) => w.fixed(STATEID), (w) => w],
  [45, 1, (w) => w.fixed(STATEID), (w) => w],
  [46, 1, chain((w) => w.bool(false), bits, time, time, bits, bits), chain((w) => w.u32(0).u64(1).fixed(STATEID), bits, bits, bits)],
  [46, 1, chain((w) => w.bool(false), bits, time, time, bits, bits), (w) => w.u32(1).bool(true)],
  [47, 1, (w) => w.fixed(STATEID).u32(1).u32(4096).u32(0), (w) => w.u32(1).opaque(fakeContent(8)).u32(0)],
  [48, 1, (w) => w.u32(1).u32(9).u64(0).u64(0), (w) => w.u64(0).u64(0).u32(2).fixed(STATEID).fixed(STATEID).bool(true)],
  [49, 1, (w) => w.u64(0).u64(9).bool(false).fixed(STATEID).bool(true).u64(8).bool(true).u64(7).u32(9).u32(1).u32(0), (w) => w.bool(true).u64(9)],
  [49, 1, (w) => w.u64(0).u64(9).bool(false).fixed(STATEID).bool(false).bool(false).u32(1).u32(0), (w) => w.bool(false)],
  [51, 1, (w) => w.bool(false).u32(1).u32(2).u32(1).u64(0).u64(9).fixed(STATEID).u32(0), (w) => w.bool(true).fixed(STATEID)],
  [51, 1, (w) => w.bool(false).u32(1).u32(2).u32(3), (w) => w.bool(false)],
  [52, 1, (w) => w.u32(0), (w) => w.u32(1).u32(1)],
  [55, 1, (w) => w.u32(2).fixed(STATEID).fixed(STATEID), (w) => w.u32(2).u32(0).u32(10_025)],
  [56, 1, (w) => w.u32(1).u32(1).u32(1), (w) => w.u32(1).fixed(STATEID).bool(false).u32(0).u32(0).u32(0).string(CANARY)],
  [56, 1, (w) => w.u32(1).u32(4), (w) => w.u32(3).u32(2).bool(true)],
  [57, 1, (w) => w.u64(5), (w) => w],
  [58, 1, (w) => w.bool(false), (w) => w],
  [59, 2, (w) => w.fixed(STATEID).u64(0).u64(9), (w) => w],
  [60, 2, (w) => netaddr(w.fixed(STATEID).fixed(STATEID).u64(0).u64(0).u64(5).bool(true).bool(false).u32(2).u32(1).string('ward-nas')),
    (w) => wrote(w).bool(true).bool(false)],
  [61, 2, (w) => netaddr(w.fixed(STATEID)), (w) => netaddr(time(w).fixed(STATEID).u32(1))],
  [62, 2, (w) => w.fixed(STATEID).u64(0).u64(9), (w) => w],
  [64, 2, (w) => w.u64(0).u64(9).fixed(STATEID).u32(1).fixed(STATEID).u32(5).u32(25), (w) => w],
  [65, 2, (w) => w.u64(0).u64(9).fixed(STATEID).u64(1).u64(2).u64(3).u64(4).fixed(STATEID).u32(1).opaque(fakeContent(6)), (w) => w],
  [66, 2, (w) => w.fixed(STATEID), (w) => w],
  [67, 2, (w) => w.fixed(STATEID), (w) => w.u64(9).u32(1).u32(0)],
  [70, 2, (w) => w.fixed(STATEID).u32(2).u64(0).u64(512).u64(4).u64(0).u32(0).u64(0).string('ab'), wrote],
  [71, 2, (w) => w.fixed(STATEID).fixed(STATEID).u64(0).u64(0).u64(9), (w) => w],
  [74, 2, (w) => w.u64(0).u32(512), (w) => w.u64(0).u32(2).string('user.a').string('user.bc').bool(true)],
]

/** SSV, which has no fixed place in a compound of its own. */
const SECRET: readonly [Op, Op] = [
  op(42, (w) => chain(bits, bits)(w.u64(1).string(CANARY).u32(0).u32(2)).u32(1).string('alg').u32(2).string('a').string('bc').u32(8).u32(1).u32(0)),
  done(42, (w) => chain(bits, bits)(w.u64(1).u32(1).u32(0).u32(2)).u32(0).u32(0).u32(32).u32(8).u32(1).string('h').u64(0).string('maj').string('scope')
    .u32(0)),
]

function pairOf(number: number): { readonly args: Op; readonly result: Op } {
  const pair = PAIRS.find(([n]) => n === number)
  ok(pair)
  return { args: pair[2], result: pair[3] }
}

const READ = [Op4.putfh, Op4.read] as const

function callOf(minor: number, number: number, args: Op) {
  return compound(minor, [sequence, putfh(FILE), op(number, args), putfh(FILE), read(0, 100)])
}

function resultOf(number: number, result: Op): Uint8Array {
  return results([sequenced, done(22), done(number, result), done(22), gave(fakeContent(100), true)])
}

interface Read<T> {
  readonly into: T
  readonly fault: string | null
  readonly off: number
}

function readArgs(bytes: Uint8Array, end = bytes.length): Read<CallArguments> {
  const r = new XdrReader()
  const into = emptyArguments()
  r.reset(bytes, 0, end)
  procedureRow(Program.nfs, 4, 1)?.args?.(r, into)
  return { into, fault: r.fault, off: r.off }
}

function readResult(bytes: Uint8Array, end = bytes.length): Read<CallResult> {
  const r = new XdrReader()
  const into = emptyResult()
  r.reset(bytes, 0, end)
  procedureRow(Program.nfs, 4, 1)?.result?.(r, into)
  return { into, fault: r.fault, off: r.off }
}

describe('every operation between a SEQUENCE and a READ', () => {
  for (const [index, [number, minor, args, result]] of PAIRS.entries()) {
    test(`${operationName(number)} (${index}): what follows it is read, and every cut is a fault`, () => {
      const call = callOf(minor, number, args).args
      const asked = readArgs(call)
      deepStrictEqual([asked.fault, asked.off], [null, call.length])
      deepStrictEqual(asked.into.ops.map((o) => o.op).slice(2), [number, ...READ])
      for (let end = 0; end < call.length; end += 4) equal(readArgs(call, end).fault, 'cut-short', `call cut at ${end}`)
      const reply = resultOf(number, result)
      const gaveBack = readResult(reply)
      deepStrictEqual([gaveBack.fault, gaveBack.off], [null, reply.length])
      deepStrictEqual([gaveBack.into.ops.at(-1)?.op, gaveBack.into.ops.at(-1)?.dataBytes], [Op4.read, 100])
      for (let end = 0; end < reply.length; end += 4) equal(readResult(reply, end).fault, 'cut-short', `reply cut at ${end}`)
    })
  }

  test('EXCHANGE_ID with a shared secret is read to its end', () => {
    const call = compound(1, [SECRET[0], putfh(FILE)]).args
    const reply = results([SECRET[1], done(22)])
    deepStrictEqual([readArgs(call).fault, readArgs(call).off, readResult(reply).fault, readResult(reply).off], [null, call.length, null, reply.length])
  })

  test('impossible words are faults', () => {
    const fault = (number: number, args: Op): string | null => readArgs(compound(2, [op(number, args)]).args).fault
    equal(fault(55, (w) => w.u32(LIST_MAX + 1)), 'list-length')
    equal(fault(51, (w) => w.u32(0).u32(1).u32(2).u32(4)), 'layout-return')
    equal(fault(56, (w) => w.u32(1).u32(2)), 'claim')
    equal(fault(61, (w) => w.fixed(STATEID).u32(4)), 'location')
    equal(fault(40, (w) => w.u32(1).u32(1).u32(7)), 'callback-flavor')
    equal(fault(40, (w) => w.u32(1).u32(1).u32(1).u32(0).string('a').u32(0).u32(0).u32(17)), 'group-count')
    equal(fault(49, (w) => w.u64(0).u64(9).bool(false).fixed(STATEID).u32(2)), 'value-follows')
    equal(fault(42, (w) => w.u64(1).string('a').u32(0).u32(3)), 'state-protect')
    equal(readResult(results([done(46, (w) => w.u32(2))])).fault, 'delegation')
  })
})

const files = (facts: readonly Fact[]): FileTransfer[] => facts.filter((f): f is FileTransfer => f.protocol === 'file-transfer')
const malformed = (facts: readonly Fact[]): string[] => facts.flatMap((f) => (f.protocol === 'rpc' && f.kind === 'malformed' ? [f.reason] : []))

describe('what a session makes of them', () => {
  test('a client makes its session and reads a file, with other operations before each read, at every split', () => {
    const talk = new Talk('tcp')
    const content = fakeContent(900)
    for (const [number, minor, args, result] of PAIRS.filter(([n]) => n === 43 || n === 58)) {
      talk.ask(compound(minor, [op(number, args)]), results([done(number, result)]))
    }
    mountTalk(talk, 1)
    openTalk(talk, 1, 'monitor', content.length)
    for (const [i, number] of [55, 49, 51].entries()) {
      const { args, result } = pairOf(number)
      const piece = content.slice(i * 300, i * 300 + 300)
      talk.ask(compound(1, [sequence, putfh(FILE), op(number, args), read(i * 300, 300)]),
        results([sequenced, done(22), done(number, result), gave(piece, i === 2)]))
    }
    talk.ask(compound(1, [sequence, putfh(FILE), close]), results([sequenced, done(22), closed]))
    const facts = everySplit(createRpc, 'tcp', talk.chunks)
    const sha256 = createHash('sha256').update(content).digest('hex')
    deepStrictEqual(files(facts).map((f) => [f.kind, f.name, f.covered, f.complete, f.sha256]), [['read', 'monitor', 900, true, sha256]])
    deepStrictEqual(malformed(facts), [])
    ok(!JSON.stringify(facts).includes(CANARY), 'callback credentials stay')
  })

  test('a file that the server itself changes while it is written has no hash', () => {
    for (const number of [59, 60, 62, 70, 71]) {
      const { args, result } = pairOf(number)
      const talk = new Talk('tcp')
      openTalk(talk, 2, 'a', 0, true)
      talk.ask(compound(2, [sequence, putfh(FILE), write(0, fakeContent(100))]), results([sequenced, done(22), took(100)]))
      talk.ask(compound(2, [sequence, putfh(FILE), op(number, args)]), results([sequenced, done(22), done(number, result)]))
      talk.ask(compound(2, [sequence, putfh(FILE), close]), results([sequenced, done(22), closed]))
      const facts = runSession(createRpc(), 'tcp', talk.chunks).facts
      deepStrictEqual(files(facts).map((f) => [f.covered, f.sha256]), [[100, null]], operationName(number))
      deepStrictEqual(malformed(facts), [])
    }
  })

  test('OPENATTR and SECINFO leave no current handle: what comes next is not taken for the file', () => {
    const secinfo = pairOf(33)
    for (const [call, result] of [[op(19, (w) => w.bool(false)), done(19)], [op(33, secinfo.args), done(33, secinfo.result)]] as const) {
      const calls = readArgs(compound(0, [putfh(FILE), call, op(10), op(18, opened)]).args).into.ops
      const steps = compoundSteps(calls, readResult(results([done(22), result, gotfh(DIR), gotattr(1, 5)])).into.ops)
      deepStrictEqual(steps, [])
      const direct = compoundSteps(calls, readResult(results([done(22), result, done(9, attributes(1, 5))])).into.ops)
      deepStrictEqual(direct, [])
    }
  })
})

const noTshark = spawnSync('tshark', ['-v']).status === 0 ? false : 'tshark is not installed'

/**
 * What tshark 4.0 does not follow: directory delegations and wishes for one are unknown to it, a device's address is dissected further than our
 * filler goes, and WRITE_SAME is read with a block number of eight bytes where RFC 7862 section 8.1 has a count4.
 */
const TSHARK_LACKS: ReadonlySet<number> = new Set([46, 47, 56, 70])

test('tshark reads the same operations in every call and reply, to the READ at the end', { skip: noTshark }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'nfs4-shapes-'))
  try {
    const pairs = PAIRS.filter(([number]) => !TSHARK_LACKS.has(number))
    const packets = pairs.flatMap(([number, minor, args, result], i) => [
      datagram(encodeCall(i + 1, callOf(minor, number, args), MONITOR), true, 50_000 + i, 2049),
      datagram(encodeReply(i + 1, resultOf(number, result)), false, 50_000 + i, 2049),
    ])
    const file = join(dir, 'pairs.pcap')
    writeFileSync(file, pcapOf(packets))
    const fields = ['_ws.malformed', 'nfs.opcode', 'nfs.count4', 'nfs.read.data_length'].flatMap((field) => ['-e', field])
    const args = ['-r', file, '-n', '-T', 'fields', '-E', 'separator=|', '-E', 'aggregator=,', ...fields]
    const rows = execFileSync('tshark', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trimEnd().split('\n')
    deepStrictEqual(rows, pairs.flatMap(([number]) => [`|53,22,${number},22,25|100|`, `|53,22,${number},22,25||100`]))
  } finally {
    rmSync(dir, { recursive: true })
  }
})
