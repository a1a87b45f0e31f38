// Translation: which rows of a device a packet is asked of at which stage, and what each makes of an address. Said once, for both engines.
// Keeps "unmodelled means anything": an address that no text gives is every address, with the line to blame.

import type { IpVersion } from '../../base/ip.ts'
import type { Field, NatRule, ValueRange } from '../rules/model.ts'
import type { Blame, Device } from './model.ts'

export type Stage = 'destination' | 'source'

/** What a row does: the fields it overwrites, and what is not known of it. */
export interface Rewrite {
  readonly writes: readonly { readonly field: Field; readonly ranges: readonly ValueRange[] }[]
  readonly because: readonly Blame[]
}

/** Rows that look at a packet before routing (destination) or after it (source), in order. `own`: it is the device's own packet. */
export function rowsAt(device: Device, stage: Stage, own: boolean, version: IpVersion): readonly NatRule[] {
  return device.config.nat.filter((row) => {
    if (stageOf(row) !== stage && !(row.kind === 'none' && row.stage === undefined)) return false
    if (stage === 'destination' && (row.packets === 'own') !== own) return false
    return familyOf(row) === null || familyOf(row) === version
  })
}

function stageOf(row: NatRule): Stage {
  return row.stage ?? (row.kind === 'destination' ? 'destination' : 'source')
}

/** IPv4 addresses are below 2^32, and no text translates to the lowest IPv6 ones. */
function familyOf(row: NatRule): IpVersion | null {
  if (row.family !== undefined && row.family !== null) return row.family
  if (row.address === null) return null
  return row.address.high < 1n << 32n ? 4 : 6
}

/** Why a matching row is not certain to be taken. */
export function rowBlame(device: Device, row: NatRule): readonly Blame[] {
  const vague = row.match.unknown.map((why): Blame => ({ device: device.name, ...why }))
  if (row.kind !== 'none' || row.stage !== undefined) return vague
  return [...vague, { device: device.name, line: row.line, text: row.text, reason: 'not said whether it keeps the source or the destination' }]
}

export function rewriteOf(device: Device, row: NatRule, stage: Stage, iface: number | null, version: IpVersion): Rewrite {
  if (row.kind === 'none') return { writes: [], because: [] }
  const [address, port]: readonly Field[] = stage === 'destination' ? ['dst', 'dport'] : ['src', 'sport']
  const { ranges, because } = addressRanges(device, row, iface, version)
  const writes = [
    ...(ranges === null ? [] : [{ field: address as Field, ranges }]),
    ...(row.port === null ? [] : [{ field: port as Field, ranges: [row.port] }]),
  ]
  return { writes, because }
}

function addressRanges(
  device: Device, row: NatRule, iface: number | null, version: IpVersion,
): { readonly ranges: readonly ValueRange[] | null; readonly because: readonly Blame[] } {
  if (row.kind === 'masquerade' || row.toSelf === true) {
    const own = (iface === null ? [] : device.interfaces[iface]?.addresses ?? []).filter((a) => a.version === version)
    if (own.length > 0) return { ranges: own.map(({ value }) => ({ low: value, high: value })), because: [] }
    return anyAddress(device, row, version, 'no text gives the address of the interface')
  }
  if (row.address !== null) return { ranges: [row.address], because: [] }
  if (row.port !== null) return { ranges: null, because: [] }
  return anyAddress(device, row, version, 'what it becomes is not known')
}

function anyAddress(device: Device, row: NatRule, version: IpVersion, reason: string) {
  const ranges = [{ low: 0n, high: (1n << (version === 4 ? 32n : 128n)) - 1n }]
  return { ranges, because: [{ device: device.name, line: row.line, text: row.text, reason }] }
}
