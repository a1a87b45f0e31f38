// Decision: what a person said about an asset: confirm, rename, merge, split. Plain data beside the evidence, never in its place.
// Keeps the rule that every decision has a reason, a name and a time, and can be taken back.

import { shortId } from '../base/short-id.ts'
import type { Micros } from '../base/time.ts'
import type { AssetId, ClaimSubject } from './asset.ts'

/** What a person may confirm: the rest is measured, and no word changes it. */
export const CONFIRMABLE = ['model', 'vendor', 'role', 'bed', 'host-name', 'serial-number', 'asset-tag', 'location'] as const satisfies readonly ClaimSubject[]
export type Confirmable = (typeof CONFIRMABLE)[number]

interface DecisionParts {
  readonly id: string
  readonly asset: AssetId
  /** What the asset was called when it was decided: ids say nothing to people. */
  readonly called: string
  readonly reason: string
  readonly by: string
  readonly at: Micros
  readonly undone: Undone | null
}

export interface Undone {
  readonly reason: string
  readonly by: string
  readonly at: Micros
}

export type Choice =
  | { readonly action: 'confirm'; readonly what: Confirmable; readonly value: string }
  | { readonly action: 'rename'; readonly label: string }
  /** The others become part of the asset. */
  | { readonly action: 'merge'; readonly others: readonly AssetId[] }
  /** The interfaces with these MAC or IP addresses are another box. */
  | { readonly action: 'split'; readonly addresses: readonly string[] }

export type Decision = DecisionParts & Choice

/** Longest reason, name or value kept: a sentence or two. */
export const DECISION_TEXT_MAX = 600
/** Parts of one merge or split; a chassis has fewer cards. */
export const DECISION_PARTS_MAX = 64

/** Who decides on what, and why. */
export interface Decider {
  readonly asset: AssetId
  readonly called: string
  readonly reason: string
  readonly by: string
  readonly at: Micros
}

export function decisionOf(decider: Decider, choice: Choice): Decision {
  const { asset, called, reason, by, at } = decider
  return { id: shortId('d', asset, at, JSON.stringify(choice)), asset, called, reason, by, at, undone: null, ...choice }
}

/** What was decided, in words. */
export function decisionWords(choice: Choice): string {
  switch (choice.action) {
    case 'confirm': return `${choice.what.replaceAll('-', ' ')} is ${choice.value}`
    case 'rename': return `is called ${choice.label}`
    case 'merge': return `is one box with ${choice.others.join(', ')}`
    case 'split': return `${choice.addresses.join(', ')} ${choice.addresses.length === 1 ? 'is' : 'are'} another box`
  }
}

type Raw = Readonly<Record<string, unknown>>

/** A stored body as a decision, or null when it is none: a file that people edit may hold anything. */
export function readDecision(body: unknown): Decision | null {
  if (typeof body !== 'object' || body === null) return null
  const raw = body as Raw
  const choice = readChoice(raw)
  const texts = [raw['id'], raw['asset'], raw['called'], raw['reason'], raw['by']].map(textOf)
  const [id, asset, called, reason, by] = texts
  if (!choice || !id || !asset || called === null || called === undefined || !reason || !by || typeof raw['at'] !== 'number') return null
  return { id, asset, called, reason, by, at: raw['at'], undone: readUndone(raw['undone']), ...choice }
}

function readChoice(raw: Raw): Choice | null {
  const what = CONFIRMABLE.find((known) => known === raw['what'])
  const value = textOf(raw['value'])
  const label = textOf(raw['label'])
  const others = textsOf(raw['others'])
  const addresses = textsOf(raw['addresses'])
  switch (raw['action']) {
    case 'confirm': return what && value ? { action: 'confirm', what, value } : null
    case 'rename': return label ? { action: 'rename', label } : null
    case 'merge': return others.length > 0 ? { action: 'merge', others } : null
    case 'split': return addresses.length > 0 ? { action: 'split', addresses } : null
    default: return null
  }
}

function readUndone(value: unknown): Undone | null {
  if (typeof value !== 'object' || value === null) return null
  const raw = value as Raw
  const reason = textOf(raw['reason'])
  const by = textOf(raw['by'])
  return reason && by && typeof raw['at'] === 'number' ? { reason, by, at: raw['at'] } : null
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= DECISION_TEXT_MAX ? value : null
}

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, DECISION_PARTS_MAX).flatMap((item) => textOf(item) ?? [])
}

/** Of texts a person typed, the subject they may confirm; null otherwise. */
export function confirmableOf(text: string): Confirmable | null {
  return CONFIRMABLE.find((known) => known === text) ?? null
}

/** Decisions that hold, in the order in which they were made: later ones see what earlier ones did. */
export function standing(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.filter((d) => d.undone === null).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}

