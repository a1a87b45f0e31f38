// cordon twin live: the synthetic ward over real sockets, to loopback only, and at its end what each bed sent.
// Keeps the rule that a person can send it nowhere else: networks that Cordon makes are for its own tests and benches.

import { err, ok, type Result } from '../base/result.ts'
import { totalOf, type BedAccount } from '../twin/account.ts'
import { FAULT_WORDS, FAULTS, type FaultName } from '../twin/faults.ts'
import { LIVE_DEFAULTS, LIVE_NOISE, liveProblem, LiveWard, type LiveOptions } from '../twin/server.ts'
import { Exit, type Io } from './io.ts'
import { formatBytes, table } from './text.ts'

export interface TwinLiveArgs {
  /** Address and port, e.g. 127.0.0.1:515. */
  readonly to: string
  readonly hl7Port?: number | undefined
  readonly beds?: number | undefined
  readonly seed?: number | undefined
  /** Comma-separated; `all`, or empty for none. */
  readonly faults?: string | undefined
  /** Undefined: until it is stopped. */
  readonly seconds?: number | undefined
  /** Steps of ECG noise; 0 makes a simulator that a data check tells. */
  readonly noise?: number | undefined
  readonly json?: boolean | undefined
}

const ALL = 'all'
const TOLD_EVERY_MS = 10_000

/** Runs until `seconds` are over or it is stopped. Exit codes: ok, usage (a wish refused), incomplete (nobody answered, or broke off). */
export async function runTwinLive(args: TwinLiveArgs, io: Io): Promise<number> {
  const options = liveOptionsOf(args)
  const ward = options.ok ? LiveWard.start(options.value) : options
  if (!ward.ok) {
    io.err(`cordon twin live: ${ward.error}\n`)
    return Exit.usage
  }
  io.err(`${options.ok ? options.value.beds : 0} invented monitors dial ${args.to}. Ctrl-C ends them.\n`)
  const talk = setInterval(() => io.err(progress(ward.value)), TOLD_EVERY_MS)
  await over(args.seconds, io.signal)
  clearInterval(talk)
  const accounts = await ward.value.stop()
  io.out(args.json === true ? `${JSON.stringify({ beds: accounts, total: totalOf(accounts) })}\n` : report(accounts))
  const { connections, refused, broken } = totalOf(accounts).rest
  if (connections === 0) io.err(`nobody listens at ${args.to}: ${refused} connections were refused. Start the gateway first, or name its port.\n`)
  return connections > 0 && broken === 0 ? Exit.ok : Exit.incomplete
}

/** The ward that is asked for, or why there is none. */
export function liveOptionsOf(args: TwinLiveArgs): Result<LiveOptions> {
  const target = /^(.*):(\d{1,5})$/.exec(args.to)
  if (target === null) return err(`"${args.to}" is no address and port: write for example 127.0.0.1:5515`)
  const faults = faultsOf(args.faults ?? '')
  if (!faults.ok) return faults
  const host = target[1] ?? ''
  const options: LiveOptions = {
    ...LIVE_DEFAULTS, target: { telemetry: { host, port: Number(target[2]) }, hl7: args.hl7Port === undefined ? null : { host, port: args.hl7Port } },
    beds: args.beds ?? LIVE_DEFAULTS.beds, seed: args.seed ?? LIVE_DEFAULTS.seed, faults: faults.value, ecgNoise: args.noise ?? LIVE_NOISE,
    clock: () => Date.now() * 1000,
  }
  const problem = liveProblem(options)
  return problem === null ? ok(options) : err(problem)
}

function faultsOf(text: string): Result<ReadonlySet<FaultName>> {
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '')
  const unknown = names.find((name) => name !== ALL && !FAULTS.some((f) => f === name))
  if (unknown !== undefined) return err(`there is no fault "${unknown}"; there are ${FAULTS.join(', ')} and ${ALL}`)
  return ok(new Set(FAULTS.filter((f) => names.includes(f) || names.includes(ALL))))
}

/** One line per fault, for help texts. */
export function faultHelp(): string {
  return `comma-separated: ${FAULTS.map((name) => `${name} (${FAULT_WORDS[name]})`).join(', ')}, or ${ALL}`
}

function over(seconds: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    // A timer keeps the process; without an end it is renewed by nothing but the monitors' own.
    const timer = seconds === undefined ? null : setTimeout(resolve, seconds * 1000)
    signal.addEventListener('abort', () => {
      if (timer !== null) clearTimeout(timer)
      resolve()
    }, { once: true })
  })
}

function progress(ward: LiveWard): string {
  const { rest } = totalOf(ward.accounts())
  return `${ward.linesUp} connected; ${rest.connections} connections so far, ${rest.refused} refused, ${rest.broken} broken off by the other side\n`
}

function report(accounts: readonly BedAccount[]): string {
  const rows = accounts.map((a) => [
    `bed ${a.bed}`, String(a.sure.turns), String(a.unsure.turns), formatBytes(a.sure.bytes + a.unsure.bytes), String(a.connections), String(a.broken),
  ])
  const { sure, unsure, rest } = totalOf(accounts)
  const words = [
    `${sure.turns} turns surely arrived, ${unsure.turns} on connections that were reset or broke off; `,
    `${rest.tornFrames} frames were cut, ${rest.heardBytes} bytes came back. All patients are invented.`,
  ]
  return `${table(['bed', 'turns', 'unsure', 'sent', 'connections', 'broken'], rows)}\n${words.join('')}\n`
}
