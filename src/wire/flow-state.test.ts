// The TCP state table as a document, and the handshakes a newcomer would try on it.
// Keeps house habit 13: a golden is read in review; a changed cell shows as a changed line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  FIRST, FIRST_CODE, FLOW_STATES, formatTcpStates, NEXT, nextStateCode, TCP_EVENTS, type TcpEvent, type TcpState,
} from './flow-state.ts'
import type { Direction } from './flow.ts'
import { TcpFlag } from './frame.ts'

const GOLDEN = `
state            syn              synAck           rstFromInitiator rstFromResponder fromInitiator    fromResponder    bothFins
(first segment)  attempt          established      closed           closed           midstream        midstream        midstream
attempt          attempt          established      attempt          refused          established      established      closed
refused          refused          established      refused          refused          refused          refused          refused
established      established      established      closed           closed           established      established      closed
midstream        established      established      closed           closed           midstream        midstream        closed
closed           closed           closed           closed           closed           closed           closed           closed
`

/** Names the event of one segment. `otherSideFinished`: the other side has already sent its FIN. */
function tcpEvent(flags: number, direction: Direction, otherSideFinished: boolean): TcpEvent {
  if ((flags & TcpFlag.rst) !== 0) return direction === 0 ? 'rstFromInitiator' : 'rstFromResponder'
  if ((flags & TcpFlag.syn) !== 0) return (flags & TcpFlag.ack) !== 0 ? 'synAck' : 'syn'
  if ((flags & TcpFlag.fin) !== 0 && otherSideFinished) return 'bothFins'
  return direction === 0 ? 'fromInitiator' : 'fromResponder'
}

/** The state after `event`; null as the state before means the first segment of the flow. */
function nextTcpState(state: TcpState | null, event: TcpEvent): TcpState {
  return (state === null ? FIRST : NEXT[state])[event]
}

test('the table as printed', () => {
  assert.equal(formatTcpStates(), GOLDEN.trim())
})

function run(...events: TcpEvent[]): TcpState | null {
  return events.reduce<TcpState | null>((state, event) => nextTcpState(state, event), null)
}

test('what each story ends as', () => {
  assert.equal(run('syn', 'syn', 'syn'), 'attempt')
  assert.equal(run('syn', 'rstFromResponder'), 'refused')
  assert.equal(run('syn', 'synAck', 'fromInitiator'), 'established')
  assert.equal(run('syn', 'synAck', 'fromInitiator', 'bothFins'), 'closed')
  assert.equal(run('syn', 'synAck', 'rstFromInitiator'), 'closed', 'a SYN scan that hit an open port')
  assert.equal(run('fromResponder', 'fromInitiator'), 'midstream')
  assert.equal(run('syn', 'rstFromResponder', 'fromResponder', 'synAck'), 'established', 'frag/sv__bug-3286-03')
})

test('no event leaves closed, and only a SYN+ACK leaves refused', () => {
  for (const event of TCP_EVENTS) {
    assert.equal(nextTcpState('closed', event), 'closed')
    assert.equal(nextTcpState('refused', event) !== 'refused', event === 'synAck')
  }
})

test('every state can be reached from a first segment', () => {
  const reached = new Set<TcpState>(TCP_EVENTS.map((event) => nextTcpState(null, event)))
  for (let round = 0; round < TCP_EVENTS.length; round++) {
    for (const state of reached) for (const event of TCP_EVENTS) reached.add(nextTcpState(state, event))
  }
  assert.deepEqual([...reached].sort(), ['attempt', 'closed', 'established', 'midstream', 'refused'])
})

test('flags name the event: RST before SYN before FIN', () => {
  const { syn, ack, fin, rst, psh } = TcpFlag
  const rows: [number, 0 | 1, boolean, TcpEvent][] = [
    [syn, 0, false, 'syn'], [syn | ack, 1, false, 'synAck'], [rst, 0, false, 'rstFromInitiator'], [rst | ack, 1, false, 'rstFromResponder'],
    [rst | syn, 1, true, 'rstFromResponder'], [syn | fin, 0, true, 'syn'], [fin | ack, 0, false, 'fromInitiator'],
    [fin | ack, 1, true, 'bothFins'], [psh | ack, 1, true, 'fromResponder'], [0, 0, false, 'fromInitiator'],
  ]
  for (const [flags, direction, otherDone, event] of rows) assert.equal(tcpEvent(flags, direction, otherDone), event, `flags ${flags}`)
})

test('the machine as numbers says what the rows say, for every state, flag, side and FIN', () => {
  const states = [null, ...FLOW_STATES.filter((state) => state !== 'datagram')] as (TcpState | null)[]
  for (const state of states) {
    for (let flags = 0; flags < 64; flags++) {
      for (const direction of [0, 1] as const) {
        for (const finished of [false, true]) {
          const wanted = nextTcpState(state, tcpEvent(flags, direction, finished))
          const code = nextStateCode(state === null ? FIRST_CODE : FLOW_STATES.indexOf(state), flags, direction, finished)
          assert.equal(FLOW_STATES[code], wanted, `${state} ${flags} ${direction} ${finished}`)
        }
      }
    }
  }
})
