// bench:gateway-core: what GatewayCore alone costs: CPU per bed and second, the longest event, memory per bed. No socket, a simulated clock.
// Nothing is asserted here: figures go to docs/gateway.md with their command. `node --expose-gc bench/gateway-core.ts --beds 1000 --seconds 60`.

import os from 'node:os'
import { PerformanceObserver } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { seededRng } from '../src/base/rng.ts'
import { MICROS_PER_SECOND, type Micros } from '../src/base/time.ts'
import { GatewayCore, type GatewayCommand } from '../src/gateway/core/gateway.ts'
import { MonitorVoice } from '../src/twin/core/voice.ts'
import { ImaginaryPatient } from '../src/twin/core/waveform.ts'

const { values: args } = parseArgs({
  options: {
    beds: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '60' }, voices: { type: 'string', default: '64' },
    warmup: { type: 'string', default: '25' }, split: { type: 'string', default: '65536' }, noise: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false }, json: { type: 'boolean', default: false },
  },
})
const BEDS = Number(args.beds)
const SECONDS = Number(args.seconds)
/** Packet seconds before counting starts: every window and history is full then, and the code is compiled. */
const WARMUP = Number(args.warmup)
/** Longest segment: a cycle is cut at this many bytes, 1460 as on Ethernet, or not at all. */
const SPLIT = Number(args.split)
const START: Micros = Date.UTC(2026, 0, 5, 7, 0, 0) * 1000

/** Byte offsets in ECG frames: two leads get noise of one step, the third keeps the algebra. */
const ECG_BODY = 4 + 4
const SAMPLES = 256

/** All cycles of some voices, made before anything is counted. Beds share voices; each bed starts at its own place in the second. */
function encodeVoices(): Uint8Array[][] {
  return Array.from({ length: Math.min(BEDS, Number(args.voices)) }, (_, v) => {
    const monitor = { bed: (v % 64) + 1, admitted: true } as ConstructorParameters<typeof MonitorVoice>[0]
    const voice = new MonitorVoice(monitor, new ImaginaryPatient(seededRng(v + 1)), seededRng(v + 1000))
    const rng = seededRng(v + 2000)
    // As a socket hands them over: a slice of a Buffer is a view. With --plain a slice is a copy.
    const wrap = (bytes: Uint8Array): Uint8Array => (args.plain ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    return Array.from({ length: WARMUP + SECONDS }, (__, s) => {
      const cycle = voice.cycle(START + s * MICROS_PER_SECOND, MICROS_PER_SECOND, voice.nextExtra())
      if (args.noise) addNoise(cycle, () => rng.next())
      return wrap(s === 0 ? Uint8Array.from([...voice.greeting(), ...cycle]) : cycle)
    })
  })
}

/** The twin repeats itself exactly, as no patient does: with noise the exact-repeat check finds nothing. */
function addNoise(cycle: Uint8Array, next: () => number): void {
  for (let i = 0; i < SAMPLES; i++) {
    for (const lead of [0, 1]) {
      const at = ECG_BODY + lead * SAMPLES + i
      cycle[at] = Math.min(254, Math.max(1, (cycle[at] as number) + Math.round(2 * (next() - 0.5))))
    }
    const [one, two] = [cycle[ECG_BODY + i] as number, cycle[ECG_BODY + SAMPLES + i] as number]
    cycle[ECG_BODY + 2 * SAMPLES + i] = 128 + two - one
  }
}

interface Counts {
  stores: number
  readings: number
  logs: number
  verdicts: number
}

function count(commands: readonly GatewayCommand[], into: Counts): void {
  for (const command of commands) {
    if (command.kind === 'store') {
      into.stores += 1
      into.readings += command.items.length
    } else if (command.kind === 'log') into.logs += 1
    else if (command.kind === 'data-check') into.verdicts += 1
  }
}

interface Memory {
  readonly rss: number
  readonly heap: number
  readonly buffers: number
}

function memory(): Memory {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return { rss, heap: heapUsed, buffers: arrayBuffers }
}

const quantile = (sorted: Float64Array, share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** Opens all beds, each placed and with a patient, as on a working day. */
function openAll(core: GatewayCore): void {
  const encoder = new TextEncoder()
  for (let b = 0; b < BEDS; b++) core.handle({ kind: 'place', device: `bed-${b}`, bed: `W^${b}^1`, at: START })
  for (let b = 0; b < BEDS; b++) {
    core.handle({ kind: 'opened', connection: b, device: `bed-${b}`, speaks: 'cms', at: START })
  }
  // A few hundred are enough: one message goes to one bed.
  for (let b = 0; b < Math.min(BEDS, 500); b++) {
    const text = `MSH|^~\\&|HIS|H|GW|H|20260105070000||ADT^A01|A${b}|P|2.6\rEVN||20260105070000\rPID|1||P${b}^^^H||ZZTEST^CANARY\rPV1|1|I|W^${b}^1`
    core.handle({ kind: 'adt', bytes: encoder.encode(text), at: START })
  }
}

/** One packet second: every bed's cycle at its own phase, and ten ticks. Returns how many times were written. */
function second(core: GatewayCore, voices: readonly Uint8Array[][], s: number, order: Uint32Array, times: Float64Array, from: number, counts: Counts): number {
  let n = from
  let tick = 0
  const handle = (event: Parameters<GatewayCore['handle']>[0]): void => {
    const before = performance.now()
    const commands = core.handle(event)
    times[n++] = performance.now() - before
    count(commands, counts)
  }
  for (let i = 0; i < BEDS; i++) {
    const at = START + s * MICROS_PER_SECOND + Math.floor((i / BEDS) * MICROS_PER_SECOND)
    for (; tick <= (10 * i) / BEDS; tick++) handle({ kind: 'tick', at })
    const connection = order[i] as number
    const buf = voices[connection % voices.length]?.[s] as Uint8Array
    for (let off = 0; off < buf.length; off += SPLIT) handle({ kind: 'bytes', connection, buf, off, end: Math.min(buf.length, off + SPLIT), at })
  }
  return n
}

/** Places in the second by the golden ratio: neighbours do not speak one after the other. */
function phases(): Uint32Array {
  return Uint32Array.from(Array.from({ length: BEDS }, (_, b) => b).sort((a, b) => ((a * 0.618033988749895) % 1) - ((b * 0.618033988749895) % 1)))
}

async function main(): Promise<void> {
  const voices = encodeVoices()
  const bytesPerCycle = voices[0]?.[1]?.length ?? 0
  const order = phases()
  const pieces = Math.ceil(8000 / SPLIT) + 1
  const times = new Float64Array((BEDS * pieces + 12) * SECONDS)
  const warm = new Float64Array((BEDS * pieces + 12) * WARMUP)
  const counts: Counts = { stores: 0, readings: 0, logs: 0, verdicts: 0 }
  let [collected, collections, longest] = [0, 0, 0]
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      collected += entry.duration
      collections += 1
      longest = Math.max(longest, entry.duration)
    }
  })
  const before = memory()
  const core = new GatewayCore({ leads: 'inferred', isPaced: false, devicesMax: BEDS })
  openAll(core)
  let n = 0
  for (let s = 0; s < WARMUP; s++) n = second(core, voices, s, order, warm, n, counts)
  observer.observe({ entryTypes: ['gc'] })
  n = 0
  const [cpuStart, wallStart] = [process.cpuUsage(), performance.now()]
  for (let s = WARMUP; s < WARMUP + SECONDS; s++) n = second(core, voices, s, order, times, n, counts)
  const cpu = process.cpuUsage(cpuStart)
  const wall = performance.now() - wallStart
  const { rss: peak, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage()
  await new Promise((resolve) => setTimeout(resolve, 50))
  observer.disconnect()
  const after = memory()
  const sorted = times.subarray(0, n).sort()
  const perBed = (bytes: number): number => Math.round(bytes / BEDS / 100) / 10
  const report = {
    beds: BEDS, seconds: SECONDS, bytesPerCycle, stores: counts.stores, readings: counts.readings, logs: counts.logs, verdicts: counts.verdicts,
    cpuMicrosPerBedSecond: (cpu.user + cpu.system) / BEDS / SECONDS, corePercent: (100 * (cpu.user + cpu.system)) / 1e6 / SECONDS,
    handleMillis: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), p999: quantile(sorted, 0.999), max: quantile(sorted, 1) },
    gc: { sharePercent: (100 * collected) / wall, collections, longestMillis: longest },
    kilobytesPerBed: { rss: perBed(after.rss - before.rss), heap: perBed(after.heap - before.heap), buffers: perBed(after.buffers - before.buffers) },
    megabytes: { rssBefore: before.rss / 1e6, rssPeak: peak / 1e6, rssAfter: after.rss / 1e6 },
    atEnd: { heapTotal: heapTotal / 1e6, heapUsed: heapUsed / 1e6, external: external / 1e6, arrayBuffers: arrayBuffers / 1e6 },
    views: viewCost(core),
  }
  print(report)
  if (core.devices().length !== BEDS) throw new Error('not every bed was taken')
}

/** What the shell asks for a screen: sixteen tiles. */
function viewCost(core: GatewayCore): number {
  const limits = { stale: 5, gone: 10 }
  const age = { staleMicros: limits.stale * MICROS_PER_SECOND, goneMicros: limits.gone * MICROS_PER_SECOND }
  const all = {
    stream: age, temperature: age, nibp: age, wave: age, linkSilentMicros: 5 * MICROS_PER_SECOND, clockSlackMicros: 2 * MICROS_PER_SECOND,
  }
  const before = performance.now()
  const rounds = Math.min(BEDS, 1000)
  for (let b = 0; b < rounds; b++) core.view(`bed-${b}`, START + (WARMUP + SECONDS) * MICROS_PER_SECOND, all)
  return (1000 * (performance.now() - before)) / rounds
}

function print(report: object): void {
  if (args.json) console.log(JSON.stringify(report))
  else {
    console.log(`${os.cpus()[0]?.model ?? ''}, Node ${process.version}, gc ${globalThis.gc === undefined ? 'not exposed' : 'exposed'}`)
    for (const [name, value] of Object.entries(report)) console.log(`${name.padEnd(24)} ${JSON.stringify(value, round)}`)
  }
}

function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
}

await main()
