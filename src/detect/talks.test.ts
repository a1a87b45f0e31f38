// Talks: flows added up, live ones on copies, and flows that the flow table saw from the wrong end turned round.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CARD, flow } from '../testing/world.ts'
import { Talks } from './talks.ts'

const MONITOR = '10.20.4.31'
const CENTRAL = '202.114.4.119'
const live = flow(MONITOR, CENTRAL, 515, { protocol: 'cms8000', payloadBytes: [900, 0], packets: [9, 8], bytes: [1000, 400], lastAt: 5 })

test('a live flow is in the snapshot and changes nothing; an ended one is counted once', () => {
  const talks = new Talks()
  for (let i = 0; i < 2; i++) assert.deepEqual(talks.snapshot([live]).talks.map((t) => [t.flows, t.bytes, t.answered, t.oneSided]), [[1, 1000, 1, 0]])
  talks.ended(live)
  assert.deepEqual(talks.snapshot([]).talks.map((t) => [t.src, t.dst, t.port, t.nextHop, t.flows]), [[MONITOR, CENTRAL, 515, CARD.router, 1]])
  assert.equal(talks.snapshot([live]).talks[0]?.flows, 2)
})

test('times of monitor connections are remembered up to a bound, and what is beyond it is counted', () => {
  const talks = new Talks(0, 10, 2)
  for (let i = 1; i <= 5; i++) talks.ended({ ...live, id: i })
  talks.ended(flow(MONITOR, CENTRAL, 80, { id: 9 }))
  assert.deepEqual(talks.snapshot([]).spans.map((span) => span.flowId), [1, 2])
  assert.equal(talks.spansNotKept, 3)
  assert.equal(talks.notKept, 0)
})

test('payload without a packet back is one-sided; a bare SYN, a SYN with data and a datagram are not', () => {
  const rows = [
    [{ state: 'midstream', payloadBytes: [10, 0] }, 1, 0],
    [{ state: 'established', payloadBytes: [10, 0] }, 1, 0],
    [{ state: 'attempt', payloadBytes: [0, 0] }, 0, 1],
    [{ state: 'attempt', payloadBytes: [10, 0] }, 0, 1],
    [{ state: 'datagram', proto: 17, payloadBytes: [10, 0] }, 0, 0],
  ] as const
  for (const [more, oneSided, unanswered] of rows) {
    const talks = new Talks()
    talks.ended(flow(MONITOR, CENTRAL, 515, { ...more, packets: [3, 0], payloadBytes: [...more.payloadBytes] }))
    const [t] = talks.snapshot([]).talks
    assert.deepEqual([t?.oneSided, t?.unanswered, t?.answered], [oneSided, unanswered, 0], JSON.stringify(more))
  }
})

test('a flow heard from the wrong end is turned by its content, live and ended, unless the SYN was seen', () => {
  const reversed = flow(CENTRAL, MONITOR, 40_000, {
    protocol: 'cms8000', srcPort: 515, macs: [CARD.router, CARD.monitor], packets: [8, 9], bytes: [400, 1000], payloadBytes: [0, 900], state: 'midstream',
  })
  const talks = new Talks()
  talks.turn(reversed)
  const expected = [[MONITOR, CENTRAL, 515, CARD.router, 1000, 400]]
  const rows = (of: Parameters<Talks['snapshot']>[0]) => talks.snapshot(of).talks.map((t) => [t.src, t.dst, t.port, t.nextHop, t.bytes, t.bytesBack])
  assert.deepEqual(rows([reversed]), expected)
  assert.deepEqual(talks.snapshot([reversed]).spans.map((s) => [s.monitor, s.central]), [[MONITOR, CENTRAL]])
  talks.ended(reversed)
  assert.deepEqual(rows([]), expected)
  const opened = flow(CENTRAL, MONITOR, 40_000, { tcpFlags: [2, 18] })
  talks.turn(opened)
  assert.equal(talks.snapshot([opened]).talks.some((t) => t.src === CENTRAL), true)
})
