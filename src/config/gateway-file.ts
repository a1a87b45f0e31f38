// gateway.yaml as a checked GatewayConfig: what the operator wrote, with defaults filled in and every mistake told with its line.
// Keeps the rule that nothing leaves in clear by omission: a target without TLS files and without a written reason is an error.

import { dirname, resolve } from 'node:path'
import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { MICROS_PER_SECOND } from '../base/time.ts'
import type { TreeNode } from '../base/tree.ts'
import {
  createReader, hasErrors, quote, readChoice, readFlag, readList, readMap, readName, readNumber, readText, report, type Fields, type TreeReader,
} from '../base/tree-reader.ts'
import type { AdtConfig, ApproverConfig, BedConfig, GatewayConfig, Protection, TargetConfig, TlsFiles } from './gateway.ts'
import {
  ADT_KEYS, APPROVER_KEYS, BED_KEYS, CONSOLE_KEYS, GATEWAY_KEYS, KEEP_KEYS, SYSTEM_KEYS, TARGET_KEYS, TLS_KEYS, UPDATES_KEYS,
} from './gateway-keys.ts'
import { readAddress, readEnd, readSegment, readUrl } from './gateway-places.ts'
import { loadYamlTree } from './load.ts'

/** Sixteen full stations of 64 beds, as the core has it. */
export const BEDS_MAX = 1024
/** Systems of one hospital that want bedside data; each has a queue and a connection of its own. */
export const TARGETS_MAX = 16
export const APPROVERS_MAX = 32
export const GATEWAY_VERSIONS = ['1'] as const
export const LEADS = ['known', 'inferred', 'unknown'] as const
export const TARGET_KINDS = ['pcd01', 'fhir'] as const
/** An hour's silence of a number that is there is more than any chart wants. */
export const EVERY_SECONDS_MAX = 3600
/** A month: beyond it the readings are an archive, which the gateway is not. */
export const READINGS_HOURS_MAX = 744
export const QUEUE_MEGABYTES_MAX = 1_048_576

/** The reader and the folder that relative paths start from. */
interface Context {
  readonly reader: TreeReader
  readonly home: string
}

export interface LoadedGateway {
  readonly config: GatewayConfig
  readonly warnings: readonly Diagnostic[]
}

/** Reads and checks one gateway file. Paths in it are relative to it. */
export function loadGatewayFile(path: string): Result<LoadedGateway, readonly Diagnostic[]> {
  const loaded = loadYamlTree(path)
  if (!loaded.ok) return loaded
  const { config, diagnostics } = parseGateway(loaded.value.tree, dirname(resolve(path)))
  const all = [...loaded.value.diagnostics, ...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column)
  return config === null || hasErrors(all) ? err(all) : ok({ config, warnings: all })
}

export function parseGateway(tree: TreeNode, home: string): { readonly config: GatewayConfig | null; readonly diagnostics: readonly Diagnostic[] } {
  const reader = createReader('gateway')
  const context: Context = { reader, home }
  const fields = readMap(reader, tree, 'the gateway file', GATEWAY_KEYS)
  if (fields === null) return { config: null, diagnostics: reader.diagnostics }
  readChoice(reader, fields.get('version'), '"version"', GATEWAY_VERSIONS)
  const { device, patient } = readSystems(context, fields.get('systems'))
  const config: GatewayConfig = {
    name: readWord(context, fields.get('name'), '"name"'), eui64: readHex(reader, fields.get('eui64'), '"eui64"', 16),
    facility: readWord(context, fields.get('facility'), '"facility"'), deviceSystem: device, patientSystem: patient,
    folder: resolve(home, readText(reader, fields.get('folder'), '"folder"') ?? 'gateway-data'), segment: readSegment(reader, fields.get('segment')),
    beds: readBeds(context, fields.get('beds')), leads: readChoice(reader, fields.get('leads'), '"leads"', LEADS) ?? 'unknown',
    targets: readTargets(context, fields.get('targets')), adt: readAdt(context, fields.get('adt')), updates: readUpdates(context, fields.get('updates')),
    keep: readKeep(context, fields.get('keep')), console: readConsole(context, fields.get('console')),
    devicesMax: readNumber(reader, fields.get('devices-max'), '"devices-max"', 1, BEDS_MAX) ?? BEDS_MAX,
  }
  if (config.beds.length > config.devicesMax) {
    const message = `${config.beds.length} beds are more than "devices-max", which is ${config.devicesMax}`
    report(reader, fields.get('devices-max') ?? fields.at, 'too-few-devices', message, `Write at least ${config.beds.length}.`)
  }
  return { config: hasErrors(reader.diagnostics) ? null : config, diagnostics: reader.diagnostics }
}

/** A value as an HL7 header takes it: no delimiter can break the message apart. */
function readWord({ reader }: Context, node: TreeNode | undefined, what: string): string {
  const text = readText(reader, node, what, 20)
  if (text === null || node === undefined) return ''
  if (/^[\w. -]+$/.test(text)) return text
  const help = 'Use letters, digits, ".", "_", "-" and blanks: it stands in the header of each message.'
  report(reader, node, 'bad-word', `${what} cannot be ${quote(text)}`, help)
  return ''
}

function readHex(reader: TreeReader, node: TreeNode | undefined, what: string, digits: number): string {
  const text = readText(reader, node, what)
  if (text === null || node === undefined) return ''
  if (text.length === digits && /^[0-9a-fA-F]+$/.test(text)) return text.toLowerCase()
  report(reader, node, 'bad-hex', `${what} must have ${digits} hex digits`, `Write ${digits} of 0 to 9 and a to f, in quotes.`)
  return ''
}

function readSystems({ reader }: Context, node: TreeNode | undefined): { device: string; patient: string } {
  const fields = node === undefined ? null : readMap(reader, node, '"systems"', SYSTEM_KEYS)
  const uri = (key: string): string => {
    const text = readText(reader, fields?.get(key), `"${key}" of "systems"`)
    const at = fields?.get(key)
    if (text === null || at === undefined || /^[a-z][a-z0-9+.-]*:\S+$/i.test(text)) return text ?? ''
    report(reader, at, 'bad-uri', `"${key}" of "systems" is no URI: ${quote(text)}`, 'Write one such as urn:oid:2.999.1 or https://hospital.example/devices.')
    return ''
  }
  return { device: uri('device'), patient: uri('patient') }
}

function readBeds(context: Context, node: TreeNode | undefined): readonly BedConfig[] {
  const { reader } = context
  const nodes = readList(reader, node, '"beds"', BEDS_MAX)
  const beds = nodes.flatMap((item) => readBed(context, item) ?? [])
  refuseTwice(reader, beds.map(({ bed, at }) => ({ name: bed.device, at })), 'address', 'A monitor stands at one bed: delete one of the two.')
  refuseTwice(reader, beds.map(({ bed, at }) => ({ name: bed.bed, at })), 'bed', 'Two monitors at one bed leave it unassigned: correct one of the two.')
  return beds.map(({ bed }) => bed)
}

interface Placed<T> {
  readonly bed: T
  readonly at: TreeNode
}

function readBed({ reader }: Context, node: TreeNode): Placed<BedConfig> | null {
  const fields = readMap(reader, node, 'a bed', BED_KEYS)
  if (fields === null) return null
  const device = readAddress(reader, fields.get('device'), '"device" of a bed')
  const bed = readBedName(reader, fields.get('bed'))
  const model = readText(reader, fields.get('model'), `"model" of bed ${bed ?? ''}`, 40) ?? 'CMS8000'
  const isPaced = readFlag(reader, fields.get('paced'), `"paced" of bed ${bed ?? ''}`) ?? false
  return device === null || bed === null ? null : { bed: { device, bed, model, isPaced }, at: node }
}

/** unit^room^bed; the last part must be there, since a place without a bed is none. */
function readBedName(reader: TreeReader, node: TreeNode | undefined): string | null {
  const text = readText(reader, node, '"bed" of a bed', 60)
  if (text === null || node === undefined) return null
  if (/^[^|~\\&^]*\^[^|~\\&^]*\^[^|~\\&^]+$/.test(text)) return text.toUpperCase()
  report(reader, node, 'bad-bed', `${quote(text)} is no bed`, 'Write unit^room^bed as PV1-3 of the hospital\'s ADT has it, e.g. 4W^401^A or ICU^^12.')
  return null
}

function refuseTwice(reader: TreeReader, items: readonly { readonly name: string; readonly at: TreeNode }[], what: string, help: string): void {
  const seen = new Map<string, TreeNode>()
  for (const { name, at } of items) {
    const first = seen.get(name)
    if (first === undefined) seen.set(name, at)
    else report(reader, at, `duplicate-${what}`, `the ${what} ${quote(name)} is there twice; the first is on line ${first.line}`, help)
  }
}

function readTargets(context: Context, node: TreeNode | undefined): readonly TargetConfig[] {
  const { reader } = context
  const nodes = readList(reader, node, '"targets"', TARGETS_MAX)
  const targets = nodes.flatMap((item) => {
    const target = readTarget(context, item)
    return target === null ? [] : [{ target, at: item }]
  })
  refuseTwice(reader, targets.map(({ target, at }) => ({ name: target.name, at })), 'name', 'Each target has a queue of its own: rename one.')
  return targets.map(({ target }) => target)
}

function readTarget(context: Context, node: TreeNode): TargetConfig | null {
  const { reader } = context
  const fields = readMap(reader, node, 'a target', TARGET_KEYS)
  if (fields === null) return null
  const name = readName(reader, fields.get('name'), '"name" of a target')
  const what = `target ${name ?? ''}`
  const kind = readChoice(reader, fields.get('kind'), `"kind" of ${what}`, TARGET_KINDS)
  const protection = readProtection(context, fields, what)
  const to = readTo(context, fields.get('to'), `"to" of ${what}`, kind, protection)
  const every = readNumber(reader, fields.get('every'), `"every" of ${what}`, 1, EVERY_SECONDS_MAX) ?? 60
  const waveforms = readFlag(reader, fields.get('waveforms'), `"waveforms" of ${what}`) ?? false
  if (name === null || kind === null || protection === null || to === null) return null
  return { name, kind, to, protection, everyMicros: every * MICROS_PER_SECOND, waveforms }
}

function readTo(
  { reader }: Context, node: TreeNode | undefined, what: string, kind: TargetConfig['kind'] | null, protection: Protection | null,
): string | null {
  return kind === 'fhir' ? readUrl(reader, node, what, protection?.kind === 'clear') : readEnd(reader, node, what)?.text ?? null
}

/** Both or neither is an error: what leaves in clear does so because somebody wrote why. */
function readProtection(context: Context, fields: Fields, what: string): Protection | null {
  const { reader } = context
  const [tls, clear] = [fields.get('tls'), fields.get('clear')]
  const reason = readText(reader, clear, `"clear" of ${what}`)
  const files = tls === undefined ? null : readTls(context, tls, what)
  if (tls !== undefined && clear !== undefined) {
    report(reader, clear, 'tls-and-clear', `${what} has both "tls" and "clear"`, 'Delete "clear", or delete "tls" if it shall go without.')
  } else if (tls === undefined && clear === undefined) {
    const help = 'Add "tls: { ca, cert, key }". If there is no other way, add "clear:" with the reason; the screen will show it.'
    report(reader, fields.at, 'unprotected', `${what} has no "tls", and patient data would be in clear`, help)
  } else if (files !== null) return { kind: 'tls', files }
  else if (reason !== null) return { kind: 'clear', reason }
  return null
}

function readTls({ reader, home }: Context, node: TreeNode, what: string): TlsFiles | null {
  const fields = readMap(reader, node, `"tls" of ${what}`, TLS_KEYS)
  if (fields === null) return null
  const file = (key: string): string | null => {
    const text = readText(reader, fields.get(key), `"${key}" of "tls" of ${what}`)
    return text === null ? null : resolve(home, text)
  }
  const [ca, cert, key] = [file('ca'), file('cert'), file('key')]
  const serverName = readText(reader, fields.get('server-name'), `"server-name" of "tls" of ${what}`)
  return ca === null || cert === null || key === null ? null : { ca, cert, key, serverName }
}

function readAdt(context: Context, node: TreeNode | undefined): AdtConfig | null {
  const fields = node === undefined ? null : readMap(context.reader, node, '"adt"', ADT_KEYS)
  if (fields === null) return null
  const listen = readEnd(context.reader, fields.get('listen'), '"listen" of "adt"')
  const protection = readProtection(context, fields, '"adt"')
  return listen === null || protection === null ? null : { host: listen.host, port: listen.port, protection }
}

function readUpdates(context: Context, node: TreeNode | undefined): GatewayConfig['updates'] {
  const { reader } = context
  const fields = node === undefined ? null : readMap(reader, node, '"updates"', UPDATES_KEYS)
  const versions = readList(reader, fields?.get('nfs-versions'), '"nfs-versions"', 2)
    .flatMap((item): readonly (2 | 3)[] => {
      const word = readChoice(reader, item, '"nfs-versions"', ['2', '3'])
      return word === null ? [] : [word === '2' ? 2 : 3]
    })
  const approvers = readApprovers(reader, fields?.get('approvers'))
  const path = fields?.get('export')
  const exportPath = readText(reader, path, '"export"', 200) ?? '/pm'
  const isPath = /^(?:\/[\w.-]+)+$/.test(exportPath)
  if (path !== undefined && !isPath) report(reader, path, 'bad-export', `"export" cannot be ${quote(exportPath)}`, 'Write it as /pm.')
  return { nfsVersions: versions.length === 0 ? [2, 3] : [...new Set(versions)], exportPath, approvers }
}

/** Also for the update commands, which look at nothing else of the file but its folder. */
export function readApprovers(reader: TreeReader, node: TreeNode | undefined): readonly ApproverConfig[] {
  const approvers = readList(reader, node, '"approvers"', APPROVERS_MAX).flatMap((item) => {
    const approver = readApprover(reader, item)
    return approver === null ? [] : [{ approver, at: item }]
  })
  refuseTwice(reader, approvers.map(({ approver, at }) => ({ name: approver.id, at })), 'id', 'Two people have two ids: rename one.')
  refuseTwice(reader, approvers.map(({ approver, at }) => ({ name: approver.key, at })), 'key', 'Two people have two keys: one key would approve twice.')
  return approvers.map(({ approver }) => approver)
}

function readApprover(reader: TreeReader, node: TreeNode): ApproverConfig | null {
  const fields = readMap(reader, node, 'an approver', APPROVER_KEYS)
  if (fields === null) return null
  const id = readName(reader, fields.get('id'), '"id" of an approver')
  const name = readText(reader, fields.get('name'), `"name" of approver ${id ?? ''}`, 100)
  const key = readHex(reader, fields.get('key'), `"key" of approver ${id ?? ''}`, 64)
  return id === null || name === null || key === '' ? null : { id, name, key }
}

function readKeep({ reader }: Context, node: TreeNode | undefined): GatewayConfig['keep'] {
  const fields = node === undefined ? null : readMap(reader, node, '"keep"', KEEP_KEYS)
  return {
    readingsHours: readNumber(reader, fields?.get('readings-hours'), '"readings-hours"', 1, READINGS_HOURS_MAX) ?? 1,
    queueMegabytes: readNumber(reader, fields?.get('queue-megabytes'), '"queue-megabytes"', 16, QUEUE_MEGABYTES_MAX) ?? 2048,
  }
}

/** Loopback only: the page shows clinical values, and has neither TLS nor a login of its own. */
function readConsole({ reader }: Context, node: TreeNode | undefined): GatewayConfig['console'] {
  const fields = node === undefined ? null : readMap(reader, node, '"console"', CONSOLE_KEYS)
  const host = fields?.get('host')
  const text = readText(reader, host, '"host" of "console"') ?? '127.0.0.1'
  if (host !== undefined && !/^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/.test(text)) {
    const help = 'Write 127.0.0.1 and let a proxy with TLS and a login stand in front of it.'
    report(reader, host, 'not-loopback', `"host" of "console" is ${quote(text)}: clinical values would cross the network in clear`, help)
  }
  return {
    host: text, port: readNumber(reader, fields?.get('port'), '"port" of "console"', 0, 65535) ?? 7080,
    mmPerSecond: readNumber(reader, fields?.get('mm-per-second'), '"mm-per-second"', 1, 100, true) ?? 25,
    cssPixelsPerMm: readNumber(reader, fields?.get('css-pixels-per-mm'), '"css-pixels-per-mm"', 1, 50, true) ?? 3.78,
  }
}
