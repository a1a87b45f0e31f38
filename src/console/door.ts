// door: the only way a stored body leaves by HTTP. Copies the fields of the api types by name and nothing else.
// Keeps the rule "minimal by construction": a field nobody named (patient text, payload) cannot cross, even when a store holds it.

import type { Analysis, Asset, BareAsset, Conversation, Finding } from './api.ts'

/** Mirror of a type: `true` for a text, number, boolean or null; an object for an object; arrays by their element. */
export type Shape<T> = [T] extends [string | number | boolean | null | undefined]
  ? true
  : [T] extends [readonly (infer U)[]]
    ? Shape<U>
    : { readonly [K in keyof T]-?: Shape<NonNullable<T[K]>> }

type AnyShape = true | { readonly [key: string]: AnyShape }

const ANALYSIS: Shape<Analysis> = {
  id: true, name: true, source: true, state: true, sha256: true, format: true,
  packets: true, bytes: true, flows: true, firstAt: true, lastAt: true, keptAt: true,
  problems: { code: true, message: true },
  observations: { name: true, count: true, means: true },
  health: { id: true, severity: true, ward: true, technical: true, help: true, count: true, incomplete: true },
  blindSpots: true,
}

const BARE_ASSET: Shape<BareAsset> = {
  id: true, label: true, profile: true, vendor: true, model: true, role: true, level: true, bed: true, outside: true, zone: true,
  interfaces: { mac: true, ip: true, vlan: true, evidence: true, firstAt: true, lastAt: true },
  claims: {
    what: true, value: true, level: true, evidence: true, inferred: true, firstAt: true, lastAt: true, frame: true, count: true,
    source: true, about: true,
  },
  firstAt: true, lastAt: true,
}

const ASSET: Shape<Asset> = {
  ...BARE_ASSET,
  composition: {
    bare: BARE_ASSET, contradictions: true,
    decisions: { id: true, action: true, words: true, by: true, at: true, reason: true },
  },
  perhaps: { asset: true, label: true, signs: true },
}

const ENDPOINT = { assetId: true, ip: true, label: true, zone: true } as const

const CONVERSATION: Shape<Conversation> = {
  id: true, from: ENDPOINT, to: ENDPOINT, transport: true, port: true, protocol: true,
  flows: true, attempts: true, packets: true, bytes: true, firstAt: true, lastAt: true,
  leaves: true, verdict: true, rule: true, reason: true,
}

const FINDING: Shape<Finding> = {
  id: true, rule: true, severity: true, assetId: true, assetLabel: true, ward: true, technical: true, help: true,
  attack: { id: true, name: true, matrix: true },
  inferred: true, firstAt: true, lastAt: true, count: true,
  evidence: {
    frames: true,
    flows: { flowId: true, communityId: true, src: true, srcPort: true, dst: true, dstPort: true, transport: true, vlan: true },
    details: true,
  },
}

/** A JSON body from the store as the api type it must be; unnamed fields are dropped. */
/** One stored before the sensor had findings about itself has none. */
export const analysisOf = (body: unknown): Analysis => Object.assign({ health: [] }, copy(body, ANALYSIS) as Analysis)
export const assetOf = (body: unknown): Asset => copy(body, ASSET) as Asset
export const conversationOf = (body: unknown): Conversation => copy(body, CONVERSATION) as Conversation
export const findingOf = (body: unknown): Finding => copy(body, FINDING) as Finding

/** Copies what `shape` names. A missing field stays missing; an object where a scalar is named becomes null. */
export function copy(value: unknown, shape: AnyShape): unknown {
  if (Array.isArray(value)) return value.map((item) => copy(item, shape))
  if (typeof value !== 'object' || value === null) return value ?? null
  if (shape === true) return null
  const fields = value as Readonly<Record<string, unknown>>
  const out: Record<string, unknown> = {}
  for (const name of Object.keys(shape)) {
    const inner = shape[name]
    if (inner !== undefined && Object.hasOwn(fields, name)) out[name] = copy(fields[name], inner)
  }
  return out
}
