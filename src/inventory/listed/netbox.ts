// NetBox: devices as its REST API gives them (dcim/devices, dcim/interfaces, ipam/ip-addresses) in and out, as plain JSON.
// Keeps to the fields of those three answers that name a device; what NetBox does not know of ours goes into custom fields.

import { formatMicros } from '../../base/time.ts'
import type { Asset } from '../asset.ts'
import { listedOf, type ListedDevice } from './listed.ts'
import type { ListMatch } from './match.ts'

type Raw = Readonly<Record<string, unknown>>

/** Devices of one file; NetBox pages have at most 1000, and a hospital's export is joined from them. */
const DEVICES_MAX = 100_000

const RETIRED: ReadonlySet<string> = new Set(['decommissioning', 'offline', 'decommissioned', 'retired'])

/** An export in one of three shapes: a list of devices, one API answer with `results`, or `{ devices, interfaces, ip_addresses }`. */
export function readNetbox(body: unknown, name: string, problems: string[]): readonly ListedDevice[] | null {
  const parts = partsOf(body)
  if (!parts) return null
  for (const page of parts.cut) problems.push(`${name} is one page of several: ${page}`)
  const interfaces = byDevice(parts.interfaces, cardsIn)
  const addresses = byDevice(parts.addresses, (a) => [textIn(a, 'address')], 'assigned_object')
  const hosts = byDevice(parts.addresses, (a) => [textIn(a, 'dns_name')], 'assigned_object')
  return parts.devices.slice(0, DEVICES_MAX).flatMap((device, i) => {
    const key = textIn(device, 'name') || textIn(device, 'id')
    const type = rawIn(device, 'device_type')
    // An address is an object in the API, and its text where an export has flattened it.
    const own = ['primary_ip4', 'primary_ip6', 'primary_ip', 'oob_ip'].map((field) => textIn(rawIn(device, field), 'address') || textIn(device, field))
    return listedOf({
      tag: textIn(device, 'asset_tag'), serial: textIn(device, 'serial'),
      vendor: textIn(rawIn(type, 'manufacturer'), 'name') || textIn(type, 'manufacturer') || textIn(device, 'manufacturer'),
      model: textIn(type, 'model') || textIn(device, 'device_type'),
      description: textIn(device, 'description') || nameIn(device, 'role') || nameIn(device, 'device_role'),
      location: [nameIn(device, 'site'), nameIn(device, 'location')].filter((t) => t !== '').join(', '),
      status: textIn(rawIn(device, 'status'), 'value') || textIn(device, 'status'), 'host-name': textIn(device, 'name') || (hosts(device)[0] ?? ''),
      owner: nameIn(device, 'tenant'),
      ip: [...new Set([...own, ...addresses(device)])].filter((t) => t !== '').join(' '),
      mac: interfaces(device).join(' '),
    }, `${name} device ${key === '' ? i + 1 : key}`, RETIRED, problems) ?? []
  })
}

interface Parts {
  readonly devices: readonly Raw[]
  readonly interfaces: readonly Raw[]
  readonly addresses: readonly Raw[]
  /** Answers of which only a part is here, in words. */
  readonly cut: readonly string[]
}

/** GraphQL wraps its answer in `data` and calls lists `device_list`; the REST API gives pages with `count`, `next` and `results`. */
function partsOf(body: unknown): Parts | null {
  if (Array.isArray(body)) return { devices: raws(body), interfaces: [], addresses: [], cut: [] }
  const whole = asRaw(body)
  const raw = rawIn(whole, 'data') ?? whole
  if (!raw) return null
  if (Array.isArray(raw['results'])) return { devices: raws(raw), interfaces: [], addresses: [], cut: cutOf('devices', raw) }
  const [devices, interfaces, addresses] = [raw['devices'] ?? raw['device_list'], raw['interfaces'] ?? raw['interface_list'],
    raw['ip_addresses'] ?? raw['ip_address_list']]
  if (devices === undefined) return null
  const cut = [...cutOf('devices', devices), ...cutOf('interfaces', interfaces), ...cutOf('ip_addresses', addresses)]
  return { devices: raws(devices), interfaces: raws(interfaces), addresses: raws(addresses), cut }
}

function cutOf(what: string, list: unknown): readonly string[] {
  const page = asRaw(list)
  const [have, count] = [raws(list).length, Number(page?.['count'])]
  return page !== null && (count > have || typeof page['next'] === 'string') ? [`${have} of ${count} ${what}; export with limit=0, or join the pages`] : []
}

/** One card until NetBox 4.1; since then several, of which one may be the primary one. */
function cardsIn(row: Raw): readonly string[] {
  const all = [row, rawIn(row, 'primary_mac_address'), ...raws(row['mac_addresses'])].map((one) => textIn(one, 'mac_address'))
  return [...new Set(all)]
}

/** By id, for two sites may have devices of one name; by name where either side has no id. */
function byDevice(rows: readonly Raw[], texts: (row: Raw) => readonly string[], through?: string): (device: Raw) => readonly string[] {
  const byId = new Map<string, string[]>()
  const byName = new Map<string, string[]>()
  const rowsWithoutId = new Map<string, string[]>()
  for (const row of rows) {
    const device = rawIn(through === undefined ? row : rawIn(row, through), 'device')
    const [id, name] = [textIn(device, 'id'), textIn(device, 'name')]
    const found = texts(row).filter((t) => t !== '')
    if (id === '') put(rowsWithoutId, name, found)
    else put(byId, id, found)
    put(byName, name, found)
  }
  return (device) => {
    const [id, name] = [textIn(device, 'id'), textIn(device, 'name')]
    return id === '' ? byName.get(name) ?? [] : [...new Set([...byId.get(id) ?? [], ...rowsWithoutId.get(name) ?? []])]
  }
}

function put(map: Map<string, string[]>, key: string, texts: readonly string[]): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [...texts])
  else for (const text of texts) known.push(text)
}

function asRaw(value: unknown): Raw | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : null
}

function raws(value: unknown): readonly Raw[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : Array.isArray(asRaw(value)?.['results']) ? (asRaw(value)?.['results'] as unknown[]) : []
  return list.flatMap((item) => {
    const raw = asRaw(item)
    return raw === null ? [] : [raw]
  })
}

function rawIn(raw: Raw | null, field: string): Raw | null {
  return asRaw(raw?.[field])
}

function textIn(raw: Raw | null, field: string): string {
  const value = raw?.[field]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/** A nested object's name, or the text where an export has flattened it. */
function nameIn(raw: Raw, field: string): string {
  return textIn(rawIn(raw, field), 'name') || textIn(raw, field)
}

/** The inventory in NetBox's shape: matched devices under their own names, others as `inventory` items to be looked at. */
export function writeNetbox(assets: readonly Asset[], matches: readonly ListMatch[]): unknown {
  const matched = new Map(matches.map((m) => [m.asset, m]))
  const named = netboxNames(assets.filter((a) => !a.outside), matched)
  return {
    devices: named.map(({ asset, name }) => deviceOf(asset, name, matched.get(asset.id))),
    interfaces: named.flatMap(({ asset, name }) => cardsOf(asset).map(({ mac, label }) => ({
      device: { name }, name: label, type: { value: 'other' }, mac_address: mac === null ? null : mac.toUpperCase(),
    }))),
    ip_addresses: named.flatMap(({ asset, name }) => cardsOf(asset).flatMap(({ label, ips }) => ips.map((ip) => ({
      address: `${ip}/${ip.includes(':') ? 128 : 32}`, status: { value: 'active' }, assigned_object_type: 'dcim.interface',
      assigned_object: { name: label, device: { name } },
    })))),
  }
}

/** NetBox wants one name per device and site: a second bearer gets its id behind it. */
function netboxNames(assets: readonly Asset[], matched: ReadonlyMap<string, ListMatch>): { readonly asset: Asset; readonly name: string }[] {
  const taken = new Set<string>()
  return assets.map((asset) => {
    const wanted = matched.get(asset.id)?.device.hostName ?? asset.label
    const name = taken.has(wanted) ? `${wanted} (${asset.id})` : wanted
    taken.add(name)
    return { asset, name }
  })
}

function deviceOf(asset: Asset, name: string, match: ListMatch | undefined): unknown {
  const claim = (what: string): string | null => asset.claims.find((c) => c.what === what)?.value ?? null
  return {
    name, serial: match?.device.serial ?? claim('serial-number') ?? '', asset_tag: match?.device.tag ?? claim('asset-tag'),
    status: { value: match === undefined ? 'inventory' : match.device.status === 'retired' ? 'decommissioning' : 'active' },
    device_type: { manufacturer: { name: asset.vendor ?? 'unknown' }, model: asset.model ?? 'unknown' },
    role: { name: asset.role.replaceAll('-', ' '), slug: asset.role },
    location: match?.device.location === null || match === undefined ? null : { name: match.device.location },
    primary_ip4: primary(asset, 4), primary_ip6: primary(asset, 6),
    custom_fields: {
      observed_asset: asset.id, observed_level: asset.level, observed_zone: asset.zone,
      observed_first_seen: formatMicros(asset.firstAt), observed_last_seen: formatMicros(asset.lastAt),
    },
  }
}

function primary(asset: Asset, version: 4 | 6): unknown {
  const ip = asset.interfaces.find((i) => i.ip !== null && i.ip.includes(':') === (version === 6))?.ip
  return ip === undefined || ip === null ? null : { address: `${ip}/${version === 6 ? 128 : 32}` }
}

interface Card {
  readonly mac: string | null
  readonly label: string
  readonly ips: readonly string[]
}

/** One interface per card and VLAN; addresses without a card have one between them. */
function cardsOf(asset: Asset): readonly Card[] {
  const cards = new Map<string, { readonly mac: string | null; readonly label: string; readonly ips: string[] }>()
  for (const { mac, ip, vlan } of asset.interfaces) {
    const key = `${mac ?? 'routed'}|${vlan}`
    const card = cards.get(key) ?? { mac, label: mac === null ? 'behind a router' : vlan === 0 ? mac : `${mac} vlan ${vlan}`, ips: [] }
    cards.set(key, card)
    if (ip !== null && !card.ips.includes(ip)) card.ips.push(ip)
  }
  return [...cards.values()]
}
