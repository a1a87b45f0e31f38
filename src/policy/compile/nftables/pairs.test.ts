// Two spellings, one meaning: each .nft dump and its .json-nft of nftables' own test suite become the same model.
// Keeps "parsers check each other": text and JSON are parsed by different code; a table of what was understood is printed.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Config, Constraint, Match, Rule, RuleAction } from '../../rules/model.ts'
import { readNft, readNftJson } from './read.ts'

const SHARED = path.join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'firewalls', 'nftables')
const missing: string | false = fs.existsSync(SHARED) ? false : '../shared/firewalls/nftables is not here'

function filesOf(ending: string): readonly string[] {
  return (fs.readdirSync(SHARED, { recursive: true }) as string[]).filter((file) => file.endsWith(ending)).sort()
}

function load(file: string): string {
  return fs.readFileSync(path.join(SHARED, file), 'utf8')
}

function constraintKey(c: Constraint): string {
  const items = c.kind === 'ranges' ? c.ranges.map((r) => `${r.low}-${r.high}`) : c.masks.map((m) => `${m.value}/${m.mask}`)
  return `${c.not ? 'not ' : ''}${c.kind} ${items.sort().join(',')}`
}

/** Interface indexes by name: two readings may number them differently. */
function matchKey(m: Match, config: Config): string {
  const names = (c: Constraint): Constraint | string => c.kind !== 'ranges' ? c
    : `${c.not ? 'not ' : ''}${c.ranges.map((r) => config.interfaces[Number(r.low)] ?? '?').sort().join(',')}`
  const fields = m.fields.map(([field, c]) => {
    const named = field === 'iif' || field === 'oif' ? names(c) : c
    return `${field} ${typeof named === 'string' ? named : constraintKey(named)}`
  })
  return `${fields.sort().join('; ')} unknowns ${m.unknown.length}`
}

function actionKey(action: RuleAction): string {
  return action.kind === 'jump' || action.kind === 'goto' ? `${action.kind} ${action.chain}` : action.kind === 'deny'
    ? `deny ${action.reject}` : action.kind
}

function ruleKey(rule: Rule, config: Config): string {
  return `${rule.family} [${rule.matches.map((m) => matchKey(m, config)).sort().join(' | ')}] ${actionKey(rule.action)}`
}

/** What a config says, without lines, words, and the order of elements in sets. */
function canonical(config: Config): unknown {
  const chains = [...config.chains.values()].map((chain) => [chain.name, chain.policy,
    chain.rules.map((rule) => ruleKey(rule, config))] as const)
  const nat = config.nat.map((n) =>
    `${n.kind} ${matchKey(n.match, config)} ${n.address?.low}-${n.address?.high} ${n.port?.low}-${n.port?.high}`)
  return { chains: chains.sort((a, b) => a[0].localeCompare(b[0])), bindings: config.bindings, nat: nat.sort() }
}

test('.nft and .json-nft of the same ruleset become the same model', { skip: missing }, () => {
  const different: string[] = []
  let compared = 0
  for (const file of filesOf('.json-nft')) {
    const twin = file.replace(/\.json-nft$/, '.nft')
    if (!fs.existsSync(path.join(SHARED, twin))) continue
    const text = readNft(load(twin), 'x')
    const json = readNftJson(load(file), 'x')
    if (text.config === null || json.config === null) {
      if (text.config !== json.config) different.push(`${twin}: refused`)
      continue
    }
    compared++
    try {
      assert.deepEqual(canonical(text.config), canonical(json.config))
    } catch {
      different.push(twin)
    }
  }
  assert.deepEqual(different, [])
  assert.ok(compared > 300, `${compared} compared`)
})
