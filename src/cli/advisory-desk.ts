// Advisory desk: what is known of advisories (shipped, imported), and the matches of one past with the decisions made on them.
// The one place that joins them, so that the command line and the console show the same list.

import type { Micros } from '../base/time.ts'
import { loadShippedAdvisories } from '../config/advisories.ts'
import type { ConsoleDeps } from '../console/deps.ts'
import type { Conversation } from '../detect/conversation.ts'
import type { Asset } from '../inventory/asset.ts'
import {
  advisoryOfRow, createCatalogue, decisionOf, decisionOn, joinAdvisories, judged, knownExploitedOf, matchAssets, rankMatches,
  type Advisory, type Catalogue, type JudgedMatch, type KnownExploited, type MatchDecision,
} from '../inventory/advisories/index.ts'
import type { DeviceProfile } from '../inventory/profiles.ts'
import type { Store } from '../store/store.ts'

type Profiles = ReadonlyMap<string, DeviceProfile>

export interface AdvisoryDesk {
  readonly advisories: readonly Advisory[]
  /** Ids that were imported; the others are shipped. */
  readonly imported: ReadonlySet<string>
  readonly exploited: KnownExploited
  readonly decisions: readonly MatchDecision[]
}

/** Key of the imported catalog of exploited vulnerabilities among the imported advisories. */
export const EXPLOITED_KEY = 'known-exploited'

/** Imported facts take the place of shipped ones of the same id. */
export async function openDesk(store: Pick<Store, 'read'> | null): Promise<AdvisoryDesk> {
  const shipped = loadShippedAdvisories()
  if (store === null) return { advisories: shipped.advisories, imported: new Set(), exploited: shipped.exploited, decisions: [] }
  const records = await store.read('advisory')
  const own = records.flatMap(({ body }) => advisoryOfRow(body) ?? [])
  const catalog = records.find(({ key }) => key === EXPLOITED_KEY)
  const decisions = (await store.read('advisory-decision')).flatMap(({ body }) => decisionOf(body) ?? [])
  return {
    advisories: joinAdvisories(shipped.advisories, own), imported: new Set(own.map(({ id }) => id)),
    exploited: catalog === undefined ? shipped.exploited : knownExploitedOf(catalog.body), decisions,
  }
}

export interface DeskPast {
  readonly assets: readonly Asset[]
  readonly conversations: readonly Conversation[]
}

/** First what a person should look at first. */
export function deskMatches(desk: AdvisoryDesk, past: DeskPast, profiles: Profiles, catalogue: Catalogue = createCatalogue(desk.advisories)): JudgedMatch[] {
  const matches = matchAssets(past.assets, catalogue, { profiles, exploited: desk.exploited })
  return judged(rankMatches(matches, { ...past, advisories: desk.advisories, profiles }), desk.decisions)
}

/** Assets with a model that no claim and no name gives a maker to: nothing can be matched to them. */
export function withoutMaker(assets: readonly Asset[], profiles: Profiles): number {
  return assets.filter(({ claims, vendor }) => {
    const models = claims.filter(({ what, level }) => what === 'model' && level < 'E')
    return vendor === null && models.length > 0 && models.every(({ value }) => !profiles.has(value)) && !claims.some(({ what }) => what === 'vendor')
  }).length
}

/** The same desk behind the console's routes. */
export function deskForConsole(store: Store, profiles: Profiles): NonNullable<ConsoleDeps['advisories']> {
  return {
    matches: async (past) => deskMatches(await openDesk(store), past, profiles),
    keep: (match, said) => keepDecision(store, match, said),
  }
}

export interface Said {
  readonly verdict: MatchDecision['verdict']
  readonly reason: string
  readonly by: string
  readonly at: Micros
}

/** The decision and its audit line, durable together. */
export async function keepDecision(store: Store, match: JudgedMatch['match'], said: Said): Promise<MatchDecision> {
  const decision = decisionOn(match, said)
  const line = { action: `advisory-${said.verdict}`, device: match.assetLabel, name: match.advisory.id, ...decision }
  await store.append([
    { kind: 'advisory-decision', analysis: '', key: match.id, at: said.at, body: decision },
    { kind: 'audit', analysis: '', key: `${match.id}-${said.at}`, at: said.at, body: line },
  ])
  return decision
}
