// Decide: applies people's decisions over the evidence, one after the other. Pure: the same evidence and decisions give the same assets.
// Keeps merge, split, confirm and rename alive when new evidence comes: they name assets by ids, which are hashes of the card.

import { shortId } from '../../base/short-id.ts'
import type { AppliedDecision, AssetId, AssetInterface, BareAsset, Claim } from '../asset.ts'
import { joinClaims } from '../claims.ts'
import { decisionWords, standing, type Decision } from '../decision.ts'

/** An asset while decisions are applied to it. */
export interface Draft {
  readonly id: AssetId
  name: string | null
  bare: readonly BareAsset[]
  interfaces: readonly AssetInterface[]
  /** Of packets. */
  claims: readonly Claim[]
  /** Of people and lists. */
  added: Claim[]
  decisions: AppliedDecision[]
  contradictions: string[]
}

export interface Decided {
  readonly drafts: readonly Draft[]
  /** Decisions about assets that are not here: not seen in this capture, or seen under another address. */
  readonly waiting: readonly Decision[]
}

export function draftOf(bare: BareAsset): Draft {
  return { id: bare.id, name: null, bare: [bare], interfaces: bare.interfaces, claims: bare.claims, added: [], decisions: [], contradictions: [] }
}

/** The drafts of all assets, in order of the assets, those split off after the one they come from. */
export function decide(assets: readonly BareAsset[], decisions: readonly Decision[]): Decided {
  const drafts = new Map<AssetId, Draft>(assets.map((a) => [a.id, draftOf(a)]))
  /** Where a merged asset went. */
  const moved = new Map<AssetId, AssetId>()
  const waiting: Decision[] = []
  for (const decision of standing(decisions)) {
    const draft = findDraft(decision.asset, drafts, moved)
    if (draft && apply(decision, draft, drafts, moved)) draft.decisions.push(applied(decision))
    else waiting.push(decision)
  }
  return { drafts: [...drafts.values()], waiting }
}

function findDraft(id: AssetId, drafts: ReadonlyMap<AssetId, Draft>, moved: ReadonlyMap<AssetId, AssetId>): Draft | undefined {
  const known = drafts.get(id)
  const next = known ? undefined : moved.get(id)
  return next === undefined ? known : findDraft(next, drafts, moved)
}

function applied({ id, by, at, reason, ...choice }: Decision): AppliedDecision {
  return { id, action: choice.action, words: decisionWords(choice), by, at, reason }
}

/** False when nothing of it is here. */
function apply(decision: Decision, draft: Draft, drafts: Map<AssetId, Draft>, moved: Map<AssetId, AssetId>): boolean {
  switch (decision.action) {
    case 'rename':
      draft.name = decision.label
      return true
    case 'confirm':
      draft.added = [...draft.added.filter((c) => c.what !== decision.what || c.source !== 'person'), confirmation(decision, decision.what, decision.value)]
      return true
    case 'merge': return merge(decision.others, draft, drafts, moved)
    case 'split': return split(decision, new Set(decision.addresses), draft, drafts)
  }
}

/** A person who looked at the label: evidence level A. */
function confirmation(decision: Decision, what: Claim['what'], value: string): Claim {
  return {
    what, value, level: 'A', evidence: `confirmed by ${decision.by}: ${decision.reason}`, inferred: false, source: 'person',
    firstAt: decision.at, lastAt: decision.at, frame: 0, count: 1,
  }
}

function merge(others: readonly AssetId[], into: Draft, drafts: Map<AssetId, Draft>, moved: Map<AssetId, AssetId>): boolean {
  let isDone = false
  for (const other of others) {
    const part = findDraft(other, drafts, moved)
    if (!part || part === into) continue
    into.bare = [...into.bare, ...part.bare.filter((b) => !into.bare.includes(b))]
    into.claims = joinClaims([about(into), about(part)])
    into.interfaces = [...into.interfaces, ...part.interfaces]
    into.added.push(...part.added.filter((c) => c.source !== 'person' || !into.added.some((own) => own.what === c.what)))
    into.decisions.push(...part.decisions)
    drafts.delete(part.id)
    moved.set(part.id, into.id)
    isDone = true
  }
  return isDone
}

/** Claims of an asset with one address say so once they stand beside another's. */
function about({ claims, interfaces }: Draft): readonly Claim[] {
  const ips = [...new Set(interfaces.flatMap((i) => i.ip ?? []))]
  return ips.length === 1 ? claims.map((c) => (c.about ? c : { ...c, about: ips })) : claims
}

/**
 * The interfaces with one of the addresses leave, and the claims about them alone. What was said of the card stays with the first box,
 * but for the registrant of a card that leaves.
 */
function split(decision: Decision, addresses: ReadonlySet<string>, from: Draft, drafts: Map<AssetId, Draft>): boolean {
  const leaving = from.interfaces.filter((i) => (i.ip !== null && addresses.has(i.ip)) || (i.mac !== null && addresses.has(i.mac)))
  if (leaving.length === 0 || leaving.length === from.interfaces.length) return false
  const ips = new Set(leaving.flatMap((i) => i.ip ?? []))
  const isTheirs = (c: Claim): boolean => c.about !== undefined && c.about.every((ip) => ips.has(ip))
  const touches = (c: Claim): boolean => c.what === 'nic-vendor' || c.what === 'card' || (c.about?.some((ip) => ips.has(ip)) ?? false)
  const draft: Draft = {
    id: shortId('a', 'split', from.id, ...[...addresses].sort()), name: null, bare: from.bare, interfaces: leaving,
    claims: from.claims.filter(touches), added: [], decisions: [applied(decision)], contradictions: [],
  }
  from.interfaces = from.interfaces.filter((i) => !leaving.includes(i))
  from.claims = from.claims.filter((c) => !isTheirs(c))
  drafts.set(draft.id, draft)
  return true
}
