// Flow tables in CSV, as MUDgee counts them beside the profiles it writes, become observed traffic of one device.
// Keeps "nothing is dropped in silence": rows that are not about IP, never seen, or of another device are counted, bad ones said with their line.

import { parseIp, parsePrefix, ipValue, ipVersion, type IpVersion } from '../../base/ip.ts'
import type { PortRange } from '../../base/port-range.ts'
import type { Diagnostic } from '../../base/diagnostic.ts'
import type { MudTraffic } from './cover.ts'
import type { MudDirection, MudPeer } from './model.ts'

export interface ObservedFlow extends MudTraffic {
  readonly packets: number
  /** 1-based line of the table; 0 for flows of a capture. */
  readonly line: number
}

export interface FlowTable {
  /** In file order, seen at least once. */
  readonly flows: readonly ObservedFlow[]
  /** Rows of traffic that is not IP, rows never seen, rows of other devices. */
  readonly notIp: number
  readonly unseen: number
  readonly others: number
  readonly diagnostics: readonly Diagnostic[]
}

/** A month of one device has some hundred rows; a table of a house some ten thousand. */
const ROWS_MAX = 200_000
const PROBLEMS_MAX = 50
const COLUMNS = ['srcMac', 'dstMac', 'ethType', 'srcIp', 'dstIp', 'ipProto', 'srcPort', 'dstPort'] as const

type Row = ReadonlyMap<string, string>

class BadCell extends Error {}

/** `device` is the hardware address of the device, or null when the table writes `<deviceMac>`. Never throws. */
export function readFlowTable(text: string, file: string, device: string | null): FlowTable {
  const lines = text.split(/\r?\n/)
  const columns = (lines[0] ?? '').split(',').map((cell) => cell.trim())
  const missing = COLUMNS.filter((name) => !columns.includes(name))
  if (missing.length > 0) {
    const help = `The first line names the columns: ${COLUMNS.join(', ')}, packetCount.`
    return empty([diagnostic(file, 1, 'columns', `the table has no column ${missing.join(', ')}`, help)])
  }
  const counts = { notIp: 0, unseen: 0, others: 0 }
  const flows: ObservedFlow[] = []
  const diagnostics: Diagnostic[] = []
  for (const [index, line] of lines.slice(1, ROWS_MAX + 1).entries()) {
    if (line.trim() === '') continue
    const cells = line.split(',').map((cell) => cell.trim())
    const row: Row = new Map(columns.map((name, i) => [name, cells[i] ?? '']))
    try {
      const flow = flowOf(row, index + 2, device?.toLowerCase() ?? '<devicemac>')
      if (typeof flow === 'string') counts[flow]++
      else flows.push(flow)
    } catch (error) {
      if (!(error instanceof BadCell)) throw error
      if (diagnostics.length < PROBLEMS_MAX) {
        diagnostics.push(diagnostic(file, index + 2, 'row', error.message, 'The row is left out. "*" stands for any.'))
      }
    }
  }
  if (lines.length > ROWS_MAX + 1) {
    diagnostics.push(diagnostic(file, ROWS_MAX + 2, 'rows', `the table has more than ${ROWS_MAX} rows`, 'The later ones are not read; split it.'))
  }
  return { flows, ...counts, diagnostics }
}

function empty(diagnostics: readonly Diagnostic[]): FlowTable {
  return { flows: [], notIp: 0, unseen: 0, others: 0, diagnostics }
}

function diagnostic(file: string, line: number, code: string, message: string, help: string): Diagnostic {
  return { severity: 'error', code: `mud-flows/${code}`, file, line, column: 1, message, help }
}

const FAMILIES: Readonly<Record<number, IpVersion>> = { 0x0800: 4, 0x86dd: 6 }

/** A flow, or why the row is none. */
function flowOf(row: Row, line: number, device: string): ObservedFlow | 'notIp' | 'unseen' | 'others' {
  const direction = directionOf(row, device)
  if (direction === null) return 'others'
  const ethType = numberOf(row, 'ethType', 0xffff)
  const family = ethType === null ? null : FAMILIES[ethType] ?? null
  if (ethType !== null && family === null) return 'notIp'
  const packets = row.get('packetCount') === undefined ? 1 : numberOf(row, 'packetCount', Number.MAX_SAFE_INTEGER) ?? 0
  if (packets === 0) return 'unseen'
  const [own, other] = direction === 'from-device' ? ['src', 'dst'] as const : ['dst', 'src'] as const
  const type = numberOf(row, 'icmpType', 255)
  return {
    direction, family, packets, line, opens: null, protocol: numberOf(row, 'ipProto', 255), peers: peerOf(row.get(`${other}Ip`) ?? ''),
    devicePorts: portOf(row, `${own}Port`), peerPorts: portOf(row, `${other}Port`),
    icmp: type === null ? null : { type, code: numberOf(row, 'icmpCode', 255) },
  }
}

function directionOf(row: Row, device: string): MudDirection | null {
  if (row.get('srcMac')?.toLowerCase() === device) return 'from-device'
  return row.get('dstMac')?.toLowerCase() === device ? 'to-device' : null
}

function numberOf(row: Row, column: string, max: number): number | null {
  const text = row.get(column) ?? ''
  if (text === '*' || text === '') return null
  const value = /^(?:0x[0-9a-f]{1,8}|\d{1,16})$/i.test(text) ? Number(text) : Number.NaN
  if (!(value <= max)) throw new BadCell(`${column} is no number up to ${max}`)
  return value
}

function portOf(row: Row, column: string): readonly PortRange[] | null {
  const port = numberOf(row, column, 65_535)
  return port === null ? null : [{ low: port, high: port }]
}

const NAME = /^(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$/

function peerOf(text: string): readonly MudPeer[] {
  if (text === '*' || text === '') return []
  const ip = parseIp(text)
  if (ip.ok) {
    const version = ipVersion(ip.value)
    return [{ kind: 'prefix', prefix: { version, network: ipValue(ip.value), length: version === 4 ? 32 : 128 } }]
  }
  const prefix = parsePrefix(text)
  if (prefix.ok) return [{ kind: 'prefix', prefix: prefix.value }]
  // Several names of one address stand side by side: all of them are true of it.
  const names = text.toLowerCase().split('|')
  if (!names.every((name) => NAME.test(name))) throw new BadCell('an end is neither an address nor a name')
  return names.map((name) => ({ kind: 'name', name }))
}
