// watch-commands: the options of `cordon watch`, with tcpdump's letters for tcpdump's things.

import { CommanderError, InvalidArgumentError, Option, type Command } from 'commander'
import { Exit, type Io } from './io.ts'
import { FAIL_ON_VALUES, type OutputFormat } from './options.ts'

/** libpcap's MAXIMUM_SNAPLEN: what tcpdump keeps without -s. */
const SNAPLEN_MAX = 262_144
/** Rings share the packets of one interface; more than cores is waste, and each has a reading thread. */
const WORKERS_MAX = 4
const RING_KIB_MAX = 4 * 1024 * 1024

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`give a whole number from ${low} to ${high}.`)
    return value
  }
}

interface WatchFlags {
  readonly i?: string
  readonly snaplen: number
  readonly promiscuous: boolean
  readonly workers: number
  readonly B?: number
  readonly via: string
  readonly w?: string
  readonly C?: number
  readonly G?: number
  readonly W?: number
  readonly user?: string
  readonly count?: number
  readonly duration?: number
  readonly policy?: string
  readonly data?: string
  readonly json?: boolean
  readonly failOn: string
}

export function addWatch(program: Command, io: Io, done: (code: number) => void): void {
  program.command('watch').description('read an interface live, and say the same of it as check of a file; it cannot send')
    .argument('[filter...]', 'which packets, in the words of tcpdump: host 10.0.0.1 and not port 22')
    .option('-i <interface>', 'interface to read, usually one on a mirror port')
    .option('-s, --snaplen <bytes>', 'keep so many bytes of a packet', wholeNumber(64, SNAPLEN_MAX), SNAPLEN_MAX)
    .option('-p, --no-promiscuous', 'only what is addressed to this machine')
    .option('--workers <number>', 'rings that share the packets by flow', wholeNumber(1, WORKERS_MAX), 1)
    .option('-B <KiB>', 'memory of the rings together (64 MiB)', wholeNumber(2048, RING_KIB_MAX))
    .addOption(new Option('--via <way>', 'the kernel\'s ring, or a tcpdump that is started').choices(['ring', 'tcpdump']).default('ring'))
    .option('-w <file>', 'keep the packets in a pcap file')
    .option('-C <megabytes>', 'a new file after so many million bytes', wholeNumber(1, 1_000_000))
    .option('-G <seconds>', 'a new file after so many seconds; the name is a template of strftime', wholeNumber(1, 31_536_000))
    .option('-W <number>', 'with -C so many files in turn; with -G the end after so many', wholeNumber(1, 1_000_000))
    .option('-Z, --user <account>', 'become this account (nobody, unless files are written)')
    .option('-c, --count <packets>', 'end after so many packets', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--duration <seconds>', 'end after so many seconds', wholeNumber(1, 31_536_000))
    .addOption(new Option('--policy <file>', 'policy in place of the shipped one').env('CORDON_POLICY'))
    .option('--data <folder>', 'keep the result in this data folder')
    .option('--json', 'the report at the end as one JSON document')
    .addOption(new Option('--fail-on <severity>', 'exit 1 when a finding is at least this grave').choices(FAIL_ON_VALUES).default('high'))
    .action(async (filter: readonly string[], flags: WatchFlags) => {
      if (flags.i === undefined) throw usage('name the interface: cordon watch -i IF (ip -br link lists them)')
      if (flags.w === undefined && [flags.C, flags.G, flags.W].some((f) => f !== undefined)) throw usage('-C, -G and -W turn over the file of -w: name one')
      if (flags.w === '-') throw usage('standard output is for the report: name a file behind -w')
      if (flags.W !== undefined && flags.C === undefined && flags.G === undefined) throw usage('-W counts the files of -C or -G: say one of them')
      const format: OutputFormat = flags.json ? 'json' : 'text'
      const { runWatch } = await import('./watch.ts')
      done(await runWatch({
        device: flags.i, filter, snaplen: flags.snaplen, isPromiscuous: flags.promiscuous, workers: flags.workers, ringKib: flags.B ?? null,
        via: flags.via === 'tcpdump' ? 'tcpdump' : 'ring', file: flags.w ?? null, megabytes: flags.C ?? null, seconds: flags.G ?? null, files: flags.W ?? null,
        user: flags.user ?? null, count: flags.count ?? null, durationSeconds: flags.duration ?? null, policy: flags.policy, data: flags.data, format,
        failOn: FAIL_ON_VALUES.find((v) => v === flags.failOn) ?? 'high',
      }, io))
    })
}

/** Said by main as other usage errors are. */
function usage(words: string): CommanderError {
  return new CommanderError(Exit.usage, 'cordon.capture', `error: ${words}`)
}
