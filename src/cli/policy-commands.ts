// Wiring of the commands that work on policies and firewalls: compile, read, replay, prove, mud. Modules are loaded when a command is called.

import { InvalidArgumentError, Option, type Command } from 'commander'
import type { NameMap, WrittenPolicy } from '../policy/index.ts'
import type { Hook } from '../policy/rules/model.ts'
import { Exit, type Io } from './io.ts'
import type { CertifiedQuestion } from './certificate.ts'
import type { ProveQuestion } from './prove.ts'

export type Done = (code: number) => void

const gather = (value: string, all: readonly string[]): string[] => [...all, value]

function withAssets(command: Command): Command {
  return command.option('--asset <profile=address>', 'which device has which address; may be repeated', gather, [])
}

export function addCompile(program: Command, io: Io, done: Done): void {
  const compile = program.command('compile').description('the policy as text for a firewall, with its rollback; a person reads and loads it')
  withAssets(compile)
    .option('--target <id>', 'platform; --list shows them').option('--list', 'platforms and what they can say')
    .addOption(new Option('--policy <file>', 'policy in place of the shipped one').env('CORDON_POLICY'))
    .option('--out <file>', 'write here, and the rollback to <file>.rollback')
    .option('--budget <lines>', 'lines the device takes', (text) => Number.parseInt(text, 10))
    .option('--set <name=value>', 'word of the platform, such as interface=eth0; may be repeated', gather, [])
    .option('--allow-empty-zones', 'compile although zones hold no address').option('--json', 'with --list: JSON')
    .option('--data <folder>', 'data folder: its devices fill the zones, and the change pack gets a replay verdict')
    .option('--no-prove', 'write without proving the text and its rollback first; the change pack says so')
    .action(async (flags: CompileFlags) => {
      const { listTargets, runCompile } = await import('./compile.ts')
      if (flags.list === true || flags.target === undefined) return done(listTargets({ json: flags.json === true }, io))
      return done(await runCompile({
        target: flags.target, policy: flags.policy, out: flags.out, budget: flags.budget, assets: flags.asset, options: optionsOf(flags.set),
        allowEmptyZones: flags.allowEmptyZones === true, data: flags.data, prove: flags.prove,
      }, io))
    })
}

interface CompileFlags {
  readonly target?: string
  readonly list?: boolean
  readonly policy?: string
  readonly out?: string
  readonly budget?: number
  readonly asset: readonly string[]
  readonly set: readonly string[]
  readonly allowEmptyZones?: boolean
  readonly json?: boolean
  readonly data?: string
  readonly prove: boolean
}

/** `interface=eth0` pairs; a word without `=` is a flag of the platform. */
function optionsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => {
    const cut = pair.indexOf('=')
    return cut < 0 ? [pair, 'yes'] : [pair.slice(0, cut), pair.slice(cut + 1)]
  }))
}

export function addReplay(program: Command, io: Io, done: Done): void {
  program.command('replay').description('what a draft policy would have done to the past: ward words first, then flows; says when it cannot know')
    .requiredOption('--policy <file>', 'draft to try')
    .option('-r <file>', 'capture to try it on; - for standard input').option('--data <folder>', 'data folder whose newest analysis is the past')
    .option('--against <file>', 'policy in force, to tell what changes')
    .option('--reason <text>', 'why it is approved all the same; kept with the answer')
    .option('--utc-offset <minutes>', 'local time minus UTC, for shifts and weekends', Number)
    .option('--approve', 'keep the answer as an approval in the data folder; break and unknown need --reason')
    .option('--by <name>', 'who approves').option('--json', 'one JSON document')
    .action(async (flags: ReplayFlags) => {
      const { runReplay } = await import('./replay.ts')
      done(await runReplay({
        policy: flags.policy, file: flags.r, data: flags.data, against: flags.against, reason: flags.reason, json: flags.json === true,
        approve: flags.approve === true, by: flags.by, ...(Number.isInteger(flags.utcOffset) ? { utcOffsetMinutes: flags.utcOffset } : {}),
      }, io))
    })
}

interface ReplayFlags {
  readonly policy: string
  readonly r?: string
  readonly data?: string
  readonly against?: string
  readonly reason?: string
  readonly approve?: boolean
  readonly by?: string
  readonly utcOffset?: number
  readonly json?: boolean
}

/** `cordon policy audit`. */
export function addAudit(policy: Command, io: Io, done: Done): void {
  policy.command('audit').description('approvals, break-glass and other decisions kept in a data folder, oldest first')
    .addOption(new Option('--data <folder>', 'data folder').env('CORDON_DATA').makeOptionMandatory()).option('--json', 'one JSON document')
    .action(async (flags: { data: string; json?: boolean }) => {
      const { runAudit } = await import('./audit.ts')
      done(await runAudit({ data: flags.data, json: flags.json === true }, io))
    })
}

interface BreakGlassFlags {
  readonly policy?: string
  readonly address: readonly string[]
  readonly device?: string
  readonly asset: readonly string[]
  readonly reason: string
  readonly owner: string
  readonly hours?: string
  readonly until?: string
  readonly target: string
  readonly set: readonly string[]
  readonly out: string
  readonly data: string
}

/** `cordon policy break-glass`: S9. */
export function addBreakGlass(policy: Command, io: Io, done: Done): void {
  withAssets(policy.command('break-glass').description('lift our restriction for ONE device for some hours: text, rollback, proof and an audit line'))
    .addOption(new Option('--policy <file>', 'policy in force, in place of the shipped one').env('CORDON_POLICY'))
    .option('--address <address>', 'address of the device; once per IP version it has', gather, [])
    .option('--device <name>', 'device as the inventory has it: id, label, "bed 7" or address; in place of --address')
    .requiredOption('--reason <text>', 'why').requiredOption('--owner <name>', 'who answers for it')
    .option('--hours <number>', 'how long').option('--until <time>', 'until when, ISO 8601 with zone, in place of --hours')
    .requiredOption('--target <id>', 'platform of the text that is loaded now')
    .option('--set <name=value>', 'words of the platform, as the text that is loaded now was compiled with', gather, [])
    .requiredOption('--out <file>', 'write here, and the rollback to <file>.rollback')
    .addOption(new Option('--data <folder>', 'data folder that keeps the audit line').env('CORDON_DATA').makeOptionMandatory())
    .action(async (flags: BreakGlassFlags) => {
      const { runBreakGlass } = await import('./break-glass.ts')
      const { address, asset, set, ...rest } = flags
      done(await runBreakGlass({ ...rest, addresses: address, assets: asset, options: optionsOf(set) }, io))
    })
}

/** `cordon policy propose`: the draft that the past would have needed. */
export function addPropose(policy: Command, io: Io, done: Done): void {
  policy.command('propose').description('draft least privilege from what was seen and what is documented, each line with what earned it')
    .option('-r <file>', 'capture to learn from; - for standard input').option('--data <folder>', 'data folder whose newest analysis is the past')
    .option('--name <name>', 'name of the draft').option('--against <file>', 'policy in force, to list what of it was never used')
    .option('--json', 'one JSON document')
    .action(async (flags: { r?: string; data?: string; name?: string; against?: string; json?: boolean }) => {
      const { runPropose } = await import('./propose.ts')
      done(await runPropose({ file: flags.r, data: flags.data, name: flags.name, against: flags.against, json: flags.json === true }, io))
    })
}

interface ProveFlags {
  readonly target?: string
  readonly chain?: string
  readonly hook?: Hook
  readonly ipv6?: boolean
  readonly from?: string
  readonly to?: string
  readonly service?: string
  readonly asset: readonly string[]
  readonly json?: boolean
  readonly certificate?: string
}

const CERTIFICATE = ['--certificate <file>', 'write what is proved here, for prove verify'] as const
const HOOKS: readonly Hook[] = ['forward', 'input', 'output', 'interface-in', 'interface-out']

const QUESTIONS: readonly (readonly [ProveQuestion, string, string])[] = [
  ['reach', '<config>', 'can anything from --from reach --to on --service? Proved when nothing can'],
  ['liveness', '<config>', 'does everything from --from to --to on --service pass? For the clinical path'],
  ['dead-lines', '<config>', 'lines that can never decide anything, and which lines are to blame'],
  ['equal', '<config> <other>', 'do two configs, or a policy (.yaml) and a config, allow the same? With a packet when not'],
  ['diff', '<config> <other>', 'what only one of two versions allows, with a packet and a count for each side'],
  ['unclaimed', '<config>', 'packets that no line speaks of'],
]

export function addProve(program: Command, io: Io, done: Done): void {
  const prove = program.command('prove').description('questions about filters, answered for all packets at once: proved, refuted with a packet, or unknown')
  for (const [question, files, description] of QUESTIONS) {
    const command = prove.command(question).description(description)
    for (const file of files.split(' ')) command.argument(file)
    if (isCertified(question)) command.option(...CERTIFICATE)
    withAssets(command)
      .option('--target <id>', 'platform of the text; without it the one that understands it best')
      .option('--chain <name>', 'which chain is asked; without it all chains of the hook')
      .addOption(new Option('--hook <hook>', 'through the device (forward, the usual), to itself, or from itself').choices(HOOKS))
      .option('--from <prefix>', 'source addresses; of a network file also a zone, link or device')
      .option('--to <prefix>', 'destination addresses; of a network file also a zone, link or device')
      .option('--service <service>', 'tcp/515-520, udp/53, icmp').option('--ipv6', 'ask about IPv6').option('--json', 'one JSON document')
      .action(async (...given: unknown[]) => {
        const names = given.slice(0, files.split(' ').length).map(String)
        const { certificate, ...flags } = command.opts<ProveFlags>()
        const args = { ...proveArgs(flags), files: names }
        const { isNetworkFile } = await import('../config/index.ts')
        if (names.some((name) => /\.ya?ml$/.test(name) && isNetworkFile(name))) {
          if (certificate !== undefined) return done(refuse(io, NO_PATH_CERTIFICATE))
          const { runProveNetwork } = await import('./prove-network.ts')
          return done(runProveNetwork({ ...args, question }, io))
        }
        if (certificate !== undefined && isCertified(question)) {
          const { runProveCertificate } = await import('./certificate.ts')
          return done(runProveCertificate({ ...args, question }, certificate, io))
        }
        const { runProve } = await import('./prove.ts')
        done(runProve({ ...args, question }, io))
      })
  }
  addProvePolicy(prove, io, done)
  addVerify(prove, io, done)
}

const NO_PATH_CERTIFICATE = 'a certificate is about the chains of one text, not about a network\n  help: Certify the policy, or the text of each device.'

function refuse(io: Io, message: string): number {
  io.err(`cordon prove: ${message}\n`)
  return Exit.usage
}

function addProvePolicy(prove: Command, io: Io, done: Done): void {
  withAssets(prove.command('policy').description('the policy\'s own assertions, in both IP versions'))
    .argument('[file]', 'policy file; without it the shipped one').option('--json', 'one JSON document').option(...CERTIFICATE)
    .option('--network <file>', 'ask the devices of this network file in place of the policy')
    .action(async (file: string | undefined, flags: { asset: readonly string[]; json?: boolean; certificate?: string; network?: string }) => {
      const { certificate, network } = flags
      const args = { file, assets: flags.asset, json: flags.json === true }
      if (certificate !== undefined) {
        if (network !== undefined) return done(refuse(io, NO_PATH_CERTIFICATE))
        const { runProvePolicyCertificate } = await import('./certificate.ts')
        return done(runProvePolicyCertificate(args, certificate, io))
      }
      const { runProvePolicy } = await import('./prove.ts')
      const { runPolicyOverPath } = await import('./prove-network.ts')
      const overPath = network === undefined ? {} : { overPath: (policy: WrittenPolicy, names: NameMap) =>
        runPolicyOverPath(policy, names, network, flags.json === true, io) }
      done(runProvePolicy({ ...args, ...overPath }, io))
    })
}

/** `cordon prove verify`: somebody else's proof, recomputed from the texts. */
function addVerify(prove: Command, io: Io, done: Done): void {
  prove.command('verify').description('recompute a certificate from the texts it is about, offline; exit 5 when it does not hold')
    .argument('<certificate>').option('--config <file>', 'where a text is now; once per text, in the order of the certificate', gather, [])
    .option('--json', 'one JSON document')
    .action(async (certificate: string, flags: { config: readonly string[]; json?: boolean }) => {
      const { runVerify } = await import('./certificate.ts')
      done(runVerify({ certificate, configs: flags.config, json: flags.json === true }, io))
    })
}

function isCertified(question: ProveQuestion): question is CertifiedQuestion {
  return question === 'reach' || question === 'liveness' || question === 'equal'
}

/** `cordon prove rollback`: S6. */
export function addProveRollback(program: Command, io: Io, done: Done): void {
  const prove = program.commands.find((command) => command.name() === 'prove')
  prove?.command('rollback').description('does the rollback take away what the text brings, and nothing else?')
    .argument('<text>').argument('<rollback>').requiredOption('--target <id>', 'platform of both')
    .option('--base <config>', 'what the device has configured today, in its own words').option('--json', 'one JSON document')
    .action(async (text: string, rollback: string, flags: { target: string; base?: string; json?: boolean }) => {
      const { runProveRollback } = await import('./prove-rollback.ts')
      done(runProveRollback({ text, rollback, target: flags.target, base: flags.base, json: flags.json === true }, io))
    })
}

/** `cordon trace`: one packet through a network file. */
export function addTrace(program: Command, io: Io, done: Done): void {
  program.command('trace').description('one packet through a network file, hop by hop, with the line of each device that decides')
    .argument('<network>', 'network file (docs/prove.md)')
    .requiredOption('--src <address>', 'who sends').requiredOption('--dst <address>', 'to whom')
    .option('--service <service>', 'tcp/515, udp/53, icmp', 'tcp/443').option('--json', 'one JSON document')
    .action(async (file: string, flags: { src: string; dst: string; service: string; json?: boolean }) => {
      const { runTrace } = await import('./prove-network.ts')
      done(runTrace({ file, src: flags.src, dst: flags.dst, service: flags.service, json: flags.json === true }, io))
    })
}

function proveArgs(flags: ProveFlags) {
  return {
    target: flags.target, chain: flags.chain, hook: flags.hook, version: flags.ipv6 === true ? 6 : 4, from: flags.from, to: flags.to, service: flags.service,
    assets: flags.asset, json: flags.json === true,
  } as const
}

interface DrillFlags {
  readonly policy?: string
  readonly asset: readonly string[]
  readonly rules?: string
  readonly probes: number
  readonly beds: number
  readonly seed: number
  readonly out?: string
  readonly json?: boolean
}

/** Largest seed of the house's generator, 32 bits. */
const SEED_MAX = 2 ** 32 - 1
/** As the twin: LOCAL NET NO. 1..64. */
const BEDS_MAX = 64
/** Above it the plan and the captures of one phase need more than a gigabyte. */
const PROBES_MAX = 1_000_000

export function addDrill(program: Command, io: Io, done: Done): void {
  withAssets(program.command('drill').description('try the policy in a real kernel, in network namespaces of its own: before, after, rolled back'))
    .addOption(new Option('--policy <file>', 'policy to drill; without it the template that keeps the central station inside').env('CORDON_POLICY'))
    .option('--rules <file>', 'nftables text to try against the policy, in place of the compiled one')
    .option('--probes <number>', 'witness probes in each phase', numberFrom(0, PROBES_MAX), 100_000)
    .option('--beds <number>', 'monitors', numberFrom(1, BEDS_MAX), 12)
    .option('--seed <number>', 'another seed, other probes', numberFrom(0, SEED_MAX), 7)
    .option('--out <folder>', 'captures, texts and result with their SHA-256').option('--json', 'one JSON document')
    .action(async (flags: DrillFlags) => {
      const { runDrill } = await import('./drill.ts')
      done(await runDrill({ ...flags, policy: flags.policy, assets: flags.asset, json: flags.json === true }, io))
    })
}

function numberFrom(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`give a whole number from ${low} to ${high}.`)
    return value
  }
}

export function addRead(program: Command, io: Io, done: Done): void {
  program.command('read').description('what is understood of an existing firewall\'s text, and what is not, with its line')
    .argument('<config...>', 'one text, or several of one device, such as the dumps of ip route and ip rule')
    .option('--target <id>', 'platform of the text; found by content when left out').option('--json', 'one JSON document')
    .action(async (files: string[], flags: { target?: string; json?: boolean }) => {
      const { runRead } = await import('./read.ts')
      done(Math.max(...files.map((file) => runRead({ file, target: flags.target, json: flags.json === true, named: files.length > 1 }, io))))
    })
}

interface SiteFlags {
  readonly name: readonly string[]
  readonly local: readonly string[]
}

function withSite(command: Command): Command {
  return command.option('--name <name=address>', 'address of a name, a controller or a class; may be repeated', gather, [])
    .option('--local <block>', 'a local network; without any all private addresses', gather, [])
}

export function addMud(program: Command, io: Io, done: Done): void {
  const mud = program.command('mud').description('manufacturer usage descriptions (RFC 8520): in as conduits, out for devices that never had one')
  withSite(mud.command('import')).argument('<file>').option('--widen', 'take an entry without other side as everybody; it is warned of')
    .option('--policy', 'as policy text, with what to prove; needs --device').option('--device <address>', 'address or block of the device')
    .option('--json', 'JSON')
    .action(async (file: string, flags: { widen?: boolean; policy?: boolean; device?: string; json?: boolean } & SiteFlags) => {
      const { runMud } = await import('./mud.ts')
      done(await runMud({
        verb: 'import', file, widen: flags.widen === true, policy: flags.policy === true, device: flags.device, json: flags.json === true,
        names: flags.name, local: flags.local,
      }, io))
    })
  withSite(mud.command('check').description('what a device did against its file: flows no entry covers, entries never used, and why'))
    .argument('<file>').option('--flows <csv>', 'flow table, as MUDgee writes it; may be repeated', gather, [])
    .option('-r <file>', 'capture instead').option('--device <address>', 'hardware address in a table, IP address in a capture')
    .option('--json', 'JSON')
    .action(async (profile: string, flags: { flows: readonly string[]; r?: string; device?: string; json?: boolean } & SiteFlags) => {
      const { runMudCheck } = await import('./mud-check.ts')
      done(await runMudCheck({
        profile, flows: flags.flows, capture: flags.r, device: flags.device, json: flags.json === true, names: flags.name, local: flags.local,
      }, io))
    })
  withSite(mud.command('compare').description('what one file allows and the other does not, in both directions')).argument('<file>').argument('<other>')
    .option('--json', 'JSON')
    .action(async (profile: string, other: string, flags: { json?: boolean } & SiteFlags) => {
      const { runMudCompare } = await import('./mud-check.ts')
      done(runMudCompare({ profile, other, json: flags.json === true, names: flags.name, local: flags.local }, io))
    })
  mud.command('export').argument('<profile>', 'device profile id').requiredOption('--url <https-address>', 'where the file will stand')
    .option('--all', 'rare documented flows too')
    .action(async (profile: string, flags: { url: string; all?: boolean }) => {
      const { runMud } = await import('./mud.ts')
      done(await runMud({ verb: 'export', profile, url: flags.url, all: flags.all === true }, io))
    })
}
