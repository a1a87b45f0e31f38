// Courier: one target, one connection: messages of its queue out in order, answers back, as the table of talk.ts says.
// Keeps the rule that only an answer that fits takes a message out of the queue; whatever else happens gives it back as ambiguous.

import type net from 'node:net'
import type { TargetConfig } from '../../config/gateway.ts'
import type { LineState, QueuedMessage, TargetQueue } from '../queue/delivery.ts'
import type { Answer } from './answer.ts'
import type { OutDeps, ProtectedSender } from './deps.ts'
import { dial, type Place } from './dial.ts'
import { Doubt } from './doubt.ts'
import { connectionFault } from './faults.ts'
import { Line, Talk } from './line.ts'
import { TALK, type TalkAction, type TalkEvent, type TalkState } from './talk.ts'
import { expiryWarnings, type TlsFigures } from './tls.ts'

/** Tries of a message that the receiver puts off for its own reasons, before it is set apart and the next ones get their turn. */
export const LATER_TRIES_MAX = 5

/** What speaks a protocol over one connection that stands. */
export interface Speaker {
  send(message: QueuedMessage): void
  /** It takes a message now; when it does again it says `free`. */
  canSend(): boolean
  /** Part of an answer came. */
  isInAnswer(): boolean
  /** The connection was used before and nothing came of the answer to this message. */
  isStale(): boolean
}

/** What a speaker reports. */
export interface Ear {
  answered(message: QueuedMessage, answer: Answer): void
  /** Something came that answers no message. */
  unfit(why: string): void
  free(): void
  /** Sent and not answered, in order. */
  owed(): readonly QueuedMessage[]
}

export interface Tongue {
  readonly place: Place
  readonly window: number
  open(socket: net.Socket, ear: Ear): Speaker
}

export class Courier implements ProtectedSender {
  readonly #line: Line
  readonly #queue: TargetQueue
  readonly #tongue: Tongue
  readonly #talk: Talk<TalkState, TalkEvent, TalkAction>
  #owed: QueuedMessage[] = []
  #socket: net.Socket | null = null
  #speaker: Speaker | null = null
  #figures: TlsFigures | null = null
  /** What the state `pausing` shows, and the pause that the receiver asked for. */
  #why = ''
  #leastMs = 0
  readonly #doubt = new Doubt()
  #putOff: { readonly seq: number; readonly tries: number } | null = null

  constructor(target: TargetConfig, queue: TargetQueue, tongue: Tongue, deps: OutDeps) {
    this.#queue = queue
    this.#tongue = tongue
    this.#line = new Line(target, deps)
    this.#talk = new Talk(TALK, 'idle', (action) => this.#act(action))
    queue.onWork(() => this.#talk.on('work'))
    this.#talk.on('start')
  }

  state(): LineState {
    return this.#line.state()
  }

  figures(): TlsFigures | null {
    return this.#figures
  }

  warnings(): readonly string[] {
    return this.#figures === null ? [] : expiryWarnings(this.#figures, 'the receiver\'s', this.#line.now())
  }

  close(): Promise<void> {
    const socket = this.#socket
    const closed = socket === null || socket.closed ? Promise.resolve() : new Promise<void>((resolve) => socket.once('close', () => resolve()))
    this.#queue.onWork(null)
    this.#doubt.forget()
    this.#talk.on('close')
    return closed
  }

  #act(action: TalkAction): void {
    const act: Readonly<Record<TalkAction, () => void>> = {
      dial: () => this.#dial(),
      drop: () => this.#drop(),
      fill: () => this.#fill(),
      look: () => this.#look(),
      lose: () => this.#lose(),
      watch: () => this.#line.wait('watch', this.#line.limits.answerMs, () => this.#silent()),
      unwatch: () => this.#line.stop('watch'),
      pause: () => this.#pause(),
      unpause: () => this.#line.stop('pause'),
      calm: () => this.#line.calm(),
    }
    act[action]()
  }

  #dial(): void {
    this.#line.set('connecting')
    const dialled = dial(this.#tongue.place, this.#line.target.protection, this.#line.now())
    if (!dialled.ok) return this.#fault('failed', dialled.error)
    const { socket, readyEvent, figures } = dialled.value
    this.#socket = socket
    this.#line.wait('watch', this.#line.limits.connectMs, () => this.#fault('slow', 'the target does not finish the connection in time'))
    // What a connection says after it was dropped is nobody's business.
    const ours = <T extends unknown[]>(run: (...args: T) => void) => (...args: T): void => {
      if (this.#socket === socket) run(...args)
    }
    socket.on(readyEvent, ours(() => this.#connected(socket, figures())))
    socket.on('error', ours((error: Error) => this.#broken('failed', connectionFault(error, this.#isInHandshake()))))
    socket.on('close', ours(() => this.#broken('ended', this.#endWords())))
  }

  #connected(socket: net.Socket, figures: TlsFigures | null): void {
    const { limits } = this.#line
    this.#figures = figures
    socket.setKeepAlive(true, limits.keepAliveMs)
    this.#speaker = this.#tongue.open(socket, this.#ear(socket))
    this.#line.stop('watch')
    this.#line.wait('age', limits.connectionMs, () => this.#talk.on('aged'))
    this.#line.set('connected')
    for (const warning of this.warnings()) this.#line.note(warning)
    this.#talk.on('connected')
  }

  #ear(socket: net.Socket): Ear {
    const ours = (run: () => void): void => {
      if (this.#socket === socket) run()
    }
    return {
      answered: (message, answer) => ours(() => this.#answered(message, answer)),
      unfit: (why) => ours(() => this.#fault('unfit', why)),
      free: () => ours(() => this.#talk.on('work')),
      owed: () => (this.#socket === socket ? this.#owed.filter((message) => !this.#doubt.held.includes(message)) : []),
    }
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = null
    this.#speaker = null
    this.#line.stop('watch')
    this.#line.stop('age')
    this.#line.set('idle')
    socket?.destroy()
  }

  #fill(): void {
    const speaker = this.#speaker
    if (speaker === null || !speaker.canSend()) return
    if (this.#doubt.held.length > 0) return this.#sendHeld(speaker)
    const aside = this.#owed.length > 0 ? 0 : this.#doubt.aside()
    const room = aside > 0 ? aside + 1 : this.#tongue.window - this.#owed.length
    if (room < 1) return
    const messages = this.#queue.take(room, this.#line.now())
    this.#owed.push(...messages)
    this.#doubt.held = aside > 0 ? messages.slice(0, -1) : []
    for (const message of messages.slice(this.#doubt.held.length)) speaker.send(message)
    if (messages.length > 0) this.#talk.on('sent')
  }

  /** One at a time, when all others are answered. */
  #sendHeld(speaker: Speaker): void {
    const { held } = this.#doubt
    if (this.#owed.length > held.length) return
    const next = held.shift()
    if (next === undefined) return
    this.#doubt.prove(next)
    speaker.send(next)
  }

  #look(): void {
    const { waiting, ambiguous } = this.#queue.figures(this.#line.now())
    if (waiting + ambiguous > 0) this.#talk.on('work')
  }

  #lose(): void {
    const proved = this.#doubt.lost(this.#owed)
    if (proved !== null) this.#setApart(proved.message, proved.tries)
    if (this.#owed.length > 0) this.#queue.connectionLost(this.#line.now())
    this.#owed = []
  }

  /** Without an end it would hold up all behind it. */
  #setApart(message: QueuedMessage, tries: number): void {
    const why = `not taken in ${tries} tries, the last one just after another message was taken; the receiver may have it: ${this.#why}`
    this.#queue.refuse(message.seq, why, this.#line.now())
    this.#line.note(`a message was set apart (${why})`)
  }

  #pause(): void {
    this.#line.down(this.#why)
    this.#line.pause(() => this.#talk.on('pause-over'), this.#leastMs)
    this.#leastMs = 0
  }

  #fault(event: TalkEvent, why: string, leastMs = 0): void {
    this.#why = why
    this.#leastMs = leastMs
    this.#talk.on(event)
  }

  #broken(event: 'failed' | 'ended', why: string): void {
    this.#fault(this.#speaker?.isStale() === true && this.#owed.length > 0 ? 'stale' : event, why)
  }

  #silent(): void {
    const isInAnswer = this.#speaker?.isInAnswer() === true
    this.#fault('silent', isInAnswer ? 'the receiver began an answer and did not end it in time' : 'the receiver takes messages and does not answer in time')
  }

  #isInHandshake(): boolean {
    return this.#speaker === null && this.#line.target.protection.kind === 'tls'
  }

  #endWords(): string {
    if (this.#speaker?.isInAnswer() === true) return 'the receiver closed the connection in the middle of an answer'
    const when = this.#owed.length > 0 ? 'before it answered' : 'before it was ready'
    return `the receiver closed the connection ${when}`
  }

  #answered(message: QueuedMessage, answer: Answer): void {
    if (answer.kind === 'unfit') return this.#fault('unfit', answer.why)
    if (answer.kind === 'later' && this.#isPutOff(message, answer.isOfMessage)) return this.#fault('later', answer.why, answer.leastMs)
    const at = this.#line.now()
    this.#doubt.answered(message)
    if (answer.kind === 'delivered') this.#queue.acknowledge([message.seq], at)
    else this.#queue.refuse(message.seq, answer.why, at)
    if (answer.kind !== 'delivered') this.#line.note(`a message was refused and set apart (${answer.why})`)
    this.#owed = this.#owed.filter((owed) => owed !== message)
    this.#talk.on(this.#owed.length > 0 ? 'answered' : 'answered-last')
  }

  /** Counts the tries of a message that may be the only one that is not taken: without an end it would hold up all behind it. */
  #isPutOff({ seq }: QueuedMessage, isOfMessage: boolean): boolean {
    if (!isOfMessage) return true
    this.#putOff = { seq, tries: this.#putOff?.seq === seq ? this.#putOff.tries + 1 : 1 }
    return this.#putOff.tries < LATER_TRIES_MAX
  }
}
