// cordon gateway permit: request, approve, revoke, list, show and key as two people at a ward meet them.
// Keeps the first line true: "may fetch" stands only where the gateway would serve, and every other state says nothing, and why.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import { grantsOf } from '../gateway/permits.ts'
import { loadReleases } from '../gateway/release.ts'
import { cordon, scratch } from '../testing/command.ts'
import { opensslMissing } from '../testing/certificates.ts'
import { OFFICE_NOW, officeIo, updateOffice, type OfficeIo, type UpdateOffice } from '../testing/update-office.ts'
import { runApprove, runKey, runList, runRequest, runRevoke, runShow, type RequestArgs } from './gateway-permit.ts'
import { runImport, runPin } from './gateway-release.ts'
import { permitStoreOf, releaseStoreOf } from './gateway-site.ts'
import { publicKeyOf } from './key-file.ts'

const MINUTE = 60_000
const ID = 'night-7'
const MAY = 'bed 7\'s monitor may fetch CMS8000 3.0.0 between 08:00 and 08:30 UTC on 2026-01-05'

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Ward extends UpdateOffice {
  readonly release: string
  request(over?: Partial<RequestArgs>, file?: string): Promise<Said>
  approve(person: string, id?: string, key?: string): Promise<Said>
  revoke(person: string, id?: string, reason?: string): Promise<Said>
  list(json?: boolean): Promise<Said>
  show(id?: string, json?: boolean): Promise<Said>
}

async function said(run: (io: OfficeIo) => Promise<number>): Promise<Said> {
  const io = officeIo()
  const code = await run(io)
  return { code, ...io.said }
}

/** A pinned root, an imported release, and no permit. */
async function ward(t: TestContext): Promise<Ward> {
  const office = updateOffice(t)
  const { config, source, root } = office
  equal(runPin(root, { config }, officeIo()), 0)
  const taken = await said((io) => runImport(source, { config, json: true }, io))
  equal(taken.code, 0, taken.err)
  const release = (JSON.parse(taken.out) as { releases: { id: string }[] }).releases[0]?.id ?? ''
  const flags: RequestArgs = {
    config, id: ID, release, serial: 'SN-0007', model: 'CMS8000', installed: '2.0.8', ip: '202.114.4.31', mac: '00:1A:2B:3C:4D:5E',
    from: '2026-01-05T08:00:00Z', until: '2026-01-05T08:30:00Z', bed: '7', emptyConfirmedBy: 'nurse on duty', emptyAt: '2026-01-05T07:20:00Z',
    by: 'ada', reason: 'ZZTEST',
  }
  return {
    ...office, release,
    request: (over = {}, file) => said((io) => runRequest(file, file === undefined ? { ...flags, ...over } : { config, ...over }, io)),
    approve: (person, id = ID, key = office.key(person)) => said((io) => runApprove(id, { config, as: person, key }, io)),
    revoke: (person, id = ID, reason = 'patient came') => said((io) => runRevoke(id, { config, as: person, key: office.key(person), reason }, io)),
    list: (json = false) => said((io) => runList({ config, json }, io)),
    show: (id = ID, json = false) => said((io) => runShow(id, { config, json }, io)),
  }
}

const words = (text: string): string => text.replaceAll(/ {2,}/g, ' ')

test('a permit on its way: asked for, one signature, two, open, completing, over; each said in the ward\'s words', async (t) => {
  const { request, approve, show, list } = await ward(t)
  const asked = await request()
  equal(asked.code, 0, asked.err)
  const [first] = asked.out.split('\n')
  equal(first, `If two people approve it, ${MAY}. Until then it may fetch nothing.`)
  match(asked.err, /Two of these must approve it: ada \(Ada \(biomed\)\), ben \(Ben \(ward\)\)\.\n/)
  const one = await approve('ada')
  equal(one.code, 0, one.err)
  match(one.err, /Signed\. 1 of 2: another person must approve it too/)
  match(words(one.out), /state asked for, 1 of 2 approvals\n[^]*approved by Ada \(biomed\)\n/)
  const two = await approve('ben')
  match(two.err, /Signed\. Two people have approved it/)
  match(two.out, /^Bed 7's monitor may fetch CMS8000 3\.0\.0 between 08:00 and 08:30 UTC on 2026-01-05\.\n/)
  for (const [minutes, state] of [
    [0, 'approved, begins in 30 minutes'], [31, 'OPEN, ends in 29 minutes'], [62, 'window over, a copy may be finished: ends in 13 minutes'], [80, 'over'],
  ] as const) {
    mock.timers.setTime(OFFICE_NOW + minutes * MINUTE)
    ok(words((await show()).out).includes(`\n state ${state}\n`), (await show()).out)
    ok((await list()).out.includes(state))
  }
  match((await show()).out, /^Bed 7's monitor may fetch nothing any more: the permit is over\./)
})

test('show: whom, what, when, who says so, and the files that are served with size and hash', async (t) => {
  const { request, approve, show, release } = await ward(t)
  await request({ bed: '4W^401^A' })
  for (const person of ['ada', 'ben']) await approve(person)
  const { code, out } = await show()
  equal(code, 0)
  const text = words(out)
  match(text, /^Bed 4W 401 A's monitor may fetch /)
  for (const line of [
    'to finish a copy that has begun may go on until 2026-01-05T08:45:00Z',
    'monitor CMS8000 with version 2.0.8, serial SN-0007, 202.114.4.31, 00:1a:2b:3c:4d:5e',
    'bed empty confirmed by nurse on duty at 2026-01-05T07:20:00Z', 'asked for by ada: ZZTEST', 'approved by Ada (biomed) and Ben (ward)', `release ${release}`,
  ]) ok(text.includes(` ${line}\n`), line)
  match(text, /^monitor 5,000 bytes [0-9a-f]{64}$/m)
  const json = JSON.parse((await show(ID, true)).out) as { granted: boolean; files: { path: string }[]; permit: { id: string } }
  deepEqual([json.granted, json.files.map((f) => f.path), json.permit.id], [true, ['monitor', 'run.sh'], ID])
})

test('what "show" says is what the gateway would do: a slow twin over states and hours', async (t) => {
  const world = await ward(t)
  const { request, approve, revoke, show, config } = world
  await request()
  await request({ id: 'other-address', ip: '202.114.4.32' })
  await request({ id: 'clash', from: '2026-01-05T08:10:00Z', ip: '202.114.4.32' })
  await request({ id: 'wrong-version', installed: '1.0', ip: '202.114.4.33' })
  await request({ id: 'unsigned', ip: '202.114.4.34' })
  await request({ id: 'stopped', ip: '202.114.4.35' })
  for (const id of [ID, 'other-address', 'clash', 'wrong-version', 'stopped']) for (const person of ['ada', 'ben']) equal((await approve(person, id)).code, 0)
  await revoke('ada', 'stopped')
  const granted: string[] = []
  for (const minutes of [0, 31, 45, 62, 80]) {
    mock.timers.setTime(OFFICE_NOW + minutes * MINUTE)
    const [permits, releases] = [permitStoreOf({ config }, officeIo()), releaseStoreOf({ config }, () => Date.now(), officeIo())]
    ok(permits !== null && releases !== null)
    const loaded = await loadReleases(releases)
    const served = grantsOf(permits, loaded.ok ? loaded.value : [], Date.now() * 1000).grants.map((g) => g.permitId)
    for (const id of [ID, 'other-address', 'clash', 'wrong-version', 'unsigned', 'stopped']) {
      const { out } = await show(id)
      equal(out.startsWith('Bed 7\'s monitor may fetch CMS8000'), served.includes(id), `${id} at ${minutes}: ${out}`)
    }
    granted.push(`${minutes}: ${served.join(' ')}`)
  }
  deepEqual(granted, [`0: ${ID}`, `31: ${ID}`, `45: ${ID}`, `62: ${ID}`, '80: '])
})

test('one after the other for one address: both will be served, each in its window', async (t) => {
  const { request, approve, show, list } = await ward(t)
  await request()
  await request({ id: 'later', from: '2026-01-05T09:00:00Z', until: '2026-01-05T09:30:00Z' })
  for (const id of [ID, 'later']) for (const person of ['ada', 'ben']) await approve(person, id)
  for (const id of [ID, 'later']) match((await show(id)).out, /^Bed 7's monitor may fetch CMS8000/)
  equal((await list()).code, 0)
})

test('approved and not to be served: 5, and the first line says NOTHING and why', async (t) => {
  const { request, approve, show, list } = await ward(t)
  const early = await request({ installed: '1.0' })
  match(early.err, /note: the release may replace 2\.0\.7, 2\.0\.8, not 1\.0\n/)
  for (const person of ['ada', 'ben']) await approve(person)
  const { code, out } = await show()
  equal(code, 5)
  match(out, /^Bed 7's monitor may fetch NOTHING, although two people approved it: permit night-7: the device has version 1\.0; /)
  match(out, /^.* may replace 2\.0\.7, 2\.0\.8\.\n/)
  equal((await list()).code, 5)
})

test('a release that has expired since takes the leave of its permits away', async (t) => {
  const { request, approve, show, list } = await ward(t)
  const later = { from: '2026-02-01T08:00:00Z', until: '2026-02-01T08:30:00Z', emptyAt: '2026-02-01T07:00:00Z' }
  await request(later)
  for (const person of ['ada', 'ben']) await approve(person)
  mock.timers.setTime(Date.parse('2026-02-01T08:10:00Z'))
  const { code, out } = await show()
  equal(code, 5)
  match(out, /may fetch NOTHING[^]*could not be verified/)
  match((await list()).err, /note: the kept releases are refused now: .*expired/)
})

test('request: the release that is not here, or another model, is told at once', async (t) => {
  const { request } = await ward(t)
  match((await request({ release: 'CMS8000@9#0123456789abcdef' })).err, /note: release CMS8000@9#0123456789abcdef is not here/)
  match((await request({ id: 'other', model: 'CMS6000' })).err, /note: the release is for CMS8000, the monitor is a CMS6000/)
})

test('request: what is missing or wrong is 2, all missing flags in one line, and nothing is written', async (t) => {
  const { request, list, data } = await ward(t)
  const none = { release: undefined, serial: undefined, emptyConfirmedBy: undefined } as unknown as Partial<RequestArgs>
  const missing = await request(none)
  equal(missing.code, 2)
  match(missing.err, /a request needs --release, --serial, --empty-confirmed-by\n/)
  for (const [over, pattern] of [
    [{ ip: 'bed7' }, /device\.ip/], [{ mac: '001a2b3c4d5e' }, /device\.mac/], [{ from: '2026-01-05 08:00' }, /has no from, as 2026-01-05T07:30:00Z/],
    [{ until: '2026-01-05T13:00:00Z', completeBy: '2026-01-05T13:00:00Z' }, /window longer than 240 minutes/],
    [{ until: '2026-01-05T07:00:00Z' }, /ends before it begins/], [{ emptyAt: '2026-01-05T09:00:00Z' }, /bed confirmed empty before it begins/],
    [{ completeBy: '2026-01-05T10:00:00Z' }, /by at most 60 minutes/], [{ id: '../x' }, /must be letters, digits/],
  ] as const) {
    const wrong = await request(over)
    equal(wrong.code, 2, wrong.out)
    match(wrong.err, pattern)
  }
  equal((await list()).out, '')
  equal(fs.existsSync(path.join(data, 'permits')), false)
  equal((await request()).code, 0)
  match((await request()).err, /is there already; a permit is never changed/)
})

test('request: a name is made of beginning and serial number when none is given', async (t) => {
  const { request, show } = await ward(t)
  equal((await request({ id: undefined, serial: 'SN 0007/b' })).code, 0)
  equal((await show('20260105T080000Z-SN_0007_b')).code, 0)
})

test('request from a file: the same document; a damaged file is 3, flags beside it are 2', async (t) => {
  const { request, show, folder } = await ward(t)
  await request()
  const document = (JSON.parse((await show(ID, true)).out) as { permit: object }).permit
  const file = path.join(folder, 'request.json')
  fs.writeFileSync(file, JSON.stringify({ ...document, id: 'from-file' }))
  equal((await request({}, file)).code, 0)
  match((await show('from-file')).out, /^If two people approve it, bed 7's monitor/)
  const beside = await request({ bed: '7' }, file)
  equal(beside.code, 2)
  match(beside.err, /--bed beside a file/)
  fs.writeFileSync(file, '{"type":')
  equal((await request({}, file)).code, 3)
  equal((await request({}, path.join(folder, 'absent.json'))).code, 3)
  fs.writeFileSync(file, '[]')
  equal((await request({}, file)).code, 2)
})

test('approve: a stranger, another\'s key, no key, a key with a passphrase, an RSA key: each is 2 and signs nothing', async (t) => {
  const { request, approve, show, folder, key } = await ward(t)
  await request()
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const put = (name: string, text: string | Buffer): string => {
    const file = path.join(folder, name)
    fs.writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  const locked = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'ZZTEST' })
  for (const [person, file, pattern] of [
    ['eve', key('eve'), /eve is no approver; the configuration names ada, ben/], ['ada', key('ben'), /not the one that the configuration has for ada/],
    ['ada', path.join(folder, 'absent.key'), /cannot be read \(ENOENT\)/], ['ada', put('locked.key', locked), /has a passphrase/],
    ['ada', put('rsa.key', rsa.export({ format: 'pem', type: 'pkcs8' })), /is rsa, not ed25519/], ['ada', put('text.key', 'hello'), /cannot be read/],
    ['ada', folder, /is no key file/], ['ada', put('big.key', Buffer.alloc(20_000)), /is no key file/],
  ] as const) {
    const result = await approve(person, ID, file)
    equal(result.code, 2, String(pattern))
    match(result.err, pattern)
    match(result.err, /\n {2}help: /)
  }
  match(words((await show()).out), /state asked for, 0 of 2 approvals/)
})

test('approve and revoke: a key file that others can read is refused, whoever they are', async (t) => {
  const { request, approve, revoke, key } = await ward(t)
  await request()
  for (const mode of [0o640, 0o604, 0o660, 0o644, 0o601]) {
    fs.chmodSync(key('ada'), mode)
    for (const result of [await approve('ada'), await revoke('ada')]) {
      equal(result.code, 2)
      match(result.err, new RegExp(`others can read the key file .* \\(mode ${mode.toString(8)}\\): whoever did can sign as you`))
      match(result.err, /help: Make a new key/)
    }
  }
  fs.chmodSync(key('ada'), 0o400)
  equal((await approve('ada')).code, 0)
})

test('no output ever holds a byte of a private key', async (t) => {
  const { request, approve, revoke, show, list, key } = await ward(t)
  const secret = fs.readFileSync(key('ada'), 'utf8').split('\n')[1] ?? ''
  ok(secret.length > 40)
  const all = [
    await request(), await approve('ada'), await approve('ben'), await show(), await list(true), await revoke('ada'), await approve('ada', ID, key('ben')),
  ]
  ok(all.every(({ out, err }) => !`${out}${err}`.includes(secret)))
})

test('revoke: one person is enough, at any time; afterwards nobody can approve it any more', async (t) => {
  const { request, approve, revoke, show } = await ward(t)
  await request()
  for (const person of ['ada', 'ben']) await approve(person)
  mock.timers.setTime(OFFICE_NOW + 40 * MINUTE)
  const stopped = await revoke('ben')
  equal(stopped.code, 0)
  match(stopped.out, /^Bed 7's monitor may fetch nothing: the permit was revoked\./)
  match(stopped.err, /what was already copied stays on the monitor/)
  match((await approve('ada')).err, /permit night-7 is revoked\n {2}help: Ask for another/)
  equal((await show()).code, 0)
  equal((await revoke('ben', ID, '  ')).code, 2)
  const absent = await revoke('ben', 'nihgt-7')
  equal(absent.code, 2)
  match(absent.err, /there is no permit "nihgt-7"/)
})

test('a permit that is over cannot be approved; one nobody approved in time says so', async (t) => {
  const { request, approve, list } = await ward(t)
  await request()
  mock.timers.setTime(OFFICE_NOW + 80 * MINUTE)
  match((await approve('ada')).err, /permit night-7 is over/)
  match((await list()).out, /never approved, over/)
})

test('a damaged permit: list and show say so and end with 3, approve too, and it can still be revoked', async (t) => {
  const { request, approve, show, list, revoke, data } = await ward(t)
  await request()
  fs.writeFileSync(path.join(data, 'permits', `${ID}.json`), '{"signed":{}')
  for (const result of [await show(), await approve('ada')]) {
    equal(result.code, 3)
    match(result.err, /cannot be read, and gives nothing/)
  }
  const listed = await list()
  equal(listed.code, 3)
  match(listed.out, /UNREADABLE/)
  equal((await revoke('ada')).code, 0)
})

test('a permit changed after approval is no longer approved', async (t) => {
  const { request, approve, show, data } = await ward(t)
  await request()
  for (const person of ['ada', 'ben']) await approve(person)
  const file = path.join(data, 'permits', `${ID}.json`)
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('202.114.4.31', '202.114.4.99'))
  match((await show()).out, /^If two people approve it, /)
})

test('approvers come from the gateway\'s file: without it, or with none in it, nothing can be approved', async (t) => {
  const { request, approve, config, data } = await ward(t)
  await request()
  fs.writeFileSync(config, `version: 1\nfolder: ${data}\n`)
  match((await approve('ada')).err, /names none/)
  fs.rmSync(config)
  const without = await approve('ada')
  equal(without.code, 2)
  match(without.err, /gateway\.yaml/)
})

test('key: the number for the gateway\'s file, of the private or the public half; made by openssl as the page says', { skip: opensslMissing }, (t) => {
  const folder = scratch(t)
  const file = path.join(folder, 'my.key')
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file], { stdio: 'ignore' })
  const raw = execFileSync('openssl', ['pkey', '-in', file, '-pubout', '-outform', 'DER'])
  execFileSync('openssl', ['pkey', '-in', file, '-pubout', '-out', `${file}.pub`])
  equal(fs.statSync(file).mode & 0o077, 0)
  const io = officeIo()
  equal(runKey(file, io), 0)
  equal(io.said.out, `${raw.subarray(-32).toString('hex')}\n`)
  fs.chmodSync(`${file}.pub`, 0o644)
  deepEqual(publicKeyOf(`${file}.pub`), { ok: true, value: raw.subarray(-32).toString('hex') })
  fs.chmodSync(file, 0o644)
  equal(runKey(file, io), 2)
  match(io.said.err, /others can read the key file/)
})

test('key: no key, another kind, no file', (t) => {
  const folder = scratch(t)
  const file = path.join(folder, 'x.pem')
  fs.writeFileSync(file, 'hello')
  match(faultOf(file), /holds no key that can be read/)
  fs.writeFileSync(file, generateKeyPairSync('x25519').publicKey.export({ format: 'pem', type: 'spki' }))
  match(faultOf(file), /a key of the kind x25519, not ed25519/)
  match(faultOf(path.join(folder, 'absent')), /ENOENT/)
})

function faultOf(file: string): string {
  const read = publicKeyOf(file)
  return read.ok ? 'read' : read.error.message
}

test('as commands: from a key to a granted permit, in processes of their own', async (t) => {
  const office = updateOffice(t, null)
  const run = (...args: string[]) => cordon(['gateway', ...args, '--config', office.config])
  equal((await run('release', 'pin', office.root)).code, 0)
  const taken = await run('release', 'import', office.source, '--json')
  const release = (JSON.parse(taken.out) as { releases: { id: string }[] }).releases[0]?.id ?? ''
  const at = (minutes: number): string => `${new Date(Date.now() + minutes * MINUTE).toISOString().slice(0, 19)}Z`
  const asked = await run('permit', 'request', '--id', ID, '--release', release, '--serial', 'SN-0007', '--model', 'CMS8000', '--installed', '2.0.8',
    '--ip', '202.114.4.31', '--mac', '00:1a:2b:3c:4d:5e', '--from', at(-1), '--until', at(20), '--bed', '7', '--empty-confirmed-by', 'nurse',
    '--empty-at', at(-5), '--by', 'ada', '--reason', 'ZZTEST')
  equal(asked.code, 0, asked.err)
  for (const person of ['ada', 'ben']) {
    const signed = await run('permit', 'approve', ID, '--as', person, '--key', office.key(person))
    equal(signed.code, 0, signed.err)
  }
  match((await run('permit', 'show', ID)).out, /^Bed 7's monitor may fetch CMS8000 3\.0\.0 between /)
  equal((await run('permit', 'revoke', ID, '--as', 'ada', '--key', office.key('ada'), '--reason', 'ZZTEST')).code, 0)
  match((await run('permit', 'list')).out, /revoked/)
  const key = await cordon(['gateway', 'permit', 'key', office.key('ada')])
  match(key.out, /^[0-9a-f]{64}\n$/)
  equal((await run('permit', 'approve', ID)).code, 2)
})
