// cordon twin: the synthetic ward as a pcap file. There is no network option: it cannot send (twin-live.ts is what can, to loopback).
// Keeps the rule that a wish is checked before a byte is written, and that no file but a capture is ever overwritten.

import fs from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { err, ok, type Result } from '../base/result.ts'
import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import {
  describeWard, playWard, SCENARIOS, WARD_DEFAULTS, wardOptions, wardOptionsProblem, type Scenario, type WardDescription, type WardOptions,
} from '../twin/core/ward.ts'
import { u32be } from '../wire/bytes.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { pcapVariant } from '../wire/capture/pcap.ts'
import { SECTION_HEADER } from '../wire/capture/pcapng.ts'
import { PCAP_FILE_HEADER_BYTES, PCAP_RECORD_HEADER_BYTES, putPcapFileHeader, putPcapRecord } from '../wire/capture/writer.ts'
import { Exit, type Io } from './io.ts'
import { formatBytes, progressBar, table } from './text.ts'

/** What the command line says. Times in milliseconds; `start` as ISO 8601. Omitted values are the twin's defaults. */
export interface TwinArgs {
  /** A path, or `-` for standard output. */
  readonly out?: string | undefined
  readonly beds?: number | undefined
  /** Comma-separated; empty or `quiet` for the quiet ward, `all` for every story. */
  readonly scenario?: string | undefined
  readonly seed?: number | undefined
  /** Infinity only together with `-`. */
  readonly seconds?: number | undefined
  readonly start?: string | undefined
  readonly periodMs?: number | undefined
  readonly jitterMs?: number | undefined
  readonly transport?: string | undefined
}

const QUIET = 'quiet'
const ALL = 'all'
/** Bytes gathered before each write: memory stays at this however long the ward is. */
const CHUNK_BYTES = 1 << 20

/** Takes bytes in order; resolves when the next may come. */
type ByteSink = (bytes: Uint8Array) => Promise<void>

/**
 * Writes the ward and prints its cast on stderr. Exit codes: ok, usage (a wish refused, a file not ours to overwrite),
 * incomplete (stopped or the disk failed; what was written ends at a packet). `stdout` is replaceable for tests.
 */
export async function runTwin(args: TwinArgs, io: Io, stdout: ByteSink = writeStdout): Promise<number> {
  const options = optionsOf(args)
  if (!options.ok) return refuse(io, options.error)
  const out = args.out ?? ''
  const problem = outputProblem(out, options.value)
  if (problem !== null) return refuse(io, problem)
  try {
    const totals = out === '-' ? await write(options.value, io, stdout) : await writeFile(out, options.value, io)
    io.err(summary(describeWard(options.value), totals, options.value))
    return totals.stopped ? Exit.incomplete : Exit.ok
  } catch (cause) {
    io.err(`cordon twin: could not write ${out}: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    return Exit.incomplete
  }
}

function refuse(io: Io, message: string): number {
  io.err(`cordon twin: ${message}\n`)
  return Exit.usage
}

/** The ward that is asked for, or why there is none. */
export function optionsOf(args: TwinArgs): Result<WardOptions> {
  const scenarios = scenariosOf(args.scenario ?? '')
  if (!scenarios.ok) return scenarios
  const startAt = args.start === undefined ? ok(WARD_DEFAULTS.startAt) : startOf(args.start)
  if (!startAt.ok) return startAt
  const updateTransport = args.transport ?? WARD_DEFAULTS.updateTransport
  if (updateTransport !== 'udp' && updateTransport !== 'tcp') return err(`transport must be udp or tcp, not "${updateTransport}"`)
  const options = wardOptions({
    seed: args.seed ?? WARD_DEFAULTS.seed,
    beds: args.beds ?? WARD_DEFAULTS.beds,
    durationSeconds: args.seconds ?? WARD_DEFAULTS.durationSeconds,
    cyclePeriodMicros: micros(args.periodMs, WARD_DEFAULTS.cyclePeriodMicros),
    jitterMicros: micros(args.jitterMs, WARD_DEFAULTS.jitterMicros),
    scenarios: scenarios.value,
    startAt: startAt.value,
    updateTransport,
  })
  const problem = wardOptionsProblem(options)
  return problem === null ? ok(options) : err(problem)
}

function micros(milliseconds: number | undefined, otherwise: Micros): Micros {
  return milliseconds === undefined ? otherwise : Math.round(milliseconds * 1000)
}

function scenariosOf(text: string): Result<ReadonlySet<Scenario>> {
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '')
  const unknown = names.find((name) => name !== QUIET && name !== ALL && !SCENARIOS.some((s) => s === name))
  if (unknown !== undefined) return err(`there is no scenario "${unknown}"; there are ${SCENARIOS.join(', ')}, ${ALL} and ${QUIET}`)
  if (names.includes(QUIET) && names.length > 1) return err(`${QUIET} is the ward without any story: it goes with no other scenario`)
  return ok(new Set(SCENARIOS.filter((s) => names.includes(s) || names.includes(ALL))))
}

/** A date without a zone would mean another moment on every machine, and the same command must give the same bytes. */
function startOf(text: string): Result<Micros> {
  const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/.test(text)
  const milliseconds = match ? Date.parse(text) : Number.NaN
  return Number.isNaN(milliseconds) ? err(`start must look like 2026-01-05T07:30:00Z, not "${text}"`) : ok(milliseconds * 1000)
}

/** Why the output is not ours to write, or null. */
function outputProblem(out: string, options: WardOptions): string | null {
  if (out === '') return 'name a file to write with --out, or - for standard output'
  if (out === '-') return null
  if (!Number.isFinite(options.durationSeconds)) return 'a ward without end goes to standard output only: use --out -'
  const found = fs.statSync(out, { throwIfNoEntry: false })
  if (found === undefined) return fs.existsSync(path.dirname(out)) ? null : `there is no folder ${path.dirname(out)}`
  if (found.isDirectory()) return `${out} is a folder; name a file in it`
  return found.isFile() && found.size > 0 && !isCapture(out) ? `${out} exists and is no capture: it is not overwritten` : null
}

function isCapture(file: string): boolean {
  const head = Buffer.alloc(4)
  const handle = fs.openSync(file, 'r')
  try {
    if (fs.readSync(handle, head, 0, 4, 0) < 4) return false
  } finally {
    fs.closeSync(handle)
  }
  const magic = u32be(head, 0)
  return magic === SECTION_HEADER || pcapVariant(magic) !== null
}

interface Totals {
  readonly frames: number
  readonly bytes: number
  readonly stopped: boolean
}

async function writeFile(out: string, options: WardOptions, io: Io): Promise<Totals> {
  const handle = fs.openSync(out, 'w')
  try {
    return await write(options, io, async (bytes) => {
      for (let off = 0; off < bytes.length;) off += fs.writeSync(handle, bytes, off)
      // Gives Ctrl-C its turn.
      await nextTurn()
    })
  } finally {
    fs.closeSync(handle)
  }
}

async function write(options: WardOptions, io: Io, sink: ByteSink): Promise<Totals> {
  const chunk = new Uint8Array(CHUNK_BYTES)
  let used = putPcapFileHeader(chunk, 0, LinkType.ethernet)
  const progress = progressBar(io, 'Playing the ward')
  const seconds = options.durationSeconds
  let frames = 0
  let bytes = PCAP_FILE_HEADER_BYTES
  for (const frame of playWard(options)) {
    const size = PCAP_RECORD_HEADER_BYTES + frame.bytes.length
    if (used + size > CHUNK_BYTES) {
      await sink(chunk.subarray(0, used))
      used = 0
      if (io.signal.aborted) break
      progress.update((frame.at - options.startAt) / MICROS_PER_SECOND, Number.isFinite(seconds) ? seconds : null)
    }
    used = putPcapRecord(chunk, used, frame.at, frame.bytes.length, frame.bytes, 0, frame.bytes.length)
    frames++
    bytes += size
  }
  if (used > 0) await sink(chunk.subarray(0, used))
  progress.done()
  return { frames, bytes, stopped: io.signal.aborted }
}

async function writeStdout(bytes: Uint8Array): Promise<void> {
  // The chunk is reused after this returns, so it must have left the process, or be copied.
  await new Promise<void>((resolve, reject) => process.stdout.write(bytes, (cause) => (cause ? reject(cause) : resolve())))
}

function summary(ward: WardDescription, totals: Totals, options: WardOptions): string {
  const rows = ward.members.map((m) => [m.label, m.role, m.ip, m.mac ?? '(behind the gateway)', m.place ?? ''])
  const events = ward.events.map((e) => [`${((e.at - options.startAt) / MICROS_PER_SECOND).toFixed(1)} s`, e.scenario, e.who, e.what])
  const quiet = 'A quiet ward: nothing here needs a decision.\n'
  const story = events.length === 0 ? quiet : `\n${table(['after', 'scenario', 'who', 'what'], events)}`
  const stopped = totals.stopped ? ', stopped before the end' : ''
  const size = `${totals.frames} packets, ${formatBytes(totals.bytes)}, seed ${options.seed}${stopped}`
  return `${table(['who', 'role', 'address', 'hardware address', 'place'], rows)}${story}\n${size}. All patients are invented.\n`
}
