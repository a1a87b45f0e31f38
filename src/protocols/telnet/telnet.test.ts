// Tests of the Telnet row: goldens, hostile bytes, what a log-in leaves, and a real capture.
// Keeps the rule that no user name, password or command ever leaves: every golden plants them.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import { createRegistry } from '../registry.ts'
import { TelnetCommand } from './codes.ts'
import { encodeTelnet, telnet } from './index.ts'
import { TELNET_STATES } from './message.ts'
import { TELNET_BYTES_MAX } from './session.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, telnet)

test('no bytes make it throw or say too much', () => {
  neverThrows(telnet, { cases: loadGoldens(TESTDATA) })
})

test('no name, password or command leaves', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.some((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('ZZTEST'))))
  for (const c of cases) equal(JSON.stringify(runSession(telnet, 'tcp', c.chunks).facts).includes('ZZTEST'), false, c.title)
})

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const probe = (...bytes: number[]): string => telnet.probe('tcp', 0, Uint8Array.from(bytes), 0, bytes.length)
const START: Chunk = { direction: 1, bytes: encodeTelnet(TelnetCommand.will, 1, 3) }
const server = (text: string): Chunk => ({ direction: 1, bytes: latin(text) })
const client = (text: string): Chunk => ({ direction: 0, bytes: latin(text) })
const said = (...chunks: Chunk[]): string[] => runSession(telnet, 'tcp', [START, ...chunks]).facts
  .map((f) => (f.protocol !== 'telnet' ? '' : f.kind === 'login' ? `login ${f.userName}` : f.kind === 'session' ? `session ${f.logins}` : f.kind))

test('the probe: an option first, then a command or text', () => {
  equal(probe(255), 'more')
  equal(probe(255, 253), 'more')
  equal(probe(255, 253, 24), 'yes')
  equal(probe(255, 251, 1, 255), 'yes')
  equal(probe(255, 251, 1, 13), 'yes')
})

for (const [what, bytes] of [
  ['text', [0x6c]], ['a refusal first', [255, 252, 1]], ['the mark of a text file', [255, 254, 10, 0]], ['a piece of music', [255, 251, 0x90, 0x64]],
  ['a picture', [255, 216, 255, 224]], ['an option nobody has assigned', [255, 253, 120]], ['binary behind the option', [255, 253, 1, 0]],
] as const) {
  test(`the probe says no to ${what}`, () => equal(probe(...bytes), 'no'))
}

test('prompts in their usual words, in any case', () => {
  for (const prompt of ['login: ', 'Username: ', 'User Name:', 'USER:', 'fritz login:']) {
    deepEqual(said(server(prompt), client('ZZTEST\r\n'), server('Password: '), client('ZZTEST\r')), ['start', 'login true', 'session 1'], prompt)
  }
  deepEqual(said(server('Enter passcode:'), client('1\r\0')), ['start', 'login false', 'session 1'])
})

test('what is no log-in: no prompt, no answer, an empty line, a name alone', () => {
  for (const chunks of [
    [server('$ '), client('reboot\r\n')], [server('Password:')], [server('Password:'), client('\r\n\r\n')], [server('login: '), client('ZZTEST\r\n')],
    [server('Password required'), client('x\r')],
  ]) deepEqual(said(...chunks), ['start', 'session 0'])
})

test('a log-in tried again is counted and told once', () => {
  const one = [server('login: '), client('a\r\n'), server('Password: '), client('b\r\n'), server('Login incorrect\r\n')]
  deepEqual(said(...one, ...one, ...one), ['start', 'login true', 'session 3'])
})

test('options inside a name, and names typed one byte at a time, change nothing', () => {
  const typed = [...'ZZTEST\r\n'].map((c) => client(c))
  const inside: Chunk = { direction: 1, bytes: encodeTelnet(TelnetCommand.dont, 5) }
  const chunks = [START, server('log'), inside, server('in: '), ...typed, server('Password: '), ...typed]
  deepEqual(everySplit(telnet, 'tcp', chunks).map((f) => f.kind), ['start', 'login', 'session'])
})

test('once a side begins to encrypt nothing is claimed; offers alone change nothing', () => {
  const login = [server('Password: '), client('x\r')]
  const offers: Chunk[] = [{ direction: 1, bytes: encodeTelnet(TelnetCommand.do, 38) }, { direction: 0, bytes: encodeTelnet(TelnetCommand.will, 38) }]
  deepEqual(said(...offers, ...login), ['start', 'login false', 'session 1'])
  const begins: Chunk = { direction: 0, bytes: Uint8Array.of(255, 250, 38, 3, 0, 255, 240) }
  const facts = everySplit(telnet, 'tcp', [START, ...offers, begins, ...login])
  deepEqual(facts.map((f) => f.protocol === 'telnet' && f.kind === 'session' && f.encrypted), [false, true])
})

test('a prompt before a gap is forgotten, and the reader goes on', () => {
  deepEqual(said(server('Password: '), { ...client('x\r'), lost: 3 }, server('Password: '), client('y\r')), ['start', 'login false', 'session 1'])
})

test('bytes beyond the bound are not looked at', () => {
  deepEqual(said(server('x'.repeat(TELNET_BYTES_MAX)), server('Password: '), client('y\r')), ['start', 'session 0'])
})

test('whatever is negotiated, options are few and have names', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (options) => {
    const facts = runSession(telnet, 'tcp', [{ direction: 0, bytes: encodeTelnet(TelnetCommand.will, ...options) }]).facts
    for (const f of facts) if (f.protocol === 'telnet' && f.kind === 'session') ok(f.options.length <= 24 && f.options.every((o) => o.length > 1))
  }), { numRuns: 50 })
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of TELNET_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})

const CAPTURE = 'malware/ndpi__telnet.pcap'
test(`capture ${CAPTURE}: one session, its options, and a log-in in clear`, { skip: skipWithout(CAPTURE) }, () => {
  const { facts, flows } = replay(sharedCapture(CAPTURE) ?? '', createRegistry())
  deepEqual(flows.map((f) => f.protocol), ['telnet'])
  deepEqual(facts.map((f) => f.kind), ['start', 'login', 'session'])
  const end = facts.at(-1)
  ok(end?.protocol === 'telnet' && end.kind === 'session')
  deepEqual([end.logins, end.encrypted, end.options.includes('terminal-type'), end.options.includes('terminal-speed')], [1, false, true, true])
})

const SHELL = 'dns/ws__viruses-and-worms_dns-remoteshell.pcap'
test(`capture ${SHELL}: a shell on port 23 that negotiates nothing is not Telnet`, { skip: skipWithout(SHELL) }, () => {
  const { flows } = replay(sharedCapture(SHELL) ?? '', createRegistry())
  deepEqual(flows.filter((f) => f.dstPort === 23).map((f) => f.protocol), [null])
})
