// bench/gateway-store: what the hospital process pays for a record and a message: append, sample, encode, enqueue, deliver. On one core.
// Prints CPU and times as medians over runs; asserts nothing. Records are 1.5 kB, about one second of one bed. Seeded: the same every run.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { encodePcd01 } from '../src/gateway/core/out/pcd01.ts'
import { Sampler, type StoredReadings } from '../src/gateway/core/out/sampler.ts'
import { openQueue } from '../src/gateway/queue/durable-queue.ts'
import { Feeder } from '../src/gateway/queue/feeder.ts'
import { openReadings, type Readings } from '../src/gateway/queue/readings.ts'
import { SECOND, START, numeric, stored, testPatient, wave } from '../src/testing/stored-readings.ts'

const RUNS = Number(process.env['RUNS'] ?? 5)
const BEDS = Number(process.env['BEDS'] ?? 10_000)
const SECONDS = Number(process.env['SECONDS'] ?? 4)
const RECORD_BYTES = 1500
/** Appends come in slices of this long, as a pipe gives them. */
const SLICE_MS = 5

type Figures = Readonly<Record<string, number>>

const micros = (used: NodeJS.CpuUsage, count: number): number => (used.user + used.system) / count

function temporary(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-bench-'))
}

/** At the pace of the beds: CPU per record, share of one core, and how long an append takes to be durable. */
async function appendPaced(): Promise<Figures> {
  const folder = temporary()
  const readings = mustOpen(folder)
  const bytes = Uint8Array.from({ length: RECORD_BYTES }, (_, i) => (i * 31) % 251)
  const waits: number[] = []
  const pending: Promise<void>[] = []
  const before = process.cpuUsage()
  const startedAt = performance.now()
  let sent = 0
  while (sent < BEDS * SECONDS) {
    const wanted = Math.min(BEDS * SECONDS, Math.floor(((performance.now() - startedAt) / 1000) * BEDS))
    const from = performance.now()
    const records = Array.from({ length: wanted - sent }, (_, i) => ({ device: `10.0.${(sent + i) % 40}.${(sent + i) % 250}`, at: START + sent, bytes }))
    pending.push(timed(readings.append(records), from, waits))
    sent = wanted
    await new Promise((resolve) => setTimeout(resolve, SLICE_MS))
  }
  await Promise.all(pending)
  const cpu = process.cpuUsage(before)
  const seconds = (performance.now() - startedAt) / 1000
  waits.sort((a, b) => a - b)
  readings.close()
  fs.rmSync(folder, { recursive: true })
  return {
    'append: CPU µs per record': micros(cpu, sent),
    'append: CPU % of one core': micros(cpu, 1) / seconds / 10_000, 'append: records per second': sent / seconds,
    'append: median ms to durable': waits[waits.length >> 1] ?? 0, 'append: p99 ms to durable': waits[Math.floor(waits.length * 0.99)] ?? 0,
  }
}

async function timed(done: Promise<void>, from: number, waits: number[]): Promise<void> {
  await done
  waits.push(performance.now() - from)
}

/** Deleting an hour that is over, and reading it back first. */
function retain(): Figures {
  const folder = temporary()
  const readings = mustOpen(folder)
  const bytes = new Uint8Array(RECORD_BYTES)
  const count = 40_000
  for (let n = 0; n < count; n += 50) {
    void readings.append(Array.from({ length: 50 }, () => ({ device: '10.0.0.1', at: START, bytes })))
    readings.flush()
  }
  const reading = process.cpuUsage()
  for (let seq = 0; seq < count;) seq = readings.read(seq, 2000).at(-1)?.seq ?? count
  const read = process.cpuUsage(reading)
  const deleting = process.cpuUsage()
  while (readings.retain(START + 48 * 3600 * SECOND) > 0);
  const deleted = process.cpuUsage(deleting)
  readings.close()
  fs.rmSync(folder, { recursive: true })
  return { 'read back: CPU µs per record': micros(read, count), 'retention: CPU µs per record': micros(deleted, count) }
}

/** The two parts of feeding that cost most, each alone. */
function parts(): Figures {
  const list = Array.from({ length: 6000 }, (_, i) => bedSecond(`10.0.0.${i % 200}`, START + Math.floor(i / 200) * SECOND, Math.floor(i / 200)))
  const sampler = new Sampler({ everyMicros: 10 * SECOND, waveforms: false })
  const sampling = process.cpuUsage()
  const batches = [...list.flatMap((one, i) => sampler.take(i + 1, one)), ...sampler.tick(START + 60 * SECOND)]
  const sampled = process.cpuUsage(sampling)
  const messages = batches.flatMap(({ device, parts: all }) => all.map((part) => ({ device, model: 'CMS8000', at: START, controlId: 'B0001', ...part })))
  const encoding = process.cpuUsage()
  for (const message of messages) encodePcd01(message, SENDER, 'bare')
  const encoded = process.cpuUsage(encoding)
  return { 'sample: CPU µs per stored record': micros(sampled, list.length), 'encode PCD-01, numerics: CPU µs per message': micros(encoded, messages.length) }
}

/** Sampling and delivery without the cost of decoding, which core/record.ts has: each record's bytes are its place in a list. */
function feed(waveforms: boolean): Figures {
  const folder = temporary()
  const readings = mustOpen(folder)
  const queue = openQueue(folder, { tag: 'B', bytesMax: 4e9, bornAt: START })
  if (!queue.ok) throw new Error(queue.error.message)
  const beds = Array.from({ length: 200 }, (_, i) => `10.0.0.${i}`)
  const list: StoredReadings[] = []
  for (let second = 0; second < 30; second++) for (const device of beds) list.push(bedSecond(device, START + second * SECOND, second))
  let now = START
  const feeder = new Feeder({
    readings, queue: queue.value, decode: (bytes) => list[Buffer.from(bytes).readUInt32LE(0)] ?? null, modelOf: () => 'CMS8000', now: () => now,
    targets: [{ name: 'emr', everyMicros: 10 * SECOND, waveforms, encode: (out) => encodePcd01(out, SENDER, 'bare') }],
  })
  list.forEach(({ device, at }, i) => {
    const bytes = Buffer.alloc(RECORD_BYTES)
    bytes.writeUInt32LE(i, 0)
    void readings.append([{ device, at, bytes }])
    if (i % 50 === 49) readings.flush()
  })
  readings.flush()
  now = START + 60 * SECOND
  const feeding = process.cpuUsage()
  while (feeder.pump());
  const fed = process.cpuUsage(feeding)
  const target = queue.value.target('emr')
  const { waiting, bytes } = target.figures(now)
  const delivering = process.cpuUsage()
  for (let taken = target.take(64, now); taken.length > 0; taken = target.take(64, now)) target.acknowledge(taken.map((m) => m.seq), now)
  const delivered = process.cpuUsage(delivering)
  queue.value.close()
  readings.close()
  fs.rmSync(folder, { recursive: true })
  const name = waveforms ? 'with waveforms' : 'numerics'
  return {
    [`feed, ${name}: CPU µs per stored record`]: micros(fed, list.length), [`feed, ${name}: CPU µs per message`]: micros(fed, waiting),
    [`feed, ${name}: bytes per message`]: bytes / waiting, [`deliver, ${name}: CPU µs per message`]: micros(delivered, waiting),
  }
}

const SENDER = { name: 'CORDON', eui64: '02005EFFFE000077', facility: 'WARD4', deviceSystem: 'urn:d', patientSystem: 'urn:p', areLeadsStated: true }

function bedSecond(device: string, at: number, second: number): StoredReadings {
  const samples = Uint8Array.from({ length: 256 }, (_, i) => (i * 7 + second) % 256)
  return stored(device, at, [
    numeric('hr', 60 + (second % 9), at), numeric('rr', 14, at), numeric('spo2', 97, at), numeric('pr', 61, at), numeric('t1', 36.6, at),
    wave('ecg1', samples, at), wave('ecg2', samples, at), wave('ecg3', samples, at), wave('pleth', samples, at),
    wave('resp', samples.subarray(0, 128), at, 128),
  ], { patient: testPatient(device) })
}

function mustOpen(folder: string): Readings {
  const readings = openReadings(folder, { keepHours: 24 })
  if (!readings.ok) throw new Error(readings.error.message)
  return readings.value
}

const runs: Figures[] = []
for (let run = 0; run <= RUNS; run++) {
  const figures = { ...await appendPaced(), ...retain(), ...parts(), ...feed(false), ...feed(true) }
  // The first run warms up.
  if (run > 0) runs.push(figures)
}
const medians = Object.fromEntries(Object.keys(runs[0] ?? {}).map((name) => {
  const sorted = runs.map((figures) => figures[name] ?? 0).toSorted((a, b) => a - b)
  return [name, Number((sorted[sorted.length >> 1] ?? 0).toFixed(2))]
}))
console.log(JSON.stringify({ node: process.version, runs: RUNS, beds: BEDS, seconds: SECONDS, recordBytes: RECORD_BYTES, medians }, null, 2))
