// cordon inventory columns|import|diff|export: the hospital's own list against the network, both ways, and the inventory for others.
// Keeps stdout data: the diff as text, JSON or the list's own columns with observed_ ones behind; talk goes to stderr.

import path from 'node:path'
import fs from 'node:fs'
import { formatDiagnostic } from '../base/diagnostic.ts'
import type { Micros } from '../base/time.ts'
import { columnsText, loadColumns, readListFile, type ListFile } from '../config/index.ts'
import { SEVERITIES, type Finding, type Severity } from '../detect/finding.ts'
import type { AssetId } from '../inventory/asset.ts'
import { guessColumns, readListRows, type ColumnMap, type ListReading } from '../inventory/listed/columns.ts'
import { diffList, OBSERVED_COLUMNS, observedCells, type ListDiff, type RowState } from '../inventory/listed/diff.ts'
import { LIST_FIELDS } from '../inventory/listed/listed.ts'
import { matchListed } from '../inventory/listed/match.ts'
import { readNetbox, writeNetbox } from '../inventory/listed/netbox.ts'
import { isOldMds2, mds2Of, type Mds2 } from '../inventory/mds2/mds2.ts'
import { formatCsv, type DelimiterName } from '../inventory/sheet/csv.ts'
import type { Rows } from '../inventory/sheet/sheet.ts'
import { formRecord, listRecord, type StoredList } from '../store/besides.ts'
import { inventorySource, type InventorySource, type SourceArgs } from './inventory-source.ts'
import { Exit, type Io } from './io.ts'
import type { OutputFormat } from './options.ts'
import { paint, SEVERITY_COLOURS, table } from './text.ts'
import { withStore } from './with-store.ts'

interface ListArgs {
  readonly list: string
  /** Columns file. */
  readonly columns: string | undefined
}

interface ListImport {
  readonly kind: 'list'
  readonly list: StoredList
  readonly rows: Rows
  readonly reading: ListReading
  readonly delimiter: DelimiterName
  readonly map: ColumnMap
}

/** What a file turned out to be. */
type Import =
  | ListImport
  | { readonly kind: 'netbox'; readonly list: StoredList }
  | { readonly kind: 'mds2'; readonly form: Mds2 }

/** Problems of rows shown one by one. */
const PROBLEMS_SHOWN = 20

/** The file as list, NetBox export or MDS2 form; null after every complaint was printed. */
function readImport({ list, columns }: ListArgs, io: Io): Import | null {
  const map = columns === undefined ? null : loadColumns(columns)
  if (map && !map.ok) {
    for (const d of map.error) io.err(`${formatDiagnostic(d)}\n`)
    return null
  }
  const told = map?.ok ? map.value : null
  const file = readListFile(list, { encoding: told?.encoding ?? null, delimiter: told?.delimiter ?? null })
  if (!file.ok) {
    io.err(`${formatDiagnostic(file.error)}\n`)
    return null
  }
  const name = path.basename(list)
  if (file.value.kind === 'json') return fromJson(file.value.body, name, io)
  const form = told === null ? mds2Of(file.value.rows) : null
  if (form === null && told === null && isOldMds2(file.value.rows)) {
    io.err(`cordon inventory: ${name} is an MDS2 form of before 2019, whose questions have other numbers; nothing of it is compared\n`
      + '  help: Ask the manufacturer for the form of 2019 (ANSI/NEMA HN 1-2019).\n')
    return null
  }
  return form ? { kind: 'mds2', form } : fromRows(file.value, told, name, io)
}

function fromJson(body: unknown, name: string, io: Io): Import | null {
  const problems: string[] = []
  const devices = readNetbox(body, name, problems)
  tellProblems(problems, io)
  if (devices) return { kind: 'netbox', list: { name, devices } }
  io.err(`cordon inventory: ${name} is JSON, but no list of NetBox devices\n`
    + '  help: Export dcim/devices, or { devices, interfaces, ip_addresses } of all three.\n')
  return null
}

function fromRows(file: Extract<ListFile, { kind: 'rows' }>, told: ColumnMap | null, name: string, io: Io): Import | null {
  const guess = guessColumns(file.rows, file.places)
  const map: ColumnMap = told ?? { ...guess, retired: [], delimiter: null, encoding: null }
  const known = Object.keys(map.columns)
  if (!['tag', 'serial', 'mac', 'ip', 'host-name'].some((field) => known.includes(field))) {
    const head = file.rows[0]?.join(', ') ?? ''
    io.err(`cordon inventory: no column of ${name} names a device; its first row is: ${head}\n`
      + `  help: cordon inventory columns ${name} > columns.yaml writes a file to fill in; give it with --columns.\n`)
    return null
  }
  const reading = readListRows(file.rows, map, name, file.places)
  if (!reading.ok) {
    io.err(`cordon inventory: ${name}: ${reading.error}\n  help: Correct the columns file, or write a new one with cordon inventory columns.\n`)
    return null
  }
  tellProblems([...file.problems, ...reading.value.problems], io)
  return { kind: 'list', list: { name, devices: reading.value.devices }, rows: file.rows, reading: reading.value, delimiter: file.delimiter, map }
}

function tellProblems(problems: readonly string[], io: Io): void {
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) io.err(`warning: ${problem}\n`)
  if (problems.length > PROBLEMS_SHOWN) io.err(`warning: and ${problems.length - PROBLEMS_SHOWN} more like these\n`)
}

/** A columns file from a guess, on stdout; what was recognised, on stderr. */
export function runColumns(args: { readonly list: string }, io: Io): number {
  const file = readListFile(args.list)
  if (!file.ok || file.value.kind === 'json') {
    io.err(file.ok ? `cordon inventory: ${args.list} is JSON; it needs no columns file\n` : `${formatDiagnostic(file.error)}\n`)
    return Exit.usage
  }
  const { rows, places, encoding, delimiter } = file.value
  const guess = guessColumns(rows, places)
  const isSheet = encoding === 'xlsx'
  io.out(columnsText({ ...guess, retired: [], delimiter: isSheet ? null : delimiter, encoding: isSheet ? null : encoding }, path.basename(args.list)))
  const head = rows[guess.headRow - 1] ?? []
  const unused = head.filter((column) => !Object.values(guess.columns).includes(column))
  io.err(`${encoding}${isSheet ? '' : `, cells separated by ${delimiter}`}, ${rows.length - guess.headRow} rows\n`)
  const used = LIST_FIELDS.flatMap((field) => (guess.columns[field] === undefined ? [] : [`${field} = ${guess.columns[field]}`]))
  io.err(`recognised: ${used.join(', ') || 'nothing'}\nnot used: ${unused.join(', ') || 'none'}\n`)
  return Exit.ok
}

export interface ImportArgs extends ListArgs {
  readonly data: string
  readonly now?: () => Micros
}

export async function runImport(args: ImportArgs, io: Io): Promise<number> {
  const read = readImport(args, io)
  if (read === null) return Exit.usage
  const at = (args.now ?? ((): Micros => Date.now() * 1000))()
  return withStore(args.data, io, async (store) => {
    await store?.append([read.kind === 'mds2' ? formRecord(read.form, at) : listRecord(read.list, at)])
    io.out(read.kind === 'mds2' ? formWords(read.form) : `${read.list.name}: ${read.list.devices.length} devices\n`)
    return Exit.ok
  })
}

function formWords(form: Mds2): string {
  const models = form.models.join(', ') || 'no model'
  return `MDS2 of ${form.manufacturer ?? 'an unnamed manufacturer'} for ${models}: ${Object.keys(form.answers).length} answers\n`
}

export interface DiffArgs extends SourceArgs {
  /** Files given here stand in for those of the data folder with the same name. */
  readonly lists: readonly string[]
  readonly columns: string | undefined
  readonly format: OutputFormat
  readonly failOn: Severity | 'never'
}

export async function runDiff(args: DiffArgs, io: Io): Promise<number> {
  const imports: Import[] = []
  for (const list of args.lists) {
    const read = readImport({ list, columns: args.columns }, io)
    if (read === null) return Exit.usage
    imports.push(read)
  }
  const lists = imports.flatMap((i) => (i.kind === 'mds2' ? [] : [i.list]))
  const source = await inventorySource(args, { lists, forms: imports.flatMap((i) => (i.kind === 'mds2' ? [i.form] : [])) }, io)
  if (typeof source === 'number') return source
  if (source.besides.lists.length + source.besides.forms.length === 0) {
    io.err('cordon inventory diff: there is no list\n  help: Name one (CSV, XLSX or NetBox JSON), or import it: cordon inventory import LIST --data FOLDER.\n')
    return Exit.usage
  }
  const diff = diffOf(source)
  const findings = source.findings.filter((f) => REFERENCE_RULES.has(f.rule))
  tellProblems(source.matches.problems, io)
  if (args.format === 'csv') return csvDiff(imports, diff, source, io) ?? exitOf(findings, args.failOn, source.exit)
  io.out(args.format === 'text' ? diffText(diff, findings, io) : `${JSON.stringify(diffJson(diff, findings), null, 2)}\n`)
  return exitOf(findings, args.failOn, source.exit)
}

const REFERENCE_RULES: ReadonlySet<string> = new Set(['retired-but-talking', 'list-contradicts-traffic', 'mds2-contradicts-traffic'])

function exitOf(findings: readonly Finding[], failOn: Severity | 'never', exit: number): number {
  if (exit !== Exit.ok || failOn === 'never') return exit
  return findings.some((f) => SEVERITIES.indexOf(f.severity) >= SEVERITIES.indexOf(failOn)) ? Exit.findings : Exit.ok
}

function diffOf(source: InventorySource): ListDiff {
  const devices = source.besides.lists.flatMap((l) => l.devices)
  return diffList({
    devices, assets: source.assets, matches: source.matches,
    before: { assets: source.missing, matches: matchListed(source.missing, source.matches.unseen) },
  })
}

function leaving(source: InventorySource): ReadonlySet<AssetId> {
  return new Set(source.conversations.flatMap((c) => (c.leaves && c.from.assetId !== null ? [c.from.assetId] : [])))
}

/** The list's own rows with observed columns, then what is on no list. An exit code when there is not one list to write. */
function csvDiff(imports: readonly Import[], diff: ListDiff, source: InventorySource, io: Io): number | null {
  const lists = imports.flatMap((i) => (i.kind === 'list' ? [i] : []))
  const [list] = lists
  if (!list || lists.length > 1) {
    io.err('cordon inventory diff: --csv writes the columns of one list again\n  help: Name that list: cordon inventory diff LIST.csv --csv.\n')
    return Exit.usage
  }
  const talks = leaving(source)
  const byDevice = new Map(diff.rows.map((r) => [r.device, r]))
  const width = list.rows[list.map.headRow - 1]?.length ?? 0
  const padded = (row: readonly string[]): string[] => [...row, ...Array.from({ length: Math.max(0, width - row.length) }, () => '')]
  const rows = list.rows.map((row, i) => {
    if (i === list.map.headRow - 1) return [...padded(row), ...OBSERVED_COLUMNS]
    const device = list.reading.byRow.get(i)
    const found = device && byDevice.get(device)
    return [...padded(row), ...observedCells(found?.state ?? 'empty', found?.asset ?? null, found?.match ?? null, talks)]
  })
  const unlisted = diff.unlisted.map((asset) => [...padded([]), ...observedCells('unlisted', asset, null, talks)])
  io.out(formatCsv([...rows, ...unlisted], list.delimiter))
  return null
}

const STATE_TITLES: { readonly [S in RowState]: string } = {
  'retired-but-talking': 'Retired, and still on the network', 'never-seen': 'On the list, never seen',
  'seen-before': 'On the list, seen in earlier analyses only',
  seen: 'On the list and seen', retired: 'Retired, and not seen',
}

/** Those that need a decision first; the two calm groups are counted. */
function diffText(diff: ListDiff, findings: readonly Finding[], io: Io): string {
  const parts: string[] = []
  for (const state of ['retired-but-talking', 'never-seen', 'seen-before'] as const) {
    const rows = diff.rows.filter((r) => r.state === state)
    if (rows.length === 0) continue
    const cells = rows.map(({ device, asset, match }) => [
      device.tag ?? '', device.serial ?? '', [device.vendor, device.model].filter((t) => t !== null).join(' '), device.location ?? '', device.where,
      asset?.label ?? '', match?.by ?? '',
    ])
    parts.push(paint(io, 'bold', `${STATE_TITLES[state]} (${rows.length})`), table(['tag', 'serial', 'device', 'place', 'where', 'seen as', 'by'], cells))
  }
  if (diff.unlisted.length > 0) {
    const cells = diff.unlisted.map((a) => [
      a.label, a.id, a.role, a.model ?? '', a.interfaces.flatMap((i) => i.ip ?? []).slice(0, 4).join(' '), a.interfaces[0]?.mac ?? '',
    ])
    parts.push(paint(io, 'bold', `Seen, and on no list (${diff.unlisted.length})`), table(['asset', 'id', 'role', 'model', 'ip', 'mac'], cells))
  }
  if (findings.length > 0) {
    parts.push(paint(io, 'bold', `Contradictions (${findings.length})`))
    for (const f of findings) parts.push(`${paint(io, SEVERITY_COLOURS[f.severity], f.severity)}  ${f.ward}\n  ${f.technical}\n  help: ${f.help}\n`)
  }
  const calm = (['seen', 'retired'] as const).map((s) => `${STATE_TITLES[s]}: ${diff.rows.filter((r) => r.state === s).length}`)
  return `${[...parts, `${calm.join('. ')}.`].join('\n')}\n`
}

function diffJson(diff: ListDiff, findings: readonly Finding[]): unknown {
  return {
    schema: 'cordon.inventory-diff/1',
    rows: diff.rows.map(({ device, state, match, asset }) => ({
      state, device, matchedBy: match?.by ?? null, asset: asset?.id ?? null, label: asset?.label ?? null,
    })),
    unlisted: diff.unlisted.map((a) => ({ asset: a.id, label: a.label, role: a.role, model: a.model, interfaces: a.interfaces })),
    contradictions: findings,
  }
}

export async function runExport(args: SourceArgs & { readonly out: string | undefined }, io: Io): Promise<number> {
  const source = await inventorySource(args, {}, io)
  if (typeof source === 'number') return source
  const text = `${JSON.stringify(writeNetbox(source.assets, source.matches.matches), null, 2)}\n`
  if (args.out === undefined) io.out(text)
  else {
    try {
      fs.writeFileSync(args.out, text)
    } catch (error) {
      io.err(`cordon inventory: cannot write ${args.out}: ${error instanceof Error ? error.message : String(error)}\n  help: Check the folder.\n`)
      return Exit.usage
    }
  }
  return source.exit
}
