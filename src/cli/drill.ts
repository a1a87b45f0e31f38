// cordon drill: the policy tried in a real kernel, in network namespaces that the drill makes itself and that end with it.
// Keeps the rule that the texts are those of `cordon compile`, to the byte, and that nothing is sent outside of those namespaces.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { Sha256 } from '../base/sha256.ts'
import { quote } from '../base/tree-reader.ts'
import { nftables } from '../policy/compile/nftables/index.ts'
import { emitRoutes } from '../policy/compile/routes/index.ts'
import { CONFIG_BYTES_MAX, readTextFile } from '../config/index.ts'
import { productPath } from '../config/product.ts'
import type { CompileInput } from '../policy/compile/target.ts'
import { policyNames, type NameMap, type Policy, type Segment } from '../policy/index.ts'
import { policyFilter } from '../policy/prove/assertions.ts'
import { planLayout, type Layout } from '../drill/core/layout.ts'
import { witnessesOf, type TextWitnesses } from '../drill/core/witnesses.ts'
import { canDrill, launchDrill, ownNetwork, type Ended } from '../drill/launch.ts'
import type { DrillSpec, DrillTexts } from '../drill/protocol.ts'
import { makeFolder } from '../store/make-folder.ts'
import { assetAddresses } from './assets-flag.ts'
import { emptyZones, inputOf, loadForCompile } from './compile-input.ts'
import { drillFailed, drillText } from './drill-text.ts'
import { Exit, type Io } from './io.ts'

/** Flags of `cordon drill`. */
export interface DrillArgs {
  /** The shipped template that keeps the central station inside, when left out. */
  readonly policy?: string | undefined
  readonly assets: readonly string[]
  /** nftables text to try against the policy in place of the compiled one. */
  readonly rules?: string | undefined
  /** Probes in each phase. */
  readonly probes: number
  readonly beds: number
  readonly seed: number
  /** Folder for the evidence; it must not exist, or be empty. */
  readonly out?: string | undefined
  readonly json: boolean
}

/** As `cordon prove`. */
const PROOF_FAILED = 5
const TEMPLATE = 'policies/keep-inside.yaml'

/** Exit codes: ok, proof (5) when the kernel or an assertion differs, incomplete (4) when no drill can run here, usage (2). */
export async function runDrill(args: DrillArgs, io: Io): Promise<number> {
  const problems: string[] = []
  const prepared = prepare(args, problems, io)
  if (prepared === null) {
    for (const problem of problems) io.err(`${problem}\n`)
    return Exit.usage
  }
  const way = await canDrill()
  if (!way.ok) return couldNotRun(way.error, io)
  const unwritable = madeProblem(args.out)
  if (unwritable !== null) {
    io.err(unwritable)
    return Exit.usage
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-drill-'))
  try {
    const spec: DrillSpec = { ...prepared, folder, beds: args.beds, probes: args.probes, seed: args.seed, outerNetwork: ownNetwork() }
    const started = process.hrtime.bigint()
    const ended = await launchDrill(spec, way.value, io.signal, (words) => (io.isTty ? io.err(`drill: ${words}\n`) : undefined))
    const seconds = Number((process.hrtime.bigint() - started) / 1_000_000n) / 1000
    return deliver(args, spec, ended, seconds, io)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function couldNotRun(reason: string, io: Io): number {
  io.err(`cordon drill: ${reason}\n  help: Nothing was sent to any real network. cordon prove policy answers the same questions without a kernel.\n`)
  return Exit.incomplete
}

type Prepared = Pick<DrillSpec, 'policy' | 'names' | 'texts' | 'witnesses'>

function prepare(args: DrillArgs, problems: string[], io: Io): Prepared | null {
  const loaded = loadForCompile({ policy: args.policy ?? productPath(TEMPLATE) }, problems)
  const assets = assetAddresses(args.assets, problems)
  problems.push(...outProblem(args.out))
  if (loaded === null || problems.length > 0) return null
  for (const warning of loaded.warnings) io.err(`${formatDiagnostic(warning)}\n`)
  const names = policyNames(loaded.policy, assets)
  problems.push(...emptyZones(loaded, names))
  const layout = planLayout(loaded.policy, names, loaded.policy.segments)
  if (!layout.ok) problems.push(`error: ${layout.error}`)
  if (!layout.ok || problems.length > 0) return null
  const { policy } = loaded
  const texts = textsOf(args, policy.segments, inputOf({}, loaded, names, {}), problems)
  if (texts === null) return null
  const witnesses = args.rules === undefined ? null : witnessesOfText(texts.nft, policy, names, layout.value, io)
  return { policy, names, texts, witnesses }
}

/** Where a given text and the policy differ, as far as the reader understands it: those packets are sent first. */
function witnessesOfText(text: string, policy: Policy, names: NameMap, layout: Layout, io: Io): TextWitnesses | null {
  const config = nftables.read?.(text, 'rules').config ?? null
  if (config === null || config.bindings.length === 0) {
    io.err('note: the rules are not understood, so probes follow the borders of the policy alone\n')
    return null
  }
  const found = witnessesOf(config, (version) => policyFilter(policy, names, version), layout)
  if (config.unknowns.length > 0) io.err(`note: ${config.unknowns.length} matches of the rules are not understood; cordon read lists them\n`)
  if (found.unknown.length > 0) io.err(`note: too large to compare for IPv${found.unknown.join(' and IPv')}; borders are tried all the same\n`)
  if (found.packets.length > 0) io.err(`note: as text the rules differ from the policy; packets that show it (${found.packets.length}) are sent first\n`)
  return found
}

function textsOf(args: DrillArgs, segments: readonly Segment[], input: CompileInput, problems: string[]): DrillTexts | null {
  const routes = segments.length === 0 ? null : emitRoutes('iproute2', { name: input.name, policyHash: input.policyHash, segments, options: {} })
  const rules = nftables.emit(input)
  if (!rules.ok) problems.push(...rules.refused.map((reason) => `refused by nftables: ${reason}`))
  if (routes?.ok === false) problems.push(...routes.refused.map((reason) => `refused by iproute2: ${reason}`))
  const given = args.rules === undefined ? null : readRules(args.rules, problems)
  if (!rules.ok || routes?.ok === false || problems.length > 0) return null
  return {
    nft: given ?? rules.value.text, nftRollback: given === null ? rules.value.rollback : null, routes: routes?.value.text ?? null,
    routesRollback: routes?.value.rollback ?? null,
  }
}

/** A binary file never reaches nft, which would print it back to the terminal; an empty one would drill nothing for half a minute. */
function readRules(file: string, problems: string[]): string | null {
  const read = readTextFile(file, file, CONFIG_BYTES_MAX)
  if (!read.ok) problems.push(formatDiagnostic(read.error))
  else if (read.value.trim() === '') problems.push(`${file}: error drill/empty: the rules are empty\n  help: Name the nftables text to try.`)
  return read.ok ? read.value : null
}

/** Evidence of two drills must not mix. */
function outProblem(out: string | undefined): readonly string[] {
  if (out === undefined || !fs.existsSync(out)) return []
  const empty = fs.statSync(out).isDirectory() && fs.readdirSync(out).length === 0
  return empty ? [] : [`error: ${quote(out)} is there already and not an empty folder\n  help: Name a new folder for the evidence.`]
}

/** Made before anything is sent: a drill whose evidence cannot be kept should not take place. */
function madeProblem(out: string | undefined): string | null {
  if (out === undefined) return null
  try {
    makeFolder(out)
    fs.accessSync(out, fs.constants.W_OK)
    return null
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return `error: ${quote(out)} cannot hold the evidence: ${why}\n  help: Name a new folder where you may write.\n`
  }
}

function deliver(args: DrillArgs, spec: DrillSpec, ended: Ended, seconds: number, io: Io): number {
  if (ended.kind === 'failed' && ended.because === 'rules') {
    io.err(`cordon drill: ${ended.reason}\n  help: Check the text with nft -c -f FILE.\n`)
    return Exit.unreadable
  }
  if (ended.kind === 'failed') return couldNotRun(ended.reason, io)
  if (ended.kind === 'stopped') {
    io.err('cordon drill: stopped; its namespaces are gone\n')
    return Exit.incomplete
  }
  const { result } = ended
  const { layout, ...rest } = result
  const sides = layout.sides.map(({ label }) => label)
  const document = { policy: spec.policy.name, seed: spec.seed, sides, verdict: drillFailed(result) ? 'failed' : 'held', ...rest }
  if (args.json) io.out(`${JSON.stringify(document, null, 2)}\n`)
  else io.out(drillText(result, io))
  io.err(`${spec.probes} probes in each of ${result.probes.length} phases, seed ${spec.seed}, ${seconds.toFixed(1)} s\n`)
  if (args.out !== undefined) writeEvidence(args.out, spec, `${JSON.stringify(document, null, 2)}\n`, io)
  if (result.probes.some(({ lost }) => lost !== 0)) return Exit.incomplete
  if (drillFailed(result)) return PROOF_FAILED
  const lost = result.probes.reduce((sum, row) => sum + row.lost, 0)
  if (lost === 0) return Exit.ok
  io.err(`cordon drill: captures lost ${lost} packets, so a leak may have gone unseen; repeat it with fewer --probes\n`)
  return Exit.incomplete
}

/** Captures of every side, the texts as loaded, the router's state, the result, and a manifest that names every file's SHA-256. */
function writeEvidence(out: string, spec: DrillSpec, result: string, io: Io): void {
  const { nft, nftRollback, routes, routesRollback } = spec.texts
  const texts = [
    ['rules.nft', nft], ['rules.nft.rollback', nftRollback], ['routes.sh', routes], ['routes.sh.rollback', routesRollback], ['result.json', result],
  ] as const
  for (const [name, text] of texts) if (text !== null) fs.writeFileSync(path.join(out, name), text)
  for (const name of fs.readdirSync(spec.folder)) fs.copyFileSync(path.join(spec.folder, name), path.join(out, name))
  const files = fs.readdirSync(out).sort().map((name) => {
    const bytes = fs.readFileSync(path.join(out, name))
    return { name, bytes: bytes.length, sha256: new Sha256().update(bytes).hex() }
  })
  fs.writeFileSync(path.join(out, 'manifest.json'), `${JSON.stringify({ policy: spec.policy.name, seed: spec.seed, files }, null, 2)}\n`)
  io.err(`evidence written to ${out}; check it with the SHA-256 in manifest.json\n`)
}
