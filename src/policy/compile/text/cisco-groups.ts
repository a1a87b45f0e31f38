// Objects and object-groups of IOS and ASA: names for addresses, services, ports and protocols, resolved when an entry uses them.
// Keeps "not understood is said": an undefined, empty, cyclic or partly read group is an unknown match, never an empty set.

import { ipValue, ipVersion, parseIp } from '../../../base/ip.ts'
import type { ValueRange } from '../../rules/model.ts'
import { takeSpan } from './cisco-address.ts'
import type { CiscoGroups, GroupDefinition, GroupKind, ServiceTerm } from './cisco-model.ts'
import { protocolValues, takeIcmp, takePorts, takeService } from './cisco-service.ts'
import { Words, type ConfigLine } from './lines.ts'
import { joinRanges } from './ranges.ts'

/** Groups in groups: deeper than any people write (ASA documents no limit), small enough for the stack. */
const DEPTH_MAX = 32
/** Members over all groups that one question may walk; stops groups that double at every level. */
const MEMBERS_MAX = 100_000

interface Walk {
  readonly ranges: { readonly 4: ValueRange[]; readonly 6: ValueRange[]; readonly ports: ValueRange[] }
  readonly terms: ServiceTerm[]
  members: number
  unknown: string | null
}

/** `masks` inside groups are subnet masks on both systems. */
export function ciscoGroups(definitions: ReadonlyMap<string, GroupDefinition>, names: ReadonlyMap<string, string>): CiscoGroups {
  const memo = new Map<string, Walk>()
  const groups: CiscoGroups = {
    network: (name) => {
      const found = walked(name)
      return { ranges: { 4: joinRanges(found.ranges[4]), 6: joinRanges(found.ranges[6]) }, unknown: found.unknown }
    },
    service: (name) => ({ terms: walked(name).terms, unknown: walked(name).unknown }),
    ports: (name) => ({ ranges: joinRanges(walked(name).ranges.ports), unknown: walked(name).unknown }),
    kind: (name) => definitions.get(name)?.kind ?? null,
    nameOf: (word) => names.get(word) ?? word,
  }
  const walked = (name: string): Walk => {
    const known = memo.get(name)
    if (known !== undefined) return known
    const fresh: Walk = { ranges: { 4: [], 6: [], ports: [] }, terms: [], members: 0, unknown: null }
    walkGroup(name, definitions, groups, fresh, [])
    if (fresh.unknown === null && isEmpty(fresh)) fresh.unknown = `group ${name} is empty`
    memo.set(name, fresh)
    return fresh
  }
  return groups
}

function isEmpty(walk: Walk): boolean {
  return walk.ranges[4].length + walk.ranges[6].length + walk.ranges.ports.length + walk.terms.length === 0
}

function walkGroup(
  name: string, definitions: ReadonlyMap<string, GroupDefinition>, groups: CiscoGroups, walk: Walk, path: readonly string[],
): void {
  const definition = definitions.get(name)
  if (definition === undefined) walk.unknown ??= `group ${name} is not defined`
  else if (path.includes(name)
    || path.length >= DEPTH_MAX) walk.unknown ??= `group ${name} holds itself, or is nested deeper than ${DEPTH_MAX}`
  if (definition === undefined || walk.unknown !== null) return
  for (const line of definition.lines) {
    if (++walk.members > MEMBERS_MAX) walk.unknown ??= `group ${name} has more than ${MEMBERS_MAX} members`
    if (walk.unknown !== null) return
    const nested = nestedName(line)
    if (nested !== null) walkGroup(nested, definitions, groups, walk, [...path, name])
    else if (!isQuiet(line)) member(definition, line, groups, walk)
  }
}

/** The group or object a member line points at. */
function nestedName(line: ConfigLine): string | null {
  const [first = '', second = '', third = ''] = line.words.map((word, i) => (i < 2 ? word.toLowerCase() : word))
  if (first === 'group-object') return line.words[1] ?? ''
  const points = (first === 'network-object' || first === 'service-object') && second === 'object'
  return points ? third : null
}

/** Lines of an object that do not change what it covers; NAT under an object is read elsewhere. */
const QUIET = new Set(['description', 'nat'])

function isQuiet(line: ConfigLine): boolean {
  return QUIET.has(line.words[0]?.toLowerCase() ?? '')
}

function member(definition: GroupDefinition, line: ConfigLine, groups: CiscoGroups, walk: Walk): void {
  const words = new Words(line.words)
  const understood = MEMBERS[definition.kind](words, groups, walk, definition)
  if (!understood || !words.done) walk.unknown ??= `line ${line.number} of group ${definition.name} is not understood: ${line.text}`
}

type MemberReader = (words: Words, groups: CiscoGroups, walk: Walk, definition: GroupDefinition) => boolean

const MEMBERS: Readonly<Record<GroupKind, MemberReader>> = {
  network: networkMember,
  service: serviceMember,
  port: portMember,
  protocol: protocolMember,
  'icmp-type': icmpMember,
  other: () => false,
}

function networkMember(words: Words, groups: CiscoGroups, walk: Walk): boolean {
  if (!words.takeIf('network-object')) words.takeIf('subnet')
  if (words.takeIf('any')) {
    walk.ranges[4].push({ low: 0n, high: (1n << 32n) - 1n })
    walk.ranges[6].push({ low: 0n, high: (1n << 128n) - 1n })
    return true
  }
  if (words.takeIf('range')) return addressRange(words, groups, walk)
  const span = takeSpan(words, { masks: 'subnet', groups })
  if (span === null || 'mask' in span.span) return false
  walk.ranges[span.version].push(span.span)
  return true
}

function addressRange(words: Words, groups: CiscoGroups, walk: Walk): boolean {
  const low = parseIp(groups.nameOf(words.take()))
  const high = parseIp(groups.nameOf(words.take()))
  if (!low.ok || !high.ok || ipVersion(low.value) !== ipVersion(high.value) || ipValue(low.value) > ipValue(high.value)) return false
  walk.ranges[ipVersion(low.value)].push({ low: ipValue(low.value), high: ipValue(high.value) })
  return true
}

function serviceMember(words: Words, groups: CiscoGroups, walk: Walk): boolean {
  if (!words.takeIf('service-object')) words.takeIf('service')
  const terms = takeService(words, groups)
  if (terms === null) return false
  walk.terms.push(...terms)
  return true
}

function portMember(words: Words, groups: CiscoGroups, walk: Walk): boolean {
  words.takeIf('port-object')
  const ports = takePorts(words, groups)
  if (ports === null || ports.constraint.kind !== 'ranges') return false
  walk.ranges.ports.push(...ports.constraint.ranges)
  return true
}

function protocolMember(words: Words, _groups: CiscoGroups, walk: Walk): boolean {
  words.takeIf('protocol-object')
  const terms = protocolValues(words.take().toLowerCase(), null)
  if (terms === null) return false
  walk.terms.push(...terms)
  return true
}

function icmpMember(words: Words, _groups: CiscoGroups, walk: Walk): boolean {
  words.takeIf('icmp-object')
  const icmp = takeIcmp(words, 4)
  if (icmp === null) return false
  walk.terms.push({ family: null, fields: icmp })
  return true
}
