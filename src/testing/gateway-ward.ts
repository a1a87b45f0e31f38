// gateway-ward: a live ward with faults through a gateway, in a network namespace of its own that loses packets; and what came of it.
// Keeps the rule that 202.114.4.0/24 exists only inside such namespaces: this file, run as a program, lets the twin's own guard look first.

import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { FAULTS, lossRules, type FaultName } from '../twin/faults.ts'
import { LIVE_DEFAULTS, LiveWard } from '../twin/server.ts'
import { totalOf } from '../twin/account.ts'
import { feedFigures, startPlainGateway } from './plain-gateway.ts'
import { SentAndStored, type Comparison } from './sent-and-stored.ts'

const CENTRAL = '202.114.4.119'
/** Bed n at .20+n, so 64 beds end at .84: none meets the central. */
const FIRST_SOURCE = '202.114.4.21'
const BEDS_MAX = 64
const PORTS = { telemetry: 515, hl7: 511 }

export interface WardJob {
  readonly beds: number
  readonly seed: number
  readonly faults: readonly FaultName[]
  /** Ends when so much time has passed and so many storms have been, whichever is later. */
  readonly seconds: number
  readonly stormsMin: number
  readonly cyclePeriodMicros: number
  /** Packets lost of a hundred; 0 outside a namespace. */
  readonly lossPercent: number
}

export interface WardOutcome extends Comparison {
  readonly totals: ReturnType<typeof totalOf>
  readonly storms: number
  /** Bytes between frames that the gateway says it skipped. */
  readonly skippedBytes: number
  /** Verdicts by rule: what the gateway told. */
  readonly told: { readonly [rule: string]: number }
  /** Bytes the gateway's sockets read. */
  readonly bytes: number
  readonly gaps: number
  readonly longestGapMs: number
  readonly devices: number
  /** Packets the network lost; null without loss. */
  readonly lostPackets: number | null
  readonly rssBytes: number
}

/** All faults, and as many beds as a central station lists. */
export const FULL_WARD: WardJob = {
  beds: BEDS_MAX, seed: 4, faults: FAULTS, seconds: 20, stormsMin: 2, cyclePeriodMicros: 500_000, lossPercent: 2,
}

const SETUP = [
  'ip link set lo up', `ip addr add ${CENTRAL}/32 dev lo`,
  ...Array.from({ length: BEDS_MAX }, (_, i) => `ip addr add 202.114.4.${21 + i}/32 dev lo`),
]
const UNSHARE = ['unshare', '--net', '--map-root-user']

/** A reason to skip, or false. */
export function wardMissing(): string | false {
  const made = spawnSync(UNSHARE[0] as string, [...UNSHARE.slice(1), 'sh', '-ec', ['ip link set lo up', 'nft -f -'].join('\n')], { input: lossRules(1, [515]) })
  return made.status === 0 ? false : 'no network namespace with nftables can be made here (unshare, ip, nft)'
}

/** Runs the job in a namespace of its own. */
export function inWardNamespace(job: WardJob): Promise<WardOutcome> {
  const script = [...SETUP, `exec "${process.execPath}" --disable-warning=ExperimentalWarning "$0" "$1" "$2"`].join('\n')
  const outer = fs.readlinkSync('/proc/self/ns/net')
  const child = spawn(UNSHARE[0] as string, [...UNSHARE.slice(1), 'sh', '-ec', script, import.meta.filename, JSON.stringify(job), outer])
  let [out, error] = ['', '']
  child.stdout.on('data', (d: Buffer) => (out += d.toString()))
  child.stderr.on('data', (d: Buffer) => (error += d.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as WardOutcome)
      else reject(new Error(`the namespace ended with ${code}: ${error}`))
    })
  })
}

/** Bed by the last part of its address. */
const bedOf = (device: string): number => Number(device.split('.').at(-1)) - 20

/** Inside the namespace whose maker stands in `outer`. */
async function work(job: WardJob, outer: string): Promise<WardOutcome> {
  const both = new SentAndStored()
  const told = new Map<string, number>()
  let skippedBytes = 0
  const gateway = await startPlainGateway({
    address: CENTRAL, telemetryPort: PORTS.telemetry, hl7Port: PORTS.hl7, onCommand: (command) => {
      if (command.kind === 'store') both.store(bedOf(command.device), command.items.map((item) => item.reading))
      if ((command.kind !== 'log' && command.kind !== 'close') || !('rule' in command.verdict)) return
      const { rule, why } = command.verdict
      told.set(rule, (told.get(rule) ?? 0) + 1)
      if (rule === 'resync') skippedBytes += Number(/^(\d+) bytes/.exec(why)?.[1])
    },
  })
  if (job.lossPercent > 0) nft(['-f', '-'], lossRules(job.lossPercent, Object.values(PORTS)))
  const ward = LiveWard.start({
    ...LIVE_DEFAULTS, target: { host: CENTRAL, telemetryPort: PORTS.telemetry, hl7Port: PORTS.hl7 }, firstSource: FIRST_SOURCE, beds: job.beds,
    seed: job.seed, faults: new Set(job.faults), cyclePeriodMicros: job.cyclePeriodMicros, made: { outer, links: new Map() },
    clock: () => Date.now() * 1000, onSent: both.onSent,
  })
  if (!ward.ok) throw new Error(ward.error)
  await lastLongEnough(job, ward.value)
  const lostPackets = job.lossPercent > 0 ? lostSoFar() : null
  if (job.lossPercent > 0) nft(['flush', 'ruleset'])
  const totals = totalOf(await ward.value.stop())
  const feeds = feedFigures(gateway.core)
  await gateway.close()
  return {
    ...both.compare(), totals, storms: ward.value.storms, skippedBytes, told: Object.fromEntries(told), bytes: gateway.bytes(), lostPackets,
    gaps: feeds.reduce((sum, f) => sum + f.gaps, 0), longestGapMs: Math.max(...feeds.map((f) => f.longestGapMicros)) / 1000, devices: feeds.length,
    rssBytes: process.memoryUsage.rss(),
  }
}

async function lastLongEnough(job: WardJob, ward: LiveWard): Promise<void> {
  const end = performance.now() + job.seconds * 1000
  const isDone = (): boolean => performance.now() >= end && ward.storms >= job.stormsMin && totalOf(ward.accounts()).rest.connections >= job.beds
  while (!isDone()) await sleep(100)
}

function nft(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('nft', args, { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`nft ${args.join(' ')}: ${stderr}`)
  return stdout
}

function lostSoFar(): number {
  return Number(/packets (\d+)/.exec(nft(['list', 'counter', 'inet', 'ward', 'lost']))?.[1])
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(JSON.stringify(await work(JSON.parse(process.argv[2] ?? '{}') as WardJob, process.argv[3] ?? '')))
}
