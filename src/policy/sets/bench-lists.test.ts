// Access lists with known answers: pairs that z3, diagrams and boxes agreed on before. They are beside the checkout, not in it.
// Keeps equality honest on lists of real length; a DIFFER must come with a packet that the walk confirms.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Chain, Constraint, Field, Rule } from '../rules/model.ts'
import { bddSpace } from './bdd-space.ts'
import { boxSpace } from './box-space.ts'
import { composeChain, type Chains } from './compose.ts'
import { smtEquivalence } from './smt.ts'
import type { PacketSpace } from './packet-set.ts'
import { walkChain } from './walk.ts'

const FIREWALLS = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'firewalls')
const missing: string | false = fs.existsSync(path.join(FIREWALLS, 'MANIFEST.tsv')) ? false : '../shared/firewalls is not here'

/** [[source, length], [destination, length], protocol or null, source ports, destination ports, permit]. */
type Span = readonly [number, number]
type Row = readonly [Span, Span, number | null, Span, Span, boolean]

const NONE: Chains = new Map()

function range(low: number, high: number): Constraint {
  return { kind: 'ranges', ranges: [{ low: BigInt(low), high: BigInt(high) }], not: false }
}

/**
 * In these lists every protocol has ports. In ours it has not, so their ports become the two 16-bit fields that every packet has: the
 * interfaces. The question and the order of the fields stay the same.
 */
function ruleOf([src, dst, proto, sport, dport, permit]: Row, i: number): Rule {
  const fields: (readonly [Field, Constraint])[] = []
  if (src[1] > 0) fields.push(['src', range(src[0], src[0] + 2 ** (32 - src[1]) - 1)])
  if (dst[1] > 0) fields.push(['dst', range(dst[0], dst[0] + 2 ** (32 - dst[1]) - 1)])
  if (proto !== null) fields.push(['proto', range(proto, proto)])
  fields.push(['iif', range(...dport)], ['oif', range(...sport)])
  const action = permit ? { kind: 'permit' as const } : { kind: 'deny' as const, reject: false }
  return { line: i + 1, text: '', family: null, matches: [{ fields, unknown: [] }], action }
}

interface Pair {
  readonly file: string
  readonly equal: boolean
  readonly a: Chain
  readonly b: Chain
}

function pairs(): Pair[] {
  if (missing) return []
  const rows = fs.readFileSync(path.join(FIREWALLS, 'MANIFEST.tsv'), 'utf8').split('\n').map((line) => line.split('\t'))
  return rows.filter((cells) => cells[0]?.startsWith('bench/') && cells[0].endsWith('.json')).map((cells) => {
    const [a = [], b = []] = JSON.parse(fs.readFileSync(path.join(FIREWALLS, cells[0] ?? ''), 'utf8')) as Row[][]
    const chain = (name: string, list: readonly Row[]): Chain => ({ name, rules: list.map(ruleOf), policy: 'deny' })
    return { file: cells[0] ?? '', equal: cells[5]?.trim() === 'EQUAL', a: chain('a', a), b: chain('b', b) }
  })
}

/** Whether both permit the same; a difference is walked through both chains. */
function sameIn(space: PacketSpace, { file, a, b }: Pair): boolean {
  const [x, y] = [composeChain(space, a, NONE).possiblyPermitted, composeChain(space, b, NONE).possiblyPermitted]
  const difference = space.or(space.minus(x, y), space.minus(y, x))
  const witness = space.pick(difference)
  assert.equal(space.equals(x, y), witness === null, file)
  if (witness) assert.notEqual(walkChain(a, NONE, witness, 4).verdict, walkChain(b, NONE, witness, 4).verdict, file)
  return witness === null
}

const PAIRS = pairs()

test('there are pairs of both answers and of every size', { skip: missing }, () => {
  assert.ok(PAIRS.length >= 20)
  assert.ok(PAIRS.some((p) => p.equal && p.a.rules.length >= 5000) && PAIRS.some((p) => !p.equal && p.a.rules.length >= 5000))
})

test('diagrams give the known answer, and a packet where it is DIFFER', { skip: missing }, () => {
  for (const pair of PAIRS) assert.equal(sameIn(bddSpace(4), pair), pair.equal, pair.file)
})

test('boxes give the known answer on the lists they are for', { skip: missing }, () => {
  for (const pair of PAIRS.filter((p) => p.a.rules.length <= 100 && !p.file.includes('slab'))) {
    assert.equal(sameIn(boxSpace(4), pair), pair.equal, pair.file)
  }
})

test('boxes refuse the adversarial list instead of never ending', { skip: missing }, () => {
  const slab = PAIRS.find((p) => p.file.includes('slab-90.')) as Pair
  assert.throws(() => sameIn(boxSpace(4, { boxesMax: 500 }), slab), { name: 'SetLimitError' })
})

test('every pair can be put to a solver', { skip: missing }, () => {
  for (const pair of PAIRS.filter((p) => p.a.rules.length <= 1000)) assert.ok(smtEquivalence(pair.a, pair.b, 4).ok, pair.file)
})
