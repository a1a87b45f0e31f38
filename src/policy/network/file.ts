// The network file as a checked model: devices with the names of their texts, and the wires between them. No text is read here.
// Keeps the rule that one run shows all that is wrong, each with line, message and help.

import type { Diagnostic } from '../../base/diagnostic.ts'
import { ipValue, parseIp, parsePrefix, type IpVersion, type Prefix } from '../../base/ip.ts'
import { positionOf, type Position, type TreeNode } from '../../base/tree.ts'
import { createReader, hasErrors, quote, readFlag, readList, readMap, readName, readText, report, type TreeReader } from '../../base/tree-reader.ts'
import { ADDRESS_KEYS, DEVICE_KEYS, LINK_KEYS, NETWORK_KEYS, TABLE_KEYS } from './keys.ts'

/** Routers and firewalls on the ways between wards and the edge; a university hospital has some hundred. */
export const DEVICES_MAX = 512
/** A large hospital has some hundred VLANs. */
export const LINKS_MAX = 2048
/** Interfaces of one wire, addresses and files of one device. */
export const ITEMS_MAX = 256

export interface FileName {
  readonly name: string
  readonly at: Position
}

export interface WrittenAddress {
  readonly iface: string
  readonly version: IpVersion
  readonly value: bigint
  readonly length: number
}

export interface WrittenDevice {
  readonly name: string
  readonly config: FileName | null
  readonly target: string | null
  readonly routes: readonly FileName[]
  readonly tables: readonly { readonly table: string; readonly routes: FileName }[]
  readonly rules: FileName | null
  readonly rules6: FileName | null
  readonly addresses: readonly WrittenAddress[]
  readonly disregard: readonly string[]
  readonly at: Position
}

export interface WrittenLink {
  readonly name: string
  readonly attached: readonly { readonly device: string; readonly iface: string; readonly at: Position }[]
  /** null: the blocks of the attached interfaces. */
  readonly prefixes: readonly Prefix[] | null
  readonly zone: string | null
  readonly internet: boolean
  readonly gateways: readonly { readonly device: string; readonly at: Position }[] | null
  readonly at: Position
}

export interface NetworkFile {
  readonly name: string
  readonly devices: readonly WrittenDevice[]
  readonly links: readonly WrittenLink[]
}

/** Whether a file is meant to be a network: it has the keys that no policy has. */
export function isNetworkTree(tree: TreeNode): boolean {
  return tree.kind === 'map' && tree.entries.some(({ key }) => key === 'network' || key === 'devices')
}

export function parseNetwork(tree: TreeNode): { readonly network: NetworkFile | null; readonly diagnostics: readonly Diagnostic[] } {
  const reader = createReader('network')
  const fields = readMap(reader, tree, 'the network file', NETWORK_KEYS)
  if (fields === null) return { network: null, diagnostics: reader.diagnostics }
  const name = readName(reader, fields.get('network'), '"network"')
  readText(reader, fields.get('description'), '"description"')
  const devices = readList(reader, fields.get('devices'), '"devices"', DEVICES_MAX).flatMap((node) => readDevice(reader, node) ?? [])
  const links = readList(reader, fields.get('links'), '"links"', LINKS_MAX).flatMap((node) => readLink(reader, node) ?? [])
  checkNames(reader, 'device', devices)
  checkNames(reader, 'link', links)
  checkAttached(reader, devices, links)
  const bad = name === null || hasErrors(reader.diagnostics)
  return { network: bad ? null : { name, devices, links }, diagnostics: reader.diagnostics }
}

function readDevice(reader: TreeReader, node: TreeNode): WrittenDevice | null {
  const fields = readMap(reader, node, 'a device', DEVICE_KEYS)
  if (fields === null) return null
  const name = readName(reader, fields.get('name'), '"name" of a device')
  const what = `device ${name ?? ''}`
  readText(reader, fields.get('description'), `"description" of ${what}`)
  const file = (key: string): FileName | null => readFile(reader, fields.get(key), `"${key}" of ${what}`)
  const list = (key: string): readonly TreeNode[] => readList(reader, fields.get(key), `"${key}" of ${what}`, ITEMS_MAX, true)
  const device = {
    config: file('config'), target: readText(reader, fields.get('target'), `"target" of ${what}`),
    routes: list('routes').flatMap((item) => readFile(reader, item, `"routes" of ${what}`) ?? []),
    tables: list('tables').flatMap((item) => readTable(reader, item, what) ?? []),
    rules: file('rules'), rules6: file('rules6'),
    addresses: list('addresses').flatMap((item) => readAddress(reader, item, what) ?? []),
    disregard: list('disregard').flatMap((item) => readText(reader, item, `"disregard" of ${what}`) ?? []),
    at: positionOf(node),
  }
  return name === null ? null : { name, ...device }
}

function readFile(reader: TreeReader, node: TreeNode | undefined, what: string): FileName | null {
  const name = readText(reader, node, what)
  return name === null || node === undefined ? null : { name, at: positionOf(node) }
}

function readTable(reader: TreeReader, node: TreeNode, what: string): WrittenDevice['tables'][number] | null {
  const fields = readMap(reader, node, `a table of ${what}`, TABLE_KEYS)
  if (fields === null) return null
  const table = readText(reader, fields.get('name'), `"name" of a table of ${what}`)
  const routes = readFile(reader, fields.get('routes'), `"routes" of a table of ${what}`)
  return table === null || routes === null ? null : { table, routes }
}

function readAddress(reader: TreeReader, node: TreeNode, what: string): WrittenAddress | null {
  const fields = readMap(reader, node, `an address of ${what}`, ADDRESS_KEYS)
  if (fields === null) return null
  const iface = readText(reader, fields.get('interface'), `"interface" of an address of ${what}`)
  const text = readText(reader, fields.get('address'), `"address" of ${what}`)
  if (iface === null || text === null) return null
  const [ipText = '', lengthText = ''] = text.split('/')
  const ip = parseIp(ipText)
  const block = ip.ok ? blockOf(ip.value, lengthText) : null
  if (ip.ok && block !== null) return { iface, version: block.version, value: ipValue(ip.value), length: block.length }
  report(reader, fields.get('address') ?? node, 'bad-address', `${what} has the address ${quote(text)}, which is none with a length`,
    'Write the address and the length of its block, e.g. 10.20.3.1/24.')
  return null
}

/** The block around an address: parsePrefix takes blocks only, so the address is cut to its length first. */
function blockOf(ip: string, lengthText: string): Prefix | null {
  const whole = parsePrefix(ip)
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : -1
  return whole.ok && length >= 0 && length <= whole.value.length ? { ...whole.value, length } : null
}

function readLink(reader: TreeReader, node: TreeNode): WrittenLink | null {
  const fields = readMap(reader, node, 'a link', LINK_KEYS)
  if (fields === null) return null
  const name = readName(reader, fields.get('name'), '"name" of a link')
  const what = `link ${name ?? ''}`
  readText(reader, fields.get('description'), `"description" of ${what}`)
  const list = (key: string): readonly TreeNode[] => readList(reader, fields.get(key), `"${key}" of ${what}`, ITEMS_MAX, true)
  const link = {
    attached: list('attached').flatMap((item) => readEnd(reader, item, what) ?? []),
    prefixes: fields.get('prefixes') === undefined ? null : list('prefixes').flatMap((item) => readBlock(reader, item, what) ?? []),
    zone: readName(reader, fields.get('zone'), `"zone" of ${what}`),
    internet: readFlag(reader, fields.get('internet'), `"internet" of ${what}`) ?? false,
    gateways: fields.get('gateways') === undefined ? null : list('gateways').flatMap((item) => {
      const device = readName(reader, item, `a gateway of ${what}`)
      return device === null ? [] : [{ device, at: positionOf(item) }]
    }),
    at: positionOf(node),
  }
  return name === null ? null : { name, ...link }
}

/** `ward-router/eth0`: interface names hold dots, colons and slashes of their own, device names do not. */
function readEnd(reader: TreeReader, node: TreeNode, what: string): WrittenLink['attached'][number] | null {
  const text = readText(reader, node, `"attached" of ${what}`)
  if (text === null) return null
  const cut = text.indexOf('/')
  if (cut > 0 && cut < text.length - 1) return { device: text.slice(0, cut), iface: text.slice(cut + 1), at: positionOf(node) }
  report(reader, node, 'bad-end', `${what} has ${quote(text)} attached, which names no device and interface`, 'Write device/interface, e.g. ward-router/eth0.')
  return null
}

function readBlock(reader: TreeReader, node: TreeNode, what: string): Prefix | null {
  const text = readText(reader, node, `"prefixes" of ${what}`)
  if (text === null) return null
  const prefix = parsePrefix(text)
  if (prefix.ok) return prefix.value
  report(reader, node, 'bad-prefix', prefix.error, 'Write an address block such as 10.20.3.0/24.')
  return null
}

function checkNames(reader: TreeReader, what: string, items: readonly { readonly name: string; readonly at: Position }[]): void {
  const seen = new Map<string, Position>()
  for (const { name, at } of items) {
    const first = seen.get(name)
    if (first === undefined) seen.set(name, at)
    else report(reader, at, 'duplicate-name', `two ${what}s are called ${quote(name)}`, `Rename one; the first is on line ${first.line}.`)
  }
}

/** Devices must exist, and an interface is on one wire only. */
function checkAttached(reader: TreeReader, devices: readonly WrittenDevice[], links: readonly WrittenLink[]): void {
  const names = devices.map((device) => device.name)
  const on = new Map<string, string>()
  for (const link of links) {
    for (const { device, iface, at } of link.attached) {
      const key = `${device}/${iface}`
      if (!names.includes(device)) report(reader, at, 'unknown-device', `link ${link.name} names the device ${quote(device)}, which is not in the file`,
        `The devices are: ${names.join(', ')}.`)
      else if (on.has(key)) report(reader, at, 'attached-twice', `${key} is on link ${on.get(key) ?? ''} and on link ${link.name}`,
        'An interface is on one wire: take it out of one of them.')
      on.set(key, link.name)
    }
    for (const { device, at } of link.gateways ?? []) {
      if (!link.attached.some((end) => end.device === device)) report(reader, at, 'unknown-gateway',
        `link ${link.name} has the gateway ${quote(device)}, which is not attached to it`, 'Name a device of "attached".')
    }
  }
}
