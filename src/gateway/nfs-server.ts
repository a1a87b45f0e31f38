// nfs-server: the sockets of the update server: UDP and TCP on portmap's, mountd's and NFS's port of one address of the segment.
// Keeps the rules: never 0.0.0.0, replies leave from the address that was asked, every list of connections has a bound, nothing is read from disk.

import dgram from 'node:dgram'
import net from 'node:net'
import { parseIp, type Ip } from '../base/ip.ts'
import type { Micros } from '../base/time.ts'
import type { AuditRecord } from './core/update/audit.ts'
import type { Offer, Peer } from './core/update/context.ts'
import { hmacSha256 } from './core/update/hmac.ts'
import { RecordReader, type RpcRecord } from './core/update/records.ts'
import { UpdateServer, type GrantStatus, type UpdateAnswer, type UpdateSetup } from './core/update/server.ts'
import type { Grant } from './core/update/window.ts'
import { recordMark, withRecordMark } from '../protocols/rpc/encode.ts'

export interface NfsServerOptions {
  /** The segment's own address, e.g. 202.114.4.119. The unspecified address is refused. */
  readonly address: string
  /** 32 random bytes of this run: a restart makes every handle stale. */
  readonly key: Uint8Array
  readonly ports?: Offer['ports']
  readonly nfsVersions?: Offer['nfsVersions']
  readonly reservedPortsOnly?: boolean
  readonly rates?: UpdateSetup['rates']
  /** Microseconds since 1970. */
  readonly clock: () => Micros
  readonly onRecord: (record: AuditRecord) => void
  /** Descriptors that somebody bound to these ports before: then nothing is bound here. */
  readonly bound?: (transport: 'udp' | 'tcp', port: number) => number
  /** In force before the first call is heard; later ones by `setGrants`. */
  readonly grants?: readonly Grant[]
  /** A faster keyed digest than the built-in one, of the same function. */
  readonly mac?: typeof hmacSha256
}

/** 111 is fixed by RFC 1833; 635 is where busybox mounts when portmap does not answer; 2049 is its fall-back for NFS. */
export const UPDATE_PORTS: Offer['ports'] = { portmap: 111, mount: 635, nfs: 2049 }

/** Connections at one time, and from one address. busybox uses one to portmap, one to mountd, one to NFS. */
export const CONNECTIONS_MAX = 128
export const CONNECTIONS_PER_SOURCE_MAX = 16
/** A connection that says nothing; kernels close an idle mount's after five minutes. */
const IDLE_MS = 6 * 60_000
/** A record that was begun and does not end. */
const RECORD_MS = 30_000
/** Bytes of answers a client has not taken; then nothing more is read from it. Two READs. */
const UNSENT_BYTES_MAX = 512 * 1024
const TICK_MS = 1000
/** Zeros after data, by its length modulo four (RFC 4506 section 3). */
const PADDING = [0, 3, 2, 1].map((length) => new Uint8Array(length))

export interface ServerCounts {
  readonly requests: { readonly [procedure: string]: number }
  readonly duplicates: number
  readonly connectionsRefused: number
  readonly connectionsDropped: number
  /** Datagrams and connections that were no call. */
  readonly noCalls: number
}

/** Why a server cannot stand here, or null. */
export function addressFault(address: string): string | null {
  const ip = parseIp(address)
  if (!ip.ok) return `"${address}" is not an IP address`
  if (ip.value === '0.0.0.0' || ip.value === '::') return `${address} would answer on every network; name the segment's own address`
  return null
}

/** One connection: reads a record, answers it, and reads no further while the client does not take its answers. */
class Connection {
  readonly #socket: net.Socket
  readonly #answer: (bytes: Uint8Array, whole: boolean) => UpdateAnswer
  readonly #onDrop: () => void
  readonly #reader = new RecordReader()
  #pending: Uint8Array = new Uint8Array(0)
  #at = 0
  /** Runs while a record has begun and not ended. */
  #deadline: NodeJS.Timeout | null = null

  constructor(socket: net.Socket, answer: (bytes: Uint8Array, whole: boolean) => UpdateAnswer, onDrop: () => void) {
    this.#socket = socket
    this.#answer = answer
    this.#onDrop = onDrop
    socket.setTimeout(IDLE_MS, () => this.#drop())
  }

  /** The socket is paused while bytes are pending, so at most one chunk is. */
  read(bytes: Uint8Array): void {
    this.#pending = bytes
    this.#at = 0
    this.#socket.pause()
    this.pump()
  }

  pump(): void {
    while (this.#at < this.#pending.length && !this.#socket.destroyed) {
      if (this.#socket.writableLength > UNSENT_BYTES_MAX) return
      const { record, at } = this.#reader.next(this.#pending, this.#at, this.#pending.length)
      this.#at = at
      if (this.#reader.fault !== null) return this.#drop()
      if (record && !this.#reply(record)) return this.#drop()
    }
    this.#watchRecord()
    this.#socket.resume()
  }

  end(): void {
    if (this.#deadline) clearTimeout(this.#deadline)
    this.#deadline = null
  }

  #reply(record: RpcRecord): boolean {
    const { reply, data, isNoCall } = this.#answer(record.bytes, record.whole)
    if (isNoCall) return false
    if (reply !== null && data === null) this.#socket.write(withRecordMark(reply))
    if (reply !== null && data !== null) this.#writeData(reply, data)
    return true
  }

  /** As one write of several pieces, so that the data goes from the release to the kernel without a copy. */
  #writeData(reply: Uint8Array, data: Uint8Array): void {
    const padding = PADDING[data.length % 4] as Uint8Array
    this.#socket.cork()
    this.#socket.write(recordMark(reply.length + data.length + padding.length))
    for (const piece of [reply, data, padding]) this.#socket.write(piece)
    this.#socket.uncork()
  }

  /** Each record has its time from its first byte on: a byte now and then does not keep a connection. */
  #watchRecord(): void {
    if (this.#reader.isIdle) this.end()
    else this.#deadline ??= setTimeout(() => this.#drop(), RECORD_MS)
  }

  #drop(): void {
    this.#onDrop()
    this.#socket.resetAndDestroy()
  }
}

/** A running server. `close()` ends every socket and tells what each open window stands at. */
export class NfsServer {
  readonly #options: NfsServerOptions
  readonly #core: UpdateServer
  readonly #ports: Offer['ports']
  readonly #sockets: dgram.Socket[] = []
  readonly #listeners: net.Server[] = []
  readonly #connections = new Map<net.Socket, Ip>()
  #timer: NodeJS.Timeout | null = null
  #refused = 0
  #dropped = 0
  #noCalls = 0

  private constructor(options: NfsServerOptions) {
    this.#options = options
    this.#ports = options.ports ?? UPDATE_PORTS
    this.#core = new UpdateServer({
      key: { key: options.key, mac: options.mac ?? hmacSha256 },
      offer: { ports: this.#ports, nfsVersions: options.nfsVersions ?? [2, 3], reservedPortsOnly: options.reservedPortsOnly ?? true },
      ...(options.rates ? { rates: options.rates } : {}),
    })
  }

  /** Binds all six sockets or none. Rejects with the system's error (EADDRINUSE: often the host's own rpcbind on 111). */
  static async start(options: NfsServerOptions): Promise<NfsServer> {
    const fault = addressFault(options.address)
    if (fault !== null) throw new Error(`the update server cannot stand on this address: ${fault}`)
    const server = new NfsServer(options)
    if (options.grants) server.setGrants(options.grants)
    try {
      for (const port of Object.values(server.#ports)) {
        await server.#listenUdp(port)
        await server.#listenTcp(port)
      }
    } catch (cause) {
      await server.close()
      throw cause
    }
    server.#timer = setInterval(() => server.#tell(server.#core.tick(options.clock())), TICK_MS)
    server.#timer.unref()
    return server
  }

  setGrants(grants: readonly Grant[]): void {
    this.#tell(this.#core.setGrants(grants, this.#options.clock()))
  }

  status(): GrantStatus[] {
    return this.#core.status(this.#options.clock())
  }

  counts(): ServerCounts {
    const { requests, duplicates } = this.#core.counts()
    return {
      requests: Object.fromEntries(requests), duplicates, connectionsRefused: this.#refused, connectionsDropped: this.#dropped, noCalls: this.#noCalls,
    }
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#tell(this.#core.setGrants([], this.#options.clock(), 'server-stopped'))
    for (const socket of this.#connections.keys()) socket.destroy()
    await Promise.all([
      ...this.#sockets.map((s) => new Promise<void>((done) => s.close(() => done()))),
      ...this.#listeners.map((l) => new Promise<void>((done) => l.close(() => done()))),
    ])
  }

  #tell(records: readonly AuditRecord[]): void {
    for (const record of records) this.#options.onRecord(record)
  }

  async #listenUdp(port: number): Promise<void> {
    const { address, bound } = this.#options
    const socket = dgram.createSocket({ type: net.isIPv6(address) ? 'udp6' : 'udp4', reuseAddr: false })
    socket.on('message', (message, from) => {
      const { reply, data } = this.#answer(message, { ip: from.address as Ip, port: from.port, transport: 'udp' }, true)
      // A send that fails (no route, neighbour gone) is the network's loss like any other: the client asks again.
      if (reply !== null) socket.send(data === null ? [reply] : [reply, data, PADDING[data.length % 4] as Uint8Array], from.port, from.address, () => undefined)
    })
    await new Promise<void>((done, failed) => {
      socket.once('error', failed)
      socket.bind(bound ? { fd: bound('udp', port), exclusive: true } : { address, port, exclusive: true }, () => {
        socket.off('error', failed)
        socket.on('error', () => this.#dropped++)
        this.#sockets.push(socket)
        done()
      })
    })
  }

  async #listenTcp(port: number): Promise<void> {
    const { address: host, bound } = this.#options
    const listener = net.createServer({ noDelay: true }, (socket) => this.#accept(socket))
    await new Promise<void>((done, failed) => {
      listener.once('error', failed)
      listener.listen(bound ? { fd: bound('tcp', port) } : { host, port, exclusive: true, backlog: CONNECTIONS_MAX }, () => {
        listener.off('error', failed)
        listener.on('error', () => this.#dropped++)
        this.#listeners.push(listener)
        done()
      })
    })
  }

  /** One too many is reset at once: a client sees "refused", not silence. */
  #accept(socket: net.Socket): void {
    const ip = (socket.remoteAddress ?? '') as Ip
    const ofSource = [...this.#connections.values()].filter((other) => other === ip).length
    if (this.#connections.size >= CONNECTIONS_MAX || ofSource >= CONNECTIONS_PER_SOURCE_MAX) {
      this.#refused++
      socket.on('error', () => undefined)
      socket.resetAndDestroy()
      return
    }
    this.#connections.set(socket, ip)
    this.#serve(socket, { ip, port: socket.remotePort ?? 0, transport: 'tcp' })
  }

  #serve(socket: net.Socket, peer: Peer): void {
    const connection = new Connection(socket, (bytes, whole) => this.#answer(bytes, peer, whole), () => this.#dropped++)
    socket.on('data', (bytes: Buffer) => connection.read(bytes))
    socket.on('drain', () => connection.pump())
    // A reset by the client is the client's business; `close` follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      connection.end()
      this.#connections.delete(socket)
    })
  }

  #answer(message: Uint8Array, peer: Peer, whole: boolean): UpdateAnswer {
    const answer = this.#core.answer(message, peer, this.#options.clock(), whole)
    this.#tell(answer.records)
    if (answer.isNoCall) this.#noCalls++
    return answer
  }
}
