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
/** 44 times the folder are 1.08 GB and 4.15 M packets. */
const COPIES = 44
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
  /** Too long to be kept: only ever a stream. */
  readonly isStream?: boolean
  readonly needsCaptures?: boolean
  readonly write: (wish: Wish, out: RecordWriter) => void
}

function mix(windows: number, newHosts: boolean): Recipe['write'] {
  return ({ seed, scale }, out) => {
    const { files, left } = readSources(CAPTURES)
    process.stderr.write(`${files.length} captures; without a readable Ethernet packet, so left out: ${left.join(', ') || 'none'}\n`)
    writeMix(files, { seed, copies: times(COPIES, scale), windows, newHosts }, out)
  }
}

function small(flows: number): Recipe['write'] {
  return ({ seed, scale }, out) => writeSmall({ seed, flows: times(flows, scale), packets: times(SMALL_PACKETS, scale) }, out)
}

function times(count: number, scale: number): number {
  return Math.max(1, Math.round(count * scale))
}

export const INPUTS: Readonly<Record<InputName, Recipe>> = {
  mixed: { words: 'all real captures over 5 minutes, 44 copies with hosts of their own', needsCaptures: true, write: mix(1, false) },
  'mixed-x10': { words: 'ten such windows, the same hosts', isStream: true, needsCaptures: true, write: mix(10, false) },
  'mixed-x10-hosts': { words: 'ten such windows, new hosts in each', isStream: true, needsCaptures: true, write: mix(10, true) },
  small: { words: '64-byte frames, 20,000 flows in random order', write: small(20_000) },
  'small-1m': { words: '64-byte frames, 1,000,000 flows in random order', write: small(1_000_000) },
  ward: { words: '64 CMS8000 of the twin with their central station and HL7, 2 h 47 min', write: () => {} },
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
  const written = wish.name === 'ward' ? writeWard(wish, partial) : writeTo(wish, partial)
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
  INPUTS[wish.name].write(wish, out)
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

/** Of everything the bytes depend on: this folder's source, the captures, the twin. */
function recipeHash(name: InputName): string {
  const hash = createHash('sha256')
  for (const source of ['address.ts', 'input.ts', 'mix.ts', 'record-writer.ts', 'small.ts']) hash.update(fs.readFileSync(path.join(import.meta.dirname, source)))
  if (INPUTS[name].needsCaptures === true) hash.update(fs.readFileSync(path.join(CAPTURES, 'MANIFEST.tsv')))
  if (name === 'ward') {
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

function main(): void {
  const options = { seed: { type: 'string' }, scale: { type: 'string' }, stdout: { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const name = positionals[0] ?? ''
  if (!Object.hasOwn(INPUTS, name)) {
    process.stderr.write(`there is no input "${name}"; there are ${Object.keys(INPUTS).join(', ')}\n`)
    process.exit(2)
  }
  const wish: Wish = { name: name as InputName, seed: Number(values.seed ?? defaultSeed()), scale: Number(values.scale ?? 1) }
  const problem = inputProblem(wish.name)
  if (problem !== null) {
    process.stderr.write(`${problem}\n`)
    process.exit(2)
  }
  if (values.stdout === true && wish.name !== 'ward') {
    const out = new RecordWriter((bytes) => writeAll(1, bytes), false)
    INPUTS[wish.name].write(wish, out)
    process.stderr.write(`${JSON.stringify({ ...wish, ...out.end() })}\n`)
  } else if (INPUTS[wish.name].isStream === true || values.stdout === true) {
    process.stderr.write(`${wish.name} is ${wish.name === 'ward' ? 'made by cordon twin --out -' : 'a stream: add --stdout'}\n`)
    process.exit(2)
  } else {
    const { file, facts } = cachedInput(wish, cacheFolder())
    process.stdout.write(`${JSON.stringify({ file, ...facts }, null, 2)}\n`)
  }
}

if (import.meta.main) main()
