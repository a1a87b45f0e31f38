// fuzz-readers: every reader of text against hostile text. A reader never throws, never points outside of its text, never grows without bound.
// Keeps "answers unknown, never dropped, never hangs": what is not understood is an unknown, and the answer stays in proportion to the text.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { seededRng, type Rng } from '../base/rng.ts'
import { hasErrors } from '../base/tree-reader.ts'
import { parseYaml } from '../config/yaml.ts'
import { READERS, TARGETS } from '../policy/compile/registry.ts'
import { readLinuxRoutes } from '../policy/compile/routes/index.ts'
import { readLinuxRules } from '../policy/compile/routes/read-rules.ts'
import type { ReadResult } from '../policy/compile/target.ts'
import { policyNames } from '../policy/eval/names.ts'
import { parsePolicy } from '../policy/language/policy.ts'
import { mudConduits, readMud } from '../policy/mud/index.ts'
import { policyChains } from '../policy/policy-rules.ts'
import type { Config } from '../policy/rules/model.ts'
import { SEEDS } from './fuzz-seeds.ts'
import { mutate } from './mutate.ts'

export interface FuzzTarget {
  readonly id: string
  readonly seeds: readonly string[]
  /** Reads the text and asserts that the result is sane. Throws what it finds. */
  readonly run: (text: string) => void
}

/** Lines of a text as editors count them; a reader may point at the end of the file. */
function lastLine(text: string): number {
  return text.split(/\r\n|\r|\n/).length + 1
}

/** Rules, matches and ranges that one character may cause at most, with a floor for short texts that name products of groups. */
const SIZE_PER_CHARACTER = 64
const SIZE_FLOOR = 400_000

function sizeOf(config: Config): number {
  let size = config.unknowns.length + config.routes.length + config.nat.length
  for (const chain of config.chains.values()) {
    for (const rule of chain.rules) {
      size += 1
      for (const { fields, unknown } of rule.matches) {
        size += 1 + unknown.length
        for (const [, c] of fields) size += c.kind === 'ranges' ? c.ranges.length : c.masks.length
      }
    }
  }
  return size
}

/** Null means refused, and that is said; `most` as of assertSaneTree. Lines lie within the text; jumps go to chains there are, or the rule is an unknown. */
export function assertSaneConfig(text: string, { config, diagnostics }: ReadResult, most = 0): void {
  const last = Math.max(lastLine(text), most)
  for (const d of diagnostics) assert.ok(d.line >= 0 && d.line <= last && d.message !== '', `diagnostic at ${d.line} of ${last}`)
  if (config === null) return assert.ok(diagnostics.some((d) => d.severity === 'error'), 'refused without a word')
  for (const u of config.unknowns) assert.ok(u.line >= 0 && u.line <= last && u.reason !== '', `unknown at ${u.line} of ${last}`)
  for (const chain of config.chains.values()) {
    for (const rule of chain.rules) {
      assert.ok(Number.isInteger(rule.line) && rule.line >= 0 && rule.line <= last, `rule at ${rule.line} of ${last}`)
      const ranges = rule.matches.flatMap((m) => m.fields).flatMap(([, c]) => (c.kind === 'ranges' ? c.ranges : []))
      for (const r of ranges) assert.ok(r.low <= r.high, 'a range runs backwards')
    }
  }
  for (const binding of config.bindings) assert.ok(config.chains.has(binding.chain), `a hook of the chain ${binding.chain}, which is not there`)
  const size = sizeOf(config)
  assert.ok(size <= SIZE_FLOOR + SIZE_PER_CHARACTER * text.length, `${size} parts out of ${text.length} characters`)
}

/** `most` is the last line, or the number of entries of a JSON list, which are counted instead of lines. */
function assertSaneTree(text: string, diagnostics: readonly { readonly line: number; readonly message: string }[], most = 0): void {
  const last = Math.max(lastLine(text), most)
  for (const d of diagnostics) assert.ok(d.line >= 0 && d.line <= last && d.message !== '', `diagnostic at ${d.line} of ${last}`)
}

function runMud(text: string): void {
  const { tree, diagnostics } = parseYaml(text, 'x.json')
  assertSaneTree(text, diagnostics)
  if (tree === null) return assert.ok(hasErrors(diagnostics))
  const read = readMud(tree)
  assertSaneTree(text, read.diagnostics)
  if (read.mud === null) return assert.ok(read.diagnostics.length > 0)
  for (const rule of read.mud.rules) assert.ok(rule.peers.length > 0 && rule.at.line <= lastLine(text))
  assert.ok(mudConduits(read.mud).length <= read.mud.rules.length)
}

function runPolicy(text: string): void {
  const { tree, diagnostics } = parseYaml(text, 'x.yaml')
  assertSaneTree(text, diagnostics)
  if (tree === null) return assert.ok(hasErrors(diagnostics))
  const parsed = parsePolicy(tree)
  assertSaneTree(text, parsed.diagnostics)
  assert.equal(parsed.policy === null, hasErrors(parsed.diagnostics))
}

function runRoutes(text: string): void {
  for (const version of [4, 6] as const) {
    const read = readLinuxRoutes(text, 'x', { version })
    assertSaneTree(text, read.diagnostics, entriesOf(text))
    for (const route of read.routes) assert.ok(route.line >= 0 && route.line <= Math.max(lastLine(text), entriesOf(text)))
  }
}

function runRules(text: string): void {
  const read = readLinuxRules(text, 'x')
  assertSaneTree(text, read.diagnostics, entriesOf(text))
  for (const rule of read.rules) assert.ok(Number.isSafeInteger(rule.priority) && rule.line <= Math.max(lastLine(text), entriesOf(text)))
}

function entriesOf(text: string): number {
  return text.trimStart().startsWith('[') ? text.split('{').length : 0
}

/** Words that some platforms need before they write anything. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'cisco-ios': { interface: 'GigabitEthernet0/0' }, 'cisco-asa': { interface: 'inside' },
  'junos-srx': { 'from-zone': 'ward', 'to-zone': 'core' }, 'pan-os': { 'from-zone': 'ward', 'to-zone': 'core' },
  'fortios': { srcintf: 'port1', dstintf: 'port2' },
}

/** What our own compilers write for the shipped template: texts that users will have. */
function emitted(id: string): readonly string[] {
  const file = path.join(import.meta.dirname, '..', '..', 'policies', 'keep-inside.yaml')
  const { tree } = parseYaml(fs.readFileSync(file, 'utf8'), 'keep-inside.yaml')
  const policy = tree === null ? null : parsePolicy(tree).policy
  const target = TARGETS.find((t) => t.id === id)
  if (policy === null || target === undefined) return []
  const chains = policyChains(policy, policyNames(policy, new Map()))
  return [OPTIONS[id] ?? {}, {}].flatMap((options) => {
    const out = target.emit({ name: policy.name, policyHash: 'ab12cd34ef567890', chains, ruleBudget: null, options })
    return out.ok ? [out.value.text, out.value.rollback] : []
  })
}

function readerTarget(id: string, read: (text: string, file: string) => ReadResult, seeds: string): FuzzTarget {
  const texts = [...(SEEDS[seeds] ?? []), ...(seeds === id ? emitted(id) : [])]
  const entries = (text: string): number => (id === 'routes-linux' ? text.split('{').length : 0)
  return { id: seeds, seeds: texts, run: (text) => assertSaneConfig(text, read(text, 'x'), entries(text)) }
}

/** Every reader of the registry, both spellings of nftables, and what is read besides. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...READERS.flatMap(({ id, read }) => [id, ...(id === 'nftables' ? ['nftables-json'] : [])].map((seeds) => readerTarget(id, read, seeds))),
  { id: 'routes', seeds: SEEDS['routes'] ?? [], run: runRoutes },
  { id: 'rules', seeds: SEEDS['rules'] ?? [], run: runRules },
  { id: 'mud', seeds: SEEDS['mud'] ?? [], run: runMud },
  { id: 'policy', seeds: SEEDS['policy'] ?? [], run: runPolicy },
]

/** What was found, so that anybody can make the same text again. */
export class FuzzFinding extends Error {
  override name = 'FuzzFinding'
  readonly text: string

  constructor(target: string, seed: number, text: string, cause: unknown) {
    const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    super(`${target}, seed ${seed}: ${words}\n${JSON.stringify(text.slice(0, 600))}`, { cause })
    this.text = text
  }
}

/** One text of a seed. */
export function fuzzOnce(target: FuzzTarget, seed: number): void {
  const rng: Rng = seededRng(seed)
  const text = mutate(target.seeds, rng)
  try {
    target.run(text)
  } catch (error) {
    throw new FuzzFinding(target.id, seed, text, error)
  }
}
