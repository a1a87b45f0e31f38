// Tests of the FHIR sender over real sockets: transactions in order, each answer's meaning, and that nothing is lost whatever the server does.
// Keeps the rules: redirects are not followed, responses have a bound, words hold codes only, https never becomes http.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import http from 'node:http'
import type net from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Protection } from '../../config/gateway.ts'
import { opensslMissing, testPki } from '../../testing/certificates.ts'
import { FhirHospital, MllpHospital, type FhirMood } from '../../testing/hospital.ts'
import { CLEAR, fhirBody, fhirTarget, stageSender, tlsBy, until, type SenderStage } from '../../testing/out-world.ts'
import { LATER_TRIES_MAX } from './courier.ts'
import { DOUBT_TRIES } from './doubt.ts'

const IDS = ['M1', 'M2', 'M3', 'M4']
const skip = opensslMissing

const begin = (t: TestContext, port: number, protection: Protection, ids: readonly string[] = IDS): SenderStage =>
  stageSender(t, fhirTarget(port, protection), ids, fhirBody)

async function clearHospital(t: TestContext, ...moods: FhirMood[]): Promise<FhirHospital> {
  const hospital = await FhirHospital.start(null)
  t.after(() => hospital.close())
  if (moods.length > 0) hospital.moods = moods
  return hospital
}

test('transactions arrive in order over mutual TLS on one kept connection', { skip }, async (t) => {
  const { server, client } = testPki(t)
  const hospital = await FhirHospital.start({ files: server })
  t.after(() => hospital.close())
  const { queue, sender, world } = begin(t, hospital.port, tlsBy(client))
  await queue.settled(4)
  deepEqual([queue.delivered, hospital.inbox.seen, hospital.connections], [IDS, IDS, 1])
  ok(hospital.inbox.kept[0]?.text.includes('CANARY'))
  deepEqual(hospital.requests[0], { url: '/fhir', type: 'application/fhir+json' })
  equal(sender.state().state, 'connected')
  match(sender.figures()?.protocol ?? '', /^TLSv1\.3$/)
  deepEqual([world.notes, queue.losses], [[], 0])
})

test('201 for the whole is delivered as well, and work that comes later goes over the connection that stands', async (t) => {
  const hospital = await clearHospital(t)
  const { queue } = begin(t, hospital.port, CLEAR, ['M1'])
  await queue.settled(1)
  queue.add('M2', fhirBody('M2'))
  await queue.settled(2)
  deepEqual([queue.delivered, hospital.connections], [['M1', 'M2'], 1])
})

test('a server that closes after each answer is no fault', async (t) => {
  const hospital = await clearHospital(t, 'close-after-answer')
  const { queue, world } = begin(t, hospital.port, CLEAR)
  await queue.settled(4)
  deepEqual([queue.delivered, hospital.inbox.seen, world.notes], [IDS, IDS, []])
})

test('a kept connection that ends under a request is made anew at once, without a fault', async (t) => {
  const hospital = await clearHospital(t, 200, 'cut', 200)
  const { queue, world } = begin(t, hospital.port, CLEAR)
  await queue.settled(4)
  deepEqual([queue.delivered, hospital.inbox.kept.map((m) => m.id), world.notes], [IDS, IDS, []])
  deepEqual([hospital.inbox.seen, queue.losses], [['M1', 'M2', 'M2', 'M3', 'M4'], 1])
})

/** At the first transaction, so that no connection is kept yet. */
const FAULTS: readonly (readonly [FhirMood, RegExp])[] = [
  ['cut', /before it answered|cut the connection/],
  ['cut-mid-answer', /in the middle of an answer/],
  ['no-transaction', /200 without a transaction-response/],
  ['too-few', /answers for \d+ entries of \d+/],
  ['huge', /larger than 4096 KiB/],
  ['redirect', /answers 307: it is at another URL; redirects are not followed/],
  ['no-http', /what is no HTTP/],
  [202, /answers 202, which says nothing/],
  [500, /cannot take messages now \(500, business-rule/],
  [503, /cannot take messages now \(503/],
  [408, /cannot take messages now \(408/],
  [429, /cannot take messages now \(429/],
  [401, /does not know the gateway: it must accept its certificate \(401/],
  [403, /does not allow the gateway to write/],
  [404, /knows no FHIR at this URL/],
  [409, /cannot take a message now \(409/],
]

for (const [mood, words] of FAULTS) {
  test(`a server that does this once loses nothing and has its words: ${mood}`, async (t) => {
    const hospital = await clearHospital(t, mood, 200)
    const { queue, world } = begin(t, hospital.port, CLEAR)
    match(await world.noted(/target store/), words)
    await queue.settled(4)
    deepEqual([queue.delivered, hospital.inbox.seen, hospital.inbox.kept.length], [IDS, ['M1', ...IDS], 4])
    ok(!/ZZTEST|CANARY/.test(JSON.stringify(world.notes)))
  })

  test(`a server that does this always is down, and the message is held: ${mood}`, async (t) => {
    const hospital = await clearHospital(t, mood)
    const { queue, world, sender } = begin(t, hospital.port, CLEAR)
    world.timers.holdPauses = true
    await world.noted(words)
    equal(sender.state().state, 'down')
    deepEqual([queue.held(), queue.figures(0).ambiguous, queue.delivered], [IDS, 1, []])
  })
}

for (const mood of [400, 412, 413, 422, 'entry-422'] as const) {
  test(`a refused transaction (${mood}) is set apart by codes, and the next ones go on`, async (t) => {
    const hospital = await clearHospital(t, 200, mood, 200)
    const { queue, world } = begin(t, hospital.port, CLEAR)
    await queue.settled(4)
    deepEqual(queue.delivered, ['M1', 'M3', 'M4'])
    const why = mood === 'entry-422' ? 'entry 1 answered 422' : `${mood}, business-rule, code not of FHIR's list`
    deepEqual(queue.refused, [{ controlId: 'M2', why }])
    ok(!/ZZTEST|CANARY/.test(JSON.stringify([queue.refused, world.notes])))
  })
}

test('a conflict that never passes is set apart after some tries', async (t) => {
  const hospital = await clearHospital(t, ...Array.from({ length: LATER_TRIES_MAX }, () => 409), 200)
  const { queue } = begin(t, hospital.port, CLEAR)
  await queue.settled(4)
  deepEqual([queue.refused.map((r) => r.controlId), queue.delivered], [['M1'], ['M2', 'M3', 'M4']])
  equal(hospital.inbox.seen.filter((id) => id === 'M1').length, LATER_TRIES_MAX)
})

test('a server that fails is asked for ever: no message is set apart for it', async (t) => {
  const hospital = await clearHospital(t, ...Array.from({ length: DOUBT_TRIES }, () => 500), 200)
  const { queue } = begin(t, hospital.port, CLEAR)
  await queue.settled(4)
  deepEqual([queue.refused, queue.delivered], [[], ['M2', 'M1', 'M3', 'M4']], 'after so long another one goes first')
  const longer = await clearHospital(t, ...Array.from({ length: 5 * DOUBT_TRIES }, () => 503), 200)
  const next = begin(t, longer.port, CLEAR)
  await next.queue.settled(4)
  deepEqual([next.queue.refused, next.queue.delivered.toSorted(), longer.inbox.kept.length], [[], IDS, 4])
})

for (const mood of [500, 502, 'cut', 'no-transaction', 'too-few'] as const) {
  test(`a transaction that alone is never taken (${mood}) is set apart with words once another was taken; the rest keep their order`, async (t) => {
    const hospital = await clearHospital(t)
    for (const id of ['M1', 'M2']) hospital.never.set(id, mood)
    const { queue, world } = begin(t, hospital.port, CLEAR)
    await queue.settled(4)
    deepEqual([queue.refused.map((r) => r.controlId), queue.delivered], [['M1', 'M2'], ['M3', 'M4']])
    match(queue.refused[0]?.why ?? '', /not taken in \d+ tries, the last one just after another message was taken; the receiver may have it: /)
    ok(world.notes.some((words) => words.includes('was set apart')))
    ok(!/ZZTEST|CANARY/.test(JSON.stringify([queue.refused, world.notes])))
  })
}

test('the only message there is waits for ever, and the end of the gateway sets none apart', async (t) => {
  const hospital = await clearHospital(t)
  hospital.never.set('M1', 500)
  const { queue } = begin(t, hospital.port, CLEAR, ['M1'])
  await hospital.inbox.got(3 * DOUBT_TRIES)
  deepEqual(queue.refused, [])
  hospital.never.set('M1', 'silent')
  queue.add('M2', fhirBody('M2'))
  await queue.settled(1)
  deepEqual([queue.refused, queue.delivered], [[], ['M2']])
})

test('Retry-After is waited for', async (t) => {
  const hospital = await clearHospital(t, 429, 200)
  hospital.retryAfter = '120'
  const { queue, world } = begin(t, hospital.port, CLEAR)
  await world.noted(/429/)
  equal(world.timers.fire(120_000), 1)
  await queue.settled(4)
  deepEqual(queue.delivered, IDS)
})

test('a server that never answers: after the answer time the transaction is ambiguous and is sent again', async (t) => {
  const hospital = await clearHospital(t, 'silent', 200)
  const { queue, world, sender } = begin(t, hospital.port, CLEAR)
  world.timers.holdPauses = true
  await hospital.inbox.got(1)
  equal(world.timers.fire(30_000), 1)
  match(sender.state().why ?? '', /does not answer in time/)
  equal(queue.figures(0).ambiguous, 1)
  world.timers.fire((ms) => ms <= 16)
  await queue.settled(4)
  deepEqual([queue.delivered, hospital.inbox.kept.length], [IDS, 4])
})

test('nothing is taken from the queue while the server cannot be reached, and all is caught up in order', async (t) => {
  const hospital = await clearHospital(t)
  const { port } = hospital
  await hospital.close()
  const { queue, world } = begin(t, port, CLEAR)
  await until(() => world.timers.asked.filter((ms) => ms <= 16).length >= 5)
  deepEqual([queue.losses, queue.figures(0).waiting], [0, 4])
  const again = await FhirHospital.start(null, port)
  t.after(() => again.close())
  await queue.settled(4)
  deepEqual([queue.delivered, again.inbox.seen], [IDS, IDS])
})

test('close gives what is unanswered back', async (t) => {
  const hospital = await clearHospital(t, 'silent')
  const { queue, sender, world } = begin(t, hospital.port, CLEAR)
  await hospital.inbox.got(1)
  await sender.close()
  deepEqual([queue.figures(0).ambiguous, queue.held(), world.timers.held()], [1, IDS, []])
})

test('wrong servers under TLS: down with words, nothing sent, nothing taken', { skip }, async (t) => {
  const { ca, other, server, client } = testPki(t)
  const wrong = [
    { files: other.issue(), words: /not issued by the CA/ },
    { files: ca.issue({ fromDays: -9, toDays: -1 }), words: /has expired/ },
    { files: ca.issue({ names: 'DNS:other.example' }), words: /for another name/ },
    { files: server, options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const, words: /nothing newer than TLS 1\.1/ },
  ]
  for (const { words, ...setup } of wrong) {
    const hospital = await FhirHospital.start(setup)
    t.after(() => hospital.close())
    const { queue, world, sender } = begin(t, hospital.port, tlsBy(client))
    world.timers.holdPauses = true
    match(await world.noted(/target store/), words)
    deepEqual([sender.state().state, queue.figures(0).waiting, hospital.requests], ['down', 4, []])
  }
})

test('https never becomes http: a server in clear on the port gets no request', { skip }, async (t) => {
  const asked: string[] = []
  const plain = http.createServer((request) => asked.push(request.url ?? ''))
  await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done))
  t.after(() => plain.close())
  const { world, queue } = begin(t, (plain.address() as net.AddressInfo).port, tlsBy(testPki(t).client))
  world.timers.holdPauses = true
  match(await world.noted(/target store/), /does not speak TLS/)
  deepEqual([asked, queue.figures(0).waiting], [[], 4])
})

test('an MLLP receiver at the URL is no FHIR server', async (t) => {
  const mllp = await MllpHospital.start(null)
  t.after(() => mllp.close())
  const { world, queue } = begin(t, mllp.port, CLEAR)
  world.timers.holdPauses = true
  match(await world.noted(/target store/), /before it answered|cut the connection/)
  deepEqual(queue.held(), IDS)
})
