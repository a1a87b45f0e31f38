// Tests of the HL7 probe: every way a message may begin, and everything that only looks like it.
// Keeps the rule that letters are not enough, and that the answer for a prefix never has to be taken back.

import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeHl7 } from './message.ts'
import { probeHl7, probeHl7Inside } from './probe.ts'
import { ADMISSION, bytes, glued } from './testdata/samples.ts'

const probe = (data: Uint8Array | string): string => {
  const buf = typeof data === 'string' ? bytes(data) : data
  return probeHl7(buf, 0, buf.length)
}

const OPENINGS: readonly string[] = [
  '\x0bMSH|^~\\&|', 'MSH|^~\\&|', 'MSH^~|\\&^', 'MSH|^~}|', 'MSH|^~\\\\&|', 'MSH|^~\\&#|', 'FHS|^~\\&|',
  '\x0bBHS|^~\\&|', '\r\n MSH|^~\\&|', '\r\x0bMSH|^~\\&|', 'MSH|^~\\&\r', 'MSH$%~\\&$',
]

for (const opening of OPENINGS) {
  test(`${JSON.stringify(opening)} is a yes, each shorter prefix asks for more, anything behind changes nothing`, () => {
    equal(probe(opening), 'yes')
    for (let length = 0; length < opening.length; length++) equal(probe(opening.slice(0, length)), 'more', String(length))
    equal(probe(`${opening}ZZTEST\x00\xff\r`), 'yes')
  })
}

test('near misses are a no', () => {
  const misses = [
    'MSA|AA|1\r', 'PID|1|', 'msh|^~\\&|', 'MSH |^~\\&|', 'MSHA^~\\&|', 'MSH|^^\\&|', 'MSH|^|', 'MSH||', 'MSH|ABCD|',
    'MSH|^ \\&|', 'MSH|^~\\&A|', 'MSH\r', 'MSH|^~\\&#$%*+|', 'MSH|^~\x00&|', 'FHSX', 'BTS|1\r', '\x0bPID|', '\x0b\x0bMSX', 'ZMSH|^~\\&|',
    'HTTP/1.1 200 OK\r\n', 'GET / HTTP/1.1', 'SSH-2.0-x\r\n', '220 mail ESMTP\r\n', '\x02lp\n', '<MSH><MSH.1>|</MSH.1>', 'M\0SH',
  ]
  for (const miss of misses) equal(probe(miss), 'no', JSON.stringify(miss))
})

test('a flow picked up inside a message is known by a block further on, not by bare text; what begins otherwise is not', () => {
  const later = 'TEST||x\rOBX|1\r\x1c\r\x0bMSH|^~\\&|A'
  equal(probe(later), 'no')
  equal(probe(`\x0b${later}`), 'yes', 'it begins with a block')
  equal(probeHl7Inside(bytes(later), 0, later.length), 'yes')
  equal(probeHl7Inside(bytes('TEST||x\rMSH|^~\\&|A'), 0, 19), 'no')
  equal(probe('TEST||x\rOBX|1\rMSH|^~\\&|A'), 'no')
  equal(probe('POST /hl7 HTTP/1.1\r\n\r\nMSH|^~\\&|A|'), 'no')
})

test('the probe looks at [off, end) only', () => {
  const padded = glued(bytes('xx'), encodeHl7(ADMISSION), bytes('xx'))
  equal(probeHl7(padded, 2, padded.length), 'yes')
  equal(probeHl7(padded, 2, 6), 'more')
  equal(probeHl7(padded, 0, padded.length), 'no')
  equal(probeHl7Inside(padded, 0, padded.length), 'yes', 'a block further on')
  equal(probeHl7Inside(padded, 3, padded.length), 'no')
  equal(probeHl7(padded, 2, 2), 'more')
})

test('an answer is never taken back when more bytes come, but for a block found in what was a no', () => {
  const edit = fc.tuple(fc.nat({ max: 14 }), fc.nat({ max: 255 }))
  fc.assert(fc.property(fc.constantFrom(...OPENINGS), fc.array(edit, { maxLength: 2 }), (opening, edits) => {
    const buf = glued(bytes(opening), bytes('A|B\r'))
    for (const [at, value] of edits) if (at < buf.length) buf[at] = value
    let settled = ''
    for (let end = 0; end <= buf.length; end++) {
      const answer = probeHl7(buf, 0, end)
      if (settled === 'yes') equal(answer, 'yes')
      if (settled === 'no') ok(answer !== 'more' || buf.includes(0x0b))
      if (answer !== 'more') settled = answer
    }
  }))
})

test('random bytes are no HL7 and never a throw', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (buf) => probe(buf) !== 'yes'))
})
