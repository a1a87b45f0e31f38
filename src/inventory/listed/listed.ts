// Listed: a device as the hospital's own list has it (CMMS, NetBox), in one shape whatever the list's columns are called.
// Keeps the list's words as they stand: what is no address is no address, and the row can be found again.

import { parseIp, type Ip } from '../../base/ip.ts'
import { formatMac, isGroupMac, parseMac, type Mac } from '../../base/mac.ts'
import { shortId } from '../../base/short-id.ts'

/** What a column of a list may mean. */
export const LIST_FIELDS = [
  'tag', 'serial', 'vendor', 'model', 'description', 'location', 'status', 'ip', 'mac', 'host-name', 'owner',
] as const
export type ListField = (typeof LIST_FIELDS)[number]

export const LIST_STATUSES = ['active', 'retired'] as const
export type ListStatus = (typeof LIST_STATUSES)[number]

export interface ListedDevice {
  /** Stable while its tag, serial or first address is: a hash of them. */
  readonly id: string
  /** `ward.csv row 12`: where to look it up. */
  readonly where: string
  readonly tag: string | null
  readonly serial: string | null
  readonly vendor: string | null
  readonly model: string | null
  readonly description: string | null
  readonly location: string | null
  readonly hostName: string | null
  readonly owner: string | null
  readonly status: ListStatus
  /** The list's own word for it, or null. */
  readonly statusText: string | null
  readonly ips: readonly Ip[]
  readonly macs: readonly Mac[]
}

/** Longest text of a cell that is kept. */
export const CELL_TEXT_MAX = 400
/** Addresses of one device; a cell may hold several, separated by blanks, commas, semicolons or bars. */
const ADDRESSES_MAX = 32

export type ListedTexts = Readonly<Partial<Record<ListField, string>>>

/** A row's texts as a device; `problems` take what looks like an address and is none. Null when nothing in the row names a device. */
export function listedOf(texts: ListedTexts, where: string, retiredWords: ReadonlySet<string>, problems: string[]): ListedDevice | null {
  const text = (field: ListField): string | null => tidy(texts[field])
  const ips = addresses(text('ip'), where, 'IP', problems, (word) => {
    const parsed = parseIp(word.split('/')[0] ?? '')
    return parsed.ok ? parsed.value : null
  })
  const macs = addresses(text('mac'), where, 'MAC', problems, (word) => {
    const mac = parseMac(word)
    return mac === null || mac === 0 || isGroupMac(mac) ? null : formatMac(mac)
  })
  const tag = text('tag')
  const serial = text('serial')
  const hostName = text('host-name')
  const names = [tag, serial, hostName, ...macs, ...ips].filter((name) => name !== null)
  if (names.length === 0 && text('model') === null) return null
  const statusText = text('status')
  return {
    id: shortId('l', names[0] === undefined ? where : tag ?? '', serial ?? '', ...(tag ?? serial ? [] : names)), where, tag, serial,
    vendor: text('vendor'), model: text('model'), description: text('description'), location: text('location'), hostName, owner: text('owner'),
    status: statusText !== null && isRetired(statusText, retiredWords) ? 'retired' : 'active', statusText, ips, macs,
  }
}

/** The word itself, or with a day or number behind it: `Ausgemustert (12.03.2024)`, `Retired 2021`, `disposed on 3/4/22`. Other words change its meaning. */
function isRetired(status: string, words: ReadonlySet<string>): boolean {
  const text = status.toLowerCase()
  return words.has(text) || words.has(text.replace(/[\s:,(-]+(?:(?:on|since|in|am|seit|im|le|el|il|op)\s+)?[^\p{L}]*\d[^\p{L}]*$/u, '').trim())
}

/** What lists write for "nothing". */
const NOTHING = new Set([
  '', '-', '--', '---', 'n/a', 'na', '#n/a', '#ref!', '#value!', '#name?', '#null!', '#div/0!', 'none', 'null', 'nil', 'nan', 'unknown', 'unbekannt', 'inconnu',
  'keine', 'kein', 'tbd', '0', '0.0.0.0', '?', '??',
])

function tidy(value: string | undefined): string | null {
  // A line end in a cell is a blank in a table.
  const text = (value ?? '').replaceAll(/\s+/gu, ' ').trim().slice(0, CELL_TEXT_MAX)
  return NOTHING.has(text.toLowerCase()) ? null : text
}

function addresses<T extends string>(
  text: string | null, where: string, what: string, problems: string[], parse: (word: string) => T | null,
): readonly T[] {
  if (text === null) return []
  const found = new Set<T>()
  for (const word of text.split(/[\s,;|]+/, ADDRESSES_MAX)) {
    if (NOTHING.has(word.toLowerCase()) || word.toLowerCase() === 'dhcp') continue
    const parsed = parse(word)
    if (parsed === null) problems.push(`${where}: "${word.slice(0, 40)}" is no ${what} address`)
    else found.add(parsed)
  }
  return [...found]
}

/** Words for devices that should not be here any more: English, German, French, Spanish, Italian, Dutch, and NetBox's. */
export const RETIRED_WORDS: readonly string[] = [
  'retired', 'disposed', 'scrapped', 'decommissioned', 'decommissioning', 'out of service', 'removed', 'sold', 'returned', 'inactive', 'obsolete',
  'ausgemustert', 'ausgesondert', 'stillgelegt', 'verschrottet', 'außer betrieb', 'inaktiv', 'réformé', 'hors service', 'mis au rebut',
  'retirado', 'baja', 'dado de baja', 'dismesso', 'fuori servizio', 'buiten gebruik', 'afgevoerd',
]
