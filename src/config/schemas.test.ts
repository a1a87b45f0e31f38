// Tests of schemas/*.json: valid JSON Schema 2020-12, the same keys as the parser's tables, and the same answer on real files.
// Editors show these schemas while a policy is written; one that says other things than the parser is worse than none.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { OVERLAP_POLICIES } from '../base/overlap.ts'
import { hasErrors, NAME_LENGTH_MAX, TEXT_LENGTH_MAX, type KeyTable } from '../base/tree-reader.ts'
import { treeFromValue, type PlainValue } from '../base/tree.ts'
import { ADVISORY_KEYS, ALIAS_KEYS, FLOW_KEYS, IDENTITY_KEYS, INDICATOR_KEYS, PROFILE_KEYS, REMEDY_KEYS,
  VULNERABILITY_KEYS } from '../inventory/profile-keys.ts'
import { ASSET_ROLES } from '../inventory/asset.ts'
import { CONFIDENCES, FLOW_EXPECTATIONS, FLOW_OCCURRENCES, FLOW_TRANSPORTS, INDICATOR_KINDS, PROFILE_VERSIONS } from '../inventory/profile-model.ts'
import { PARTS_MAX } from '../inventory/profile-parts.ts'
import { parseProfile } from '../inventory/profiles.ts'
import { CONDUITS_MAX } from '../policy/language/conduits.ts'
import { ASSERTIONS_MAX } from '../policy/language/assertions.ts'
import { EXCEPTIONS_MAX } from '../policy/language/exceptions.ts'
import { CONDUIT_KEYS, EXCEPTION_KEYS, POLICY_KEYS, SEGMENT_KEYS, SERVICE_KEYS, ZONE_KEYS } from '../policy/language/keys.ts'
import { ACTIONS, ELSEWHERE, FAIL_MODES, TRANSPORTS, ZONE_KINDS } from '../policy/language/model.ts'
import { parsePolicy, POLICY_VERSIONS } from '../policy/language/policy.ts'
import { NEXT_HOPS_MAX, SEGMENTS_MAX } from '../policy/language/segments.ts'
import { SERVICES_MAX } from '../policy/language/services-file.ts'
import { PREFIXES_PER_ZONE_MAX, ZONES_MAX } from '../policy/language/zones.ts'
import { DEVICES_MAX, ITEMS_MAX, LINKS_MAX, parseNetwork } from '../policy/network/file.ts'
import { ADDRESS_KEYS, DEVICE_KEYS, LINK_KEYS, NETWORK_KEYS, TABLE_KEYS } from '../policy/network/keys.ts'
import { APPROVERS_MAX, BEDS_MAX, GATEWAY_VERSIONS, LEADS, parseGateway, TARGET_KINDS, TARGETS_MAX } from './gateway-file.ts'
import {
  ADT_KEYS, APPROVER_KEYS, BED_KEYS, CONSOLE_KEYS, GATEWAY_KEYS, KEEP_KEYS, SEGMENT_SIDE_KEYS, SYSTEM_KEYS, TARGET_KEYS, TLS_KEYS, UPDATE_PORT_KEYS,
  UPDATES_KEYS,
} from './gateway-keys.ts'
import { CMS_PORTS_MAX } from './gateway-places.ts'
import { productPath } from './product.ts'

/** As much of JSON Schema as ours use. */
interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly type?: string
  readonly additionalProperties?: boolean
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly (string | number)[]
  readonly maxItems?: number
  readonly maxLength?: number
}

const load = (name: string): Schema => JSON.parse(readFileSync(productPath(`schemas/${name}.schema.json`), 'utf8')) as Schema
const POLICY = load('policy')
const PROFILE = load('profile')
const NETWORK = load('network')
const GATEWAY = load('gateway')

function def(schema: Schema, name: string): Schema {
  const found = schema.$defs?.[name]
  assert.ok(found, name)
  return found
}

/** Each map of the two formats, beside the table its parser uses. */
const MAPS: readonly (readonly [string, Schema, KeyTable])[] = [
  ['policy', POLICY, POLICY_KEYS], ['zone', def(POLICY, 'zone'), ZONE_KEYS], ['service', def(POLICY, 'service'), SERVICE_KEYS],
  ['conduit', def(POLICY, 'conduit'), CONDUIT_KEYS], ['segment', def(POLICY, 'segment'), SEGMENT_KEYS],
  ['exception', def(POLICY, 'exception'), EXCEPTION_KEYS], ['profile', PROFILE, PROFILE_KEYS], ['alias', def(PROFILE, 'alias'), ALIAS_KEYS],
  ['identity', def(PROFILE, 'identity'), IDENTITY_KEYS], ['flow', def(PROFILE, 'flow'), FLOW_KEYS],
  ['indicator', def(PROFILE, 'indicator'), INDICATOR_KEYS],
  ['network', NETWORK, NETWORK_KEYS], ['device', def(NETWORK, 'device'), DEVICE_KEYS], ['table', def(NETWORK, 'table'), TABLE_KEYS],
  ['address', def(NETWORK, 'address'), ADDRESS_KEYS], ['link', def(NETWORK, 'link'), LINK_KEYS],
  ['gateway', GATEWAY, GATEWAY_KEYS], ['systems', def(GATEWAY, 'systems'), SYSTEM_KEYS], ['segment', def(GATEWAY, 'segment'), SEGMENT_SIDE_KEYS],
  ['updatePorts', def(GATEWAY, 'updatePorts'), UPDATE_PORT_KEYS], ['bed', def(GATEWAY, 'bed'), BED_KEYS], ['target', def(GATEWAY, 'target'), TARGET_KEYS],
  ['tls', def(GATEWAY, 'tls'), TLS_KEYS], ['adt', def(GATEWAY, 'adt'), ADT_KEYS], ['updates', def(GATEWAY, 'updates'), UPDATES_KEYS],
  ['approver', def(GATEWAY, 'approver'), APPROVER_KEYS], ['keep', def(GATEWAY, 'keep'), KEEP_KEYS], ['console', def(GATEWAY, 'console'), CONSOLE_KEYS],
  ['vulnerability', def(PROFILE, 'vulnerability'), VULNERABILITY_KEYS], ['advisory', def(PROFILE, 'advisory'), ADVISORY_KEYS],
  ['remedy', def(PROFILE, 'remedy'), REMEDY_KEYS],
]

test('every map has the keys of its parser, required where the parser requires them, and no others', () => {
  for (const [name, schema, table] of MAPS) {
    assert.deepEqual(Object.keys(schema.properties ?? {}).sort(), Object.keys(table).sort(), name)
    const required = Object.entries(table).filter(([, rule]) => rule.required).map(([key]) => key)
    assert.deepEqual([...(schema.required ?? [])].sort(), required.sort(), name)
    assert.equal(schema.additionalProperties, false, name)
    assert.equal(schema.type, 'object', name)
  }
})

test('no map of a schema is left out of the comparison', () => {
  const objects = (schema: Schema): number => Object.values(schema.$defs ?? {}).filter((d) => d.type === 'object').length + 1
  assert.equal(objects(POLICY) + objects(PROFILE) + objects(NETWORK) + objects(GATEWAY), MAPS.length)
})

test('closed lists of words are those of the model', () => {
  const property = (schema: Schema, key: string): readonly (string | number)[] => {
    const found = schema.properties?.[key]
    return found?.enum ?? found?.anyOf?.[0]?.enum ?? []
  }
  const rows: readonly (readonly [Schema, string, readonly (string | number)[]])[] = [
    [POLICY, 'default', ACTIONS], [POLICY, 'version', POLICY_VERSIONS.flatMap((v) => [Number(v), v])],
    [def(POLICY, 'zone'), 'kind', ZONE_KINDS],
    [def(POLICY, 'zone'), 'overlap', OVERLAP_POLICIES],
    [def(POLICY, 'service'), 'transport', TRANSPORTS], [def(POLICY, 'conduit'), 'action', ACTIONS],
    [def(POLICY, 'conduit'), 'fail', FAIL_MODES], [def(POLICY, 'segment'), 'elsewhere', ELSEWHERE],
    [def(POLICY, 'exception'), 'action', ['allow']],
    [PROFILE, 'version', PROFILE_VERSIONS.flatMap((v) => [Number(v), v])], [PROFILE, 'role', ASSET_ROLES],
    [PROFILE, 'confidence', CONFIDENCES],
    [def(PROFILE, 'flow'), 'peer', ASSET_ROLES], [def(PROFILE, 'flow'), 'transport', FLOW_TRANSPORTS],
    [def(PROFILE, 'flow'), 'occurs', FLOW_OCCURRENCES],
    [GATEWAY, 'version', GATEWAY_VERSIONS.flatMap((v) => [Number(v), v])], [GATEWAY, 'leads', LEADS], [def(GATEWAY, 'target'), 'kind', TARGET_KINDS],
    [def(PROFILE, 'flow'), 'expected', FLOW_EXPECTATIONS], [def(PROFILE, 'indicator'), 'kind', INDICATOR_KINDS],
  ]
  for (const [schema, key, words] of rows) assert.deepEqual(property(schema, key), words, key)
})

test('bounds are those of the parser', () => {
  assert.equal(POLICY.properties?.zones?.maxItems, ZONES_MAX)
  assert.equal(POLICY.properties?.services?.maxItems, SERVICES_MAX)
  assert.equal(POLICY.properties?.conduits?.maxItems, CONDUITS_MAX)
  assert.equal(POLICY.properties?.segments?.maxItems, SEGMENTS_MAX)
  assert.equal(POLICY.properties?.exceptions?.maxItems, EXCEPTIONS_MAX)
  assert.equal(POLICY.properties?.assertions?.maxItems, ASSERTIONS_MAX)
  assert.equal(def(POLICY, 'assertion').maxLength, TEXT_LENGTH_MAX)
  assert.equal(def(POLICY, 'segment').properties?.via?.anyOf?.[1]?.maxItems, NEXT_HOPS_MAX)
  assert.equal(def(POLICY, 'zone').properties?.prefixes?.anyOf?.[1]?.maxItems, PREFIXES_PER_ZONE_MAX)
  assert.equal(PROFILE.properties?.flows?.maxItems, PARTS_MAX)
  assert.equal(NETWORK.properties?.devices?.maxItems, DEVICES_MAX)
  assert.equal(NETWORK.properties?.links?.maxItems, LINKS_MAX)
  assert.equal(def(NETWORK, 'device').properties?.addresses?.maxItems, ITEMS_MAX)
  assert.equal(def(NETWORK, 'link').properties?.attached?.anyOf?.[1]?.maxItems, ITEMS_MAX)
  assert.equal(GATEWAY.properties?.beds?.maxItems, BEDS_MAX)
  assert.equal(GATEWAY.properties?.targets?.maxItems, TARGETS_MAX)
  assert.equal(def(GATEWAY, 'updates').properties?.approvers?.maxItems, APPROVERS_MAX)
  assert.equal(def(GATEWAY, 'segment').properties?.['cms-ports']?.maxItems, CMS_PORTS_MAX)
  for (const schema of [POLICY, PROFILE, NETWORK, GATEWAY]) {
    assert.equal(def(schema, 'name').maxLength, NAME_LENGTH_MAX)
    assert.equal(def(schema, 'text').maxLength, TEXT_LENGTH_MAX)
  }
})

test('every key is explained: an editor shows it', () => {
  for (const [name, schema] of MAPS) {
    assert.ok(schema.description, name)
    for (const [key, property] of Object.entries(schema.properties ?? {})) assert.match(property.description ?? '', /\.$/, `${name}.${key}`)
  }
})

/** The Ajv that comes with Fastify; the schemas are checked without it above. */
interface Validate {
  (data: unknown): boolean
}

interface AjvModule {
  readonly Ajv2020: new (options: object) => { compile(schema: unknown): Validate }
}

function compiled(schema: Schema): Validate | null {
  try {
    const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as AjvModule
    return new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(schema)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

const VALIDATORS = { policy: compiled(POLICY), profile: compiled(PROFILE), network: compiled(NETWORK), gateway: compiled(GATEWAY) }
const SKIP = VALIDATORS.policy === null ? 'ajv is not installed' : false

const read = (path: string): unknown => parse(readFileSync(path, 'utf8'))

test('the shipped policies and profiles are valid', { skip: SKIP }, () => {
  const policies = productPath('policies')
  for (const name of readdirSync(policies)) assert.equal(VALIDATORS.policy?.(read(join(policies, name))), true, name)
  const folder = productPath('profiles')
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.yaml'))) assert.equal(VALIDATORS.profile?.(read(join(folder, name))), true, name)
})

const zone = { name: 'ward', kind: 'medical', profiles: ['p'] }
const conduit = { name: 'a', from: 'ward', to: 'internet', services: ['dns'], action: 'deny', fail: 'closed', reason: 'R.' }
const policy = { version: 1, zones: [zone], conduits: [conduit] }

const without = (map: { readonly [key: string]: PlainValue }, key: string): PlainValue =>
  Object.fromEntries(Object.entries(map).filter(([each]) => each !== key))
const segment = { prefix: '10.1.0.0/16', zone: 'it' }
const located = { ...policy, zones: [zone, { name: 'it', kind: 'it', prefixes: '10.1.0.0/16' }] }
const exception = { name: 'e', from: 'ward', to: 'internet', services: ['dns'], action: 'allow', owner: 'O', reason: 'R.',
  expires: '2026-12-24' }
const lifting = { name: 'e', conduit: 'a', action: 'allow', owner: 'O', reason: 'R.', expires: '2026-12-24' }

/** One change per row: schema and parser must agree on it. */
const POLICIES: readonly PlainValue[] = [
  policy, { ...policy, version: '1' }, { ...policy, version: 2 }, { ...policy, default: 'allow' }, { ...policy, default: 'drop' },
  { ...policy, extra: 1 },
  { version: 1, zones: [], conduits: [] }, { zones: [], conduits: [] }, { version: 1, zones: 'x', conduits: [] }, [], 'x', null,
  { ...policy, zones: [{ ...zone, prefixes: ['10.0.0.0/8', 'fd00::/8'] }] }, { ...policy, zones: [{ ...zone, prefixes: '10.0.0.0/8' }] },
  { ...policy, zones: [{ ...zone, prefixes: [10] }] }, { ...policy, zones: [{ ...zone, prefixes: ['ward'] }] },
  { ...policy, zones: [{ ...zone, prefixes: [] }] },
  { ...policy, zones: [{ ...zone, name: 'W' }], conduits: [] }, { ...policy, zones: [{ ...zone, kind: 'x' }] },
  { ...policy, zones: [{ ...zone, profiles: 'p' }] },
  { ...policy, zones: [{ ...zone, description: '' }] }, { ...policy, zones: [{ ...zone, description: 5 }] },
  { ...policy, zones: [{ ...zone, description: 'x'.repeat(601) }] },
  { ...policy, services: [{ name: 's', transport: 'tcp', ports: 5 }] },
  { ...policy, services: [{ name: 's', transport: ['tcp', 'udp'], ports: ['1-5', 7] }] },
  { ...policy, services: [{ name: 's', transport: 'tcp', ports: 'any' }] },
  { ...policy, services: [{ name: 's', transport: 'tcp', ports: [] }] },
  { ...policy, services: [{ name: 's', transport: [], ports: 5 }] }, { ...policy, services: [{ name: 's', transport: 'tcp', ports: 0 }] },
  { ...policy, services: [{ name: 's', transport: 'tcp', ports: 65536 }] },
  { ...policy, services: [{ name: 's', transport: 'tcp', ports: ['http'] }] },
  { ...policy, services: [{ name: 's', transport: 'any' }] }, { ...policy, services: [{ transport: 'any' }] },
  { ...policy, conduits: [{ ...conduit, services: 'dns' }] }, { ...policy, conduits: [{ ...conduit, services: [] }] },
  { ...policy, conduits: [{ ...conduit, owner: 'x' }] },
  { ...policy, conduits: [{ ...conduit, action: 'x' }] }, { ...policy, conduits: [{ ...conduit, fail: 'x' }] },
  { ...policy, conduits: [{ name: 'a' }] },
  ...[
    [], [segment], [{ ...segment, via: [] }], [{ ...segment, via: '10.9.0.1' }], [{ ...segment, via: ['10.9.0.1', '10.9.0.2'] }],
    [{ ...segment, via: 5 }], [{ ...segment, via: '10.9.0.1/32' }], [{ ...segment, elsewhere: 'drop' }],
    [{ ...segment, elsewhere: 'prohibit' }], [{ prefix: '10.1.0.0/16' }], [{ zone: 'it' }], [{ ...segment, name: 'x' }], 'x',
  ].map((segments): PlainValue => ({ ...located, segments })),
  ...[
    [], [exception], [lifting], [{ ...lifting, to: 'ward' }], [{ ...exception, conduit: 'a' }], [{ ...exception, action: 'deny' }],
    [{ ...exception, from: 'ward', services: [] }], [{ ...exception, services: 'dns' }], [without(exception, 'to')],
    [without(lifting, 'conduit')], [without(exception, 'owner')], [without(exception, 'reason')], [without(exception, 'expires')],
    [{ ...exception, expires: '24.12.2026' }], [{ ...exception, expires: '2026-13-01' }], [{ ...exception, expires: 2026 }],
    [{ ...exception, fail: 'open' }],
  ].map((exceptions): PlainValue => ({ ...policy, exceptions })),
  ...[
    'never ward -> internet', ' never  ward->internet ', 'never ward -> internet on dns', 'never ward -> internet on dns , ntp',
    'never ward -> internet on dns,ntp except via ward', 'never any -> 202.114.4.0/24', 'never ward -> fd00::/8 except via ward',
    'always ward -> any on dns', 'only ward -> any on dns, ntp', 'always ward -> any', 'only ward -> any', 'never ward internet',
    'never ward ->', 'never -> ward', 'never ward -> internet on', 'never ward -> internet on dns,', 'never ward -> internet on dns ntp',
    'never ward -> internet except ward', 'never ward -> internet except via', 'always ward -> any on dns except via ward',
    'sometimes ward -> any', 'never ward -> internet except via ward now', 'never, ward -> internet', '', 5,
  ].map((assertion): PlainValue => ({ ...policy, assertions: [assertion] })),
]

test('schema and parser agree on what a schema can see', { skip: SKIP }, () => {
  for (const value of POLICIES) {
    const accepted = !hasErrors(parsePolicy(treeFromValue(value, 'x')).diagnostics)
    assert.equal(VALIDATORS.policy?.(value), accepted, JSON.stringify(value))
  }
})

test('profiles: the same, with every key of the longest profile broken in turn', { skip: SKIP }, () => {
  const cms = read(join(productPath('profiles'), 'contec-cms8000.yaml')) as { readonly [key: string]: PlainValue }
  for (const key of Object.keys(cms)) {
    for (const value of [undefined, 5, 'no such word', ['x'], { a: 1 }] as const) {
      const { [key]: _removed, ...others } = cms
      const changed = value === undefined ? others : { ...cms, [key]: value as PlainValue }
      const accepted = parseProfile(treeFromValue(changed, 'x')).profile !== null
      assert.equal(VALIDATORS.profile?.(changed), accepted, `${key}: ${JSON.stringify(value)}`)
    }
  }
})

const device = { name: 'core', config: 'core.nft', addresses: [{ interface: 'eth0', address: '10.0.0.1/24' }] }
const link = { name: 'ward', attached: ['core/eth0'], prefixes: ['10.0.0.0/24'], zone: 'bedside' }
const network = { network: 'n', devices: [device], links: [link] }

const DEVICES: readonly PlainValue[] = [
  { ...device, routes: 'r.json' }, { ...device, routes: ['a', 'b'] }, { ...device, routes: 5 }, { ...device, rules: ['x'] }, { ...device, name: 'Core' },
  { ...device, tables: [{ name: 'DSL', routes: 'dsl.txt' }] }, { ...device, tables: [{ name: 'DSL' }] }, { ...device, adresses: [] },
  { ...device, addresses: [{ interface: 'eth0', address: '10.0.0.1' }] }, { ...device, addresses: [{ address: '10.0.0.1/24' }] },
  { ...device, disregard: 'a line' }, { ...device, target: 'nftables', rules6: 'r6', description: 'A router.' },
]
const LINKS: readonly PlainValue[] = [
  { ...link, internet: true }, { ...link, internet: 'yes' }, { ...link, attached: 'core/eth0' }, { ...link, attached: ['core'] },
  { ...link, gateways: 'core' }, { ...link, gateways: [5] }, { ...link, prefixes: [] }, { ...link, prefixes: ['ward'] }, { ...link, zone: 'Bed' },
  { ...link, description: '' }, { attached: [] }, { name: 'alone' },
]
const NETWORKS: readonly PlainValue[] = [
  network, { ...network, extra: 1 }, { network: 'n', devices: [], links: [] }, { devices: [], links: [] }, { network: 'N', devices: [], links: [] }, [], 'x',
  ...DEVICES.map((one): PlainValue => ({ ...network, devices: [one] })), ...LINKS.map((one): PlainValue => ({ ...network, links: [one] })),
]

test('networks: schema and parser agree, and the examples are valid', { skip: SKIP }, () => {
  for (const value of NETWORKS) {
    const accepted = parseNetwork(treeFromValue(value, 'x')).network !== null
    assert.equal(VALIDATORS.network?.(value), accepted, JSON.stringify(value))
  }
  const folder = productPath('examples/ward-network')
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.yaml'))) {
    assert.equal(VALIDATORS.network?.(read(join(folder, name))), true, name)
  }
})

const bedside = { device: '10.20.4.31', bed: '4W^401^A' }
const engine = { name: 'engine', kind: 'pcd01', to: 'a.example:2575', clear: 'A reason.' }
const least = {
  version: 1, name: 'GW', eui64: '0200000000000001', facility: 'H', systems: { device: 'urn:a:1', patient: 'urn:a:2' }, beds: [], targets: [],
}
const tls = { ca: 'a.pem', cert: 'b.pem', key: 'c.pem' }
const GATEWAYS: readonly PlainValue[] = [
  least, [], 'x', { ...least, extra: 1 }, { ...least, version: 2 }, { ...least, name: 'G|W' }, { ...least, eui64: '02' }, { ...least, eui64: 2 },
  ...Object.keys(least).map((key) => without(least, key)), { ...least, systems: { device: 'x', patient: 'urn:a:2' } }, { ...least, folder: '' },
  ...[bedside, { ...bedside, paced: true }, { ...bedside, paced: 'yes' }, { ...bedside, bed: 'bed 7' }, { ...bedside, device: 'fd00::1' },
    { ...bedside, device: '0.0.0.0' }, { ...bedside, device: '10.020.4.31' }, { bed: 'A^B^C' }].map((bed): PlainValue => ({ ...least, beds: [bed] })),
  ...[engine, { ...engine, tls }, without(engine, 'clear'), { ...without(engine, 'clear') as object, tls },
    { ...engine, every: 0 }, { ...engine, every: 1.5 },
    { ...engine, waveforms: true }, { ...engine, kind: 'x' }, { ...engine, clear: '' },
  ].map((target): PlainValue => ({ ...least, targets: [target] })),
  { ...least, adt: { listen: '10.0.0.1:2576', tls } }, { ...least, adt: { listen: '10.0.0.1:2576' } }, { ...least, adt: { tls } },
  { ...least, segment: { 'cms-ports': [515], 'hl7-port': 511, user: 'nobody' } }, { ...least, segment: { 'cms-ports': [0] } },
  { ...least, segment: { cms: 'x' } },
  { ...least, updates: { 'nfs-versions': [3], export: '/pm' } }, { ...least, updates: { 'nfs-versions': [4] } },
  { ...least, updates: { export: 'pm' } },
  { ...least, keep: { 'readings-hours': 0 } }, { ...least, keep: { 'readings-hours': 24, 'queue-megabytes': 64 } },
  { ...least, console: { host: '0.0.0.0' } },
  { ...least, console: { host: '::1', port: 0, 'mm-per-second': 12.5 } }, { ...least, 'devices-max': 0 },
]

test('gateways: schema and parser agree, and the example is valid', { skip: SKIP }, () => {
  for (const value of GATEWAYS) {
    const accepted = parseGateway(treeFromValue(value, 'x'), '/').config !== null
    assert.equal(VALIDATORS.gateway?.(value), accepted, JSON.stringify(value))
  }
  assert.equal(VALIDATORS.gateway?.(read(productPath('examples/gateway.yaml'))), true)
})
