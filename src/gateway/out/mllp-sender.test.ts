// Tests of the MLLP sender over real sockets: what arrives, in which order, and that nothing is lost whatever the receiver does.
// Keeps the rules: each wrong receiver has its words, no word holds a patient, and a target with TLS never speaks in clear.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import type { TlsOptions } from 'node:tls'
import { opensslMissing, testPki } from '../../testing/certificates.ts'
import { MllpHospital, type MllpMood } from '../../testing/hospital.ts'
import { CLEAR, mllpTarget, pcd01Body, stageSender, tlsBy, until, type SenderStage } from '../../testing/out-world.ts'
import type { Protection, TlsFiles } from '../../config/gateway.ts'
import { LATER_TRIES_MAX } from './courier.ts'
import type { SenderLimits } from './deps.ts'

const IDS = ['M1', 'M2', 'M3', 'M4', 'M5']
const skip = opensslMissing

const begin = (t: TestContext, port: number, protection: Protection, ids: readonly string[] = IDS, limits: Partial<SenderLimits> = {}): SenderStage =>
  stageSender(t, mllpTarget(port, protection), ids, pcd01Body, limits)

async function clearHospital(t: TestContext, ...moods: MllpMood[]): Promise<MllpHospital> {
  const hospital = await MllpHospital.start(null)
  t.after(() => hospital.close())
  if (moods.length > 0) hospital.moods = moods
  return hospital
}

test('messages arrive in order over mutual TLS, each once, and the state says connected and protected', { skip }, async (t) => {
  const { server, client } = testPki(t)
  const hospital = await MllpHospital.start({ files: server })
  t.after(() => hospital.close())
  const { queue, sender, world } = begin(t, hospital.port, tlsBy(client))
  await queue.settled(5)
  deepEqual(queue.delivered, IDS)
  deepEqual(hospital.inbox.seen, IDS)
  ok(hospital.inbox.kept[0]?.text.includes('ZZTEST^CANARY'))
  const { state, why, isProtected, clearReason } = sender.state()
  deepEqual({ state, why, isProtected, clearReason }, { state: 'connected', why: null, isProtected: true, clearReason: null })
  const figures = sender.figures()
  match(figures?.protocol ?? '', /^TLSv1\.[23]$/)
  ok(figures !== null && figures.cipher !== '' && (figures.peerValidTo ?? 0) > world.now && figures.ownValidTo > world.now)
  deepEqual([sender.warnings(), world.notes, queue.losses], [[], [], 0])
})

test('TLS 1.2 with a receiver that has nothing newer', { skip }, async (t) => {
  const { server, client } = testPki(t)
  const hospital = await MllpHospital.start({ files: server, options: { maxVersion: 'TLSv1.2' } })
  t.after(() => hospital.close())
  const { queue, sender } = begin(t, hospital.port, tlsBy(client))
  await queue.settled(5)
  equal(sender.figures()?.protocol, 'TLSv1.2')
})

test('work that comes later goes over the connection that stands', async (t) => {
  const hospital = await clearHospital(t)
  const { queue } = begin(t, hospital.port, CLEAR, [])
  await until(() => hospital.connections === 1)
  for (const id of IDS) queue.add(id, pcd01Body(id, 'mllp'))
  await queue.settled(5)
  deepEqual([hospital.inbox.seen, hospital.connections], [IDS, 1])
})

test('a target in clear says so, with the reason', async (t) => {
  const hospital = await clearHospital(t)
  const { queue, sender } = begin(t, hospital.port, CLEAR)
  await queue.settled(5)
  const { isProtected, clearReason } = sender.state()
  deepEqual({ isProtected, clearReason }, { isProtected: false, clearReason: 'the engine on this machine speaks no TLS' })
  equal(sender.figures(), null)
})

/** One fault at the second message, then a receiver as it should be: the words, and everything arrives. */
const FAULTS: readonly (readonly [MllpMood, RegExp])[] = [
  ['wrong-id', /answered a message that was not sent: MSA-2 is none of ours/],
  ['garbage', /what is no answer: bytes outside an MLLP block/],
  ['close-mid-answer', /in the middle of an answer/],
  ['close-before-answer', /before it answered/],
  ['endless', /what is no answer: a block longer than the maximum/],
]

for (const [mood, words] of FAULTS) {
  test(`a receiver that does this once loses nothing and has its words: ${mood}`, async (t) => {
    const hospital = await clearHospital(t, 'answer', mood, 'answer')
    const { queue, world } = begin(t, hospital.port, CLEAR)
    await queue.settled(5)
    deepEqual(queue.delivered, IDS)
    match(await world.noted(/target engine/), words)
    deepEqual([hospital.inbox.seen, hospital.inbox.kept.map((m) => m.id)], [['M1', 'M2', 'M2', 'M3', 'M4', 'M5'], IDS])
    deepEqual([queue.losses, hospital.connections], [1, 2])
  })

  test(`a receiver that does this always is down, and the message is held: ${mood}`, async (t) => {
    const hospital = await clearHospital(t, mood)
    const { queue, world, sender } = begin(t, hospital.port, CLEAR)
    world.timers.holdPauses = true
    await world.noted(words)
    equal(sender.state().state, 'down')
    match(sender.state().why ?? '', words)
    deepEqual([queue.held(), queue.figures(0).ambiguous, queue.delivered], [IDS, 1, []])
  })
}

test('a receiver that never answers: after the answer time the connection is given up and the message is ambiguous', async (t) => {
  const hospital = await clearHospital(t, 'silent', 'answer')
  const { queue, world, sender } = begin(t, hospital.port, CLEAR)
  world.timers.holdPauses = true
  await hospital.inbox.got(1)
  equal(world.timers.fire(30_000), 1)
  match(sender.state().why ?? '', /does not answer in time/)
  deepEqual([queue.figures(0).ambiguous, queue.losses], [1, 1])
  equal(world.timers.fire((ms) => ms <= 16), 1)
  await queue.settled(5)
  deepEqual([queue.delivered, hospital.inbox.seen], [IDS, ['M1', ...IDS]])
})

for (const mood of ['AE', 'AR', 'CE'] as const) {
  test(`a refused message (${mood}) is set apart by code and place, and the next ones go on`, async (t) => {
    const hospital = await clearHospital(t, 'answer', mood, 'answer')
    const { queue, world, sender } = begin(t, hospital.port, CLEAR)
    await queue.settled(5)
    deepEqual(queue.delivered, ['M1', 'M3', 'M4', 'M5'])
    deepEqual(queue.refused, [{ controlId: 'M2', why: `${mood}, 102 at PID-5 (PID 1)` }])
    ok(hospital.inbox.kept[1]?.text.includes('CANARY'))
    ok(!/ZZTEST|CANARY/.test(JSON.stringify([queue.refused, world.notes, sender.state()])))
    equal(queue.losses, 0)
  })
}

test('a receiver that blames itself is asked again, but not for ever: then the message is set apart', async (t) => {
  const hospital = await clearHospital(t, ...Array.from({ length: LATER_TRIES_MAX }, () => 'busy' as const), 'answer')
  const { queue, world } = begin(t, hospital.port, CLEAR)
  await queue.settled(5)
  deepEqual([queue.refused.map((r) => r.controlId), queue.delivered], [['M1'], IDS.slice(1)])
  deepEqual(hospital.inbox.seen, [...Array.from({ length: LATER_TRIES_MAX }, () => 'M1'), ...IDS.slice(1)])
  ok(!/ZZTEST|CANARY/.test(JSON.stringify([queue.refused, world.notes])))
})

test('a second answer of the application after the first of the transport is no fault', async (t) => {
  const hospital = await clearHospital(t, 'twice')
  const { queue, world } = begin(t, hospital.port, CLEAR)
  await queue.settled(5)
  deepEqual([queue.delivered, world.notes, hospital.connections], [IDS, [], 1])
})

test('a receiver that closes after each answer is no fault: the next message makes the next connection', async (t) => {
  const hospital = await clearHospital(t, 'close-after-answer')
  const { queue, world } = begin(t, hospital.port, CLEAR, [])
  for (const id of IDS) {
    queue.add(id, pcd01Body(id))
    await queue.settled(queue.delivered.length + 1)
    await until(() => hospital.connections === queue.delivered.length)
  }
  deepEqual(queue.delivered, IDS)
  ok(world.notes.every((note) => /before it answered/.test(note)))
})

test('a window of three sends three before the first answer, and a cut makes all of them ambiguous, in order', async (t) => {
  const hospital = await clearHospital(t, 'silent')
  const { queue, world } = begin(t, hospital.port, CLEAR, IDS, { window: 3 })
  world.timers.holdPauses = true
  await hospital.inbox.got(3)
  deepEqual(hospital.inbox.seen, ['M1', 'M2', 'M3'])
  deepEqual([queue.figures(0).inFlight, queue.figures(0).waiting], [3, 2])
  hospital.cutAll()
  await world.noted(/before it answered/)
  deepEqual([queue.figures(0).ambiguous, queue.held()], [3, IDS])
  hospital.moods = ['answer']
  world.timers.fire((ms) => ms <= 16)
  await queue.settled(5)
  deepEqual([queue.delivered, hospital.inbox.kept.map((m) => m.id)], [IDS, IDS])
})

test('a receiver that is down for long: pauses double up to the limit, one fault is told once, and all is caught up in order', async (t) => {
  const hospital = await clearHospital(t)
  const { port } = hospital
  await hospital.close()
  const { queue, world, sender } = begin(t, port, CLEAR)
  await until(() => world.timers.asked.filter((ms) => ms <= 16).length >= 8)
  const pauses = world.timers.asked.filter((ms) => ms <= 16)
  for (const [i, ms] of pauses.slice(0, 8).entries()) {
    const whole = Math.min(16, 2 * 2 ** i)
    ok(ms >= whole / 2 && ms <= whole, `pause ${i} of ${ms} ms`)
  }
  equal(sender.state().isProtected, false)
  deepEqual(world.notes.filter((note) => note.includes('nothing listens')).length, 1)
  const again = await MllpHospital.start(null, port)
  t.after(() => again.close())
  await queue.settled(5)
  deepEqual([queue.delivered, again.inbox.seen, queue.losses], [IDS, IDS, 0])
})

test('an old connection is made anew between two messages, so that renewed certificates come into use', { skip }, async (t) => {
  const { ca, server, client } = testPki(t)
  const hospital = await MllpHospital.start({ files: server })
  t.after(() => hospital.close())
  const { queue, world, sender } = begin(t, hospital.port, tlsBy(client), ['M1'])
  await queue.settled(1)
  const before = sender.figures()?.ownValidTo ?? 0
  const renewed = ca.client({ toDays: 700 })
  fs.copyFileSync(renewed.cert, client.cert)
  fs.copyFileSync(renewed.key, client.key)
  equal(world.timers.fire(24 * 3600_000), 1)
  queue.add('M2', pcd01Body('M2'))
  await queue.settled(2)
  deepEqual([queue.losses, hospital.connections], [0, 2])
  ok((sender.figures()?.ownValidTo ?? 0) > before)
})

test('close gives what is unanswered back, ends the connection and asks the queue for nothing more', async (t) => {
  const hospital = await clearHospital(t, 'silent')
  const { queue, sender, world } = begin(t, hospital.port, CLEAR)
  await hospital.inbox.got(1)
  await sender.close()
  deepEqual([queue.figures(0).ambiguous, queue.held(), sender.state().state], [1, IDS, 'idle'])
  queue.add('M6', pcd01Body('M6'))
  deepEqual([hospital.inbox.seen.length, world.timers.held()], [1, []])
})

interface WrongTls {
  readonly name: string
  readonly words: RegExp
  readonly stage: (t: TestContext) => Promise<{ readonly port: number; readonly protection: Protection }>
}

interface WrongSetup {
  readonly server?: TlsFiles
  readonly client?: TlsFiles
  readonly options?: TlsOptions
}

async function withServer(
  t: TestContext, wrong: (pki: ReturnType<typeof testPki>) => WrongSetup,
): Promise<{ readonly port: number; readonly protection: Protection }> {
  const pki = testPki(t)
  const { server = pki.server, client = pki.client, options = {} } = wrong(pki)
  const hospital = await MllpHospital.start({ files: server, options })
  t.after(() => {
    deepEqual(hospital.inbox.seen, [], 'no message reaches a receiver that is not who it should be')
    return hospital.close()
  })
  return { port: hospital.port, protection: tlsBy(client) }
}

const WRONG_TLS: readonly WrongTls[] = [
  { name: 'certificate of another CA', words: /not issued by the CA/, stage: (t) => withServer(t, ({ other }) => ({ server: other.issue() })) },
  {
    name: 'expired certificate', words: /peer's certificate has expired/,
    stage: (t) => withServer(t, ({ ca }) => ({ server: ca.issue({ fromDays: -30, toDays: -1 }) })),
  },
  { name: 'certificate of tomorrow', words: /not valid yet/, stage: (t) => withServer(t, ({ ca }) => ({ server: ca.issue({ fromDays: 1, toDays: 9 }) })) },
  { name: 'another name', words: /for another name/, stage: (t) => withServer(t, ({ ca }) => ({ server: ca.issue({ names: 'DNS:other.hospital.example' }) })) },
  {
    name: 'a name that is not the configured one', words: /for another name/,
    stage: (t) => withServer(t, ({ client }) => ({ client: { ...client, serverName: 'other.hospital.example' } })),
  },
  {
    name: 'a client\'s certificate as a server', words: /not for this end/,
    stage: (t) => withServer(t, ({ ca }) => ({ server: ca.issue({ usage: 'clientAuth' }) })),
  },
  {
    name: 'TLS 1.1 only', words: /nothing newer than TLS 1\.1/,
    stage: (t) => withServer(t, () => ({ options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } })),
  },
  {
    name: 'the receiver refuses our certificate', words: /before TLS was agreed: does it accept the gateway's certificate/,
    stage: (t) => withServer(t, ({ other, client }) => {
      const { cert, key } = other.client()
      return { client: { ...client, cert, key }, options: { maxVersion: 'TLSv1.2' } }
    }),
  },
  {
    name: 'own certificate expired', words: /certificate file \S+ ended on/,
    stage: (t) => withServer(t, ({ ca }) => ({ client: ca.client({ fromDays: -30, toDays: -1 }) })),
  },
  {
    name: 'no such file', words: /cannot read CA file \S+: there is no such file/,
    stage: (t) => withServer(t, ({ client }) => ({ client: { ...client, ca: '/nowhere/ca.pem' } })),
  },
  {
    name: 'plain text on the TLS port', words: /does not speak TLS/,
    stage: async (t) => {
      const chatty = net.createServer((socket) => {
        socket.on('error', () => {})
        socket.write('\x0bMSH|^~\\&|HELLO\x1c\r')
      })
      await new Promise<void>((done) => chatty.listen(0, '127.0.0.1', done))
      t.after(() => chatty.close())
      return { port: (chatty.address() as net.AddressInfo).port, protection: tlsBy(testPki(t).client) }
    },
  },
]

for (const { name, words, stage } of WRONG_TLS) {
  test(`down with words, nothing sent, nothing lost: ${name}`, { skip }, async (t) => {
    const { port, protection } = await stage(t)
    const { queue, world, sender } = begin(t, port, protection)
    world.timers.holdPauses = true
    await world.noted(/target engine/)
    const { state, why, isProtected } = sender.state()
    equal(state, 'down')
    match(why ?? '', words)
    ok(!/127\.0\.0\.1|hospital\.example|ZZTEST|CANARY/.test(why ?? ''), 'no address book, no patient')
    deepEqual([isProtected, queue.held(), queue.delivered], [true, IDS, []])
  })
}

test('a server of another make that refuses our certificate with an alert: down with its words', { skip }, async (t) => {
  const { server, client, other } = testPki(t)
  const free = await clearHospital(t)
  const { port } = free
  await free.close()
  const files = ['-cert', server.cert, '-key', server.key, '-CAfile', other.ca]
  const peer = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...files, '-Verify', '1', '-verify_return_error', '-tls1_2'])
  t.after(() => peer.kill())
  await new Promise<void>((done) => peer.stdout.on('data', (words: Buffer) => {
    if (words.includes('ACCEPT')) done()
  }))
  const { queue, world, sender } = begin(t, port, tlsBy(client))
  world.timers.holdPauses = true
  await world.noted(/target engine/)
  match(sender.state().why ?? '', /refuses the gateway's certificate: have it issued by the CA that the peer trusts/)
  equal(queue.figures(0).waiting, 5)
})

test('under TLS 1.3 a receiver refuses our certificate after the handshake: still down with words, and the message is held', { skip }, async (t) => {
  const { server, client, other } = testPki(t)
  const hospital = await MllpHospital.start({ files: server })
  t.after(() => hospital.close())
  const { cert, key } = other.client()
  const { queue, world, sender } = begin(t, hospital.port, tlsBy({ ...client, cert, key }))
  world.timers.holdPauses = true
  await world.noted(/target engine/)
  match(sender.state().why ?? '', /refuses the gateway's certificate|cut the connection|before it answered/)
  deepEqual([queue.held(), queue.delivered, hospital.inbox.seen], [IDS, [], []])
})

test('a receiver whose TCP stands but whose TLS never ends: given up in the time for connecting', { skip }, async (t) => {
  const { client } = testPki(t)
  const mute = net.createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done))
  t.after(() => mute.close())
  const { world, sender, queue } = begin(t, (mute.address() as net.AddressInfo).port, tlsBy(client))
  world.timers.holdPauses = true
  equal(world.timers.fire(10_000), 1)
  match(sender.state().why ?? '', /does not finish the connection in time/)
  deepEqual([queue.figures(0).waiting, queue.losses], [5, 0])
})

test('certificates that end within thirty days are told on connecting, of either side', { skip }, async (t) => {
  const { ca } = testPki(t)
  const hospital = await MllpHospital.start({ files: ca.issue({ toDays: 20 }) })
  t.after(() => hospital.close())
  const { queue, sender } = begin(t, hospital.port, tlsBy(ca.client({ toDays: 10 })))
  await queue.settled(5)
  const [ours, theirs, ...more] = sender.warnings()
  match(ours ?? '', /^the gateway's certificate ends on \d{4}-\d\d-\d\d, in 9 days: renew it$/)
  match(theirs ?? '', /^the receiver's certificate ends on \d{4}-\d\d-\d\d, in 19 days: renew it$/)
  deepEqual(more, [])
})

for (const mood of ['close-before-answer', 'garbage', 'wrong-id'] as const) {
  test(`a message that makes the receiver ${mood} each time is set apart once another was taken; with a wide window too`, async (t) => {
    for (const window of [1, 4]) {
      const hospital = await clearHospital(t)
      hospital.never.set('M2', mood)
      const { queue, world } = begin(t, hospital.port, CLEAR, IDS, { window })
      await queue.settled(IDS.length)
      deepEqual([queue.refused.map((r) => r.controlId), queue.delivered.toSorted()], [['M2'], IDS.filter((id) => id !== 'M2')])
      match(queue.refused[0]?.why ?? '', /just after another message was taken; the receiver may have it/)
      ok(!/ZZTEST|CANARY/.test(JSON.stringify([queue.refused, world.notes])))
    }
  })
}
