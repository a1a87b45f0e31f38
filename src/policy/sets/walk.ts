// walk: one packet through a chain, rule by rule, as the firewall does it. The slow twin of compose.ts.
// Keeps "every counterexample is replayed through the slow twin before a human sees it", and names the rule that decides.

import type { IpVersion } from '../../base/ip.ts'
import type { Chain, Rule, UnknownMatch } from '../rules/model.ts'
import { CHAIN_DEPTH_MAX, type Chains } from './compose.ts'
import { Outcome } from './outcome.ts'
import type { PacketPoint } from './packet-set.ts'
import { matchesRule } from './point.ts'

/** Rules looked at for one packet; chains that call each other twice at 20 levels would be a million. No real ruleset comes near. */
const RULES_WALKED_MAX = 1_000_000

/** What something that cannot be followed may do. */
const ANYTHING = Outcome.permit | Outcome.deny | Outcome.leave | Outcome.pass

export interface Walk {
  /** `unknown`: it depends on something that is not modelled, or the chain has no end that decides. */
  readonly verdict: 'permit' | 'deny' | 'unknown'
  /** The rule that decides; null when a policy does, or when the verdict is unknown. */
  readonly rule: Rule | null
  /** What was not understood on the way, in the order met. */
  readonly because: readonly UnknownMatch[]
}

interface State {
  readonly point: PacketPoint
  readonly version: IpVersion
  readonly chains: Chains
  readonly because: UnknownMatch[]
  walked: number
  /** The last rule that permitted or denied. */
  rule: Rule | null
}

/** Follows the packet; jumps lead into `chains`. Loops and missing chains make the verdict unknown. */
export function walkChain(chain: Chain, chains: Chains, point: PacketPoint, version: IpVersion): Walk {
  const state: State = { point, version, chains, because: [], walked: 0, rule: null }
  const bits = walkRules(state, chain, [chain.name])
  const verdict = bits === Outcome.permit ? 'permit' : bits === Outcome.deny ? 'deny' : 'unknown'
  return { verdict, rule: verdict === 'unknown' ? null : state.rule, because: state.because }
}

/** The possible outcomes, as bits of Outcome. */
function walkRules(state: State, chain: Chain, path: readonly string[]): number {
  let possible = 0
  for (const rule of chain.rules) {
    if (++state.walked > RULES_WALKED_MAX) return ANYTHING
    const certainty = matchesRule(rule, state.point, state.version)
    if (certainty === 'no' || rule.action.kind === 'next') continue
    if (certainty === 'maybe') state.because.push(...rule.matches.flatMap((m) => m.unknown))
    const bits = actionBits(state, rule, path)
    possible |= bits & ~Outcome.pass
    if (certainty === 'sure' && (bits & Outcome.pass) === 0) return ended(state, chain, possible)
  }
  return ended(state, chain, possible | Outcome.pass)
}

function ended(state: State, chain: Chain, possible: number): number {
  const open = Outcome.pass | Outcome.leave
  if (chain.policy === null || (possible & open) === 0) return possible
  state.rule = null
  return (possible & ~open) | Outcome[chain.policy]
}

function actionBits(state: State, rule: Rule, path: readonly string[]): number {
  const { action } = rule
  switch (action.kind) {
    case 'permit':
    case 'deny':
      state.rule = rule
      return Outcome[action.kind]
    case 'return':
      return Outcome.leave
    case 'next':
      return Outcome.pass
    case 'unknown':
      state.because.push(action.why)
      return ANYTHING
    default: {
      const bits = callBits(state, action.chain, path)
      return action.kind === 'jump' ? replaced(bits, Outcome.leave, Outcome.pass) : replaced(bits, Outcome.pass, Outcome.leave)
    }
  }
}

function replaced(bits: number, from: number, to: number): number {
  return (bits & from) === 0 ? bits : (bits & ~from) | to
}

function callBits(state: State, name: string, path: readonly string[]): number {
  const chain = state.chains.get(name)
  if (!chain || path.includes(name) || path.length >= CHAIN_DEPTH_MAX) return ANYTHING
  return walkRules(state, chain, [...path, name])
}
