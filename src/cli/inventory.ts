// cordon inventory list|show: the assets of a capture or of the newest analysis in a data folder, with the evidence per claim.

import { formatMicros } from '../base/time.ts'
import type { Asset } from '../inventory/asset.ts'
import { analyseFile } from '../sensor/analyse.ts'
import { ASSET_HEAD, assetCells } from './check-text.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import type { OutputFormat } from './options.ts'
import { csv, paint, progressBar, table } from './text.ts'
import { withStore } from './with-store.ts'

export interface InventoryArgs {
  /** Capture to read, or undefined to ask the data folder. */
  readonly file: string | undefined
  readonly data: string | undefined
  readonly policy: string | undefined
  /** Asset id, address or label to show; undefined lists all. */
  readonly asset: string | undefined
  readonly format: OutputFormat
}

interface Loaded {
  readonly assets: readonly Asset[]
  /** 0, or 3 when the capture was damaged: its assets are shown all the same. */
  readonly exit: number
}

export async function runInventory(args: InventoryArgs, io: Io): Promise<number> {
  const loaded = args.file === undefined ? await fromStore(args, io) : await fromCapture(args.file, args, io)
  if (typeof loaded === 'number') return loaded
  if (args.asset === undefined) {
    io.out(renderList(loaded.assets, args.format))
    return loaded.exit
  }
  const wanted = args.asset
  const found = loaded.assets.filter((a) => a.id === wanted || a.label === wanted || a.interfaces.some((i) => i.ip === wanted || i.mac === wanted))
  if (found.length === 0) {
    io.err(`cordon inventory: no asset "${wanted}" among ${loaded.assets.length}\n  help: cordon inventory list shows ids, labels and addresses.\n`)
    return Exit.usage
  }
  io.out(args.format === 'text' ? found.map((a) => assetText(a, io)).join('\n') : renderList(found, args.format))
  return loaded.exit
}

async function fromCapture(file: string, args: InventoryArgs, io: Io): Promise<Loaded | number> {
  const knowledge = loadKnowledge(args.policy)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  const bar = progressBar(io, 'reading')
  const result = await analyseFile(file, {
    knowledge: knowledge.value, store: null, signal: io.signal, onProgress: (p) => bar.update(p.bytesRead, p.bytesTotal),
  })
  bar.done()
  if (!result.ok) {
    io.err(`cordon inventory: ${result.error.message}\n  help: ${result.error.help}\n`)
    return result.error.code === 'unusable' ? Exit.usage : Exit.unreadable
  }
  const { analysis, assets } = result.value.report
  for (const p of analysis.problems) io.err(`damaged (${p.code}): ${p.message}\n`)
  return { assets, exit: analysis.state === 'complete' ? Exit.ok : Exit.unreadable }
}

async function fromStore(args: InventoryArgs, io: Io): Promise<Loaded | number> {
  let assets: readonly Asset[] = []
  const code = await withStore(args.data, io, async (store) => {
    if (!store) {
      io.err('cordon inventory: nothing to list\n  help: Name a capture with -r FILE, or a data folder with --data FOLDER.\n')
      return Exit.usage
    }
    const newest = (await store.read('analysis')).at(-1)
    if (!newest) {
      io.err(`cordon inventory: the data folder holds no analysis yet\n  help: cordon check --data FOLDER CAPTURE puts one there.\n`)
      return Exit.usage
    }
    assets = (await store.read('asset', { analysis: newest.analysis })).map((r) => r.body as Asset)
    return Exit.ok
  })
  return code === Exit.ok ? { assets, exit: Exit.ok } : code
}

function renderList(assets: readonly Asset[], format: OutputFormat): string {
  if (format === 'json') return `${JSON.stringify(assets, null, 2)}\n`
  if (format === 'jsonl') return assets.map((a) => `${JSON.stringify(a)}\n`).join('')
  const rows = assets.map((a) => [a.id, ...assetCells(a)])
  return format === 'csv' ? csv([['id', ...ASSET_HEAD], ...rows]) : table(['id', ...ASSET_HEAD], rows)
}

function assetText(a: Asset, io: Io): string {
  const interfaces = a.interfaces.map((i) => [i.ip ?? '', i.mac ?? '', String(i.vlan), i.evidence, formatMicros(i.firstAt), formatMicros(i.lastAt)])
  const claims = a.claims.map((c) => [c.level, c.what, c.value, c.inferred ? 'inferred' : '', String(c.count), `frame ${c.frame}`, c.evidence])
  return [
    `${paint(io, 'bold', a.label)}  ${a.id}`,
    `role ${a.role}, zone ${a.zone ?? 'none'}, profile ${a.profile ?? 'none'}, seen ${formatMicros(a.firstAt)} to ${formatMicros(a.lastAt)}`,
    '', table(['ip', 'mac', 'vlan', 'bound by', 'first seen', 'last seen'], interfaces),
    table(['evidence', 'claim', 'value', 'inferred', 'times', 'first', 'why'], claims),
  ].join('\n')
}
