// cordon inventory confirm|rename|merge|split|undo|decisions: what a person says about a device, kept in the data folder with reason and name.
// Keeps the evidence untouched: a decision is a record of its own, applied at each reading and taken back by another.

import os from 'node:os'
import { formatMicros, type Micros } from '../base/time.ts'
import { knownPicture } from '../detect/known-picture.ts'
import type { Analysis } from '../detect/analysis.ts'
import { ASSET_ROLES, type Asset } from '../inventory/asset.ts'
import { CONFIRMABLE, confirmableOf, DECISION_TEXT_MAX, decisionOf, decisionWords, type Choice, type Decision } from '../inventory/decision.ts'
import { namesOf, type KnownProfile } from '../inventory/known/know.ts'
import { sameModel } from '../inventory/listed/names.ts'
import { decisionRecord, knowingOf, readBesides } from '../store/besides.ts'
import type { Store } from '../store/store.ts'
import { assetsNamed } from './inventory-source.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import type { OutputFormat } from './options.ts'
import { missingOf } from './past.ts'
import { table } from './text.ts'
import { withStore } from './with-store.ts'

export interface DecideArgs {
  readonly data: string
  readonly asset: string
  readonly reason: string
  /** Who decides; the user's name when left out. */
  readonly by?: string | undefined
  /** Wall clock, for tests. */
  readonly now?: () => Micros
}

const nowMicros = (): Micros => Date.now() * 1000

/** A complaint with its help, printed by the caller. */
class Refusal {
  readonly message: string
  readonly help: string
  constructor(message: string, help: string) {
    this.message = message
    this.help = help
  }
}

type Choose = (asset: Asset, find: (name: string) => Asset | Refusal, profiles: ReadonlyMap<string, KnownProfile>) => Choice | Refusal

async function decide(args: DecideArgs, choose: Choose, io: Io): Promise<number> {
  const knowledge = loadKnowledge(undefined)
  if (!knowledge.ok) return refuse(new Refusal(knowledge.error, 'Repair the installation.'), io)
  const { profiles } = knowledge.value
  return withStore(args.data, io, async (store) => {
    if (!store) return Exit.usage
    const assets = await knownAssets(store, profiles)
    const find = (name: string): Asset | Refusal => findOne(assets, name)
    const asset = find(args.asset)
    if (asset instanceof Refusal) return refuse(asset, io)
    const choice = choose(asset, find, profiles)
    if (choice instanceof Refusal) return refuse(choice, io)
    const reason = args.reason.trim()
    if (reason === '' || reason.length > DECISION_TEXT_MAX) {
      const help = `Write in a sentence why, e.g. --reason "read the label at bed 7"; at most ${DECISION_TEXT_MAX} characters.`
      return refuse(new Refusal('a decision needs a reason', help), io)
    }
    const at = (args.now ?? nowMicros)()
    const decision = decisionOf({ asset: asset.id, called: asset.label, reason, by: args.by ?? userName(), at }, choice)
    await store.append([decisionRecord(decision), auditRecord(`inventory ${choice.action}`, decision, decision.by, at)])
    io.out(`${decision.id}: ${asset.label} ${wordsAfterName(choice)}\n`)
    if (asset.interfaces.length > 0 && asset.interfaces.every((i) => i.mac === null)) {
      io.err(`note: ${asset.label} is known by its address alone; if the address goes to another device, so does this decision.\n`)
    }
    return Exit.ok
  })
}

function wordsAfterName(choice: Choice): string {
  return choice.action === 'confirm' ? `is confirmed: ${decisionWords(choice)}` : decisionWords(choice)
}

function refuse({ message, help }: Refusal, io: Io): number {
  io.err(`cordon inventory: ${message}\n  help: ${help}\n`)
  return Exit.usage
}

/** The newest analysis and what earlier ones saw, as known now: a device that is switched off can be named too. */
async function knownAssets(store: Store, profiles: ReadonlyMap<string, KnownProfile>): Promise<readonly Asset[]> {
  const newest = (await store.read('analysis')).at(-1)
  if (!newest) return []
  const assets = (await store.read('asset', { analysis: newest.analysis })).map((r) => r.body as Asset)
  const all = [...assets, ...await missingOf(store, newest.body as Analysis, assets)]
  return knownPicture({ assets: all, conversations: [], findings: [] }, knowingOf(await readBesides(store), profiles), []).assets
}

function findOne(assets: readonly Asset[], name: string): Asset | Refusal {
  const found = assetsNamed(assets, name)
  const [one] = found
  if (one && found.length === 1) return one
  const several = `${found.length} devices are called "${name}": ${found.map((a) => a.id).join(', ')}`
  return new Refusal(found.length > 1 ? several : `no asset "${name}" among ${assets.length}`, 'cordon inventory list shows ids, labels and addresses.')
}

function userName(): string {
  try {
    return os.userInfo().username
  } catch {
    return 'unknown'
  }
}

function auditRecord(action: string, decision: Decision, by: string, at: Micros) {
  const body = { at, by, action, decision: decision.id, asset: decision.asset }
  return { kind: 'audit' as const, analysis: '', key: `${decision.id} ${action} ${at}`, at, body }
}

/** `claims`: `model=contec-cms8000`, one of CONFIRMABLE before the equals sign. */
export function runConfirm(args: DecideArgs & { readonly claim: string }, io: Io): Promise<number> {
  return decide(args, (_asset, _find, profiles) => {
    const [name = '', ...rest] = args.claim.split('=')
    const what = confirmableOf(name)
    const value = rest.join('=').trim()
    if (what === null || value === '' || value.length > DECISION_TEXT_MAX) {
      return new Refusal(`"${args.claim}" confirms nothing`, `Write what=value, what being one of ${CONFIRMABLE.join(', ')}, e.g. model=contec-cms8000.`)
    }
    if (what === 'role' && !ASSET_ROLES.some((role) => role === value)) return new Refusal(`there is no role "${value}"`, `One of ${ASSET_ROLES.join(', ')}.`)
    if (what === 'bed' && !/^\d{1,4}$/.test(value)) return new Refusal(`"${value}" is no bed number`, 'Write a number of at most four digits.')
    return { action: 'confirm', what, value: what === 'model' ? profileOf(profiles, value) : value }
  }, io)
}

/** A profile's id for its model's name too, when one profile alone has it; other texts stay as they are. */
function profileOf(profiles: ReadonlyMap<string, KnownProfile>, text: string): string {
  if (profiles.has(text)) return text
  const fitting = namesOf(profiles).filter((p) => p.names.some((n) => sameModel(n.model, text)))
  return fitting.length === 1 ? (fitting[0]?.id ?? text) : text
}

export function runRename(args: DecideArgs & { readonly label: string }, io: Io): Promise<number> {
  return decide(args, () => {
    const label = args.label.trim()
    const isName = label !== '' && label.length <= 120 && !/\p{Cc}/u.test(label)
    return isName ? { action: 'rename', label } : new Refusal('the name is empty or too long', 'Give a name of at most 120 characters on one line.')
  }, io)
}

export function runMerge(args: DecideArgs & { readonly others: readonly string[] }, io: Io): Promise<number> {
  return decide(args, (asset, find) => {
    const others: string[] = []
    for (const name of args.others) {
      const other = find(name)
      if (other instanceof Refusal) return other
      if (other.id !== asset.id) others.push(other.id)
    }
    return others.length > 0 ? { action: 'merge', others } : new Refusal('it is the same asset already', 'Name another asset to join with it.')
  }, io)
}

export function runSplit(args: DecideArgs & { readonly addresses: readonly string[] }, io: Io): Promise<number> {
  return decide(args, (asset) => {
    const wanted = args.addresses.map((a) => a.toLowerCase())
    const leaving = asset.interfaces.filter((i) => wanted.includes(i.ip ?? '') || wanted.includes(i.mac ?? ''))
    const own = asset.interfaces.map((i) => i.ip ?? i.mac).join(', ')
    if (leaving.length === 0) return new Refusal(`${asset.label} has none of these addresses`, `It has ${own}.`)
    if (leaving.length === asset.interfaces.length) return new Refusal('nothing would be left', 'Leave at least one of its interfaces with it.')
    return { action: 'split', addresses: wanted }
  }, io)
}

export interface UndoArgs {
  readonly data: string
  readonly decision: string
  readonly reason: string
  readonly by?: string | undefined
  readonly now?: () => Micros
}

export async function runUndo(args: UndoArgs, io: Io): Promise<number> {
  return withStore(args.data, io, async (store) => {
    const decisions = store ? (await readBesides(store)).decisions : []
    const decision = decisions.find((d) => d.id === args.decision && d.undone === null)
    if (!store || !decision) return refuse(new Refusal(`there is no standing decision "${args.decision}"`, 'cordon inventory decisions lists them.'), io)
    if (args.reason.trim() === '') return refuse(new Refusal('taking a decision back needs a reason', 'Write it with --reason.'), io)
    const at = (args.now ?? nowMicros)()
    const by = args.by ?? userName()
    await store.append([
      { ...decisionRecord({ ...decision, undone: { reason: args.reason.trim(), by, at } }) }, auditRecord('inventory undo', decision, by, at),
    ])
    io.out(`${decision.id}: taken back; ${decision.called} is again what the packets say\n`)
    return Exit.ok
  })
}

export async function runDecisions(args: { readonly data: string; readonly format: OutputFormat }, io: Io): Promise<number> {
  return withStore(args.data, io, async (store) => {
    const decisions = store ? (await readBesides(store)).decisions : []
    if (args.format === 'json') io.out(`${JSON.stringify(decisions, null, 2)}\n`)
    else {
      const rows = decisions.map((d) => [
        d.id, formatMicros(d.at), d.by, `${d.called} (${d.asset})`, decisionWords(d), d.reason,
        d.undone ? `taken back by ${d.undone.by}: ${d.undone.reason}` : 'holds',
      ])
      io.out(table(['id', 'at', 'by', 'asset', 'decision', 'reason', 'state'], rows))
    }
    return Exit.ok
  })
}
