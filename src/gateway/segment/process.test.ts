// Tests of the two processes on loopback: readings arrive, a dead segment is started again, a dead parent takes it along, and who must wait loses nothing.
// Keeps the rule that nothing is written to a monitor: every client here counts what it is sent.

import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { encodeCycleEnd, encodeEcg, encodePatient, encodeSpo2 } from '../../protocols/cms8000/message.ts'
import { ECG, PATIENT, SPO2, stream } from '../../protocols/cms8000/testdata/samples.ts'
import { BusyboxClient } from '../../testing/busybox-client.ts'
import { freePorts } from '../../testing/free-ports.ts'
import { LOOPBACK, loopbackSegment, until, type TestSegment } from '../../testing/segment-process.ts'
import { testGrant } from '../../testing/update-world.ts'
import type { Ip } from '../../base/ip.ts'
import type { FromSegment, ToSegment } from '../channel.ts'
import { patientRef } from '../core/assignment/adt.ts'
import { decodeRecord, type StoredReadings } from '../core/record.ts'

const CYCLE = Buffer.from(stream(encodePatient(PATIENT), encodeEcg(ECG), encodeSpo2(SPO2), encodeCycleEnd()))

/** A monitor that counts what it is sent and says when it is cut off. */
class Monitor {
  readonly socket: net.Socket
  received = 0
  isClosed = false
  /** The other side said that it is done, or cut us off. */
  isOver = false
  fault: string | null = null

  constructor(port: number) {
    this.socket = net.connect({ port, host: LOOPBACK, allowHalfOpen: true })
    this.socket.on('data', (bytes: Buffer) => (this.received += bytes.length))
    this.socket.on('error', (cause: NodeJS.ErrnoException) => (this.fault = cause.code ?? cause.message))
    this.socket.on('end', () => (this.isOver = true))
    this.socket.on('close', () => (this.isOver = this.isClosed = true))
  }
}

function records(messages: readonly FromSegment[]): StoredReadings[] {
  return messages.flatMap((m) => {
    if (m.kind !== 'readings') return []
    const found = decodeRecord(m.record)
    return found.ok ? [found.value] : [{ device: found.error, bed: null, at: 0, items: [] }]
  })
}

/** How many waves came, asked again and again while more come: each record is read once. */
function waveCounter(messages: readonly FromSegment[]): () => number {
  let [read, waves] = [0, 0]
  return () => {
    waves += records(messages.slice(read)).flatMap((r) => r.items).filter((i) => i.reading.kind === 'wave').length
    read = messages.length
    return waves
  }
}

const notes = (messages: readonly FromSegment[]): string[] => messages.flatMap((m) => (
  m.kind === 'note' && m.command.kind === 'log' && 'rule' in m.command.verdict ? [m.command.verdict.rule] : []))

async function withSegment(act: (s: TestSegment) => Promise<void>, ...args: Parameters<typeof loopbackSegment>): Promise<void> {
  const started = await loopbackSegment(...args)
  try {
    await act(started)
  } finally {
    await started.segment.close()
  }
}

const PLACED: readonly ToSegment[] = [
  { kind: 'told', event: { kind: 'place', device: LOOPBACK, bed: 'ICU^1^7', at: 1 } },
  { kind: 'told', event: { kind: 'assign', bed: 'ICU^1^7', patient: patientRef('4711', 'H', 'ZZTEST', 'CANARY'), at: 1 } },
]

test('readings of both kinds of port arrive with bed and patient; the monitor is sent nothing', () => withSegment(async ({ cms, hl7, messages }) => {
  const monitor = new Monitor(cms)
  monitor.socket.write(CYCLE)
  await until('readings', () => records(messages).length >= 2)
  const text = [
    'MSH|^~\\&|MON|1|||20260105070000||ORU^R01|7|P|2.6', 'PID|||1||ZZTEST^CANARY', 'OBR|1',
    'OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC||71|264864^MDC_DIM_BEAT_PER_MIN^MDC', '',
  ].join('\r')
  const other = new Monitor(hl7)
  const before = messages.length
  other.socket.write(`\x0b${text}\x1c\r`)
  const isText = ({ items }: StoredReadings): boolean => items.some(({ reading }) => reading.kind === 'numeric' && reading.value === 71)
  await until('the HL7 text', () => records(messages.slice(before)).some(isText))
  const stored = records(messages)
  ok(stored.every((r) => r.device === LOOPBACK && r.bed === 'ICU^1^7'))
  ok(stored.flatMap((r) => r.items).some((i) => i.patient?.name.reveal().family === 'ZZTEST'))
  await until('a view of the bed', () => messages.find((m) => m.kind === 'beds' && m.views[0]?.device === LOOPBACK && m.segment.connections === 2))
  for (const m of [monitor, other]) m.socket.destroy()
  equal(monitor.received + other.received, 0)
  ok(!inspect(messages.filter((m) => m.kind !== 'readings'), { depth: 12 }).includes('CANARY'), 'no name outside its seal')
}, {}, () => PLACED))

const ONE_CLOCK = 'both processes have one clock: set back an hour ago, what was measured before an admission is not the new patient\'s'
test(ONE_CLOCK, async () => {
  const hour = 3600e6
  const parents = (): number => Date.now() * 1000 + hour
  const since = parents()
  await withSegment(async ({ segment, cms, messages, states }) => {
    for (let round = 0; round < 2; round++) {
      const before = messages.length
      const monitor = new Monitor(cms)
      monitor.socket.write(CYCLE)
      await until('readings', () => records(messages.slice(before)).length > 0)
      ok(records(messages.slice(before)).every((r) => r.at >= since && r.at < since + 600e6), 'also in the process that is started anew')
      monitor.socket.destroy()
      if (round === 0) process.kill(segment.state().pid ?? 0, 'SIGKILL')
      if (round === 0) await until('the death to be noticed', () => states.some((s) => s.phase === 'down'))
    }
  }, { clock: parents })
})

const RESTART = 'killed, it is started again with all it has to know; the connections that came meanwhile were waiting'
test(RESTART, () => withSegment(async ({ segment, cms, messages, states }) => {
  const first = new Monitor(cms)
  first.socket.write(CYCLE)
  await until('readings', () => records(messages).length > 0)
  const pid = segment.state().pid ?? 0
  process.kill(pid, 'SIGKILL')
  await until('the death to be noticed', () => states.some((s) => s.phase === 'down'))
  const waiting = new Monitor(cms)
  await once(waiting.socket, 'connect')
  waiting.socket.write(CYCLE)
  const before = messages.length
  await until('readings of the connection that waited', () => records(messages.slice(before)).length > 0)
  await until('the first to be cut off', () => first.isOver)
  ok(segment.state().pid !== pid && segment.state().deaths === 1)
  match(segment.state().lastDeath ?? '', /^SIGKILL/)
  const again = records(messages.slice(before))
  ok(again.every((r) => r.bed === 'ICU^1^7' && r.items.every((i) => i.patient?.number === '4711')), 'place and patient were told again')
  deepEqual(states.map((s) => s.phase), ['starting', 'ready', 'down', 'starting', 'ready'])
  for (const { socket } of [first, waiting]) socket.destroy()
  equal(first.received + waiting.received, 0)
}, {}, () => PLACED))

test('a parent that is killed takes it along', async () => {
  const parent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, '../../testing/segment-parent.ts')])
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const { pid } = JSON.parse(line.toString()) as { pid: number }
  ok(fs.existsSync(`/proc/${pid}`), 'the control: it runs')
  parent.kill('SIGKILL')
  await until('the child to be gone', () => !fs.existsSync(`/proc/${pid}`) || fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
})

test('a peer that is no monitor is cut off without a byte, with a reason', () => withSegment(async ({ cms, messages }) => {
  const stranger = new Monitor(cms)
  stranger.socket.write(Buffer.alloc(80_000, 'x'))
  await until('the reset', () => stranger.isClosed)
  equal(stranger.fault, 'ECONNRESET')
  equal(stranger.received, 0)
  await until('the reason', () => notes(messages).includes('not-a-monitor'))
}))

test('half of a connection closed is a connection over: ours is closed too, and the core forgets it', () => withSegment(async ({ cms, messages }) => {
  const monitor = new Monitor(cms)
  monitor.socket.end(CYCLE)
  await until('our end', () => monitor.isClosed)
  equal(monitor.fault, null)
  await until('a view without a connection', () => messages.some((m) => m.kind === 'beds' && m.segment.connections === 0 && m.segment.accepted === 1))
  ok(records(messages).length > 0, 'what came before the end counts')
  equal(monitor.received, 0)
  const ends = messages.flatMap((m) => (m.kind === 'note' && m.command.kind === 'log' && 'rule' in m.command.verdict ? [m.command] : []))
    .filter(({ verdict }) => 'rule' in verdict && verdict.rule === 'connection-over')
  deepEqual(ends.map(({ device }) => device), [LOOPBACK], 'whose connection it was is known to the end')
}))

/** Three channels of ECG and respiration. */
const WAVES_PER_CYCLE = 4

/** Processor time of a process, in hundredths of a second. */
function timeOf(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

/** Until a process has nothing more to do: two seconds in a row of at most a twentieth each. */
async function atRest(pid: number): Promise<void> {
  for (let quiet = 0, last = timeOf(pid); quiet < 2;) {
    await new Promise((resolve) => { setTimeout(resolve, 1000) })
    quiet = timeOf(pid) - last <= 5 ? quiet + 1 : 0
    last = timeOf(pid)
  }
}

const WAIT = 'the hospital takes nothing for a while: monitors wait, it is counted, and every reading arrives in the end, once and in order'
test(WAIT, () => withSegment(async ({ segment, cms, messages }) => {
  const cycle = Buffer.from(stream(encodeEcg(ECG), encodeCycleEnd()))
  const connections = await Promise.all(Array.from({ length: 6 }, async () => {
    const monitor = new Monitor(cms)
    await once(monitor.socket, 'connect')
    return monitor
  }))
  segment.pause()
  // Each connection: 2 MB, below the quota of 256 kB a second over ten seconds; together more than may wait.
  const cycles = Math.floor(2_000_000 / cycle.length)
  for (const { socket } of connections) socket.write(Buffer.concat(Array.from({ length: cycles }, () => cycle)))
  await atRest(segment.state().pid ?? 0)
  const taken = messages.length
  segment.resume()
  const waves = waveCounter(messages)
  await until('all readings', () => waves() >= connections.length * cycles * WAVES_PER_CYCLE)
  equal(waves(), connections.length * cycles * WAVES_PER_CYCLE)
  ok(records(messages).length > taken)
  const told = await until('the wait to be told and over', () => messages.findLast((m) => m.kind === 'beds' && m.segment.holds > 0 && !m.segment.isHolding))
  ok(told.kind === 'beds' && told.segment.holds >= 1)
  equal(connections.filter((m) => m.isClosed).length, 0)
  const times = records(messages).map((r) => r.at)
  deepEqual(times, times.toSorted((a, b) => a - b), 'in order')
  for (const { socket, received } of connections) {
    equal(received, 0)
    socket.destroy()
  }
}))

test('an update is given through the sandbox: granted files by both transports, and the audit is told', async () => {
  const now = Date.now() * 1000
  const grant = testGrant({ ip: LOOPBACK as Ip, from: now - 1e6, until: now + 600e6, completeBy: now + 900e6 })
  const [cms = 0, hl7 = 0, portmap = 0, mount = 0, nfs = 0] = await freePorts(5)
  const config = { cms: LOOPBACK as Ip, hl7: LOOPBACK as Ip, cmsPorts: [cms], hl7Port: hl7, updatePorts: { portmap, mount, nfs }, user: null }
  await withSegment(async ({ messages }) => {
    for (const transport of ['udp', 'tcp'] as const) {
      const copied = await new BusyboxClient({ server: LOOPBACK, client: LOOPBACK, ports: config.updatePorts, reservedFrom: 0 }, transport).update()
      equal(copied.mountStatus, 0, transport)
      deepEqual([...copied.files.keys()].sort(), grant.tree.files.map((f) => f.path).sort())
      for (const file of grant.tree.files) ok(Buffer.from(file.content).equals(copied.files.get(file.path) ?? Buffer.alloc(0)), file.path)
    }
    await until('the audit', () => messages.some((m) => m.kind === 'audit' && m.record.kind === 'release-complete'))
  }, { config }, () => [{ kind: 'grants', grants: [grant] }])
})

test('told to end, it says what each window stands at, and is gone', async () => {
  const now = Date.now() * 1000
  const { segment, messages } = await loopbackSegment({}, () => [
    { kind: 'grants', grants: [testGrant({ ip: LOOPBACK as Ip, from: now - 1e6, until: now + 600e6, completeBy: now + 900e6 })] },
  ])
  await until('the window', () => messages.some((m) => m.kind === 'audit' && m.record.kind === 'window-opened'))
  const { pid } = segment.state()
  await segment.close()
  ok(messages.some((m) => m.kind === 'audit' && m.record.kind === 'window-closed' && m.record.reason === 'server-stopped'))
  ok(!fs.existsSync(`/proc/${pid}`))
  equal(segment.state().phase, 'closed')
})

test('a start that fails gives everything back and says why', async () => {
  const [cms = 0, hl7 = 0, portmap = 0, mount = 0, nfs = 0] = await freePorts(5)
  const config = { cms: LOOPBACK as Ip, hl7: LOOPBACK as Ip, cmsPorts: [cms], hl7Port: hl7, updatePorts: { portmap, mount, nfs }, user: null }
  await rejects(loopbackSegment({ config, program: 'no-such-program' }), /did not start: exit code 1: .*no-such-program/s)
  const server = net.createServer().listen(cms, LOOPBACK)
  await once(server, 'listening')
  server.close()
})
