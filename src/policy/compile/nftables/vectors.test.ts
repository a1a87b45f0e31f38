// nftables' own rule vectors, put into a chain each: what nft takes we take, its canonical form means the same, what it refuses permits nothing.
// Keeps "never silently permitted": a rule that nft refuses is refused, unknown, or decides nothing.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { vectorsOf, wrapRule, type Vector } from '../../../testing/corpora.ts'
import type { Config, Rule } from '../../rules/model.ts'
import { bddSpace } from '../../sets/bdd-space.ts'
import { ruleSets } from '../../sets/compose.ts'
import type { PacketSet, PacketSpace } from '../../sets/packet-set.ts'
import { readNft, readNftJson } from './read.ts'

const FOLDER = path.join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'firewalls', 'nftables', 'tests', 'py')
const missing: string | false = fs.existsSync(FOLDER) ? false : '../shared/firewalls/nftables/tests/py is not here'

const FILES = missing === false ? (fs.readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })).filter((f) => f.endsWith('.t')).sort() : []
const VECTORS: readonly (readonly [string, Vector])[] = FILES.flatMap((file) =>
  vectorsOf(fs.readFileSync(path.join(FOLDER, file), 'utf8'), file).map((v) => [file, v] as const))

/** The config when it was understood without an unknown and without an error. */
function clear(text: string): Config | null {
  const { config, diagnostics } = readNft(text, 'vector')
  return config !== null && config.unknowns.length === 0 && diagnostics.every((d) => d.severity !== 'error') ? config : null
}

const rulesOf = (config: Config): readonly Rule[] => [...config.chains.values()].flatMap((chain) => chain.rules)

/** Packets per kind of action. */
function meaning(space: PacketSpace, config: Config): ReadonlyMap<string, PacketSet> {
  const found = new Map<string, PacketSet>()
  for (const rule of rulesOf(config)) {
    const key = rule.action.kind
    found.set(key, space.or(found.get(key) ?? space.empty, ruleSets(space, rule).maybe))
  }
  return found
}

function same(a: Config, b: Config): boolean {
  return ([4, 6] as const).every((version) => {
    const space = bddSpace(version)
    const [x, y] = [meaning(space, a), meaning(space, b)]
    return [...new Set([...x.keys(), ...y.keys()])].every((key) => space.equals(x.get(key) ?? space.empty, y.get(key) ?? space.empty))
  })
}

test('what nft takes is read, or is an unknown with its line; nothing is an error', { skip: missing }, (t) => {
  const taken = VECTORS.filter(([, v]) => v.verdict === 'ok')
  for (const [file, v] of taken) {
    const { config, diagnostics } = readNft(v.wrapped, file)
    assert.ok(config !== null && diagnostics.every((d) => d.severity !== 'error'), `${file}:${v.line}: ${v.rule}`)
    assert.ok(config.unknowns.length > 0 || rulesOf(config).length > 0, `${file}:${v.line}: dropped: ${v.rule}`)
    for (const unknown of config.unknowns) assert.ok(unknown.line > 0 && unknown.line <= v.wrapped.split('\n').length, `${file}:${v.line}`)
  }
  const whole = taken.filter(([, v]) => clear(v.wrapped) !== null).length
  t.diagnostic(`${whole} of ${taken.length} rules are understood whole, the others are unknowns`)
  assert.ok(taken.length > 1500 && whole > 550)
})

/** `meta nfproto ipv4 reject` is listed without its family, which the kind of answer implies: the listed text alone says less. */
const LISTED_NARROWER = /\breject\b/

test('a rule and the form in which nft lists it mean the same, where both are understood', { skip: missing }, (t) => {
  const different: string[] = []
  let compared = 0
  for (const [file, v] of VECTORS) {
    const [given, listed] = v.verdict === 'ok' && v.canonical !== null ? [clear(v.wrapped), clear(v.wrapped.replace(` ${v.rule}\n`, ` ${v.canonical}\n`))]
      : [null, null]
    if (given === null || listed === null || LISTED_NARROWER.test(v.rule)) continue
    compared++
    if (!same(given, listed)) different.push(`${file}:${v.line}: ${v.rule} <> ${v.canonical}`)
  }
  t.diagnostic(`${compared} pairs compared as sets of packets`)
  assert.deepEqual(different, [])
  assert.ok(compared > 150)
})

/**
 * Translations become rows of the NAT table, with the address they name; which family or protocol nft wants to see beside them is its own
 * check of the text, and changes no packet that passes.
 */
const TRANSLATION = /\b(?:dnat|snat|redirect)\b/

test('what nft refuses permits nothing: refused, unknown, or without a verdict', { skip: missing }, (t) => {
  const refused = VECTORS.filter(([, v]) => v.verdict === 'fail')
  const permitting = refused.flatMap(([file, v]) => {
    const config = clear(v.wrapped)
    const permits = config !== null && rulesOf(config).some((rule) => rule.action.kind === 'permit' && rule.matches.length > 0)
    return permits && !TRANSLATION.test(v.rule) ? [`${file}:${v.line}: ${v.rule}`] : []
  })
  t.diagnostic(`${refused.filter(([, v]) => clear(v.wrapped) === null).length} of ${refused.length} are refused or unknown, the others decide nothing`)
  assert.deepEqual(permitting, [])
  assert.ok(refused.length > 200)
})

/** Rules of a `.t.json` file by the rule text in the comment above each. */
function jsonForms(file: string): ReadonlyMap<string, readonly unknown[]> {
  const found = new Map<string, readonly unknown[]>()
  const full = path.join(FOLDER, `${file}.json`)
  if (!fs.existsSync(full)) return found
  for (const part of fs.readFileSync(full, 'utf8').split(/^# (?=.*\n\s*\[)/m).slice(1)) {
    const cut = part.indexOf('\n')
    const end = /^\]/m.exec(part)
    if (end === null) continue
    try {
      found.set(part.slice(0, cut).trim(), JSON.parse(part.slice(cut, end.index + 1)) as unknown[])
    } catch {
      continue
    }
  }
  return found
}

test('a rule and its JSON form mean the same, where both are understood', { skip: missing }, (t) => {
  const different: string[] = []
  let compared = 0
  for (const file of FILES) {
    const forms = jsonForms(file)
    for (const v of vectorsOf(fs.readFileSync(path.join(FOLDER, file), 'utf8'), file)) {
      const expr = forms.get(v.rule)
      const text = v.verdict === 'ok' && expr !== undefined ? clear(wrapRule(v.rule, v.family)) : null
      if (text === null) continue
      const json = readNftJson(JSON.stringify({ nftables: [
        { table: { family: v.family, name: 't' } },
        { chain: { family: v.family, table: 't', name: 'c', type: 'filter', hook: 'input', prio: 0, policy: 'drop' } },
        { rule: { family: v.family, table: 't', chain: 'c', expr } },
      ] }), file)
      if (json.config === null || json.config.unknowns.length > 0 || json.diagnostics.some((d) => d.severity === 'error')) continue
      compared++
      if (!same(text, json.config)) different.push(`${file}:${v.line}: ${v.rule}`)
    }
  }
  t.diagnostic(`${compared} rules compared with their JSON form`)
  assert.deepEqual(different, [])
  assert.ok(compared > 300)
})
