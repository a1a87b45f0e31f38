// Load of bench:gateway: one process that plays many beds with cycles made beforehand: one timer, plain writes, phases spread over the second.
// Keeps two rules: it dials loopback only (the twin's guard looks), and what the kernel did not take at once is counted.

import net from 'node:net'
import { seededRng } from '../src/base/rng.ts'
import { castWard } from '../src/twin/core/cast.ts'
import { wardOptions } from '../src/twin/core/options.ts'
import { telemetrySpeech } from '../src/twin/core/speech.ts'
import { MonitorVoice } from '../src/twin/core/voice.ts'
import { ImaginaryPatient } from '../src/twin/core/waveform.ts'
import { seenNetwork, targetProblem } from '../src/twin/guard.ts'
import { LIVE_NOISE, sourceOf } from '../src/twin/server.ts'
import { monotonicMs, percentile, putStamp } from './gateway-stamp.ts'

export interface LoadJob {
  readonly host: string
  readonly port: number
  readonly firstSource: string
  readonly beds: number
  readonly seconds: number
}

export type FromLoad =
  | { readonly kind: 'connected' }
  | {
    readonly kind: 'done'
    readonly cycles: number
    readonly bytes: number
    /** Writes that the kernel did not take whole at once. */
    readonly waited: number
    readonly broken: number
    readonly lateP50Ms: number
    readonly lateP99Ms: number
  }

const VOICES = 16
/** Different cycles of one voice: long enough that the gateway's ten minutes of kept windows meet no copy within a run. */
const CYCLES = 240
const TICK_MS = 2
const CONNECT_AT_ONCE = 200
const DRAIN_MS = 3000

/** All cycles of some voices. */
function encodeVoices(): Buffer[][] {
  return castWard(wardOptions({ beds: VOICES })).monitors.map((monitor, v) => {
    const patient = new ImaginaryPatient(seededRng(v + 1), { rng: seededRng(v + 100), steps: LIVE_NOISE })
    const speech = telemetrySpeech(new MonitorVoice(monitor, patient, seededRng(v + 200)), wardOptions({ recordEveryCycles: 1_000_000 }))
    const startAt = Date.now() * 1000
    return Array.from({ length: CYCLES }, (_, s) => Buffer.from(speech.say(speech.next(), startAt + s * 1_000_000)))
  })
}

async function connect(job: LoadJob): Promise<net.Socket[]> {
  const sockets: net.Socket[] = []
  while (sockets.length < job.beds) {
    const some = Array.from({ length: Math.min(CONNECT_AT_ONCE, job.beds - sockets.length) }, (_, i) => one(job, sockets.length + i + 1))
    sockets.push(...await Promise.all(some))
  }
  return sockets
}

function one({ host, port, firstSource }: LoadJob, bed: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, localAddress: sourceOf(firstSource, bed), noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
  })
}

/** Bed b of n says its cycle c at (c + b / n) seconds. */
function play(job: LoadJob, sockets: readonly net.Socket[], voices: readonly Buffer[][]): Promise<FromLoad> {
  const late: number[] = []
  const start = monotonicMs() + 500
  const last = job.beds * job.seconds
  let [next, bytes, waited, broken] = [0, 0, 0, 0]
  for (const socket of sockets) socket.on('error', () => broken++)
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = monotonicMs()
      for (; next < last && start + (next * 1000) / job.beds <= now; next++) {
        const [bed, cycle] = [next % job.beds, Math.floor(next / job.beds)]
        late.push(now - start - (next * 1000) / job.beds)
        const [socket, voice] = [sockets[bed] as net.Socket, voices[bed % voices.length] as Buffer[]]
        const said = voice[cycle % CYCLES] as Buffer
        bytes += said.length
        putStamp(said, { bed, cycle, atMs: monotonicMs() })
        socket.write(said)
        if (socket.writableLength === 0) continue
        // The kernel did not take all of it, and it is shared by many beds: the next one says a copy.
        waited++
        voice[cycle % CYCLES] = Buffer.from(said)
      }
      if (next < last) return
      clearInterval(timer)
      setTimeout(() => {
        resolve({ kind: 'done', cycles: last, bytes, waited, broken, lateP50Ms: percentile(late, 0.5), lateP99Ms: percentile(late, 0.99) })
      }, DRAIN_MS)
    }, TICK_MS)
  })
}

async function playAndTell(job: LoadJob, sockets: readonly net.Socket[], voices: readonly Buffer[][]): Promise<void> {
  process.send?.(await play(job, sockets, voices))
}

async function main(job: LoadJob): Promise<void> {
  const problem = targetProblem(job.host, null, seenNetwork)
  if (problem !== null) throw new Error(problem)
  const voices = encodeVoices()
  const sockets = await connect(job)
  process.on('message', (message) => {
    if (message === 'start') void playAndTell(job, sockets, voices)
    else process.exit(0)
  })
  process.send?.({ kind: 'connected' } satisfies FromLoad)
}

await main(JSON.parse(process.argv[2] ?? '{}') as LoadJob)
