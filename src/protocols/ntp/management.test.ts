// Tests of NTP management: what a probe believes, variables in any order and cut, counts both ways, bounds, and tshark's reading.
// Keeps the rule that nothing is said of an answer that was not seen, and that keys and configuration stay.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeContext } from '../../testing/fake-context.ts'
import { noTshark } from '../../testing/tshark.ts'
import { datagram, pcapOf } from '../rpc/testdata/packets.ts'
import type { Fact } from '../facts.ts'
import { decodeManagement, encodeControl, encodePrivate, looksLikeManagement, softwareWords, type NtpSoftwareWords } from './management.ts'
import { ntp } from './index.ts'

const RESPONSE = 0x80
const ERROR = 0x40
const MORE = 0x20
const VARIABLES = 'version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)",\r\nprocessor="x86_64", system="Linux/5.10.0, ward", leap=00, stratum=2'

function factsOf(messages: readonly (readonly [0 | 1, Uint8Array])[]): readonly Fact[] {
  const context = fakeContext('udp')
  const session = ntp.open(context)
  for (const [i, [direction, bytes]] of messages.entries()) session.feed(direction, bytes, 0, bytes.length, i)
  session.end(messages.length)
  return context.facts
}

function wordsOf(bytes: Uint8Array): NtpSoftwareWords | null {
  const message = decodeManagement(bytes, 0, bytes.length)
  return message && softwareWords(bytes, message)
}

test('probe: questions as tools send them, answers in text; nothing else of the two modes', () => {
  const believed = (bytes: Uint8Array): boolean => ntp.probe('udp', 0, bytes, 0, bytes.length) === 'yes'
  ok(believed(encodeControl(2)) && believed(encodeControl(12)) && believed(encodeControl(2, VARIABLES, RESPONSE)) && believed(encodeControl(10, 'nonce=1', 0)))
  ok(believed(encodePrivate(42, false)) && believed(encodePrivate(42, false, 0, 0, 40)) && believed(encodePrivate(20, false, 0, 0, 184)), 'monlist, padded')
  for (const [what, bytes] of [
    ['an operation nobody has', encodeControl(20)], ['no sequence', encodeControl(2, '', 0, 0)], ['a question that is an error', encodeControl(2, '', ERROR)],
    ['an empty answer', encodeControl(2, '', RESPONSE)], ['binary data', encodeControl(2, '\x01\x02', RESPONSE)],
    ['a question from afar', encodeControl(2, '', 0, 1, 9)],
    ['a private answer', encodePrivate(42, true, 6, 72)], ['a private request nobody has', encodePrivate(46, false)],
    ['more behind it', Uint8Array.from([...encodePrivate(42, false), 0, 0, 0, 1])], ['seven bytes', encodePrivate(42, false).slice(0, 7)],
    ['thirteen bytes', Uint8Array.from([...encodeControl(2), 0])], ['cut', encodeControl(2, VARIABLES, RESPONSE).slice(0, 60)],
  ] as const) ok(!believed(bytes), what)
})

test('random bytes of these modes are not believed', () => {
  const rest = fc.uint8Array({ minLength: 11, maxLength: 60 })
  const bytes = fc.tuple(fc.constantFrom(0x16, 0x17, 0x1e, 0x27, 0x97), rest).map(([first, others]) => Uint8Array.of(first, ...others))
  fc.assert(fc.property(bytes, (input) => equal(looksLikeManagement(input, 0, input.length), false)), { numRuns: 1000 })
})

test('variables: quoted or not, in any order, with others between; the slow way gives the same', () => {
  deepEqual(wordsOf(encodeControl(2, VARIABLES, RESPONSE)), {
    version: 'ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)', system: 'Linux/5.10.0, ward', processor: 'x86_64',
  })
  const name = fc.constantFrom('version', 'system', 'processor', 'leap', 'refid', 'v', 'sys_tem')
  const variable = fc.tuple(name, fc.stringMatching(/^[a-z0-9./ ]{1,12}$/), fc.boolean())
  fc.assert(fc.property(fc.array(variable, { maxLength: 8 }), (variables) => {
    const text = variables.map(([key, value, isQuoted]) => (isQuoted ? `${key}="${value}"` : `${key}=${value}`)).join(', ')
    const first = (wanted: string): string | null => {
      const found = variables.filter(([key]) => key === wanted).map(([, value]) => value.trim().replaceAll(/ +/g, ' ')).find((value) => value !== '')
      return found ?? null
    }
    const expected = { version: first('version'), system: first('system'), processor: first('processor') }
    const isAny = Object.values(expected).some((value) => value !== null)
    deepEqual(wordsOf(encodeControl(2, text, RESPONSE)), isAny ? expected : null, text)
  }))
})

test('only the server\'s own variables, in the first piece of a whole answer', () => {
  const association = encodeControl(2, VARIABLES, RESPONSE)
  association[7] = 3
  for (const bytes of [
    association, encodeControl(2, VARIABLES, RESPONSE, 1, 4), encodeControl(2, VARIABLES), encodeControl(2, VARIABLES, RESPONSE | ERROR),
    encodeControl(4, VARIABLES, RESPONSE), encodeControl(2, 'leap=00, stratum=2', RESPONSE),
  ]) equal(wordsOf(bytes), null)
  const cut = encodeControl(2, 'processor="x86_64", system="Linux/5.', RESPONSE | MORE)
  deepEqual(wordsOf(cut), { version: null, system: null, processor: 'x86_64' }, 'what goes on in the next piece is not whole')
})

test('what is read is told once, again when it changes; who manages is told at the end with what came back', () => {
  const answer = encodeControl(2, VARIABLES, RESPONSE)
  const other = encodeControl(2, VARIABLES.replace('4.2.8p15', '4.2.8p18'), RESPONSE)
  const list = encodePrivate(42, true, 6, 72)
  const facts = factsOf([
    [0, encodeControl(2)], [1, answer], [0, encodeControl(2)], [1, answer], [1, other], [0, encodePrivate(42, false, 0, 0, 40)],
    ...Array.from({ length: 100 }, () => [1, list] as const), [0, encodeControl(8, 'keysdir "ZZTEST^CANARY"')], [1, encodeControl(8, '', RESPONSE | ERROR)],
  ])
  deepEqual(facts.map((f) => f.kind), ['software', 'software', 'management'])
  const last = facts.at(-1)
  ok(last?.protocol === 'ntp' && last.kind === 'management')
  deepEqual([last.client, last.server, last.clientLists], ['192.0.2.10', '192.0.2.53', 100])
  deepEqual(last.operations.map((o) => [o.mode, o.operation, o.questions, o.answers, o.refused, o.questionBytes, o.answerBytes]), [
    [6, 'read-variables', 2, 3, 0, 24, answer.length * 2 + other.length], [7, 'monitor-list', 1, 100, 0, 48, 100 * list.length],
    [6, 'configure', 1, 1, 1, 36, 12],
  ])
  ok(!JSON.stringify(facts).includes('ZZTEST'))
})

test('a list that was asked for and refused, or not answered, is none', () => {
  const refused = encodePrivate(42, true)
  refused[4] = 0x40
  for (const messages of [[[0, encodePrivate(42, false)]], [[0, encodePrivate(42, false)], [1, refused]]] as const) {
    const last = factsOf(messages).at(-1)
    deepEqual(last?.kind === 'management' && last.protocol === 'ntp' ? [last.clientLists, last.operations[0]?.answers] : null, [0, messages.length - 1])
  }
})

test('answers alone: the other side is who asked', () => {
  const last = factsOf([[0, encodeControl(2, VARIABLES, RESPONSE)]]).at(-1)
  deepEqual(last?.kind === 'management' && last.protocol === 'ntp' ? [last.client, last.server] : null, ['192.0.2.53', '192.0.2.10'])
})

test('hostile: every operation of both modes in one flow is few facts', () => {
  const messages = Array.from({ length: 512 }, (_, i) => [0, i % 2 === 0 ? encodeControl((i >> 1) & 31) : encodePrivate(i >> 1, false)] as const)
  const facts = factsOf(messages)
  equal(facts.length, 1)
  const [only] = facts
  ok(only?.protocol === 'ntp' && only.kind === 'management' && only.operations.length === 32)
})

test('tshark reads the same operations and counts', { skip: noTshark }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'ntp-management-'))
  try {
    const controls = [encodeControl(2), encodeControl(2, VARIABLES, RESPONSE), encodeControl(10, 'nonce=1')]
    const messages = [...controls, encodePrivate(42, false), encodePrivate(20, true, 6, 72)]
    const file = join(dir, 'talk.pcap')
    writeFileSync(file, pcapOf(messages.map((bytes, i) => datagram(bytes, i % 2 === 0, 40_000, 123))))
    const fields = ['ntp.flags.mode', 'ntp.ctrl.flags2.opcode', 'ntp.ctrl.count', 'ntp.priv.reqcode'].flatMap((field) => ['-e', field])
    const rows = execFileSync('tshark', ['-r', file, '-n', '-T', 'fields', '-E', 'separator=|', ...fields], { stdio: ['ignore', 'pipe', 'ignore'] }).toString()
    deepEqual(rows.trimEnd().split('\n'), ['6|2|0|', `6|2|${VARIABLES.length}|`, '6|10|7|', '7|||42', '7|||20'])
  } finally {
    rmSync(dir, { recursive: true })
  }
})
