// Agent: one process in one namespace of the drill, with real sockets: it listens, calls, and counts what it received.
// Keeps the rule that it acts only on request of the drill that made its namespace, and ends with it.

import dgram from 'node:dgram'
import net from 'node:net'
import type { AgentAnswer, AgentRequest, Call, CallResult, Listener } from './protocol.ts'

/** A stopped packet is silence; in a namespace an answer takes less than a millisecond. */
const CALL_MS_MAX = 1000
/** Time between two writes of a held session. */
const HOLD_MS = 50

const received: Record<string, number> = {}

function count({ proto, address, port }: Listener, bytes: number): void {
  const key = `${proto} ${address} ${port}`
  received[key] = (received[key] ?? 0) + bytes
}

/** Resolves with null, or what is wrong. */
function listen(listener: Listener): Promise<string | null> {
  const where = `${listener.proto} ${listener.address} ${listener.port}`
  return new Promise((resolve) => {
    const failed = (cause: Error): void => resolve(`${where}: ${cause.message}`)
    if (listener.proto === 'tcp') {
      const server = net.createServer((socket) => serve(socket, listener))
      server.once('error', failed)
      server.listen({ host: listener.address, port: listener.port, backlog: 128 }, () => resolve(null))
      return
    }
    const socket = dgram.createSocket(listener.address.includes(':') ? 'udp6' : 'udp4')
    socket.on('message', (message, from) => {
      count(listener, message.length)
      if (listener.reply.length > 0) socket.send(listener.reply, from.port, from.address)
    })
    socket.once('error', failed)
    socket.bind({ address: listener.address, port: listener.port, exclusive: true }, () => resolve(null))
  })
}

function serve(socket: net.Socket, listener: Listener): void {
  socket.on('data', (chunk: Buffer) => {
    count(listener, chunk.length)
    if (listener.reply.length > 0) socket.write(listener.reply)
  })
  socket.on('error', () => {})
}

function call(one: Call): Promise<CallResult> {
  return one.proto === 'tcp' ? callTcp(one) : callUdp(one)
}

function callTcp(one: Call): Promise<CallResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: one.to, port: one.port, localAddress: one.from })
    let [opened, replied, port] = [false, false, 0]
    const finish = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ id: one.id, opened, replied, port })
    }
    const timer = setTimeout(finish, CALL_MS_MAX)
    socket.on('error', finish)
    socket.on('close', finish)
    socket.on('data', () => {
      replied = true
      finish()
    })
    socket.on('connect', () => {
      opened = true
      port = socket.localPort ?? 0
      // Closing politely says that everything was written; what arrived is counted at the other end.
      socket.write(one.payload, () => (one.wantsReply ? undefined : socket.end()))
    })
  })
}

function callUdp(one: Call): Promise<CallResult> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(one.to.includes(':') ? 'udp6' : 'udp4')
    let port = 0
    const finish = (replied: boolean): void => {
      clearTimeout(timer)
      socket.close()
      resolve({ id: one.id, opened: true, replied, port })
    }
    const timer = setTimeout(() => finish(false), CALL_MS_MAX)
    socket.on('error', () => finish(false))
    socket.on('message', () => finish(true))
    socket.bind({ address: one.from }, () => {
      port = socket.address().port
      socket.send(one.payload, one.port, one.to)
    })
  })
}

function hold(one: Call): Promise<CallResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: one.to, port: one.port, localAddress: one.from })
    const done = (opened: boolean): void => resolve({ id: one.id, opened, replied: false, port: socket.localPort ?? 0 })
    const timer = setTimeout(() => done(false), CALL_MS_MAX)
    socket.on('error', () => done(false))
    socket.on('connect', () => {
      clearTimeout(timer)
      done(true)
      setInterval(() => socket.write(one.payload), HOLD_MS)
    })
  })
}

async function answer(request: AgentRequest): Promise<AgentAnswer> {
  switch (request.kind) {
    case 'listen':
      return { kind: 'listening', problems: (await Promise.all(request.listeners.map(listen))).filter((problem) => problem !== null) }
    case 'call':
      return { kind: 'called', results: await Promise.all(request.calls.map(call)) }
    case 'hold':
      return { kind: 'holding', result: await hold(request.call) }
    case 'count':
      return { kind: 'counted', bytes: { ...received } }
  }
}

process.on('message', (request: AgentRequest) => void answer(request).then((value) => process.send?.(value)))
process.on('disconnect', () => process.exit(0))
