// What the tests of the Cisco targets share: packets in a few words, verdicts by the slow twin, and the real files beside the checkout.
// Keeps verdicts honest: a chain is judged packet by packet, by code that no reader uses.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { Chain, Config } from '../../rules/model.ts'
import { packetPoint } from '../../sets/fields.ts'
import type { PacketPoint } from '../../sets/packet-set.ts'
import { walkChain } from '../../sets/walk.ts'

export const FIREWALLS = path.join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'firewalls')
export const firewallsMissing: string | false = fs.existsSync(path.join(FIREWALLS,
  'MANIFEST.tsv')) ? false : '../shared/firewalls is not here'

export function firewallText(name: string): string {
  return fs.readFileSync(path.join(FIREWALLS, name), 'utf8')
}

/** Files of a folder below FIREWALLS whose name ends so; sorted, empty when the folder is absent. */
export function firewallFiles(folder: string, ending = ''): string[] {
  if (firewallsMissing !== false) return []
  return fs.readdirSync(path.join(FIREWALLS, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => path.relative(FIREWALLS, path.join(entry.parentPath, entry.name))).sort()
}

export function address(text: string): bigint {
  const ip = parseIp(text)
  assert.ok(ip.ok, text)
  return ipValue(ip.value)
}

const PROTOCOL: Readonly<Record<string, bigint>> = { tcp: 6n, udp: 17n, icmp: 1n, icmp6: 58n, gre: 47n, ospf: 89n, igmp: 2n }

/** `tcp 10.0.0.1 -> 10.0.0.2:80` with further fields by name. */
export function packet(text: string, more: Partial<PacketPoint> = {}): PacketPoint {
  const [proto = '', src = '', , to = ''] = text.split(' ')
  const v4 = /^([\d.]+):(\d+)$/.exec(to)
  const v6 = /^\[(.*)\]:(\d+)$/.exec(to)
  const dst = v4?.[1] ?? v6?.[1] ?? to
  const dport = BigInt(v4?.[2] ?? v6?.[2] ?? 0)
  return packetPoint({ proto: PROTOCOL[proto] ?? BigInt(proto), src: address(src), dst: address(dst), dport, ...more })
}

export function chainOf(config: Config | null, name: string): Chain {
  const chain = config?.chains.get(name)
  assert.ok(chain, `chain ${name}; there are ${[...(config?.chains.keys() ?? [])].join(', ')}`)
  return chain
}

/** permit, deny or unknown, by the slow twin. */
export function verdict(config: Config | null, name: string, text: string, more: Partial<PacketPoint> = {}): string {
  const source = parseIp(text.split(' ')[1] ?? '')
  assert.ok(source.ok)
  return walkChain(chainOf(config, name), config?.chains ?? new Map(), packet(text, more), ipVersion(source.value)).verdict
}

test('a packet in words is the packet meant', () => {
  const point = packet('tcp 10.0.0.1 -> 10.0.0.2:80', { sport: 7n })
  assert.deepEqual([point.proto, point.src, point.dst, point.dport, point.sport], [6n, 0x0a000001n, 0x0a000002n, 80n, 7n])
  assert.equal(packet('icmp6 fe80::1 -> ff02::2').dst, address('ff02::2'))
  assert.equal(packet('tcp 2001:db8::1 -> [2001:db8::2]:443').dport, 443n)
})
