// Tests of the conversation's table: every end gives back what is owed, no state is a dead end, and a slow twin of the queue never loses a message.
// Keeps the page honest: docs/gateway-out.md prints this table.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Talk } from './line.ts'
import { printTable, step } from './talk-table.ts'
import { TALK, type TalkAction, type TalkEvent, type TalkState } from './talk.ts'

const STATES = Object.keys(TALK) as TalkState[]
const EVENTS = [...new Set(STATES.flatMap((state) => Object.keys(TALK[state])))] as TalkEvent[]

test('the page prints the table', () => {
  const page = fs.readFileSync(path.join(import.meta.dirname, '..', '..', '..', 'docs', 'gateway-out.md'), 'utf8')
  ok(page.includes(printTable(TALK)), printTable(TALK))
})

test('an event that a state does not name changes nothing', () => {
  deepEqual(step(TALK, 'closed', 'work'), { to: 'closed', actions: [] })
  deepEqual(step(TALK, 'pausing', 'work'), { to: 'pausing', actions: [] })
})

test('whoever owes an answer gives it back: each way out of waiting and draining to no connection drops and loses', () => {
  for (const state of ['waiting', 'draining'] as const) {
    for (const [event, { to, actions }] of Object.entries(TALK[state])) {
      if (to !== 'pausing' && to !== 'closed' && event !== 'stale') continue
      ok((['drop', 'lose', 'unwatch'] as const).every((action) => actions.includes(action)), `${state} ${event}`)
    }
  }
})

test('messages are sent in ready and waiting only, a pause is asked for exactly on the way to pausing, dial exactly on the way to connecting', () => {
  for (const state of STATES) {
    for (const [event, { to, actions }] of Object.entries(TALK[state])) {
      if (actions.includes('fill')) ok(to === 'ready' || to === 'waiting', `${state} ${event}`)
      equal(actions.includes('pause'), to === 'pausing', `${state} ${event}`)
      equal(actions.includes('dial'), to === 'connecting', `${state} ${event}`)
      if (actions.includes('dial') && state !== 'idle' && state !== 'pausing') ok(actions.includes('drop'), `${state} ${event} keeps two connections`)
    }
  }
})

test('every state but closed can be reached, closed from everywhere, and connecting again from every other', () => {
  const reach = (from: TalkState): Set<TalkState> => {
    const seen = new Set<TalkState>([from])
    for (const state of seen) for (const { to } of Object.values(TALK[state])) seen.add(to)
    return seen
  }
  deepEqual([...reach('idle')].sort(), [...STATES].sort())
  for (const state of STATES.filter((s) => s !== 'closed')) {
    ok(reach(state).has('connecting') && TALK[state].close?.to === 'closed', state)
  }
})

/** Plays the table over a queue of numbers, with a connection that is only a flag: what is there once is there always, until it is answered. */
class Toy {
  waiting: number[] = []
  owed: number[] = []
  done: number[] = []
  isConnected = false
  isPausing = false
  readonly talk: Talk<TalkState, TalkEvent, TalkAction> = new Talk(TALK, 'idle', (action) => this.#act(action))

  #act(action: TalkAction): void {
    if (action === 'drop') this.isConnected = false
    if (action === 'dial') ok(!this.isConnected, 'dials beside a connection')
    if (action === 'pause') this.isPausing = true
    if (action === 'unpause') this.isPausing = false
    if (action === 'lose') this.waiting = [...this.owed.splice(0), ...this.waiting]
    if (action === 'look' && this.waiting.length > 0) this.talk.on('work')
    if (action === 'fill') this.#fill()
  }

  #fill(): void {
    ok(this.isConnected, 'fills without a connection')
    const taken = this.waiting.splice(0, 2 - this.owed.length)
    this.owed.push(...taken)
    if (taken.length > 0) this.talk.on('sent')
  }

  /** Only what the world can do in this state. */
  on(event: TalkEvent, next: () => number): void {
    const { state } = this.talk
    if (event === 'work') this.waiting.push(next())
    if (event === 'connected' && state === 'connecting') this.isConnected = true
    if (event === 'pause-over') this.isPausing = false
    if (event === 'answered' || event === 'answered-last') return this.#answer()
    if (event !== 'sent') this.talk.on(event)
  }

  #answer(): void {
    const first = this.owed.shift()
    if (first === undefined) return
    this.done.push(first)
    this.talk.on(this.owed.length > 0 ? 'answered' : 'answered-last')
  }
}

test('property: whatever happens, no message is lost, none is done twice, and they are done in order', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 60 }), (events) => {
    const toy = new Toy()
    let count = 0
    for (const event of ['start' as const, ...events]) {
      toy.on(event, () => ++count)
      const all = [...toy.done, ...toy.owed, ...toy.waiting]
      deepEqual(all, Array.from({ length: count }, (_, i) => i + 1), event)
      equal(toy.owed.length > 0, toy.talk.state === 'waiting' || toy.talk.state === 'draining', `${event} -> ${toy.talk.state}`)
      equal(toy.isPausing, toy.talk.state === 'pausing')
    }
  }), { numRuns: 3000 })
})

test('property: when the world is well again, everything is done', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...EVENTS.filter((event) => event !== 'close')), { maxLength: 40 }), (events) => {
    const toy = new Toy()
    let count = 0
    for (const event of ['start' as const, ...events]) toy.on(event, () => ++count)
    for (let i = 0; i < 4 * count + 8; i++) for (const event of ['pause-over', 'connected', 'answered'] as const) toy.on(event, () => 0)
    deepEqual(toy.done, Array.from({ length: count }, (_, i) => i + 1))
  }), { numRuns: 1000 })
})
