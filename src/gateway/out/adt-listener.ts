// Adt listener: where the hospital's ADT comes in: MLLP over mutual TLS, each whole message handed on and answered.
// Keeps the rules: never on an address of the segment, nobody without a certificate of the CA, one message at a time, and every list has a bound.

import net from 'node:net'
import tls from 'node:tls'
import { parseIp, parsePrefix, prefixContains, type Ip } from '../../base/ip.ts'
import { err, ok, type Result } from '../../base/result.ts'
import type { Micros } from '../../base/time.ts'
import type { AdtConfig, TlsFiles } from '../../config/gateway.ts'
import { addressFault } from '../nfs-server.ts'
import { encodeAdtAnswer, readAdtMessage, type AdtCode } from './adt-answer.ts'
import type { OutDeps } from './deps.ts'
import { connectionFault } from './faults.ts'
import { ADT_FRAME_BYTES_MAX, FRAME_FAULTS, MllpReader } from './mllp-frames.ts'
import { expiryWarnings, readTlsFiles, serverOptions, tlsFigures, type TlsFigures, type TlsMaterial } from './tls.ts'

/** Connections at one time: an interface engine uses one, and makes another before it drops the first. */
export const ADT_CONNECTIONS_MAX = 16
/** Handshakes at one time; the oldest gives way: whoever has no certificate cannot keep out who has one. */
export const ADT_HANDSHAKES_MAX = 64
/** A connection whose other end is gone without a word is noticed by the kernel's probes. */
const KEEP_ALIVE_MS = 60_000

export interface AdtLimits {
  readonly handshakeMs: number
  /** A connection that says nothing: nights are quiet, and an engine makes a new one. */
  readonly idleMs: number
  /** A message that was begun and does not end. */
  readonly messageMs: number
}
export const ADT_LIMITS: AdtLimits = { handshakeMs: 10_000, idleMs: 3600_000, messageMs: 30_000 }

export interface AdtDeps extends Pick<OutDeps, 'clock' | 'timers' | 'note'> {
  /** Addresses of the segment, beside the monitors' own network: nothing is answered there. */
  readonly segment: readonly Ip[]
  readonly limits?: Partial<AdtLimits>
}

/** `applied`: AA. `not-applied`: AE, the sender keeps it or tells somebody. `unreadable`: AR. */
export type AdtOutcome = 'applied' | 'not-applied' | 'unreadable'
const CODE: Readonly<Record<AdtOutcome, AdtCode>> = { applied: 'AA', 'not-applied': 'AE', unreadable: 'AR' }

/** How the listener stands, for status and screen. */
export interface AdtState {
  readonly state: 'listening' | 'down'
  /** Why the last connection was not taken; null when it was. */
  readonly why: string | null
  readonly isProtected: boolean
  readonly clearReason: string | null
  readonly connections: number
  readonly answers: Readonly<Record<AdtCode, number>>
  /** Connections that were refused or ended for what they did: one too many, no certificate, the wrong one, no TLS, no MLLP. */
  readonly refused: number
  readonly figures: TlsFigures | null
  readonly warnings: readonly string[]
}

export interface AdtListener {
  state(): AdtState
  readonly port: number
  close(): Promise<void>
}

/** The monitors' own network (facts cms8000): the gateway's side of it answers no hospital. */
const MONITORS_NETWORK = parsePrefix('202.114.4.0/24')

/** Why ADT cannot be taken at this address, or null. For whoever reads the configuration. */
export function adtAddressFault(host: string, segment: readonly Ip[]): string | null {
  const fault = addressFault(host)
  if (fault !== null) return fault
  return isOfSegment(host, segment) ? `${host} is an address of the segment: name one of the hospital's side` : null
}

function isOfSegment(host: string, segment: readonly Ip[]): boolean {
  const ip = parseIp(host.replace(/^::ffff:/, ''))
  if (!ip.ok) return true
  return segment.includes(ip.value) || (MONITORS_NETWORK.ok && prefixContains(MONITORS_NETWORK.value, ip.value))
}

/**
 * Listens, or says why not. `onMessage` gets the bytes of each whole ADT message, one at a time and in order per connection, and decides the answer;
 * it is to answer only after what it did is durable.
 */
export async function startAdtListener(
  config: AdtConfig, onMessage: (bytes: Uint8Array) => AdtOutcome | Promise<AdtOutcome>, deps: AdtDeps,
): Promise<Result<AdtListener>> {
  const fault = adtAddressFault(config.host, deps.segment)
  if (fault !== null) return err(fault)
  const listener = new Listener(config, onMessage, deps)
  const error = await listener.listen()
  return error === null ? ok(listener) : err(error)
}

/** A certificate that this end refused is told by its own fault: the error only says that the connection ended. */
function refusalWords(error: Error, socket: tls.TLSSocket): string {
  // Typed as an Error, and a code in truth.
  const code: unknown = socket.authorizationError
  return typeof code === 'string' ? connectionFault(Object.assign(new Error(), { code })) : connectionFault(error, true)
}

const peerOf = (socket: net.Socket): string => `${socket.remoteAddress} ${socket.remotePort}`

class Listener implements AdtListener {
  readonly #config: AdtConfig
  readonly #onMessage: (bytes: Uint8Array) => AdtOutcome | Promise<AdtOutcome>
  readonly #deps: AdtDeps
  readonly #limits: AdtLimits
  readonly #server = net.createServer({ keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => this.#arrive(socket))
  /** Does the handshakes; it listens nowhere itself, so that its files are read again for each connection. */
  readonly #handshakes: tls.Server
  /** Those that may speak. */
  readonly #sockets = new Set<net.Socket>()
  /** Those that still shake hands, the oldest first. */
  readonly #strangers = new Set<net.Socket>()
  /** What each connection shakes hands with, by its other end. */
  readonly #inHandshake = new Map<string, { readonly material: TlsMaterial; readonly raw: net.Socket }>()
  readonly #answers: Record<AdtCode, number> = { AA: 0, AE: 0, AR: 0 }
  #figures: TlsFigures | null = null
  #why: string | null = null
  #refused = 0
  #controlIds = 0

  constructor(config: AdtConfig, onMessage: (bytes: Uint8Array) => AdtOutcome | Promise<AdtOutcome>, deps: AdtDeps) {
    this.#config = config
    this.#onMessage = onMessage
    this.#deps = deps
    this.#limits = { ...ADT_LIMITS, ...deps.limits }
    this.#handshakes = tls.createServer({ requestCert: true, rejectUnauthorized: true, handshakeTimeout: this.#limits.handshakeMs })
    this.#handshakes.on('tlsClientError', (error, socket) => {
      this.#refuse(refusalWords(error, socket))
      socket.destroy()
    })
    const { protection } = config
    const serverName = protection.kind === 'tls' ? protection.files.serverName : null
    this.#handshakes.on('secureConnection', (socket) => this.#secured(socket, serverName))
  }

  /** Null, or why not. */
  listen(): Promise<string | null> {
    const { host, port, protection } = this.#config
    const material = protection.kind === 'tls' ? readTlsFiles(protection.files, this.#deps.clock()) : null
    if (material !== null && !material.ok) return Promise.resolve(material.error)
    return new Promise((resolve) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => resolve(`cannot listen on ${host} port ${port} (${error.code ?? 'no code'})`))
      this.#server.listen({ host, port }, () => resolve(null))
    })
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  state(): AdtState {
    const { protection } = this.#config
    const isProtected = protection.kind === 'tls'
    return {
      state: this.#server.listening ? 'listening' : 'down', why: this.#why, isProtected, clearReason: isProtected ? null : protection.reason,
      connections: this.#sockets.size, answers: { ...this.#answers }, refused: this.#refused, figures: this.#figures,
      warnings: this.#figures === null ? [] : expiryWarnings(this.#figures, 'the sender\'s', this.#deps.clock()),
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of [...this.#sockets, ...this.#strangers]) socket.destroy()
    })
  }

  #refuse(why: string): void {
    this.#refused += 1
    if (this.#why !== why) this.#deps.note(`ADT: ${why}`)
    this.#why = why
  }

  #arrive(socket: net.Socket): void {
    socket.on('error', () => {})
    const { localAddress } = socket
    if (localAddress !== undefined && isOfSegment(localAddress, this.#deps.segment)) {
      this.#refuse('a connection came to an address of the segment')
      socket.destroy()
      return
    }
    const { protection } = this.#config
    if (protection.kind === 'clear') this.#converse(socket)
    else this.#secure(socket, protection.files)
  }

  #shake(raw: net.Socket): void {
    const [oldest] = this.#strangers
    if (oldest !== undefined && this.#strangers.size >= ADT_HANDSHAKES_MAX) {
      this.#refuse(`more than ${ADT_HANDSHAKES_MAX} connections without a certificate`)
      this.#strangers.delete(oldest)
      oldest.destroy()
    }
    this.#strangers.add(raw)
    raw.on('close', () => this.#strangers.delete(raw))
  }

  #secure(raw: net.Socket, files: TlsFiles): void {
    const now = this.#deps.clock()
    const material = readTlsFiles(files, now)
    if (!material.ok) {
      this.#refuse(material.error)
      raw.destroy()
      return
    }
    const peer = peerOf(raw)
    this.#shake(raw)
    this.#inHandshake.set(peer, { material: material.value, raw })
    raw.on('close', () => this.#inHandshake.delete(peer))
    this.#handshakes.setSecureContext(serverOptions(material.value))
    this.#handshakes.emit('connection', raw)
  }

  #secured(socket: tls.TLSSocket, serverName: string | null): void {
    const found = this.#inHandshake.get(peerOf(socket))
    this.#inHandshake.delete(peerOf(socket))
    const isOther = serverName !== null && tls.checkServerIdentity(serverName, socket.getPeerCertificate()) !== undefined
    if (isOther) this.#refuse('the sender\'s certificate is for another name than the configured serverName')
    if (isOther || found === undefined) {
      socket.destroy()
      return
    }
    this.#strangers.delete(found.raw)
    this.#figures = tlsFigures(socket, found.material)
    this.#converse(socket)
  }

  #converse(socket: net.Socket): void {
    if (this.#sockets.size >= ADT_CONNECTIONS_MAX) {
      this.#refuse(`more than ${ADT_CONNECTIONS_MAX} connections`)
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    this.#why = null
    new Conversation(socket, this.#limits, this.#deps, (bytes) => this.#answer(bytes), (why) => this.#refuse(why)).begin()
  }

  async #answer(bytes: Uint8Array): Promise<Uint8Array> {
    const code = readAdtMessage(bytes) === null ? 'AR' : CODE[await this.#onMessage(bytes)]
    this.#answers[code] += 1
    this.#controlIds += 1
    const now: Micros = this.#deps.clock()
    return encodeAdtAnswer(bytes, code, `A${now.toString(36)}${this.#controlIds.toString(36)}`.toUpperCase(), now)
  }
}

/** One connection: reads a message, has it answered, and reads no further before the answer is written. */
class Conversation {
  readonly #socket: net.Socket
  readonly #limits: AdtLimits
  readonly #deps: AdtDeps
  readonly #answer: (bytes: Uint8Array) => Promise<Uint8Array>
  readonly #onFault: (why: string) => void
  readonly #reader = new MllpReader(ADT_FRAME_BYTES_MAX)
  #stopWait: (() => void) | null = null
  #isInMessage = false

  constructor(
    socket: net.Socket, limits: AdtLimits, deps: AdtDeps, answer: (bytes: Uint8Array) => Promise<Uint8Array>, onFault: (why: string) => void,
  ) {
    this.#socket = socket
    this.#limits = limits
    this.#deps = deps
    this.#answer = answer
    this.#onFault = onFault
  }

  begin(): void {
    const socket = this.#socket
    socket.on('error', () => {})
    socket.on('close', () => this.#stopWait?.())
    socket.on('data', (bytes: Buffer) => {
      socket.pause()
      this.#reader.push(bytes)
      void this.#pump()
    })
    this.#watch()
  }

  async #pump(): Promise<void> {
    for (let event = this.#reader.next(); event !== null && !this.#socket.destroyed; event = this.#reader.next()) {
      if (event.kind === 'failure') return this.#fault(`the sender sends ${FRAME_FAULTS[event.fault]}`)
      if (event.kind === 'frame') this.#socket.write(await this.#answer(event.bytes))
    }
    this.#watch()
    this.#socket.resume()
  }

  /** A message has its time from its first byte on; a connection that is silent has a longer one, and ends without a word. */
  #watch(): void {
    if (this.#isInMessage && this.#reader.isInside) return
    this.#stopWait?.()
    this.#isInMessage = this.#reader.isInside
    const [ms, run] = this.#isInMessage
      ? [this.#limits.messageMs, () => this.#fault('the sender began a message and did not end it in time')] as const
      : [this.#limits.idleMs, () => this.#socket.destroy()] as const
    this.#stopWait = this.#socket.destroyed ? null : this.#deps.timers.after(ms, run)
  }

  #fault(why: string): void {
    this.#onFault(why)
    this.#socket.destroy()
  }
}
