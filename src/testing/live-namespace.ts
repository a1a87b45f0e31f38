// live-namespace: a wire in a network namespace of its own, the sensor's interface at one end and a sender at the other, for tests of live capture.
// Keeps the rule that packets stay inside: run as a program, this file refuses to work in any network that has an interface it did not make.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { statusFields } from '../kernel/status.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { otherInterfaces, PacketSender } from './packet-sender.ts'

/** The sensor's interface and the switch's. */
export const SENSOR = 'mon0'
const SWITCH = 'sw0'
const CLI = path.join(import.meta.dirname, '..', 'cli', 'main.ts')
const UNSHARE = ['--net', '--mount']
/** net/if.h */
const IFF_PROMISC = 0x100
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']

/** A reason to skip, or false. */
export const liveNamespaceMissing: string | false =
  process.getuid?.() !== 0 ? 'a packet socket in a namespace takes root here'
    : ['ip', 'unshare', 'sysctl', 'mount', 'tcpdump']
      .map((tool) => (spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0 ? false : `${tool} is not here`))
      .find((why) => why !== false)
      ?? (spawnSync('unshare', [...UNSHARE, 'sh', '-ec', 'ip link add a0 type veth peer name b0']).status === 0
        ? false : 'no network namespace with a wire can be made here (unshare, veth)')

export interface LiveStep {
  /**
   * `send`: all frames of a capture. `kill`: every reader, or `count` of them, as -9 does. `kill-watch`: the process that analyses, likewise; its
   * readers must be gone after it. `again`: the same watch is started, in place of one that is over or beside one that runs. `unmark`: the mark of the
   * owner goes from the folder of `--data`. `wait`: milliseconds. `until-read`: the watch says that it has all that was sent. `peer-sends`: the sensor's end
   * sends one frame: the control.
   */
  readonly kind: 'send' | 'kill' | 'kill-watch' | 'again' | 'unmark' | 'wait' | 'until-read' | 'peer-sends'
  readonly capture?: string
  /** How many frames, the capture over and over; without it once through. Of `kill`, how many readers. */
  readonly count?: number
  /** Frames a second; without it as fast as one core sends. */
  readonly perSecond?: number
  readonly ms?: number
}

export interface LiveScenario {
  /** Behind `cordon watch -i mon0`. null: nobody watches. */
  readonly args: readonly string[] | null
  /** Whether the operator's steps were done: no ARP, no IPv6. */
  readonly isQuiet: boolean
  readonly steps: readonly LiveStep[]
  /** Where strace writes each call of the watch and of all it starts. */
  readonly trace?: string
  /** pcap of what the switch's end receives. */
  readonly peerCapture?: string
}

export interface LiveRun {
  readonly sent: number
  readonly sendMs: number
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Lines of /proc/PID/status of the watching process and its readers. */
  readonly processes: readonly Readonly<Record<string, string>>[]
  /** Whether the interface takes what is addressed to others, while the watch reads. */
  readonly isPromiscuous: boolean
  /** Watches that were over before the last: exit code and standard error; in order of their end. */
  readonly before: readonly { readonly code: number | null; readonly err: string }[]
}

/** Runs a scenario in a namespace that is gone afterwards. */
export async function inLiveNamespace(scenario: LiveScenario): Promise<LiveRun> {
  return JSON.parse(await runInside(import.meta.filename, [JSON.stringify(scenario)])) as LiveRun
}

/** Another program in such a namespace: what it printed. */
export async function runInside(program: string, args: readonly string[]): Promise<string> {
  const child = spawn('unshare', [...UNSHARE, '--kill-child', '--fork', process.execPath, ...NODE_FLAGS, program, ...args])
  let [out, err] = ['', '']
  child.stdout.on('data', (d: Buffer) => (out += d.toString()))
  child.stderr.on('data', (d: Buffer) => (err += d.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the namespace ended with ${code}: ${err}`)
  return out
}

function must(...argv: readonly string[]): void {
  const [command = '', ...args] = argv
  const { status, stderr } = spawnSync(command, args)
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${String(stderr)}`)
}

/** The wire. Throws in a network that is not new. */
export function makeWire(isQuiet: boolean): void {
  const others = otherInterfaces()
  if (others.length > 0) throw new Error(`this is no namespace of a test: it has ${others.join(', ')}`)
  must('mount', '-t', 'sysfs', 'none', '/sys')
  must('ip', 'link', 'add', SENSOR, 'type', 'veth', 'peer', 'name', SWITCH)
  // The switch's end says nothing by itself in any test.
  must('sysctl', '-qw', `net.ipv6.conf.${SWITCH}.disable_ipv6=1`)
  if (isQuiet) must('sysctl', '-qw', `net.ipv6.conf.${SENSOR}.disable_ipv6=1`)
  must('ip', 'link', 'set', SWITCH, 'up', 'arp', 'off')
  must('ip', 'link', 'set', SENSOR, 'up', 'arp', isQuiet ? 'off' : 'on')
}

export const switchSender = (): PacketSender => new PacketSender(SWITCH, [SENSOR, SWITCH])

export function framesOf(file: string): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  createCaptureReader({ packet: (buf, off, end) => void frames.push(buf.slice(off, end)) }).push(fs.readFileSync(file))
  return frames
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (holds()) return
    await sleep(50)
  }
  throw new Error(`waited in vain for ${what}`)
}

/** Of a process: those that it started. */
function childrenOf(pid: number): readonly number[] {
  return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter((word) => word !== '').map(Number)
}

/** Gone, or dead and not yet fetched by whoever inherited it. */
function isOver(pid: number): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return true
  }
}

/** A watch as a program, and what it said. */
class Watching {
  readonly child: ChildProcess
  readonly closed: Promise<unknown>
  out = ''
  err = ''

  constructor(args: readonly string[], trace?: string) {
    // -D: the watch is our child, and strace beside it.
    const before = trace === undefined ? [] : ['strace', '-D', '-f', '-qq', '-o', trace]
    this.child = spawn('env', [...before, process.execPath, ...NODE_FLAGS, CLI, 'watch', '-i', SENSOR, ...args], { env: { ...process.env, NO_COLOR: '1' } })
    this.child.stdout?.on('data', (d: Buffer) => (this.out += d.toString()))
    this.child.stderr?.on('data', (d: Buffer) => (this.err += d.toString()))
    this.closed = once(this.child, 'close')
  }

  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** Until it reads, or has ended. */
  async reads(): Promise<void> {
    await until('the watch to read', () => this.err.includes('Ctrl-C ends it') || this.isOver)
    if (this.isOver) await this.closed
  }
}

class Scene {
  readonly #scenario: LiveScenario
  readonly #sender = switchSender()
  #watching: Watching | null
  readonly #before: { code: number | null; err: string }[] = []
  #sendMs = 0

  constructor(scenario: LiveScenario) {
    this.#scenario = scenario
    this.#watching = scenario.args === null ? null : new Watching(scenario.args, scenario.trace)
  }

  get #watch(): ChildProcess | null {
    return this.#watching?.child ?? null
  }

  get #err(): string {
    return this.#watching?.err ?? ''
  }

  async play(): Promise<LiveRun> {
    await this.#watching?.reads()
    const processes = this.#processes()
    const isPromiscuous = (Number(fs.readFileSync(`/sys/class/net/${SENSOR}/flags`, 'utf8')) & IFF_PROMISC) !== 0
    for (const step of this.#scenario.steps) await this.#step(step)
    // A packet is at most a block's patience away.
    await sleep(300)
    const last = this.#watching
    if (last !== null && !last.isOver) last.child.kill('SIGINT')
    await last?.closed
    const { sent } = this.#sender
    const code = last?.child.exitCode ?? null
    return { sent, sendMs: this.#sendMs, code, out: last?.out ?? '', err: this.#err, processes, isPromiscuous, before: this.#before }
  }

  #processes(): LiveRun['processes'] {
    const pid = this.#watch?.pid
    if (pid === undefined || this.#watch?.exitCode !== null) return []
    return [pid, ...childrenOf(pid)].map((p) => Object.fromEntries(statusFields(fs.readFileSync(`/proc/${p}/status`, 'utf8'))))
  }

  async #send({ capture = '', count, perSecond = Number.POSITIVE_INFINITY }: LiveStep): Promise<void> {
    const frames = framesOf(capture)
    const total = count ?? frames.length
    const start = performance.now()
    for (let i = 0; i < total; i++) {
      this.#sender.send(frames[i % frames.length] as Uint8Array)
      // Ahead of its time by more than a few milliseconds: it rests.
      const ahead = (i % 64 === 0 ? (i / perSecond) * 1000 - (performance.now() - start) : 0)
      if (ahead > 2) await sleep(ahead)
    }
    this.#sendMs += performance.now() - start
  }

  /** A second one beside a living one is over soon: that one stays the watch of the scene. */
  async #again(): Promise<void> {
    const [old, next] = [this.#watching, new Watching(this.#scenario.args ?? [])]
    await next.reads()
    const [over, stays] = next.isOver ? [next, old] : [old, next]
    if (over !== null) this.#before.push({ code: over.child.exitCode, err: over.err })
    this.#watching = stays
  }

  #unmark(): void {
    const { args } = this.#scenario
    fs.rmSync(path.join(args?.[args.indexOf('--data') + 1] ?? '', 'owner.pid'))
  }

  async #step(step: LiveStep): Promise<void> {
    switch (step.kind) {
      case 'send':
        return this.#send(step)
      case 'kill': {
        const dead = childrenOf(this.#watch?.pid ?? 0).slice(0, step.count)
        for (const pid of dead) process.kill(pid, 'SIGKILL')
        return until('them to be dead', () => dead.every((pid) => !fs.existsSync(`/proc/${pid}`)))
      }
      case 'kill-watch': {
        const readers = childrenOf(this.#watch?.pid ?? 0)
        this.#watch?.kill('SIGKILL')
        return until('its readers to go after it', () => readers.every((pid) => isOver(pid)))
      }
      case 'again':
        return this.#again()
      case 'unmark':
        return this.#unmark()
      case 'until-read':
        return until('all to be read', () => Number(this.#err.match(/\d+(?= packets, (?![^]* packets, ))/)?.[0] ?? 0) >= this.#sender.sent)
      case 'wait':
        await sleep(step.ms)
        return
      case 'peer-sends': {
        const wrong = new PacketSender(SENSOR, [SENSOR, SWITCH])
        wrong.send(new Uint8Array(60).fill(0xff))
        return wrong.close()
      }
    }
  }
}

async function startPeerCapture(file: string): Promise<ChildProcess> {
  const args = ['-i', SWITCH, '-Q', 'in', '-U', '--immediate-mode', '-Z', 'root', '-s', '0', '-w', file]
  const tcpdump = spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  tcpdump.stderr.on('data', (d: Buffer) => (said += d.toString()))
  await until('tcpdump to listen', () => said.includes('listening on'))
  return tcpdump
}

async function work(scenario: LiveScenario): Promise<LiveRun> {
  makeWire(scenario.isQuiet)
  const peer = scenario.peerCapture === undefined ? null : await startPeerCapture(scenario.peerCapture)
  const run = await new Scene(scenario).play()
  peer?.kill('SIGINT')
  if (peer !== null) await once(peer, 'close')
  return run
}

if (process.argv[1] === import.meta.filename) {
  const run = await work(JSON.parse(process.argv[2] ?? '{}') as LiveScenario)
  process.stdout.write(JSON.stringify(run), () => process.exit(0))
}
