// Translation validation at the moment of writing: the text, read back by the platform's independent reader, against the policy.
// Keeps "never wider than the policy": a text that differs is refuted with a packet, and nobody gets to load it.

import type { IpVersion } from '../../base/ip.ts'
import type { CompileInput, Target } from '../compile/target.ts'
import type { Answer } from '../prove/answer.ts'
import { proveEqual, type Filter } from '../prove/questions.ts'
import { ConnState, type Chain, type Config, type Constraint, type Field } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import type { PacketSet, PacketSpace } from '../sets/packet-set.ts'

/** What one list of the text says of the packets that open a connection, compared with the policy. */
export interface Validation {
  readonly version: IpVersion
  /** The chain of the text that was compared. */
  readonly chain: string
  readonly answer: Answer
}

/** Null when Cordon does not read this platform; else one answer per list and IP version, never none. */
export function validateText(target: Target, input: CompileInput, text: string): readonly Validation[] | null {
  if (target.read === null) return null
  const { config } = target.read(text, 'the written text')
  return ([4, 6] as const).flatMap((version) => {
    const chains = config === null ? [] : chainsOf(config, version)
    if (config === null || chains.length === 0) return [missing(version)]
    return chains.map((chain): Validation => ({ version, chain: chain.name, answer: compare(input, config, chain, version) }))
  })
}

function missing(version: IpVersion): Validation {
  return { version, chain: '', answer: { verdict: 'unknown', lines: [], limit: `the text, read back, has no list for IPv${version}` } }
}

/** The lists of one IP version that decide: those bound to a hook, else those that nothing jumps to. */
function chainsOf(config: Config, version: IpVersion): readonly Chain[] {
  const bound = config.bindings.filter(({ family }) => family === null || family === version).map(({ chain }) => chain)
  const names = config.bindings.length > 0 ? bound : rootNames(config)
  const chains = [...new Set(names)].flatMap((name) => config.chains.get(name) ?? [])
  return chains.filter((chain) => chain.rules.some(({ family }) => family === null || family === version))
}

/** A written list that is bound nowhere yet, such as an access list without an interface. */
function rootNames({ chains }: Config): readonly string[] {
  const called = new Set([...chains.values()].flatMap((chain) => chain.rules)
    .flatMap(({ action }) => (action.kind === 'jump' || action.kind === 'goto' ? [action.chain] : [])))
  return [...chains.values()].filter((chain) => chain.policy !== null && !called.has(chain.name)).map(({ name }) => name)
}

function compare(input: CompileInput, config: Config, chain: Chain, version: IpVersion): Answer {
  const space = bddSpace(version)
  const policy: Filter = { chain: input.chains[version], chains: new Map(), version }
  return proveEqual(space, policy, { chain, chains: config.chains, version }, askedOf(space, input, config)).answer
}

/** Options that name the two sides of a zone firewall, per direction. */
const SIDES: readonly (readonly ['iif' | 'oif', readonly string[]])[] = [['iif', ['from-zone', 'srcintf']], ['oif', ['to-zone', 'dstintf']]]

/** Packets that open a connection, between the zones that the options name, and what an option asks beyond the policy left out. */
function askedOf(space: PacketSpace, input: CompileInput, config: Config): PacketSet {
  const fields: [Field, Constraint][] = [['state', only(ConnState.new)]]
  for (const [field, options] of SIDES) {
    const name = options.map((option) => input.options[option]).find((word) => word !== undefined && word !== 'any')
    if (name !== undefined) fields.push([field, only(config.interfaces.indexOf(name))])
  }
  const asked = space.of({ fields, unknown: [] })
  const more: [Field, Constraint][][] = [
    // The machine's own loopback, which hooks other than forward let pass.
    ...(input.options['hooks'] === undefined ? [] : (['iif', 'oif'] as const).map((field): [Field, Constraint][] =>
      [[field, only(config.interfaces.indexOf('lo'))]])),
    ...(space.version === 6 && input.options['neighbour-discovery'] === 'permit'
      ? [[['proto', only(58)], ['icmpType', only(135, 136)]] as [Field, Constraint][]] : []),
  ]
  return more.reduce((set, left) => space.minus(set, space.of({ fields: left, unknown: [] })), asked)
}

/** No value at all for -1, an interface that the text does not name. */
function only(low: number, high = low): Constraint {
  return { kind: 'ranges', ranges: low < 0 ? [] : [{ low: BigInt(low), high: BigInt(high) }], not: false }
}
