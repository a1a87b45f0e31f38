// gateway-ward: a live ward with faults through a gateway, in a network namespace of its own that loses packets; and what came of it.
// Keeps the rule that 202.114.4.0/24 exists only inside such namespaces: this file, run as a program, lets the twin's own guard look first.

import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FAULTS, lossRules, type FaultName } from '../twin/faults.ts'
import { LIVE_DEFAULTS, LiveWard } from '../twin/server.ts'
import { totalOf } from '../twin/account.ts'
import { SentAndStored, type Comparison } from './sent-and-stored.ts'
import { plainWardGateway, productWardGateway, type GatewayEnd, type WardPlaces } from './ward-gateways.ts'

const CENTRAL = '202.114.4.119'
const HL7 = '202.114.4.120'
/** Bed n at .20+n, so 64 beds end at .84: none meets the central. */
const BEDS_MAX = 64
const PORTS = { telemetry: 515, hl7: 511 }

export interface WardJob {
  readonly gateway: 'plain' | 'product'
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

export interface WardOutcome extends Comparison, Omit<GatewayEnd, 'stored'> {
  readonly words: string
  readonly totals: ReturnType<typeof totalOf>
  readonly storms: number
  /** Packets the network lost; null without loss. */
  readonly lostPackets: number | null
  /** Most memory of the gateway's own processes, together. */
  readonly rssBytes: number
}

/** All faults, and as many beds as a central station lists. */
export const FULL_WARD: WardJob = {
  gateway: 'product', beds: BEDS_MAX, seed: 4, faults: FAULTS, seconds: 20, stormsMin: 2, cyclePeriodMicros: 500_000, lossPercent: 2,
}

const MONITORS = Array.from({ length: BEDS_MAX }, (_, i) => `202.114.4.${21 + i}`)
const SETUP = ['ip link set lo up', ...[CENTRAL, HL7, ...MONITORS].map((address) => `ip addr add ${address}/32 dev lo`)]
/** Root's own namespace where it can be, so that the gateway's process can become another account; else one of an own user. */
const UNSHARE = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--net', '--map-root-user']

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
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-ward-'))
  const places: WardPlaces = { cms: CENTRAL, hl7: HL7, cmsPort: PORTS.telemetry, hl7Port: PORTS.hl7, monitors: MONITORS }
  const gateway = job.gateway === 'plain' ? await plainWardGateway(places) : await productWardGateway(places, folder)
  if (job.lossPercent > 0) nft(['-f', '-'], lossRules(job.lossPercent, Object.values(PORTS)))
  const ward = LiveWard.start({
    ...LIVE_DEFAULTS, target: { telemetry: { host: CENTRAL, port: PORTS.telemetry }, hl7: { host: gateway.hl7, port: PORTS.hl7 } },
    firstSource: MONITORS[0] ?? '', beds: job.beds, seed: job.seed, faults: new Set(job.faults), cyclePeriodMicros: job.cyclePeriodMicros,
    made: { outer, links: new Map() }, clock: () => Date.now() * 1000, onSent: both.onSent,
  })
  if (!ward.ok) throw new Error(ward.error)
  await lastLongEnough(job, ward.value)
  const lostPackets = job.lossPercent > 0 ? lostSoFar() : null
  if (job.lossPercent > 0) nft(['flush', 'ruleset'])
  const totals = totalOf(await ward.value.stop())
  const rssBytes = gateway.pids.reduce((sum, pid) => sum + residentBytes(pid), 0)
  const { stored, ...end } = await gateway.close()
  for (const [device, readings] of stored) both.store(bedOf(device), readings)
  fs.rmSync(folder, { recursive: true, force: true })
  return { ...both.compare(), ...end, words: gateway.words, totals, storms: ward.value.storms, lostPackets, rssBytes }
}

function residentBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
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
