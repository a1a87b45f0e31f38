// Tests of the hospital's side run whole on made-up parts: order, durability before display, restarts, grants, hands, and no patient in words.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { BedsFrame } from '../core/beds-frame.ts'
import type { LedgerNote } from '../core/assignment/ledger.ts'
import { makeTree } from '../core/update/tree.ts'
import {
  assigned, CANARY_WORDS, FakeGateway, fakeConfig, gatewayFolder, heartRate, ip, line, owned, ready, standing, START, view,
} from '../../testing/fake-gateway.ts'
import { askControl, controlPath } from './control.ts'
import { INBOX_MAX, type Hospital } from './hospital.ts'
import { runGateway } from './run.ts'
import type { GatewayConfig } from '../../config/gateway.ts'

const BED = '10.20.4.31'
const NAME = '4W^401^A'

const withAdt = (t: TestContext): GatewayConfig => fakeConfig(gatewayFolder(t), { adt: { listen: '127.0.0.1:2576', clear: 'a test' } })

interface Running {
  readonly parts: FakeGateway
  readonly hospital: Hospital
  readonly config: GatewayConfig
  readonly frames: BedsFrame[]
  stop(): Promise<void>
  audit(): string
}

async function run(t: TestContext, parts = new FakeGateway(), config = fakeConfig(gatewayFolder(t))): Promise<Running> {
  const stop = new AbortController()
  const frames: BedsFrame[] = []
  let ended: Promise<unknown> = Promise.resolve()
  const hospital = await new Promise<Hospital>((resolve, reject) => {
    ended = runGateway(config, parts, stop.signal, async (up) => {
      up.beds.subscribe(1, (frame) => frames.push(frame))
      resolve(up)
      return async () => void parts.log.push('console closed')
    }).then((result) => (result.ok ? undefined : reject(new Error(result.error.message))))
  })
  const close = async (): Promise<void> => {
    stop.abort()
    await ended
  }
  t.after(close)
  const audit = (): string => {
    const folder = path.join(config.folder, 'audit')
    return fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'utf8')).join('')
  }
  return { parts, hospital, config, frames, stop: close, audit }
}

const ledger = (kind: LedgerNote['kind'], bed: string, why: string) =>
  ({ kind: 'note', command: { kind: 'log', device: null, at: START, verdict: { kind, beds: [bed], why } } }) as const
const note = (assignment: ReturnType<typeof assigned> | { state: 'unassigned'; why: string }) =>
  ({ kind: 'note', command: { kind: 'assignment', device: BED, at: START, assignment } }) as const

test('beds are placed before anything else, and an orderly end closes what came in first and what goes out last', async (t) => {
  const { parts, stop, audit, config } = await run(t, new FakeGateway(), withAdt(t))
  assert.deepEqual(parts.told.map((m) => (m.kind === 'told' ? [m.event.kind, 'device' in m.event ? m.event.device : ''] : [m.kind])), [
    ['place', BED], ['place', '10.20.4.32'], ['grants'], ['grants'],
  ])
  await stop()
  assert.deepEqual(parts.log, ['segment started', 'console closed', 'adt closed', 'segment closed', 'out closed', 'readings closed'])
  const kinds = audit().trim().split('\n').map((l) => (JSON.parse(l) as { kind: string }).kind)
  assert.deepEqual(kinds, ['gateway-started', 'segment-ready', 'segment-down', 'gateway-stopped'])
  assert.equal(fs.existsSync(controlPath(config.folder)), false)
  assert.equal(fs.existsSync(path.join(config.folder, 'owner.pid')), false)
})

test('readings are durable before they are shown or sent, and a discharge between two frames stays between them', async (t) => {
  const { parts, hospital, frames } = await run(t)
  let release = (): void => undefined
  parts.append = () => new Promise<void>((resolve) => {
    release = resolve
  })
  parts.hear(note(assigned(START)))
  parts.say(owned(BED, START, [heartRate(72, START)]))
  parts.hear(note({ state: 'unassigned', why: 'no patient is assigned to this bed' }))
  await parts.pass(400)
  assert.deepEqual([frames.at(-1)?.tiles[0]?.numerics.length, parts.sent.length], [0, 0])
  release()
  await parts.pass(200)
  assert.equal(parts.sent.length, 1)
  assert.deepEqual(frames.at(-1)?.tiles[0]?.numerics, [], 'what was of the old patient is stored and sent, and never shown after the discharge')
  parts.append = () => undefined
  parts.say(owned(BED, parts.now, [heartRate(80, parts.now)]))
  await hospital.settled()
  await parts.pass(200)
  assert.equal(frames.at(-1)?.tiles[0]?.numerics[0]?.numeric.value, 80)
})

test('a disk that refuses is told on every page, data still go on, and what was lost is told for good', async (t) => {
  const { parts, frames, audit } = await run(t)
  parts.append = () => {
    throw Object.assign(new Error('/secret/path'), { code: 'ENOSPC' })
  }
  parts.say(owned(BED, START, [heartRate(72, START)]))
  await parts.pass(200)
  assert.match(frames.at(-1)?.notices.join('\n') ?? '', /Readings are NOT STORED \(ENOSPC\)/)
  assert.equal(parts.sent.length, 1)
  parts.append = () => undefined
  parts.say(owned(BED, parts.now, [heartRate(73, parts.now)]))
  await parts.pass(200)
  const after = frames.at(-1)?.notices.join('\n') ?? ''
  assert.doesNotMatch(after, /are NOT STORED/)
  assert.match(after, /1 frames of monitors were NOT STORED and are in no message: last from 2026-01-05 07:00 UTC to 2026-01-05 07:00 UTC \(ENOSPC\)/)
  assert.match(audit(), /"kind":"readings-lost","frames":1,"from":"2026-01-05T07:00:00[^"]*","code":"ENOSPC"/)
})

test('a segment that ends is told on every page; the next one is told all places and movements, in order with their times', async (t) => {
  const { parts, hospital, frames } = await run(t, new FakeGateway(), withAdt(t))
  parts.adtTake?.(Buffer.from('MSH|first'))
  await parts.pass(100)
  parts.hear(note(assigned(START)))
  parts.say(owned(BED, parts.now, [heartRate(72, parts.now)]))
  await parts.pass(400)
  assert.equal(frames.at(-1)?.tiles[0]?.numerics.length, 1)
  const toldBefore = parts.told.filter((m) => m.kind === 'told')
  parts.ear?.onDown('killed by SIGKILL')
  await parts.pass(200)
  assert.equal(frames.at(-1)?.segment.state, 'down')
  assert.match(frames.at(-1)?.notices.join('\n') ?? '', /DOWN \(killed by SIGKILL\): no monitor is heard/)
  assert.equal(frames.at(-1)?.tiles[0]?.numerics.length, 1, 'values age by themselves')
  parts.adtTake?.(Buffer.from('MSH|discharge'))
  await parts.pass(300)
  assert.equal(frames.at(-1)?.tiles[0]?.numerics.length, 0, 'a movement that nobody can apply now may be a discharge')
  parts.told.length = 0
  parts.startAgain()
  // Told after it asked and before it is known to be ready: neither lost nor told twice.
  parts.adtTake?.(Buffer.from('MSH|between'))
  await parts.pass(300)
  const told = parts.told.filter((m) => m.kind === 'told')
  const texts = told.flatMap(({ event }) => (event.kind === 'adt' ? [Buffer.from(event.bytes).toString()] : []))
  assert.deepEqual(texts, ['MSH|first', 'MSH|discharge', 'MSH|between'])
  assert.deepEqual(told.slice(0, 3), toldBefore)
  assert.deepEqual([frames.at(-1)?.segment.state, hospital.status().segment.restarts], ['running', 1])
  assert.match(frames.at(-1)?.tiles[0]?.assignment.why ?? '', /since the process that faces the monitors started anew/)
})

test('a first start that fails is an answer and takes everything back', async (t) => {
  const parts = new FakeGateway()
  parts.startFault = '202.114.4.119:515 is taken by another program'
  const config = fakeConfig(gatewayFolder(t))
  const result = await runGateway(config, parts, new AbortController().signal, async () => async () => undefined)
  assert.match(result.ok ? '' : result.error.message, /202\.114\.4\.119:515 is taken/)
  assert.deepEqual(parts.log, ['out closed', 'readings closed'])
  assert.deepEqual([fs.existsSync(controlPath(config.folder)), fs.existsSync(path.join(config.folder, 'owner.pid'))], [false, false])
})

test('a wall of the sandbox that is missing is told: in the state always, as a notice when it is vital', async (t) => {
  const { parts, hospital } = await run(t)
  parts.hear(ready(START, ['no new privileges'], [{ what: 'Landlock', why: 'the kernel has none', isVital: false }]))
  await parts.pass(100)
  assert.deepEqual(hospital.status().segment.sandbox, ['no new privileges', 'MISSING: Landlock (the kernel has none)'])
  assert.doesNotMatch(hospital.status().notices.join(), /not closed in/)
  parts.hear(ready(START, [], [{ what: 'seccomp', why: 'refused', isVital: true }]))
  await parts.pass(100)
  assert.match(hospital.status().notices.join(), /is not closed in: seccomp is missing/)
})

test('a disk that does not keep up holds the monitors back and loses nothing', async (t) => {
  const { parts, hospital, frames } = await run(t)
  let release = (): void => undefined
  parts.append = () => new Promise<void>((resolve) => {
    release = resolve
  })
  parts.records.push(owned(BED, START, [heartRate(72, START)]))
  for (let i = 0; i < INBOX_MAX + 100; i++) {
    parts.hear({ kind: 'readings', record: Uint8Array.of(0) })
    if (i === 0) await parts.settle()
  }
  assert.equal(parts.log.at(-1), 'paused')
  await parts.pass(1000)
  assert.match(frames.at(-1)?.notices.join() ?? '', /monitors are held back/)
  parts.append = () => undefined
  release()
  await hospital.settled()
  assert.deepEqual([parts.sent.length, parts.log.at(-1)], [INBOX_MAX + 100, 'resumed'])
  assert.doesNotMatch(hospital.status().notices.join(), /held back/)
})

test('one gateway owns a folder', async (t) => {
  const { config } = await run(t)
  const second = await runGateway(config, new FakeGateway(), new AbortController().signal, async () => async () => undefined)
  assert.match(second.ok ? '' : second.error.message, /is in use by process/)
})

test('grants are handed over when they change, at the next look, and a revocation takes them back', async (t) => {
  const { parts, audit, hospital } = await run(t)
  const tree = makeTree({ id: 'CMS8000@2#ab', exportPath: '/pm', modified: 1, files: [] })
  assert.ok(tree.ok)
  const grant = { permitId: 'p1', deviceId: 'S1', ip: ip(BED), from: START, until: START + 1e9, completeBy: START + 2e9, tree: tree.value }
  const handed = (): number[] => parts.told.flatMap((m) => (m.kind === 'grants' ? [m.grants.length] : []))
  await parts.pass(3000)
  assert.deepEqual(handed(), [0, 0], 'the same answer is not handed over again')
  parts.granting = { grants: [grant], refused: [{ id: 'p2', why: 'one signature is missing' }], releases: ['CMS8000@2#ab'], problem: null }
  await parts.pass(1000)
  assert.deepEqual(handed(), [0, 0, 1])
  assert.match(hospital.status().notices.join(), /granted by permit p1/)
  parts.granting = { grants: [], refused: [], releases: [], problem: 'the timestamp has expired' }
  await parts.pass(1000)
  assert.deepEqual(handed(), [0, 0, 1, 0])
  assert.match(hospital.status().notices.join(), /No update can be served: the timestamp has expired/)
  assert.match(audit(), /"kind":"grants","permits":\["p1"\],"refused":\["p2: one signature is missing"\]/)
})

test('the control socket: status, hands, places, and words for what is wrong', async (t) => {
  const { parts, config, hospital } = await run(t)
  assert.equal(fs.statSync(controlPath(config.folder)).mode & 0o777, 0o600)
  const ask = (command: string, fields = {}) => askControl(config.folder, command, fields)
  const status = await ask('status')
  assert.deepEqual(status.ok && (status.value as { name: string }).name, 'GW')
  const asked = ask('assign', { bed: '4w^401^a', number: 'ZZTEST4711', authority: 'ZZAUTH' })
  while (!parts.told.some((m) => m.kind === 'told' && m.event.kind === 'assign')) await new Promise((resolve) => setImmediate(resolve))
  parts.hear(ledger('applied', NAME, 'assigned by hand'))
  assert.deepEqual(await asked, { ok: true, value: 'assigned by hand' })
  const told = parts.told.flatMap((m) => (m.kind === 'told' && m.event.kind === 'assign' ? [m.event] : []))
  assert.deepEqual(told.map((e) => [e.bed, e.patient?.key]), [[NAME, 'ZZTEST4711&ZZAUTH']])
  assert.deepEqual(await ask('place', { device: '10.20.4.40', bed: '4W^409^A' }), { ok: true, value: null })
  for (const [command, fields, words] of [
    ['stats', {}, /did you mean status/],
    ['place', { device: 'bed 7', bed: null }, /no address/], ['assign', { bed: '4W^499^A', number: '1' }, /no monitor stands/],
    ['assign', { bed: NAME, number: 'ZZTEST^CANARY' }, /the number must have/], ['assign', { bed: NAME, number: '1', authority: 'a|b' }, /the authority must/],
    ['vacate', { bed: 'bed 7' }, /unit\^room\^bed/], ['place', { device: '10.20.4.50', bed: NAME }, /10\.20\.4\.31 stands at 4W\^401\^A; take it away first/],
  ] as const) {
    const answer = await ask(command, fields)
    assert.equal(answer.ok, false, command)
    assert.match(answer.ok ? '' : answer.error.message, words)
    assert.doesNotMatch(JSON.stringify(answer), CANARY_WORDS)
  }
  const silent = hospital.assign(NAME, null)
  await parts.pass(3100)
  assert.match(JSON.stringify(await silent), /did not say that it was applied/)
})

test('status counts, names targets with lag and protection, and what a person must know', async (t) => {
  const { parts, hospital } = await run(t)
  parts.targets = [line({ state: 'down', why: 'the certificate has expired', waiting: 12, refused: 2, lagMicros: 61e6 })]
  parts.hear(standing(START, [view(BED, NAME, assigned(START))], { 'NFS READ': 3, 'MNT MNT': 1 }))
  parts.hear(ledger('flag', NAME, 'two patients are said to be in this bed'))
  await parts.pass(1000)
  const status = hospital.status()
  assert.deepEqual(status.beds.feed, { never: 1, live: 1, silent: 0, lost: 0 })
  assert.deepEqual(status.beds.assignment, { assigned: 1, contested: 0, unassigned: 1 })
  assert.equal(status.updates.requests, 4)
  assert.deepEqual(status.kept.map((k) => k.what), ['readings', 'queue', 'audit', 'releases', 'permits'])
  const notices = status.notices.join('\n')
  for (const words of [/engine is NOT PROTECTED, by decision: the engine has no TLS yet/, /engine is down: the certificate has expired; 12 messages wait/,
    /engine refused 2 messages/, /Bed 4W\^401\^A needs a decision: two patients/]) assert.match(notices, words)
  parts.hear(ledger('applied', NAME, 'discharge'))
  parts.targets = [line()]
  await parts.pass(1000)
  assert.equal(hospital.status().notices.length, 1)
})

test('what ends soon, what was refused, and what the segment counts are told', async (t) => {
  const { parts, hospital } = await run(t, new FakeGateway(), withAdt(t))
  const notices = (): string => hospital.status().notices.join('\n')
  parts.adtRefused = 'the certificate has expired'
  parts.adtWarnings = ['the sender\'s certificate ends on 2026-01-09, in 4 days: renew it']
  parts.targetWarnings = ['the gateway\'s certificate ended on 2026-01-04: renew it', 'key file k can be read by others than its owner: chmod 600']
  const heard = standing(START, [])
  parts.hear(heard.kind === 'beds' ? { ...heard, segment: { connections: 3, accepted: 40, refused: 2, holds: 1, isHolding: true } } : heard)
  await parts.pass(1000)
  for (const words of [/ADT: the last connection was not taken: the certificate has expired\. Movements of patients may be missing/,
    /ADT: the sender's certificate ends on 2026-01-09, in 4 days/, /Target engine: the gateway's certificate ended on 2026-01-04: renew it; key file/]) {
    assert.match(notices(), words)
  }
  assert.deepEqual(hospital.status().segment.counts, { connections: 3, accepted: 40, refused: 2, holds: 1, isHolding: true })
  parts.adtRefused = null
  ;[parts.adtWarnings, parts.targetWarnings] = [[], []]
  await parts.pass(1000)
  assert.doesNotMatch(notices(), /certificate|may be missing/)
  parts.ear?.onDown('killed by SIGKILL')
  assert.equal(hospital.status().segment.counts, null, 'of a process that is gone nothing is said')
})

test('a merge that is not followed is told for a shift, a message about nobody\'s place is not, and neither with its text', async (t) => {
  const { parts, hospital } = await run(t)
  const unread = (why: string) => parts.hear({
    kind: 'note', command: { kind: 'log', device: null, at: parts.now, verdict: { action: 'drop', rule: 'text-unreadable', why } },
  })
  const notices = (): string => hospital.status().notices.join('\n')
  const follows = 'moves nobody that the gateway follows'
  for (const why of [`ADT^A31 ${follows}`, 'not an ADT message: ZZTEST^CANARY', `ADT^A40 ${follows}`]) unread(why)
  await hospital.settled()
  assert.match(notices(), /ADT A40 came at 07:00 UTC and is not followed \(a merge, or a movement\): look whether each bed still has its patient/)
  assert.doesNotMatch(notices(), /A31|ZZTEST/)
  parts.now += 7 * 3600e6
  unread('ADT^A40 moves nobody that the gateway follows')
  await hospital.settled()
  parts.now += 2 * 3600e6
  await parts.pass(100)
  assert.match(notices(), /A40 came at 14:00/, 'the last one counts')
  parts.now += 7 * 3600e6
  await parts.pass(100)
  assert.doesNotMatch(notices(), /A40/)
})

test('half a copied program is an alarm on every page until the copy is whole', async (t) => {
  const { parts, hospital } = await run(t)
  const record = { at: START, severity: 'alarm', ip: ip(BED), deviceId: 'S1', permitId: 'p1', releaseId: 'r', path: 'bin/monitor', reason: null, sentBytes: 5,
    sizeBytes: 10, repeats: 0 } as const
  parts.hear({ kind: 'audit', record: { ...record, kind: 'file-stalled' } })
  await parts.pass(100)
  assert.match(hospital.status().notices.join(), /10\.20\.4\.31 may hold HALF A PROGRAM: bin\/monitor, 5 of 10 bytes\. Do not restart it/)
  parts.hear({ kind: 'audit', record: { ...record, kind: 'file-complete', severity: 'info', sentBytes: 10 } })
  await parts.pass(100)
  assert.doesNotMatch(hospital.status().notices.join(), /HALF/)
})

test('a process that ends in the middle of an update is an alarm, until the release is known to be whole; one that ends after it is none', async (t) => {
  const { parts, hospital, audit } = await run(t)
  const record = (kind: 'mount-granted' | 'release-complete', permitId: string) => parts.hear({
    kind: 'audit', record: {
      at: START, kind, severity: 'info', ip: ip(BED), deviceId: 'S1', permitId, releaseId: 'r', path: null, reason: null, sentBytes: null, sizeBytes: null,
      repeats: 0,
    },
  })
  record('mount-granted', 'p0')
  record('release-complete', 'p0')
  await parts.pass(100)
  parts.ear?.onDown('killed by SIGKILL')
  assert.doesNotMatch(hospital.status().notices.join(), /HALF/)
  parts.startAgain()
  record('mount-granted', 'p1')
  await parts.pass(100)
  parts.ear?.onDown('killed by SIGKILL')
  assert.match(hospital.status().notices.join(), /10\.20\.4\.31 may hold HALF A PROGRAM: the process that served it ended \(permit p1\)/)
  assert.match(audit(), /"kind":"update-interrupted","severity":"alarm","ip":"10\.20\.4\.31","deviceId":"S1","permitId":"p1"/)
  parts.startAgain()
  record('mount-granted', 'p1')
  record('release-complete', 'p1')
  await parts.pass(100)
  assert.doesNotMatch(hospital.status().notices.join(), /HALF/)
})

test('a second card of a monitor\'s address is told to the segment with the one before, and audited', async (t) => {
  const { parts, audit } = await run(t)
  const table = (card: string): string => `IP address HW type Flags HW address Mask Device\n${BED} 0x1 0x2 ${card} * eth1\n`
  parts.arp = table('00:11:22:33:44:55')
  await parts.pass(5000)
  parts.arp = table('00:11:22:33:44:66')
  await parts.pass(5000)
  const sights = parts.told.flatMap((m) => (m.kind === 'told' && m.event.kind === 'link' ? [m.event.sight] : []))
  assert.deepEqual(sights.map((s) => [s.mac, s.rivalMacs]), [['00:11:22:33:44:55', []], ['00:11:22:33:44:66', ['00:11:22:33:44:55']]])
  assert.match(audit(), /"kind":"card-changed","device":"10\.20\.4\.31","card":"00:11:22:33:44:66","before":\["00:11:22:33:44:55"\]/)
})

test('a replaced monitor: a person confirms the card that is there now, which is audited and told to the segment', async (t) => {
  const { parts, audit, config } = await run(t)
  const unseen = await askControl(config.folder, 'confirm', { device: BED })
  assert.match(unseen.ok ? '' : unseen.error.message, /no card was seen behind that address/)
  const table = (card: string): string => `IP address HW type Flags HW address Mask Device\n${BED} 0x1 0x2 ${card} * eth1\n`
  for (const card of ['00:11:22:33:44:55', '00:11:22:33:44:66']) {
    parts.arp = table(card)
    await parts.pass(5000)
  }
  assert.deepEqual(await askControl(config.folder, 'confirm', { device: BED }), { ok: true, value: '00:11:22:33:44:66' })
  const link = parts.told.findLast((m) => m.kind === 'told' && m.event.kind === 'link')
  const event = link?.kind === 'told' && link.event.kind === 'link' ? link.event : null
  assert.deepEqual([event?.isConfirmed, event?.sight.mac, event?.sight.rivalMacs], [true, '00:11:22:33:44:66', []])
  assert.match(audit(), /"kind":"card-confirmed","device":"10\.20\.4\.31","card":"00:11:22:33:44:66"/)
  const none = await askControl(config.folder, 'confirm', { device: 'bed 7' })
  assert.match(none.ok ? '' : none.error.message, /no address/)
})

test('the canary patient is in no status, audit, notice or error, whatever the hospital or a monitor says', async (t) => {
  const { parts, hospital, audit, config, frames } = await run(t, new FakeGateway(), withAdt(t))
  parts.adtTake?.(Buffer.from('MSH|^~\\&|ZZTEST^CANARY'))
  parts.hear(note(assigned(START)))
  parts.hear(ledger('flag', 'ZZTEST^CANARY^1', 'admit without a readable time: it could be an old one, nobody was assigned'))
  parts.hear({
    kind: 'note',
    command: { kind: 'log', device: null, at: START, verdict: { action: 'drop', rule: 'text-unreadable', why: 'not an ADT message: ZZTEST^CANARY' } },
  })
  parts.say(owned(BED, START, [heartRate(72, START)]))
  parts.hear(standing(START, [view(BED, NAME, assigned(START))]))
  await parts.pass(2000)
  const answer = await askControl(config.folder, 'status')
  assert.doesNotMatch(JSON.stringify([hospital.status(), answer, frames]), CANARY_WORDS)
  const lines = audit()
  assert.doesNotMatch(lines, CANARY_WORDS)
  assert.match(lines, /"kind":"assignment","device":"10\.20\.4\.31","bed":"4W\^401\^A","state":"assigned","why":"adt"/)
  assert.match(lines, /a bed that the gateway file does not name/)
  assert.match(lines, /an ADT message could not be used/)
})
