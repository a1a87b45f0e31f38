// replay: a capture through the wire layer gives the facts a hand-fed session gives, whatever the file's wrapping.
// Keeps the test tool itself under test: flows, identification, and damage told in the summary.

import { deepStrictEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createRpc } from '../protocols/rpc/index.ts'
import { captureBytes, replay, replayCapture } from './replay.ts'

const COPY = new URL('../protocols/rpc/testdata/ganesha-copy.pcap.gz', import.meta.url)

test('gzip or plain, path or bytes: the same facts', () => {
  const plain = captureBytes(COPY)
  deepStrictEqual(plain.slice(0, 4), Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1))
  const facts = replayCapture(COPY, [createRpc()])
  ok(facts.length > 100)
  deepStrictEqual(replayCapture(plain, [createRpc()]), facts)
  deepStrictEqual(replayCapture(fileURLToPath(COPY), [createRpc()]), facts)
})

test('flows carry the protocol that was recognised, in order of first packet', () => {
  const { flows, summary } = replay(COPY, [createRpc()])
  equal(flows.length, 16)
  ok(flows.every((f) => f.protocol === 'rpc'))
  deepStrictEqual(flows.map((f) => f.id), flows.map((_, i) => i + 1))
  deepStrictEqual(summary.problems, [])
})

test('without rows nothing is recognised and nothing is told', () => {
  const { facts, flows } = replay(COPY, [])
  deepStrictEqual(facts, [])
  ok(flows.length === 16 && flows.every((f) => f.protocol === null))
})

test('a cut capture gives what could be read, and says so', () => {
  const bytes = captureBytes(COPY)
  const { facts, summary } = replay(bytes.slice(0, bytes.length >> 1), [createRpc()])
  deepStrictEqual(summary.problems.map((p) => p.code), ['truncated'])
  ok(facts.length > 10)
})

test('what is no capture gives no fact; what is no file is a mistake of the test', () => {
  const { facts, summary } = replay(new Uint8Array(100), [createRpc()])
  deepStrictEqual(facts, [])
  ok(summary.problems.length > 0)
  throws(() => replay('no-such-file.pcap', []))
})
