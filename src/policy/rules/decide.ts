// Decide: what a set of chains says of one packet, slow and obvious. Every counterexample is replayed through it before a human sees it.
// Keeps "three-valued": an unknown match may hold or not, so a packet can have two possible verdicts, and the lines to blame are named.

import type { IpVersion } from '../../base/ip.ts'
import { matchesRule } from '../sets/point.ts'
import type { PacketPoint } from '../sets/packet-set.ts'
import type { Chain, Rule, UnknownMatch } from './model.ts'

export interface Deciding {
  readonly action: 'permit' | 'deny'
  /** 1-based line of the config, 0 for a chain's policy or a rule that a compiler made. */
  readonly line: number
  readonly text: string
}

export interface Decision {
  /** Each possible verdict once, with the first rule that gives it; one entry when nothing unknown matters. */
  readonly possible: readonly Deciding[]
  /** Unknown matches that stood on the packet's way. */
  readonly unknown: readonly UnknownMatch[]
}

/** Jumps that deep only a loop makes: kernels stop at 16 (nftables NFT_JUMP_STACK_SIZE), a reader's chains may be deeper. */
export const JUMPS_MAX = 64

interface Walk {
  readonly chains: ReadonlyMap<string, Chain>
  readonly point: PacketPoint
  readonly version: IpVersion
  readonly possible: Map<'permit' | 'deny', Deciding>
  readonly unknown: UnknownMatch[]
}

/** What the chain says of the packet. At the end of a chain without a policy nothing is known: whoever jumped here goes on. */
export function decide(chain: Chain, chains: ReadonlyMap<string, Chain>, point: PacketPoint, version: IpVersion): Decision {
  const walk: Walk = { chains, point, version, possible: new Map(), unknown: [] }
  if (run(walk, chain, 0)) {
    const ends = chain.policy === null ? (['permit', 'deny'] as const) : [chain.policy]
    for (const action of ends) note(walk, { action, line: 0, text: `end of ${chain.name}` })
  }
  return { possible: [...walk.possible.values()], unknown: walk.unknown }
}

/** Walks one chain; true when the packet may leave it undecided. */
function run(walk: Walk, chain: Chain, depth: number): boolean {
  let mayReturn = false
  for (const rule of chain.rules) {
    const certainty = matchesRule(rule, walk.point, walk.version)
    if (certainty === 'no' || rule.action.kind === 'next') continue
    if (certainty === 'maybe') walk.unknown.push(...rule.matches.flatMap((m) => m.unknown))
    const outcome = act(walk, rule, depth)
    if (outcome === 'leaves') mayReturn = true
    if (certainty === 'sure' && outcome !== 'goes on') return mayReturn
  }
  return true
}

/** `decided`: no way on. `leaves`: back to the caller of this chain. `goes on`: the next rule is asked. */
type Outcome = 'decided' | 'leaves' | 'goes on'

function act(walk: Walk, rule: Rule, depth: number): Outcome {
  const { action } = rule
  switch (action.kind) {
    case 'permit':
    case 'deny':
      note(walk, { action: action.kind, line: rule.line, text: rule.text })
      return 'decided'
    case 'return':
      return 'leaves'
    case 'next':
      return 'goes on'
    case 'unknown':
      walk.unknown.push(action.why)
      for (const verdict of ['permit', 'deny'] as const) note(walk, { action: verdict, line: rule.line, text: rule.text })
      return 'goes on'
    case 'jump':
    case 'goto': {
      const undecided = follow(walk, action.chain, depth)
      return !undecided ? 'decided' : action.kind === 'goto' ? 'leaves' : 'goes on'
    }
  }
}

/** A missing chain or a loop could do anything: both verdicts are possible, and the packet may come back. */
function follow(walk: Walk, name: string, depth: number): boolean {
  const target = walk.chains.get(name)
  if (target && depth < JUMPS_MAX) return run(walk, target, depth + 1)
  for (const action of ['permit', 'deny'] as const) note(walk, { action, line: 0, text: `jump to ${name}, which is missing or loops` })
  return true
}

function note(walk: Walk, deciding: Deciding): void {
  if (!walk.possible.has(deciding.action)) walk.possible.set(deciding.action, deciding)
}
