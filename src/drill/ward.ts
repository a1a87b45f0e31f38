// Ward: the namespaces of one drill with their agents: built, checked, loaded, listened to, and asked to talk or to send probes.
// Keeps the rule that nothing is sent from a namespace before the guard has looked at every link in it.

import fs from 'node:fs'
import path from 'node:path'
import type { Layout, Side } from './core/layout.ts'
import { differenceOf, type Sightings } from './core/compare.ts'
import type { Fate } from './core/predict.ts'
import type { Probe } from './core/probes.ts'
import { buildScript, ROUTER, routerScript, sideScript, SILENT_RULES, SPEAK_AGAIN, STATE_COMMANDS, timeoutScript,
  TRACKING_RULES } from './core/scripts.ts'
import { listens, type Outcome, type Talk } from './core/talks.ts'
import { sightProbes, sightTalks, writeProbes } from './captures.ts'
import { linksProblem } from './guard.ts'
import { Agent, capture, CommandFailed, inside, linksOf, must, replayFrames, RulesRefused, run, script, type Capture } from './lab.ts'
import type { Call, CallResult, Listener } from './protocol.ts'

/** Frames a second; a router namespace on one slow core forwards about as many. What is lost is sent once more, slower. */
const PACE = 60_000
const PACE_AGAIN = 5_000
const ROUNDS_MAX = 3

export interface ProbeRun {
  readonly seen: Sightings
  readonly resent: number
  readonly lost: number
}

export interface TalkRun {
  readonly outcomes: ReadonlyMap<number, Outcome>
  /** Talks seen on more than one side. */
  readonly twice: ReadonlySet<number>
  /** Packets from medical zones that arrived at the outside. */
  readonly escaped: number
}

type IsMedical = (version: 4 | 6, address: bigint) => boolean

export class Ward {
  readonly layout: Layout
  readonly #folder: string
  readonly #agents: ReadonlyMap<number, Agent>

  private constructor(layout: Layout, folder: string) {
    this.layout = layout
    this.#folder = folder
    this.#agents = new Map(layout.sides.map((side) => [side.index, new Agent(side.name)]))
  }

  /** Builds everything and refuses to go on when a namespace has a link that is not the drill's. */
  static async build(layout: Layout, folder: string): Promise<Ward> {
    await script(null, buildScript(layout))
    await script(ROUTER, routerScript(layout))
    await must(inside(ROUTER, ['nft', '-f', '-']), TRACKING_RULES)
    await script(ROUTER, timeoutScript())
    await Promise.all(layout.sides.map((side) => script(side.name, sideScript(layout, side))))
    for (const namespace of [ROUTER, ...layout.sides.map(({ name }) => name)]) {
      const problem = linksProblem(layout, namespace, await linksOf(namespace))
      if (problem !== null) throw new CommandFailed(problem)
    }
    return new Ward(layout, folder)
  }

  end(): void {
    for (const agent of this.#agents.values()) agent.end()
  }

  file(name: string): string {
    return path.join(this.#folder, name)
  }

  /** Somebody listens for every talk, where its responder lives and at the fake Internet. */
  async listen(talks: readonly Talk[]): Promise<void> {
    await Promise.all(this.layout.sides.map(async (side) => {
      const listeners = new Map<string, Listener>()
      for (const { proto, to, port, reply } of talks.filter((talk) => listens(talk, side.index, this.layout))) {
        const key = `${proto} ${to} ${port}`
        if (!listeners.has(key)) listeners.set(key, { proto, address: to, port, reply })
      }
      const { problems } = await this.agent(side.index).ask({ kind: 'listen', listeners: [...listeners.values()] }, 'listening')
      if (problems.length > 0) throw new CommandFailed(`nobody can listen on ${side.label}: ${problems.join('; ')}`)
    }))
  }

  agent(side: number): Agent {
    const found = this.#agents.get(side)
    if (found === undefined) throw new CommandFailed(`there is no side ${side}`)
    return found
  }

  /** Loads a text into the router, as a person would. */
  async loadRules(text: string): Promise<void> {
    const { code, err } = await run(inside(ROUTER, ['nft', '-f', '-']), text)
    if (code !== 0) throw new RulesRefused(`nft does not load the rules: ${err.trim().split('\n').slice(0, 3).join(' / ')}`)
  }

  async runRoutes(text: string): Promise<void> {
    await script(ROUTER, text)
  }

  /** The router's rules and routes as text, one section per command. */
  async state(): Promise<string> {
    const parts: string[] = []
    for (const argv of STATE_COMMANDS) parts.push(`# ${argv.join(' ')}\n${await must(inside(ROUTER, argv))}`)
    return parts.join('\n')
  }

  async cutLink(side: Side): Promise<void> {
    await script(ROUTER, `ip link set ${side.name} down\n`)
  }

  /** Plays talks with captures on every side. */
  async talk(name: string, talks: readonly Talk[], isMedical: IsMedical): Promise<TalkRun> {
    const before = await this.#counts()
    const captures = await this.#capture(`${name}-talks`)
    const results = new Map((await Promise.all(this.layout.sides.map((side) => this.#call(side, talks)))).flat().map((one) => [one.id, one]))
    await Promise.all(captures.map(([, one]) => one.stop()))
    const sightings = captures.map(([side, one]) => [side, sightTalks(one.file, talks, isMedical)] as const)
    const after = await this.#counts()
    const sidesOf = (talk: Talk): readonly number[] => sightings.filter(([, { ids }]) => ids.has(talk.id)).map(([side]) => side.index)
    const ended = talks.map((talk) => ({ talk, at: sidesOf(talk)[0] ?? null, result: results.get(talk.id) }))
    const growth = (at: number, key: string): number => (after.get(at)?.[key] ?? 0) - (before.get(at)?.[key] ?? 0)
    const outcomes = new Map(ended.map((one) => [one.talk.id, { at: one.at, talked: one.at !== null && hasTalked(one, ended, growth) }]))
    return {
      outcomes, twice: new Set(talks.filter((talk) => sidesOf(talk).length > 1).map(({ id }) => id)),
      escaped: sightings.find(([side]) => side.kind === 'outside')?.[1].fromMedical ?? 0,
    }
  }

  async #call(side: Side, talks: readonly Talk[]): Promise<readonly CallResult[]> {
    const calls: Call[] = talks.filter((talk) => talk.fromSide === side.index).map(({ id, proto, from, to, port, payload, reply }) =>
      ({ id, proto, from, to, port, payload, wantsReply: reply.length > 0 }))
    return (await this.agent(side.index).ask({ kind: 'call', calls }, 'called')).results
  }

  /** Bytes received on each side, by listener. */
  async #counts(): Promise<ReadonlyMap<number, Readonly<Record<string, number>>>> {
    const all = await Promise.all(this.layout.sides.map(async ({ index }) =>
      [index, (await this.agent(index).ask({ kind: 'count' }, 'counted')).bytes] as const))
    return new Map(all)
  }

  async #capture(name: string): Promise<readonly (readonly [Side, Capture])[]> {
    return await Promise.all(this.layout.sides.map(async (side) => [side, await capture(side.name, this.file(`${name}-${side.label}.pcap`))] as const))
  }

  /** Sends all probes from their sides; those that should come out and did not are sent again, slower: a lost packet is no verdict. */
  async probe(name: string, probes: readonly Probe[], fates: readonly Fate[]): Promise<ProbeRun> {
    const seen: Sightings = new Uint32Array(probes.length)
    let [resent, lost] = [0, 0]
    await this.#onEverySide(SILENT_RULES)
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const isMissing = (number: number): boolean => differenceOf(fates[number] as Fate, seen[number] ?? 0) === 'missing'
      const missing = round === 0 ? probes.length : probes.reduce((sum, _, number) => sum + (isMissing(number) ? 1 : 0), 0)
      if (missing === 0) break
      if (round > 0) resent += missing
      lost += await this.#send(round === 0 ? name : `${name}-again-${round}`, probes, seen, round === 0 ? () => true : isMissing, round)
    }
    await this.#onEverySide(SPEAK_AGAIN)
    return { seen, resent, lost }
  }

  async #onEverySide(rules: string): Promise<void> {
    await Promise.all(this.layout.sides.map((side) => must(inside(side.name, ['nft', '-f', '-']), rules)))
  }

  async #send(name: string, probes: readonly Probe[], seen: Sightings, wanted: (number: number) => boolean, round: number): Promise<number> {
    const captures = await this.#capture(`${name}-probes`)
    for (const side of this.layout.sides) {
      const file = this.file(round === 0 ? `probes-of-${side.label}.pcap` : `${name}-probes-of-${side.label}.pcap`)
      const count = round === 0 && fs.existsSync(file) ? 1 : writeProbes(file, side, probes, wanted)
      if (count > 0) await replayFrames(side.name, file, round === 0 ? PACE : PACE_AGAIN)
    }
    const lost = await Promise.all(captures.map(([, one]) => one.stop()))
    for (const [side, one] of captures) sightProbes(one.file, side.index, probes, seen)
    return lost.reduce((sum, count) => sum + count, 0)
  }
}

interface EndedTalk {
  readonly talk: Talk
  readonly at: number | null
  readonly result: CallResult | undefined
}

/** Answered, or opened with every byte of all who opened to that listener received there. */
function hasTalked({ talk, at, result }: EndedTalk, all: readonly EndedTalk[], growth: (at: number, key: string) => number): boolean {
  if (result === undefined || at === null) return false
  if (talk.reply.length > 0) return result.replied
  const key = listenerKey(talk)
  const sent = all.filter((one) => one.at === at && listenerKey(one.talk) === key && one.result?.opened === true)
    .reduce((sum, one) => sum + one.talk.payload.length, 0)
  return result.opened && growth(at, key) >= sent
}

function listenerKey({ proto, to, port }: Talk): string {
  return `${proto} ${to} ${port}`
}
