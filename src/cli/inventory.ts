// cordon inventory list|show: the assets of a capture or of the newest analysis in a data folder, with the evidence per claim.

import { formatMicros } from '../base/time.ts'
import { assetBlindSpots } from '../detect/asset-blind-spots.ts'
import type { Conversation } from '../detect/conversation.ts'
import type { Asset, Claim } from '../inventory/asset.ts'
import { confidenceOf } from '../inventory/claims.ts'
import { ASSET_HEAD, assetCells } from './check-text.ts'
import { assetsNamed, inventorySource, type InventorySource, type SourceArgs } from './inventory-source.ts'
import { Exit, type Io } from './io.ts'
import type { OutputFormat } from './options.ts'
import { csv, paint, table } from './text.ts'

export interface InventoryArgs extends SourceArgs {
  /** Asset id, address, label, bed, tag or serial number to show; undefined lists all. */
  readonly asset: string | undefined
  readonly format: OutputFormat
}

export async function runInventory(args: InventoryArgs, io: Io): Promise<number> {
  const source = await inventorySource(args, {}, io)
  if (typeof source === 'number') return source
  if (args.asset === undefined) {
    io.out(renderList(source.assets, args.format))
    tellWaiting(source, io)
    return source.exit
  }
  const found = assetsNamed(source.assets, args.asset)
  if (found.length === 0) {
    io.err(`cordon inventory: no asset "${args.asset}" among ${source.assets.length}\n  help: cordon inventory list shows ids, labels and addresses.\n`)
    return Exit.usage
  }
  io.out(args.format === 'text' ? found.map((a) => assetText(a, source, io)).join('\n') : renderList(found, args.format))
  return source.exit
}

/** A decision that finds nobody is no mistake, and no secret. */
function tellWaiting({ waiting }: InventorySource, io: Io): void {
  if (waiting.length === 0) return
  const names = [...new Set(waiting.map((d) => d.called))].join(', ')
  io.err(`${waiting.length} decisions wait for devices that are not here (${names}): cordon inventory decisions lists them.\n`)
}

/** With the confidence in words: readers of JSON should not have to know the ladder. */
function withConfidence(asset: Asset): unknown {
  return { ...asset, claims: asset.claims.map((c) => ({ ...c, confidence: confidenceOf(c) })) }
}

function renderList(assets: readonly Asset[], format: OutputFormat): string {
  if (format === 'json') return `${JSON.stringify(assets.map(withConfidence), null, 2)}\n`
  if (format === 'jsonl') return assets.map((a) => `${JSON.stringify(withConfidence(a))}\n`).join('')
  const rows = assets.map((a) => [a.id, ...assetCells(a)])
  return format === 'csv' ? csv([['id', ...ASSET_HEAD], ...rows]) : table(['id', ...ASSET_HEAD], rows)
}

function assetText(a: Asset, source: InventorySource, io: Io): string {
  const interfaces = a.interfaces.map((i) => [i.ip ?? '', i.mac ?? '', String(i.vlan), i.evidence, formatMicros(i.firstAt), formatMicros(i.lastAt)])
  const said = source.conversations.filter((c) => c.from.assetId === a.id || c.to.assetId === a.id)
  return [
    `${paint(io, 'bold', a.label)}  ${a.id}`,
    `role ${a.role}, zone ${a.zone ?? 'none'}, profile ${a.profile ?? 'none'}, seen ${formatMicros(a.firstAt)} to ${formatMicros(a.lastAt)}`,
    outsideText(a, said),
    '', table(['ip', 'mac', 'vlan', 'bound by', 'first seen', 'last seen'], interfaces),
    table(['evidence', 'claim', 'value', 'confidence', 'inferred', 'times', 'first', 'first seen', 'last seen', 'why'], a.claims.map(claimCells)),
    ...decisionLines(a), ...likenessLines(a), ...listLines(a, source), ...blindLines(a, said),
  ].join('\n')
}

function claimCells(c: Claim): string[] {
  const where = c.frame > 0 ? `frame ${c.frame}` : ''
  const inferred = c.inferred ? 'inferred' : ''
  return [c.level, c.what, c.value, confidenceOf(c), inferred, String(c.count), where, formatMicros(c.firstAt), formatMicros(c.lastAt), c.evidence]
}

function outsideText(a: Asset, said: readonly Conversation[]): string {
  if (a.outside) return 'talks outside? It is outside the hospital.'
  const leaving = said.filter((c) => c.leaves && c.from.assetId === a.id)
  if (leaving.length === 0) return 'talks outside? Not seen to.'
  const to = [...new Set(leaving.map((c) => `${c.to.ip} ${c.transport}/${c.port}${c.attempts >= c.flows ? ' (tried, no answer)' : ''}`))]
  return `talks outside? Yes: ${to.join(', ')}`
}

function decisionLines(a: Asset): string[] {
  const { composition } = a
  if (!composition) return []
  return [
    ...composition.decisions.map((d) => `decided by ${d.by} at ${formatMicros(d.at)}: ${d.words}. ${d.reason} (${d.id})`),
    ...composition.contradictions.map((text) => `contradiction: ${text}`),
    `the packets alone: ${composition.bare.map((b) => `${b.label} (${b.id})`).join(' and ')}`,
  ]
}

function likenessLines(a: Asset): string[] {
  return (a.perhaps ?? []).map((p) =>
    `perhaps one box with ${p.label} (${p.asset}): ${p.signs.join(', ')}. cordon inventory merge ${a.id} ${p.asset} joins them.`)
}

function listLines(a: Asset, { matches }: InventorySource): string[] {
  return matches.matches.filter((m) => m.asset === a.id)
    .map(({ device, by, value }) => `on the list: ${device.where}, status ${device.statusText ?? 'not given'}, matched by ${by} ${value}`)
}

function blindLines(a: Asset, said: readonly Conversation[]): string[] {
  const spots = assetBlindSpots(a, said)
  return spots.length === 0 ? [''] : ['', 'What we cannot see:', ...spots.map((s) => `  ${s}`), '']
}
