// Tests of the ADT listener over real sockets: every answer, who may connect, where it listens, and each bound.
// Keeps the rules: AA only after the callback is done, MSA-2 is the message's own id, and no answer leaves an address of the segment.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import tls from 'node:tls'
import type { Ip } from '../../base/ip.ts'
import type { AdtConfig, Protection, TlsFiles } from '../../config/gateway.ts'
import { encodeMllp } from '../../protocols/hl7/message.ts'
import { opensslMissing, testPki } from '../../testing/certificates.ts'
import { CLEAR, outWorld, tlsBy, until, type OutWorld } from '../../testing/out-world.ts'
import { parseHl7 } from '../core/intake/hl7-text.ts'
import { readAdt } from '../core/assignment/adt.ts'
import { ADT_CONNECTIONS_MAX, ADT_HANDSHAKES_MAX, adtAddressFault, startAdtListener, type AdtListener, type AdtOutcome } from './adt-listener.ts'
import { ADT_FRAME_BYTES_MAX, MllpReader } from './mllp-frames.ts'

const skip = opensslMissing

const adt = (id: string, trigger = 'A01'): string => [
  `MSH|^~\\&|ADT|HIS|CORDON|WARD4|20260105070000||ADT^${trigger}|${id}|P|2.5`, 'EVN||20260105070000', 'PID|||10006^^^H^MR||ZZTEST^CANARY', 'PV1||I|ICU^1^7', '',
].join('\r')

interface Stage {
  readonly listener: AdtListener
  readonly world: OutWorld
  readonly got: string[]
}

async function listen(t: TestContext, protection: Protection, decide: (text: string) => AdtOutcome | Promise<AdtOutcome> = () => 'applied'): Promise<Stage> {
  const world = outWorld()
  const got: string[] = []
  const config: AdtConfig = { host: '127.0.0.1', port: 0, protection }
  const { clock, timers, note } = world.deps
  const started = await startAdtListener(config, (bytes) => {
    got.push(new TextDecoder().decode(bytes))
    return decide(got.at(-1) ?? '')
  }, { clock, timers, note, segment: [] })
  ok(started.ok, started.ok ? '' : started.error)
  t.after(() => started.value.close())
  return { listener: started.value, world, got }
}

/** A sender of the hospital: writes texts as blocks and reads answers. */
class Engine {
  readonly socket: net.Socket
  readonly answers: string[] = []
  readonly #waiters: (() => void)[] = []
  readonly closed: Promise<unknown>

  constructor(t: TestContext, socket: net.Socket) {
    this.socket = socket
    const reader = new MllpReader(65_536)
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes)
      for (let e = reader.next(); e !== null; e = reader.next()) {
        if (e.kind === 'frame') this.answers.push(new TextDecoder().decode(e.bytes))
        for (const done of this.#waiters.splice(0)) done()
      }
    })
    t.after(() => socket.destroy())
  }

  async ask(text: string): Promise<string> {
    this.socket.write(encodeMllp(text))
    return this.next(this.answers.length + 1)
  }

  async next(count: number): Promise<string> {
    while (this.answers.length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve))
    return this.answers[count - 1] as string
  }
}

const plainEngine = (t: TestContext, { listener }: Stage): Engine => new Engine(t, net.connect(listener.port, '127.0.0.1'))

function secureEngine(t: TestContext, { listener }: Stage, files: TlsFiles, withCertificate = true, options: tls.ConnectionOptions = {}): Engine {
  const [ca, cert, key] = [files.ca, files.cert, files.key].map((file) => fs.readFileSync(file))
  const own = withCertificate ? { cert, key } : {}
  return new Engine(t, tls.connect({ host: '127.0.0.1', port: listener.port, ...ca ? { ca } : {}, ...own, ...options } as tls.ConnectionOptions))
}

test('a message over mutual TLS is handed on whole, and answered AA with its own id', { skip }, async (t) => {
  const { server, client } = testPki(t)
  const stage = await listen(t, tlsBy(server))
  const answer = await secureEngine(t, stage, client).ask(adt('H77'))
  const [msh, msa, ...more] = answer.split('\r')
  match(msh ?? '', /^MSH\|\^~\\&\|CORDON\|WARD4\|ADT\|HIS\|\d{14}\.\d{3}\+0000\|\|ACK\^A01\^ACK\|A[0-9A-Z]+\|P\|2\.5$/)
  deepEqual([msa, more], ['MSA|AA|H77', ['']])
  deepEqual(stage.got, [adt('H77')])
  const message = parseHl7(new TextEncoder().encode(stage.got[0] ?? ''))
  ok(message.ok && readAdt(message.value).ok)
  const { state, isProtected, connections, answers, figures, warnings } = stage.listener.state()
  deepEqual([state, isProtected, connections, answers, warnings], ['listening', true, 1, { AA: 1, AE: 0, AR: 0 }, []])
  equal(figures?.protocol, 'TLSv1.3')
})

test('AE when it could not be applied, AR when it cannot be read or is no ADT; the connection stays', async (t) => {
  const stage = await listen(t, CLEAR, (text) => (text.includes('A03') ? 'not-applied' : text.includes('A08') ? 'unreadable' : 'applied'))
  const engine = plainEngine(t, stage)
  match(await engine.ask(adt('H1', 'A03')), /\rMSA\|AE\|H1\rERR\|\|\|207\^/)
  match(await engine.ask(adt('H2', 'A08')), /\rMSA\|AR\|H2\rERR\|\|\|200\^/)
  match(await engine.ask('MSH|^~\\&|LAB|HIS|||20260105070000||ORU^R01|H3|P|2.5\r'), /\rMSA\|AR\|H3\r/)
  match(await engine.ask('PID|||10006||ZZTEST^CANARY\r'), /\rMSA\|AR\|\r|\rMSA\|AR\r/)
  match(await engine.ask(adt('')), /\rMSA\|AR/)
  match(await engine.ask(adt('H4')), /\rMSA\|AA\|H4\r/)
  deepEqual(stage.got.length, 3)
  deepEqual(stage.listener.state().answers, { AA: 1, AE: 1, AR: 4 })
  ok(engine.answers.every((answer) => !/ZZTEST|CANARY|10006/.test(answer)))
})

test('the answer waits for the callback, and messages of one connection are answered one at a time, in order', async (t) => {
  const releases: (() => void)[] = []
  const stage = await listen(t, CLEAR, () => new Promise((resolve) => releases.push(() => resolve('applied'))))
  const engine = plainEngine(t, stage)
  engine.socket.write(Buffer.concat(['H1', 'H2', 'H3'].map((id) => encodeMllp(adt(id)))))
  for (const [i, id] of ['H1', 'H2', 'H3'].entries()) {
    await until(() => releases.length === i + 1)
    equal(engine.answers.length, i)
    releases[i]?.()
    match(await engine.next(i + 1), new RegExp(`MSA\\|AA\\|${id}\\r`))
  }
})

test('a message in single bytes is the same message; an empty block is no message', async (t) => {
  const stage = await listen(t, CLEAR)
  const engine = plainEngine(t, stage)
  engine.socket.setNoDelay(true)
  engine.socket.write(Uint8Array.of(0x0b, 0x1c, 0x0d))
  for (const byte of encodeMllp(adt('H1'))) engine.socket.write(Uint8Array.of(byte))
  match(await engine.next(1), /MSA\|AA\|H1/)
  deepEqual(stage.got, [adt('H1')])
})

test('who has no certificate, or one of another CA, or an expired one, or only TLS 1.1, says nothing to the callback', { skip }, async (t) => {
  const { ca, other, server, client } = testPki(t)
  const stage = await listen(t, tlsBy(server))
  const wrong: readonly (readonly [() => Engine, RegExp])[] = [
    [() => secureEngine(t, stage, client, false), /shows no certificate/],
    [() => secureEngine(t, stage, { ...other.client(), ca: client.ca }), /not issued by the CA/],
    [() => secureEngine(t, stage, ca.client({ fromDays: -9, toDays: -1 })), /has expired/],
    [() => secureEngine(t, stage, client, true, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), /nothing newer than TLS 1\.1/],
    [() => plainEngine(t, stage), /does not speak TLS/],
  ]
  for (const [i, [make, words]] of wrong.entries()) {
    const engine = make()
    engine.socket.write(encodeMllp(adt('H1')))
    await engine.closed
    await until(() => stage.listener.state().refused > i)
    match(stage.listener.state().why ?? '', words)
    deepEqual(engine.answers, [])
  }
  deepEqual([stage.got, stage.listener.state().refused], [[], wrong.length])
  ok(!/ZZTEST|CANARY|127\.0\.0\.1/.test(stage.world.notes.join()))
  match(await secureEngine(t, stage, client).ask(adt('H2')), /MSA\|AA\|H2/)
  equal(stage.listener.state().why, null)
})

test('serverName demands the name of the sender\'s certificate', { skip }, async (t) => {
  const { ca, server, client } = testPki(t)
  const stage = await listen(t, tlsBy({ ...server, serverName: 'engine.hospital.example' }))
  const engine = secureEngine(t, stage, client)
  engine.socket.write(encodeMllp(adt('H1')))
  await engine.closed
  match(stage.listener.state().why ?? '', /another name than the configured serverName/)
  match(await secureEngine(t, stage, ca.client({ names: 'DNS:engine.hospital.example' })).ask(adt('H2')), /MSA\|AA\|H2/)
  equal(stage.got.length, 1)
})

test('renewed files are taken with the next connection; unusable ones refuse it with words', { skip }, async (t) => {
  const { ca, server, client } = testPki(t)
  const stage = await listen(t, tlsBy(server))
  await secureEngine(t, stage, client).ask(adt('H1'))
  const before = stage.listener.state().figures?.ownValidTo ?? 0
  const renewed = ca.issue({ toDays: 700 })
  fs.copyFileSync(renewed.cert, server.cert)
  const engine = secureEngine(t, stage, client)
  await engine.closed
  match(stage.listener.state().why ?? '', /key file \S+ is not that of the first certificate/)
  fs.copyFileSync(renewed.key, server.key)
  await secureEngine(t, stage, client).ask(adt('H2'))
  ok((stage.listener.state().figures?.ownValidTo ?? 0) > before)
})

test('two handshakes at once do not mix up', { skip }, async (t) => {
  const { server, client } = testPki(t)
  const stage = await listen(t, tlsBy(server))
  const engines = Array.from({ length: 8 }, () => secureEngine(t, stage, client))
  const answers = await Promise.all(engines.map((engine, i) => engine.ask(adt(`H${i}`))))
  for (const [i, answer] of answers.entries()) match(answer, new RegExp(`MSA\\|AA\\|H${i}\\r`))
})

test('bounds: connections, length of a message, a message that does not end, silence, a handshake that is not begun', { skip }, async (t) => {
  const stage = await listen(t, CLEAR)
  const long = plainEngine(t, stage)
  long.socket.write(encodeMllp(`${adt('H1')}ZZZ|${'x'.repeat(ADT_FRAME_BYTES_MAX)}\r`))
  await long.closed
  match(stage.listener.state().why ?? '', /a block longer than the maximum/)
  const slow = plainEngine(t, stage)
  slow.socket.write(encodeMllp(adt('H2')).subarray(0, 30))
  await until(() => stage.world.timers.held().includes(30_000))
  stage.world.timers.fire(30_000)
  await slow.closed
  match(stage.listener.state().why ?? '', /did not end it in time/)
  const silent = plainEngine(t, stage)
  await once(silent.socket, 'connect')
  await until(() => stage.world.timers.held().includes(3600_000))
  stage.world.timers.fire(3600_000)
  await silent.closed
  await until(() => stage.listener.state().connections === 0)
  const many = Array.from({ length: ADT_CONNECTIONS_MAX }, () => plainEngine(t, stage))
  await until(() => stage.listener.state().connections === many.length)
  await plainEngine(t, stage).closed
  match(stage.listener.state().why ?? '', /more than 16 connections/)
  match(await (many[0] as Engine).ask(adt('H3')), /MSA\|AA\|H3/)
})

test('who has no certificate cannot keep out who has one, however many connections it holds', { skip }, async (t) => {
  const { server, client } = testPki(t)
  const stage = await listen(t, tlsBy(server))
  const idle = Array.from({ length: ADT_HANDSHAKES_MAX + 20 }, () => plainEngine(t, stage))
  await Promise.all(idle.slice(0, 20).map((engine) => engine.closed))
  equal(stage.listener.state().connections, 0, 'a handshake is no connection yet')
  ok(stage.world.notes.includes('ADT: more than 64 connections without a certificate'))
  const engine = secureEngine(t, stage, client)
  match(await engine.ask(adt('S1')), /MSA\|AA\|S1/)
  deepEqual([stage.listener.state().connections, stage.listener.state().why], [1, null])
  await stage.listener.close()
  await Promise.all(idle.map((one) => one.closed))
})

test('bytes that are no block end the connection without an answer', async (t) => {
  const stage = await listen(t, CLEAR)
  const engine = plainEngine(t, stage)
  engine.socket.write('GET / HTTP/1.1\r\n\r\n')
  await engine.closed
  deepEqual([engine.answers, stage.listener.state().refused], [[], 1])
})

test('never on an address of the segment, nor on all addresses, nor on a name', async () => {
  const cms = '10.9.9.1' as Ip
  equal(adtAddressFault('10.9.9.2', [cms]), null)
  match(adtAddressFault('10.9.9.1', [cms]) ?? '', /address of the segment/)
  match(adtAddressFault('202.114.4.119', []) ?? '', /address of the segment/)
  match(adtAddressFault('0.0.0.0', []) ?? '', /every network/)
  match(adtAddressFault('::', []) ?? '', /every network/)
  match(adtAddressFault('hospital.example', []) ?? '', /not an IP address/)
  const { clock, timers, note } = outWorld().deps
  const started = await startAdtListener({ host: '202.114.4.120', port: 2575, protection: CLEAR }, () => 'applied', { clock, timers, note, segment: [] })
  ok(!started.ok)
})

test('a port that is taken, and files that are missing, are said before anything listens', async (t) => {
  const taken = net.createServer()
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
  t.after(() => taken.close())
  const { clock, timers, note } = outWorld().deps
  const deps = { clock, timers, note, segment: [] }
  const { port } = taken.address() as net.AddressInfo
  const busy = await startAdtListener({ host: '127.0.0.1', port, protection: CLEAR }, () => 'applied', deps)
  match(busy.ok ? '' : busy.error, /cannot listen on 127\.0\.0\.1 port \d+ \(EADDRINUSE\)/)
  const files = { ca: '/nowhere/ca.pem', cert: '/nowhere/c.pem', key: '/nowhere/k.pem', serverName: null }
  const missing = await startAdtListener({ host: '127.0.0.1', port: 0, protection: tlsBy(files) }, () => 'applied', deps)
  match(missing.ok ? '' : missing.error, /cannot read CA file/)
})

test('in clear it says so, with the reason', async (t) => {
  const { isProtected, clearReason } = (await listen(t, CLEAR)).listener.state()
  deepEqual({ isProtected, clearReason }, { isProtected: false, clearReason: 'the engine on this machine speaks no TLS' })
})
