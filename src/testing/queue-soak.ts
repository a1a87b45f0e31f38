// queue-soak: kills the queue's process with SIGKILL at seeded moments, again and again, and holds what arrived against what was promised.
// Long form: npm run soak:queue -- --kills 300 --seed 7. The short form is queue-soak.test.ts. Exit 5 when a promise was broken.

import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { randomInt, seededRng, type Rng } from '../base/rng.ts'
import { temporaryFolder } from './temporary-folder.ts'

interface Arrival {
  readonly controlId: string
  readonly sha256: string
  readonly attempts: number
  readonly numbers: readonly number[]
}

export interface SoakResult {
  readonly kills: number
  /** Numbers whose storing was acknowledged. */
  readonly stored: number
  readonly messages: number
  readonly repeated: number
  /** Found in flight at a start after a kill. */
  readonly ambiguous: number
  readonly cuts: number
  /** Broken promises, in words. Empty is what is promised. */
  readonly broken: readonly string[]
}

/** Takes frames, notes them, answers late, and cuts one connection in a while: before or after noting, with or without an answer. */
class Receiver {
  readonly arrivals: Arrival[] = []
  cuts = 0
  readonly #rng: Rng
  readonly #server: net.Server
  isCalm = false

  constructor(rng: Rng) {
    this.#rng = rng
    this.#server = net.createServer((socket) => this.#take(socket))
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as net.AddressInfo).port
  }

  close(): void {
    this.#server.close()
  }

  #take(socket: net.Socket): void {
    let buf = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      buf = Buffer.concat([buf, chunk])
      while (buf.length >= 6 && buf.length >= 6 + buf.readUInt32BE(0)) {
        const end = 6 + buf.readUInt32BE(0)
        this.#message(socket, buf.subarray(6, end), buf.readUInt16BE(4))
        buf = buf.subarray(end)
      }
    })
  }

  #message(socket: net.Socket, body: Buffer, attempts: number): void {
    if (socket.destroyed) return
    const chance = this.isCalm ? 1 : this.#rng.next()
    if (chance < 0.01) {
      this.#cut(socket)
      return
    }
    const text = body.toString()
    const controlId = text.split('|')[9] ?? ''
    this.arrivals.push({ controlId, sha256: createHash('sha256').update(body).digest('hex'), attempts, numbers: numbersIn(text) })
    if (chance < 0.02) this.#cut(socket)
    else if (chance < 0.5) setTimeout(() => socket.write(`${controlId}\n`), randomInt(this.#rng, 0, 8))
    else socket.write(`${controlId}\n`)
  }

  #cut(socket: net.Socket): void {
    this.cuts += 1
    socket.destroy()
  }
}

/** The measurement's number is its stamp, in seconds: OBX-14 of the systolic pressure, which the gateway dates on its own clock. */
function numbersIn(text: string): number[] {
  return [...text.matchAll(/\|150021\^[^\r]*\|(\d{14})[.+\d]*\|/g)].map((match) => {
    const [, year, month, day, hour, minute, second] = /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(match[1] ?? '') ?? []
    return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1000
  })
}

export async function soakQueue(kills: number, seed: number, say: (line: string) => void = () => undefined): Promise<SoakResult> {
  const rng = seededRng(seed)
  const folder = temporaryFolder('cordon-soak')
  const receiver = new Receiver(rng)
  const port = await receiver.listen()
  const stored = new Set<number>()
  let [ambiguous, next] = [0, 0]
  const note = (line: string): void => {
    const [word, number] = line.split(' ')
    if (word === 'ambiguous') ambiguous += Number(number)
    if (word !== 'stored') return
    stored.add(Number(number))
    next = Number(number) + 1
  }
  for (let kill = 1; kill <= kills; kill++) {
    await untilKilled(start(folder, port, [String(next), String(randomInt(rng, 0, 6))], note), rng)
    // A number that was stored but not said is stored once more: one that was said is never.
    next += 1000
    if (kill % 10 === 0) say(`${kill} kills, ${stored.size} stored, ${receiver.arrivals.length} arrivals`)
  }
  receiver.isCalm = true
  await ended(start(folder, port, ['drain'], note))
  receiver.close()
  const { arrivals, cuts } = receiver
  const messages = new Set(arrivals.map((a) => a.controlId)).size
  return { kills, stored: stored.size, messages, repeated: arrivals.length - messages, ambiguous, cuts, broken: brokenPromises(stored, arrivals) }
}

function start(folder: string, port: number, rest: readonly string[], note: (line: string) => void): ChildProcess {
  const script = path.join(import.meta.dirname, 'queue-soak-child.ts')
  const args = ['--disable-warning=ExperimentalWarning', script, folder, String(port), ...rest]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) note(line)
  })
  return child
}

/** After so many words of the child and a few milliseconds, so that kills fall into its work; one in five falls into its start or soon after. */
async function untilKilled(child: ChildProcess, rng: Rng): Promise<void> {
  const isEarly = rng.next() < 0.2
  const [words, ms] = isEarly ? [0, randomInt(rng, 20, 400)] : [randomInt(rng, 10, 150), randomInt(rng, 0, 20)]
  let heard = 0
  if (words > 0) {
    await new Promise<void>((resolve) => child.stdout?.on('data', (chunk: Buffer) => {
      heard += chunk.toString().split('\n').length - 1
      if (heard >= words) resolve()
    }))
  }
  await new Promise((resolve) => setTimeout(resolve, ms))
  const code = await ended(child, () => child.kill('SIGKILL'))
  if (code !== null) throw new Error(`the child ended by itself with ${code}`)
}

/** Resolves after the last line of its output. */
function ended(child: ChildProcess, act: () => void = () => undefined): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code))
    act()
  })
}

/** Exported so that the test can show that each can break. */
export function brokenPromises(stored: ReadonlySet<number>, arrivals: readonly Arrival[]): string[] {
  const arrived = new Set(arrivals.flatMap((a) => a.numbers))
  const lost = [...stored].filter((n) => !arrived.has(n))
  const firsts = new Map<string, Arrival>()
  const broken = lost.length === 0 ? [] : [`${lost.length} stored measurements never arrived, the first is ${lost[0]}`]
  let last = ''
  for (const arrival of arrivals) {
    const first = firsts.get(arrival.controlId)
    if (first === undefined) {
      firsts.set(arrival.controlId, arrival)
      if (arrival.controlId <= last) broken.push(`${arrival.controlId} arrived first after ${last}`)
      last = arrival.controlId
    } else if (first.sha256 !== arrival.sha256) broken.push(`${arrival.controlId} arrived twice with other bytes`)
    else if (arrival.attempts < 2) broken.push(`${arrival.controlId} arrived again and was not known to be a repetition`)
  }
  const owners = new Map<number, string>()
  for (const { controlId, numbers } of firsts.values()) {
    for (const number of numbers) {
      if (owners.has(number)) broken.push(`measurement ${number} is in ${owners.get(number)} and in ${controlId}`)
      owners.set(number, controlId)
    }
  }
  return broken
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } } })
  const result = await soakQueue(Number(values.kills), Number(values.seed), (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), ...result }, null, 2)}\n`)
  process.exitCode = result.broken.length > 0 ? 5 : 0
}
