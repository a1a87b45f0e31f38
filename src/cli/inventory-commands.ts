// inventory: the commands around assets wired to functions that return exit codes. No logic of its own.

import { Option, type Command } from 'commander'
import { SEVERITIES, type Severity } from '../detect/finding.ts'
import type { Io } from './io.ts'
import { FAIL_ON_VALUES, type OutputFormat } from './options.ts'

type Done = (code: number) => void

interface Flags {
  readonly json?: boolean
  readonly jsonl?: boolean
  readonly csv?: boolean
  readonly r?: string
  readonly data?: string
  readonly policy?: string
}

/** What this file needs of the whole command line. */
export interface Shared {
  readonly io: Io
  readonly done: Done
  readonly defaultData: string
  readonly withFormats: (command: Command) => Command
  readonly policyOption: () => Option
  readonly formatOf: (flags: Flags) => OutputFormat
}

export function addInventory(program: Command, shared: Shared): void {
  const inventory = program.command('inventory').description('assets with the evidence for every claim, people\'s decisions, and the hospital\'s own list')
  addLooking(inventory, shared)
  addDeciding(inventory, shared)
  addLists(inventory, shared)
}

function sources(command: Command, { policyOption }: Shared): Command {
  return command.option('-r <file>', 'capture to read; - for standard input')
    .option('--data <folder>', 'data folder with an earlier check; with -r: whose decisions and lists hold').addOption(policyOption())
}

function sourceOf(flags: Flags, { defaultData }: Shared) {
  return { file: flags.r, data: flags.r === undefined ? (flags.data ?? defaultData) : flags.data, policy: flags.policy }
}

function addLooking(inventory: Command, shared: Shared): void {
  const { io, done, withFormats, formatOf } = shared
  const run = async (asset: string | undefined, flags: Flags): Promise<void> =>
    done(await (await import('./inventory.ts')).runInventory({ ...sourceOf(flags, shared), asset, format: formatOf(flags) }, io))
  sources(withFormats(inventory.command('list').description('all assets')), shared).action((flags: Flags) => run(undefined, flags))
  const show = inventory.command('show').description('one asset and its evidence').argument('<asset>', 'id, address, label, bed, tag or serial number')
  sources(withFormats(show), shared).action((asset: string, flags: Flags) => run(asset, flags))
}

interface DecideFlags {
  readonly data?: string
  readonly reason: string
  readonly by?: string
}

function addDeciding(inventory: Command, shared: Shared): void {
  const { io, done, defaultData } = shared
  const decide = () => import('./inventory-decide.ts')
  const command = (usage: string, words: string): Command => inventory.command(usage).description(words)
    .requiredOption('--reason <text>', 'why, in a sentence').option('--by <name>', 'who decides (default: the user)').option('--data <folder>', 'data folder')
  const args = (asset: string, flags: DecideFlags) => ({ data: flags.data ?? defaultData, asset, reason: flags.reason, by: flags.by })
  command('confirm <asset> <what=value>', 'a person has looked: model=contec-cms8000, role=, vendor=, bed=, serial=, asset-tag=, location=, host-name=')
    .action(async (asset: string, claim: string, flags: DecideFlags) => done(await (await decide()).runConfirm({ ...args(asset, flags), claim }, io)))
  command('rename <asset> <name>', 'call it by another name')
    .action(async (asset: string, label: string, flags: DecideFlags) => done(await (await decide()).runRename({ ...args(asset, flags), label }, io)))
  command('merge <asset> <others...>', 'these are one box with several cards')
    .action(async (asset: string, others: readonly string[], flags: DecideFlags) =>
      done(await (await decide()).runMerge({ ...args(asset, flags), others }, io)))
  command('split <asset> <addresses...>', 'the interfaces with these MAC or IP addresses are another box')
    .action(async (asset: string, addresses: readonly string[], flags: DecideFlags) =>
      done(await (await decide()).runSplit({ ...args(asset, flags), addresses }, io)))
  command('undo <decision>', 'take a decision back; the packets speak again')
    .action(async (decision: string, flags: DecideFlags) => done(await (await decide()).runUndo({
      data: flags.data ?? defaultData, decision, reason: flags.reason, by: flags.by,
    }, io)))
  inventory.command('decisions').description('every decision, who made it and why').option('--data <folder>', 'data folder').option('--json', 'JSON')
    .action(async (flags: Flags) => done(await (await decide()).runDecisions({ data: flags.data ?? defaultData, format: flags.json ? 'json' : 'text' }, io)))
}

function addLists(inventory: Command, shared: Shared): void {
  const { io, done, defaultData, formatOf } = shared
  const lists = () => import('./inventory-lists.ts')
  inventory.command('columns').description('guess what the columns of a list mean, as a columns file on standard output').argument('<list>', 'CSV or XLSX')
    .action(async (list: string) => done((await lists()).runColumns({ list }, io)))
  inventory.command('import').description('keep a list (CSV, XLSX, NetBox JSON) or an MDS2 form in the data folder').argument('<file>')
    .option('--columns <file>', 'columns file; without it they are guessed').option('--data <folder>', 'data folder')
    .action(async (list: string, flags: { columns?: string; data?: string }) =>
      done(await (await lists()).runImport({ list, columns: flags.columns, data: flags.data ?? defaultData }, io)))
  const diff = inventory.command('diff').description('the list against the network, both ways: never seen, not listed, retired but talking, contradictions')
    .argument('[lists...]', 'CSV, XLSX, NetBox JSON or MDS2; without one those imported').option('--columns <file>', 'columns file of the list')
    .addOption(new Option('--json', 'one JSON document').conflicts('csv')).option('--csv', 'the list\'s own columns with observed_ ones behind them')
    .addOption(new Option('--fail-on <severity>', 'exit 1 when a contradiction is at least this grave').choices(FAIL_ON_VALUES).default('medium'))
  sources(diff, shared).action(async (files: readonly string[], flags: Flags & { columns?: string; failOn: string }) => {
    const failOn: Severity | 'never' = SEVERITIES.find((s) => s === flags.failOn) ?? 'never'
    done(await (await lists()).runDiff({ ...sourceOf(flags, shared), lists: files, columns: flags.columns, format: formatOf(flags), failOn }, io))
  })
  sources(inventory.command('export').description('the inventory as JSON in NetBox\'s shape'), shared).option('--out <file>', 'write here')
    .action(async (flags: Flags & { out?: string }) => done(await (await lists()).runExport({ ...sourceOf(flags, shared), out: flags.out }, io)))
}
