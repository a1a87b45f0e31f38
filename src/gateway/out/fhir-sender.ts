// Fhir sender: bundles as HTTP POSTs on a connection that the courier made, one at a time, and the server's responses.
// Keeps the rules that no byte is written before the server has proved who it is, that a response has a bound, and that redirects are not followed.

import http from 'node:http'
import type net from 'node:net'
import type { TargetConfig } from '../../config/gateway.ts'
import type { QueuedMessage, TargetQueue } from '../queue/delivery.ts'
import { Courier, type Ear, type Speaker } from './courier.ts'
import type { OutDeps, ProtectedSender } from './deps.ts'
import { placeOf } from './dial.ts'
import { countEntries, readFhirAnswer, type FhirResponse } from './fhir-answer.ts'

/** A response to a transaction of a ward's readings with every resource in it; ours asks for none (Prefer: return=minimal). */
export const RESPONSE_BYTES_MAX = 4 * 1024 * 1024

/** Bodies are transaction bundles in JSON. */
export function startFhirSender(target: TargetConfig, queue: TargetQueue, deps: OutDeps): ProtectedSender {
  const url = new URL(target.to)
  return new Courier(target, queue, { place: placeOf(url), window: 1, open: (socket, ear) => new FhirSpeaker(url, socket, ear, deps) }, deps)
}

class FhirSpeaker implements Speaker {
  readonly #url: URL
  readonly #socket: net.Socket
  readonly #ear: Ear
  readonly #deps: OutDeps
  /** Has this one connection and never makes another. */
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 })
  #exchanges = 0
  #isFree = true
  #isInAnswer = false

  constructor(url: URL, socket: net.Socket, ear: Ear, deps: OutDeps) {
    this.#url = url
    this.#socket = socket
    this.#ear = ear
    this.#deps = deps
    this.#agent.createConnection = () => socket
    this.#agent.on('free', () => {
      this.#isFree = true
      ear.free()
    })
  }

  send(message: QueuedMessage): void {
    this.#isFree = this.#isInAnswer = false
    const request = http.request({
      method: 'POST', path: this.#url.pathname, agent: this.#agent,
      headers: {
        host: this.#url.host, 'content-type': 'application/fhir+json', accept: 'application/fhir+json', 'accept-encoding': 'identity',
        prefer: 'return=minimal', 'content-length': message.body.length,
      },
    })
    request.on('response', (response) => this.#collect(response, message))
    request.on('error', (error) => this.#fault(error))
    request.end(message.body)
  }

  canSend(): boolean {
    return this.#isFree && !this.#socket.destroyed
  }

  isInAnswer(): boolean {
    return this.#isInAnswer
  }

  isStale(): boolean {
    return this.#exchanges > 0 && !this.#isInAnswer
  }

  #collect(response: http.IncomingMessage, message: QueuedMessage): void {
    this.#isInAnswer = true
    const chunks: Buffer[] = []
    let length = 0
    response.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= RESPONSE_BYTES_MAX) chunks.push(chunk)
      else this.#ear.unfit(`the receiver's answer is larger than ${RESPONSE_BYTES_MAX / 1024} KiB`)
    })
    // The courier hears that the connection ended; the response's own error adds nothing.
    response.on('error', () => {})
    response.on('end', () => this.#whole(response, Buffer.concat(chunks), message))
  }

  #whole(response: http.IncomingMessage, body: Uint8Array, message: QueuedMessage): void {
    if (!response.complete) return
    this.#isInAnswer = false
    this.#exchanges += 1
    const whole: FhirResponse = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] ?? null, body }
    this.#ear.answered(message, readFhirAnswer(whole, countEntries(message.body), this.#deps.clock()))
  }

  /** Errors of the connection reach the courier by itself; those of the HTTP reader only come here. */
  #fault(error: Error): void {
    if ('code' in error && typeof error.code === 'string' && error.code.startsWith('HPE_')) this.#ear.unfit('the receiver sends what is no HTTP')
  }
}
