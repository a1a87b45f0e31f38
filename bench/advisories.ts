// bench:advisories: `cordon advisory import` of 145 files in a fresh process, the same in this one, and 10,000 assets against 2,400 advisories.
// Prints CPU and wall seconds and the comparisons made; nothing is asserted (the tests count comparisons). Seeded: the same assets every run.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { randomInt, seededRng } from '../src/base/rng.ts'
import { advisoryFiles, loadShippedAdvisories, readAdvisoryFile } from '../src/config/advisories.ts'
import { loadCsafValidator } from '../src/config/csaf-validator.ts'
import { loadProfiles } from '../src/config/index.ts'
import { createCatalogue, matchAssets, type Advisory } from '../src/inventory/advisories/index.ts'
import type { Asset, Claim } from '../src/inventory/asset.ts'
import { runOnce, spreadOf } from './wire/measure.ts'

const ASSETS = Number(process.env['ASSETS'] ?? 10_000)
const ADVISORIES = Number(process.env['ADVISORIES'] ?? 2400)
const RUNS = Number(process.env['RUNS'] ?? 5)
const FILES = path.join(import.meta.dirname, '..', '..', 'shared', 'advisories', 'csaf')

const shipped = loadShippedAdvisories()
const rng = seededRng(7)
const pick = <T>(list: readonly T[]): T => list[randomInt(rng, 0, list.length - 1)] as T

/** In the shape of the medical ones: the same houses, other product numbers. */
function advisories(): Advisory[] {
  return Array.from({ length: ADVISORIES }, (_, i) => {
    const like = shipped.advisories[i % shipped.advisories.length] as Advisory
    if (i < shipped.advisories.length) return like
    const products = like.products.map((one) => ({ ...one, name: `${one.name} ${i}` }))
    return { ...like, id: `X-${i}`, products }
  })
}

/** Every asset has a model of its own, so that no search is shared. */
function assets(): Asset[] {
  const names = shipped.advisories.flatMap(({ products }) => products)
  return Array.from({ length: ASSETS }, (_, i) => {
    const { vendor, name } = pick(names)
    const claim = (what: Claim['what'], value: string): Claim =>
      ({ what, value, level: 'B', evidence: 'CMMS list', inferred: false, firstAt: 0, lastAt: 0, frame: 0, count: 1 })
    return {
      id: `a-${i}`, label: `a-${i}`, profile: null, vendor, model: name, role: 'unknown', level: 'B', bed: null, outside: false, zone: null, interfaces: [],
      claims: [claim('vendor', vendor), claim('model', `${name} no ${i}`), claim('version' as Claim['what'], `${randomInt(rng, 0, 12)}.${randomInt(rng, 0, 9)}`)],
      firstAt: 0, lastAt: 0,
    }
  })
}

async function measured(what: string, work: () => unknown): Promise<void> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  const told = await work()
  const used = process.cpuUsage(cpu)
  console.log(`${what}: ${((used.user + used.system) / 1e6).toFixed(2)} s of CPU, ${((performance.now() - wall) / 1000).toFixed(2)} s; ${String(told)}`)
}

async function readAll(): Promise<string> {
  const files = advisoryFiles(FILES)
  const validator = await loadCsafValidator()
  let taken = 0
  for (const file of files.ok ? files.value : []) if ((await readAdvisoryFile(file, validator)).kind === 'advisory') taken++
  return `${taken} files${validator === null ? ', without the validator' : ', validated'}`
}

/** Whole processes, each with a data folder of its own: start-up, the validator, the store and all files are inside. */
function importsAfresh(): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-bench-advisories-'))
  const cordon = path.join(import.meta.dirname, '..', 'cordon')
  const runs = Array.from({ length: RUNS }, (_, run) =>
    runOnce([cordon, 'advisory', 'import', FILES, '--data', path.join(folder, String(run))], path.join(folder, 'time'), 60_000))
  const [cpu, wall] = [spreadOf(runs.map((one) => one.cpuSeconds)), spreadOf(runs.map((one) => one.wallSeconds))]
  const codes = [...new Set(runs.map(({ exitCode }) => exitCode))].join(', ')
  console.log(`cordon advisory import, a fresh process, least of ${RUNS}: ${cpu.min.toFixed(2)} s of CPU, ${wall.min.toFixed(2)} s; exit ${codes}`)
  fs.rmSync(folder, { recursive: true })
}

if (fs.existsSync(FILES)) importsAfresh()
const profiles = loadProfiles()
if (!profiles.ok) throw new Error('profiles')
const list = assets()
const many = advisories()
for (let run = 0; run < RUNS; run++) {
  if (fs.existsSync(FILES)) await measured('import', readAll)
  await measured(`${ASSETS} assets x ${ADVISORIES} advisories`, () => {
    const counters = { comparisons: 0 }
    const found = matchAssets(list, createCatalogue(many), { profiles: profiles.value.profiles, exploited: shipped.exploited, counters })
    return `${found.length} matches, ${counters.comparisons} comparisons`
  })
}
