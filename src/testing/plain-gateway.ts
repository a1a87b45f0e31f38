// plain-gateway: GatewayCore behind plain sockets in this process: the smallest shell that stores, for tests and as a bench's middle step.
// Keeps the rule that it listens on loopback or inside a namespace of a test, and never writes to a connection.

import net from 'node:net'
import { GatewayCore, type GatewayCommand } from '../gateway/core/gateway.ts'
import { FRESHNESS } from '../gateway/core/freshness/limits.ts'

export interface PlainGateway {
  readonly core: GatewayCore
  readonly telemetryPort: number
  readonly hl7Port: number
  /** Bytes read from all connections. */
  bytes(): number
  close(): Promise<void>
}

export interface PlainOptions {
  readonly address: string
  /** 0 for any. */
  readonly telemetryPort: number
  readonly hl7Port: number
  readonly devicesMax?: number
  /** Every command but `close`, which is done here. A device is the address it dials from. */
  readonly onCommand: (command: GatewayCommand) => void
}

const TICK_MS = 1000
/** More than a storm of all beds on both ports. */
const BACKLOG = 4096

export async function startPlainGateway(options: PlainOptions): Promise<PlainGateway> {
  const core = new GatewayCore({ leads: 'inferred', isPaced: false, ...(options.devicesMax === undefined ? {} : { devicesMax: options.devicesMax }) })
  const sockets = new Map<number, net.Socket>()
  let [last, bytes] = [0, 0]
  const now = (): number => Date.now() * 1000
  const take = (commands: readonly GatewayCommand[]): void => {
    for (const command of commands) {
      if (command.kind === 'close') sockets.get(command.connection)?.destroy()
      options.onCommand(command)
    }
  }
  const listen = (port: number, speaks: 'cms' | 'hl7'): Promise<net.Server> => {
    const server = net.createServer((socket) => {
      const connection = ++last
      sockets.set(connection, socket)
      take(core.handle({ kind: 'opened', connection, device: socket.remoteAddress ?? 'gone', speaks, at: now() }))
      socket.on('data', (buf: Buffer) => {
        bytes += buf.length
        take(core.handle({ kind: 'bytes', connection, buf, off: 0, end: buf.length, at: now() }))
      })
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(connection)
        take(core.handle({ kind: 'closed', connection, at: now() }))
      })
    })
    return new Promise((done, failed) => {
      server.once('error', failed)
      server.listen({ host: options.address, port, backlog: BACKLOG }, () => done(server))
    })
  }
  const servers = [await listen(options.telemetryPort, 'cms'), await listen(options.hl7Port, 'hl7')]
  const [telemetryPort = 0, hl7Port = 0] = servers.map((server) => (server.address() as net.AddressInfo).port)
  const timer = setInterval(() => take(core.handle({ kind: 'tick', at: now() })), TICK_MS)
  return {
    core, telemetryPort, hl7Port, bytes: () => bytes,
    async close() {
      clearInterval(timer)
      for (const socket of sockets.values()) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
    },
  }
}

/** Figures of all devices' feeds. */
export function feedFigures(core: GatewayCore): { readonly device: string; readonly gaps: number; readonly longestGapMicros: number }[] {
  const now = Date.now() * 1000
  return core.devices().flatMap((device) => {
    const feed = core.view(device, now, FRESHNESS)?.feed
    return feed === undefined ? [] : [{ device, gaps: feed.gaps, longestGapMicros: feed.longestGapMicros }]
  })
}
