// The inputs of bench:wire: built once by a seeded script into a cache folder outside the checkout, or written to standard output.
// Keeps the rule that a cached file is used only when it is complete and was made by this very recipe.
//
//   node bench/wire/input.ts NAME [--seed N] [--scale X] [--stdout]     NAME: one of INPUTS; --scale 0.01 for a try

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readSources, writeMix } from './mix.ts'
import { RecordWriter, type Written } from './record-writer.ts'
import { writeSmall } from './small.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')
const CAPTURES = path.join(ROOT, '..', 'shared', 'captures')
/** 1.07 GB and 4.15 M packets. */
const COPIES = 50
const SMALL_PACKETS = 3_000_000
/** 64 monitors, the most a ward of the twin has, and all that is around them: 1.0 GB and 1.6 M packets. */
const WARD_BEDS = 64
const WARD_SECONDS = 10_000
const SEED = 7

export type InputName = 'mixed' | 'mixed-x10' | 'mixed-x10-hosts' | 'small' | 'small-1m' | 'ward'

export interface InputFacts {
  readonly name: InputName
  readonly words: string
  readonly seed: number
  readonly packets: number
  readonly bytes: number
  readonly flows: number | null
  readonly sha256: string | null
}

export interface Wish {
  readonly name: InputName
  readonly seed: number
  /** 1 is the size that figures are given for. */
  readonly scale: number
}

interface Recipe {
  readonly words: string
  /** What the bytes depend on besides seed, scale and `sources`. */
  readonly parameters: Readonly<Record<string, number | boolean>>
  /** Files of this folder that make the bytes. */
  readonly sources: readonly string[]
  /** Too long to be kept: only ever a stream. */
  readonly isStream?: boolean
  readonly needsCaptures?: boolean
  /** null for the ward, which the command line makes. */
  readonly write: ((wish: Wish, out: RecordWriter) => void) | null
}

function mixed(words: string, windows: number, newHosts: boolean): Recipe {
  const write = ({ seed, scale }: Wish, out: RecordWriter): void => {
    const { files, left } = readSources(CAPTURES)
    const still = files.filter((f) => !f.isMovable)
    process.stderr.write(`${files.length} captures, ${still.length} of them once only, for want of hosts that can be moved (${still.map((f) => f.name).join(', ')})\n`)
    process.stderr.write(`left out, for want of a readable Ethernet packet: ${left.length} (${left.join(', ')})\n`)
    writeMix(files, { seed, copies: times(COPIES, scale), windows, newHosts }, out)
  }
  const sources = ['address.ts', 'mix.ts', 'record-writer.ts']
  return { words, parameters: { copies: COPIES, windows, newHosts }, sources, isStream: windows > 1, needsCaptures: true, write }
}

function small(words: string, flows: number): Recipe {
  const write = ({ seed, scale }: Wish, out: RecordWriter): void => {
    writeSmall({ seed, flows: times(flows, scale), packets: times(SMALL_PACKETS, scale) }, out)
  }
  return { words, parameters: { flows, packets: SMALL_PACKETS }, sources: ['small.ts', 'record-writer.ts'], write }
}

function times(count: number, scale: number): number {
  return Math.max(1, Math.round(count * scale))
}

export const INPUTS: Readonly<Record<InputName, Recipe>> = {
  mixed: mixed(`all real captures over 5 minutes, ${COPIES} copies with hosts of their own`, 1, false),
  'mixed-x10': mixed('ten such windows, the same hosts', 10, false),
  'mixed-x10-hosts': mixed('ten such windows, new hosts in each', 10, true),
  small: small('64-byte frames, 20,000 flows in random order', 20_000),
  'small-1m': small('64-byte frames, 1,000,000 flows in random order', 1_000_000),
  ward: {
    words: '64 CMS8000 of the twin with their central station and HL7, 2 h 47 min',
    parameters: { beds: WARD_BEDS, seconds: WARD_SECONDS },
    sources: [],
    write: null,
  },
}

/** Why this input cannot be made here, or null. */
export function inputProblem(name: InputName): string | null {
  return INPUTS[name].needsCaptures === true && !fs.existsSync(CAPTURES) ? '../shared/captures is not here' : null
}

/** The path of the finished file and what is in it; builds it when it is not there yet. */
export function cachedInput(wish: Wish, folder: string): { file: string; facts: InputFacts } {
  const base = path.join(folder, `${wish.name}-seed${wish.seed}-x${wish.scale}-${recipeHash(wish.name)}`)
  const [file, factsFile] = [`${base}.pcap`, `${base}.json`]
  const known = readFacts(factsFile)
  if (known !== null && fs.statSync(file, { throwIfNoEntry: false })?.size === known.bytes) return { file, facts: known }
  fs.mkdirSync(folder, { recursive: true })
  process.stderr.write(`building ${file}\n`)
  const partial = `${base}.${process.pid}.partial`
  const written = INPUTS[wish.name].write === null ? writeWard(wish, partial) : writeTo(wish, partial)
  fs.renameSync(partial, file)
  const facts: InputFacts = { name: wish.name, words: INPUTS[wish.name].words, seed: wish.seed, ...written }
  // Last: without it the file counts as not there.
  fs.writeFileSync(factsFile, `${JSON.stringify(facts, null, 2)}\n`)
  return { file, facts }
}

function readFacts(file: string): InputFacts | null {
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as InputFacts) : null
}

function writeTo(wish: Wish, file: string): Written {
  const fd = fs.openSync(file, 'w')
  const out = new RecordWriter((bytes) => writeAll(fd, bytes))
  INPUTS[wish.name].write?.(wish, out)
  const written = out.end()
  fs.closeSync(fd)
  return written
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let off = 0; off < bytes.length;) off += fs.writeSync(fd, bytes, off)
}

/** By the command line, as anybody makes a ward. */
function writeWard({ seed, scale }: Wish, file: string): Omit<Written, 'flows' | 'sha256'> & { flows: null; sha256: null } {
  const args = ['twin', '--out', file, '--beds', `${WARD_BEDS}`, '--scenario', 'leak,update', '--seconds', `${times(WARD_SECONDS, scale)}`, '--seed', `${seed}`]
  const { status, stderr } = spawnSync(path.join(ROOT, 'cordon'), args, { encoding: 'utf8' })
  const packets = Number(/(\d+) packets/.exec(stderr)?.[1])
  if (status !== 0 || Number.isNaN(packets)) throw new Error(`cordon twin ended with ${status}: ${stderr.slice(-400)}`)
  return { packets, bytes: fs.statSync(file).size, flows: null, sha256: null }
}

/** Of everything the bytes depend on: what makes them, and the captures or the twin they are made of. */
function recipeHash(name: InputName): string {
  const { parameters, sources, needsCaptures, write } = INPUTS[name]
  const hash = createHash('sha256').update(JSON.stringify(parameters))
  for (const source of sources) hash.update(fs.readFileSync(path.join(import.meta.dirname, source)))
  if (needsCaptures === true) hash.update(fs.readFileSync(path.join(CAPTURES, 'MANIFEST.tsv')))
  if (write === null) {
    const core = path.join(ROOT, 'src', 'twin', 'core')
    for (const source of fs.readdirSync(core).filter((f) => !f.endsWith('.test.ts')).sort()) hash.update(fs.readFileSync(path.join(core, source)))
  }
  return hash.digest('hex').slice(0, 12)
}

/** Where inputs are kept: BENCH_FOLDER, or the system's folder for temporary files. */
export function cacheFolder(): string {
  return path.join(process.env['BENCH_FOLDER'] ?? os.tmpdir(), 'cordon-bench-wire')
}

export function defaultSeed(): number {
  return Number(process.env['BENCH_SEED'] ?? SEED)
}

function main(): number {
  const options = { seed: { type: 'string' }, scale: { type: 'string' }, stdout: { type: 'boolean' } } as const
  const { values, positionals: [text = ''] } = parseArgs({ options, allowPositionals: true })
  if (!isInputName(text)) return refuse(`there is no input "${text}"; there are ${Object.keys(INPUTS).join(', ')}`)
  const wish: Wish = { name: text, seed: Number(values.seed ?? defaultSeed()), scale: Number(values.scale ?? 1) }
  const problem = inputProblem(text)
  if (problem !== null) return refuse(problem)
  const { isStream, write } = INPUTS[text]
  if (values.stdout !== true) {
    if (isStream === true) return refuse(`${text} is too long to be kept: add --stdout`)
    const { file, facts } = cachedInput(wish, cacheFolder())
    process.stdout.write(`${JSON.stringify({ file, ...facts }, null, 2)}\n`)
    return 0
  }
  if (write === null) return refuse(`${text} goes to standard output by: cordon twin --out -`)
  const out = new RecordWriter((bytes) => writeAll(1, bytes), false)
  write(wish, out)
  process.stderr.write(`${JSON.stringify({ ...wish, ...out.end(), flows: undefined })}\n`)
  return 0
}

export function isInputName(text: string): text is InputName {
  return Object.hasOwn(INPUTS, text)
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 2
}

if (import.meta.main) process.exitCode = main()
