// Tests of the HL7 framer: blocks, bare text, batches, damage, losses, in any split.
// Keeps the rule that nothing of a message is stored: what is held back never exceeds the letters of a header.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlowHl7Stream } from '../../testing/slow-hl7-stream.ts'
import { HL7_MESSAGE_BYTES_MAX } from './codes.ts'
import { Hl7Stream } from './stream.ts'
import { bytes } from './testdata/samples.ts'

const H = 'MSH|^~\\&|'

/** What the framer said, as words: `mllp MSH|^~\&|A\r`, a flaw in brackets behind it, `fault no-header`. */
function listen(midstream = false): { words: string[]; framer: Hl7Stream; feed: (text: string) => void } {
  const heard: string[] = []
  let text = ''
  const framer = new Hl7Stream({
    begin: (framing) => (text = `${framing} `),
    bytes: (buf, off, end) => (text += Buffer.from(buf.slice(off, end)).toString('latin1')),
    finish: (flaw) => heard.push(JSON.stringify(text).slice(1, -1) + (flaw ? ` [${flaw}]` : '')),
    fault: (fault) => heard.push(`fault ${fault}`),
  }, midstream)
  const feed = (chunk: string): void => {
    const buf = Uint8Array.from(chunk, (character) => character.charCodeAt(0))
    framer.feed(buf, 0, buf.length)
  }
  return { words: heard, framer, feed }
}

function words(chunks: readonly string[], midstream = false): string[] {
  const { words: heard, framer, feed } = listen(midstream)
  for (const chunk of chunks) feed(chunk)
  framer.end()
  return heard
}

/** The same words cut in two everywhere and character by character. */
function inAnySplit(text: string, expected: readonly string[]): void {
  deepEqual(words([text]), expected)
  for (let at = 1; at < text.length; at++) deepEqual(words([text.slice(0, at), text.slice(at)]), expected, `cut at ${at}`)
  deepEqual(words([...text]), expected)
}

const said = (framing: string, text: string): string => `${framing} ${JSON.stringify(text).slice(1, -1)}`

test('one block is one message', () => {
  inAnySplit(`\x0b${H}A\rPID|1\r\x1c\r`, [said('mllp', `${H}A\rPID|1\r`)])
})

test('blocks that share a segment, with or without the CR behind 0x1C', () => {
  inAnySplit(`\x0b${H}A\r\x1c\r\x0b${H}B\r\x1c\x0b${H}C\r\x1c`, ['A', 'B', 'C'].map((x) => said('mllp', `${H}${x}\r`)))
})

test('bare messages end where the next begins, or with the flow', () => {
  const parts = [`${H}A\rPID|1\r`, `${H}B\nOBX|1\n\r\n`, `${H}C`]
  inAnySplit(parts.join(''), parts.map((part) => said('bare', part)))
})

test('a bare message ends at a block, and a block may be followed by bare text', () => {
  inAnySplit(`${H}A\r\x0b${H}B\r\x1c\r${H}C\r`, [said('bare', `${H}A\r`), said('mllp', `${H}B\r`), said('bare', `${H}C\r`)])
})

test('0x1C ends a bare message too: half a frame is still an end', () => {
  inAnySplit(`${H}A\r\x1c\r${H}B\r`, [said('bare', `${H}A\r`), said('bare', `${H}B\r`)])
})

test('messages in one block or one file of a batch are told one by one; the wrappers are no messages', () => {
  const batch = `FHS|^~\\&|ZZ\rBHS|^~\\&|ZZ\r${H}A\rPID|1\r${H}B\rBTS|2\rFTS|1\r`
  const inside = [`${H}A\rPID|1\r`, `${H}B\r`]
  inAnySplit(`\x0b${batch}\x1c\r`, inside.map((text) => said('mllp', text)))
  inAnySplit(batch, inside.map((text) => said('bare', text)))
  inAnySplit('FHS|^~\\&\rFTS\r', [])
})

test('a block that is never closed is closed by the next, or by the end, and says so', () => {
  inAnySplit(`\x0b${H}A\r\x0b${H}B\r`, [`${said('mllp', `${H}A\r`)} [no-end-block]`, `${said('mllp', `${H}B\r`)} [no-end-block]`])
})

test('0x0B inside a text is no new block (a word processor writes it for a line break)', () => {
  inAnySplit(`\x0b${H}A\rNTE|1||one\x0btwo\x0b\rMSA|1\r\x1c\r`, [said('mllp', `${H}A\rNTE|1||onetwo\rMSA|1\r`)])
})

test('a block without a header is a fault, once; a message further down in it is still found', () => {
  inAnySplit('\x0bPID|1\rOBX|2\r\x1c\r', ['fault no-header'])
  inAnySplit(`\x0bhello\r${H}A\r\x1c\r`, ['fault no-header', said('mllp', `${H}A\r`)])
})

test('an empty block is a keep-alive, line ends and blanks between messages are nothing', () => {
  inAnySplit(`\x0b\x1c\r\r\n \0 \x0b${H}A\r\x1c\r\n\n`, [said('mllp', `${H}A\r`)])
})

test('0x0B, then a line end, then the header', () => {
  inAnySplit(`\x0b\r\n${H}A\r\x1c\r`, [said('mllp', `${H}A\r`)])
})

test('bytes between messages are a fault once per stretch', () => {
  inAnySplit(`junk\rmore junk\r\x0b${H}A\r\x1c\rjunk junk\rjunk\x0b${H}B\r\x1c`, [
    'fault out-of-frame', said('mllp', `${H}A\r`), 'fault out-of-frame', said('mllp', `${H}B\r`),
  ])
})

test('letters alone begin no message: a text line, a longer word, another segment', () => {
  inAnySplit(`${H}A\rMSHA|1\rMSA|1\rMS\rFHSX|\rBT\r`, [said('bare', `${H}A\rMSHA|1\rMSA|1\rMS\rFHSX|\rBT\r`)])
})

test('after a loss the message is given up and the next one found', () => {
  const { words: heard, framer, feed } = listen()
  feed(`\x0b${H}A\rPID|1`)
  framer.gap()
  feed(`ZZTEST\r\x1c\r\x0b${H}B\r\x1c\r`)
  framer.gap()
  feed(`|rest\r${H}C\r`)
  framer.end()
  deepEqual(heard, [`${said('mllp', `${H}A\rPID|1`)} [lost-bytes]`, said('mllp', `${H}B\r`), said('bare', `${H}C\r`)])
})

test('a late start: the tail of a message is no fault', () => {
  deepEqual(words([`EST||x\rOBX|1\r\x1c\r\x0b${H}A\r\x1c\r`], true), [said('mllp', `${H}A\r`)])
  deepEqual(words([`EST||x\rOBX|1\r${H}A\r`], true), [said('bare', `${H}A\r`)])
})

test('after a pause a header begins at once, and other text goes on', () => {
  const { words: heard, framer, feed } = listen()
  feed(`${H}A\rOBX|1`)
  framer.pause()
  feed('|2')
  framer.pause()
  feed(`${H}B`)
  framer.pause()
  framer.end()
  deepEqual(heard, [said('bare', `${H}A\rOBX|1|2`), said('bare', `${H}B`)])
})

test('a pause inside a block changes nothing', () => {
  const { words: heard, framer, feed } = listen()
  feed(`\x0b${H}A\rNTE|`)
  framer.pause()
  feed(`${H}x\r\x1c`)
  deepEqual(heard, [said('mllp', `${H}A\rNTE|${H}x\r`)])
})

test('a message above the bound is given up, and the one behind it is found', () => {
  for (const [open, close] of [['\x0b', '\x1c\r'], ['', '']] as const) {
    const { words: heard, framer, feed } = listen()
    feed(`${open}${H}A\rOBX|`)
    for (let sent = 0; sent <= HL7_MESSAGE_BYTES_MAX; sent += 65_536) feed('x'.repeat(65_536))
    feed(`\r${close}${open}${H}B\r${close}`)
    framer.end()
    equal(heard.length, 2)
    ok(heard[0]?.endsWith(' [too-long]'))
    ok((heard[0]?.length ?? 0) < HL7_MESSAGE_BYTES_MAX + 100)
    equal(heard[1]?.slice(5), JSON.stringify(`${H}B\r`).slice(1, -1))
  }
})

test('letters cut off by the end: part of the message if there is one, nothing otherwise', () => {
  deepEqual(words([`${H}A\rMS`]), [said('bare', `${H}A\rMS`)])
  deepEqual(words(['\x0bMS']), [])
  deepEqual(words(['\x0b']), [])
})

test('any text in any split says the same', () => {
  const piece = fc.oneof(
    fc.constantFrom('\x0b', '\x1c', '\r', '\n', H, 'FHS|', 'BTS\r', 'MS', 'M', 'PID|1', 'x', ' ', '\0'), fc.string({ maxLength: 4 }),
  )
  fc.assert(fc.property(fc.array(piece, { maxLength: 14 }), fc.nat({ max: 60 }), fc.nat({ max: 60 }), (pieces, a, b) => {
    const text = String.fromCharCode(...bytes(pieces.join('')))
    const expected = words([text])
    const [first, second] = a < b ? [a, b] : [b, a]
    deepEqual(words([text.slice(0, first), text.slice(first, second), text.slice(second)]), expected)
    deepEqual(words([...text]), expected)
  }), { numRuns: 400 })
})

const PIECES = ['\x0b', '\x1c', '\r', '\n', 'MSH|', 'MSH', 'MS', 'M', 'FHS|', 'BTS', 'B', 'FTS\r', 'PID|1', '|', ' ', '\0', 'junk', 'MSHA']
type Turn = readonly [string, number] | 'pause' | 'gap' | 'end'

/** What a framer said, with the number of the turn in which the last bytes of each message were passed. */
function heardBy(framer: typeof Hl7Stream | typeof SlowHl7Stream, turns: readonly Turn[]): string[] {
  const heard: string[] = []
  let [text, turn, lastTurn] = ['', 0, 0]
  const stream = new framer({
    begin: (framing) => (text = `${framing} `),
    bytes: (buf, off, end) => {
      text += Buffer.from(buf.subarray(off, end)).toString('latin1')
      lastTurn = turn
    },
    finish: (flaw) => heard.push(`${JSON.stringify(text)} ${flaw} ${lastTurn}`),
    fault: (fault) => heard.push(`${fault} ${turn}`),
  }, turns.length % 2 === 1)
  for (const what of turns) {
    turn++
    if (typeof what === 'string') stream[what]()
    else {
      const buf = Uint8Array.from(`MSH|${what[0]}\x1c`, (character) => character.charCodeAt(0))
      stream.feed(buf, 4, Math.max(4, buf.length - 1 - what[1]))
      stream.feed(buf, Math.max(4, buf.length - 1 - what[1]), buf.length - 1)
    }
  }
  stream.end()
  return heard
}

test('any bytes in any split are framed as the slow twin frames them, line by line', () => {
  const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((all) => all.join(''))
  const turn: fc.Arbitrary<Turn> = fc.oneof(
    { weight: 9, arbitrary: fc.tuple(text, fc.nat({ max: 20 })) }, { weight: 1, arbitrary: fc.constantFrom('pause', 'gap', 'end') },
  )
  fc.assert(fc.property(fc.array(turn, { maxLength: 8 }), (turns) => {
    deepEqual(heardBy(Hl7Stream, turns), heardBy(SlowHl7Stream, turns))
  }), { numRuns: 800 })
})

test('a message too long is cut at the same byte, whether its lines come at once or one by one', () => {
  const line = `OBX|${'9'.repeat(995)}\r`
  const body = line.repeat(Math.ceil(HL7_MESSAGE_BYTES_MAX / 1000) - 1)
  for (const more of [0, 560, 567, 568, 569, 1000]) {
    const turns: Turn[] = [[`\x0b${H}A\r${body}`, 0], [`${'8'.repeat(more)}\r${H}B\r\x1c`, 0]]
    deepEqual(heardBy(Hl7Stream, turns), heardBy(SlowHl7Stream, turns))
  }
})
