// certify: a proved claim as disjoint cubes, each led through the rules as the firewall would lead it. Makes what the checker recomputes.
// Keeps "no certificate for what is not so": a cube that may go the other way, for some outcome of the unknowns, ends the work.

import { err, ok, type Result } from '../../base/result.ts'
import type { IpVersion } from '../../base/ip.ts'
import { FIELDS, type Chain, type Match, type Rule, type UnknownMatch } from '../rules/model.ts'
import { CHAIN_DEPTH_MAX } from '../sets/compose.ts'
import { countCube, cubeMatch, missesCube, splitCube, wholeCube, type CubeMatch, type CubeSet } from '../sets/cubes.ts'
import { Outcome } from '../sets/outcome.ts'
import {
  CUBES_MAX, writeCube, type Assumed, type CertificatePart, type Claim, type Cube, type Decision, type Step, type WrittenCube,
} from './certificate.ts'
import type { Filter } from './questions.ts'

/** A claim about packets of any match of `packets` (no two of which share a packet) and of none of `except`. */
export interface ClaimAsked {
  readonly title: string
  readonly version: IpVersion
  readonly claim: Claim
  readonly packets: readonly Match[]
  readonly except: readonly Match[]
  /** One, or two for `equal`. */
  readonly filters: readonly Filter[]
}

/** Rules tried on cubes in all: a minute's work. */
const STEPS_MAX = 100_000_000

const ANYTHING = Outcome.permit | Outcome.deny | Outcome.leave | Outcome.pass
const OPEN = Outcome.pass | Outcome.leave

/** A cube on its way: what may have happened to it before, and the rules that took it for sure. */
interface Piece {
  readonly cube: CubeSet
  readonly bits: number
  readonly path: readonly Step[]
}

class Refusal extends Error {}

/** The part of a certificate, or why there is none. */
export function certify(asked: ClaimAsked, cubesMax: number = CUBES_MAX): Result<CertificatePart> {
  try {
    return ok(new Work(asked, cubesMax).part())
  } catch (cause) {
    if (cause instanceof Refusal) return err(cause.message)
    throw cause
  }
}

class Work {
  readonly #asked: ClaimAsked
  readonly #cubesMax: number
  readonly #matches = new Map<Match, CubeMatch>()
  readonly #assumed = new Map<string, Assumed>()
  readonly #groups = new Map<string, { readonly by: readonly Decision[]; readonly cubes: WrittenCube[] }>()
  #steps = 0
  #cubes = 0

  constructor(asked: ClaimAsked, cubesMax: number) {
    this.#asked = asked
    this.#cubesMax = cubesMax
  }

  part(): CertificatePart {
    const { title, version, claim, packets, except, filters } = this.#asked
    const starts = packets.map((match) => this.#split(wholeCube(version), match).inside).filter((cube) => cube !== null)
    for (const start of starts) {
      let left: readonly CubeSet[] = [start]
      for (const match of except) left = left.flatMap((cube) => this.#leaveOut(cube, match))
      for (const cube of left) this.#decide(cube, [], filters)
    }
    return {
      title, ipVersion: version, claim, asked: { packets: this.#written(packets), except: this.#written(except) },
      count: starts.reduce((sum, cube) => sum + countCube(cube), 0n).toString(),
      assumed: [...this.#assumed.values()].sort((a, b) => a.line - b.line || (a.text < b.text ? -1 : 1)), groups: [...this.#groups.values()],
    }
  }

  #written(matches: readonly Match[]): WrittenCube[] {
    const whole = wholeCube(this.#asked.version)
    return matches.map((match) => splitCube(whole, cubeMatch(match, this.#asked.version), this.#asked.version).inside)
      .filter((cube) => cube !== null).map((cube) => this.#write(cube))
  }

  #leaveOut(cube: CubeSet, match: Match): readonly CubeSet[] {
    const { inside, outside } = this.#split(cube, match)
    if (inside) this.#keep(inside, [])
    return outside
  }

  /** Through one text after the other: what the first leaves whole the next may cut again. */
  #decide(cube: CubeSet, by: readonly Decision[], filters: readonly Filter[]): void {
    const [filter, ...others] = filters
    if (!filter) return this.#keep(cube, by)
    for (const piece of this.#walk(cube, filter, filter.chain, [filter.chain.name])) {
      const action = piece.bits === Outcome.permit ? 'permit' : piece.bits === Outcome.deny ? 'deny' : null
      const { claim } = this.#asked
      const wanted = claim === 'never' ? 'deny' : claim === 'always' ? 'permit' : (by[0]?.action ?? action)
      if (action === null || action !== wanted) {
        throw new Refusal(`the claim does not hold for ${JSON.stringify(this.#write(piece.cube))}: ${action ?? 'not known, or no end that decides'}`)
      }
      this.#decide(piece.cube, [...by, { action, path: piece.path }], others)
    }
  }

  #keep(cube: CubeSet, by: readonly Decision[]): void {
    this.#count()
    const key = JSON.stringify(by)
    const group = this.#groups.get(key) ?? { by, cubes: [] }
    this.#groups.set(key, group)
    group.cubes.push(this.#write(cube))
  }

  #count(): void {
    if (++this.#cubes > this.#cubesMax) {
      throw new Refusal(`the proof needs more than ${this.#cubesMax} cubes; ask about fewer packets with --from, --to and --service`)
    }
  }

  /** Every piece of the cube with its possible outcomes at the end of the chain. */
  #walk(cube: CubeSet, filter: Filter, chain: Chain, open: readonly string[]): Piece[] {
    const done: Piece[] = []
    let going: Piece[] = [{ cube, bits: 0, path: [] }]
    for (const [i, rule] of chain.rules.entries()) {
      if (rule.action.kind === 'next' || (rule.family !== null && rule.family !== filter.version)) continue
      const step = { chain: chain.name, rule: i + 1, line: rule.line, text: rule.text }
      const next: Piece[] = []
      for (const piece of going) {
        if (rule.matches.every((match) => missesCube(piece.cube, this.#compiled(match)))) next.push(piece)
        else next.push(...this.#meetRule(piece, filter, rule, step, open, done))
      }
      going = next
      this.#steps += going.length
      if (going.length + done.length > this.#cubesMax) throw new Refusal(`the proof needs more than ${this.#cubesMax} cubes at once`)
    }
    const end = { chain: chain.name, rule: 0, line: 0, text: `end of ${chain.name}` }
    return [...done, ...going.map((piece) => ({ ...piece, bits: piece.bits | Outcome.pass }))].map((piece) => {
      if (chain.policy === null || (piece.bits & OPEN) === 0) return piece
      return { cube: piece.cube, bits: (piece.bits & ~OPEN) | Outcome[chain.policy], path: [end] }
    })
  }

  /** Pieces that go on to the next rule; those that are surely taken and do not come back go to `done`. */
  #meetRule(piece: Piece, filter: Filter, rule: Rule, step: Step, open: readonly string[], done: Piece[]): Piece[] {
    const onward: Piece[] = []
    let left: readonly CubeSet[] = [piece.cube]
    // Surest first: an alternative that is understood takes its packets whatever the others turn out to be.
    const sure = rule.matches.filter((m) => m.unknown.length === 0)
    for (const match of [...sure, ...rule.matches.filter((m) => m.unknown.length > 0)]) {
      const cubes = left.map((cube) => this.#split(cube, match))
      left = cubes.flatMap(({ outside }) => outside)
      const taken = cubes.flatMap(({ inside }) => (inside ? [inside] : []))
      for (const part of taken.flatMap((cube) => this.#act(cube, filter, rule, open))) {
        const may = { cube: part.cube, bits: piece.bits | (part.bits & ~Outcome.pass), path: piece.path }
        if (match.unknown.length > 0) {
          this.#assume(rule.matches.flatMap((m) => m.unknown))
          onward.push(may)
        } else if ((part.bits & Outcome.pass) !== 0) onward.push(may)
        else done.push({ ...may, path: [step, ...part.path] })
      }
    }
    return [...onward, ...left.map((cube) => ({ ...piece, cube }))]
  }

  #act(cube: CubeSet, filter: Filter, { action }: Rule, open: readonly string[]): readonly Piece[] {
    const simple = (bits: number): Piece[] => [{ cube, bits, path: [] }]
    if (action.kind === 'permit' || action.kind === 'deny') return simple(Outcome[action.kind])
    if (action.kind === 'return') return simple(Outcome.leave)
    if (action.kind === 'unknown') {
      this.#assume([action.why])
      return simple(ANYTHING)
    }
    const chain = action.kind === 'jump' || action.kind === 'goto' ? filter.chains.get(action.chain) : undefined
    if (!chain || open.includes(chain.name) || open.length >= CHAIN_DEPTH_MAX) return simple(ANYTHING)
    const [from, to] = action.kind === 'jump' ? [Outcome.leave, Outcome.pass] : [Outcome.pass, Outcome.leave]
    return this.#walk(cube, filter, chain, [...open, chain.name])
      .map((piece) => ((piece.bits & from) === 0 ? piece : { ...piece, bits: (piece.bits & ~from) | to }))
  }

  #assume(unknown: readonly UnknownMatch[]): void {
    for (const { line, text } of unknown) this.#assumed.set(`${line} ${text}`, { line, text })
  }

  #split(cube: CubeSet, match: Match): ReturnType<typeof splitCube> {
    if (++this.#steps > STEPS_MAX) throw new Refusal(`the proof takes more than ${STEPS_MAX} steps; ask about fewer packets`)
    return splitCube(cube, this.#compiled(match), this.#asked.version)
  }

  #compiled(match: Match): CubeMatch {
    let made = this.#matches.get(match)
    if (made === undefined) this.#matches.set(match, (made = cubeMatch(match, this.#asked.version)))
    return made
  }

  #write(cube: CubeSet): WrittenCube {
    const named = Object.fromEntries(FIELDS.map((field, at) => {
      const set = cube[at] as CubeSet[number]
      return [field, 'ranges' in set ? set.ranges : set.masks]
    })) as Cube
    return writeCube(named, this.#asked.version)
  }
}
