// Expected: a flow is known by the end that was announced, from either side, in its own VLAN, in time; the oldest goes first.
// Keeps the rule that announcements are bounded and name no flow of anybody else.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { FAKE_INITIATOR as A, FAKE_RESPONDER as B, fakeContext, fakeFlow } from '../testing/fake-context.ts'
import { ExpectedFlows, senderPort } from './expected.ts'
import { compileRegistry, IdentifyingSession } from './identify.ts'
import type { ProtocolRow } from './protocol.ts'

const AT = fakeFlow('udp').firstAt
const MINUTE = 60_000_000

test('either side may open it; another peer, port or VLAN is another flow', () => {
  const expected = new ExpectedFlows<string>()
  const request = fakeFlow('udp', { srcPort: 2000, dstPort: 69 })
  equal(expected.of(request), null)
  expected.announce(request, A, senderPort(request, 0), B, 'file', AT)
  equal(expected.of(fakeFlow('udp', { src: B, srcPort: 3333, dst: A, dstPort: 2000 })), 'file')
  equal(expected.of(fakeFlow('udp', { src: A, srcPort: 2000, dst: B, dstPort: 3333 })), 'file')
  equal(expected.of(fakeFlow('udp', { src: B, srcPort: 3333, dst: A, dstPort: 2001 })), null)
  equal(expected.of(fakeFlow('udp', { src: A, srcPort: 3333, dst: B, dstPort: 2000 })), null, 'the port is the other\'s')
  equal(expected.of(fakeFlow('udp', { vlan: 7, src: B, srcPort: 3333, dst: A, dstPort: 2000 })), null)
})

test('a newer announcement replaces; an old one is forgotten with time', () => {
  const expected = new ExpectedFlows<string>()
  const flow = fakeFlow('udp', { srcPort: 2000 })
  expected.announce(flow, A, 2000, B, 'one', AT)
  expected.announce(flow, A, 2000, B, 'two', AT + MINUTE)
  equal(expected.of(flow), 'two')
  equal(expected.of({ ...flow, firstAt: AT + 12 * MINUTE }), null)
})

test('4096 are remembered, the oldest goes first', () => {
  const expected = new ExpectedFlows<number>()
  for (let port = 1; port <= 4100; port++) expected.announce(fakeFlow('udp'), A, port, B, port, AT)
  equal(expected.of(fakeFlow('udp', { srcPort: 4 })), null)
  equal(expected.of(fakeFlow('udp', { srcPort: 5 })), 5)
})

test('identification opens the row that expects the flow, before any probe', () => {
  const opened: string[] = []
  const row = (id: string, expects: boolean): ProtocolRow => ({
    id, name: id, transports: ['udp'], hints: [], probe: () => 'yes', expects: { ports: () => true, flow: () => expects },
    open: () => ({ feed: () => void opened.push(id), gap: () => {}, end: () => {} }),
  })
  const context = fakeContext('udp')
  const session = new IdentifyingSession(compileRegistry([row('first', false), row('second', true)]), context)
  session.feed(0, Uint8Array.of(1), 0, 1, 0)
  equal(opened.join(), 'second')
  equal(context.flow.protocol, 'second')
})
