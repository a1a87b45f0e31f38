// What an ASA asks at each interface: known connections, security levels, the list of the interface, the global list.
// Keeps the order of the device, so that a proof meets the implicit rules that no line of the text shows.

import { ConnState, type Binding, type Chain, type Rule, type UnknownMatch } from '../../rules/model.ts'
import { inValues } from '../text/ranges.ts'

export interface AsaInterface {
  /** `nameif`, or the hardware name. */
  readonly name: string
  /** Without `nameif`, or shut down, an interface passes nothing. */
  readonly named: boolean
  readonly level: number | null
  readonly line: number
}

export interface AccessGroup {
  readonly list: string
  readonly direction: 'in' | 'out' | 'global'
  readonly iface: string | null
  readonly line: number
}

export interface AsaBox {
  readonly interfaces: readonly AsaInterface[]
  readonly accessGroups: readonly AccessGroup[]
  readonly chains: ReadonlyMap<string, Chain>
  readonly sameSecurity: ReadonlySet<string>
  readonly opening: UnknownMatch | null
}

export interface BoundChains {
  readonly chains: readonly Chain[]
  readonly bindings: readonly Binding[]
  readonly undefinedGroups: readonly { readonly line: number; readonly what: string }[]
}

/** `inside` is 100 when nothing is said, all others 0 (ASA general guide, "Security levels"). */
const INSIDE_LEVEL = 100
const OTHER_LEVEL = 0

/** One chain per interface and direction that decides anything; packets of connections that are known pass in front of all lists. */
export function boundChains(box: AsaBox): BoundChains {
  const chains: Chain[] = []
  const bindings: Binding[] = []
  for (const [iface, { name, named }] of box.interfaces.entries()) {
    if (!named) continue
    const inward: Chain = { name: `${name} in`, rules: [...knownConnections(box), ...inwardRules(box, iface)], policy: 'deny' }
    chains.push(inward)
    bindings.push({ hook: 'interface-in', iface, family: null, chain: inward.name })
    const outGroup = box.accessGroups.findLast((group) => group.direction === 'out' && group.iface === name)
    if (outGroup === undefined) continue
    const outward: Chain = { name: `${name} out`, rules: [...knownConnections(box), ...listRules(box, outGroup)], policy: 'deny' }
    chains.push(outward)
    bindings.push({ hook: 'interface-out', iface, family: null, chain: outward.name })
  }
  return { chains, bindings, undefinedGroups: undefinedGroups(box) }
}

function undefinedGroups(box: AsaBox): BoundChains['undefinedGroups'] {
  return box.accessGroups.flatMap(({ list, iface, line }) => {
    if (!box.chains.has(list)) return [{ line, what: `list ${list}` }]
    return iface === null || box.interfaces.some((known) => known.name === iface) ? [] : [{ line, what: `interface ${iface}` }]
  })
}

function knownConnections({ opening }: AsaBox): readonly Rule[] {
  const known = implicit('implicit: packets of known connections', { fields: [['state', inValues(ConnState.established)]], unknown: [] },
    'permit')
  if (opening === null) return [known]
  const related = implicit(`implicit: ${opening.text}`, { fields: [['state', inValues(ConnState.related)]], unknown: [opening] }, 'permit')
  return [known, related]
}

function implicit(text: string, match: Rule['matches'][number], kind: 'permit' | 'deny'): Rule {
  return { line: 0, text, family: null, matches: [match], action: kind === 'permit' ? { kind } : { kind, reject: false } }
}

/** The interface's list, then the global one; without either, security levels decide. */
function inwardRules(box: AsaBox, iface: number): readonly Rule[] {
  const name = box.interfaces[iface]?.name
  const own = box.accessGroups.findLast((group) => group.direction === 'in' && group.iface === name)
  const global = box.accessGroups.findLast((group) => group.direction === 'global')
  const same = sameLevelRules(box, iface)
  if (own === undefined && global === undefined) return [...same, ...levelRules(box, iface)]
  return [...same, ...(own === undefined ? [] : listRules(box, own)), ...(global === undefined ? [] : listRules(box, global))]
}

/** The rules of a bound list; a list that the text does not define may do anything. */
function listRules(box: AsaBox, group: AccessGroup): readonly Rule[] {
  const chain = box.chains.get(group.list)
  if (chain !== undefined) return chain.rules
  const why: UnknownMatch = { text: `access-group ${group.list}`, line: group.line,
    reason: `list ${group.list} is not defined in this text` }
  return [{ line: group.line, text: why.text, family: null, matches: [{ fields: [], unknown: [why] }], action: { kind: 'unknown', why } }]
}

function levelOf(iface: AsaInterface | undefined): number {
  return iface?.level ?? (iface?.name.toLowerCase() === 'inside' ? INSIDE_LEVEL : OTHER_LEVEL)
}

/** Between interfaces of one level, and back out of the same interface, nothing passes unless it is said (`same-security-traffic`). */
function sameLevelRules(box: AsaBox, iface: number): readonly Rule[] {
  const level = levelOf(box.interfaces[iface])
  const others = indexes(box, (other, index) => index !== iface && levelOf(other) === level)
  const shut = [
    ...(box.sameSecurity.has('inter-interface') ? [] : others),
    ...(box.sameSecurity.has('intra-interface') ? [] : [iface]),
  ]
  return outOf('implicit: same security level', shut, 'deny')
}

/** To a lower level everything passes; to the same level it does where `sameLevelRules` let it; to a higher one nothing. */
function levelRules(box: AsaBox, iface: number): readonly Rule[] {
  const level = levelOf(box.interfaces[iface])
  return outOf('implicit: to a lower security level', indexes(box, (other) => levelOf(other) <= level), 'permit')
}

function indexes(box: AsaBox, which: (iface: AsaInterface, index: number) => boolean): readonly number[] {
  return box.interfaces.flatMap((iface, index) => (iface.named && which(iface, index) ? [index] : []))
}

function outOf(text: string, interfaces: readonly number[], kind: 'permit' | 'deny'): readonly Rule[] {
  return interfaces.length === 0 ? [] : [implicit(text, { fields: [['oif', inValues(...interfaces)]], unknown: [] }, kind)]
}
