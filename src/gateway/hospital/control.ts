// Control: the gateway's Unix socket: one JSON line asked, one answered, for the commands of whoever owns the data folder.
// Keeps three rules: mode 0600 from the first moment, every line bounded, and an answer says in words what was wrong.

import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { err, ok, type Result } from '../../base/result.ts'

export const CONTROL_VERSION = 1
/** A request names a command, a bed and a number. */
export const REQUEST_BYTES_MAX = 16 * 1024
/** The status of 1,024 beds is counts; targets and notices are bounded. */
export const ANSWER_BYTES_MAX = 1024 * 1024
/** Commands at one time: people at terminals. */
const CLIENTS_MAX = 16
const IDLE_MS = 10_000
/** sun_path of Linux has 108 bytes with its end. */
const SOCKET_PATH_MAX = 107

export interface ControlRequest {
  readonly version: typeof CONTROL_VERSION
  readonly command: string
  readonly [key: string]: unknown
}

/** Answers one command; an error is a sentence for the person who asked. */
export type ControlHandler = (request: ControlRequest) => Promise<Result<unknown>> | Result<unknown>

export const controlPath = (folder: string): string => path.join(folder, 'control.sock')

/** Listens until closed. The folder must be ours already: a socket that is left there is a dead one's. */
export function serveControl(folder: string, handle: ControlHandler): Promise<Result<{ close(): Promise<void> }>> {
  const file = controlPath(folder)
  if (Buffer.byteLength(file) > SOCKET_PATH_MAX) return Promise.resolve(err(`${file} is longer than a socket's path may be (${SOCKET_PATH_MAX} bytes)`))
  fs.rmSync(file, { force: true })
  const sockets = new Set<net.Socket>()
  // Half open: who asks in vain and ends its side is told why all the same.
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    converse(socket, handle)
  })
  server.maxConnections = CLIENTS_MAX
  return new Promise((resolve) => {
    server.on('error', (cause) => resolve(err(`${file} cannot be made: ${codeOf(cause)}`)))
    const mask = process.umask(0o177)
    server.listen(file, () => resolve(ok({ close: () => closed(server, sockets) })))
    process.umask(mask)
  })
}

function closed(server: net.Server, sockets: ReadonlySet<net.Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
  })
}

function converse(socket: net.Socket, handle: ControlHandler): void {
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  readLine(socket, REQUEST_BYTES_MAX, (line) => {
    void answer(line, handle).then((text) => socket.end(`${text}\n`))
  })
}

/** Calls once, with the first line, or with null when there is none within the bound. */
function readLine(socket: net.Socket, bytesMax: number, then: (line: string | null) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  let isOver = false
  const finish = (line: string | null): void => {
    if (isOver) return
    isOver = true
    then(line)
  }
  socket.on('data', (chunk: Buffer) => {
    if (isOver) return
    chunks.push(chunk)
    bytes += chunk.length
    const end = chunk.indexOf(0x0a)
    if (end >= 0) finish(Buffer.concat(chunks).subarray(0, bytes - chunk.length + end).toString('utf8'))
    else if (bytes > bytesMax) finish(null)
  })
  socket.on('end', () => finish(null))
  socket.on('close', () => finish(null))
}

async function answer(line: string | null, handle: ControlHandler): Promise<string> {
  const request = line === null ? err(`a request is one line of JSON, at most ${REQUEST_BYTES_MAX} bytes`) : parseRequest(line)
  const result = request.ok ? await handleSafely(request.value, handle) : request
  const text = JSON.stringify({ version: CONTROL_VERSION, ...result })
  return text.length <= ANSWER_BYTES_MAX ? text : JSON.stringify({ version: CONTROL_VERSION, ...err('the answer is too long') })
}

async function handleSafely(request: ControlRequest, handle: ControlHandler): Promise<Result<unknown>> {
  try {
    return await handle(request)
  } catch {
    // Its text could hold what was asked, and with it a patient's number.
    return err('the gateway failed to answer; nothing was changed that its status does not show')
  }
}

function parseRequest(line: string): Result<ControlRequest> {
  const value = parseObject(line)
  if (value === null) return err('a request is one line of JSON: an object')
  if (value['version'] !== CONTROL_VERSION) return err(`the gateway speaks version ${CONTROL_VERSION} of its control socket; use the cordon that started it`)
  if (typeof value['command'] !== 'string') return err('a request names a command')
  return ok({ ...value, version: CONTROL_VERSION, command: value['command'] })
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** `absent`: no gateway runs on this folder. `failed`: one does, and says why not. */
export type ControlFailure = { readonly kind: 'absent' | 'failed'; readonly message: string }

/** Asks a running gateway. */
export function askControl(folder: string, command: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Result<unknown, ControlFailure>> {
  const file = controlPath(folder)
  return new Promise((resolve) => {
    const fail = (kind: ControlFailure['kind'], message: string): void => resolve(err({ kind, message }))
    if (Buffer.byteLength(file) > SOCKET_PATH_MAX) return fail('absent', `no gateway runs on ${folder}`)
    const socket = net.connect(file, () => void socket.write(`${JSON.stringify({ ...fields, version: CONTROL_VERSION, command })}\n`))
    socket.setTimeout(IDLE_MS, () => {
      fail('failed', 'the gateway did not answer in time')
      socket.destroy()
    })
    socket.on('error', (cause) => {
      const code = codeOf(cause)
      if (code === 'ENOENT' || code === 'ECONNREFUSED') fail('absent', `no gateway runs on ${folder}`)
      else fail('failed', code === 'EACCES' ? `${file} may not be opened: ask as the account that runs the gateway` : `${file}: ${code}`)
    })
    readLine(socket, ANSWER_BYTES_MAX + 1, (line) => {
      const value = line === null ? null : parseObject(line)
      if (value?.['version'] !== CONTROL_VERSION) fail('failed', 'the gateway gave no answer that this version understands')
      else if (value['ok'] === true) resolve(ok(value['value']))
      else fail('failed', String(value['error']))
      socket.destroy()
    })
  })
}

const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause))
