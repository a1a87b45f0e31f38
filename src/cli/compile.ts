// cordon compile: the policy as text for one platform, with its rollback. A person reads it and loads it; nothing here reaches a device.
// Keeps S6 and "never wider": before anything is written the text is read back and proved, and so is its rollback, or nothing is written.

import { writeFileSync } from 'node:fs'
import { quote } from '../base/tree-reader.ts'
import { targetById, TARGETS } from '../policy/compile/registry.ts'
import { emitRouteTarget, routeDifferences, ROUTE_TARGETS, routeTargetById, type RoutesInput } from '../policy/compile/routes/index.ts'
import type { Capabilities, CompileInput, EmitResult, Target } from '../policy/compile/target.ts'
import { proveRollback, rollbackSentence } from '../policy/change/rollback.ts'
import { validateText } from '../policy/change/validate.ts'
import { changeJson, changeMarkdown, changeReplay, type Change, type Proof } from './change-pack.ts'
import { expandZone, inputOf, prepare, type CompileInputArgs, type Prepared } from './compile-input.ts'
import { Exit, type Io } from './io.ts'
import { answerText } from './prove-text.ts'
import { table } from './text.ts'

/** Flags of `cordon compile`. */
export interface CompileArgs extends CompileInputArgs {
  /** Target id, see listTargets. */
  readonly target: string
  /** File to write; the rollback and the change pack go beside it. Standard output when left out. */
  readonly out?: string | undefined
  /** Lines allowed, in place of the platform's own budget. */
  readonly budget?: number | undefined
  /** Platform words, such as `interface`. `zone` names a zone whose addresses are handed on as `source`. */
  readonly options?: Readonly<Record<string, string>>
  /** False: write without proofs, and say so everywhere. */
  readonly prove?: boolean
  /** Wall clock in microseconds, for tests. */
  readonly now?: () => number
}

/** Exit code of a refuted claim (product conventions). */
const PROOF_FAILED = 5

/** One written text with what was proved of it. */
export interface Written {
  readonly target: { readonly id: string; readonly name: string }
  readonly families: readonly number[]
  readonly budget: number | null
  readonly result: EmitResult
  readonly proofs: readonly Proof[]
}

/** Writes the text, its rollback and the change pack. Exit code 2 when anything refuses, 4 and 5 when a proof is unknown or fails. */
export async function runCompile(args: CompileArgs, io: Io): Promise<number> {
  if (targetById(args.target) === null && routeTargetById(args.target) === null) {
    io.err(`error: no target is called ${quote(args.target)}\n  help: Targets are ${[...TARGETS, ...ROUTE_TARGETS].map(({ id }) => id).join(', ')}.\n`)
    return Exit.usage
  }
  const prepared = await prepare(args, io)
  if (typeof prepared === 'number') return prepared
  const written = writeText(args, prepared)
  if (Array.isArray(written)) return refuse(written, io)
  const { result, target, proofs } = written as Written
  if (!result.ok) return refuse(result.refused.map((reason) => `refused by ${target.id}: ${reason}`), io)
  const replayed = args.data === undefined ? null : await changeReplay(args, prepared, io)
  if (typeof replayed === 'number') return replayed
  io.err(`${replayed?.lineOne ?? 'In use now: not known, because no --data FOLDER says who is here.'}\n`)
  io.err(`${replayed?.approvalLine ?? 'NOT APPROVED: no replay verdict, because no --data FOLDER was given.'}\n`)
  const stopped = proofsStop(proofs, args, io)
  if (stopped !== null) return stopped
  return deliver(args, { ...(written as Written), emitted: result.value, prepared, replayed, options: args.options ?? {} }, io)
}

/** Routes have no state and no ports; written commands are no dump, so `cordon read` does not take them. */
const ROUTE_CAPABILITIES: Capabilities = {
  families: [4, 6], stateful: false, portRanges: false, wildcardMasks: false, logging: false, ruleBudget: null, canRead: false,
}

/** Prints every target and what it can say. */
export function listTargets(args: { readonly json?: boolean }, io: Pick<Io, 'out'>): number {
  if (args.json === true) {
    const filters = TARGETS.map(({ id, name, capabilities }) => ({ id, name, capabilities }))
    io.out(`${JSON.stringify([...filters, ...ROUTE_TARGETS.map(({ id, name, drops }) => ({ id, name, capabilities: ROUTE_CAPABILITIES, drops }))], null, 2)}\n`)
    return Exit.ok
  }
  const yes = (value: boolean): string => (value ? 'yes' : '-')
  const rows = TARGETS.map(({ id, name, capabilities: c }) => [
    id, c.families.map((family) => `IPv${family}`).join('+'), yes(c.stateful), yes(c.portRanges), yes(c.wildcardMasks), yes(c.canRead),
    c.ruleBudget === null ? 'none' : String(c.ruleBudget), name,
  ])
  io.out(table(['target', 'families', 'stateful', 'port ranges', 'wildcards', 'reads back', 'line budget', 'platform'], rows))
  io.out(`\n${table(['target', 'drops', 'static routes from the policy\'s segments'], ROUTE_TARGETS.map(({ id, name, drops }) => [id, drops, name]))}`)
  return Exit.ok
}

function refuse(problems: readonly string[], io: Pick<Io, 'err'>): number {
  for (const problem of problems) io.err(`${problem}\n`)
  return Exit.usage
}

/** The text of either kind of target with its proofs, or what is wrong with the options. */
function writeText(args: CompileArgs, prepared: Prepared): Written | readonly string[] {
  const route = routeTargetById(args.target)
  if (route !== null) {
    const { policy: { name, segments }, hash } = prepared
    const input: RoutesInput = { name, policyHash: hash, segments, options: args.options ?? {} }
    const result = emitRouteTarget(route, input)
    const read = (text: string): Proof[] => {
      const differences = routeDifferences(route, input, text)
      return [{ claim: 'the text, read back, is the policy\'s routes', verdict: differences.length === 0 ? 'proved' : 'refuted',
        words: differences.length === 0 ? 'proved, next hops, drops and their order' : differences.join('; ') }]
    }
    return { target: route, families: [4, 6], budget: null, result, proofs: proofsOf(args, route.id, result, read) }
  }
  const target = targetById(args.target) as Target
  const problems: string[] = []
  const options = withIndicators(target, prepared, expandZone(args.options ?? {}, prepared.names, problems))
  if (problems.length > 0) return problems
  return writeFilter(args, target, inputOf(args, prepared, prepared.names, options))
}

/** A filter's text with its proofs; break-glass writes through here too. */
export function writeFilter(args: Pick<CompileArgs, 'prove'>, target: Target, input: CompileInput): Written {
  const result = target.emit(input)
  return {
    target, families: target.capabilities.families, budget: input.ruleBudget ?? target.capabilities.ruleBudget, result,
    proofs: proofsOf(args, target.id, result, (text) => readBackProofs(target, input, text)),
  }
}

export function readBackProofs(target: Target, input: CompileInput, text: string): readonly Proof[] {
  const found = validateText(target, input, text)
  const claim = 'the text, read back, is the policy'
  if (found === null) {
    const words = 'not proved here: Cordon does not read this platform; the tests of this target compare every cell of packets'
    return [{ claim, verdict: 'not proved', words }]
  }
  return found.map(({ version, chain, answer }): Proof => ({
    claim: `${claim} (IPv${version}${chain === '' ? '' : `, ${chain}`})`, verdict: answer.verdict, words: answerText(answer, version),
  }))
}

function proofsOf(args: Pick<CompileArgs, 'prove'>, id: string, result: EmitResult, read: (text: string) => readonly Proof[]): readonly Proof[] {
  if (!result.ok) return []
  if (args.prove === false) {
    return [{ claim: 'the text, read back, is the policy; the rollback undoes it', verdict: 'not proved', words: 'not proved: --no-prove was given' }]
  }
  return [...read(result.value.text), rollbackProof(id, result.value.text, result.value.rollback)]
}

/** Where nobody interprets the platform's text, that is said and stops nothing; a line that should be understood stops. */
export function rollbackProof(id: string, text: string, rollback: string, base = ''): Proof {
  const found = proveRollback(id, text, rollback, base)
  const nobody = found.verdict === 'unknown' && found.trouble.length === 0
  const claim = 'the rollback takes away what the text brings, and nothing else'
  return { claim, verdict: nobody ? 'not proved' : found.verdict, words: rollbackSentence(found) }
}

/** An exit code when a proof fails or stays unknown: then nothing is written. */
export function proofsStop(proofs: readonly Proof[], args: Pick<CompileArgs, 'prove'>, io: Pick<Io, 'err'>): number | null {
  for (const { claim, words, verdict } of proofs) io.err(`${verdict === 'refuted' ? 'error' : 'proof'}: ${claim}: ${words}\n`)
  if (proofs.some(({ verdict }) => verdict === 'refuted')) {
    io.err('error: nothing was written, because the text does not do what the policy says\n  help: Please report this with the policy.\n')
    return PROOF_FAILED
  }
  if (args.prove !== false && proofs.some(({ verdict }) => verdict === 'unknown')) {
    io.err('error: nothing was written, because it could not be proved\n  help: --no-prove writes it all the same, and says so in the change pack.\n')
    return Exit.incomplete
  }
  return null
}

/** The Zeek target looks for what the profiles know, of those devices that a zone of the policy selects. */
function withIndicators(target: Target, loaded: Prepared, options: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (target.id !== 'zeek-intel' || options['indicators'] !== undefined) return options
  const selected = new Set(loaded.policy.zones.flatMap((zone) => zone.profiles))
  const lines = [...loaded.profiles].filter(([id]) => selected.has(id)).flatMap(([id, profile]) =>
    profile.indicators.map(({ kind, value, meaning }) => [kind, value, id, meaning.replaceAll(/\s+/g, ' ').trim()].join('\t')))
  return { ...options, indicators: lines.join('\n') }
}

function deliver(args: CompileArgs, change: Change, io: Io): number {
  const { emitted, target, budget } = change
  for (const { name, expires } of endingExceptions(change)) {
    io.err(`note: exception ${name} is in this text and ends after ${expires}: compile and load again then\n`)
  }
  for (const note of emitted.notes) io.err(`note: ${note}\n`)
  io.err(`${target.name}: ${emitted.rules} line${emitted.rules === 1 ? '' : 's'}${budget === null ? '' : ` of ${budget}`}\n`)
  if (args.out === undefined) {
    io.out(emitted.text)
    io.err('note: the rollback and the change pack are written beside the text with --out FILE\n')
    return Exit.ok
  }
  return writeFiles([
    [`${args.out}.rollback`, emitted.rollback], [args.out, emitted.text], [`${args.out}.change.json`, changeJson(args.out, change)],
    [`${args.out}.change.md`, changeMarkdown(args.out, change)],
  ], args.out, io)
}

/** Exceptions of the policy that are in effect and so in the text. */
function endingExceptions({ prepared: { policy } }: Change): readonly { readonly name: string; readonly expires: string }[] {
  return policy.exceptions.filter(({ name }) => policy.conduits.some((conduit) => conduit.name === name))
}

export function writeFiles(files: readonly (readonly [string, string])[], out: string, io: Pick<Io, 'err'>): number {
  try {
    for (const [file, text] of files) writeFileSync(file, text)
  } catch (cause) {
    io.err(`error: ${quote(out)} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    return Exit.usage
  }
  io.err(`${out} and ${out}.rollback written; read both before anyone loads them. The change pack for the approver: ${out}.change.md\n`)
  return Exit.ok
}
