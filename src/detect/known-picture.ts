// Known picture: stored assets, conversations and findings as they are to be seen now, with what people, lists and forms say beside packets.
// Keeps what is stored as it is: knowing is done at each reading, so that a decision reaches old analyses and can be taken back.

import { knowAssets, type Known, type Knowing } from '../inventory/known/know.ts'
import { resolver, type Resolve } from '../inventory/known/resolve.ts'
import type { Asset } from '../inventory/asset.ts'
import type { Mds2 } from '../inventory/mds2/mds2.ts'
import type { Conversation, Endpoint } from './conversation.ts'
import type { Finding } from './finding.ts'
import { referenceFindings } from './reference-findings.ts'

export interface Told {
  readonly assets: readonly Asset[]
  readonly conversations: readonly Conversation[]
  readonly findings: readonly Finding[]
}

export interface KnownPicture extends Told, Pick<Known, 'matches' | 'waiting'> {}

/** With nothing known beside packets everything is what it was, but for suggestions. */
export function knownPicture(told: Told, knowing: Knowing, forms: readonly Mds2[]): KnownPicture {
  const { assets, matches, waiting } = knowAssets(told.assets, knowing)
  const resolve = resolver(assets)
  const conversations = told.conversations.map((c) => {
    const from = endpoint(c.from, resolve)
    const to = endpoint(c.to, resolve)
    return from === c.from && to === c.to ? c : { ...c, from, to }
  })
  const packets = told.findings.map((f) => {
    const asset = resolve(f.assetId, addressIn(f))
    return !asset || (asset.id === f.assetId && asset.label === f.assetLabel) ? f : { ...f, assetId: asset.id, assetLabel: asset.label }
  })
  return { assets, conversations, matches, waiting, findings: [...packets, ...referenceFindings({ assets, matches, forms, conversations, findings: packets })] }
}

function endpoint(end: Endpoint, resolve: Resolve): Endpoint {
  if (end.assetId === null) return end
  const asset = resolve(end.assetId, end.ip)
  return !asset || (asset.id === end.assetId && asset.label === end.label) ? end : { ...end, assetId: asset.id, label: asset.label }
}

/** A finding's flows begin at its asset, or end there: the first end that is one decides between the parts of a split asset. */
function addressIn(finding: Finding): Finding['evidence']['flows'][number]['src'] | null {
  return finding.evidence.flows[0]?.src ?? null
}
