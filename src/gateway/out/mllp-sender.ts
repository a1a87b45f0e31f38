// Mllp sender: HL7 messages as MLLP blocks, and acknowledgements by their control id.
// Keeps the rule that an answer counts only for a message that was sent on this connection: MSA-2 must be its control id.

import type net from 'node:net'
import { assert } from '../../base/assert.ts'
import type { TargetConfig } from '../../config/gateway.ts'
import type { QueuedMessage, TargetQueue } from '../queue/delivery.ts'
import { readAcknowledgement } from './ack.ts'
import { Courier, type Ear, type Speaker } from './courier.ts'
import { SENDER_LIMITS, type OutDeps, type ProtectedSender } from './deps.ts'
import { parsePlace } from './dial.ts'
import { ANSWER_FRAME_BYTES_MAX, asBlock, FRAME_FAULTS, MllpReader } from './mllp-frames.ts'

/** Control ids remembered after their answer: in enhanced mode a second answer, of the application, may follow the first. */
const ANSWERED_IDS_MAX = 64

/** Bodies are messages with or without their MLLP block. */
export function startMllpSender(target: TargetConfig, queue: TargetQueue, deps: OutDeps): ProtectedSender {
  const place = parsePlace(target.to)
  assert(place !== null, 'a pcd01 target is host:port')
  const window = deps.limits?.window ?? SENDER_LIMITS.window
  return new Courier(target, queue, { place, window, open: (socket, ear) => new MllpSpeaker(socket, ear) }, deps)
}

class MllpSpeaker implements Speaker {
  readonly #socket: net.Socket
  readonly #ear: Ear
  readonly #reader = new MllpReader(ANSWER_FRAME_BYTES_MAX)
  readonly #answered: string[] = []

  constructor(socket: net.Socket, ear: Ear) {
    this.#socket = socket
    this.#ear = ear
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
  }

  send(message: QueuedMessage): void {
    this.#socket.write(asBlock(message.body))
  }

  canSend(): boolean {
    return true
  }

  isInAnswer(): boolean {
    return this.#reader.isInside
  }

  isStale(): boolean {
    return false
  }

  #read(bytes: Uint8Array): void {
    this.#reader.push(bytes)
    for (let event = this.#reader.next(); event !== null && !this.#socket.destroyed; event = this.#reader.next()) {
      if (event.kind === 'frame') this.#answer(event.bytes)
      else if (event.kind === 'failure') return this.#ear.unfit(`the receiver sends what is no answer: ${FRAME_FAULTS[event.fault]}`)
    }
  }

  #answer(bytes: Uint8Array): void {
    const { controlId, answer } = readAcknowledgement(bytes)
    if (answer.kind === 'unfit') return this.#ear.unfit(answer.why)
    const message = this.#ear.owed().find((owed) => owed.controlId === controlId)
    if (message === undefined) return this.#stray(controlId)
    this.#answered.push(controlId)
    if (this.#answered.length > ANSWERED_IDS_MAX) this.#answered.shift()
    this.#ear.answered(message, answer)
  }

  #stray(controlId: string): void {
    if (!this.#answered.includes(controlId)) this.#ear.unfit('the receiver answered a message that was not sent: MSA-2 is none of ours')
  }
}
