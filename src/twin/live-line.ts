// LiveLine: one monitor's stream on one port over real sockets: connect, greet, a turn each period, faults, and again after every end.
// Keeps the rule that it writes only to the address it was given by the ward, which has asked the guard; what comes back is only counted.

import net from 'node:net'
import { randomInt, type Rng } from '../base/rng.ts'
import type { Micros } from '../base/time.ts'
import { ConnectionPage, type BedAccount, type Ending, type OnSent } from './account.ts'
import type { Speech } from './core/line.ts'
import { plainTurn, type Deed, type Fault, type Leaving, type Piece } from './faults.ts'

const MICROS_PER_MILLI = 1000

export interface LiveLineSetup {
  readonly speaks: 'cms' | 'hl7'
  readonly host: string
  readonly port: number
  readonly source: string
  readonly speech: Speech
  readonly fault: Fault
  readonly rng: Rng
  readonly account: BedAccount
  /** Frames of one turn's bytes. */
  readonly framesOf: (bytes: Uint8Array) => readonly Uint8Array[]
  /** Microseconds since 1970. */
  readonly clock: () => Micros
  readonly onSent: OnSent | null
}

/** The monitor's own reconnect interval is unknown (facts cms8000 section 1); short, so that storms are storms. */
const REST_MS: readonly [number, number] = [200, 1200]
/** Bytes the other side has not taken: a monitor has no memory for more. Half a minute of a stream. */
const UNSENT_BYTES_MAX = 48 * 1024
/** Connections left in silence that are still open; the oldest is then closed, so that a device stays within what a gateway allows. */
const SILENT_MAX = 3
/** How long the end of a connection is waited for, before it counts as broken. */
const END_WAIT_MS = 10_000

/** One connection and its page. */
class Talk {
  readonly socket: net.Socket
  readonly page: ConnectionPage
  /** How the monitor means to end it; null while it does not. */
  leaving: Leaving | null = null
  isConnected = false
  isOver = false

  constructor(socket: net.Socket, page: ConnectionPage) {
    this.socket = socket
    this.page = page
  }
}

export class LiveLine {
  readonly #setup: LiveLineSetup
  #talk: Talk | null = null
  readonly #silent: Talk[] = []
  readonly #ending = new Set<Promise<void>>()
  #deeds: Deed[] = []
  #timer: NodeJS.Timeout | null = null
  #waiting: NodeJS.Timeout | null = null
  #nextAtMs = 0
  #isStopped = false

  constructor(setup: LiveLineSetup) {
    this.#setup = setup
  }

  start(afterMs: number): void {
    this.#timer = setTimeout(() => this.#connect(), afterMs)
  }

  get isUp(): boolean {
    return this.#talk !== null && this.#talk.socket.readyState === 'open'
  }

  /** Leaves in the given way, whatever was being said, and connects again at once. */
  leave(how: Leaving): void {
    if (this.isUp) this.#leave(how, 0)
  }

  /** Ends every connection in order, and resolves when all of them have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#clearTimers()
    const talks = [...this.#silent, ...(this.#talk === null ? [] : [this.#talk])]
    for (const talk of talks) this.#close(talk, talk.leaving ?? 'close')
    await Promise.all(this.#ending)
  }

  #clearTimers(): void {
    for (const timer of [this.#timer, this.#waiting]) if (timer !== null) clearTimeout(timer)
    this.#timer = this.#waiting = null
    this.#deeds = []
  }

  #connect(): void {
    const { host, port, source, account, onSent } = this.#setup
    const socket = net.connect({ host, port, localAddress: source, noDelay: true })
    const talk = new Talk(socket, new ConnectionPage(onSent !== null))
    this.#talk = talk
    socket.on('data', (bytes: Buffer) => (account.heardBytes += bytes.length))
    socket.on('connect', () => {
      account.connections++
      talk.isConnected = true
      this.#greet(talk)
    })
    // `close` follows and tells what it meant.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed(talk))
  }

  #greet(talk: Talk): void {
    if (talk !== this.#talk) return
    const greeting = this.#setup.speech.greeting()
    if (greeting !== null) this.#do(plainTurn(this.#setup.framesOf(greeting)).map(withoutTurn))
    this.#nextAtMs = performance.now()
    this.#schedule()
  }

  /** Evenly spaced from the greeting on, each a little late. */
  #schedule(): void {
    const { speech, rng } = this.#setup
    this.#nextAtMs += speech.periodMicros / MICROS_PER_MILLI
    const late = randomInt(rng, 0, speech.jitterMicros) / MICROS_PER_MILLI
    this.#timer = setTimeout(() => this.#turn(), Math.max(0, this.#nextAtMs + late - performance.now()))
  }

  #turn(): void {
    const { speech, account, framesOf, fault, clock } = this.#setup
    let event = speech.next()
    const parts: Uint8Array[] = []
    if (event === 'record-due') {
      parts.push(...framesOf(speech.say(event, clock())))
      event = speech.next()
    }
    parts.push(...framesOf(speech.say(event, clock())))
    if ((this.#talk?.socket.writableLength ?? 0) > UNSENT_BYTES_MAX) account.skippedTurns++
    else this.#do(fault(plainTurn(parts)))
    if (this.isUp) this.#schedule()
  }

  #do(deeds: readonly Deed[]): void {
    this.#deeds.push(...deeds)
    this.#run()
  }

  #run(): void {
    while (this.#waiting === null && this.#talk !== null) {
      const deed = this.#deeds.shift()
      if (deed === undefined) return
      if (deed.kind === 'write') this.#write(this.#talk, deed.pieces)
      else if (deed.kind === 'wait') this.#wait(deed.ms)
      else this.#leave(deed.how, randomInt(this.#setup.rng, ...REST_MS))
    }
  }

  #wait(ms: number): void {
    this.#waiting = setTimeout(() => {
      this.#waiting = null
      this.#run()
    }, ms)
  }

  #write(talk: Talk, pieces: readonly Piece[]): void {
    if (pieces.length === 0) return
    const bytes = pieces.length === 1 ? (pieces[0] as Piece).bytes : Buffer.concat(pieces.map((piece) => piece.bytes))
    talk.socket.write(bytes, (failed) => {
      if (failed) return
      for (const piece of pieces) talk.page.taken(piece)
    })
  }

  #leave(how: Leaving, restMs: number): void {
    const talk = this.#talk
    this.#clearTimers()
    this.#talk = null
    if (talk === null) return
    talk.leaving = how
    if (how !== 'silence') this.#close(talk, how)
    else {
      this.#silent.push(talk)
      if (this.#silent.length > SILENT_MAX) this.#close(this.#silent[0] as Talk, 'silence')
    }
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#connect(), restMs)
  }

  /** Asks for the end; `#closed` hears of it. */
  #close(talk: Talk, how: Leaving): void {
    if (talk.isOver) return
    talk.leaving = how
    this.#ending.add(new Promise<void>((done) => {
      const patience = setTimeout(() => talk.socket.destroy(new Error('the other side does not close')), END_WAIT_MS)
      talk.socket.once('close', () => {
        clearTimeout(patience)
        done()
      })
      if (!talk.isConnected) talk.socket.destroy()
      else if (how === 'reset') talk.socket.resetAndDestroy()
      else talk.socket.end()
    }))
  }

  #closed(talk: Talk): void {
    const { account, speaks, onSent } = this.#setup
    talk.isOver = true
    const place = this.#silent.indexOf(talk)
    if (place >= 0) this.#silent.splice(place, 1)
    if (!talk.isConnected) account.refused += talk.leaving === null ? 1 : 0
    else talk.page.end(account, speaks, endingOf(talk), onSent)
    if (talk !== this.#talk) return
    this.#clearTimers()
    this.#talk = null
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#connect(), randomInt(this.#setup.rng, ...REST_MS))
  }
}

/** In order only when the monitor wanted the end and nothing went wrong. */
function endingOf({ leaving, socket }: Talk): Ending {
  if (leaving === null) return 'broken'
  return leaving !== 'reset' && socket.errored !== null ? 'broken' : leaving
}

/** A greeting is no turn. */
function withoutTurn(deed: Deed): Deed {
  if (deed.kind !== 'write') return deed
  return { kind: 'write', pieces: deed.pieces.map((p) => (p.ends === null ? p : { ...p, ends: { ...p.ends, endsTurn: false } })) }
}
