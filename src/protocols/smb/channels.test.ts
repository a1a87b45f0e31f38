// Tests of SMB over several connections, and of several sessions on one: a hash is claimed of a whole file only, and each session has its trees.
// Keeps the rule that a hash is right or null.

import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import type { Fact } from '../facts.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { ELF_HEAD, fakeContent } from '../rpc/testdata/talk.ts'
import { createSmb } from './index.ts'
import {
  askInterfaces, bind, chain, close, closed, connect, connected, create, created, gave, read, RELATED, said, took, write,
} from './testdata/messages.ts'

const CONTENT = fakeContent(2000, ELF_HEAD)
const HALVES = [CONTENT.slice(0, 1000), CONTENT.slice(1000)] as const
const files = (facts: readonly Fact[]): FileTransfer[] => facts.filter((f): f is FileTransfer => f.protocol === 'file-transfer')
const factsOf = (chunks: readonly Chunk[]): FileTransfer[] => files(runSession(createSmb, 'tcp', chunks).facts)
const measures = (found: readonly FileTransfer[]): unknown[] => found.map((f) => [f.kind, f.name, f.covered, f.size, f.complete, f.sha256 !== null])

test('a file read over two connections of a session is two partial coverages, not one wrong hash', () => {
  const row = createSmb()
  const first = runSession(row, 'tcp', [
    said(0, chain(create(1, 'a.bin'))), said(1, chain(created(1, 2000))), said(0, chain(read(2, 0, 1000))), said(1, chain(gave(2, HALVES[0]))),
    said(0, chain(close(3))), said(1, chain(closed(3))),
  ]).facts
  const second = runSession(row, 'tcp', [said(0, chain(bind(1))), said(0, chain(read(2, 1000, 1000))), said(1, chain(gave(2, HALVES[1])))]).facts
  deepEqual(measures(files(first)), [['read', 'a.bin', 1000, 2000, false, false]])
  deepEqual(measures(files(second)), [['read', null, 1000, null, false, false]])
})

/** The first half is written here; the second on a connection that we may not see. */
function written(before: readonly Chunk[], sizeAtClose: number | null): Chunk[] {
  return [
    ...before, said(0, chain(create(2, 'a.bin'))), said(1, chain(created(2, 0))), said(0, chain(write(3, 0, HALVES[0]))), said(1, chain(took(3, 1000))),
    said(0, chain(close(4))), said(1, chain(closed(4, sizeAtClose))),
  ]
}

test('a file written over two connections: its size is what CLOSE says, or unknown; the other connection has its own part', () => {
  for (const channel of [askInterfaces(1), bind(1)]) {
    deepEqual(measures(files(everySplit(createSmb, 'tcp', written([said(0, chain(channel))], null)))), [['write', 'a.bin', 1000, null, false, false]])
    deepEqual(measures(factsOf(written([said(0, chain(channel))], 2000))), [['write', 'a.bin', 1000, 2000, false, false]])
    deepEqual(measures(factsOf(written([said(0, chain(channel))], 1000))), [['write', 'a.bin', 1000, 1000, true, true]], 'the rest was here')
  }
  deepEqual(measures(factsOf(written([], null))), [['write', 'a.bin', 1000, 1000, true, true]], 'one connection')
  const other = factsOf([said(0, chain(bind(1))), said(0, chain(write(2, 1000, HALVES[1]))), said(1, chain(took(2, 1000)))])
  deepEqual(measures(other), [['write', null, 1000, null, false, false]])
})

test('a connection whose beginning was not captured may be one of several', () => {
  const midstream = (chunks: readonly Chunk[]): FileTransfer[] => files(runSession(createSmb, 'tcp', chunks, { flow: { state: 'midstream' } }).facts)
  deepEqual(measures(midstream(written([], null))), [['write', 'a.bin', 1000, null, false, false]])
  deepEqual(measures(midstream(written([], 1000))), [['write', 'a.bin', 1000, 1000, true, true]])
})

test('what was not closed was not written to its end; a CLOSE without its answer is enough', () => {
  const chunks = written([], null)
  deepEqual(measures(factsOf(chunks.slice(0, -2))), [['write', 'a.bin', 1000, null, false, false]])
  deepEqual(measures(factsOf(chunks.slice(0, -1))), [['write', 'a.bin', 1000, 1000, true, true]])
})

test('two sessions on one connection have trees of their own, by the same number', () => {
  const [one, two] = [{ session: 1, tree: 5 }, { session: 2 ** 40 + 1, tree: 5 }]
  const [fileOne, fileTwo] = [[...Array.from({ length: 15 }, () => 1), 1], [...Array.from({ length: 15 }, () => 1), 2]]
  const facts = runSession(createSmb, 'tcp', [
    said(0, chain(connect(1, '\\\\nas\\pm', one))), said(1, chain(connected(1, one))),
    said(0, chain(connect(2, '\\\\nas\\IPC$', two))), said(1, chain(connected(2, two))),
    said(0, chain(create(3, 'a.bin', one))), said(1, chain(created(3, 0, fileOne))),
    said(0, chain(create(4, 'srvsvc', two))), said(1, chain(created(4, 0, fileTwo))),
    said(0, chain(write(5, 0, HALVES[0], fileOne, one))), said(1, chain(took(5, 1000))),
    said(0, chain(write(6, 0, HALVES[1], fileTwo, two))), said(1, chain(took(6, 1000))),
  ]).facts
  deepEqual(files(facts).map((f) => [f.place, f.name, f.covered]), [['pm', 'a.bin', 1000]], 'the pipe of the second session is no file')
})

test('a chain goes on with its first message\'s tree: a pipe opened and written in one message is no file', () => {
  const facts = runSession(createSmb, 'tcp', [
    said(0, chain(connect(1, '\\\\nas\\IPC$'))), said(1, chain(connected(1))),
    said(0, chain(create(2, 'srvsvc'), write(3, 0, HALVES[0], RELATED, { isRelated: true }))), said(1, chain(created(2, 0), took(3, 1000))),
  ]).facts
  deepEqual(files(facts), [])
})
