// RpcMemory: names and exports across flows, reads that complete, change, are repeated, evicted or left unfinished.
// Keeps the rule that nothing seen goes untold and nothing is told twice.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { FAKE_INITIATOR, FAKE_RESPONDER } from '../../testing/fake-context.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { type FilePass, pairKey, type ReadPlace, RpcMemory } from './files.ts'
import { ELF_HEAD, fakeContent } from './testdata/talk.ts'

const UNTAGGED = { vlan: 0, innerVlan: 0 }
const PAIR = pairKey(UNTAGGED, FAKE_INITIATOR, FAKE_RESPONDER)
const PLACE: ReadPlace = { flowId: 1, client: FAKE_INITIATOR, server: FAKE_RESPONDER, transport: 'udp' }
const file = (size: number, modified = 1) => ({ type: 1, size, modified })

/** Passes [from, to) of `content` through a read of `handle`, and gives the facts that came of it. */
function pass(memory: RpcMemory, handle: string, content: Uint8Array, from: number, to: number): FileTransfer[] {
  const { pass: read, evicted } = memory.begin(PAIR, handle, 'read', PLACE)
  take(read, content, from, to)
  return [evicted, memory.finishIfComplete(read)].filter((fact) => fact !== null)
}

function take(read: FilePass, content: Uint8Array, from: number, to: number): void {
  read.seen.add(from, content, from, to)
}

describe('names and exports', () => {
  test('a name learned under an export root inherits the path, through directories', () => {
    const memory = new RpcMemory()
    memory.learnExport(PAIR, 'root', '/pm')
    memory.learnName(PAIR, 'root', 'bin', 'dir')
    memory.learnName(PAIR, 'dir', 'monitor', 'f1')
    memory.learnAttributes(PAIR, 'f1', file(4))
    const [fact] = pass(memory, 'f1', fakeContent(4, ELF_HEAD), 0, 4)
    deepStrictEqual([fact?.name, fact?.place, fact?.size, fact?.magic], ['monitor', '/pm', 4, 'elf'])
  })

  test('dot names do not rename a directory', () => {
    const memory = new RpcMemory()
    memory.learnName(PAIR, 'root', 'bin', 'dir')
    memory.learnName(PAIR, 'dir', '.', 'dir')
    memory.learnName(PAIR, 'dir', '..', 'root')
    equal(memory.nameOf(PAIR, 'dir'), 'bin')
    equal(memory.nameOf(PAIR, 'root'), null)
    equal(memory.nameOf(PAIR, null), null)
  })

  test('handles of one pair mean nothing to another', () => {
    const memory = new RpcMemory()
    memory.learnName(PAIR, null, 'monitor', 'f1')
    equal(memory.nameOf(pairKey(UNTAGGED, FAKE_RESPONDER, FAKE_INITIATOR), 'f1'), null)
    equal(memory.nameOf(pairKey({ vlan: 7, innerVlan: 0 }, FAKE_INITIATOR, FAKE_RESPONDER), 'f1'), null, 'same addresses, another VLAN')
    equal(memory.nameOf(PAIR, 'f1'), 'monitor')
  })

  test('a new name replaces the old one; the least recently used handle is forgotten first', () => {
    const memory = new RpcMemory()
    memory.learnName(PAIR, null, 'first', 'keep')
    memory.learnName(PAIR, null, 'old', 'gone')
    for (let i = 0; i < 16383; i++) {
      memory.learnName(PAIR, null, `n${i}`, `h${i}`)
      if (i % 1000 === 0) memory.learnName(PAIR, null, 'second', 'keep')
    }
    equal(memory.nameOf(PAIR, 'keep'), 'second')
    equal(memory.nameOf(PAIR, 'gone'), null)
  })
})

describe('reads', () => {
  test('complete when every byte of the known size was seen', () => {
    const memory = new RpcMemory()
    const content = fakeContent(3000, [0x23, 0x21])
    memory.learnAttributes(PAIR, 'f', file(3000))
    deepStrictEqual(pass(memory, 'f', content, 0, 1000), [])
    deepStrictEqual(pass(memory, 'f', content, 2000, 3000), [])
    const [fact] = pass(memory, 'f', content, 1000, 2000)
    deepStrictEqual([fact?.complete, fact?.covered, fact?.sha256, fact?.magic],
      [true, 3000, createHash('sha256').update(content).digest('hex'), 'script'])
  })

  test('without attributes, an EOF reply says where the end is', () => {
    const memory = new RpcMemory()
    const content = fakeContent(100)
    const { pass: read } = memory.begin(PAIR, 'f', 'read', PLACE)
    take(read, content, 0, 100)
    equal(memory.finishIfComplete(read), null)
    read.eofAt = 100
    const fact = memory.finishIfComplete(read)
    deepStrictEqual([fact?.complete, fact?.size], [true, 100])
    equal(memory.finishIfComplete(read), null, 'told once')
  })

  test('unfinished reads are told when the last session of the pair ends', () => {
    const memory = new RpcMemory()
    memory.openCarrier(PAIR)
    memory.openCarrier(PAIR)
    memory.learnAttributes(PAIR, 'f', file(3000))
    pass(memory, 'f', fakeContent(3000), 0, 1000)
    deepStrictEqual(memory.closeCarrier(PAIR), [])
    const facts = memory.closeCarrier(PAIR)
    equal(facts.length, 1)
    deepStrictEqual([facts[0]?.covered, facts[0]?.complete, facts[0]?.sha256, facts[0]?.magic], [1000, false, null, 'unknown'])
    deepStrictEqual(memory.closeCarrier(PAIR), [])
  })

  test('another pair ending does not end these', () => {
    const memory = new RpcMemory()
    memory.openCarrier(PAIR)
    memory.openCarrier(`${PAIR}0`)
    pass(memory, 'f', fakeContent(10), 0, 5)
    deepStrictEqual(memory.closeCarrier(`${PAIR}0`), [])
    equal(memory.closeCarrier(PAIR).length, 1)
  })

  test('a file that changes while it is read ends the read of its old content', () => {
    const memory = new RpcMemory()
    equal(memory.learnAttributes(PAIR, 'f', file(3000, 1)), null)
    pass(memory, 'f', fakeContent(3000), 0, 1000)
    const ended = memory.learnAttributes(PAIR, 'f', file(2000, 2))
    deepStrictEqual([ended?.covered, ended?.complete], [1000, false])
    const [fact] = pass(memory, 'f', fakeContent(2000), 0, 2000)
    equal(fact?.complete, true)
  })

  test('a second read of an unchanged file is told when complete, not when a stray block passes', () => {
    const memory = new RpcMemory()
    const content = fakeContent(200)
    memory.openCarrier(PAIR)
    memory.learnAttributes(PAIR, 'f', file(200))
    equal(pass(memory, 'f', content, 0, 200).length, 1)
    equal(pass(memory, 'f', content, 100, 200).length, 0)
    equal(pass(memory, 'f', content, 0, 100).length, 1, 'read again as a whole')
    equal(pass(memory, 'f', content, 100, 200).length, 0)
    deepStrictEqual(memory.closeCarrier(PAIR), [])
  })

  test('a read cut by a session end is news again when it goes on elsewhere', () => {
    const memory = new RpcMemory()
    memory.learnAttributes(PAIR, 'f', file(200))
    memory.openCarrier(PAIR)
    pass(memory, 'f', fakeContent(200), 0, 50)
    equal(memory.closeCarrier(PAIR).length, 1)
    memory.openCarrier(PAIR)
    pass(memory, 'f', fakeContent(200), 50, 100)
    equal(memory.closeCarrier(PAIR).length, 1)
  })

  test('an empty file is complete at once', () => {
    const memory = new RpcMemory()
    memory.learnAttributes(PAIR, 'f', file(0))
    const [fact] = pass(memory, 'f', new Uint8Array(0), 0, 0)
    deepStrictEqual([fact?.complete, fact?.magic, fact?.sha256],
      [true, null, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'])
  })

  test('more than 2048 at once: the oldest makes room and is told', () => {
    const memory = new RpcMemory()
    const content = fakeContent(10)
    const facts: FileTransfer[] = []
    for (let i = 0; i < 2050; i++) {
      memory.learnName(PAIR, null, `n${i}`, `f${i}`)
      facts.push(...pass(memory, `f${i}`, content, 0, 5))
    }
    deepStrictEqual(facts.map((f) => [f.name, f.covered, f.complete]), [['n0', 5, false], ['n1', 5, false]])
    memory.openCarrier(PAIR)
    equal(memory.closeCarrier(PAIR).length, 2048)
  })

  test('a file forgotten while it is read keeps its name in the fact', () => {
    const memory = new RpcMemory()
    memory.openCarrier(PAIR)
    memory.learnName(PAIR, null, 'monitor', 'f')
    memory.learnAttributes(PAIR, 'f', file(100))
    pass(memory, 'f', fakeContent(100), 0, 50)
    for (let i = 0; i < 17000; i++) memory.learnName(PAIR, null, 'x', `h${i}`)
    equal(memory.nameOf(PAIR, 'f'), null)
    const [fact] = pass(memory, 'f', fakeContent(100), 50, 100)
    deepStrictEqual([fact?.name, fact?.complete], ['monitor', true])
    ok(memory.closeCarrier(PAIR).length === 0)
  })
})
