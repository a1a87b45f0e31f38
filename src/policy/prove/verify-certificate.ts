// verify-certificate: recomputes a certificate from the rules alone: cubes disjoint, none missing, each decided as it says. No engine, no search.
// Keeps a proof checkable by reading one file: nothing of packet sets or their composer is used, only the rules as a reader understood them.

import type { IpVersion } from '../../base/ip.ts'
import type { Chain, Match, Rule } from '../rules/model.ts'
import { readCube, type Assumed, type CertificatePart, type Cube, type Decision, type Step, type WrittenCube } from './certificate.ts'
import { count, holdsAll, inside, namedTwice, overlap } from './check-cubes.ts'

/** What a part must be about, worked out anew from the question and the texts; one filter per text. */
export interface Expected {
  readonly title: string
  readonly version: IpVersion
  readonly claim: CertificatePart['claim']
  readonly packets: readonly Match[]
  readonly except: readonly Match[]
  readonly filters: readonly { readonly chain: Chain; readonly chains: ReadonlyMap<string, Chain> }[]
}

type Filter = Expected['filters'][number]

const PERMIT = 1
const DENY = 2
const LEAVE = 4
const PASS = 8
const ANYTHING = 15
const DEPTH_MAX = 256

/** What is wrong with the part, in a sentence; null when it holds. */
export function verifyPart(part: CertificatePart, expected: Expected): string | null {
  try {
    verify(part, expected)
    return null
  } catch (cause) {
    if (cause instanceof Wrong) return cause.message
    throw cause
  }
}

class Wrong extends Error {}

function refuse(wrong: boolean, message: string): void {
  if (wrong) throw new Wrong(message)
}

function same(what: string, said: unknown, found: unknown): void {
  const [a, b] = [JSON.stringify(said), JSON.stringify(found)]
  refuse(a !== b, `${what} differs: the certificate says ${a}, the texts give ${b}`)
}

function verify(part: CertificatePart, { title, version, claim, packets, except, filters }: Expected): void {
  same('the claim', [part.title, part.ipVersion, part.claim], [title, version, claim])
  const asked = sameCubes(part.asked.packets, packets, version)
  sameCubes(part.asked.except, except, version)
  refuse(overlap(asked) !== null, 'the cubes asked about overlap')
  const assumed = new Map<string, Assumed>()
  const written = part.groups.flatMap(({ by, cubes }) => cubes.map((text) => ({ by, text, cube: cubeOf(text, version) })))
  for (const { by, text, cube } of written) {
    const out = except.some((match) => holdsAll(cube, match))
    const problem = !packets.some((match) => holdsAll(cube, match)) ? 'is not asked about'
      : by.length === 0 ? (out ? null : 'is decided by nothing')
        : out || except.some((match) => inside(cube, match)) ? 'is left out of the question, at least in part'
          : wrongDecision(cube, by, claim, filters, version, assumed)
    refuse(problem !== null, `cube ${JSON.stringify(text)} ${problem}`)
  }
  const twice = overlap(written.map(({ cube }) => cube))
  refuse(twice !== null, `cubes ${twice?.map((i) => JSON.stringify(written[i]?.text)).join(' and ')} overlap`)
  const [sum, whole] = [written.reduce((n, { cube }) => n + count(cube), 0n), asked.reduce((n, cube) => n + count(cube), 0n)]
  refuse(sum !== whole, `the cubes hold ${sum} of the ${whole} packets asked about`)
  same('the count', part.count, whole.toString())
  same('what is assumed', part.assumed, [...assumed.values()].sort((a, b) => a.line - b.line || (a.text < b.text ? -1 : 1)))
}

/** The cubes are what the matches cover, one by one; those of the matches are given back. */
function sameCubes(written: readonly WrittenCube[], matches: readonly Match[], version: IpVersion): Cube[] {
  const every = cubeOf({}, version)
  const found = matches.flatMap((match) => {
    const cube = inside(every, match)
    return cube ? [{ match, cube }] : []
  })
  refuse(found.length !== written.length, 'other packets are asked about')
  for (const [i, { match, cube }] of found.entries()) {
    const said = cubeOf(written[i] ?? {}, version)
    refuse(!holdsAll(said, match) || count(said) !== count(cube), `${JSON.stringify(written[i])} is not what is asked about`)
  }
  return found.map(({ cube }) => cube)
}

function wrongDecision(
  cube: Cube, by: readonly Decision[], claim: Expected['claim'], filters: readonly Filter[], version: IpVersion, assumed: Map<string, Assumed>,
): string | null {
  const found = filters.map((filter) => walk(cube, filter, filter.chain, version, [filter.chain.name], assumed))
  const decisions = found.map(({ bits, path }) => ({ action: bits === PERMIT ? 'permit' : bits === DENY ? 'deny' : 'unknown', path }))
  if (JSON.stringify(by) !== JSON.stringify(decisions)) return `is decided by ${JSON.stringify(decisions)}, the certificate says ${JSON.stringify(by)}`
  const wanted = claim === 'never' ? 'deny' : claim === 'always' ? 'permit' : decisions[0]?.action
  return decisions.every(({ action }) => action !== 'unknown' && action === wanted) ? null : 'does not do what is claimed'
}

/** The whole cube through a chain: what may happen to it, and the rules that take it for sure. */
function walk(cube: Cube, filter: Filter, chain: Chain, version: IpVersion, open: readonly string[], assumed: Map<string, Assumed>): Walk {
  const assume = (unknown: readonly Assumed[]): void => unknown.forEach(({ line, text }) => assumed.set(`${line} ${text}`, { line, text }))
  const act = ({ action }: Rule): Walk => {
    if (action.kind === 'permit' || action.kind === 'deny') return { bits: action.kind === 'permit' ? PERMIT : DENY, path: [] }
    if (action.kind === 'return') return { bits: LEAVE, path: [] }
    if (action.kind === 'unknown') assume([action.why])
    const next = action.kind === 'jump' || action.kind === 'goto' ? filter.chains.get(action.chain) : undefined
    if (!next || open.includes(next.name) || open.length >= DEPTH_MAX) return { bits: ANYTHING, path: [] }
    const { bits, path } = walk(cube, filter, next, version, [...open, next.name], assumed)
    const [from, to] = action.kind === 'jump' ? [LEAVE, PASS] : [PASS, LEAVE]
    return { bits: (bits & from) === 0 ? bits : (bits & ~from) | to, path }
  }
  let bits = PASS
  let path: readonly Step[] = []
  for (const [i, rule] of chain.rules.entries()) {
    if (rule.action.kind === 'next' || (rule.family !== null && rule.family !== version)) continue
    const touched = rule.matches.filter((match) => inside(cube, match) !== null)
    if (touched.length === 0) continue
    const whole = touched.filter((match) => holdsAll(cube, match))
    const sure = whole.some((match) => match.unknown.length === 0)
    const partly = whole.length === 0 || (!sure && touched.some((match) => match.unknown.length === 0))
    refuse(partly, `rule ${i + 1} of ${chain.name} (line ${rule.line}) takes a part of a cube only`)
    if (!sure) assume(rule.matches.flatMap((match) => match.unknown))
    const done = act(rule)
    bits |= done.bits
    if (!sure || (done.bits & PASS) !== 0) continue
    path = [{ chain: chain.name, rule: i + 1, line: rule.line, text: rule.text }, ...done.path]
    bits &= ~PASS
    break
  }
  if (chain.policy === null || (bits & (PASS | LEAVE)) === 0) return { bits, path }
  path = [{ chain: chain.name, rule: 0, line: 0, text: `end of ${chain.name}` }]
  return { bits: (bits & ~(PASS | LEAVE)) | (chain.policy === 'permit' ? PERMIT : DENY), path }
}

interface Walk {
  readonly bits: number
  readonly path: readonly Step[]
}

function cubeOf(written: WrittenCube, version: IpVersion): Cube {
  const cube = readCube(written, version)
  if (!cube.ok) throw new Wrong(cube.error)
  const twice = namedTwice(cube.value)
  refuse(twice !== undefined, `cube ${JSON.stringify(written)} names a value of ${twice} twice`)
  return cube.value
}
