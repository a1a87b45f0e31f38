// Line: one connection of a monitor to one server as a state table: find the hop, connect or retry, stream until it stops.
// Keeps the rule that the device model is a table; what is said on the line is a Speech, made elsewhere.

import { randomInt, type Rng } from '../../base/rng.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { runTable, type Actions, type TableRow } from './machine.ts'
import { NO_FRAMES, type WardFrame } from './packets.ts'
import { SYN_RETRIES, TcpTalk, unansweredSyns, type Relay, type Standpoint } from './tcp-talk.ts'

export type LineState = 'dark' | 'addressing' | 'resolving' | 'connecting' | 'resting' | 'streaming' | 'silent' | 'off'
/** What can be due on a stream. */
export type SpeechEvent = 'cycle-due' | 'measurement-due' | 'status-due' | 'record-due'
export type LineEvent =
  | 'power-on' | 'address-ready' | 'hop-known' | 'connected' | 'timed-out' | 'rested' | 'crashed' | 'power-cycled' | 'left-alone'
  | SpeechEvent
export type LineAction =
  | 'get-address' | 'ask-for-hop' | 'connect' | 'rest' | 'greet' | 'send-cycle' | 'send-measurement' | 'send-status' | 'send-record'
  | 'fall-silent' | 'stay-dark'

/** Facts sections 1 to 3. That the greeting is 3E then 45, and that a lost connection is retried for ever, is inferred. */
export const LINE_TABLE: readonly TableRow<LineState, LineEvent, LineAction>[] = [
  { state: 'dark', event: 'power-on', action: 'get-address', next: 'addressing' },
  { state: 'addressing', event: 'address-ready', action: 'ask-for-hop', next: 'resolving' },
  { state: 'resolving', event: 'hop-known', action: 'connect', next: 'connecting' },
  { state: 'connecting', event: 'timed-out', action: 'rest', next: 'resting' },
  { state: 'resting', event: 'rested', action: 'connect', next: 'connecting' },
  { state: 'connecting', event: 'connected', action: 'greet', next: 'streaming' },
  { state: 'streaming', event: 'cycle-due', action: 'send-cycle', next: 'streaming' },
  { state: 'streaming', event: 'measurement-due', action: 'send-measurement', next: 'streaming' },
  { state: 'streaming', event: 'status-due', action: 'send-status', next: 'streaming' },
  { state: 'streaming', event: 'record-due', action: 'send-record', next: 'streaming' },
  { state: 'streaming', event: 'crashed', action: 'fall-silent', next: 'silent' },
  { state: 'silent', event: 'power-cycled', action: 'get-address', next: 'addressing' },
  { state: 'silent', event: 'left-alone', action: 'stay-dark', next: 'off' },
]

/** The content of a stream. */
export interface Speech {
  readonly periodMicros: Micros
  readonly jitterMicros: Micros
  /** Said once per connection, or null. */
  greeting(): Uint8Array | null
  /** What comes at the next turn. `record-due` takes no turn of its own: the next event has the same time. */
  next(): SpeechEvent
  say(event: SpeechEvent, at: Micros): Uint8Array
}

/** Something a stranger does to the line at a moment: sit down in the middle, or add bytes. */
export interface Interference {
  readonly at: Micros
  readonly relay: Relay | null
  readonly inject: Uint8Array | null
}

export interface LineSetup {
  readonly client: Standpoint
  readonly server: Standpoint
  readonly port: number
  readonly answered: boolean
  readonly startAt: Micros
  /** First moment at which the monitor says nothing any more; Infinity for never. */
  readonly crashAt: Micros
  /** When someone switches it off and on again after the crash (facts section 7, CVE-2022-38100); Infinity for never. */
  readonly powerCycleAt: Micros
  readonly speech: Speech
  readonly rng: Rng
  /** In time order. */
  readonly interference: readonly Interference[]
  /** Frames that give the monitor an address, and those that find the next hop; each ends at the time it returns. */
  readonly getAddress: (at: Micros) => Generator<WardFrame, Micros, undefined>
  readonly findHop: (at: Micros) => Generator<WardFrame, Micros, undefined>
}

/** Local port range of Linux since 2.4; a line takes the next one each time it connects. */
const EPHEMERAL_PORT = 32_768
const PORTS_ROUND = 28_232
/** The monitor's own reconnect interval is unknown (facts section 1); made up. */
const REST_MICROS = 5 * MICROS_PER_SECOND

/** Frames of the line from power-on until it falls silent, or for ever. */
export function* playLine(setup: LineSetup): Generator<WardFrame, void, undefined> {
  yield* runTable(LINE_TABLE, 'dark', 'power-on', new Line(setup).actions())
}

class Line {
  readonly #setup: LineSetup
  readonly #pending: Interference[]
  #at: Micros
  #port: number
  #talk: TcpTalk
  #streamStart: Micros = 0
  #turn = 0
  #isRevived = false

  constructor(setup: LineSetup) {
    this.#setup = setup
    this.#at = setup.startAt
    this.#port = randomInt(setup.rng, 0, PORTS_ROUND - 1)
    this.#pending = [...setup.interference]
    this.#talk = this.#newTalk()
  }

  actions(): Actions<LineEvent, LineAction> {
    return {
      'get-address': () => this.#getAddress(),
      'ask-for-hop': () => this.#askForHop(),
      connect: () => this.#connect(),
      rest: () => this.#rest(),
      greet: () => this.#greet(),
      'send-cycle': () => this.#send('cycle-due'),
      'send-measurement': () => this.#send('measurement-due'),
      'send-status': () => this.#send('status-due'),
      'send-record': () => this.#send('record-due'),
      'fall-silent': () => this.#fallSilent(),
      'stay-dark': () => this.#fallSilent(),
    }
  }

  #newTalk(): TcpTalk {
    const { client, server, port, rng } = this.#setup
    this.#port = (this.#port + 1) % PORTS_ROUND
    return new TcpTalk({ client: { ...client, port: EPHEMERAL_PORT + this.#port }, server: { ...server, port }, rng })
  }

  *#getAddress(): Generator<WardFrame, LineEvent, undefined> {
    this.#at = yield* this.#setup.getAddress(this.#at)
    return 'address-ready'
  }

  *#askForHop(): Generator<WardFrame, LineEvent, undefined> {
    this.#at = yield* this.#setup.findHop(this.#at)
    return 'hop-known'
  }

  *#connect(): Generator<WardFrame, LineEvent, undefined> {
    this.#talk = this.#newTalk()
    if (!this.#setup.answered) {
      this.#at = yield* unansweredSyns(this.#talk, this.#at, SYN_RETRIES)
      return 'timed-out'
    }
    yield* this.#talk.open(this.#at)
    this.#at = this.#talk.freeAt
    return 'connected'
  }

  *#rest(): Generator<WardFrame, LineEvent, undefined> {
    yield* NO_FRAMES
    this.#at += REST_MICROS
    return 'rested'
  }

  *#greet(): Generator<WardFrame, LineEvent, undefined> {
    const greeting = this.#setup.speech.greeting()
    if (greeting !== null) yield* this.#talk.send(0, greeting, this.#at)
    this.#streamStart = this.#talk.freeAt
    this.#turn = 0
    this.#takeTurn()
    return this.#nextEvent()
  }

  *#send(event: SpeechEvent): Generator<WardFrame, LineEvent, undefined> {
    yield* this.#interfere()
    yield* this.#talk.send(0, this.#setup.speech.say(event, this.#at), this.#at)
    if (event !== 'record-due') this.#takeTurn()
    return this.#nextEvent()
  }

  /** Sets the clock to the next turn: evenly spaced from the start of the stream, each a little late. */
  #takeTurn(): void {
    const { speech, rng } = this.#setup
    this.#turn++
    this.#at = this.#streamStart + this.#turn * speech.periodMicros + randomInt(rng, 0, speech.jitterMicros)
  }

  #nextEvent(): LineEvent {
    return !this.#isRevived && this.#at >= this.#setup.crashAt ? 'crashed' : this.#setup.speech.next()
  }

  *#interfere(): Generator<WardFrame, void, undefined> {
    for (let next = this.#pending[0]; next !== undefined && next.at <= this.#at; next = this.#pending[0]) {
      this.#pending.shift()
      if (next.relay !== null) this.#talk.divert(next.relay)
      if (next.inject !== null) yield* this.#talk.inject(next.inject, next.at)
    }
  }

  /** No FIN, no RST, nothing: the peer is not told. */
  *#fallSilent(): Generator<WardFrame, LineEvent, undefined> {
    yield* NO_FRAMES
    if (!Number.isFinite(this.#setup.powerCycleAt)) return 'left-alone'
    this.#isRevived = true
    this.#at = this.#setup.powerCycleAt
    return 'power-cycled'
  }
}
