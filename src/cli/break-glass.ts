// cordon policy break-glass: our restriction lifted for ONE device for some hours: a text, its rollback, proofs and an audit line.
// Keeps S9 and S2: a person loads the text; nothing is written before the audit line is durable, and nothing is touched.

import { writeFileSync } from 'node:fs'
import { ipVersion, parseIp, type Ip } from '../base/ip.ts'
import { quote } from '../base/tree-reader.ts'
import { liftInput, liftNft, proveLift } from '../policy/change/break-glass.ts'
import { validateText } from '../policy/change/validate.ts'
import { targetById } from '../policy/compile/registry.ts'
import type { CompileInput, Target } from '../policy/compile/target.ts'
import { listName } from '../policy/compile/text/cisco-emit.ts'
import { zoneOf } from '../policy/index.ts'
import { plain } from '../policy/replay/index.ts'
import { appendAudit, BREAK_GLASS, sha256Hex } from './audit.ts'
import { findAsset } from './find-asset.ts'
import type { Proof } from './change-pack.ts'
import { proofsStop, readBackProofs, rollbackProof } from './compile.ts'
import { inputOf, prepare, type CompileInputArgs, type Prepared } from './compile-input.ts'
import { Exit, type Io } from './io.ts'
import { answerText } from './prove-text.ts'

export interface BreakGlassArgs extends CompileInputArgs {
  readonly addresses: readonly string[]
  /** Id, label or address of the inventory, in place of addresses. */
  readonly device?: string | undefined
  readonly reason: string
  readonly owner: string
  readonly hours?: string | undefined
  readonly until?: string | undefined
  readonly target: string
  readonly options: Readonly<Record<string, string>>
  readonly out: string
  readonly data: string
  /** Wall clock in microseconds, for tests. */
  readonly now?: () => number
}

/** Longer than a long weekend is no emergency: write an exception with a day into the policy. */
export const HOURS_MAX = 72
/** Less is over before it is loaded. */
const SECONDS_MIN = 60

/** What every text of break-glass is made of. */
interface Glass {
  readonly prepared: Prepared
  readonly target: Target
  readonly before: CompileInput
  readonly after: CompileInput
  readonly addresses: readonly Ip[]
  /** As people call the device. */
  readonly label: string
  readonly seconds: number
  readonly until: string
}

interface GlassTexts {
  readonly text: string
  readonly rollback: string
  readonly proofs: readonly Proof[]
  /** Who ends it: the kernel, or a person with the rollback. */
  readonly ends: string
}

/** Exit code 2 when anything is refused, 5 when a proof fails; then neither an audit line nor a file is written. */
export async function runBreakGlass(args: BreakGlassArgs, io: Io): Promise<number> {
  const now = (args.now ?? (() => Date.now() * 1000))()
  const glass = await glassOf(args, now, io)
  if (typeof glass === 'number') return glass
  const texts = textsOf(args, glass)
  if (typeof texts === 'string') return usage(io, texts)
  const stopped = proofsStop([...liftProofs(glass), ...texts.proofs], {}, io)
  if (stopped !== null) return stopped
  const { prepared, label, addresses, until } = glass
  const head = headerOf(args, glass, texts)
  const [text, rollback] = [head(false) + texts.text, head(true) + texts.rollback]
  const kept = await appendAudit(args.data, {
    at: now, by: args.owner, action: BREAK_GLASS, device: label, addresses, policy: prepared.policy.name, policyHash: prepared.hash, target: args.target,
    until, seconds: glass.seconds, reason: args.reason, textHash: sha256Hex(text), rollbackHash: sha256Hex(rollback),
  }, io)
  if (kept !== Exit.ok) return kept
  try {
    writeFileSync(`${args.out}.rollback`, rollback)
    writeFileSync(args.out, text)
  } catch (cause) {
    // A microsecond later: lines of one moment have no order, and this one answers the other.
    const line = { at: now + 1, by: args.owner, action: `${BREAK_GLASS}-not-written`, device: label, reason: String(cause), until }
    await appendAudit(args.data, line, io)
    const why = cause instanceof Error ? cause.message : String(cause)
    return usage(io, `${quote(args.out)} cannot be written: ${why}`, 'Nothing may be loaded; the audit says so.')
  }
  io.err(`${args.out} and ${args.out}.rollback written, the audit line is in ${args.data}.\n`)
  for (const line of sentences(args, glass, texts)) io.err(`note: ${line}\n`)
  return Exit.ok
}

function usage(io: Pick<Io, 'err'>, message: string, help = 'See cordon policy break-glass --help.'): number {
  io.err(`error: ${message}\n  help: ${help}\n`)
  return Exit.usage
}

async function glassOf(args: BreakGlassArgs, now: number, io: Io): Promise<Glass | number> {
  const target = targetById(args.target)
  if (target === null) return usage(io, `no target is called ${quote(args.target)}`, 'cordon compile --list shows them.')
  for (const [flag, text] of [['--reason', args.reason], ['--owner', args.owner]] as const) {
    if (text.trim() === '') return usage(io, `${flag} is empty`, 'Somebody will ask who did this, and why.')
  }
  const seconds = secondsOf(args, now)
  if (typeof seconds === 'string') {
    return usage(io, seconds, `Write --hours up to ${HOURS_MAX}, or --until as 2026-12-24T18:00Z; longer is an exception of the policy.`)
  }
  const device = await deviceOf(args, io)
  if (typeof device === 'number') return device
  const prepared = await prepare({ ...args, emptyDataIsFine: true }, io)
  if (typeof prepared === 'number') return prepared
  const outside = device.addresses.find((ip) => ['internet', 'group'].includes(zoneOf(prepared.names, ip)))
  if (outside !== undefined) return usage(io, `${outside} is no device of this site: the policy holds it in the zone ${zoneOf(prepared.names, outside)}`)
  const before = inputOf({}, prepared, prepared.names, args.options)
  const until = new Date(Math.floor(now / 1000) + seconds * 1000).toISOString()
  const hash = sha256Hex(JSON.stringify([prepared.hash, [...device.addresses].sort(), until]))
  return { prepared, target, before, after: liftInput(before, device.addresses, hash), ...device, seconds, until }
}

/** Whole seconds from now, at least one minute; or what is wrong. */
function secondsOf(args: BreakGlassArgs, now: number): number | string {
  if ((args.hours === undefined) === (args.until === undefined)) return 'give either --hours or --until'
  const hours = args.hours === undefined ? (Date.parse(args.until ?? '') - now / 1000) / 3_600_000 : Number(args.hours)
  if (args.until !== undefined && !/(?:Z|[+-]\d\d:?\d\d)$/.test(args.until)) return `--until ${quote(args.until)} names no time zone`
  const seconds = Math.floor(hours * 3600)
  if (Number.isFinite(hours) && seconds >= SECONDS_MIN && hours <= HOURS_MAX) return seconds
  return `${quote(args.hours ?? args.until ?? '')} is no time from one minute to ${HOURS_MAX} hours ahead`
}

async function deviceOf(args: BreakGlassArgs, io: Io): Promise<{ readonly addresses: readonly Ip[]; readonly label: string } | number> {
  if ((args.device === undefined) === (args.addresses.length === 0)) return usage(io, 'name one device, by --address or by --device')
  if (args.device !== undefined) return findAsset(args.device, args.data, io)
  const parsed = args.addresses.map((text) => ({ text, ip: parseIp(text) }))
  const wrong = parsed.find(({ ip }) => !ip.ok)
  if (wrong !== undefined) return usage(io, `--address ${quote(wrong.text)} is no address`, 'One address per device and IP version; a block is not one device.')
  const addresses = parsed.flatMap(({ ip }) => (ip.ok ? [ip.value] : []))
  const twice = addresses.find((ip, i) => addresses.findIndex((other) => ipVersion(other) === ipVersion(ip)) !== i)
  if (twice !== undefined) return usage(io, `--address ${twice} is a second one of its IP version`, 'Break-glass is for ONE device; run it once for each.')
  return { addresses, label: addresses.join(', ') }
}

function liftProofs({ before, after, addresses }: Glass): readonly Proof[] {
  return proveLift(before, after, addresses).flatMap(({ version, othersEqual, devicePasses }): Proof[] => [
    { claim: `every packet of other devices is decided as before (IPv${version})`, verdict: othersEqual.verdict, words: answerText(othersEqual, version) },
    ...(devicePasses === null ? [] : [{
      claim: `every packet from and to the device passes (IPv${version})`, verdict: devicePasses.verdict, words: answerText(devicePasses, version),
    }]),
  ])
}

/** Text and rollback of a platform, or why there is none. */
function textsOf(args: BreakGlassArgs, glass: Glass): GlassTexts | string {
  const { target, before } = glass
  const now = target.emit(before)
  if (!now.ok) return `refused by ${target.id}: ${now.refused.join('; ')}`
  if (target.id === 'nftables') return nftTexts(glass, now.value.text)
  if (target.id === 'cisco-ios' || target.id === 'cisco-asa') return ciscoTexts(args, glass, now.value.text)
  if (target.id === 'pf') {
    const lifted = target.emit(glass.after)
    if (!lifted.ok) return lifted.refused.join('; ')
    const [text, rollback] = [lifted.value.text, now.value.text]
    return { text, rollback, ends: BY_HAND, proofs: replaced(target, glass, text, rollback) }
  }
  return `break-glass writes text for nftables, cisco-ios, cisco-asa and pf. For ${target.id} put an exception with a day into the policy and compile it`
}

const BY_HAND = 'It does NOT end by itself on this platform: somebody must load the rollback by then.'

/** The text that is loaded now is the base and the rollback: the lifted one takes its place, and it takes the place of the lifted one. */
function replaced(target: Target, { after }: Glass, text: string, loaded: string): readonly Proof[] {
  return [...readBackProofs(target, after, text), rollbackProof(target.id, text, loaded, loaded)]
}

function nftTexts(glass: Glass, loaded: string): GlassTexts {
  const { target, before, after, addresses, seconds } = glass
  const lifted = (mode: 'timed' | 'held' | 'ended'): string => liftNft(loaded, addresses, seconds, mode)
  const read = (claim: string, input: CompileInput, text: string): readonly Proof[] =>
    (validateText(target, input, text) ?? []).map(({ version, chain, answer }) =>
      ({ claim: `${claim} (IPv${version}, ${chain})`, verdict: answer.verdict, words: answerText(answer, version) }))
  return {
    text: lifted('timed'), rollback: loaded,
    ends: 'The kernel ends it by itself, counted from the moment of loading; after a restart it is gone unless somebody saved the ruleset.',
    proofs: [
      ...read('the text, read back while the time lasts, is the lifted policy', after, lifted('held')),
      ...read('the text, read back after the time is over, is the policy again', before, lifted('ended')),
      rollbackProof('nftables', lifted('timed'), loaded, loaded),
    ],
  }
}

/** New lists beside those that are bound now; the rollback binds those again. */
function ciscoTexts(args: BreakGlassArgs, glass: Glass, loaded: string): GlassTexts | string {
  const { target, before, after } = glass
  if (args.options['interface'] === undefined) return `say where the lists are bound, e.g. --set interface=${target.id === 'cisco-ios' ? 'Gi0/1' : 'wards'}`
  const list = listName(before.name, before.policyHash)
  const previous: Record<string, string> = target.id === 'cisco-asa' ? { previous: list }
    : { 'previous-in': `${list}-IN`, 'previous-out': `${list}-OUT`, 'previous-in6': `${list}-IN6`, 'previous-out6': `${list}-OUT6` }
  const lifted = target.emit({ ...after, options: { ...after.options, ...previous } })
  if (!lifted.ok) return `refused by ${target.id}: ${lifted.refused.join('; ')}`
  const { text, rollback } = lifted.value
  return { text, rollback, ends: BY_HAND, proofs: [...readBackProofs(target, after, text), rollbackProof(target.id, text, rollback, loaded)] }
}

/** Comment lines in front of both texts. */
function headerOf(args: BreakGlassArgs, glass: Glass, texts: GlassTexts): (rollback: boolean) => string {
  const mark = args.target.startsWith('cisco-') ? '!' : '#'
  const safe = (text: string): string => plain(text, 300).replaceAll(/[^\x20-\x7e]/g, '?')
  return (rollback) => [
    rollback ? `Takes BREAK-GLASS back: ${glass.label}` : `BREAK-GLASS for ${glass.label} until ${glass.until}`,
    `owner ${args.owner}, reason: ${args.reason}`, `policy hash ${glass.prepared.hash}: load it only where the text with this hash is loaded now`,
    ...(rollback ? [] : [texts.ends]),
  ].map((line) => `${mark} ${safe(line)}\n`).join('')
}

/** What a person must know before loading, the ward's side first. */
function sentences(args: BreakGlassArgs, glass: Glass, texts: GlassTexts): readonly string[] {
  const { addresses, label, until, prepared } = glass
  const other = addresses.some((ip) => ipVersion(ip) === 4) ? (addresses.some((ip) => ipVersion(ip) === 6) ? null : 6) : 4
  return [
    `${plain(label)} may talk to anyone, and anyone to it, until ${until}. Whatever keeps it inside the hospital is off for that time.`,
    texts.ends,
    `Lifted is policy ${prepared.policy.name} on this one box. Other firewalls, switches and the routes on the way are as they were.`,
    ...(other === null ? [] : [`No IPv${other} address of the device was given: its IPv${other} traffic stays restricted.`]),
    'Connections opened meanwhile go on when the time is over, until they end or somebody ends them (conntrack -D, clear conn).',
    `Load ${args.out} by hand. Nothing was sent to any device.`,
  ]
}
