// NFSv4: COMPOUND operation by operation, what a session makes of them, files read and written, mounts without MOUNT; and tshark's reading.
// Keeps the rule that an operation nobody knows ends the reading quietly, and that no content, owner or handle is in a fact.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { everySplit, runSession } from '../../testing/everysplit.ts'
import { replay } from '../../testing/replay.ts'
import { capturesMissing, sharedCapture } from '../../testing/shared.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import type { Fact } from '../facts.ts'
import { Program } from './codes.ts'
import { procedureRow } from './decoders.ts'
import type { RpcCallBody } from './encode.ts'
import { createRpc } from './index.ts'
import { OPERATIONS_MAX, operationName, operationRow } from './nfs4-codes.ts'
import { emptyArguments, emptyResult } from './procedure.ts'
import {
  attributes, close, closed, compound, DIR, done, FILE, gave, getattr, gotattr, gotfh, mountTalk, op, open, openTalk, putfh, read, results, sequence,
  sequenced, STATEID, took, type Op, write,
} from './testdata/compound.ts'
import { ELF_HEAD, fakeContent, fakeHandle, Talk } from './testdata/talk.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const files = (facts: readonly Fact[]): FileTransfer[] => facts.filter((f): f is FileTransfer => f.protocol === 'file-transfer')
const mounts = (facts: readonly Fact[]): string[] => facts.flatMap((f) => (f.kind === 'mount' ? [`${f.path} v${f.version}`] : []))
const reasons = (facts: readonly Fact[]): string[] => facts.flatMap((f) => (f.kind === 'malformed' && f.protocol === 'rpc' ? [f.reason] : []))

describe('files', () => {
  for (const minor of [0, 1, 2]) {
    test(`4.${minor}: a mount without MOUNT, and a program read from it, at every split`, () => {
      const talk = new Talk('tcp')
      const content = fakeContent(2500, ELF_HEAD)
      mountTalk(talk, minor)
      openTalk(talk, minor, 'monitor', content.length)
      const head = minor > 0 ? [sequence] : []
      const answer = minor > 0 ? [sequenced] : []
      for (const [offset, end] of [[0, 1200], [1200, 2500]] as const) {
        talk.ask(compound(minor, [...head, putfh(FILE), read(offset, 1300), getattr]),
          results([...answer, done(22), gave(content.slice(offset, end), end === 2500), gotattr(1, content.length)]))
      }
      talk.ask(compound(minor, [...head, putfh(FILE), close]), results([...answer, done(22), closed]))
      const facts = everySplit(createRpc, 'tcp', talk.chunks)
      deepStrictEqual(mounts(facts), ['/pm v4'])
      deepStrictEqual(files(facts).map((f) => [f.kind, f.over, f.place, f.name, f.size, f.complete, f.sha256, f.magic]),
        [['read', 'nfs', '/pm', 'monitor', 2500, true, sha256(content), 'elf']])
      deepStrictEqual(reasons(facts), [])
    })
  }

  test('a file written is told when it is closed, with attributes older than its data', () => {
    const talk = new Talk('tcp')
    const content = fakeContent(3000, [0x23, 0x21])
    mountTalk(talk, 1)
    openTalk(talk, 1, 'run.sh', 0, true)
    talk.ask(compound(1, [sequence, putfh(FILE), write(0, content.slice(0, 1000)), getattr]),
      results([sequenced, done(22), took(1000), gotattr(1, 1000, 2)]))
    talk.ask(compound(1, [sequence, putfh(FILE), write(1000, content.slice(1000))]), results([sequenced, done(22), took(2000)]))
    const before = files(runSession(createRpc(), 'tcp', talk.chunks).facts)
    talk.ask(compound(1, [sequence, putfh(FILE), close]), results([sequenced, done(22), closed]))
    const { facts, beforeEnd } = runSession(createRpc(), 'tcp', talk.chunks)
    deepStrictEqual(files(facts.slice(0, beforeEnd)).map((f) => [f.kind, f.name, f.size, f.sha256, f.magic]),
      [['write', 'run.sh', 3000, sha256(content), 'script']])
    equal(before.length, 1, 'not closed: told at the end')
  })

  test('a refused or short WRITE, and a byte written twice, leave no hash', () => {
    for (const [answer, status] of [[[sequenced, done(22), (w: XdrWriter) => w.u32(38).u32(28)], 28], [[sequenced, done(22), took(10)], 0]] as const) {
      const talk = new Talk('tcp')
      openTalk(talk, 1, 'a', 0, true)
      talk.ask(compound(1, [sequence, putfh(FILE), write(0, fakeContent(100))]), results(answer, status))
      const [file] = files(runSession(createRpc(), 'tcp', talk.chunks).facts)
      deepStrictEqual([file?.covered, file?.complete, file?.sha256], [100, false, null])
    }
    const talk = new Talk('tcp')
    openTalk(talk, 1, 'a', 0, true)
    for (const offset of [0, 50]) {
      talk.ask(compound(1, [sequence, putfh(FILE), write(offset, fakeContent(100))]), results([sequenced, done(22), took(100)]))
    }
    deepStrictEqual(files(runSession(createRpc(), 'tcp', talk.chunks).facts).map((f) => [f.covered, f.complete]), [[150, false]])
  })

  test('READ_PLUS: one stretch of data is a READ; a hole is not seen', () => {
    const content = fakeContent(600)
    const talk = new Talk('tcp')
    openTalk(talk, 2, 'sparse', 1600)
    const data: Op = (w) => w.u32(0).u64(0).opaque(content)
    talk.ask(compound(2, [sequence, putfh(FILE), op(68, (w) => w.fixed(STATEID).u64(0).u32(4096))]),
      results([sequenced, done(22), done(68, (w) => data(w.bool(true).u32(2)).u32(1).u64(600).u64(1000))]))
    const facts = runSession(createRpc(), 'tcp', talk.chunks).facts
    deepStrictEqual(files(facts).map((f) => [f.covered, f.size, f.complete]), [[600, 1600, false]])
    deepStrictEqual(reasons(facts), [])
  })

  test('pNFS: a data server\'s handle is the file it was given out for', () => {
    const content = fakeContent(5)
    const other = fakeHandle(9)
    const talk = new Talk('tcp')
    mountTalk(talk, 1)
    openTalk(talk, 1, 'file', 0, true)
    const layout = new XdrWriter().fixed(STATEID).u32(0).u32(0).u64(0).u32(1).opaque(other).bytes()
    const ask = op(50, (w) => w.bool(false).u32(1).u32(2).u64(0).u64(1).u64(1).fixed(STATEID).u32(4096))
    talk.ask(compound(1, [sequence, putfh(FILE), ask]),
      results([sequenced, done(22), done(50, (w) => w.bool(true).fixed(STATEID).u32(1).u64(0).u64(100).u32(2).u32(1).opaque(layout))]))
    talk.ask(compound(1, [sequence, putfh(other), write(0, content)]), results([sequenced, done(22), took(5)]))
    talk.ask(compound(1, [sequence, putfh(FILE), close]), results([sequenced, done(22), closed]))
    deepStrictEqual(files(runSession(createRpc(), 'tcp', talk.chunks).facts).map((f) => [f.place, f.name, f.size, f.sha256]),
      [['/pm', 'file', 5, sha256(content)]])
  })

  test('1 MiB in one COMPOUND passes without being kept, both ways', () => {
    const content = fakeContent(1024 * 1024 + 3)
    const talk = new Talk('tcp')
    openTalk(talk, 1, 'big', content.length)
    talk.ask(compound(1, [sequence, putfh(FILE), read(0, content.length), getattr]),
      results([sequenced, done(22), gave(content, true), gotattr(1, content.length)]))
    talk.ask(compound(1, [sequence, putfh(FILE), write(0, content), getattr]), results([sequenced, done(22), took(content.length), gotattr(1, content.length)]))
    const segments = talk.chunks.flatMap(({ direction, bytes }) => {
      const count = Math.ceil(bytes.length / 1448)
      return Array.from({ length: count }, (_, i) => ({ direction, bytes: bytes.slice(i * 1448, (i + 1) * 1448) }))
    })
    deepStrictEqual(files(runSession(createRpc(), 'tcp', segments).facts).map((f) => [f.kind, f.sha256]),
      [['read', sha256(content)], ['write', sha256(content)]])
  })
})

describe('reading', () => {
  const args = (body: RpcCallBody, end = body.args.length) => {
    const r = new XdrReader()
    r.reset(body.args, 0, end)
    const into = emptyArguments()
    procedureRow(body.program, body.version, body.procedure)?.args?.(r, into)
    return { into, fault: r.fault, off: r.off }
  }

  test('a listing with handles and sizes names its files', () => {
    const entry: Op = (w) => w.bool(true).u64(1).string('monitor')
    const attrs = new XdrWriter().u32(1).u64(5).u64(77).opaque(FILE).bytes()
    const bits = (1 << 1) | (1 << 3) | (1 << 4) | (1 << 19)
    const bytes = results([done(22), done(26, (w) => entry(w.u64(0)).u32(1).u32(bits).opaque(attrs).bool(false).bool(true))])
    const r = new XdrReader()
    r.reset(bytes, 0, bytes.length)
    const into = emptyResult()
    procedureRow(Program.nfs, 4, 1)?.result?.(r, into)
    deepStrictEqual([r.fault, r.off, into.names], [null, bytes.length, ['monitor']])
    deepStrictEqual(into.ops[1]?.entries[0]?.file, { type: 1, size: 77, modified: 5 })
    ok(into.ops[1]?.entries[0]?.handle)
  })

  test('an access control list hides what stands behind it, and nothing else', () => {
    const acl = new XdrWriter().u32(1).u64(5).u64(77).u32(3).bytes()
    const bytes = results([done(9, (w) => w.u32(1).u32((1 << 1) | (1 << 3) | (1 << 4) | (1 << 12)).opaque(acl)), gotfh(FILE)])
    const r = new XdrReader()
    r.reset(bytes, 0, bytes.length)
    const into = emptyResult()
    procedureRow(Program.nfs, 4, 1)?.result?.(r, into)
    deepStrictEqual([r.fault, into.ops[0]?.file?.size, into.ops.length], [null, 77, 2])
  })

  test('unknown operations end the reading without a fault; impossible words are faults', () => {
    const odd = args(compound(1, [sequence, op(99, (w) => w.u32(5)), putfh(FILE)]))
    deepStrictEqual([odd.fault, odd.into.ops.map((o) => operationName(o.op))], [null, ['SEQUENCE', 'OP-99']])
    equal(args(compound(3, [])).fault, 'minor-version')
    equal(args(compound(0, [putfh(new Uint8Array(129))])).fault, 'handle-length')
    equal(args(compound(0, [op(9, (w) => w.u32(9))])).fault, 'bitmap-length')
    equal(args(compound(0, [op(38, (w) => w.fixed(STATEID).u64(0).u32(2).u32(2 ** 25))])).fault, 'data-length')
    equal(args(compound(0, Array.from({ length: OPERATIONS_MAX + 9 }, () => op(10)))).into.ops.length, OPERATIONS_MAX)
  })

  test('every shape ends where the next operation begins', () => {
    const whole = compound(0, [
      putfh(DIR), open('a', true), op(12, (w) => w.u32(1).bool(false).u64(0).u64(9).bool(true).u32(1).fixed(STATEID).u32(1).u64(3).string('own')),
      op(14, (w) => w.u32(1).u32(1).fixed(STATEID).u64(0).u64(9)), op(29, (w) => w.string('a').string('b')), op(32), op(31),
      op(6, (w) => attributes(1, 0)(w.u32(5).string('/etc').string('link'))), op(34, (w) => attributes(1, 0)(w.fixed(STATEID))),
      op(35, (w) => w.u64(1).string('ZZTEST-client').u32(0x40000000).string('tcp').string('10.0.0.1.3.9').u32(1)),
      op(20, (w) => w.fixed(STATEID).u32(2)), op(26, (w) => w.u64(0).u64(0).u32(1).u32(1).u32(1).u32(0x1a)), close,
    ])
    const { into, fault, off } = args(whole)
    deepStrictEqual([fault, off, into.ops.length], [null, whole.args.length, 13])
    for (let end = 0; end < whole.args.length; end += 4) equal(args(whole, end).fault, 'cut-short', `cut at ${end}`)
  })

  test('EXCHANGE_ID tells what implements each side', () => {
    const talk = new Talk('tcp')
    const impl: Op = (w) => w.u32(1).string('kernel.org').string('Linux 5.10').u64(0).u32(0)
    talk.ask(compound(1, [op(42, (w) => impl(w.u64(1).string('ZZTEST-client').u32(0).u32(0)))]),
      results([done(42, (w) => impl(w.u64(1).u32(1).u32(0).u32(0).u64(0).string('maj').string('scope')))]))
    const facts = runSession(createRpc(), 'tcp', talk.chunks).facts
    deepStrictEqual(facts.flatMap((f) => (f.protocol === 'rpc' && f.kind === 'software' ? [[f.side, f.software]] : [])),
      [['client', 'kernel.org: Linux 5.10'], ['server', 'kernel.org: Linux 5.10']])
    equal(JSON.stringify(facts).includes('ZZTEST-client'), false)
  })

  test('the table knows every number from 3 to 75', () => {
    for (let number = 3; number <= 75; number++) ok(operationRow(number), `operation ${number}`)
  })
})

const FOUR = 'nfs/sv__nfs4-01_input.pcap'
const noTshark = spawnSync('tshark', ['-v']).status === 0 ? false : 'tshark is not installed'

describe('the capture', { skip: capturesMissing }, () => {
  const facts = capturesMissing ? [] : replay(sharedCapture(FOUR), [createRpc()]).facts

  test('one file of five bytes, written and closed; a mount of /vol1', () => {
    deepStrictEqual(files(facts).map((f) => [f.kind, f.place, f.name, f.size, f.complete, f.magic]), [['write', '/vol1', 'file', 5, true, 'text']])
    deepStrictEqual(mounts(facts), ['/vol1 v4'])
    deepStrictEqual(reasons(facts), [])
    const calls = facts.flatMap((f) => (f.protocol === 'rpc' && f.kind === 'call' ? f.operations : []))
    deepStrictEqual([calls.filter((o) => o === 'WRITE').length, calls.filter((o) => o === 'CLOSE').length], [1, 1])
  })

  test('operations of every call equal tshark\'s', { skip: noTshark }, () => {
    const args = ['-r', sharedCapture(FOUR), '-n', '-Y', 'nfs && rpc.msgtyp == 0', '-T', 'fields', '-E', 'aggregator=,', '-e', 'nfs.opcode']
    const rows = execFileSync('tshark', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trimEnd().split('\n')
    const expected = rows.map((row) => row.split(',').filter((n) => n !== '').map((n) => operationName(Number(n))))
    const own = facts.flatMap((f) => (f.protocol === 'rpc' && f.kind === 'call' && f.program === Program.nfs ? [f.operations] : []))
    deepStrictEqual(own, expected)
  })
})
