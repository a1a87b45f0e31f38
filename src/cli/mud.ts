// cordon mud import and mud export: a manufacturer's usage description as conduits, and a device profile as one (RFC 8520).
// Keeps "widened only with a named warning": what the file does not say is left out and told, and names are never looked up.

import { assert } from '../base/assert.ts'
import { formatDiagnostic } from '../base/diagnostic.ts'
import type { PortRange } from '../base/port-range.ts'
import { formatMicros, type Micros } from '../base/time.ts'
import { formatPolicy, loadProfiles } from '../config/index.ts'
import type { AssetRole } from '../inventory/asset.ts'
import type { DeviceProfile, FlowTransport, ProfileFlow } from '../inventory/profiles.ts'
import { draftPolicy, internetWitnesses, mudConduits, peerText, protocolText, SYSTEMINFO_LENGTH_MAX, unresolvedNames, writeMud,
  type Mud, type MudConduit, type MudFlow, type WritablePeer } from '../policy/mud/index.ts'
import { Exit, type Io } from './io.ts'
import { loadMud } from './mud-check.ts'
import { blockOf, siteOf, type SiteArgs } from './mud-site.ts'
import { table } from './text.ts'

export interface MudImportArgs extends SiteArgs {
  readonly verb: 'import'
  readonly file: string
  /** Take an entry without other side as everybody; it is warned of. */
  readonly widen?: boolean
  readonly json?: boolean
  /** As policy text, for the device at this address. */
  readonly policy?: boolean
  readonly device?: string | undefined
}

export interface MudExportArgs {
  readonly verb: 'export'
  /** Device profile id. */
  readonly profile: string
  /** https address under which the file will stand. */
  readonly url: string
  /** Rare documented flows too. */
  readonly all?: boolean
  /** A site's own profile folder. */
  readonly profiles?: string
  /** Wall clock in microseconds, for tests. */
  readonly now?: () => Micros
}

type MudIo = Pick<Io, 'out' | 'err'>

/** Import exits with 1 when the device may reach the Internet, 4 when entries about IP were left out, 2 when it is no MUD file. */
export function runMud(args: MudImportArgs | MudExportArgs, io: MudIo): Promise<number> {
  return Promise.resolve(args.verb === 'import' ? importMud(args, io) : exportMud(args, io))
}

function importMud(args: MudImportArgs, io: MudIo): number {
  const mud = loadMud(args.file, io, args.widen === true)
  if (mud === null) return Exit.usage
  const conduits = mudConduits(mud)
  const witnesses = internetWitnesses(conduits)
  if (args.policy === true) {
    const text = policyText(args, mud, io)
    if (text === null) return Exit.usage
    io.out(text)
  } else io.out(args.json === true ? importJson(mud, conduits) : importText(args.file, mud, conduits))
  if (witnesses.length > 0) return Exit.findings
  return mud.refused.some((r) => r.code !== 'not-ip') ? Exit.incomplete : Exit.ok
}

/** The file as a policy that can be proved, laid out, with a warning per entry that it cannot say exactly; or null after saying why not. */
function policyText(args: MudImportArgs, mud: Mud, io: MudIo): string | null {
  const problems: string[] = []
  const site = siteOf(args, problems)
  const device = blockOf(args.device ?? '')
  if (device === null) problems.push('cordon mud import --policy: say which address or block the device has with --device, such as 10.20.3.7')
  for (const problem of problems) io.err(`${problem}\n`)
  if (device === null || problems.length > 0) return null
  const { text, notes } = draftPolicy({ mud, device, site })
  const laidOut = formatPolicy(text)
  assert(laidOut.ok, `a draft is no policy: ${laidOut.ok ? '' : laidOut.error[0]?.message ?? ''}`)
  for (const n of notes) io.err(`${args.file}:${n.line}: warning mud/${n.code}: ${n.effect}: entry ${n.ace}: ${n.words}\n`)
  return laidOut.value
}

/** Prefixes as text: their numbers do not fit JSON. */
function importJson(mud: Mud, conduits: readonly MudConduit[]): string {
  const { rules, refused, ...head } = mud
  return `${JSON.stringify({
    schema: 'cordon.mud/1', ...head, entries: rules.length + refused.length,
    conduits: conduits.map((c) => ({ ...c, peers: c.peers.map(peerText) })),
    unresolvedNames: unresolvedNames(conduits), internet: internetWitnesses(conduits), refused,
  }, null, 2)}\n`
}

function importText(file: string, mud: Mud, conduits: readonly MudConduit[]): string {
  const rows = conduits.map((c) => [
    c.opens, c.peers.map(peerText).join(' and '), protocolText(c.protocol, c.ports), c.action, c.inexact.join('; '),
  ])
  const witnesses = internetWitnesses(conduits).map((w) =>
    `  ${w.opens} opens ${protocolText(w.protocol, portsOf(w.port))} ${w.opens === 'device' ? 'to' : 'from'} ${w.peer}`
    + ` (entry ${w.ace}, line ${w.line})\n`)
  const names = unresolvedNames(conduits).map((name) => `  ${name}\n`)
  const left = mud.refused.map((r) => `  ${r.ace} of ${r.acl}, line ${r.at.line}: ${r.code}\n`)
  const entries = mud.rules.length + mud.refused.length
  return [
    `${file}: ${mud.systeminfo ?? mud.url}, dialect ${mud.dialect}, ${entries} entries, ${conduits.length} conduits\n`,
    table(['opens', 'other side', 'service', 'action', 'not said exactly'], rows),
    part('Ways to the Internet that it allows', witnesses), part('Names to give addresses to; none was looked up', names),
    part('Entries left out', left),
  ].filter((text) => text !== '').join('\n')
}

function portsOf(port: number | null): readonly PortRange[] | null {
  return port === null ? null : [{ low: port, high: port }]
}

function part(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.join('')}`
}

const PROTO_OF_FLOW: Readonly<Record<FlowTransport, number>> = { tcp: 6, udp: 17, icmp: 1 }

/**
 * Who a role is in a MUD file: name servers have a registered class name (RFC 8520 section 17); address servers answer broadcasts of
 * the segment; every other server is the site's own controller for this device, never a factory address.
 */
function peerOf(role: AssetRole): WritablePeer {
  if (role === 'dns-server') return { kind: 'controller', uri: 'urn:ietf:params:mud:dns' }
  return { kind: role === 'dhcp-server' || role === 'unknown' || role === 'router' ? 'local-networks' : 'my-controller' }
}

function exportMud(args: MudExportArgs, io: MudIo): number {
  const loaded = loadProfiles(args.profiles)
  if (!loaded.ok) {
    for (const diagnostic of loaded.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
    return Exit.usage
  }
  const profile = loaded.value.profiles.get(args.profile)
  if (profile === undefined) {
    io.err(`cordon mud export: no profile "${args.profile}"\n  help: Profiles: ${[...loaded.value.profiles.keys()].join(', ')}.\n`)
    return Exit.usage
  }
  const { written, left } = flowsOf(profile, args.all === true)
  // A class of devices has no maker, and its name is no product's.
  const manufacturer = profile.covers === 'class' ? null : profile.vendor
  const systeminfo = `${manufacturer === null ? '' : `${manufacturer} `}${profile.model}`.slice(0, SYSTEMINFO_LENGTH_MAX)
  const lastUpdate = `${formatMicros((args.now ?? (() => Date.now() * 1000))()).slice(0, 19)}Z`
  const result = writeMud({
    url: args.url, systeminfo, manufacturer, model: profile.model, lastUpdate, cacheHours: CACHE_HOURS, flows: written,
  })
  if (!result.ok) {
    io.err(`cordon mud export: ${result.error}\n  help: Give --url an https address, e.g. https://hospital.example/mud/${profile.id}.\n`)
    return Exit.usage
  }
  for (const { flow, why } of left) io.err(`note: ${flow.name} is left out: ${why}\n`)
  io.out(result.value)
  return Exit.ok
}

/** Two days, as MUD makers usually write; a site that corrects its file is heard within them. */
const CACHE_HOURS = 48

interface LeftOut {
  readonly flow: ProfileFlow
  readonly why: string
}

function flowsOf(profile: DeviceProfile, rareToo: boolean): { readonly written: readonly MudFlow[]; readonly left: readonly LeftOut[] } {
  const left: LeftOut[] = []
  const written = profile.flows.flatMap((flow): readonly MudFlow[] => {
    const why = flow.dynamicPorts ? 'its port is negotiated' : flow.expected === 'rare' && !rareToo ? 'it is rare (--all has it)' : null
    if (why !== null) {
      left.push({ flow, why })
      return []
    }
    return flow.transports.map((t) => ({ opens: flow.opens, peer: peerOf(flow.peer), protocol: PROTO_OF_FLOW[t], ports: flow.ports }))
  })
  return { written, left }
}
