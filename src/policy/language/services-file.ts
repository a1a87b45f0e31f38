// Services of a policy file: names for transports and ports beyond the built-in ones.
// Keeps the rule "nothing widens in silence": a TCP or UDP service without ports is an error, every port must be asked for.

import { EVERY_PORT, normalisePortRanges, type PortRange } from '../../base/port-range.ts'
import { positionOf, type Position, type TreeNode } from '../../base/tree.ts'
import { readChoice, readList, readMap, readName, readPortRange, readText, report, type TreeReader } from '../../base/tree-reader.ts'
import { SERVICE_KEYS } from './keys.ts'
import { TRANSPORTS, type PolicyTransport, type Service } from './model.ts'
import { builtInService, hasPorts } from './services.ts'

/** The IANA registry has about 6000 named TCP ports; a site names dozens. */
export const SERVICES_MAX = 2048
/** nftables and ASA take more, but a service with more ranges is not a service. */
const RANGES_PER_SERVICE_MAX = 256

/** A service as written; `service` is null when it cannot be used, `name` is kept for references. */
export interface ParsedService {
  readonly service: Service | null
  readonly name: string | null
  readonly nameAt: Position
}

/** Reads `services:`; every mistake goes to the reader. */
export function parseServices(reader: TreeReader, node: TreeNode | undefined): readonly ParsedService[] {
  return readList(reader, node, '"services"', SERVICES_MAX).map((item) => parseService(reader, item))
}

function parseService(reader: TreeReader, node: TreeNode): ParsedService {
  const fields = readMap(reader, node, 'a service', SERVICE_KEYS)
  if (fields === null) return { service: null, name: null, nameAt: positionOf(node) }
  const name = readName(reader, fields.get('name'), '"name" of a service')
  const nameAt = positionOf(fields.get('name') ?? node)
  const what = name === null ? 'a service' : `service ${name}`
  if (name !== null && builtInService(name) !== null) {
    const help = `Use the built-in one, or choose another name such as "${name}-local".`
    report(reader, nameAt, 'reserved-name', `${what} is built in`, help)
  }
  const transports = readTransports(reader, fields.get('transport'), what)
  const ports = readPorts(reader, fields.get('ports'), what)
  const usable = transports !== null && checkPorts(reader, node, fields.get('ports'), transports, what)
  const protocol = readName(reader, fields.get('protocol'), `"protocol" of ${what}`)
  const description = readText(reader, fields.get('description'), `"description" of ${what}`)
  if (name === null || transports === null || ports === null || !usable) return { service: null, name, nameAt }
  const at = positionOf(node)
  return { name, nameAt, service: { name, transports, ports: normalisePortRanges(ports), protocol, description, builtIn: false, at } }
}

/** Null when missing or any is wrong: a service must not silently cover less or more than was written. */
function readTransports(reader: TreeReader, node: TreeNode | undefined, what: string): readonly PolicyTransport[] | null {
  const items = readList(reader, node, `"transport" of ${what}`, TRANSPORTS.length, true)
  const transports = items.map((item) => readChoice(reader, item, `"transport" of ${what}`, TRANSPORTS))
  if (node?.kind === 'list' && items.length === 0) {
    report(reader, node, 'empty-list', `"transport" of ${what} is empty`, `Write one or more of ${TRANSPORTS.join(', ')}.`)
  }
  const good = transports.filter((t) => t !== null)
  return good.length === 0 || good.length < transports.length ? null : [...new Set(good)]
}

function checkPorts(
  reader: TreeReader, at: TreeNode, ports: TreeNode | undefined, transports: readonly PolicyTransport[], what: string,
): boolean {
  const portless = transports.filter((t) => !hasPorts(t))
  if (ports === undefined) {
    if (portless.length === transports.length) return true
    const help = 'List them, e.g. "ports: [515-520]"; write "ports: any" if every port is meant.'
    report(reader, at, 'missing-key', `${what} has no "ports"`, help)
    return false
  }
  if (portless.length === 0) return true
  const help = `Delete "ports", or define a service of its own for ${portless.join(' and ')}.`
  report(reader, ports, 'ports-without-transport', `${what} has ports, but ${portless.join(' and ')} has none`, help)
  return false
}

/** Null when any is wrong. */
function readPorts(reader: TreeReader, node: TreeNode | undefined, what: string): readonly PortRange[] | null {
  if (node === undefined) return []
  if (node.kind === 'scalar' && node.text === 'any') return [EVERY_PORT]
  const items = readList(reader, node, `"ports" of ${what}`, RANGES_PER_SERVICE_MAX, true)
  if (node.kind === 'list' && items.length === 0) {
    report(reader, node, 'empty-list', `"ports" of ${what} is empty, so it covers nothing`, 'List ports, or write "ports: any".')
  }
  const ranges = items.map((item) => readPortRange(reader, item, what))
  const good = ranges.filter((range) => range !== null)
  return good.length === 0 || good.length < ranges.length ? null : good
}
