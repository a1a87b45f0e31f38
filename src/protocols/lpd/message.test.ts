// Tests of LPD lines: commands and subcommands, cut at every byte and at any offset.
// Keeps the rule that a prefix of a good line is never refused.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeLpdCommand, encodeLpdFile, readLpdCommand, readLpdSubcommand, type LpdLine } from './message.ts'

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const command = (text: string): LpdLine<unknown> => readLpdCommand(latin(text), 0, text.length)
const subcommand = (text: string): LpdLine<unknown> => readLpdSubcommand(latin(text), 0, text.length)

const queueArbitrary = fc.stringMatching(/^[!-~]{1,40}$/)

test('a command line is read back, with what follows left alone', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), queueArbitrary, fc.nat({ max: 5 }), (code, queue, pad) => {
    const line = encodeLpdCommand(code, queue, 'user 1')
    const buf = new Uint8Array(line.length + 2 * pad).fill(0x41)
    buf.set(line, pad)
    deepEqual(readLpdCommand(buf, pad, buf.length), { status: 'yes', value: { code, queue }, next: pad + line.length })
    for (let end = pad; end < pad + line.length; end++) equal(readLpdCommand(buf, pad, end).status, 'more')
  }))
})

test('the list is no part of the queue', () => {
  deepEqual(command('\x05lp ZZTEST 1 2\n'), { status: 'yes', value: { code: 5, queue: 'lp' }, next: 15 })
})

test('subcommands carry a code and a count', () => {
  deepEqual(subcommand('\x01\n'), { status: 'yes', value: { code: 1, bytes: 0 }, next: 2 })
  deepEqual(subcommand('\x02123 cfA001host\n'), { status: 'yes', value: { code: 2, bytes: 123 }, next: 16 })
  deepEqual(subcommand('\x030 dfA\n'), { status: 'yes', value: { code: 3, bytes: 0 }, next: 7 })
})

for (const [what, text] of [
  ['abort with a name', '\x01x\n'], ['no count', '\x02 cfA\n'], ['no name', '\x0212\n'], ['letters in the count', '\x021a cfA\n'],
  ['a negative count', '\x02-1 cfA\n'], ['code 4', '\x041 x\n'], ['a control byte in the name', '\x021 \x07\n'],
] as const) {
  test(`no subcommand: ${what}`, () => equal(subcommand(text).status, 'no'))
}

test('a prefix of a subcommand asks for more', () => {
  const line = '\x02123 cfA001host\n'
  for (let end = 0; end < line.length; end++) equal(subcommand(line.slice(0, end)).status, 'more', `length ${end}`)
})

test('encodeLpdFile states the length of what follows and closes it with zero', () => {
  const bytes = encodeLpdFile(3, 'dfA', latin('abc'))
  deepEqual(bytes, latin('\x033 dfA\nabc\x00'))
})
