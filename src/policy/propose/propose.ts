// propose: the least a policy must allow so that everything seen goes on, as text in the policy language with its evidence beside it.
// Keeps "show the flows that earned the rule": no line without a comment that counts them, and a list of what was never used.

import { hostPrefix } from '../eval/names.ts'
import { serviceMatches } from '../eval/evaluate.ts'
import { assert } from '../../base/assert.ts'
import { formatPrefix } from '../../base/ip.ts'
import { CONDUITS_MAX } from '../language/conduits.ts'
import { SERVICES_MAX } from '../language/services-file.ts'
import { atText, count, plain } from '../replay/words.ts'
import { emptyEarned, gatherEdges } from './edges.ts'
import type { Earned, Edge, End, LeftOut, Proposal, ProposeInput, UnusedConduit } from './model.ts'
import { zonesOf, type ProposedZone, type Zoning } from './zones.ts'

/** As many as one conduit may name (docs/policy.md); more are split over several. */
const SERVICES_PER_CONDUIT = 256
/** Functions named in a reason; a reason has at most 600 characters. */
const FUNCTIONS_NAMED_MAX = 8
const FUNCTION_LENGTH_MAX = 40

interface ProposedConduit {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly services: readonly (readonly [string, Earned])[]
}

/** Makes a draft. Deterministic; deny is what it says of everything it does not name. */
export function propose(input: ProposeInput): Proposal {
  const gathered = gatherEdges(input.conversations, input.unseen)
  const { kept, dropped } = boundServices([...gathered.edges.values()])
  const zoning = zonesOf(gathered.ends, kept)
  const all = conduitsOf(kept, zoning)
  const conduits = all.slice(0, CONDUITS_MAX)
  const why = `a policy has at most ${CONDUITS_MAX} conduits`
  const tooMany = all.slice(CONDUITS_MAX).map((c) => ({ what: `${c.from} to ${c.to}`, why }))
  const notExpressed = [...gathered.notExpressed, ...dropped, ...tooMany]
  const neverUsed = neverUsedOf(input)
  const leaving = kept.filter((e) => e.earned.leaves).map((e) => `${e.service} ${e.earned.example}`)
  const parts = { zoning, conduits, notExpressed, leftOut: gathered.leftOut, neverUsed, leaving }
  return {
    text: textOf(input.name, parts), exact: zoning.exact, zones: zoning.zones.length, conduits: conduits.length,
    notExpressed, leftOut: gathered.leftOut, neverUsed, leaving,
  }
}

/** More services than a policy may define look like a scan: the later ones are left out by name. */
function boundServices(edges: readonly Edge[]): { readonly kept: readonly Edge[]; readonly dropped: readonly LeftOut[] } {
  const services = new Set<string>()
  const kept: Edge[] = []
  const dropped: LeftOut[] = []
  for (const edge of edges) {
    if (services.has(edge.service) || services.size < SERVICES_MAX) {
      services.add(edge.service)
      kept.push(edge)
    } else dropped.push({ what: `${edge.service} from ${edge.from} to ${edge.to}`, why: `a policy has at most ${SERVICES_MAX} services` })
  }
  return { kept, dropped }
}

function conduitsOf(edges: readonly Edge[], zoning: Zoning): readonly ProposedConduit[] {
  const pairs = new Map<string, Map<string, Earned>>()
  for (const edge of edges) {
    const [a, b] = [zoning.zoneOf.get(edge.from), zoning.zoneOf.get(edge.to)]
    assert(a !== undefined && b !== undefined, 'every end of an edge has a zone')
    const key = `${a} ${b}`
    const services = pairs.get(key) ?? new Map<string, Earned>()
    pairs.set(key, services)
    services.set(edge.service, joinEarned(services.get(edge.service) ?? emptyEarned(), edge.earned))
  }
  return [...pairs].flatMap(([key, services]) => {
    const [from = '', to = ''] = key.split(' ')
    const all = [...services]
    return Array.from({ length: Math.ceil(all.length / SERVICES_PER_CONDUIT) }, (_, i): ProposedConduit => ({
      name: i === 0 ? `${from}-to-${to}` : `${from}-to-${to}-${i + 1}`, from, to,
      services: all.slice(i * SERVICES_PER_CONDUIT, (i + 1) * SERVICES_PER_CONDUIT),
    }))
  })
}

function joinEarned(a: Earned, b: Earned): Earned {
  return {
    conversations: a.conversations + b.conversations, flows: a.flows + b.flows, firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt), example: a.example === '' ? b.example : a.example, leaves: a.leaves || b.leaves,
    documented: new Set([...a.documented, ...b.documented]), functions: new Set([...a.functions, ...b.functions]),
  }
}

/** Allowing conduits of the policy in force, with the services that no conversation used. */
function neverUsedOf({ inForce, conversations }: ProposeInput): readonly UnusedConduit[] {
  if (inForce === null) return []
  const services = new Map(inForce.policy.services.map((service) => [service.name, service]))
  const conduits = new Map(inForce.policy.conduits.map((conduit) => [conduit.name, conduit]))
  const used = new Set<string>()
  for (const { tuple, leaves } of conversations) {
    const { rule } = (leaves ? inForce.eyes.leaving : inForce.eyes.local).evaluate(tuple)
    for (const name of conduits.get(rule)?.services ?? []) {
      const service = services.get(name)
      if (service !== undefined && serviceMatches(service, tuple)) used.add(`${rule} ${name}`)
    }
  }
  return inForce.policy.conduits.filter((c) => c.action === 'allow').flatMap((c) => {
    const unused = c.services.filter((name) => !used.has(`${c.name} ${name}`))
    return unused.length === 0 ? [] : [{ conduit: c.name, services: unused, entirely: unused.length === c.services.length }]
  })
}

type Parts = Pick<Proposal, 'notExpressed' | 'leftOut' | 'neverUsed' | 'leaving'> & {
  readonly zoning: Zoning
  readonly conduits: readonly ProposedConduit[]
}

function textOf(name: string, parts: Parts): string {
  const services = new Map<string, Earned>()
  for (const c of parts.conduits) {
    for (const [service, earned] of c.services) services.set(service, joinEarned(services.get(service) ?? emptyEarned(), earned))
  }
  const own = [...services].filter(([service]) => service.includes('-'))
  const lines = [
    ...headOf(parts), 'version: 1', `name: ${JSON.stringify(plain(name))}`,
    parts.zoning.zones.length === 0 ? 'zones: []' : 'zones:', ...parts.zoning.zones.flatMap(zoneLines),
    ...(own.length === 0 ? [] : ['services:', ...own.flatMap(serviceLines)]),
    parts.conduits.length === 0 ? 'conduits: []' : 'conduits:', ...parts.conduits.flatMap((c) => conduitLines(c, parts.zoning)),
    'default: deny', ...tailOf(parts),
  ]
  return `${lines.join('\n')}\n`
}

function headOf(parts: Parts): readonly string[] {
  const exact = parts.zoning.exact
    ? '# Addresses with the same function and the same neighbours share a zone: no pair is allowed that nothing earned.'
    : '# There were too many kinds of neighbourhood: zones are by function, so some pairs are allowed that nothing earned.'
  const out = parts.leaving.map((text) => `# LEAVES THE HOSPITAL, decide: ${plain(text)}`)
  const first = '# A proposal from what was seen and what is documented. Read every line, delete what should not be, and replay it.'
  return [first, exact, ...out]
}

function zoneLines(zone: ProposedZone): readonly string[] {
  const kind = (zone.ends[0] as End).kind
  const prefixes = zone.ends.map((end) => `      - ${JSON.stringify(formatPrefix(hostPrefix(end.ip)))}  # ${plain(end.label)}`)
  return [`  - name: ${zone.name}  # ${count(zone.ends.length, 'address', 'addresses')}`, `    kind: ${kind}`, '    prefixes:', ...prefixes]
}

function serviceLines([name, earned]: readonly [string, Earned]): readonly string[] {
  const [transport = '', ...ports] = name.split('-')
  return [`  - name: ${name}  # ${earnedText(earned)}`, `    transport: [${transport}]`, `    ports: [${ports.join('-')}]`]
}

function conduitLines(conduit: ProposedConduit, zoning: Zoning): readonly string[] {
  const functions = new Set(conduit.services.flatMap(([, earned]) => [...earned.functions, ...earned.documented]))
  const named = [...functions].slice(0, FUNCTIONS_NAMED_MAX).map((f) => plain(f, FUNCTION_LENGTH_MAX)).join(', ')
  const kinds = [conduit.from, conduit.to].map((name) => zoning.zones.find((z) => z.name === name)?.ends[0]?.kind)
  // Inside, care comes first when the box fails; a way out does not.
  const leaves = kinds.includes('external') || conduit.services.some(([, earned]) => earned.leaves)
  return [
    `  - name: ${conduit.name}`, `    from: ${conduit.from}`, `    to: ${conduit.to}`, '    services:',
    ...conduit.services.map(([service, earned]) => `      - ${service}  # ${earnedText(earned)}`),
    '    action: allow', `    fail: ${leaves ? 'closed' : 'open'}`,
    `    reason: ${JSON.stringify(`Proposed for what was seen or is documented: ${named}.`)}`,
  ]
}

function earnedText(earned: Earned): string {
  const sums = `${count(earned.conversations, 'conversation')}, ${count(earned.flows, 'flow')}`
  const seen = earned.conversations === 0 ? 'never seen' : `${sums}, ${atText(earned.firstAt)} to ${atText(earned.lastAt)}`
  const documented = earned.documented.size === 0 ? '' : `; documented: ${[...earned.documented].map((d) => plain(d)).join(', ')}`
  return `${seen}${documented}; e.g. ${earned.example}${earned.leaves ? '; LEAVES THE HOSPITAL' : ''}`
}

function tailOf(parts: Parts): readonly string[] {
  const rows = (title: string, texts: readonly string[]): readonly string[] =>
    texts.length === 0 ? [] : ['', `# ${title}`, ...texts.map((text) => `#   ${plain(text, COMMENT_LENGTH_MAX)}`)]
  return [
    ...rows('Seen, and not allowed here:', parts.notExpressed.map((n) => `${n.what}: ${n.why}`)),
    ...rows('Documented, and not allowed here:', parts.leftOut.map((n) => `${n.what}: ${n.why}`)),
    ...rows('Allowed by the policy in force, and never used:', parts.neverUsed.map((n) =>
      `${n.conduit}: ${n.entirely ? 'nothing of it' : `not ${n.services.join(', ')}`}`)),
  ]
}

/** A comment is one line of a file that people read. */
const COMMENT_LENGTH_MAX = 300
