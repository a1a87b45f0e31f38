// Tests of the small parts: ARP table and link watch, audit file, notices, told log, grant keeper, grant source, control socket.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { formatMac, parseMac } from '../../base/mac.ts'
import { fakeConfig, gatewayFolder, START } from '../../testing/fake-gateway.ts'
import { AUDIT_MONTHS, AuditFile, LINES_PER_MINUTE_MAX } from './audit-file.ts'
import { askControl, controlPath, REQUEST_BYTES_MAX, serveControl } from './control.ts'
import { GrantKeeper } from './grant-keeper.ts'
import { bytesBelow, grantSource } from './grant-source.ts'
import { LinkWatch, parseArpTable, RETELL_MICROS, RIVAL_MICROS } from './link-watch.ts'
import { Notices, NOTICES_MAX } from './notices.ts'
import type { Granting } from './parts.ts'
import { ToldLog, TOLD_MAX } from './told-log.ts'

const card = (n: number): ReturnType<typeof formatMac> => formatMac(0x001122334400 + n)

test('the ARP table: complete entries of one card only, and no text of any kind breaks it', () => {
  const text = [
    'IP address       HW type     Flags       HW address            Mask     Device',
    '10.20.4.31       0x1         0x2         00:11:22:33:44:55     *        eth1',
    '10.20.4.32       0x1         0x0         00:00:00:00:00:00     *        eth1',
    '10.20.4.33       0x1         0x6         00:11:22:33:44:66     *        eth1',
    '10.20.4.34       0x1         0x2         ff:ff:ff:ff:ff:ff     *        eth1', '',
  ].join('\n')
  assert.deepEqual([...parseArpTable(text)], [['10.20.4.31', '00:11:22:33:44:55'], ['10.20.4.33', '00:11:22:33:44:66']])
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => assert.ok([...parseArpTable(`head\n${any}`).values()].every((m) => parseMac(m) !== null))))
})

test('the kernel\'s own table reads as one', { skip: fs.existsSync('/proc/net/arp') ? false : 'no /proc/net/arp' }, () => {
  assert.ok(parseArpTable(fs.readFileSync('/proc/net/arp', 'utf8')).size >= 0)
})

test('a card that changes is told with the one before for ten minutes, and a quiet one again every half minute', () => {
  const watch = new LinkWatch()
  const look = (n: number, now: number) => watch.look(['a'], new Map([['a', card(n)]]), now).map(({ sight }) => [sight.mac, sight.rivalMacs])
  assert.deepEqual(look(1, 0), [[card(1), []]])
  assert.deepEqual(look(1, RETELL_MICROS - 1), [])
  assert.deepEqual(look(1, RETELL_MICROS), [[card(1), []]])
  assert.deepEqual(look(2, RETELL_MICROS + 1), [[card(2), [card(1)]]])
  assert.deepEqual(look(1, RETELL_MICROS + 2), [[card(1), [card(2)]]])
  assert.deepEqual(look(1, RETELL_MICROS + 3 + RIVAL_MICROS), [[card(1), []]])
  assert.deepEqual(watch.look(['b'], new Map([['a', card(1)]]), 0), [])
})

test('a card that a person confirmed has no rivals; where none was seen there is nothing to confirm', () => {
  const watch = new LinkWatch()
  const look = (n: number, now: number) => watch.look(['a'], new Map([['a', card(n)]]), now).map(({ sight }) => [sight.mac, sight.rivalMacs])
  assert.equal(watch.confirm('a', 0), null)
  look(1, 0)
  assert.deepEqual(look(2, 1), [[card(2), [card(1)]]])
  const sight = watch.confirm('a', 2)
  assert.deepEqual([sight?.mac, sight?.rivalMacs], [card(2), []])
  assert.deepEqual([look(2, 3), look(2, RETELL_MICROS + 2)], [[], [[card(2), []]]])
  assert.deepEqual(look(1, RETELL_MICROS + 3), [[card(1), [card(2)]]], 'the old one coming back is told')
})

test('the cards of one address are bounded however many an attacker shows', () => {
  const watch = new LinkWatch()
  const counts = Array.from({ length: 200 }, (_, i) => watch.look(['a'], new Map([['a', card(i)]]), i)[0]?.sight.rivalMacs.length ?? 0)
  assert.equal(Math.max(...counts), 7)
})

test('the audit: a file a month of mode 0600 in a folder of 0700, old ones deleted, floods counted, a fault told once it is one', (t) => {
  const folder = gatewayFolder(t)
  const faults: (string | null)[] = []
  const audit = new AuditFile(folder, (why) => faults.push(why))
  fs.mkdirSync(path.join(folder, 'audit'), { recursive: true, mode: 0o700 })
  for (const month of ['2019-12', '2020-01', '2020-02']) fs.writeFileSync(path.join(folder, 'audit', `${month}.jsonl`), 'x\n')
  for (let i = 0; i < LINES_PER_MINUTE_MAX + 5; i++) audit.write(START, 'intake', { i })
  audit.write(START, 'assigned')
  audit.write(START + 60e6, 'after', { beds: ['4W^401^A'] })
  audit.write(START + 40 * 86400e6, 'next-month')
  const names = fs.readdirSync(path.join(folder, 'audit')).sort()
  assert.deepEqual(names, ['2020-02.jsonl', '2026-01.jsonl', '2026-02.jsonl'])
  assert.equal(fs.statSync(path.join(folder, 'audit', '2026-01.jsonl')).mode & 0o777, 0o600)
  const lines = fs.readFileSync(path.join(folder, 'audit', '2026-01.jsonl'), 'utf8').trim().split('\n')
  assert.equal(lines.length, LINES_PER_MINUTE_MAX + 3)
  assert.deepEqual(lines.slice(-3).map((l) => JSON.parse(l) as unknown), [
    { at: '2026-01-05T07:00:00.000000Z', kind: 'assigned' },
    { at: '2026-01-05T07:01:00.000000Z', kind: 'untold', lines: 5 }, { at: '2026-01-05T07:01:00.000000Z', kind: 'after', beds: ['4W^401^A'] },
  ])
  const { bytes, nextDeletion, rule } = audit.kept()
  assert.equal(bytes, bytesBelow(path.join(folder, 'audit')))
  assert.deepEqual([new Date((nextDeletion ?? 0) / 1000).toISOString().slice(0, 10), rule], ['2026-03-01', `${AUDIT_MONTHS} months`])
  for (let i = 0; i < LINES_PER_MINUTE_MAX + 3; i++) audit.write(START + 40 * 86400e6, 'intake', { i })
  audit.close()
  const last = fs.readFileSync(path.join(folder, 'audit', '2026-02.jsonl'), 'utf8').trim().split('\n').at(-1) ?? ''
  assert.deepEqual(JSON.parse(last), { at: '2026-02-14T07:00:00.000000Z', kind: 'untold', lines: 3 }, 'the last minute is told at the end')
  assert.deepEqual([...new Set(faults)], [null])
  fs.rmSync(path.join(folder, 'audit'), { recursive: true })
  fs.writeFileSync(path.join(folder, 'audit'), 'a file in the way')
  audit.write(START, 'lost')
  assert.notEqual(faults.at(-1), null)
})

test('notices keep their place, end, and are bounded', () => {
  const notices = new Notices()
  for (let i = 0; i < 100; i++) notices.set(`k${i}`, `text ${i}`)
  notices.set('k0', 'changed')
  notices.set('k1', null)
  const list = notices.list()
  assert.deepEqual([list.length, list[0], list[1], list.at(-1)], [NOTICES_MAX, 'changed', 'text 2', `and ${99 - NOTICES_MAX + 1} more`])
})

test('the told log gives back what was told, in order, without links, the oldest forgotten first', () => {
  const log = new ToldLog()
  const seen = (from = 0): number[] => log.since(from).map((event) => event.at)
  for (let at = 0; at < 5; at++) log.push({ kind: 'adt', bytes: new Uint8Array(10), at })
  log.push({ kind: 'taps', device: 'a', atDevice: null, atGateway: null, at: 99 })
  assert.deepEqual([seen(), seen(3), seen(5), log.end], [[0, 1, 2, 3, 4], [3, 4], [], 5])
  for (let at = 5; at < TOLD_MAX + 2; at++) log.push({ kind: 'assign', bed: 'a', patient: null, at })
  assert.deepEqual([seen().length, seen()[0], seen(1)[0], seen(4)[0], log.end], [TOLD_MAX, 2, 2, 4, TOLD_MAX + 2])
  log.push({ kind: 'adt', bytes: new Uint8Array(65 * 1024 * 1024), at: 1e6 })
  assert.deepEqual(seen(), [])
})

test('however many movements come, a process that starts anew is told where each monitor stands', () => {
  const log = new ToldLog()
  log.push({ kind: 'place', device: 'a', bed: 'B1', at: 0 })
  log.push({ kind: 'place', device: 'b', bed: 'B2', at: 1 })
  log.push({ kind: 'place', device: 'a', bed: 'B3', at: 2 })
  log.push({ kind: 'place', device: 'c', bed: 'B4', at: 3 })
  log.push({ kind: 'place', device: 'c', bed: null, at: 4 })
  for (let at = 5; at < TOLD_MAX + 20; at++) log.push({ kind: 'assign', bed: 'B9', patient: null, at })
  const places = log.since(0).flatMap((event) => (event.kind === 'place' ? [[event.device, event.bed, event.at]] : []))
  assert.deepEqual(places, [['b', 'B2', 1], ['a', 'B3', 2]])
  assert.ok(log.since(TOLD_MAX + 10).every((event) => event.kind === 'assign'), 'who is told the rest is not told of places again')
})

test('grants: one look at a time, another after one that was asked in between, and a fault grants nothing', async () => {
  const answers: ((granting: Granting) => void)[] = []
  const seen: Granting[] = []
  let fault: Error | null = null
  const keeper = new GrantKeeper(() => {
    if (fault !== null) return Promise.reject(fault)
    return new Promise((resolve) => answers.push(resolve))
  }, (granting) => seen.push(granting))
  const nothing: Granting = { grants: [], refused: [], releases: [], problem: null }
  const done = Promise.all([keeper.look(), keeper.look(), keeper.look()])
  assert.equal(answers.length, 1)
  answers[0]?.(nothing)
  while (answers.length < 2) await new Promise((resolve) => setImmediate(resolve))
  answers[1]?.({ ...nothing, refused: [{ id: 'p', why: 'x' }] })
  await done
  assert.deepEqual([answers.length, seen.length, keeper.granting.refused.length], [2, 1, 1])
  fault = Object.assign(new Error('/a/path'), { code: 'EACCES' })
  await keeper.look()
  assert.deepEqual(seen.at(-1), { ...nothing, problem: 'permits or releases cannot be read: EACCES' })
})

test('no permits and no releases grant nothing, without a look at any release', async (t) => {
  const load = grantSource(fakeConfig(gatewayFolder(t)), () => START)
  assert.deepEqual(await load(START), { grants: [], refused: [], releases: [], problem: null })
})

async function control(t: TestContext) {
  const folder = gatewayFolder(t)
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const served = await serveControl(folder, ({ command }) => {
    if (command === 'throw') throw new Error('ZZTEST')
    return { ok: true, value: command === 'long' ? 'x'.repeat(2 * 1024 * 1024) : command }
  })
  assert.ok(served.ok)
  t.after(() => served.value.close())
  const raw = (text: string): Promise<string> => new Promise((resolve, reject) => {
    let all = ''
    net.connect(controlPath(folder)).on('data', (d: Buffer) => {
      all += d.toString()
    }).on('close', () => resolve(all)).on('error', reject).end(text)
  })
  return { folder, raw }
}

test('the control socket answers one line, in words when it is none of ours, and never with what broke inside', async (t) => {
  const { folder, raw } = await control(t)
  assert.deepEqual(await askControl(folder, 'hello'), { ok: true, value: 'hello' })
  assert.equal(await raw('{"version":1,"command":"hello"}\n'), '{"version":1,"ok":true,"value":"hello"}\n')
  for (const [text, words] of [
    ['', /one line of JSON/], ['nonsense\n', /one line of JSON: an object/], ['[]\n', /an object/], ['{"version":2,"command":"x"}\n', /speaks version 1/],
    ['{"version":1}\n', /names a command/], ['x'.repeat(REQUEST_BYTES_MAX + 1), /at most 16384 bytes/], ['{"version":1,"command":"long"}\n', /too long/],
    ['{"version":1,"command":"throw"}\n', /failed to answer/],
  ] as const) {
    const answer = await raw(text)
    assert.match(answer, words)
    assert.match(answer, /^\{"version":1,"ok":false,"error":"[^\n]*\n$/)
    assert.doesNotMatch(answer, /ZZTEST/)
  }
})

test('a socket that a dead gateway left is taken over; where nobody listens the answer says so', async (t) => {
  const folder = gatewayFolder(t)
  assert.deepEqual(await askControl(folder, 'status'), { ok: false, error: { kind: 'absent', message: `no gateway runs on ${folder}` } })
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(controlPath(folder), '')
  const absent = await askControl(folder, 'status')
  assert.equal(absent.ok ? '' : absent.error.kind, 'absent')
  const served = await serveControl(folder, () => ({ ok: true, value: 1 }))
  assert.ok(served.ok)
  assert.equal(fs.statSync(controlPath(folder)).mode & 0o777, 0o600)
  assert.deepEqual(await askControl(folder, 'x'), { ok: true, value: 1 })
  await served.value.close()
  const deep = await serveControl(path.join(folder, 'x'.repeat(120)), () => ({ ok: true, value: 1 }))
  assert.match(deep.ok ? '' : deep.error, /longer than a socket's path/)
})
