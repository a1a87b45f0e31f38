// bench:gateway: a thousand beds on one core and ten thousand on two: CPU, memory, latency and loss of the gateway, beside a floor, in one run.
// Prints a table and writes artifacts/bench-gateway.json. Nothing is asserted here: figures go to docs/performance.md.

import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BedsFrame } from '../src/gateway/core/beds-frame.ts'
import type { FromLoad, LoadJob } from './gateway-load.ts'
import type { FromServer, ServedCounts, ServerJob } from './gateway-server.ts'
import { monotonicMs, percentile, stampsIn } from './gateway-stamp.ts'

const ROOT = path.join(import.meta.dirname, '..')
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 60)
/** Before CPU is counted: code is compiled, windows are full. */
const WARM_SECONDS = Number(process.env['BENCH_WARM_SECONDS'] ?? 20)
/** On whose disk the readings go. */
const FOLDER = process.env['BENCH_FOLDER'] ?? os.tmpdir()
const FIRST_SOURCE = '127.77.0.1'
/** USER_HZ of /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

interface Scenario {
  readonly name: string
  readonly beds: number
  readonly serverCores: string
  readonly loadCores: string
}

const SCENARIOS: readonly Scenario[] = [
  { name: '1,000 beds, gateway on one core', beds: 1_000, serverCores: '0', loadCores: '1' },
  { name: '10,000 beds, gateway and load on two cores', beds: 10_000, serverCores: '0,1', loadCores: '0,1' },
]
/** Half-seconds without anything new after which what is missing is lost. */
const QUIET_ASKS = 20
const KINDS: readonly ServerJob['kind'][] = ['floor', 'core', 'gateway']

interface ProcessFigures {
  readonly role: string
  readonly cpuSeconds: number
  readonly rssMb: number
  readonly pssMb: number
}

interface Row {
  readonly scenario: string
  readonly kind: ServerJob['kind']
  readonly words: string
  readonly beds: number
  readonly countedSeconds: number
  readonly processes: readonly ProcessFigures[]
  readonly sent: Extract<FromLoad, { kind: 'done' }>
  readonly served: ServedCounts
  /** From the last cycle sent (and three seconds) until all was there, or nothing more came. */
  readonly drainSeconds: number
  readonly browser: { readonly stamps: number; readonly p50Ms: number; readonly p99Ms: number } | null
}

interface Program<T> {
  readonly child: ChildProcess
  readonly next: () => Promise<T>
}

/** A bench program of its own on these cores, with a channel; its messages in order. */
function program<T>(file: string, job: object, cores: string): Program<T> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, file), JSON.stringify(job)]
  const child = spawn('taskset', ['-c', cores, ...node], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const messages: T[] = []
  let waiting: PromiseWithResolvers<T> | null = null
  child.on('message', (message) => {
    waiting?.resolve(message as T)
    if (waiting === null) messages.push(message as T)
    waiting = null
  })
  child.on('exit', (code) => waiting?.reject(new Error(`${file} ended with ${code}`)))
  const next = (): Promise<T> => {
    const message = messages.shift()
    if (message !== undefined) return Promise.resolve(message)
    waiting = Promise.withResolvers<T>()
    return waiting.promise
  }
  return { child, next }
}

function stat(pid: number): readonly string[] {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

const cpuSeconds = (pid: number): number => (Number(stat(pid)[11]) + Number(stat(pid)[12])) / TICKS_PER_SECOND

/** A process and those it started, with what each is. */
function family(pid: number, role: string): { pid: number; role: string }[] {
  const children = fs.readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter((text) => text !== '').map(Number))
  return [{ pid, role }, ...children.flatMap((child) => family(child, 'segment'))]
}

function megabytes(pid: number, file: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(fs.readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1]) / 1000
}

/** Reads page 1 of the beds page as a browser does, and notes how old each new cycle is on arrival. */
async function watchPage(url: string, signal: AbortSignal): Promise<number[]> {
  const ms: number[] = []
  try {
    const answer = await fetch(`${url}api/beds/stream?page=1`, { signal })
    if (answer.body === null) return ms
    let text = ''
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      text += piece
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      const now = monotonicMs()
      for (const event of events) ms.push(...agesIn(event, now))
    }
  } catch {
    // Aborted: the run is over.
  }
  return ms
}

function agesIn(event: string, now: number): number[] {
  const data = /^data: (.*)$/m.exec(event)?.[1]
  if (data === undefined || !/^event: beds$/m.test(event)) return []
  const { tiles } = JSON.parse(data) as BedsFrame
  const resp = tiles.flatMap((tile) => tile.waves.filter((wave) => wave.channel === 'resp'))
  return resp.flatMap((wave) => stampsIn(Uint8Array.from(wave.samples)).map((stamp) => now - stamp.atMs))
}

async function run(scenario: Scenario, kind: ServerJob['kind']): Promise<Row> {
  const folder = fs.mkdtempSync(path.join(FOLDER, 'cordon-bench-gateway-'))
  const wanted: ServerJob = { kind, beds: scenario.beds, firstSource: FIRST_SOURCE, folder, countFromCycle: WARM_SECONDS }
  const server = program<FromServer>('gateway-server.ts', wanted, scenario.serverCores)
  const up = await server.next()
  if (up.kind !== 'up') throw new Error('the server does not say that it is up')
  const job: LoadJob = { host: '127.0.0.1', port: up.port, firstSource: FIRST_SOURCE, beds: scenario.beds, seconds: WARM_SECONDS + SECONDS }
  const load = program<FromLoad>('gateway-load.ts', job, scenario.loadCores)
  await load.next()
  const members = [...family(server.child.pid ?? 0, kind === 'gateway' ? 'hospital' : kind), ...family(load.child.pid ?? 0, 'load')]
  load.child.send('start')
  await sleep(WARM_SECONDS * 1000)
  const page = new AbortController()
  const watching = up.console === null ? null : watchPage(up.console, page.signal)
  const before = members.map(({ pid }) => cpuSeconds(pid))
  const startedAt = monotonicMs()
  await sleep((SECONDS - 1) * 1000)
  const countedSeconds = (monotonicMs() - startedAt) / 1000
  const processes = members.map(({ pid, role }, i): ProcessFigures => ({
    role, cpuSeconds: cpuSeconds(pid) - (before[i] as number), rssMb: megabytes(pid, 'status', 'VmRSS'), pssMb: megabytes(pid, 'smaps_rollup', 'Pss'),
  }))
  const sent = await load.next()
  page.abort()
  const ages = watching === null ? null : await watching
  if (sent.kind !== 'done') throw new Error('the load says something else than what it sent')
  const { counts, drainSeconds } = await drained(server, sent)
  for (const { child } of [load, server]) {
    child.send('stop')
    await new Promise((resolve) => child.once('exit', resolve))
  }
  fs.rmSync(folder, { recursive: true, force: true })
  const browser = ages === null ? null : { stamps: ages.length, p50Ms: percentile(ages, 0.5), p99Ms: percentile(ages, 0.99) }
  return { scenario: scenario.name, kind, words: up.words, beds: scenario.beds, countedSeconds, processes, sent, served: counts, drainSeconds, browser }
}

/** What is still under way is late, not lost: asks until all is there, or until nothing more comes. */
async function drained(server: Program<FromServer>, sent: Row['sent']): Promise<{ counts: ServedCounts; drainSeconds: number }> {
  const startedAt = monotonicMs()
  for (let [before, quiet] = [-1, 0]; ; await sleep(500)) {
    server.child.send('counts')
    const answer = await server.next()
    if (answer.kind !== 'counts') throw new Error('the server does not say what it counted')
    const { counts } = answer
    const done = counts.cycles === 0 ? counts.bytes ?? 0 : counts.cycles
    quiet = done === before ? quiet + 1 : 0
    before = done
    const isAll = counts.cycles === sent.cycles || counts.bytes === sent.bytes
    if (isAll || quiet >= QUIET_ASKS) return { counts, drainSeconds: (monotonicMs() - startedAt) / 1000 }
  }
}

function print(row: Row): void {
  const { served, sent, browser, countedSeconds } = row
  console.log(`\n${row.scenario}: ${row.words}`)
  console.log('| process | CPU of one core | CPU s | RSS MB | PSS MB |\n|---|---|---|---|---|')
  for (const p of row.processes) {
    const share = ((100 * p.cpuSeconds) / countedSeconds).toFixed(1)
    console.log(`| ${p.role} | ${share} % | ${p.cpuSeconds.toFixed(2)} | ${p.rssMb.toFixed(0)} | ${p.pssMb.toFixed(0)} |`)
  }
  const ours = row.processes.filter((p) => p.role !== 'load')
  const cpu = ours.reduce((sum, p) => sum + p.cpuSeconds, 0)
  const pss = ours.reduce((sum, p) => sum + p.pssMb, 0)
  console.log(`all but the load: ${((100 * cpu) / countedSeconds).toFixed(1)} % of one core over ${countedSeconds.toFixed(1)} s, PSS ${pss.toFixed(0)} MB`)
  const load = `${sent.waited} writes waited, ${sent.broken} connections broke; load late by ${ms(sent.lateP50Ms)} (p50), ${ms(sent.lateP99Ms)} (p99)`
  console.log(`sent ${sent.cycles} cycles, ${sent.bytes} bytes; ${load}`)
  if (row.kind === 'floor') console.log(`loss: ${sent.bytes - (served.bytes ?? 0)} bytes`)
  else {
    const where = row.kind === 'core' ? 'socket to reading' : 'socket to store'
    const took = `p50 ${ms(served.storeP50Ms)}, p99 ${ms(served.storeP99Ms)}, max ${ms(served.storeMaxMs)}`
    console.log(`loss: ${sent.cycles - served.cycles} cycles, ${served.doubled} came twice; ${where} ${took}`)
  }
  if (browser !== null) {
    console.log(`socket to browser (page 1, ${browser.stamps} cycles): p50 ${ms(browser.p50Ms)}, p99 ${ms(browser.p99Ms)}`)
  }
  console.log(`all was there ${row.drainSeconds.toFixed(1)} s after the last cycle and three seconds`)
  for (const notice of served.notices) console.log(`notice: ${notice}`)
}

const ms = (value: number): string => `${value.toFixed(1)} ms`

async function main(): Promise<void> {
  if (spawnSync('taskset', ['-V']).status !== 0) {
    console.log('skipped: taskset is not here (Debian package util-linux)')
    return
  }
  const wanted = process.env['BENCH_BEDS']?.split(',') ?? SCENARIOS.map((s) => String(s.beds))
  const kinds: readonly string[] = process.env['BENCH_KINDS']?.split(',') ?? KINDS
  const machine = `${os.cpus().length} cores (${os.cpus()[0]?.model ?? ''}), Node ${process.version}`
  console.log(`${machine}, ${WARM_SECONDS} s before and ${SECONDS} s counted, readings in ${FOLDER}`)
  const busy = os.loadavg().map((l) => l.toFixed(2)).join(' ')
  console.log(`load of the machine before: ${busy}; above 0.5 the figures are not to be used`)
  const rows: Row[] = []
  for (const scenario of SCENARIOS.filter((s) => wanted.includes(String(s.beds)))) {
    for (const kind of KINDS.filter((k) => kinds.includes(k))) {
      rows.push(await run(scenario, kind))
      print(rows.at(-1) as Row)
    }
  }
  fs.mkdirSync(path.join(ROOT, 'artifacts'), { recursive: true })
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  const report = { commit, node: process.version, load: os.loadavg(), rows }
  fs.writeFileSync(path.join(ROOT, 'artifacts', 'bench-gateway.json'), `${JSON.stringify(report, null, 2)}\n`)
}

await main()
