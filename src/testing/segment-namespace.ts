// segment-namespace: the whole gateway in a network namespace with the segment's two addresses on a wire, monitors and hospital in two others.
// Keeps the rule that 202.114.4.0/24 exists only inside such namespaces: run as a program, this file refuses to work in any other.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { Ip } from '../base/ip.ts'
import { encodeCycleEnd, encodeEcg, encodePatient, encodeSpo2 } from '../protocols/cms8000/message.ts'
import { ECG, PATIENT, SPO2, stream } from '../protocols/cms8000/testdata/samples.ts'
import { decodeRecord } from '../gateway/core/record.ts'
import type { FromSegment } from '../gateway/channel.ts'
import { startSegment } from '../gateway/segment/process.ts'
import { UPDATE_PORTS } from '../gateway/nfs-server.ts'
import { until } from './segment-process.ts'

const CMS = '202.114.4.119'
const HL7 = '202.114.4.120'
export const MONITORS = ['202.114.4.50', '202.114.4.51'] as const
const CMS_PORTS = [515, 516, 517, 518, 519, 520]
export const HL7_PORT = 511
const CYCLE = Buffer.from(stream(encodePatient(PATIENT), encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd()))
/** Each monitor sends so many cycles on each port. */
export const CYCLES = 5

export interface SegmentRun {
  /** Readings stored, by device, and bytes that each port's monitors were sent. */
  readonly records: Readonly<Record<string, number>>
  readonly sandbox: readonly string[]
  readonly missing: readonly string[]
  readonly deaths: number
  /** /proc/PID/status of the segment's process. */
  readonly status: string
  /** How dialling the segment's address from the hospital's side ended: `ECONNREFUSED`, `connect`. */
  readonly fromHospital: string
}

const UNSHARE = process.getuid?.() === 0 ? ['unshare', '--net', '--mount'] : ['unshare', '--net', '--map-root-user']
const TOOLS = ['ip', 'nsenter', 'tcpdump']

/** A reason to skip, or false. */
export const segmentNamespaceMissing: string | false =
  TOOLS.map((tool) => (spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0 ? false : `${tool} is not here`)).find((why) => why !== false)
  ?? (spawnSync(UNSHARE[0] as string, [...UNSHARE.slice(1), 'sh', '-ec', 'ip link add a0 type veth peer name b0']).status === 0
    ? false : 'no network namespace with a wire can be made here (unshare, veth)')

/** `gateway`: ours, killed once in the middle. `wrong`: a server that answers monitors and stands on every interface: the control. */
export async function inSegmentNamespace(server: 'gateway' | 'wrong', capture: string): Promise<SegmentRun> {
  const child = spawn(UNSHARE[0] as string, [...UNSHARE.slice(1), ...node(server, capture)])
  let [out, err] = ['', '']
  child.stdout.on('data', (d: Buffer) => (out += d.toString()))
  child.stderr.on('data', (d: Buffer) => (err += d.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the namespace ended with ${code}: ${err}`)
  return JSON.parse(out) as SegmentRun
}

function must(...argv: readonly string[]): void {
  const [command = '', ...args] = argv
  const { status, stderr } = spawnSync(command, args)
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${String(stderr)}`)
}

/** A namespace that a sleeping process holds, on the other end of a wire. */
async function neighbour(here: string, there: string, ours: readonly string[], theirs: readonly string[]): Promise<ChildProcess> {
  const holder = spawn('unshare', ['--net', 'sleep', '600'])
  const own = fs.readlinkSync('/proc/self/ns/net')
  await until('a namespace', () => fs.existsSync(`/proc/${holder.pid}/ns/net`) && fs.readlinkSync(`/proc/${holder.pid}/ns/net`) !== own)
  must('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', String(holder.pid))
  for (const address of ours) must('ip', 'addr', 'add', address, 'dev', here)
  for (const address of theirs) must(...within(holder), 'ip', 'addr', 'add', address, 'dev', there)
  must('ip', 'link', 'set', here, 'up')
  must(...within(holder), 'ip', 'link', 'set', there, 'up')
  return holder
}

const within = (holder: ChildProcess): readonly string[] => ['nsenter', '-t', String(holder.pid), '-n']
const node = (...args: readonly string[]): readonly string[] => [process.execPath, '--disable-warning=ExperimentalWarning', import.meta.filename, ...args]

/** Runs to its end and gives what it printed. */
async function talk(holder: ChildProcess, ...args: readonly string[]): Promise<string> {
  const [command = '', ...rest] = [...within(holder), ...node(...args)]
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (d: Buffer) => (out += d.toString()))
  await once(child, 'close')
  return out
}

/** In the monitors' namespace: all of them on all ports, a few cycles each; a connection that is lost is made again, as monitors do. */
async function beMonitors(): Promise<void> {
  await Promise.all(MONITORS.flatMap((from) => [...CMS_PORTS.map((port) => [CMS, port] as const), [HL7, HL7_PORT] as const].map(
    async ([host, port]) => {
      for (let left = CYCLES; left > 0;) left -= await oneTalk(from, host, port, left)
    })))
  process.exit(0)
}

/** Sends cycles half a second apart; gives how many went before the connection was lost. */
async function oneTalk(localAddress: string, host: string, port: number, count: number): Promise<number> {
  const socket = net.connect({ host, port, localAddress })
  let [sent, isOver] = [0, false]
  socket.on('error', () => undefined)
  socket.on('data', () => undefined)
  socket.on('close', () => (isOver = true))
  const text = 'MSH|^~\\&|MON|1|||20260105070000||ORU^R01|7|P|2.6\rPID|||1||ZZTEST^CANARY\rOBR|1\rOBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC||71|264864^X^MDC\r'
  while (sent < count && !isOver) {
    await new Promise((resolve) => { setTimeout(resolve, 500) })
    if (socket.readyState === 'open' && socket.write(port === HL7_PORT ? `\x0b${text}\x1c\r` : CYCLE)) sent += 1
  }
  socket.end()
  return sent
}

/** In the hospital's namespace: the segment's address, through the gateway's hospital side. */
function dial(): void {
  const socket = net.connect({ host: CMS, port: CMS_PORTS[0] ?? 0, timeout: 5000 })
  const say = (word: string): void => {
    process.stdout.write(word)
    process.exit(0)
  }
  socket.on('connect', () => say('connect'))
  socket.on('timeout', () => say('timeout'))
  socket.on('error', (cause: NodeJS.ErrnoException) => say(cause.code ?? cause.message))
}

async function startCapture(file: string): Promise<ChildProcess> {
  const args = ['-i', 'seg0', '-U', '--immediate-mode', '-Z', 'root', '-B', '8192', '-s', '0', '-w', file]
  const tcpdump = spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  tcpdump.stderr.on('data', (d: Buffer) => (said += d.toString()))
  await until('tcpdump to listen', () => said.includes('listening on'))
  return tcpdump
}

/** In the gateway's namespace. */
async function work(server: string, capture: string): Promise<SegmentRun> {
  if (Object.keys(os.networkInterfaces()).length !== 0) throw new Error('this is no namespace of a test')
  must('ip', 'link', 'set', 'lo', 'up')
  const monitors = await neighbour('seg0', 'mon0', [`${CMS}/24`, `${HL7}/24`], MONITORS.map((ip) => `${ip}/24`))
  const hospital = await neighbour('hosp0', 'his0', ['10.99.0.1/24'], ['10.99.0.2/24'])
  must(...within(hospital), 'ip', 'route', 'add', '202.114.4.0/24', 'via', '10.99.0.1')
  const tcpdump = await startCapture(capture)
  const run = server === 'gateway' ? await beGateway(monitors, hospital) : await beWrong(monitors, hospital)
  tcpdump.kill('SIGINT')
  await once(tcpdump, 'close')
  for (const holder of [monitors, hospital]) holder.kill('SIGKILL')
  return run
}

async function beGateway(monitors: ChildProcess, hospital: ChildProcess): Promise<SegmentRun> {
  const messages: FromSegment[] = []
  const segment = await startSegment({
    config: { cms: CMS as Ip, hl7: HL7 as Ip, cmsPorts: CMS_PORTS, hl7Port: HL7_PORT, updatePorts: UPDATE_PORTS, user: null },
    bench: { leads: 'inferred', isPaced: false }, nfsVersions: [2, 3], devicesMax: 64, onMessage: (m) => messages.push(m), onStart: () => [],
  })
  const counts = (): Readonly<Record<string, number>> => countRecords(messages)
  const talks = talk(monitors, 'monitors')
  await until('readings of both monitors', () => MONITORS.every((ip) => (counts()[ip] ?? 0) > 0))
  const status = fs.readFileSync(`/proc/${segment.state().pid}/status`, 'utf8')
  process.kill(segment.state().pid ?? 0, 'SIGKILL')
  await talks
  await until('it to stand again', () => segment.state().phase === 'ready')
  const fromHospital = await talk(hospital, 'dial')
  await segment.close()
  const ready = messages.find((m): m is Extract<FromSegment, { kind: 'ready' }> => m.kind === 'ready')
  return {
    records: counts(), sandbox: ready?.sandbox ?? [], missing: (ready?.missing ?? []).map((m) => `${m.what}: ${m.why}`), deaths: segment.state().deaths, status,
    fromHospital,
  }
}

function countRecords(messages: readonly FromSegment[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const message of messages) {
    if (message.kind !== 'readings') continue
    const found = decodeRecord(message.record)
    const device = found.ok ? found.value.device : 'unreadable'
    counts[device] = (counts[device] ?? 0) + 1
  }
  return counts
}

/** A server as it must not be. */
async function beWrong(monitors: ChildProcess, hospital: ChildProcess): Promise<SegmentRun> {
  const servers = [...CMS_PORTS.map((port) => [CMS, port] as const), [HL7, HL7_PORT] as const].map(([host, port]) =>
    net.createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => socket.write('\x02\x00\x05\x43'))
    }).listen(port, host))
  for (const server of servers) if (!server.listening) await once(server, 'listening')
  await talk(monitors, 'monitors')
  const fromHospital = await talk(hospital, 'dial')
  return { records: {}, sandbox: [], missing: [], deaths: 0, status: '', fromHospital }
}

if (process.argv[1] === import.meta.filename) {
  const [, , what = '', capture = ''] = process.argv
  if (what === 'monitors') await beMonitors()
  else if (what === 'dial') dial()
  else {
    const run = await work(what, path.resolve(capture))
    process.stdout.write(JSON.stringify(run), () => process.exit(0))
  }
}
