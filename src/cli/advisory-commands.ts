// Wiring of `cordon advisory`: list, show, match, confirm, reject, import, propose. Modules are loaded when a command is called.

import { Option, type Command } from 'commander'
import type { AdvisoryMatchArgs } from './advisory.ts'
import type { Io } from './io.ts'
import type { Done } from './policy-commands.ts'

interface MatchFlags {
  readonly r?: string
  readonly data?: string
  readonly assets?: string
  readonly advisory?: string
  readonly all?: boolean
  readonly json?: boolean
  readonly failOn?: 'affected' | 'under-investigation' | 'never'
  readonly policy?: string
  readonly watch?: boolean
}

/** `defaultData` is asked when neither a capture nor a list is named. */
export function addAdvisory(program: Command, io: Io, done: Done, defaultData: string): void {
  const advisory = program.command('advisory').description('published advisories: which concerns which device, why, and what follows')
  const data = (): Option => new Option('--data <folder>', 'data folder with imported advisories and decisions')
  advisory.command('list').description('advisories that are known, shipped and imported').argument('[word...]', 'words in id, maker, product or CVE')
    .addOption(data()).option('--json', 'one JSON document')
    .action(async (words: string[], flags: { data?: string; json?: boolean }) =>
      done(await (await import('./advisory.ts')).advisoryList({ words, data: flags.data, json: flags.json === true }, io)))
  advisory.command('show').description('one advisory: products, how they are matched, findings, what can be watched for').argument('<id>')
    .addOption(data()).option('--json', 'one JSON document')
    .action(async (id: string, flags: { data?: string; json?: boolean }) =>
      done(await (await import('./advisory.ts')).advisoryShow(id, { data: flags.data, json: flags.json === true }, io)))
  addMatch(advisory, io, done, defaultData)
  addDecide(advisory, io, done, defaultData)
  const what = 'CSAF 2.0 documents of a file, a folder or a mirror, or CISA\'s catalog of exploited vulnerabilities; change is told by hash'
  advisory.command('import').description(what)
    .argument('<path>').addOption(data().default(defaultData)).option('--json', 'one JSON document')
    .action(async (path: string, flags: { data: string; json?: boolean }) =>
      done(await (await import('./advisory-import.ts')).advisoryImport({ path, data: flags.data, json: flags.json === true }, io)))
}

function sources(command: Command): Command {
  return command.option('-r <file>', 'capture to read; - for standard input').option('--data <folder>', 'data folder: newest analysis, imports, decisions')
    .option('--assets <file>', 'assets as cordon inventory list --json prints them').option('--advisory <id>', 'this advisory only').option('--json',
      'one JSON document')
}

function matchArgs(flags: MatchFlags, defaultData: string): AdvisoryMatchArgs {
  const isNamed = flags.r !== undefined || flags.assets !== undefined
  return {
    file: flags.r, assets: flags.assets, data: flags.data ?? (isNamed ? undefined : defaultData), advisory: flags.advisory, all: flags.all === true,
    json: flags.json === true, ...(flags.failOn === undefined ? {} : { failOn: flags.failOn }),
  }
}

function addMatch(advisory: Command, io: Io, done: Done, defaultData: string): void {
  sources(advisory.command('match').description('which advisory concerns which device, first what to look at first, each with its reason'))
    .argument('[asset]', 'id, label or address').option('--all', 'also what is ruled out by version or rejected')
    .addOption(new Option('--fail-on <state>', 'exit 1 when an open match is at least this').choices(['affected', 'under-investigation',
      'never']).default('affected'))
    .action(async (asset: string | undefined, flags: MatchFlags) =>
      done(await (await import('./advisory.ts')).advisoryMatch({ ...matchArgs(flags, defaultData), asset }, io)))
  sources(advisory.command('propose').description('watch rules and a draft of the policy for open matches; text for a person, nothing is loaded'))
    .addOption(new Option('--policy <file>', 'policy to add to; without it the shipped one').env('CORDON_POLICY'))
    .option('--watch', 'the watch rules as a table in place of the policy')
    .action(async (flags: MatchFlags) => {
      const { advisoryPropose } = await import('./advisory-propose.ts')
      done(await advisoryPropose({ ...matchArgs(flags, defaultData), policy: flags.policy, watch: flags.watch === true }, io))
    })
}

function addDecide(advisory: Command, io: Io, done: Done, defaultData: string): void {
  const texts = { confirm: 'say that a match is right', reject: 'say that a match is wrong; it is shown again when the advisory changes' } as const
  for (const verdict of ['confirm', 'reject'] as const) {
    advisory.command(verdict).description(texts[verdict]).argument('<match>', 'id of the match, m-...')
      .requiredOption('--reason <text>', 'why, in a sentence').option('--by <name>', 'who answers for it (default: the user)')
      .option('--data <folder>', 'data folder', defaultData)
      .action(async (match: string, flags: { reason: string; by?: string; data: string }) =>
        done(await (await import('./advisory.ts')).advisoryDecide({ verdict, match, ...flags }, io)))
  }
}
