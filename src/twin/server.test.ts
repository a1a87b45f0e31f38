// Tests of the live ward on loopback: what it counts as sent is what a plain ear hears, with and without faults; refusals send nothing.
// Keeps the rule that no test waits for a clock: each waits until something has happened.

import assert from 'node:assert/strict'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CmsStream } from '../protocols/cms8000/stream.ts'
import { newAccount, totalOf, type BedAccount } from './account.ts'
import { FAULTS, type FaultName } from './faults.ts'
import { LIVE_DEFAULTS, liveProblem, LiveWard, sourceOf, type LiveOptions } from './server.ts'

interface Ear {
  readonly port: number
  /** Per connection: who, and everything heard. */
  readonly heard: { readonly from: string; readonly chunks: Buffer[]; wasReset: boolean }[]
}

/** Accepts and writes down; `says` is sent to each newcomer. */
async function ear(t: TestContext, says = ''): Promise<Ear> {
  const heard: Ear['heard'] = []
  const server = net.createServer((socket) => {
    const one = { from: socket.remoteAddress ?? '', chunks: [] as Buffer[], wasReset: false }
    heard.push(one)
    if (says !== '') socket.write(says)
    socket.on('data', (bytes: Buffer) => one.chunks.push(bytes))
    socket.on('error', () => (one.wasReset = true))
  })
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done))
  t.after(() => server.close())
  return { port: (server.address() as net.AddressInfo).port, heard }
}

function at(host: string, port: number, hl7: LiveOptions['target']['hl7'] = null): LiveOptions['target'] {
  return { telemetry: { host, port }, hl7 }
}

function options(port: number, wanted: Partial<LiveOptions> = {}): LiveOptions {
  return {
    ...LIVE_DEFAULTS, target: at('127.0.0.1', port), clock: () => Date.now() * 1000, beds: 6,
    cyclePeriodMicros: 500_000, ...wanted,
  }
}

function start(wanted: LiveOptions): LiveWard {
  const ward = LiveWard.start(wanted)
  assert.ok(ward.ok, ward.ok ? '' : ward.error)
  return ward.value
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(20)
}

const heardBytes = ({ heard }: Ear): number => heard.reduce((sum, h) => sum + h.chunks.reduce((s, c) => s + c.length, 0), 0)
const total = (accounts: readonly BedAccount[]): ReturnType<typeof totalOf> => totalOf(accounts)

/** Whole frames an independent framer finds per connection. */
function framesHeard({ heard }: Ear): number {
  let frames = 0
  for (const { chunks } of heard) {
    const stream = new CmsStream({ frame: () => void frames++, resync: () => undefined })
    for (const chunk of chunks) stream.feed(chunk, 0, chunk.length)
  }
  return frames
}

test('a quiet live ward: every bed dials from an address of its own, and what it counts is what was heard, to the byte', async (t) => {
  const central = await ear(t)
  const ward = start(options(central.port))
  await until(() => central.heard.length === 6 && central.heard.every((h) => h.chunks.length >= 3))
  const { sure, unsure, rest } = total(await ward.stop())
  assert.deepEqual([sure.bytes, sure.frames], [heardBytes(central), framesHeard(central)])
  assert.deepEqual(unsure, { turns: 0, frames: 0, bytes: 0, garbageBytes: 0 })
  assert.deepEqual(rest, {
    connections: 6, refused: 0, broken: 0, closed: 6, reset: 0, silenced: 0, tornFrames: 0, looseGarbageBytes: 0, skippedTurns: 0, heardBytes: 0,
  })
  assert.deepEqual(central.heard.map((h) => h.from).sort(), [1, 2, 3, 4, 5, 6].map((bed) => sourceOf('127.77.0.1', bed)))
})

test('with every fault: what is sure was all heard, and nothing was heard that is neither sure nor unsure', async (t) => {
  const central = await ear(t)
  const ward = start(options(central.port, { beds: 24, faults: new Set(FAULTS), stormEveryMs: [900, 1500], seed: 3 }))
  await until(() => ward.storms >= 4 && ward.linesUp === 24)
  const { sure, unsure, rest } = total(await ward.stop())
  const frames = framesHeard(central)
  assert.ok(frames >= sure.frames && frames <= sure.frames + unsure.frames, `${sure.frames} <= ${frames} <= ${sure.frames} + ${unsure.frames}`)
  assert.ok(heardBytes(central) >= sure.bytes)
  assert.equal(rest.connections, central.heard.length)
  assert.equal(rest.broken, 0)
  assert.ok(rest.reset > 0 && rest.silenced > 0 && rest.closed > 0, JSON.stringify(rest))
})

test('a storm ends every connection at once, and every bed is back', async (t) => {
  const central = await ear(t)
  const ward = start(options(central.port))
  await until(() => ward.linesUp === 6 && central.heard.length === 6)
  assert.equal(ward.storm(), 6)
  await until(() => ward.linesUp === 6 && central.heard.length === 12)
  const { rest } = total(await ward.stop())
  assert.equal(rest.closed + rest.reset + rest.silenced, 12)
})

test('HL7 comes from every fourth bed, on its own port, and each message is one frame of the account', async (t) => {
  const [central, engine] = [await ear(t), await ear(t)]
  const target = at('127.0.0.1', central.port, { host: '127.0.0.1', port: engine.port })
  const ward = start(options(central.port, { target, beds: 8 }))
  await until(() => engine.heard.length === 2 && engine.heard.every((h) => h.chunks.length > 0))
  await ward.stop()
  assert.deepEqual(engine.heard.map((h) => h.from).sort(), [4, 8].map((bed) => sourceOf('127.77.0.1', bed)))
  for (const { chunks } of engine.heard) {
    const text = Buffer.concat(chunks).toString('latin1')
    assert.ok(text.startsWith('\vMSH|') && text.endsWith('\u001c\r'))
  }
})

test('what the other side says is counted: a gateway that ever answers is seen', async (t) => {
  const central = await ear(t, 'hello')
  const ward = start(options(central.port, { beds: 2 }))
  await until(() => total(ward.accounts()).rest.heardBytes === 10)
  assert.equal(total(await ward.stop()).rest.heardBytes, 10)
})

test('nobody listens: refused is counted, and it tries again', async (t) => {
  const central = await ear(t)
  const gone = net.createServer()
  await new Promise<void>((done) => gone.listen(0, '127.0.0.1', done))
  const { port } = gone.address() as net.AddressInfo
  await new Promise((done) => gone.close(done))
  const ward = start(options(port, { beds: 2 }))
  await until(() => total(ward.accounts()).rest.refused >= 4)
  const { sure, rest } = total(await ward.stop())
  assert.deepEqual([sure.bytes, rest.connections, central.heard.length], [0, 0, 0])
})

test('a central that goes away leaves its connections broken, and their frames unsure', async (t) => {
  const sockets: net.Socket[] = []
  const central = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => socket.resetAndDestroy())
  })
  await new Promise<void>((done) => central.listen(0, '127.0.0.1', done))
  t.after(() => central.close())
  const ward = start(options((central.address() as net.AddressInfo).port, { beds: 1 }))
  await until(() => total(ward.accounts()).rest.broken >= 2)
  const { sure, unsure } = total(await ward.stop())
  assert.equal(sure.frames, 0)
  assert.ok(unsure.frames > 0)
})

const REFUSED: readonly (readonly [Partial<LiveOptions>, RegExp])[] = [
  [{ target: at('202.114.4.119', 515) }, /202\.114\.4\.119 may be somebody/],
  [{ target: at('central.example', 515) }, /looks up no names/],
  [{ target: at('::1', 515) }, /IPv4 only/],
  [{ target: at('127.0.0.1', 0) }, /port .* not 0/],
  [{ target: at('127.0.0.1', 515, { host: '127.0.0.1', port: 70_000 }) }, /port .* not 70000/],
  [{ target: at('127.0.0.1', 515, { host: '202.114.4.120', port: 511 }) }, /202\.114\.4\.120 may be somebody/],
  [{ beds: 65 }, /beds .* 1 to 64/],
  [{ ecgNoise: 99 }, /noise/],
  [{ cyclePeriodMicros: 1 }, /period/],
  [{ firstSource: 'ward' }, /"ward" is no address to dial from/],
  [{ hl7Every: 0 }, /HL7/],
]

test('each refusal says why, and nothing is started', () => {
  for (const [wanted, words] of REFUSED) {
    const started = LiveWard.start(options(515, wanted))
    assert.ok(!started.ok)
    assert.match(started.error, words)
  }
  assert.equal(liveProblem(options(515)), null)
})

test('sums of accounts add every figure of every bed', () => {
  const [a, b] = [newAccount(1), newAccount(2)]
  a.sure.frames = 3
  b.sure.frames = 4
  b.left.silence = 2
  b.heardBytes = 1
  const { sure, rest } = totalOf([a, b])
  assert.deepEqual([sure.frames, rest.silenced, rest.heardBytes], [7, 2, 1])
})

test('faults are asked for by name', () => {
  const names: readonly FaultName[] = FAULTS
  assert.ok(names.includes('storm') && names.length === 7)
})
