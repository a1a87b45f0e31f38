// The command line: nouns and verbs of the product wired to functions that return exit codes. No logic of its own.
// Commands are loaded when they are called, so that `check` does not wait for a web server's code.

import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import tty from 'node:tty'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { SHARDS } from '../sensor/shards.ts'
import { SCENARIOS } from '../twin/core/options.ts'
import { addAdvisory } from './advisory-commands.ts'
import { addGateway } from './gateway-commands.ts'
import { addInventory } from './inventory-commands.ts'
import { FAULTS } from '../twin/faults.ts'
import { collectEarly } from './heap.ts'
import { Exit, type Io } from './io.ts'
import { FAIL_ON_VALUES, type OutputFormat } from './options.ts'
import {
  addAudit, addBreakGlass, addCompile, addDrill, addMud, addPropose, addProve, addProveRollback, addRead, addReplay, addTrace,
} from './policy-commands.ts'
import { addProfile } from './profile-commands.ts'
import type { TwinLiveArgs } from './twin-live.ts'
import { VERSION } from './version.ts'
import { addWatch } from './watch-commands.ts'

const DEFAULT_PORT = 7080
const PORT_MAX = 65535

function makeIo(): { io: Io; code: () => number | null } {
  const stop = new AbortController()
  let code: number | null = null
  for (const [name, exit] of [['SIGINT', Exit.interrupted], ['SIGTERM', Exit.terminated]] as const) {
    process.once(name, () => {
      code = exit
      stop.abort()
    })
  }
  const io: Io = {
    out: (text) => void process.stdout.write(text),
    room: async () => {
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
    },
    err: (text) => void process.stderr.write(text),
    isTty: tty.isatty(2),
    color: tty.isatty(1) && process.env['NO_COLOR'] === undefined,
    env: process.env,
    signal: stop.signal,
  }
  return { io, code: () => code }
}

/** XDG base directory for data that must survive. */
function defaultData(env: Io['env']): string {
  return env['CORDON_DATA'] ?? path.join(env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share'), 'cordon')
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`give a whole number from ${low} to ${high}.`)
    return value
  }
}

interface FormatFlags {
  readonly json?: boolean
  readonly jsonl?: boolean
  readonly csv?: boolean
}

function formatOf(flags: FormatFlags): OutputFormat {
  return flags.json ? 'json' : flags.jsonl ? 'jsonl' : flags.csv ? 'csv' : 'text'
}

function withFormats(command: Command): Command {
  return command
    .addOption(new Option('--json', 'one JSON document, the same bytes for the same input').conflicts(['jsonl', 'csv']))
    .addOption(new Option('--jsonl', 'one JSON object per line').conflicts(['csv']))
    .option('--csv', 'assets as CSV')
}

const policyOption = (): Option => new Option('--policy <file>', 'policy in place of the shipped one').env('CORDON_POLICY')

/** Every command sets the exit code through `done`. */
function buildProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('cordon')
    .description('Keeps insecure-by-design bedside devices inside the hospital. Sends nothing, but in network namespaces of its own (drill), '
      + 'to loopback (live twin), and to the targets of a gateway that is run.')
    .version(VERSION)
    // `twin` and `twin live` share names of options: each takes those behind its own name.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(cordon --help lists the commands)')
  addCheck(program, io, done)
  addDemo(program, io, done)
  addServe(program, io, done)
  addWatch(program, io, done)
  addInventory(program, { io, done, defaultData: defaultData(io.env), withFormats, policyOption, formatOf })
  addAdvisory(program, io, done, defaultData(io.env))
  addPolicy(program, io, done)
  addReplay(program, io, done)
  addCompile(program, io, done)
  addRead(program, io, done)
  addProve(program, io, done)
  addProveRollback(program, io, done)
  addDrill(program, io, done)
  addTrace(program, io, done)
  addMud(program, io, done)
  addProfile(program, io, done)
  addTwin(program, io, done)
  addGateway(program, io, done)
  return program
}

/** `-r FILE` as tcpdump has it, or the plain argument; both or neither is a usage error. */
function captureOf(argument: string | undefined, flag: string | undefined): string {
  if ((argument === undefined) === (flag === undefined)) {
    throw new CommanderError(Exit.usage, 'cordon.capture', 'error: name one capture: cordon check FILE, or -r FILE, or -r - for standard input')
  }
  return argument ?? flag ?? '-'
}

type CheckFlags = FormatFlags & { r?: string; policy?: string; data?: string; failOn: string; hash: boolean; workers: number }

function addCheck(program: Command, io: Io, done: (code: number) => void): void {
  withFormats(program.command('check').description('read a capture and say who is here, who talks to whom, and what leaves the hospital'))
    .argument('[capture]', 'pcap or pcapng file, gzip and zstd too; - for standard input')
    .option('-r <file>', 'the same, as tcpdump has it')
    .addOption(policyOption())
    .option('--data <folder>', 'keep the result in this data folder')
    .option('--no-hash', 'leave the SHA-256 of the capture out of the report: faster on large captures')
    .option('--workers <number>', 'threads that read the capture; the answer is the same', wholeNumber(1, SHARDS), 1)
    .addOption(new Option('--fail-on <severity>', 'exit 1 when a finding is at least this grave').choices(FAIL_ON_VALUES).default('high'))
    .action(async (capture: string | undefined, flags: CheckFlags) => {
      const failOn = FAIL_ON_VALUES.find((v) => v === flags.failOn) ?? 'high'
      const { runCheck } = await import('./check.ts')
      const { policy, data, hash, workers } = flags
      done(await runCheck({ file: captureOf(capture, flags.r), policy, data, format: formatOf(flags), failOn, hash, workers }, io))
    })
}

function addDemo(program: Command, io: Io, done: (code: number) => void): void {
  program.command('demo').description('play a synthetic ward and show it in the console; no network, no root')
    .option('--port <number>', 'port of the console', wholeNumber(0, PORT_MAX), DEFAULT_PORT)
    .option('--host <address>', 'address the console binds to', '127.0.0.1')
    .option('--seed <number>', 'another seed, another ward', wholeNumber(0, 2 ** 32 - 1), 7)
    .option('--beds <number>', 'monitors', wholeNumber(1, 64), 12)
    .action(async (flags: { port: number; host: string; seed: number; beds: number }) => done(await (await import('./demo.ts')).runDemo(flags, io)))
}

function addServe(program: Command, io: Io, done: (code: number) => void): void {
  program.command('serve').description('the console over a data folder; captures are dropped on its page')
    .option('--data <folder>', 'data folder (default: CORDON_DATA, else the XDG data folder)', defaultData(io.env))
    .addOption(policyOption())
    .option('--port <number>', 'port of the console', wholeNumber(0, PORT_MAX), DEFAULT_PORT)
    .option('--host <address>', 'address the console binds to', '127.0.0.1')
    .action(async (flags: { data: string; policy?: string; port: number; host: string }) =>
      done(await (await import('./serve.ts')).runServe({ ...flags, policy: flags.policy }, io)))
}

interface EvalFlags {
  readonly src: string
  readonly dst: string
  readonly proto: string
  readonly sport?: number
  readonly dport?: number
  readonly asset: readonly string[]
  readonly data?: string
  readonly json?: boolean
}

function addPolicy(program: Command, io: Io, done: (code: number) => void): void {
  const policy = program.command('policy').description('the policy: which device may talk to whom')
  policy.command('check').description('read a policy and list everything that is wrong with it')
    .argument('[file]', 'policy file; without it the shipped one').option('--json', 'JSON')
    .action(async (file: string | undefined, flags: { json?: boolean }) =>
      done((await import('./policy.ts')).policyCheck({ file, json: flags.json === true }, io)))
  policy.command('fmt').description('lay a policy out in the one canonical way; comments stay')
    .argument('<file>').option('--check', 'only say whether it is; exit 1 when not').option('--write', 'write the file instead of printing it')
    .action(async (file: string, flags: { check?: boolean; write?: boolean }) =>
      done((await import('./policy.ts')).policyFormat({ file, check: flags.check === true, write: flags.write === true }, io)))
  addPropose(policy, io, done)
  addAudit(policy, io, done)
  addBreakGlass(policy, io, done)
  policy.command('eval').description('allow or deny for one flow, with the rule and the reason')
    .argument('[file]', 'policy file; without it the shipped one')
    .requiredOption('--src <address>', 'initiator').requiredOption('--dst <address>', 'responder')
    .option('--proto <name>', 'tcp, udp, icmp or a number', 'tcp')
    .option('--sport <port>', 'initiator port', wholeNumber(0, PORT_MAX)).option('--dport <port>', 'responder port', wholeNumber(0, PORT_MAX))
    .option('--asset <profile=address>', 'which device has which address; may be repeated', (value: string, all: string[]) => [...all, value], [])
    .option('--data <folder>', 'data folder whose devices fill the zones too').option('--json', 'JSON')
    .action(async (file: string | undefined, flags: EvalFlags) => {
      const stored = flags.data === undefined ? [] : await (await import('./assets-of.ts')).storedAssetFlags(flags.data, io)
      if (typeof stored === 'number') return done(stored)
      return done((await import('./policy.ts')).policyEval({
        file, src: flags.src, dst: flags.dst, proto: flags.proto, srcPort: flags.sport, dstPort: flags.dport, assets: [...flags.asset, ...stored],
        json: flags.json === true,
      }, io))
    })
}

interface TwinFlags {
  readonly out?: string
  readonly beds: number
  readonly scenario: string
  readonly seed: number
  readonly seconds: number
  readonly start?: string
  readonly period?: number
  readonly jitter?: number
  readonly transport?: string
}

function addTwin(program: Command, io: Io, done: (code: number) => void): void {
  const twin = program.command('twin').description('write the capture of a synthetic ward; it sends nothing to any network').enablePositionalOptions()
    .option('--out <file>', 'pcap file to write; - for standard output')
    .option('--beds <number>', 'monitors', wholeNumber(1, 64), 12)
    .option('--scenario <names>', `comma-separated: ${SCENARIOS.join(', ')}, or all; none is the quiet ward`, '')
    .option('--seed <number>', 'another seed, another ward', wholeNumber(0, 2 ** 32 - 1), 7)
    .option('--seconds <number>', 'length', wholeNumber(1, 86_400), 120)
    .option('--start <time>', 'time of the first packet, ISO 8601')
    .option('--period <ms>', 'time between two cycles of a monitor (1000 is inferred)', wholeNumber(1, 60_000))
    .option('--jitter <ms>', 'each cycle comes up to this much late', wholeNumber(0, 60_000))
    .option('--transport <name>', 'how the update client mounts: udp or tcp')
    .action(async (flags: TwinFlags) => done(await (await import('./twin.ts')).runTwin({ ...flags, periodMs: flags.period, jitterMs: flags.jitter }, io)))
  addTwinLive(twin, io, done)
}

function addTwinLive(twin: Command, io: Io, done: (code: number) => void): void {
  twin.command('live').description('let the synthetic ward dial a central station on loopback, over real sockets; refuses every other target')
    .requiredOption('--to <address:port>', 'where telemetry goes (a monitor: port 515), e.g. 127.0.0.1:5515')
    .option('--hl7-port <number>', 'where HL7 of every fourth bed goes (a monitor: 511); none without', wholeNumber(1, PORT_MAX))
    .option('--beds <number>', 'monitors', wholeNumber(1, 64), 12)
    .option('--seed <number>', 'another seed, another ward', wholeNumber(0, 2 ** 32 - 1), 7)
    .option('--faults <names>', `comma-separated: ${FAULTS.join(', ')}, or all`, '')
    .option('--seconds <number>', 'length; without, until Ctrl-C', wholeNumber(1, 86_400))
    .option('--noise <steps>', 'noise of the ECG; 0 is a simulator that repeats itself', wholeNumber(0, 8))
    .option('--json', 'the account of every bed as JSON')
    .action(async (flags: TwinLiveArgs) => done(await (await import('./twin-live.ts')).runTwinLive(flags, io)))
}

/** One command line, as of its process: what it writes goes to `io`, what it means is the exit code. */
export async function runCommandLine(argv: readonly string[], io: Io): Promise<number> {
  let exit: number = Exit.ok
  const program = buildProgram(io, (c) => {
    exit = c
  })
  try {
    await program.parseAsync(argv)
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause
    // Help and version are no errors; everything else commander refuses is usage.
    if (cause.exitCode === 0) return Exit.ok
    if (cause.code === 'cordon.capture') io.err(`${cause.message}\n`)
    return Exit.usage
  }
  return exit
}

async function main(argv: readonly string[]): Promise<number> {
  const { io, code } = makeIo()
  const exit = await runCommandLine(argv, io)
  return code() ?? exit
}

if (import.meta.main) {
  // A reader that goes away (| head) is not our error; a full disk is, and the output is not whole.
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') process.exit(Exit.ok)
    process.stderr.write(`cordon: the output could not be written (${cause.code}); what is there is not whole\n`)
    process.exit(Exit.incomplete)
  })
  collectEarly()
  process.exitCode = await main(process.argv)
}
