// Custom applications of PAN-OS that are told by the header alone: IP protocol, ICMP type. All other applications look at content.
// Keeps "exact or unknown": a packet is one application only, so two that claim the same packet are both unknown.

import type { UnknownMatch, ValueRange } from '../../rules/model.ts'
import { intersectRanges, numberRange } from '../zone-based/ranges.ts'
import { unknownOf } from '../zone-based/reading.ts'
import { serviceOf, unknownService, type ServiceTerm } from '../zone-based/terms.ts'
import type { Tree } from '../zone-based/tree.ts'

const BYTE_MAX = 255n
const ICMP = 1
const ICMP6 = 58

/** Words of a custom application that say nothing about which packets it is. */
const HARMLESS = new Set(['category', 'subcategory', 'technology', 'risk', 'description', 'default'])

function byte(text: string | null): ValueRange | null {
  return text === null ? null : numberRange(text, BYTE_MAX)
}

/** What `default` says, when that is the header alone; null otherwise (ports, signatures, nothing). */
function headerTerm(app: Tree): ServiceTerm | null {
  const how = app.child('default')
  if (!how || how.children.length !== 1 || app.children.some((c) => !HARMLESS.has(c.word))) return null
  const proto = byte(how.value('ident-by-ip-protocol'))
  if (proto && proto.low === proto.high) return serviceOf(Number(proto.low))
  const four = byte(how.value('ident-by-icmp-type', 'type'))
  if (four) return serviceOf(ICMP, { icmpType: [four] })
  const six = byte(how.value('ident-by-icmp6-type', 'type'))
  return six ? serviceOf(ICMP6, { icmpType: [six] }) : null
}

function meets(a: ServiceTerm, b: ServiceTerm): boolean {
  const all = [{ low: 0n, high: BYTE_MAX }]
  return intersectRanges(a.proto ?? all, b.proto ?? all).length > 0 && intersectRanges(a.icmpType ?? all, b.icmpType ?? all).length > 0
}

/** Terms for the application names of a rule; null when one of them is `any`, or none is given. */
export function applicationTerms(rule: Tree, scopes: readonly Tree[]): readonly ServiceTerm[] | null {
  const names = rule.list('application')
  if (names.length === 0 || names.some((n) => n.word === 'any')) return null
  const custom = scopes.flatMap((s) => s.list('application'))
  return names.map(({ word, line }) => {
    const own = scopes.map((s) => s.at('application', word)).find((app) => app !== undefined)
    const term = own ? headerTerm(own) : null
    if (!own || !term) return unknownService(unknownOf(`application ${word}`, line, 'not a matter of packet headers'))
    const rival = custom.find((app) => app !== own && claims(app, term))
    return rival ? unknownService(unknownOf(`application ${word}`, line,
      `custom application ${rival.word} may claim the same packets`)) : term
  })
}

/** An application that is told by content may claim packets of any protocol, ports only those that have them. */
function claims(app: Tree, term: ServiceTerm): boolean {
  if (app.child('signature')) return true
  const other = headerTerm(app)
  return other !== null && meets(other, term)
}

/** Application and service must both hold. With any service the application decides; otherwise the product is left unknown, by name. */
export function withApplications(apps: readonly ServiceTerm[] | null, services: readonly ServiceTerm[]): readonly ServiceTerm[] {
  if (apps === null) return services
  if (services.some((s) => s.proto === null && s.unknown.length === 0)) return apps
  const names: UnknownMatch[] = apps.flatMap((a) => a.unknown)
  const why = names.length > 0 ? names : [unknownOf('application and service', 0, 'both are limited; their product is not modelled')]
  return services.map((s) => ({ ...s, unknown: [...s.unknown, ...why] }))
}
