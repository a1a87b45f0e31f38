// Phases: before, loading with an old session open, after, rolled back, and the central station's link gone; each compared with its prediction.
// Keeps the order of a real change: look first, load, look again, take it off, and look once more.

import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ipFromValue, ipVersion, type Ip } from '../base/ip.ts'
import { createEvaluator, policyChains } from '../policy/index.ts'
import { planRoutes } from '../policy/compile/routes/index.ts'
import { assertionMatches } from './core/asked.ts'
import { countFromMedical, tallyAssertions, tallyProbes } from './core/compare.ts'
import { isMedical, outsideOf, planLayout, type Layout } from './core/layout.ts'
import { predict, type Fate, type Loaded } from './core/predict.ts'
import { planProbes, type Probe } from './core/probes.ts'
import type { DrillResult, OldSession, Phase, ProbeRow, TalkRow } from './core/result.ts'
import { routeTable } from './core/routing.ts'
import { ROUTER } from './core/scripts.ts'
import { castParts, expectTalk, outcomeWords, planTalks, talkPacket, type Parts, type Talk } from './core/talks.ts'
import { Agent, CommandFailed, inside, isInstalled, run as runCommand } from './lab.ts'
import type { DrillSpec } from './protocol.ts'
import { Ward, type ProbeRun, type TalkRun } from './ward.ts'

interface Plan {
  readonly spec: DrillSpec
  readonly layout: Layout
  readonly cast: Parts
  readonly talks: readonly Talk[]
  readonly probes: readonly Probe[]
  readonly bare: Loaded
  readonly full: Loaded
  readonly gone: Loaded
  readonly fromMedical: (version: 4 | 6, address: bigint) => boolean
  readonly zoneOf: (ip: Ip) => string
}

/** Everything that can be known before anything is built. */
export function planDrill(spec: DrillSpec): Plan {
  const { policy, names } = spec
  const planned = planLayout(policy, names, policy.segments)
  if (!planned.ok) throw new CommandFailed(planned.error)
  const layout = planned.value
  const chains = policyChains(policy, names)
  const routes = policy.segments.length === 0 ? null : planRoutes({ name: policy.name, policyHash: '', segments: policy.segments, options: {} })
  const bare: Loaded = { chains: null, routes: routeTable(layout, null) }
  const full: Loaded = { chains, routes: routeTable(layout, routes) }
  const ward = { policy, layout, routed: full, beds: spec.beds, seed: spec.seed }
  const cast = castParts(ward)
  const gone: Loaded = { chains, routes: routeTable(layout, routes, (side) => side !== cast.central?.index) }
  const evaluator = createEvaluator(policy, names)
  const zoneOf = (ip: Ip): string => evaluator.zoneOf(ip)
  return {
    spec, layout, cast, bare, full, gone, zoneOf, talks: planTalks(ward),
    probes: planProbes({ layout, chains, count: spec.probes, seed: spec.seed, asked: assertionMatches(policy, names), text: spec.witnesses }),
    fromMedical: (version, address) => isMedical(policy, zoneOf(ipFromValue(version, address))),
  }
}

/** The whole drill in namespaces that exist already only for it. */
export async function runPhases(plan: Plan, say: (words: string) => void): Promise<DrillResult> {
  const { spec, layout, cast, probes } = plan
  const ward = await Ward.build(layout, spec.folder)
  try {
    await ward.listen(plan.talks)
    const stateBefore = await saveState(ward, 'state-before.txt')
    say('before: no rules')
    const before = await phase(plan, ward, 'before', plan.bare, plan.talks)
    say('loading, with a session open')
    const oldSession = await loadWithOldSession(plan, ward)
    await saveState(ward, 'state-after.txt')
    say('after: rules and routes loaded')
    const after = await phase(plan, ward, 'after', plan.full, plan.talks)
    say('rolled back')
    await rollBack(spec, ward, stateBefore)
    const leftBehind = differentLines(stateBefore, await saveState(ward, 'state-rolled-back.txt'))
    const back = await phase(plan, ward, 'rolled back', plan.bare, plan.talks)
    const rows = [before, after, back]
    const station = cast.central === null ? [] : await stationGone(plan, ward, say)
    const telemetry = plan.talks.filter(({ part }) => part === 'telemetry')
    const isOnStation = ({ id }: Talk): boolean => {
      const outcome = after.run.outcomes.get(id)
      return outcome?.talked === true && outcome.at === cast.central?.index
    }
    return {
      layout, oldSession, leftBehind, talks: [...rows.flatMap(({ talks }) => talks), ...station], probes: rows.map(({ row }) => row),
      assertions: tallyAssertions(spec.policy, spec.policy.assertions, plan.zoneOf, probes, after.fates, after.seen), beds: telemetry.length,
      bedsOnStation: cast.central === null ? null : telemetry.filter(isOnStation).length,
      escapedBefore: before.run.escaped + before.row.escaped, escapedAfter: after.run.escaped + after.row.escaped,
      files: fs.readdirSync(spec.folder).sort(),
    }
  } finally {
    ward.end()
  }
}

interface PhaseRun {
  readonly talks: readonly TalkRow[]
  readonly row: ProbeRow
  readonly run: TalkRun
  readonly fates: readonly Fate[]
  readonly seen: ProbeRun['seen']
}

async function phase(plan: Plan, ward: Ward, name: Phase, loaded: Loaded, talks: readonly Talk[]): Promise<PhaseRun> {
  const { layout, probes, fromMedical } = plan
  const file = name.replaceAll(' ', '-')
  const run = await ward.talk(file, talks, fromMedical)
  const fates = probes.map((probe) => predict(loaded, probe, probe.side))
  const { seen, resent, lost } = await ward.probe(file, probes, fates)
  const escaped = countFromMedical(probes, seen, outsideOf(layout), (probe) => fromMedical(probe.version, probe.src))
  const row: ProbeRow = { phase: name, tally: tallyProbes(probes, fates, seen, layout), resent, lost, escaped }
  return { talks: talkRows(plan, name, loaded, talks, run), row, run, fates, seen }
}

/** Talks of one story with one expectation and one outcome are one row. */
function talkRows({ layout }: Plan, phaseName: Phase, loaded: Loaded, talks: readonly Talk[], { outcomes, twice }: TalkRun): readonly TalkRow[] {
  const rows = new Map<string, TalkRow>()
  for (const talk of talks) {
    const expected = expectTalk(talk, loaded, layout)
    const found = outcomes.get(talk.id) ?? { at: null, talked: false }
    const ok = found.at === expected.at && found.talked === expected.talked && !twice.has(talk.id)
    const row: TalkRow = {
      phase: phaseName, story: talk.story, part: talk.part, count: 1, rule: expected.rule, expected: outcomeWords(expected, layout),
      seen: `${outcomeWords(found, layout)}${twice.has(talk.id) ? ' and others' : ''}`, ok,
    }
    const key = `${row.story}/${row.expected}/${row.seen}/${row.rule}`
    rows.set(key, { ...row, count: (rows.get(key)?.count ?? 0) + 1 })
  }
  return [...rows.values()]
}

async function saveState(ward: Ward, name: string): Promise<string> {
  const state = await ward.state()
  fs.writeFileSync(ward.file(name), state)
  return state
}

async function load(spec: DrillSpec, ward: Ward): Promise<void> {
  await ward.loadRules(spec.texts.nft)
  if (spec.texts.routes !== null) await ward.runRoutes(spec.texts.routes)
}

async function rollBack(spec: DrillSpec, ward: Ward, stateBefore: string): Promise<void> {
  await ward.loadRules(spec.texts.nftRollback ?? `flush ruleset\n${rulesIn(stateBefore)}`)
  if (spec.texts.routesRollback !== null) await ward.runRoutes(spec.texts.routesRollback)
}

/** The first section of a saved state: what `nft list ruleset` printed. */
function rulesIn(state: string): string {
  return state.split('\n# ip route')[0]?.replace(/^# .*\n/, '') ?? ''
}

/** Lines of either text that the other does not have, marked as diff does. */
export function differentLines(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const missing = (from: readonly string[], other: readonly string[]): readonly string[] => {
    const counts = new Map<string, number>()
    for (const line of other) counts.set(line, (counts.get(line) ?? 0) + 1)
    return from.filter((line) => {
      const left = counts.get(line) ?? 0
      counts.set(line, left - 1)
      return left <= 0
    })
  }
  return [...missing(old, now).map((line) => `- ${line}`), ...missing(now, old).map((line) => `+ ${line}`)]
}

/** Long enough for several writes of a held session. */
const SESSION_MS = 400

/** Opens a session from a bed to the outside, loads, and looks whether bytes still arrive; then flushes it where conntrack(8) is there. */
async function loadWithOldSession(plan: Plan, ward: Ward): Promise<OldSession | null> {
  const { spec, cast, layout, full } = plan
  const talk = plan.talks.find((one) => one.part === 'leak' && one.proto === 'tcp' && one.from === cast.beds[0])
  const side = layout.sides[talk?.fromSide ?? -1]
  if (talk === undefined || side === undefined || ipVersion(talk.from) !== 4) {
    await load(spec, ward)
    return null
  }
  const agent = new Agent(side.name)
  try {
    const payload = new TextEncoder().encode('ZZTEST^CANARY')
    const call = { id: 0, proto: talk.proto, from: talk.from, to: talk.to, port: talk.port, payload, wantsReply: false }
    const { result } = await agent.ask({ kind: 'hold', call }, 'holding')
    await load(spec, ward)
    if (!result.opened) return null
    const outside = ward.agent(outsideOf(layout))
    const key = `${talk.proto} ${talk.to} ${talk.port}`
    const grows = async (): Promise<boolean> => {
      await sleep(SESSION_MS / 4)
      const before = (await outside.ask({ kind: 'count' }, 'counted')).bytes[key] ?? 0
      await sleep(SESSION_MS)
      return ((await outside.ask({ kind: 'count' }, 'counted')).bytes[key] ?? 0) > before
    }
    const survived = await grows()
    const argv = ['conntrack', '-D', '-p', 'tcp', '-s', talk.from, '-d', talk.to, '--dport', String(talk.port)]
    const flushed = survived && isInstalled('conntrack') ? (await runCommand(inside(ROUTER, argv))).code === 0 : null
    return {
      words: `telemetry of bed 1 (${talk.from}) to the Internet (${talk.to}, tcp ${talk.port})`,
      denied: predict(full, talkPacket(talk), talk.fromSide).side === null,
      survived, flush: argv.join(' '), endedByFlush: flushed === null ? null : flushed && !(await grows()),
    }
  } finally {
    agent.end()
  }
}

/** Loads once more, takes the central station's link away, and looks where the beds' data goes then. */
async function stationGone(plan: Plan, ward: Ward, say: (words: string) => void): Promise<readonly TalkRow[]> {
  const { cast, spec, talks, gone } = plan
  if (cast.central === null) return []
  say('the central station\'s link is down')
  await load(spec, ward)
  await ward.cutLink(cast.central)
  const wards = talks.filter(({ part }) => part === 'telemetry' || part === 'hl7')
  return talkRows(plan, 'station gone', gone, wards, await ward.talk('station-gone', wards, plan.fromMedical))
}
