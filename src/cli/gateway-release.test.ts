// cordon gateway release: pin, import, list and verify as a person meets them: exit codes, words, and what is kept afterwards.
// Keeps "refused is told, with what to do": every refusal says why, leaves what was there, and ends with the code of its kind.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import { cordon } from '../testing/command.ts'
import { opensslMissing } from '../testing/certificates.ts'
import { makeCertificate, serveHttps } from '../testing/https-files.ts'
import { customOf, newKey } from '../testing/tuf-world.ts'
import { OFFICE_NOW, officeIo, updateOffice, type OfficeIo, type UpdateOffice } from '../testing/update-office.ts'
import { noise } from '../testing/update-world.ts'
import { runImport, runPin, runVerify, type VerifyArgs } from './gateway-release.ts'
import { endText, untilText } from './gateway-release-text.ts'

const DAY = 86_400_000

interface Desk extends UpdateOffice {
  pin(file?: string, over?: Partial<VerifyArgs>): { code: number; io: OfficeIo }
  take(source?: string, over?: Partial<VerifyArgs>): Promise<{ code: number; io: OfficeIo }>
  verify(source?: string, over?: Partial<VerifyArgs>): Promise<{ code: number; io: OfficeIo }>
}

function desk(t: TestContext): Desk {
  const office = updateOffice(t)
  const args = (over: Partial<VerifyArgs> = {}): VerifyArgs => ({ config: office.config, ...over })
  return {
    ...office,
    pin(file = office.root, over) {
      const io = officeIo()
      return { io, code: runPin(file, args(over), io) }
    },
    async take(source = office.source, over = {}) {
      const io = officeIo()
      return { io, code: await runImport(source, args(over), io) }
    },
    async verify(source, over = {}) {
      const io = officeIo()
      return { io, code: await runVerify(source, args(over), io) }
    },
  }
}

/** As it is told, blanks of the layout apart. */
const words = (text: string): string => text.replaceAll(/ {2,}/g, ' ')

test('pin: the root\'s keys, its end, the number to compare; once only', (t) => {
  const { pin } = desk(t)
  const { code, io } = pin()
  equal(code, 0)
  match(words(io.said.out), /root 1 3 good of 3, 2 needed ends in 3 years \(2030-01-01 00:00 UTC\)/)
  match(io.said.out, /SHA-256 of the file: [0-9a-f]{64}\n/)
  match(io.said.err, /Compare this number/)
  const again = pin()
  equal(again.code, 2)
  match(again.io.said.err, /pinned already\n {2}help: /)
})

test('pin: no file is 3, a root that does not sign itself is 5 and is not pinned', (t) => {
  const { pin, folder, root, data } = desk(t)
  equal(pin(path.join(folder, 'absent')).code, 3)
  equal(pin(folder).code, 3)
  const text = JSON.parse(fs.readFileSync(root, 'utf8')) as { signatures: unknown[] }
  const weak = path.join(folder, 'weak.json')
  fs.writeFileSync(weak, JSON.stringify({ ...text, signatures: text.signatures.slice(0, 1) }))
  const { code, io } = pin(weak)
  equal(code, 5)
  match(io.said.err, /no root that signs itself[^]*Nothing was pinned/)
  equal(fs.existsSync(path.join(data, 'releases', 'trusted')), false)
  equal(pin().code, 0)
})

test('import: release, files with size and hash, who signed, which end comes first, and that nothing is served yet', async (t) => {
  const { pin, take } = desk(t)
  pin()
  const { code, io } = await take()
  equal(code, 0)
  const out = words(io.said.out)
  match(out, /^CMS8000 2\.0\.7, 2\.0\.8 -> 3\.0\.0, release CMS8000@3\.0\.0#[0-9a-f]{16}$/m)
  match(out, /at the bedside: ZZTEST: nothing changes at the bedside/)
  match(out, /^monitor 5,000 bytes 755 [0-9a-f]{64}$/m)
  match(out, /^run\.sh 50 bytes 755 [0-9a-f]{64}$/m)
  match(out, /^timestamp 1 1 good of 1, 1 needed ends in 26 days \(2026-02-01 00:00 UTC\)$/m)
  match(out, /^targets 1 3 good of 3, 2 needed ends in 360 days/m)
  match(out, /^timestamp ends in 26 days .*; from then on all of it is refused/m)
  match(io.said.err, /Taken in\. Nothing is served until two people have approved a permit/)
})

test('import: without a pinned root 2, without a gateway file 2, and no folder is made', async (t) => {
  const { take, data, folder } = desk(t)
  const { code, io } = await take()
  equal(code, 2)
  match(io.said.err, /no root is pinned\n {2}help: .*release pin/)
  equal(fs.existsSync(data), false)
  equal((await take(undefined, { config: path.join(folder, 'absent.yaml') })).code, 2)
})

test('import: what cannot be read is 3, a repository that is bad is 5, and the release before stays', async (t) => {
  const { pin, take, verify, tuf, source, folder } = desk(t)
  pin()
  equal((await take()).code, 0)
  const absent = await take(path.join(folder, 'absent'))
  equal(absent.code, 3)
  match(absent.io.said.out, /^NOT READ: /)
  match(absent.io.said.err, /has no folder metadata[^]*The release that was there before is still the one/)
  tuf.bump()
  tuf.thresholds.targets = 2
  tuf.keys.targets = [newKey(), newKey(), newKey()]
  tuf.write(source)
  const bad = await take()
  equal(bad.code, 5)
  match(bad.io.said.out, /^REFUSED: the repository is refused: .*signed by 0\/2/)
  match(words(bad.io.said.out), /^targets 2 0 good of 3, 2 needed ends in 360 days .* signed by 0 of the 2 keys it needs$/m)
  match(bad.io.said.err, /is refused: [^]*The release that was there before[^]*do not make the check milder/)
  equal((await verify()).code, 0)
})

test('verify: the kept release is good until its timestamp ends, and then 5, in words', async (t) => {
  const { pin, take, verify } = desk(t)
  pin()
  await take()
  mock.timers.setTime(OFFICE_NOW + 24 * DAY)
  const before = await verify()
  equal(before.code, 0)
  match(before.io.said.out, /timestamp ends in 2 days/)
  mock.timers.setTime(OFFICE_NOW + 30 * DAY)
  for (const emptyIsFine of [true, false]) {
    const after = await verify(undefined, { emptyIsFine })
    equal(after.code, 5)
    match(words(after.io.said.out), /^REFUSED: .*expired[^]*timestamp 1 1 good of 1, 1 needed ENDED 3 days ago/)
    match(after.io.said.err, /Import a newer one\. Until then nothing is served/)
  }
})

test('verify of a folder keeps nothing: not the release, not the version it has seen', async (t) => {
  const { pin, take, verify, tuf, source, data } = desk(t)
  pin()
  await take()
  tuf.bump()
  tuf.files = [{ path: 'monitor', content: noise(6000, 3) }]
  tuf.write(source)
  const { code, io } = await verify(source)
  equal(code, 0)
  match(io.said.out, /6,000 bytes/)
  match(io.said.err, /Good\. Nothing of it was kept/)
  match((await verify()).io.said.out, /5,000 bytes/)
  match(fs.readFileSync(path.join(data, 'releases', 'trusted', 'timestamp.json'), 'utf8'), /"version":1/)
})

test('list and verify when nothing was imported: list is fine and says so, verify is a mistake', async (t) => {
  const { pin, verify } = desk(t)
  pin()
  const list = await verify(undefined, { emptyIsFine: true })
  deepEqual([list.code, list.io.said.out], [0, ''])
  match(list.io.said.err, /nothing is served/)
  const json = await verify(undefined, { emptyIsFine: true, json: true })
  equal((JSON.parse(json.io.said.out) as { verdict: string }).verdict, 'none')
  equal((await verify()).code, 2)
})

test('JSON: verdict, releases, roles, what was left out; the same bytes for the same hour', async (t) => {
  const { pin, take, verify, tuf, source } = desk(t)
  tuf.delegations = { targets: [{ name: 'vendor', key: newKey(), paths: ['vendor-*'] }] }
  tuf.delegatedFiles = { vendor: [{ path: 'other', content: noise(11), custom: customOf(noise(11), { nfsPath: 'b' }) }] }
  tuf.write(source)
  pin()
  const { io } = await take(source, { json: true })
  interface Said {
    verdict: string
    kept: boolean
    why: null
    releases: { id: string; files: unknown[] }[]
    roles: { role: string; signed: number }[]
    leftOut: string[]
  }
  const said = JSON.parse(io.said.out) as Said
  deepEqual([said.verdict, said.kept, said.why, said.releases.length, said.releases[0]?.files.length], ['good', true, null, 1, 2])
  deepEqual(said.roles.map((r) => r.role), ['root', 'timestamp', 'snapshot', 'targets', 'vendor'])
  deepEqual(said.leftOut, ['other'])
  equal((await verify(undefined, { json: true })).io.said.out, (await verify(undefined, { json: true })).io.said.out)
  match((await verify()).io.said.out, /Left out, since no role that is trusted for the path signed it:\n {2}other\n/)
})

test('text of a repository cannot paint the terminal', async (t) => {
  const { pin, take, tuf, source } = desk(t)
  tuf.files = [{ path: 'monitor', content: noise(50), custom: customOf(noise(50), { note: 'fine\u001b[2J\nZZTEST', evidence: '\u202egood' }) }]
  tuf.write(source)
  pin()
  const { io } = await take()
  ok(['\u001b', '\u202e'].every((hidden) => !`${io.said.out}${io.said.err}`.includes(hidden)))
  match(io.said.out, /at the bedside: fine\?\[2J\?ZZTEST/)
})

test('addresses: http, secrets and a wrong --ca are 2; a server nobody runs is 3', async (t) => {
  const { pin, take, folder } = desk(t)
  pin()
  for (const source of ['http://127.0.0.1/x', 'ftp://127.0.0.1/x', 'https://u:p@127.0.0.1/', 'https://127.0.0.1/?x']) {
    const { code, io } = await take(source)
    equal(code, 2, source)
    equal(io.said.out, '')
    match(io.said.err, /^error: the address /)
  }
  equal((await take(undefined, { ca: 'x' })).code, 2)
  const empty = path.join(folder, 'empty.pem')
  fs.writeFileSync(empty, 'nothing')
  for (const ca of [empty, path.join(folder, 'absent.pem')]) equal((await take('https://127.0.0.1:1/', { ca })).code, 2, ca)
  equal((await take('https://127.0.0.1:1/')).code, 3)
})

test('https: import and verify with the hospital\'s own authority; without it 3', { skip: opensslMissing }, async (t) => {
  const { pin, take, verify, source } = desk(t)
  pin()
  const certificate = makeCertificate(t)
  const server = await serveHttps(t, certificate, source)
  const blind = await take(server.url)
  equal(blind.code, 3)
  match(blind.io.said.err, /Nothing was kept[^]*certificate authority/)
  equal((await verify(server.url, { ca: certificate.caFile })).code, 0)
  equal((await verify(undefined, { emptyIsFine: true })).io.said.out, '')
  const taken = await take(server.url, { ca: certificate.caFile })
  equal(taken.code, 0, taken.io.said.err)
  equal((await verify()).code, 0)
})

test('how long is left is never said longer than it is', () => {
  const minute = 60_000
  for (const [left, text] of [
    [1, 'in less than a minute'], [minute, 'in 1 minute'], [59 * minute, 'in 59 minutes'], [60 * minute, 'in 1 hour'], [DAY - 1, 'in 23 hours'],
    [DAY, 'in 1 day'], [3 * DAY + DAY - 1, 'in 3 days'], [400 * DAY, 'in 400 days'], [800 * DAY, 'in 2 years'], [-DAY, '1 day ago'],
    [0, 'less than a minute ago'],
  ] as const) equal(untilText(OFFICE_NOW + left, OFFICE_NOW), text)
  const role = { role: 'x', version: 1, threshold: 1, keys: 1, signed: 1, fault: null }
  equal(endText({ ...role, expires: 'never', expiresAt: null }, OFFICE_NOW), 'never said: "never" is no date')
})

test('as commands: pin, import, list, verify in processes of their own, by the system\'s clock', async (t) => {
  const { root, source, config, data } = updateOffice(t, null)
  const run = (...args: string[]) => cordon(['gateway', 'release', ...args, '--config', config])
  equal((await run('pin', root)).code, 0)
  const taken = await run('import', source)
  equal(taken.code, 0, taken.err)
  match((await run('list')).out, /CMS8000 2\.0\.7, 2\.0\.8 -> 3\.0\.0/)
  equal((await run('verify')).code, 0)
  // A folder that is named goes before the file's, and needs no file.
  const named = await cordon(['gateway', 'release', 'list', '--folder', data, '--json'])
  equal((JSON.parse(named.out) as { verdict: string }).verdict, 'good')
  equal((await run('import')).code, 2)
  equal((await run('eat')).code, 2)
  ok(fs.statSync(path.join(data, 'releases')).isDirectory())
  equal(fs.statSync(path.join(data, 'releases')).mode & 0o777, 0o700)
})
