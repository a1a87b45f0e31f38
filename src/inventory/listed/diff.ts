// Diff of the hospital's list and the network, both ways: listed and never seen, seen and not listed, retired and talking; and rows out again.
// Keeps the list's own columns as they were and puts what was observed behind them, in columns whose names begin with observed_.

import { formatMicros } from '../../base/time.ts'
import type { Asset, AssetId } from '../asset.ts'
import type { ListedDevice } from './listed.ts'
import type { ListMatch, ListMatches } from './match.ts'

export const ROW_STATES = ['seen', 'seen-before', 'never-seen', 'retired-but-talking', 'retired'] as const
export type RowState = (typeof ROW_STATES)[number]

export interface DiffRow {
  readonly device: ListedDevice
  readonly state: RowState
  readonly match: ListMatch | null
  readonly asset: Asset | null
}

export interface ListDiff {
  readonly rows: readonly DiffRow[]
  /** Inside, seen now, on no list. */
  readonly unlisted: readonly Asset[]
}

export interface DiffParts {
  readonly devices: readonly ListedDevice[]
  readonly assets: readonly Asset[]
  readonly matches: ListMatches
  /** Of earlier analyses, with their own matches. */
  readonly before: { readonly assets: readonly Asset[]; readonly matches: ListMatches }
}

export function diffList({ devices, assets, matches, before }: DiffParts): ListDiff {
  const now = finder(assets, matches)
  const earlier = finder(before.assets, before.matches)
  const rows = devices.map((device): DiffRow => {
    const found = now(device)
    const past = found ? null : earlier(device)
    const { match, asset } = found ?? past ?? { match: null, asset: null }
    return { device, match, asset, state: stateOf(device, found !== null, past !== null) }
  })
  const listed = new Set<AssetId>(matches.matches.map((m) => m.asset))
  return { rows, unlisted: assets.filter((a) => !a.outside && !listed.has(a.id)) }
}

function stateOf({ status }: ListedDevice, isSeen: boolean, wasSeen: boolean): RowState {
  if (status === 'retired') return isSeen ? 'retired-but-talking' : 'retired'
  return isSeen ? 'seen' : wasSeen ? 'seen-before' : 'never-seen'
}

function finder(assets: readonly Asset[], { matches }: ListMatches): (device: ListedDevice) => { readonly match: ListMatch; readonly asset: Asset } | null {
  const byDevice = new Map(matches.map((m) => [m.device, m]))
  const byId = new Map(assets.map((a) => [a.id, a]))
  return (device) => {
    const match = byDevice.get(device)
    const asset = match && byId.get(match.asset)
    return match && asset ? { match, asset } : null
  }
}

export const OBSERVED_COLUMNS = [
  'observed_state', 'observed_asset', 'observed_matched_by', 'observed_name', 'observed_vendor', 'observed_model', 'observed_evidence', 'observed_role',
  'observed_ip', 'observed_mac', 'observed_zone', 'observed_talks_outside', 'observed_first_seen', 'observed_last_seen', 'observed_contradictions',
] as const

/** One row of OBSERVED_COLUMNS. */
export function observedCells(
  state: RowState | 'unlisted' | 'empty', asset: Asset | null, match: ListMatch | null, talksOutside: ReadonlySet<AssetId>,
): readonly string[] {
  if (asset === null) return OBSERVED_COLUMNS.map((_, i) => (i === 0 && state !== 'empty' ? state : ''))
  const of = (pick: (i: Asset['interfaces'][number]) => string | null): string => [...new Set(asset.interfaces.flatMap((i) => pick(i) ?? []))].join(' ')
  return [
    state, asset.id, match?.by ?? '', asset.label, asset.vendor ?? '', asset.model ?? '', asset.level ?? '', asset.role, of((i) => i.ip), of((i) => i.mac),
    asset.zone ?? '', talksOutside.has(asset.id) ? 'yes' : 'not seen', formatMicros(asset.firstAt), formatMicros(asset.lastAt),
    (asset.composition?.contradictions ?? []).join('; '),
  ].map(harmless)
}

/** Names of devices come from the network: no spreadsheet may run one as a formula. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}
