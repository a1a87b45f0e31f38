// cordon mud check and mud compare: what a device did against its MUD file, and one MUD file against another.
// Keeps "never a tick for what was not judged": flows nobody can name and entries that were left out hold the answer open.

import { formatDiagnostic } from '../base/diagnostic.ts'
import { ipValue, ipVersion, parseIp, type Ip } from '../base/ip.ts'
import { hasErrors } from '../base/tree-reader.ts'
import { CONFIG_BYTES_MAX, loadYamlTree, readTextFile } from '../config/index.ts'
import type { Conversation } from '../detect/conversation.ts'
import { checkFlows, gaps, peerText, protocolText, readFlowTable, readMud, type Coverage, type JudgedFlow, type Mud, type MudCheck, type MudGap,
  type MudRule, type ObservedFlow } from '../policy/mud/index.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import { siteOf, type SiteArgs } from './mud-site.ts'
import { loadPast } from './past.ts'
import { protoOf } from './replay-input.ts'
import { table } from './text.ts'

export interface MudCheckArgs extends SiteArgs {
  readonly profile: string
  /** Flow tables in CSV. */
  readonly flows?: readonly string[]
  /** Capture instead. */
  readonly capture?: string | undefined
  /** Hardware address in a table, IP address in a capture. */
  readonly device?: string | undefined
  readonly json?: boolean
}

export interface MudCompareArgs extends SiteArgs {
  readonly profile: string
  readonly other: string
  readonly json?: boolean
}

const COMMAND = 'cordon mud check'

/** Exits with 1 when a flow is not covered, 4 when flows or entries could not be judged, 2 and 3 as everywhere. */
export async function runMudCheck(args: MudCheckArgs, io: Io): Promise<number> {
  const problems: string[] = []
  const site = siteOf(args, problems)
  const mud = loadMud(args.profile, io)
  if (problems.length > 0 || mud === null) return said(problems, io)
  const flows = args.capture === undefined ? tables(args, io) : await capture(args, args.capture, io)
  if (typeof flows === 'number') return flows
  const check = checkFlows(mud, flows.flows, site)
  io.out(args.json === true ? checkJson(args.profile, mud, check, flows) : checkText(args.profile, mud, check, flows))
  if (check.uncovered.length > 0) return Exit.findings
  const open = check.undecided.length + check.unnamed.length + flows.bad + leftOut(mud).length
  return open > 0 || flows.flows.length === 0 ? Exit.incomplete : Exit.ok
}

/** Exits with 1 when one file allows what the other does not, 4 when that depends on the site, 2 when one is no MUD file. */
export function runMudCompare(args: MudCompareArgs, io: Pick<Io, 'out' | 'err'>): number {
  const problems: string[] = []
  const site = siteOf(args, problems)
  const [mud, other] = [loadMud(args.profile, io), loadMud(args.other, io)]
  if (problems.length > 0 || mud === null || other === null) return said(problems, io)
  const both = [[args.profile, gaps(mud, other, site)], [args.other, gaps(other, mud, site)]] as const
  io.out(args.json === true ? compareJson(both) : both.map(([file, found]) => gapText(file, found)).join('\n'))
  const answers = both.flatMap(([, found]) => found.map((gap) => gap.coverage.answer))
  if (answers.includes('no')) return Exit.findings
  return answers.length + leftOut(mud).length + leftOut(other).length > 0 ? Exit.incomplete : Exit.ok
}

function said(problems: readonly string[], io: Pick<Io, 'err'>): number {
  for (const problem of problems) io.err(`${problem}\n`)
  return Exit.usage
}

/** The file's rules; its warnings are told on the way. */
export function loadMud(file: string, io: Pick<Io, 'err'>, widen = false): Mud | null {
  const loaded = loadYamlTree(file)
  const read = loaded.ok ? readMud(loaded.value.tree, { withoutPeer: widen ? 'widen' : 'refuse' }) : null
  const all = loaded.ok ? [...loaded.value.diagnostics, ...(read?.diagnostics ?? [])] : loaded.error
  for (const diagnostic of all) io.err(`${formatDiagnostic(diagnostic)}\n`)
  return read === null || hasErrors(all) ? null : read.mud
}

/** Entries about IP that are in no rule. */
function leftOut(mud: Mud): Mud['refused'] {
  return mud.refused.filter((r) => r.code !== 'not-ip')
}

interface Flows {
  readonly flows: readonly ObservedFlow[]
  readonly bad: number
  /** Sentences about rows that are no flows. */
  readonly notes: readonly string[]
}

/** `98dac44793fe_ipflows.csv` is a table of 98:da:c4:47:93:fe. */
function macOf(file: string): string | null {
  const digits = /([0-9a-f]{12})_[^/\\]*$/i.exec(file)?.[1]
  return digits?.replaceAll(/..(?=.)/g, '$&:') ?? null
}

function tables(args: MudCheckArgs, io: Io): Flows | number {
  const files = args.flows ?? []
  if (files.length === 0) return said([`${COMMAND}: nothing to check against\n  help: Name a flow table with --flows FILE.csv, or a capture with -r FILE.`], io)
  const read = files.map((file) => {
    const text = readTextFile(file, file, CONFIG_BYTES_MAX)
    return text.ok ? readFlowTable(text.value, file, args.device ?? macOf(file)) : text.error
  })
  const found = read.flatMap((r) => ('flows' in r ? [r] : []))
  for (const d of read.flatMap((r) => ('flows' in r ? r.diagnostics : [r]))) io.err(`${formatDiagnostic(d)}\n`)
  if (found.length < read.length) return Exit.unreadable
  const sum = (key: 'notIp' | 'unseen' | 'others'): number => found.reduce((total, t) => total + t[key], 0)
  const notes = [
    ...(sum('notIp') > 0 ? [`${sum('notIp')} rows are not about IP`] : []), ...(sum('unseen') > 0 ? [`${sum('unseen')} rows were never seen`] : []),
    ...(sum('others') > 0 ? [`${sum('others')} rows are of other devices; --device says which one is meant`] : []),
  ]
  return { flows: found.flatMap((t) => t.flows), bad: found.reduce((total, t) => total + t.diagnostics.length, 0), notes }
}

async function capture(args: MudCheckArgs, file: string, io: Io): Promise<Flows | number> {
  const device = parseIp(args.device ?? '')
  if (!device.ok) return said([`${COMMAND}: --device is no IP address\n  help: Say which address of the capture is the device.`], io)
  const knowledge = loadKnowledge(undefined)
  if (!knowledge.ok) return said([knowledge.error], io)
  const past = await loadPast({ file }, COMMAND, knowledge.value, io)
  if (typeof past === 'number') return past
  const flows = past.conversations.flatMap((c) => flowOf(c, device.value))
  return { flows, bad: past.analysis.state === 'partial' ? 1 : 0, notes: flows.length === 0 ? [`${device.value} has no conversation in it`] : [] }
}

/** Who opened is known; answers belong to the same conversation. */
function flowOf(c: Conversation, device: Ip): readonly ObservedFlow[] {
  if (c.from.ip !== device && c.to.ip !== device) return []
  const direction = c.from.ip === device ? 'from-device' : 'to-device'
  const peer = direction === 'from-device' ? c.to.ip : c.from.ip
  const version = ipVersion(peer)
  const protocol = protoOf(c.transport)
  const ports = protocol === 6 || protocol === 17 || protocol === 132 ? [{ low: c.port, high: c.port }] : null
  return [{
    direction, family: version, protocol, opens: direction, packets: c.packets, line: 0,
    peers: [{ kind: 'prefix', prefix: { version, network: ipValue(peer), length: version === 4 ? 32 : 128 } }],
    devicePorts: direction === 'from-device' ? null : ports, peerPorts: direction === 'from-device' ? ports : null,
    icmp: protocol === 1 || protocol === 58 ? { type: c.port, code: null } : null,
  }]
}

function flowText(flow: ObservedFlow): string {
  const ports = flow.peerPorts ?? flow.devicePorts
  const service = flow.icmp === null ? protocolText(flow.protocol, ports) : `${protocolText(flow.protocol, null)} type ${flow.icmp.type}`
  const side = flow.peerPorts === null && flow.devicePorts !== null ? ' on the device' : ''
  const [to, peer] = [flow.direction === 'from-device' ? 'to' : 'from', flow.peers.map(peerText).join(' or ')]
  return `${service}${side} ${to} ${peer === '' ? 'nobody says whom' : peer}`
}

/** Why not, by the entry that comes nearest; or on what it depends. */
function whyText({ rule, doubts, answer }: Coverage): string {
  if (rule === null) return 'no entry of this direction'
  const words = doubts.filter((d) => answer !== 'no' || d.tri === 'no').map((d) => d.words)
  return `${answer === 'no' ? 'nearest is' : 'if'} ${rule.ace} (line ${rule.at.line}): ${words.join('; ')}`
}

function ruleText(rule: MudRule): string {
  const ports = rule.peerPorts ?? rule.devicePorts
  return `${rule.direction} ${protocolText(rule.protocol, ports)} ${rule.peers.map(peerText).join(' and ')}`
}

function flowRows(flows: readonly JudgedFlow[]): string {
  return table(['flow', 'packets', 'why'], flows.map(({ flow, coverage }) => [flowText(flow), String(flow.packets), whyText(coverage)]))
}

function checkText(file: string, mud: Mud, check: MudCheck, flows: Flows): string {
  const total = (list: readonly ObservedFlow[]): number => list.reduce((sum, f) => sum + f.packets, 0)
  const head = `${file}: ${flows.flows.length} flows seen, ${check.covered.length} covered, ${check.uncovered.length} not covered, `
    + `${check.undecided.length} depend on the site, ${check.unnamed.length} without a named other side\n`
  const unused = check.neverUsed.map((rule) => `  ${rule.ace}, line ${rule.at.line}: ${ruleText(rule)}\n`)
  const parts: readonly (readonly [string, number, string])[] = [
    ['Flows that no entry covers', check.uncovered.length, flowRows(check.uncovered)],
    ['Flows that an entry covers only if the site says so (--name)', check.undecided.length, flowRows(check.undecided)],
    ['Packets whose other side the record does not name', check.unnamed.length,
      `  ${total(check.unnamed)} packets in ${check.unnamed.length} rows; no entry can be held against them\n`],
    ['Entries never used', unused.length, unused.join('')],
    ['Entries left out when the file was read', leftOut(mud).length,
      leftOut(mud).map((r) => `  ${r.ace} of ${r.acl}, line ${r.at.line}: ${r.code}\n`).join('')],
    ['Not judged', flows.notes.length, flows.notes.map((n) => `  ${n}\n`).join('')],
  ]
  return [head, ...parts.filter(([, count]) => count > 0).map(([title, , text]) => `${title}\n${text}`)].join('\n')
}

function gapText(file: string, found: readonly MudGap[]): string {
  const rows = found.map(({ rule, coverage }) =>
    [rule.ace, String(rule.at.line), ruleText(rule), coverage.answer === 'no' ? 'no' : 'in part, or if the site says so', whyText(coverage)])
  const head = `${file}: ${found.length === 0 ? 'the other file covers every entry' : `${found.length} entries that the other file does not cover`}\n`
  return rows.length === 0 ? head : `${head}${table(['entry', 'line', 'allows', 'covered', 'why'], rows)}`
}

function flowJson(flow: ObservedFlow): object {
  return { ...flow, peers: flow.peers.map(peerText) }
}

function judgedJson({ flow, coverage }: JudgedFlow): object {
  return { ...flowJson(flow), entry: coverage.rule?.ace ?? null, why: coverage.doubts }
}

function checkJson(file: string, mud: Mud, check: MudCheck, flows: Flows): string {
  return `${JSON.stringify({
    schema: 'cordon.mud-check/1', file, seen: flows.flows.length, covered: check.covered.length, notes: flows.notes,
    uncovered: check.uncovered.map(judgedJson), undecided: check.undecided.map(judgedJson), unnamed: check.unnamed.map(flowJson),
    neverUsed: check.neverUsed.map((rule) => ({ ace: rule.ace, line: rule.at.line, allows: ruleText(rule) })), leftOut: leftOut(mud),
  }, null, 2)}\n`
}

function compareJson(both: readonly (readonly [string, readonly MudGap[]])[]): string {
  const files = both.map(([file, found]) => ({
    file, notCovered: found.map(({ rule, coverage }) =>
      ({ ace: rule.ace, line: rule.at.line, allows: ruleText(rule), covered: coverage.answer, why: coverage.doubts })),
  }))
  return `${JSON.stringify({ schema: 'cordon.mud-compare/1', files }, null, 2)}\n`
}
