// Columns: which column of a hospital's list means what. Guessed from its head row in several languages, kept in a file, corrected by a person.
// Keeps two columns from meaning the same, and every guess visible.

import { err, ok, type Result } from '../../base/result.ts'
import type { RowPlace, Rows } from '../sheet/sheet.ts'
import type { DelimiterName, ListEncoding } from '../sheet/csv.ts'
import { LIST_FIELDS, listedOf, RETIRED_WORDS, type ListedDevice, type ListField, type ListedTexts } from './listed.ts'

/** A profile of one list: saved beside it, so that the next export is read the same way. */
export interface ColumnMap {
  /** Column names as in the list's head row, by meaning. */
  readonly columns: Readonly<Partial<Record<ListField, string>>>
  /** Words of the status column that mean a device should not be here any more; empty: the built-in ones. */
  readonly retired: readonly string[]
  /** Null: found out at each reading. */
  readonly delimiter: DelimiterName | null
  readonly encoding: ListEncoding | null
  /** Row of the column names, counted from 1. */
  readonly headRow: number
}

/** Head words by meaning, squeezed to letters and digits: English, German, French, Spanish, Italian, Dutch. */
const HEADS: { readonly [F in ListField]: readonly string[] } = {
  tag: ['assettag', 'assetnumber', 'assetno', 'assetid', 'tag', 'tagnumber', 'controlnumber', 'equipmentnumber', 'equipmentid', 'equipmentno',
    'inventorynumber', 'inventarnummer', 'inventarnr', 'anlagennummer', 'geraetenummer', 'numeroinventaire', 'numerodinventaire', 'numeroinventario',
    'numerodiinventario', 'inventarisnummer', 'cmmsid'],
  serial: ['serialnumber', 'serialno', 'serial', 'sn', 'seriennummer', 'seriennr', 'snr', 'numerodeserie', 'numeroserie', 'numerodiserie', 'serienummer'],
  vendor: ['manufacturer', 'vendor', 'make', 'oem', 'brand', 'hersteller', 'fabricant', 'fabricante', 'produttore', 'fabrikant', 'marque', 'marca'],
  model: ['model', 'modelnumber', 'modelname', 'modelno', 'devicemodel', 'type', 'typ', 'modell', 'geraetetyp', 'modele', 'modelo', 'modello'],
  description: ['description', 'equipmentdescription', 'devicedescription', 'devicetype', 'name', 'bezeichnung', 'beschreibung', 'designation', 'descripcion',
    'descrizione', 'omschrijving'],
  location: ['location', 'room', 'ward', 'department', 'building', 'site', 'standort', 'raum', 'station', 'abteilung', 'lieu', 'emplacement', 'service',
    'ubicacion', 'ubicazione', 'reparto', 'locatie', 'afdeling'],
  status: ['status', 'state', 'lifecyclestatus', 'equipmentstatus', 'zustand', 'etat', 'statut', 'estado', 'stato'],
  ip: ['ip', 'ipaddress', 'ipv4', 'ipv4address', 'ipadresse', 'adresseip', 'direccionip', 'indirizzoip', 'ipadres', 'networkaddress'],
  mac: ['mac', 'macaddress', 'ethernetaddress', 'hardwareaddress', 'macadresse', 'adressemac', 'direccionmac', 'indirizzomac', 'macadres', 'physicaladdress'],
  'host-name': ['hostname', 'host', 'dnsname', 'computername', 'networkname', 'rechnername', 'nomdhote', 'nombredehost', 'nomehost'],
  owner: ['owner', 'responsible', 'custodian', 'costcenter', 'costcentre', 'verantwortlich', 'kostenstelle', 'responsable', 'responsabile', 'eigenaar'],
}

function squeezed(head: string): string {
  const folded = head.toLowerCase().replaceAll('ß', 'ss').replaceAll('ä', 'ae').replaceAll('ö', 'oe').replaceAll('ü', 'ue')
  return folded.normalize('NFKD').replaceAll(/[^a-z0-9]/g, '')
}

/** Rows that may stand above the column names: a title, a date. */
const TITLE_ROWS_MAX = 10

/** The head row and its columns as far as they are recognised; the row in which most are. */
export function guessColumns(rows: Rows, places: readonly RowPlace[] = []): Pick<ColumnMap, 'columns' | 'headRow'> {
  let best: Pick<ColumnMap, 'columns' | 'headRow'> = { columns: {}, headRow: 1 }
  let first = 0
  rows.forEach((row, i) => {
    // Each sheet has titles of its own: a workbook may begin with a cover.
    if (places[i]?.sheet !== places[first]?.sheet) first = i
    if (i - first >= TITLE_ROWS_MAX) return
    const columns = columnsIn(row)
    if (Object.keys(columns).length > Object.keys(best.columns).length) best = { columns, headRow: i + 1 }
  })
  return best
}

/** By field in their order, the better word first: `Asset Tag` before `Tag`. */
function columnsIn(head: readonly string[]): Readonly<Partial<Record<ListField, string>>> {
  const heads = head.map(squeezed)
  const taken = new Set<number>()
  const columns: Partial<Record<ListField, string>> = {}
  for (const field of LIST_FIELDS) {
    const words = HEADS[field]
    const at = words.map((word) => heads.findIndex((cell, i) => cell === word && !taken.has(i))).find((i) => i >= 0)
    if (at === undefined) continue
    taken.add(at)
    columns[field] = head[at]
  }
  return columns
}

export interface ListReading {
  readonly devices: readonly ListedDevice[]
  /** By index of the row in the file's rows; for writing the same rows out again. */
  readonly byRow: ReadonlyMap<number, ListedDevice>
  readonly head: readonly string[]
  readonly problems: readonly string[]
}

/** A column that the profile names and the list has not is an error, for half a list would look like missing devices. */
export function readListRows(rows: Rows, map: ColumnMap, name: string, places: readonly RowPlace[] = []): Result<ListReading> {
  const head = rows[map.headRow - 1] ?? []
  const problems: string[] = []
  const columns = placesIn(head, map, problems)
  if (typeof columns === 'string') return err(columns)
  const retired = new Set((map.retired.length > 0 ? map.retired : RETIRED_WORDS).map((word) => word.toLowerCase()))
  const byRow = new Map<number, ListedDevice>()
  const sheets = sheetsOf(rows, columns, { map, places, problems })
  rows.forEach((row, i) => {
    const { sheet, row: number } = places[i] ?? { sheet: 1, row: i + 1 }
    const own = sheets.get(sheet)
    if (own === undefined || i <= own.head) return
    const texts: ListedTexts = Object.fromEntries([...own.columns].map(([field, at]) => [field, row[at] ?? '']))
    const device = listedOf(texts, `${name} ${sheets.size > 1 || sheet > 1 ? `sheet ${sheet} ` : ''}row ${number}`, retired, problems)
    if (device) byRow.set(i, device)
  })
  return ok({ devices: [...byRow.values()], byRow, head, problems })
}

type Columns = ReadonlyMap<ListField, number>

/** Where each column stands, by its name without the blanks and line ends that programs put into it; or what is missing, in words. */
function placesIn(head: readonly string[], map: ColumnMap, problems: string[]): Columns | string {
  const names = head.map(bareHead)
  const columns = new Map<ListField, number>()
  for (const field of LIST_FIELDS) {
    const column = map.columns[field]
    if (column === undefined) continue
    const at = names.indexOf(bareHead(column))
    if (at < 0) return `the list has no column "${column}" (${field}); its columns are: ${head.join(', ')}`
    if (names.includes(bareHead(column), at + 1)) problems.push(`the list has several columns "${bareHead(column)}" (${field}); the first is read`)
    columns.set(field, at)
  }
  return columns
}

function bareHead(head: string): string {
  return head.replaceAll(/[\s\ufeff]+/gu, ' ').trim()
}

interface SheetHead {
  readonly head: number
  readonly columns: Columns
}

/** The sheet of the head row, and further ones with the same columns below titles of their own; others hold no list and are told. */
function sheetsOf(
  rows: Rows, columns: Columns, { map, places, problems }: { readonly map: ColumnMap; readonly places: readonly RowPlace[]; readonly problems: string[] },
): ReadonlyMap<number, SheetHead> {
  const sheetOf = (i: number): number => places[i]?.sheet ?? 1
  const sheets = new Map<number, SheetHead>([[sheetOf(map.headRow - 1), { head: map.headRow - 1, columns }]])
  const firsts = rows.flatMap((_, i) => (i > 0 && sheetOf(i) === sheetOf(i - 1) ? [] : [i]))
  for (const first of firsts) {
    if (sheets.has(sheetOf(first))) continue
    const candidates = Array.from({ length: TITLE_ROWS_MAX }, (_, k) => first + k).filter((i) => i < rows.length && sheetOf(i) === sheetOf(first))
    const head = candidates.find((i) => typeof placesIn(rows[i] ?? [], map, []) !== 'string')
    const found = head === undefined ? '' : placesIn(rows[head] ?? [], map, problems)
    if (head !== undefined && typeof found !== 'string') sheets.set(sheetOf(first), { head, columns: found })
    else problems.push(`sheet ${sheetOf(first)} has other columns and was left out`)
  }
  return sheets
}
