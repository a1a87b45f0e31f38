// Tests of the rlogin, rsh and rexec row: goldens, hostile bytes, which form is which, and what must not be taken for one.
// Keeps the rule that no user name, password or command ever leaves: every golden plants them.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { encodeRsh, rsh } from './index.ts'
import { RSH_HEAD_BYTES_MAX } from './message.ts'
import { RSH_STATES } from './session.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, rsh)

test('no bytes make it throw or say too much', () => {
  neverThrows(rsh, { cases: loadGoldens(TESTDATA) })
})

test('no name, password or command leaves', () => {
  const cases = loadGoldens(TESTDATA)
  ok(cases.every((c) => c.chunks.some((chunk) => Buffer.from(chunk.bytes).includes('ZZTEST'))))
  for (const c of cases) equal(JSON.stringify(runSession(rsh, 'tcp', c.chunks).facts).includes('ZZTEST'), false, c.title)
})

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const probe = (text: string): string => rsh.probe('tcp', 0, latin(text), 0, text.length)
const form = (bytes: Uint8Array): string | null => {
  const [fact] = runSession(rsh, 'tcp', [{ direction: 0, bytes }]).facts
  return fact?.protocol === 'rsh' && fact.kind === 'request' ? fact.form : null
}

test('the three are told apart by their beginning', () => {
  equal(form(encodeRsh('', 'a', 'b', 'xterm/38400')), 'rlogin')
  equal(form(encodeRsh('1023', 'a', 'b', 'ls /')), 'rsh')
  equal(form(encodeRsh('40001', 'a', 'b', 'ls /')), 'rexec')
  for (const port of ['', '0']) equal(form(encodeRsh(port, 'a', 'b', 'ls /')), 'rsh-or-rexec')
  equal(form(encodeRsh('', 'a', 'b', 'x'.repeat(500))), 'rsh-or-rexec', 'a long command')
  equal(form(encodeRsh('', 'a', 'b', 'cat /1')), 'rsh-or-rexec', 'a blank is no terminal\'s')
})

for (const [what, text] of [
  ['text', 'hello'], ['digits and more', '12ab'], ['a port of six digits', '123456\0a\0b\0c'], ['a port above 65535', '99999\0a\0b\0c'],
  ['an empty name', '1023\0\0b\0c'], ['a blank in a name', '\0a b\0c\0d\0'], ['a name of 65 bytes', `\0${'a'.repeat(65)}\0`], ['zeros', '\0\0\0\0'],
  ['a syslog of counted length', '57 <34>1 2003-10-11T22:14:15.003Z host app - - - x'], ['a command of control bytes', '1023\0a\0b\0\x01'],
] as const) {
  test(`the probe says no to ${what}`, () => equal(probe(text), 'no'))
}

test('a prefix is never refused, and the verdict stands', () => {
  const name = fc.stringMatching(/^[!-~]{1,64}$/)
  fc.assert(fc.property(fc.constantFrom('', '0', '1023', '65535'), name, name, fc.stringMatching(/^[a-z]{1,12}\/\d{1,6}$/), (port, a, b, last) => {
    const bytes = encodeRsh(port, a, b, last)
    ok(bytes.length <= RSH_HEAD_BYTES_MAX)
    let answer = 'more'
    for (let length = 1; length <= bytes.length; length++) {
      const now = rsh.probe('tcp', 0, bytes, 0, length)
      ok(now !== 'no' && (answer === 'more' || now === 'yes'))
      answer = now
    }
    equal(answer, 'yes')
    equal(everySplit(rsh, 'tcp', [{ direction: 0, bytes }, { direction: 1, bytes: Uint8Array.of(0) }]).length, 2)
  }), { numRuns: 20 })
})

test('the server is the other side, and a gap before its first byte ends the talk', () => {
  const bytes = encodeRsh('1022', 'ZZTEST', 'root', 'reboot')
  deepEqual(runSession(rsh, 'tcp', [{ direction: 0, bytes }, { direction: 0, bytes: latin('more') }]).facts.map((f) => f.kind), ['request'])
  deepEqual(runSession(rsh, 'tcp', [{ direction: 0, bytes }, { direction: 1, bytes: latin('x'), lost: 1 }]).facts.map((f) => f.kind), ['request'])
  deepEqual(runSession(rsh, 'tcp', [{ direction: 0, bytes, lost: 4 }]).facts, [])
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of RSH_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
  ok(readme.includes(`${RSH_HEAD_BYTES_MAX} bytes of the beginning`))
})
