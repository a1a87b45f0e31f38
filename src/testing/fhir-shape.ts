// FhirShape: checks a FHIR resource against StructureDefinition differentials: cardinalities, fixed values, allowed types and references.
// Keeps the rule that it says what it does not check: no terminology, no invariants but the named one, no profile of an extension.

import fs from 'node:fs'

interface XmlNode {
  readonly name: string
  readonly value: string | null
  readonly children: readonly XmlNode[]
}

/** The XML of FHIR definitions: elements, a `value` attribute, no mixed content that matters here. */
export function parseXml(text: string): XmlNode {
  const root: { name: string; value: string | null; children: XmlNode[] } = { name: '', value: null, children: [] }
  const stack = [root]
  for (const match of text.replaceAll(/<!--[\s\S]*?-->/g, '').matchAll(/<(\/?)([\w:]+)((?:\s+[\w:.]+="[^"]*")*)\s*(\/?)>/g)) {
    const [, closing, name = '', attributes = '', selfClosed] = match
    if (closing === '/') {
      stack.pop()
      continue
    }
    const value = /\svalue="([^"]*)"/.exec(attributes)?.[1] ?? /\surl="([^"]*)"/.exec(attributes)?.[1] ?? null
    const node = { name, value, children: [] as XmlNode[] }
    stack.at(-1)?.children.push(node)
    if (selfClosed !== '/') stack.push(node)
  }
  return root.children[0] ?? root
}

export interface ElementRule {
  /** `Observation.value[x]`, without the slice name. */
  readonly path: string
  readonly slice: string | null
  readonly min: number | null
  readonly max: string | null
  readonly fixed: string | null
  readonly types: readonly string[]
  readonly targets: readonly string[]
}

const child = (node: XmlNode, name: string): XmlNode | undefined => node.children.find((c) => c.name === name)
const text = (node: XmlNode, name: string): string | null => child(node, name)?.value ?? null

/** Rules of the differential of one profile. */
export function readProfile(file: string): readonly ElementRule[] {
  const differential = child(parseXml(fs.readFileSync(file, 'utf8')), 'differential')
  return (differential?.children ?? []).map((element) => {
    const types = element.children.filter((c) => c.name === 'type')
    const fixed = element.children.find((c) => /^(?:fixed|pattern)/.test(c.name))?.value ?? null
    return {
      path: text(element, 'path') ?? '', slice: text(element, 'sliceName'), min: text(element, 'min') === null ? null : Number(text(element, 'min')),
      max: text(element, 'max'), fixed, types: types.flatMap((t) => text(t, 'code') ?? []),
      targets: types.flatMap((t) => t.children.flatMap((c) => (c.name === 'targetProfile' ? c.value?.split('/').at(-1) ?? [] : []))),
    }
  })
}

/** What R4 itself demands or allows of the resources used here (hl7.org/fhir/R4): required elements and known names. */
const BASE: Readonly<Record<string, { readonly required: readonly string[]; readonly known: string }>> = {
  Observation: {
    required: ['status', 'code'],
    known: `id meta extension identifier basedOn partOf status category code subject focus encounter effectiveDateTime effectivePeriod issued performer
      valueQuantity valueSampledData valueCodeableConcept valueString dataAbsentReason interpretation note bodySite method specimen device
      referenceRange hasMember derivedFrom component`,
  },
  Device: {
    required: [],
    known: `id meta extension identifier definition udiCarrier status statusReason manufacturer manufactureDate expirationDate lotNumber serialNumber
      deviceName modelNumber partNumber type specialization version property patient owner contact location url note safety parent`,
  },
  DeviceMetric: {
    required: ['type', 'category'],
    known: 'id meta extension identifier type unit source parent operationalStatus color category measurementPeriod calibration',
  },
  Patient: { required: [], known: 'id meta extension identifier active name telecom gender birthDate address managingOrganization' },
}

type Plain = Readonly<Record<string, unknown>>

/** What is wrong with `resource` by these rules; empty when nothing is. `resolve` gives the kind of a reference: `Patient`, or a profile's name. */
export function checkShape(resource: Plain, rules: readonly ElementRule[], resolve: (reference: string) => string): readonly string[] {
  const type = String(resource['resourceType'])
  const base = BASE[type]
  if (base === undefined) return [`${type} is not known here`]
  const known = new Set(base.known.split(/\s+/))
  const unknown = Object.keys(resource).filter((name) => name !== 'resourceType' && !known.has(name)).map((name) => `${type}.${name} does not exist in R4`)
  const absent = base.required.filter((name) => resource[name] === undefined).map((name) => `${type}.${name} is required by R4`)
  return [...unknown, ...absent, ...rules.flatMap((rule) => checkRule(resource, rule, resolve))]
}

function checkRule(resource: Plain, rule: ElementRule, resolve: (reference: string) => string): readonly string[] {
  const [, ...steps] = rule.path.split('.')
  const last = steps.at(-1)
  if (last === undefined) return []
  // Of a slice by type only its own parent counts: `value[x]:valueQuantity.value` says nothing about a Ratio.
  return parents([resource], steps.slice(0, -1)).flatMap((parent) => {
    const found = valuesOf(parent, last)
    return [...cardinality(found, rule), ...fixedValue(found, rule), ...typesOf(parent, last, rule), ...references(found, rule, resolve)]
  })
}

function parents(from: readonly Plain[], steps: readonly string[]): readonly Plain[] {
  return steps.reduce<readonly Plain[]>((nodes, step) => nodes.flatMap((node) => valuesOf(node, step).filter(isPlain)), from)
}

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

const isChoice = (name: string, stem: string): boolean => name.startsWith(stem) && /^[A-Z]/.test(name.slice(stem.length))

/** `value[x]` stands for valueQuantity, valueSampledData and the others. */
function valuesOf(node: Plain, step: string): readonly unknown[] {
  const stem = step.replace('[x]', '')
  const names = step.endsWith('[x]') ? Object.keys(node).filter((name) => isChoice(name, stem)) : [step]
  return names.flatMap((name) => (node[name] === undefined ? [] : [node[name]].flat()))
}

function cardinality(found: readonly unknown[], rule: ElementRule): readonly string[] {
  // A slice with a minimum of its own would need its discriminator; those here have none.
  const isSlice = rule.slice !== null
  const few = !isSlice && rule.min !== null && found.length < rule.min ? [`${rule.path} is there ${found.length} times, at least ${rule.min} wanted`] : []
  const isMany = !isSlice && rule.max !== null && rule.max !== '*' && found.length > Number(rule.max)
  return isMany ? [...few, `${rule.path} is there ${found.length} times, at most ${rule.max}`] : few
}

function fixedValue(found: readonly unknown[], rule: ElementRule): readonly string[] {
  const isSliced = rule.path.startsWith('Device.identifier')
  if (rule.fixed === null || isSliced) return []
  return found.filter((value) => value !== rule.fixed).map((value) => `${rule.path} is ${JSON.stringify(value)}, fixed ${rule.fixed}`)
}

function typesOf(parent: Plain, last: string, rule: ElementRule): readonly string[] {
  if (!last.endsWith('[x]') || rule.types.length === 0 || rule.slice !== null) return []
  const stem = last.replace('[x]', '')
  const given = Object.keys(parent).filter((name) => isChoice(name, stem)).map((name) => name.slice(stem.length))
  const isAllowed = (type: string): boolean => rule.types.some((t) => t.toLowerCase() === type.toLowerCase())
  return given.filter((type) => !isAllowed(type)).map((type) => `${rule.path} is a ${type}, allowed ${rule.types.join(', ')}`)
}

function references(found: readonly unknown[], rule: ElementRule, resolve: (reference: string) => string): readonly string[] {
  if (rule.targets.length === 0) return []
  return found.filter(isPlain).map((value) => resolve(String(value['reference'])))
    .filter((kind) => !rule.targets.includes(kind)).map((kind) => `${rule.path} refers to a ${kind}, allowed ${rule.targets.join(', ')}`)
}

/** An instance in XML as plain values: what repeats is a list, every primitive a text. */
export function instanceFromXml(file: string): Plain {
  const node = parseXml(fs.readFileSync(file, 'utf8'))
  return { resourceType: node.name, ...fieldsOf(node) }
}

function fieldsOf(node: XmlNode): Plain {
  const names = [...new Set(node.children.map((c) => c.name))]
  return Object.fromEntries(names.map((name) => {
    const values = node.children.filter((c) => c.name === name).map((c) => (c.children.length > 0 ? fieldsOf(c) : c.value))
    return [name, values.length === 1 ? values[0] : values]
  }))
}
