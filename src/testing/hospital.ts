// hospital: an MLLP receiver and a FHIR receiver as a hospital has them: they check certificates, keep what they got, and misbehave when told to.
// Keeps the rule of every receiver: a repetition is known by its control id, answered again and kept once.

import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import type { TlsFiles } from '../config/gateway.ts'
import { MllpReader } from '../gateway/out/mllp-frames.ts'
import { encodeMllp } from '../protocols/hl7/message.ts'

/** What an MLLP receiver does with a message. Only `answer` is as it should be. */
export type MllpMood =
  | 'answer' | 'wrong-id' | 'garbage' | 'close-mid-answer' | 'close-before-answer' | 'silent' | 'endless' | 'twice' | 'close-after-answer'
  | 'AE' | 'AR' | 'CE' | 'busy'
/** What a FHIR receiver does with a transaction: a status, or something worse. */
export type FhirMood =
  | number | 'cut' | 'cut-mid-answer' | 'silent' | 'no-transaction' | 'too-few' | 'entry-422' | 'huge' | 'redirect' | 'no-http' | 'close-after-answer'

export interface Received {
  readonly id: string
  readonly text: string
}

export interface TlsSetup {
  readonly files: TlsFiles
  readonly options?: tls.TlsOptions
}

/** What both receivers keep. */
export class Inbox {
  /** Each message once. */
  readonly kept: Received[] = []
  /** Ids as they came, repetitions too. */
  readonly seen: string[] = []
  readonly #waiters: { readonly count: number; readonly done: () => void }[] = []

  take(id: string, text: string): void {
    this.seen.push(id)
    if (!this.kept.some((message) => message.id === id)) this.kept.push({ id, text })
    for (const { count, done } of this.#waiters) if (this.seen.length >= count) done()
  }

  /** Resolves when so many came, repetitions counted. */
  got(count: number): Promise<void> {
    return this.seen.length >= count ? Promise.resolve() : new Promise((done) => void this.#waiters.push({ count, done }))
  }
}

/** Reads its files at its start, as a server of a hospital does. Null: in clear. */
function tlsOptions(setup: TlsSetup): tls.TlsOptions {
  const [ca, cert, key] = [setup.files.ca, setup.files.cert, setup.files.key].map((file) => fs.readFileSync(file))
  return { ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2', ...setup.options }
}

abstract class Receiver {
  readonly inbox = new Inbox()
  connections = 0
  /** Handshakes that failed, by code. */
  readonly refusedPeers: string[] = []
  protected server: net.Server | null = null
  readonly #sockets = new Set<net.Socket>()

  protected async listen(server: net.Server, port: number): Promise<void> {
    this.server = server
    server.on('connection', (socket: net.Socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('tlsClientError', (error: Error & { code?: string }) => this.refusedPeers.push(error.code ?? 'no code'))
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  get port(): number {
    return (this.server?.address() as net.AddressInfo).port
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const { server } = this
    if (server === null || !server.listening) return
    const closed = once(server, 'close')
    server.close()
    this.cutAll()
    await closed
  }
}

export class MllpHospital extends Receiver {
  /** For the next messages; a list is used up one by one, its last one stays. */
  moods: MllpMood[] = ['answer']
  /** Messages with these ids get this, whatever the mood. */
  readonly never = new Map<string, MllpMood>()

  static async start(setup: TlsSetup | null, port = 0): Promise<MllpHospital> {
    const hospital = new MllpHospital()
    const serve = (socket: net.Socket): void => hospital.#serve(socket)
    await hospital.listen(setup === null ? net.createServer(serve) : tls.createServer(tlsOptions(setup), serve), port)
    return hospital
  }

  #serve(socket: net.Socket): void {
    const reader = new MllpReader(1024 * 1024)
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes)
      for (let event = reader.next(); event !== null; event = reader.next()) {
        if (event.kind === 'failure') return socket.destroy()
        if (event.kind === 'frame') this.#message(socket, new TextDecoder().decode(event.bytes))
      }
    })
  }

  #message(socket: net.Socket, text: string): void {
    const id = text.split('\r')[0]?.split('|')[9] ?? ''
    this.inbox.take(id, text)
    const mood = this.never.get(id) ?? (this.moods.length > 1 ? this.moods.shift() : this.moods[0]) ?? 'answer'
    const act: Partial<Record<MllpMood, () => void>> = {
      'wrong-id': () => socket.write(answer('AA', 'nobody-asked')),
      garbage: () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'close-mid-answer': () => socket.end(answer('AA', id).subarray(0, 20)),
      'close-before-answer': () => socket.destroy(),
      silent: () => {},
      endless: () => socket.write(new Uint8Array(70_000).fill(0x41).fill(0x0b, 0, 1)),
      twice: () => socket.write(Buffer.concat([answer('CA', id), answer('AA', id)])),
      'close-after-answer': () => socket.end(answer('AA', id)),
      busy: () => socket.write(answer('AE', id, `ERR||PID^1^5|207|E||||${text.split('PID|')[1] ?? ''}`)),
    }
    const usual = (): void => void socket.write(answer(mood === 'answer' ? 'AA' : mood, id, mood === 'answer' ? '' : refusalErr(text)))
    ;(act[mood] ?? usual)()
  }
}

/** As engines do it: the offending text is quoted, patient and all. */
function refusalErr(text: string): string {
  return `ERR||PID^1^5|102|E||||cannot store ${text.split('PID|')[1]?.split('\r')[0] ?? ''}`
}

function answer(code: string, id: string, err = ''): Uint8Array {
  const quoted = err === '' ? '' : `|${err.slice(err.lastIndexOf('|') + 1)}`
  const head = `MSH|^~\\&|ENGINE|HOSPITAL|GATEWAY|WARD|20260105070000||ACK^R01^ACK|A-${id}|P|2.6`
  return encodeMllp([head, `MSA|${code}|${id}${quoted}`, ...err === '' ? [] : [err], ''].join('\r'))
}

interface Transaction {
  readonly entry: readonly { readonly resource: { readonly resourceType: string; readonly identifier?: readonly { readonly value: string }[] } }[]
}

export class FhirHospital extends Receiver {
  moods: FhirMood[] = [200]
  /** Transactions with these ids get this, whatever the mood. */
  readonly never = new Map<string, FhirMood>()
  retryAfter: string | null = null
  readonly requests: { readonly url: string; readonly type: string }[] = []

  static async start(setup: TlsSetup | null, port = 0): Promise<FhirHospital> {
    const hospital = new FhirHospital()
    const serve = (request: http.IncomingMessage, response: http.ServerResponse): void => void hospital.#serve(request, response)
    await hospital.listen(setup === null ? http.createServer(serve) : https.createServer(tlsOptions(setup), serve), port)
    return hospital
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const bundle = JSON.parse(text) as Transaction
    this.requests.push({ url: request.url ?? '', type: request.headers['content-type'] ?? '' })
    this.inbox.take(businessId(bundle), text)
    this.#respond(response, bundle, this.never.get(businessId(bundle)) ?? (this.moods.length > 1 ? this.moods.shift() : this.moods[0]) ?? 200)
  }

  #respond(response: http.ServerResponse, bundle: Transaction, mood: FhirMood): void {
    const { socket } = response
    const ok = (statuses: readonly string[]): string =>
      JSON.stringify({ resourceType: 'Bundle', type: 'transaction-response', entry: statuses.map((status) => ({ response: { status } })) })
    const all = bundle.entry.map(() => '201 Created')
    const send = (status: number, body: string, headers: http.OutgoingHttpHeaders = {}): void =>
      void response.writeHead(status, { 'content-type': 'application/fhir+json', ...headers }).end(body)
    const act: Partial<Record<FhirMood, () => void>> = {
      cut: () => socket?.destroy(),
      'cut-mid-answer': () => void socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{"resourceType":"Bun'),
      silent: () => {},
      'no-transaction': () => send(200, '{"resourceType":"Bundle","type":"searchset"}'),
      'too-few': () => send(200, ok(all.slice(1))),
      'entry-422': () => send(200, ok(['422 Unprocessable', ...all.slice(1)])),
      huge: () => send(200, 'x'.repeat(5 * 1024 * 1024)),
      redirect: () => send(307, '', { location: 'http://127.0.0.1:9/elsewhere' }),
      'no-http': () => void socket?.end('MSH|^~\\&|not http at all\r\n\r\n'),
      'close-after-answer': () => send(200, ok(all), { connection: 'close' }),
      200: () => send(200, ok(all)),
    }
    const usual = (): void => send(Number(mood), outcome(JSON.stringify(bundle)), this.retryAfter === null ? {} : { 'retry-after': this.retryAfter })
    ;(act[mood] ?? usual)()
  }
}

/** The business identifier of what was observed, without its last part: what the messages of this gateway are known by. */
function businessId(bundle: Transaction): string {
  const values = bundle.entry.filter((e) => e.resource.resourceType === 'Observation').map((e) => e.resource.identifier?.[0]?.value ?? '')
  return (values[0] ?? '').replace(/-[a-z0-9]+(?:-[a-z]+)?$/, '')
}

/** As servers do it: diagnostics quote what they did not like. */
function outcome(quoted: string): string {
  const issue = [{ severity: 'error', code: 'business-rule', diagnostics: quoted, expression: [quoted] }, { severity: 'error', code: quoted }]
  return JSON.stringify({ resourceType: 'OperationOutcome', text: { div: quoted }, issue })
}
