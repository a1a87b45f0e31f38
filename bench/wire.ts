// bench:wire: whole processes over the same capture: cordon check with everything on, the field's sensors, and two floors, in one run.
// Prints a table and writes JSON. Nothing is asserted here: figures go to docs/performance.md. What can be chosen is in OPTIONS.

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cachedInput, cacheFolder, defaultSeed, inputProblem, INPUTS, isInputName, type InputFacts, type InputName } from './wire/input.ts'
import { GNU_TIME, parseTime, rowOf, runOnce, tableOf, type Row, type Run } from './wire/measure.ts'
import { cordons, findPeers, FLOORS, freshFolder, versionOf, type Peer } from './wire/peers.ts'
import { slice } from './wire/walk.ts'

const ROOT = path.join(import.meta.dirname, '..')
/** Above it the CPU figures of a two-core machine drift by more than the differences that matter. */
const LOAD_MAX = 0.5
/** A peer may crash by chance (Suricata 7.0.10 does on the mix, now and then) and is run on; so often, and it is left alone for this input. */
const FAILURES_MAX = 3

/** Each also as BENCH_RUNS, BENCH_INPUTS and so on. */
const OPTIONS = {
  /** Counted runs, after one warm-up. */
  runs: { type: 'string', default: process.env['BENCH_RUNS'] ?? '5' },
  /** Comma-separated names of bench/wire/input.ts; the streams (mixed-x10, mixed-x10-hosts) only when named. */
  inputs: { type: 'string', default: process.env['BENCH_INPUTS'] ?? 'mixed,small,small-1m,ward' },
  /** Comma-separated beginnings of tools' names, `none`, or `all`. cordon always runs. */
  peers: { type: 'string', default: process.env['BENCH_PEERS'] ?? 'all' },
  /** 0.01 for a try. */
  scale: { type: 'string', default: process.env['BENCH_SCALE'] ?? '1' },
  seed: { type: 'string', default: String(defaultSeed()) },
  json: { type: 'string', default: process.env['BENCH_JSON'] ?? path.join(ROOT, 'artifacts', 'bench-wire.json') },
  /** Seconds after which one run is ended and counts as failed. */
  timeout: { type: 'string', default: process.env['BENCH_TIMEOUT'] ?? '900' },
} as const

interface Wanted {
  readonly runs: number
  readonly inputs: readonly InputName[]
  readonly tools: readonly Peer[]
  readonly scale: number
  readonly seed: number
  readonly json: string
  readonly timeoutMs: number
}

interface Result {
  readonly input: Pick<InputFacts, 'name' | 'words' | 'seed'> & Partial<InputFacts>
  readonly load: readonly number[]
  readonly rows: readonly Row[]
}

/** The choices, or what is wrong with them. */
function wantedOf(): Wanted | string {
  const { values } = parseArgs({ options: OPTIONS })
  const names = values.inputs.split(',')
  const wrong = names.find((name) => !isInputName(name))
  if (wrong !== undefined) return `there is no input "${wrong}"; there are ${Object.keys(INPUTS).join(', ')}`
  const numbers = { runs: Number(values.runs), scale: Number(values.scale), timeoutMs: Number(values.timeout) * 1000 }
  if (!Number.isInteger(numbers.runs) || numbers.runs < 1) return `runs must be a whole number from 1, not "${values.runs}"`
  if (!(numbers.scale > 0) || !(numbers.timeoutMs > 0)) return 'scale and timeout must be above 0'
  if (!fs.existsSync(GNU_TIME)) return `${GNU_TIME} is not here: install the Debian package time`
  const prefixes = values.peers.split(',')
  const isWanted = ({ name }: Peer): boolean => prefixes.some((p) => p === 'all' || (p !== '' && name.startsWith(p)))
  const { peers, missing } = findPeers()
  for (const name of missing) console.log(`not available here: ${name}`)
  const tools = [...cordons(), ...[...FLOORS, ...peers].filter(isWanted)]
  return { ...numbers, inputs: names.filter(isInputName), tools, seed: Number(values.seed), json: values.json }
}

/** Every tool in turn, then all again: noise of the machine hits all alike. The first round warms up and is not counted. */
function compare(name: InputName, wanted: Wanted, scratch: string): Result {
  const { file, facts } = cachedInput({ name, seed: wanted.seed, scale: wanted.scale }, cacheFolder())
  const load = os.loadavg()
  const files = wanted.tools.map((tool) => fileFor(tool, file, facts, scratch))
  const runs = wanted.tools.map((): Run[] => [])
  for (let round = 0; round <= wanted.runs; round++) {
    wanted.tools.forEach((tool, i) => {
      if ((runs[i] ?? []).filter((run) => run.exitCode < 0).length >= FAILURES_MAX) return
      process.stderr.write(`\r${name}: round ${round} of ${wanted.runs}, ${tool.name}\u001B[K`)
      const argv = tool.argv(files[i]?.path ?? file, freshFolder(path.join(scratch, 'out')))
      const run = runOnce(argv, path.join(scratch, 'time'), wanted.timeoutMs)
      if (round > 0 || run.exitCode < 0) runs[i]?.push(run)
    })
  }
  process.stderr.write('\r\u001B[K')
  const rows = wanted.tools.map((tool, i) => rowOf(nameOf(tool, files[i]?.packets ?? 0), commandOf(tool), files[i]?.packets ?? 0, runs[i] ?? []))
  return { input: facts, load, rows }
}

function fileFor(tool: Peer, file: string, facts: InputFacts, scratch: string): { path: string; packets: number } {
  if (tool.slice === undefined || tool.slice >= facts.packets) return { path: file, packets: facts.packets }
  const cut = path.join(scratch, `${facts.name}-${tool.slice}.pcap`)
  if (!fs.existsSync(cut)) slice(file, cut, tool.slice)
  return { path: cut, packets: tool.slice }
}

function nameOf(tool: Peer, packets: number): string {
  return tool.slice === packets ? `${tool.name}, first ${packets.toLocaleString('en')} packets` : tool.name
}

const commandOf = (tool: Peer): string => tool.argv('FILE', 'FOLDER').join(' ').replaceAll(ROOT, '.').replaceAll(process.execPath, 'node')

/** Ten times the mix through a pipe, made on the way: for memory, so one run of cordon each; its wall time is the maker's. */
function stream(name: InputName, wanted: Wanted, scratch: string): Result {
  const load = os.loadavg()
  const [timeFile, factsFile] = [path.join(scratch, 'time'), path.join(scratch, 'facts')]
  const make = `'${process.execPath}' --disable-warning=ExperimentalWarning '${path.join(import.meta.dirname, 'wire', 'input.ts')}' ${name} --stdout --seed ${wanted.seed} --scale ${wanted.scale}`
  const rows = cordons().map((tool) => {
    const command = tool.argv('-', '').map((word) => `'${word}'`).join(' ')
    const piped = `${make} 2>'${factsFile}' | ${GNU_TIME} -q -f '%U %S %e %M %x' -o '${timeFile}' ${command} >/dev/null 2>/dev/null`
    fs.rmSync(timeFile, { force: true })
    spawnSync('sh', ['-c', piped], { stdio: 'ignore' })
    const run = fs.existsSync(timeFile) ? parseTime(fs.readFileSync(timeFile, 'utf8')) : null
    return rowOf(`${tool.name} from a pipe`, commandOf(tool).replace('FILE', '-'), streamFacts(factsFile).packets ?? 0, run === null ? [] : [run])
  })
  return { input: { name, words: INPUTS[name].words, seed: wanted.seed, ...streamFacts(factsFile) }, load, rows }
}

/** The last line that the maker wrote; nothing when the reader left before the end. */
function streamFacts(file: string): Partial<InputFacts> {
  const last = fs.readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''
  return last.startsWith('{') ? (JSON.parse(last) as Partial<InputFacts>) : {}
}

function print({ input, load, rows }: Result): void {
  const [packets, bytes] = [input.packets ?? Number.NaN, input.bytes ?? Number.NaN]
  const flows = typeof input.flows === 'number' ? `, ${input.flows.toLocaleString('en')} flows` : ''
  const size = `${packets.toLocaleString('en')} packets${flows}, ${(bytes / 1e6).toFixed(0)} MB, ${((bytes - 24) / packets - 16).toFixed(0)} B a packet`
  console.log(`\n${input.name}: ${input.words}; ${size}, seed ${input.seed}`)
  console.log(`load of the machine before: ${load.map((l) => l.toFixed(2)).join(' ')}\n`)
  console.log(tableOf(rows, rows[0] ?? null))
}

function main(): number {
  const wanted = wantedOf()
  if (typeof wanted === 'string') {
    process.stderr.write(`bench:wire: ${wanted}\n`)
    return 2
  }
  const busy = os.loadavg()[0] ?? 0
  const machine = `${os.cpus().length} cores (${os.cpus()[0]?.model ?? ''}), Node ${process.version}`
  console.log(`${wanted.runs} counted runs each after one warm-up, in turn; ${machine}; load ${busy.toFixed(2)}`)
  if (busy > LOAD_MAX) console.log(`WARNING: the load is above ${LOAD_MAX}: these figures are for trying only, not to be quoted`)
  const tools = wanted.tools.map((tool) => ({ name: tool.name, does: tool.words, command: commandOf(tool), version: tool.name.startsWith('cordon') ? '' : versionOf(tool) }))
  for (const tool of tools) console.log(`- ${[tool.name, tool.version].join(' ').trim()}: ${tool.does}. \`${tool.command}\``)
  const scratch = fs.mkdtempSync(path.join(process.env['BENCH_FOLDER'] ?? os.tmpdir(), 'cordon-bench-run-'))
  const results: Result[] = []
  for (const name of wanted.inputs) {
    const problem = inputProblem(name)
    if (problem !== null) {
      console.log(`\nskipped: ${name} (${problem})`)
      continue
    }
    const result = INPUTS[name].isStream === true ? stream(name, wanted, scratch) : compare(name, wanted, scratch)
    results.push(result)
    print(result)
    save(wanted, busy, tools, results)
  }
  fs.rmSync(scratch, { recursive: true })
  return 0
}

/** After every input, so that an hour's figures do not hang on the last minute. */
function save(wanted: Wanted, load: number, tools: readonly object[], results: readonly Result[]): void {
  fs.mkdirSync(path.dirname(path.resolve(wanted.json)), { recursive: true })
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  const { runs, scale, seed } = wanted
  fs.writeFileSync(wanted.json, `${JSON.stringify({ commit, node: process.version, cpu: os.cpus()[0]?.model, load, runs, scale, seed, tools, results }, null, 2)}\n`)
}

process.exitCode = main()
