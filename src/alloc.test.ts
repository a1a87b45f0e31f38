// Proof that decoding a frame allocates nothing: heap growth over millions of frames, measured in a process of its own.
// Keeps house habit 15; the control, a loop that does allocate, shows that the measurement can fail.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { randomInt, type Rng, seededRng } from './base/rng.ts'
import { SensorHealth } from './detect/sensor-health.ts'
import { beginFrame, decodeFrame, decodeTransport } from './wire/decode.ts'
import { Frame, FrameFlag } from './wire/frame.ts'
import { sampleFrames } from './wire/test-frames.ts'
import { sampleTunnels } from './wire/test-tunnels.ts'

const FRAMES = 1000
/** So many that the rarest path of the corpus is compiled before the measuring begins; compiling late shows as growth that rounds do not add to. */
const WARM_UP_ROUNDS = 1200
const MEASURED_ROUNDS = 1000
/** One object of 16 bytes per hundred frames would be 160 000 bytes; reading heapUsed and late compilation cost up to 6 000 (measured). */
const GROWTH_BYTES_MAX = 32 * 1024

interface Corpus {
  /** All packets one after the other, each with spare bytes around it. */
  readonly buf: Uint8Array
  readonly offs: Int32Array
  readonly ends: Int32Array
  readonly linkTypes: Int32Array
}

/** Samples of every kind, half of them whole, the others cut short or with bytes overwritten. */
function corpus(seed: number): Corpus {
  const rng = seededRng(seed)
  const samples = [...sampleFrames(), ...sampleTunnels()]
  const packets = Array.from({ length: FRAMES }, (_, i) => {
    const sample = samples[i % samples.length] ?? assert.fail('no samples')
    return { linkType: sample.linkType, packet: i % 2 === 0 ? sample.packet : damaged(sample.packet, rng) }
  })
  const total = packets.reduce((sum, { packet }) => sum + packet.length + 1, 0)
  const made = { buf: new Uint8Array(total), offs: new Int32Array(FRAMES), ends: new Int32Array(FRAMES), linkTypes: new Int32Array(FRAMES) }
  let pos = 0
  for (const [i, { packet, linkType }] of packets.entries()) {
    made.buf.set(packet, pos)
    made.offs[i] = pos
    made.ends[i] = pos + packet.length
    made.linkTypes[i] = linkType
    pos += packet.length + 1
  }
  return made
}

function damaged(packet: Uint8Array, rng: Rng): Uint8Array {
  const changed = packet.slice(0, randomInt(rng, 0, packet.length))
  for (let i = 0; i < 3 && changed.length > 0; i++) changed[randomInt(rng, 0, changed.length - 1)] = randomInt(rng, 0, 255)
  return changed
}

/** What is measured: begin and decode each frame, and put the odd fragment through decodeTransport as the pipeline does. */
function decodeAll({ buf, offs, ends, linkTypes }: Corpus, frame: Frame, rounds: number, health: SensorHealth | null = null): number {
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < FRAMES; i++) {
      const off = offs[i] as number
      const end = ends[i] as number
      beginFrame(frame, i, 1_700_000_000_000_000 + i, end - off + (i & 64), end - off)
      sum += decodeFrame(buf, off, end, linkTypes[i] as number, frame)
      health?.packet(frame)
      if ((frame.flags & FrameFlag.fragment) !== 0 && frame.l4Off >= 0) sum += decodeTransport(buf, frame.l4Off, frame.l4End, frame)
    }
  }
  return sum
}

const health = new SensorHealth()

/** The same with the sensor's ear for itself. */
function decodeAndHear(all: Corpus, frame: Frame, rounds: number): number {
  return decodeAll(all, frame, rounds, health)
}

const kept: { at: number }[] = []

/** The control: one small object for every hundredth frame, kept alive like a careless cache would. */
function decodeWasteful(all: Corpus, frame: Frame, rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    sum += decodeAll(all, frame, 1)
    for (let i = 0; i < FRAMES / 100; i++) kept.push({ at: frame.at })
  }
  return sum
}

/** The control for short-lived garbage: a view of the payload per frame, dropped at once. */
function decodeWithViews(all: Corpus, frame: Frame, rounds: number): number {
  let sum = decodeAll(all, frame, rounds)
  for (let i = 0; i < rounds; i++) sum += all.buf.subarray(i % 100, 200).length
  return sum
}

const LOOPS = { decode: decodeAll, hear: decodeAndHear, kept: decodeWasteful, views: decodeWithViews } as const
type LoopName = keyof typeof LOOPS

/** Runs in the child: bytes of heap growth over the measured rounds. No collection runs between the two readings. */
function measure(name: LoopName): { growth: number; sum: number } {
  const gc = (globalThis as { gc?: () => void }).gc
  assert.ok(gc, 'started without --expose-gc')
  const all = corpus(20260105)
  const frame = new Frame()
  const loop = LOOPS[name]
  let sum = loop(all, frame, WARM_UP_ROUNDS)
  for (let i = 0; i < 10; i++) sum += loop(all, frame, WARM_UP_ROUNDS / 10)
  process.memoryUsage()
  gc()
  const before = process.memoryUsage().heapUsed
  sum += loop(all, frame, MEASURED_ROUNDS)
  return { growth: process.memoryUsage().heapUsed - before, sum }
}

/**
 * A new space of 64 MiB: short-lived garbage stays visible because no collection is due while we measure.
 * One thread: the background threads of the compiler put up to 2 MB on the heap at times of their own, however many frames (measured).
 */
const CHILD_FLAGS = ['--expose-gc', '--single-threaded', '--max-semi-space-size=64', '--min-semi-space-size=64']
const CHILD_MARK = 'CORDON_ALLOC_LOOP'

function growthOf(name: LoopName): number {
  const env: NodeJS.ProcessEnv = { ...process.env, [CHILD_MARK]: name }
  delete env['NODE_TEST_CONTEXT']
  const out = execFileSync(process.execPath, [...CHILD_FLAGS, fileURLToPath(import.meta.url)], { env, encoding: 'utf8' })
  const { growth, sum } = JSON.parse(out) as { growth: number; sum: number }
  assert.ok(sum > FRAMES * MEASURED_ROUNDS, 'the loop decoded something')
  return growth
}

const childLoop = process.env[CHILD_MARK]
if (childLoop !== undefined) {
  process.stdout.write(JSON.stringify(measure(childLoop as LoopName)))
} else {
  test('decoding a million frames of every kind grows the heap by nothing', () => {
    const growth = growthOf('decode')
    assert.ok(growth < GROWTH_BYTES_MAX, `the heap grew by ${growth} bytes over ${FRAMES * MEASURED_ROUNDS} frames`)
  })

  test('counting the sensor\'s own health on a million frames grows the heap by nothing', () => {
    const growth = growthOf('hear')
    assert.ok(growth < GROWTH_BYTES_MAX, `the heap grew by ${growth} bytes over ${FRAMES * MEASURED_ROUNDS} frames`)
  })

  test('control: one kept object per hundred frames is seen', () => {
    const growth = growthOf('kept')
    assert.ok(growth > GROWTH_BYTES_MAX, `the heap grew by only ${growth} bytes`)
  })

  test('control: one dropped view per thousand frames is seen', () => {
    const growth = growthOf('views')
    assert.ok(growth > GROWTH_BYTES_MAX, `the heap grew by only ${growth} bytes`)
  })
}
