// cordon advisory list, show, match, confirm, reject: which published advisory concerns which device, why, and what a person says of it.
// Keeps S2 and S10: it names what to look at; nothing is changed on any device, and no device is called safe.

import type { Asset } from '../inventory/asset.ts'
import { isOpen, REASON_LENGTH_MAX, type JudgedMatch, type MatchDecision } from '../inventory/advisories/index.ts'
import { readTextFile } from '../config/index.ts'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { quote } from '../base/tree-reader.ts'
import type { Knowledge } from '../sensor/knowledge.ts'
import { deskMatches, keepDecision, openDesk, withoutMaker, type AdvisoryDesk, type DeskPast } from './advisory-desk.ts'
import { advisoryJson } from './advisory-rows.ts'
import { listText, matchText, showText } from './advisory-text.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import { loadPast } from './past.ts'
import { withStore } from './with-store.ts'

export interface AdvisoryListArgs {
  /** Data folder with imported advisories; without it the shipped ones. */
  readonly data?: string | undefined
  /** Words that have to stand in id, maker, product or CVE. */
  readonly words?: readonly string[]
  readonly json?: boolean
}

/** Assets exported once; a large hospital's list has some 20,000 of 2 kB. */
const ASSETS_BYTES_MAX = 256 * 1024 * 1024

export async function advisoryList(args: AdvisoryListArgs, io: Io): Promise<number> {
  return withDesk(args.data, io, async (desk) => {
    const wanted = (args.words ?? []).map((word) => word.toLowerCase())
    const found = desk.advisories.filter((one) => {
      const text = JSON.stringify([one.id, one.products, one.vulnerabilities.map(({ cve }) => cve)]).toLowerCase()
      return wanted.every((word) => text.includes(word))
    })
    if (args.json === true) io.out(json({ schema: 'cordon.advisories/1', exploitedAsOf: desk.exploited.asOf,
      advisories: found.map((one) => advisoryJson(desk, one)) }))
    else io.out(listText(desk, found))
    return Exit.ok
  })
}

export async function advisoryShow(id: string, args: AdvisoryListArgs, io: Io): Promise<number> {
  return withDesk(args.data, io, async (desk) => {
    const advisory = desk.advisories.find((one) => one.id.toLowerCase() === id.toLowerCase())
    if (advisory === undefined) return usage(io, `no advisory ${quote(id)} is known`,
      'cordon advisory list shows them; cordon advisory import PATH brings new ones in.')
    const knowledge = knowledgeOf(io)
    if (typeof knowledge === 'number') return knowledge
    if (args.json === true) io.out(json(advisoryJson(desk, advisory)))
    else io.out(showText(desk, advisory, knowledge.profiles, io))
    return Exit.ok
  })
}

export interface AdvisoryMatchArgs {
  readonly file?: string | undefined
  readonly data?: string | undefined
  /** Assets as `cordon inventory list --json` prints them. */
  readonly assets?: string | undefined
  /** Asset id, label or address; all without. */
  readonly asset?: string | undefined
  readonly advisory?: string | undefined
  readonly all?: boolean
  readonly json?: boolean
  /** Exit with 1 when an open match is at least this. */
  readonly failOn?: 'affected' | 'under-investigation' | 'never'
}

export async function advisoryMatch(args: AdvisoryMatchArgs, io: Io): Promise<number> {
  const knowledge = knowledgeOf(io)
  if (typeof knowledge === 'number') return knowledge
  const past = await pastOf(args, 'cordon advisory match', knowledge, io)
  if (typeof past === 'number') return past
  return withDesk(args.data, io, async (desk) => {
    const chosen = args.asset === undefined ? null : assetNamed(past.assets, args.asset)
    if (chosen === undefined) return usage(io, `no asset ${quote(args.asset ?? '')} among ${past.assets.length}`,
      'cordon inventory list shows ids, labels and addresses.')
    const all = deskMatches(desk, past, knowledge.profiles)
    const matches = all.filter(({ match }) => (chosen === null || match.assetId === chosen.id) && isWanted(match, args.advisory))
    if (args.json === true) io.out(json(matchDocument(desk, matches, args.all === true)))
    else io.out(matchText(matches, args.all === true, io))
    for (const note of notesOf(past.assets, knowledge)) io.err(`note: ${note}\n`)
    return failing(matches, args.failOn ?? 'affected') ? Exit.findings : Exit.ok
  })
}

function isWanted({ advisory }: JudgedMatch['match'], id: string | undefined): boolean {
  return id === undefined || advisory.id.toLowerCase() === id.toLowerCase()
}

function matchDocument(desk: AdvisoryDesk, matches: readonly JudgedMatch[], all: boolean): unknown {
  const shown = all ? matches : matches.filter(isOpen)
  return { schema: 'cordon.advisory-matches/1', advisories: desk.advisories.length, exploitedAsOf: desk.exploited.asOf,
    hidden: matches.length - shown.length, matches: shown }
}

function notesOf(assets: readonly Asset[], { profiles }: Knowledge): readonly string[] {
  const nobody = withoutMaker(assets, profiles)
  return nobody === 0 ? [] : [`${nobody} assets have a model and no maker, so no advisory can be matched to them; a list with both columns tells.`]
}

function failing(matches: readonly JudgedMatch[], failOn: 'affected' | 'under-investigation' | 'never'): boolean {
  return failOn !== 'never' && matches.some((one) => isOpen(one) && (failOn === 'under-investigation' || one.match.state === 'affected'))
}

function assetNamed(assets: readonly Asset[], name: string): Asset | undefined {
  return assets.find((asset) => asset.id === name || asset.label === name || asset.interfaces.some(({ ip, mac }) => ip === name || mac === name))
}

/** Assets and conversations of a capture, of the newest analysis, or assets alone of a file. */
export async function pastOf(args: AdvisoryMatchArgs, command: string, knowledge: Knowledge, io: Io): Promise<DeskPast | number> {
  if (args.assets === undefined) return loadPast({ file: args.file, data: args.data }, command, knowledge, io)
  const text = readTextFile(args.assets, args.assets, ASSETS_BYTES_MAX)
  if (!text.ok) {
    io.err(`${formatDiagnostic(text.error)}\n`)
    return Exit.unreadable
  }
  try {
    const assets: unknown = JSON.parse(text.value)
    if (Array.isArray(assets) && assets.every(isAsset)) return { assets, conversations: [] }
  } catch {
    // Told below, with what to do.
  }
  return usage(io, `${args.assets} is no list of assets`, 'Give what cordon inventory list --json prints.')
}

function isAsset(value: unknown): value is Asset {
  const one = value as Partial<Asset> | null
  return typeof one === 'object' && one !== null && typeof one.id === 'string' && Array.isArray(one.claims) && Array.isArray(one.interfaces)
}

export interface AdvisoryDecideArgs {
  readonly verdict: MatchDecision['verdict']
  readonly match: string
  readonly data: string
  readonly reason: string
  readonly by?: string | undefined
  /** Wall clock in microseconds, for tests. */
  readonly now?: () => number
}

export async function advisoryDecide(args: AdvisoryDecideArgs, io: Io): Promise<number> {
  const reason = args.reason.trim()
  if (reason === '' || reason.length > REASON_LENGTH_MAX) {
    return usage(io, `a decision needs a reason of at most ${REASON_LENGTH_MAX} characters`, 'Say in a sentence what you looked at.')
  }
  const by = args.by ?? io.env['USER'] ?? ''
  if (by === '') return usage(io, 'a decision needs somebody who answers for it', 'Add --by NAME.')
  const knowledge = knowledgeOf(io)
  if (typeof knowledge === 'number') return knowledge
  const past = await loadPast({ data: args.data }, `cordon advisory ${args.verdict}`, knowledge, io)
  if (typeof past === 'number') return past
  return withStore(args.data, io, async (store) => {
    if (store === null) return Exit.usage
    const found = deskMatches(await openDesk(store), past, knowledge.profiles).find(({ match }) => match.id === args.match)
    if (found === undefined) return usage(io, `the newest analysis has no match ${quote(args.match)}`,
      'cordon advisory match --data FOLDER --all shows their ids.')
    await keepDecision(store, found.match, { verdict: args.verdict, reason, by, at: (args.now ?? (() => Date.now() * 1000))() })
    io.err(`${args.verdict}ed: ${found.match.advisory.id} for ${found.match.assetLabel}. It holds for revision ${found.match.advisory.revision}.\n`)
    return Exit.ok
  })
}

export function knowledgeOf(io: Io, policy?: string): Knowledge | number {
  const knowledge = loadKnowledge(policy)
  if (knowledge.ok) return knowledge.value
  io.err(`${knowledge.error}\n`)
  return Exit.usage
}

export async function withDesk(data: string | undefined, io: Io, use: (desk: AdvisoryDesk) => Promise<number>): Promise<number> {
  return withStore(data, io, async (store) => use(await openDesk(store)))
}

export function usage(io: Io, what: string, help: string): number {
  io.err(`error: ${what}\n  help: ${help}\n`)
  return Exit.usage
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
