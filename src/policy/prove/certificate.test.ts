// Certificates of random chains: what is proved gets one that the checker accepts, what is not gets none, and no tampering is overlooked.
// Keeps the checker honest: it is asked about files that are wrong in one place, and must say so of each.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { IpVersion } from '../../base/ip.ts'
import { chainsArbitrary, matchArbitrary, smallUniverse } from '../../testing/packet-arbitraries.ts'
import { runs } from '../../testing/runs.ts'
import { FIELDS, type Chain, type Constraint, type Field, type Match, type Rule, type RuleAction } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { universePoints } from '../sets/brute-space.ts'
import { countCube, cubeMatch, splitCube, wholeCube } from '../sets/cubes.ts'
import type { PacketPoint, PacketSet } from '../sets/packet-set.ts'
import { walkChain } from '../sets/walk.ts'
import { readCube, writeCube, type CertificatePart, type Claim, type Cube, type WrittenCube } from './certificate.ts'
import { count, holdsAll, inside, overlap } from './check-cubes.ts'
import { certify, type ClaimAsked } from './certify.ts'
import { proveAlways, proveEqual, proveNever, type Filter } from './questions.ts'
import { verifyPart } from './verify-certificate.ts'

const range = (field: Field, low: bigint, high = low): readonly [Field, Constraint] => [field, { kind: 'ranges', ranges: [{ low, high }], not: false }]
const match = (...fields: (readonly [Field, Constraint])[]): Match => ({ fields, unknown: [] })
const murky = (line: number, ...fields: (readonly [Field, Constraint])[]): Match =>
  ({ fields, unknown: [{ text: `match ${line}`, line, reason: 'test' }] })
const permit: RuleAction = { kind: 'permit' }
const deny: RuleAction = { kind: 'deny', reject: false }
const rule = (line: number, action: RuleAction, ...matches: Match[]): Rule => ({ line, text: `line ${line}`, family: null, matches, action })

function filter(policy: Chain['policy'], rules: readonly Rule[], others: readonly Chain[] = []): Filter {
  const chain: Chain = { name: 'forward', policy, rules }
  return { chain, chains: new Map([chain, ...others].map((c) => [c.name, c])), version: 4 }
}

function claimed(claim: Claim, packets: readonly Match[], filters: readonly Filter[], except: readonly Match[] = []): ClaimAsked {
  return { title: 'test', version: filters[0]?.version ?? 4, claim, packets, except, filters }
}

function certified(asked: ClaimAsked): CertificatePart {
  const made = certify(asked)
  assert.ok(made.ok, made.ok ? '' : made.error)
  assert.equal(verifyPart(made.value, asked), null)
  return made.value
}

const BEDSIDE = match(range('src', 0x0a140400n, 0x0a1404ffn))
const WEB = match(range('proto', 6n), range('dport', 80n))
const WARD = filter('deny', [rule(1, deny, WEB), rule(2, permit, match(range('dst', 0x0a000000n, 0x0affffffn))), rule(3, deny, match())])
const OUTSIDE = match(range('src', 0x0a140400n, 0x0a1404ffn), range('dst', 0xca720400n, 0xca7204ffn))

test('a certificate names the first matching rule of each cube, in words that a person can follow', () => {
  const part = certified(claimed('never', [OUTSIDE], [WARD]))
  const ends = { dst: ['202.114.4.0-202.114.4.255'], src: ['10.20.4.0-10.20.4.255'] }
  assert.deepEqual(part.groups.map(({ by, cubes }) => [by.map(({ action, path }) => [action, path.map((step) => step.line)]), cubes]), [
    [[['deny', [1]]], [{ ...ends, proto: ['6'], dport: ['80'] }]],
    [[['deny', [3]]], [{ ...ends, proto: ['0-5', '7-255'] }, { ...ends, proto: ['6'], dport: ['0-79', '81-65535'] }]],
  ])
  assert.deepEqual(part.asked, { packets: [ends], except: [] })
})

test('a jump is in the path, a return and the end of a chain lead on', () => {
  const sub: Chain = { name: 'sub', policy: null, rules: [rule(10, { kind: 'return' }, WEB), rule(11, deny, match(range('proto', 6n)))] }
  const part = certified(claimed('never', [BEDSIDE], [filter('deny', [rule(5, { kind: 'jump', chain: 'sub' }, match())], [sub])]))
  const paths = part.groups.map(({ by }) => by[0]?.path.map(({ chain, rule: place, line }) => `${chain} ${place} ${line}`).join(' > '))
  assert.deepEqual(paths.sort(), ['forward 0 0', 'forward 1 5 > sub 2 11'])
})

test('packets that are left out of the question are in the certificate as such', () => {
  const open = filter('deny', [rule(1, permit, WEB)])
  const part = certified(claimed('never', [BEDSIDE], [open], [match(range('proto', 6n))]))
  assert.deepEqual(part.groups[0]?.by, [])
  assert.equal(certify(claimed('never', [BEDSIDE], [open])).ok, false)
})

test('an unknown match that may take a cube is listed, and a claim that hangs on it gets no certificate', () => {
  const hostile = filter('deny', [rule(4, deny, murky(4, ...WEB.fields)), rule(5, permit, murky(5, range('proto', 17n)))])
  const asked = match(...BEDSIDE.fields, range('proto', 6n))
  assert.deepEqual(certified(claimed('never', [asked], [hostile])).assumed, [{ line: 4, text: 'match 4' }], 'line 5 takes no packet asked about')
  const refused = certify(claimed('never', [BEDSIDE], [hostile]))
  assert.ok(!refused.ok && /does not hold/.test(refused.error))
})

test('masks with holes are cubes too', () => {
  const holed: Constraint = { kind: 'masks', masks: [{ value: 0x0a000005n, mask: 0xff00ff0fn }], not: false }
  const list = filter('permit', [rule(1, deny, { fields: [['src', holed]], unknown: [] }), rule(2, deny, match())])
  const part = certified(claimed('never', [match(range('src', 0x0a000000n, 0x0a0fffffn))], [list]))
  assert.ok(part.groups[0]?.cubes[0]?.src?.some((text) => /^10\.\S+\/255\.\S+$/.test(text)), JSON.stringify(part.groups[0]))
})

test('too many cubes are refused with what to do', () => {
  const list = filter('deny', Array.from({ length: 30 }, (_, i) => rule(i + 1, deny, match(range('src', BigInt(i)), range('dst', BigInt(i))))))
  const refused = certify(claimed('never', [match()], [list]), 20)
  assert.ok(!refused.ok && /more than 20 cubes/.test(refused.error), JSON.stringify(refused))
})

for (const version of [4, 6] as const) {
  test(`random chains, v${version}: proved claims get a certificate that holds, all others get none`, () => {
    let proved = 0
    const arbitrary = fc.record({
      a: chainsArbitrary(version, true), b: chainsArbitrary(version, true), asked: matchArbitrary(version), except: matchArbitrary(version),
      claim: fc.constantFrom<Claim>('never', 'always', 'equal'), same: fc.boolean(),
    })
    fc.assert(fc.property(arbitrary, ({ a, b, asked, except, claim, same }) => {
      const filters = [a, same ? a : b].slice(0, claim === 'equal' ? 2 : 1).map((chains) => ({ chain: chains.get('base') as Chain, chains, version }))
      const question = claimed(claim, [asked], filters, [except])
      const verdict = proveBySets(question)
      const made = certify(question)
      // A chain that is part of a loop is worked out once by the sets, wherever it is entered: wider at times, never narrower.
      if (verdict === 'proved') {
        assert.ok(made.ok, made.ok ? '' : made.error)
        proved++
      }
      if (verdict === 'refuted') assert.equal(made.ok, false)
      if (made.ok) assert.equal(verifyPart(made.value, question), null)
    }), { numRuns: runs(150), seed: 31 })
    assert.ok(proved > 15, `${proved} are proved`)
  })
}

function proveBySets({ claim, packets, except, filters, version }: ClaimAsked): string {
  const space = bddSpace(version)
  const union = (all: readonly Match[]): PacketSet => all.reduce((set, m) => space.or(set, space.of(m)), space.empty)
  const asked = space.minus(union(packets), union(except))
  const [first, second] = filters
  assert.ok(first)
  if (claim === 'equal') return second ? proveEqual(space, first, second, asked).answer.verdict : 'none'
  return (claim === 'never' ? proveNever(space, first, asked) : proveAlways(space, first, asked)).verdict
}

function cubeHolds(text: WrittenCube, point: PacketPoint): boolean {
  const cube = readCube(text, 4)
  assert.ok(cube.ok)
  return FIELDS.every((field) => cube.value[field].some((p) =>
    ('low' in p ? p.low <= point[field] && point[field] <= p.high : (point[field] & p.mask) === p.value)))
}

test('every packet of a certificate is decided as its cube says, by the slow interpreter', () => {
  const points = universePoints(4, smallUniverse(4)).filter((_, i) => i % 5 === 0)
  fc.assert(fc.property(chainsArbitrary(4, false), fc.constantFrom<Claim>('never', 'always'), (chains, claim) => {
    const base = chains.get('base') as Chain
    const made = certify(claimed(claim, [match(range('proto', 6n))], [{ chain: base, chains, version: 4 }]))
    if (!made.ok) return
    for (const point of points.filter(({ proto }) => proto === 6n)) {
      const holding: CertificatePart['groups'] = made.value.groups.filter(({ cubes }) => cubes.some((text) => cubeHolds(text, point)))
      assert.equal(holding.length, 1, 'in exactly one cube')
      const { verdict, rule: decided } = walkChain(base, chains, point, 4)
      const by = holding[0]?.by[0]
      assert.deepEqual([by?.action, by?.path.at(-1)?.line], [verdict, decided?.line ?? 0])
    }
  }), { numRuns: 150, seed: 32 })
})

const arbitraryCubes = fc.tuple(matchArbitrary(4), matchArbitrary(4)).map((matches) => matches.map((m) => inside(every(4), m)))

function every(version: IpVersion): Cube {
  const cube = readCube({}, version)
  assert.ok(cube.ok)
  return cube.value
}

test('the checker\'s arithmetic and the maker\'s are two, and agree with the diagrams', () => {
  fc.assert(fc.property(matchArbitrary(4), matchArbitrary(4), (ma, mb) => {
    const space = bddSpace(4)
    const [a, b] = [inside(every(4), ma), inside(every(4), mb)]
    const split = splitCube(wholeCube(4), cubeMatch(ma, 4), 4)
    assert.equal(a === null ? 0n : count(a), space.count(space.of(ma)))
    assert.equal(split.inside === null ? 0n : countCube(split.inside), space.count(space.of(ma)))
    assert.equal(split.outside.reduce((sum, cube) => sum + countCube(cube), 0n), space.count(space.not(space.of(ma))))
    if (a === null || b === null) return
    if (holdsAll(a, mb)) assert.ok(space.isEmpty(space.minus(space.of(ma), space.of(mb))))
    if (inside(a, mb) === null) assert.ok(space.isEmpty(space.and(space.of(ma), space.of(mb))))
    assert.equal(overlap([a, b]) === null, inside(a, mb) === null)
  }), { numRuns: 300, seed: 33 })
})

test('cubes are written and read without loss', () => {
  fc.assert(fc.property(arbitraryCubes, (cubes) => {
    for (const cube of cubes) {
      if (cube === null) continue
      const back = readCube(writeCube(cube, 4), 4)
      assert.ok(back.ok)
      assert.deepEqual(writeCube(back.value, 4), writeCube(cube, 4))
      assert.equal(count(back.value), count(cube))
    }
  }), { numRuns: 200, seed: 34 })
  const wrong = [['dst', '10.0.0.9-10.0.0.1'], ['dst', '::1'], ['dport', '65536'], ['dport', '80/1'], ['proto', ''], ['src', '10.0.0.1/']] as const
  for (const [field, text] of wrong) {
    assert.equal(readCube({ [field]: [text] }, 4).ok, false, text)
  }
})

interface Group {
  by: { action: string; path: { rule: number; line: number; text: string }[] }[]
  readonly cubes: Record<string, string[]>[]
}

type Mutable = { -readonly [K in keyof CertificatePart]: CertificatePart[K] }

/** Ways to spoil a part; one that finds nothing to spoil gives the part back. */
const numbers = fc.tuple(fc.nat(11), fc.nat(), fc.nat(), fc.nat())
const spoil: fc.Arbitrary<(part: CertificatePart) => CertificatePart> = numbers.map(([way, i, j, k]) => (part) => {
  const copy = JSON.parse(JSON.stringify(part)) as Mutable
  const groups = copy.groups as unknown as Group[]
  const group = groups[i % groups.length]
  const cube = group?.cubes[j % group.cubes.length]
  const decision = group?.by[j % Math.max(1, group.by.length)]
  const step = decision?.path[k % Math.max(1, decision.path.length)]
  if (!group || !cube) return copy
  if (way === 0) group.cubes.splice(j % group.cubes.length, 1)
  else if (way === 1 && step) step.rule += 1 + (k % 3)
  else if (way === 2 && step) step.line += 1
  else if (way === 3 && decision) decision.action = decision.action === 'deny' ? 'permit' : 'deny'
  else if (way === 4) group.cubes.push(cube)
  else if (way === 5) delete cube[Object.keys(cube)[k % Math.max(1, Object.keys(cube).length)] ?? '']
  else if (way === 6) groups.splice(i % groups.length, 1)
  else if (way === 7) copy.count = `${BigInt(copy.count) + 1n}`
  else if (way === 8) copy.assumed = copy.assumed.length > 0 ? copy.assumed.slice(1) : [{ line: 1, text: 'x' }]
  else if (way === 9) group.by = group.by.length > 0 ? [] : [{ action: 'deny', path: [] }]
  else if (way === 10) copy.claim = copy.claim === 'never' ? 'always' : 'never'
  else if (way === 11) (copy as { asked: unknown }).asked = { packets: [...copy.asked.packets, {}], except: copy.asked.except }
  return copy
})

test('any tampering with a part is caught', () => {
  let tried = 0
  const claim = fc.constantFrom<Claim>('never', 'always', 'equal')
  fc.assert(fc.property(chainsArbitrary(4, true), claim, spoil, matchArbitrary(4), (chains, wanted, change, except) => {
    const one = { chain: chains.get('base') as Chain, chains, version: 4 as const }
    const asked = claimed(wanted, [match(range('proto', 6n))], wanted === 'equal' ? [one, one] : [one], [except])
    const made = certify(asked)
    if (!made.ok) return
    const spoiled = change(made.value)
    if (JSON.stringify(spoiled) === JSON.stringify(made.value)) return
    tried++
    assert.notEqual(verifyPart(spoiled, asked), null, JSON.stringify([made.value, spoiled]))
  }), { numRuns: runs(500), seed: 35 })
  assert.ok(tried > 60, `${tried} spoiled certificates were tried`)
})

test('a changed text is caught too: the rules decide, not the file', () => {
  const part = certified(claimed('never', [OUTSIDE], [WARD]))
  const changes: readonly (readonly [Filter, RegExp])[] = [
    [filter('deny', [rule(1, deny, WEB), rule(3, deny, match())]), /is decided by/],
    [filter('deny', WARD.chain.rules.toSpliced(1, 1, rule(2, permit, match(range('dst', 0xca720477n))))),
      /rule 2 of forward \(line 2\) takes a part of a cube only/],
    [filter('deny', [rule(1, permit, WEB), ...WARD.chain.rules.slice(1)]), /is decided by/],
  ]
  for (const [changed, pattern] of changes) assert.match(verifyPart(part, claimed('never', [OUTSIDE], [changed])) ?? 'holds', pattern)
  assert.match(verifyPart(part, claimed('never', [BEDSIDE], [WARD])) ?? 'holds', /is not what is asked about/)
})

test('the same question gives the same bytes', () => {
  const bytes = (): string => JSON.stringify(certified(claimed('never', [OUTSIDE], [WARD])))
  assert.equal(bytes(), bytes())
})
