// Know: assets as a person should see them: the packets' evidence, the hospital's list, and people's decisions over both.
// Keeps every step explained on the asset and reversible: asked again with less, it answers with less.

import type { Micros } from '../../base/time.ts'
import { compareText, type ProfileName } from '../assemble.ts'
import type { Asset } from '../asset.ts'
import type { Decision } from '../decision.ts'
import { listClaims } from '../listed/claims.ts'
import type { ListedDevice } from '../listed/listed.ts'
import { matchListed, type ListMatches } from '../listed/match.ts'
import type { ModelNames } from '../listed/names.ts'
import { decide, type Draft } from './decide.ts'
import { describe } from './describe.ts'
import { likenesses } from './likeness.ts'
import { bareAssets } from './undo.ts'

/** A profile with the other names lists have for it. */
export interface KnownProfile extends ProfileName {
  readonly aliases?: readonly { readonly vendor: string; readonly model: string }[]
}

export interface Knowing {
  readonly decisions: readonly Decision[]
  readonly listed: readonly ListedDevice[]
  /** When the list was read. */
  readonly listedAt: Micros
  readonly profiles: ReadonlyMap<string, KnownProfile>
}

export interface Known {
  readonly assets: readonly Asset[]
  readonly matches: ListMatches
  /** Decisions about assets that are not here. */
  readonly waiting: readonly Decision[]
}

const NOTHING_LISTED: ListMatches = { matches: [], unseen: [], problems: [] }

export function knowAssets(told: readonly Asset[], knowing: Knowing): Known {
  const bare = bareAssets(told)
  const { drafts, waiting } = decide(bare, knowing.decisions)
  const decided = drafts.map((d) => describeDraft(d, knowing.profiles))
  const matches = knowing.listed.length === 0 ? NOTHING_LISTED : matchListed(decided, knowing.listed)
  const byAsset = new Map(matches.matches.map((m) => [m.asset, m]))
  const names = namesOf(knowing.profiles)
  const known = drafts.map((draft, i) => {
    const match = byAsset.get(draft.id)
    if (!match) return decided[i] as Asset
    return describeDraft({ ...draft, added: [...listClaims(match, names, knowing.listedAt), ...draft.added] }, knowing.profiles)
  })
  return { assets: sorted(withLikeness(known)), matches, waiting }
}

function sorted(assets: readonly Asset[]): Asset[] {
  return [...assets].sort((a, b) => compareText(a.label, b.label) || compareText(a.id, b.id))
}

/** Nothing was said but by packets: the asset as it was. */
function describeDraft(draft: Draft, profiles: ReadonlyMap<string, ProfileName>): Asset {
  const [only] = draft.bare
  if (draft.bare.length === 1 && only && draft.decisions.length + draft.added.length === 0 && draft.interfaces === only.interfaces) return only
  const claims = [...draft.claims, ...draft.added]
  const { asset, contradictions } = describe({ id: draft.id, name: draft.name, interfaces: draft.interfaces, claims, from: draft.bare }, profiles)
  return { ...asset, composition: { bare: draft.bare, decisions: draft.decisions, contradictions } }
}

function withLikeness(assets: readonly Asset[]): readonly Asset[] {
  const like = likenesses(assets)
  return like.size === 0 ? assets : assets.map((a) => {
    const perhaps = like.get(a.id)
    return perhaps ? { ...a, perhaps } : a
  })
}

/** Profile ids with every name a list may have for them. */
export function namesOf(profiles: ReadonlyMap<string, KnownProfile>): readonly ModelNames[] {
  return [...profiles.values()].map((p) => ({ id: p.id, names: [{ vendor: p.vendor, model: p.model }, ...(p.aliases ?? [])] }))
}

