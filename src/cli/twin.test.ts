// Tests of cordon twin: the file it writes, what it refuses and in which words, and that it stops and fails cleanly.
// Keeps the rule that no file but a capture is overwritten, and that stdout is data while stderr is talk.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { Exit, type Io } from './io.ts'
import { optionsOf, runTwin, type TwinArgs } from './twin.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-twin-cli-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

interface FakeIo extends Io {
  readonly said: () => string
  readonly printed: () => string
  readonly stop: () => void
}

function fakeIo(): FakeIo {
  const stop = new AbortController()
  let err = ''
  let out = ''
  return {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    isTty: false,
    color: false,
    env: {},
    signal: stop.signal,
    said: () => err,
    printed: () => out,
    stop: () => stop.abort(),
  }
}

function file(name: string): string {
  return path.join(folder, name)
}

async function run(args: Partial<TwinArgs> & { out: string }): Promise<{ code: number; said: string; printed: string }> {
  const io = fakeIo()
  const code = await runTwin({ beds: 3, seconds: 5, ...args }, io)
  return { code, said: io.said(), printed: io.printed() }
}

/** Packets and first time of a capture; fails when the reader has any complaint. */
function readBack(bytes: Uint8Array): { packets: number; firstAt: number } {
  let firstAt = -1
  const reader = createCaptureReader({ packet: (_buf, _off, _end, at) => void (firstAt = firstAt < 0 ? at : firstAt) })
  reader.push(bytes)
  const summary = reader.end()
  assert.deepEqual(summary.problems, [])
  assert.deepEqual([summary.format, summary.linkTypes], ['pcap', [1]])
  return { packets: summary.packets, firstAt }
}

test('a ward is written as a pcap that our own reader takes, and its cast is told on stderr only', async () => {
  const { code, said, printed } = await run({ out: file('quiet.pcap') })
  const { packets, firstAt } = readBack(fs.readFileSync(file('quiet.pcap')))
  assert.equal(code, Exit.ok)
  assert.equal(printed, '')
  assert.match(said, /monitor, bed 3\s+patient-monitor\s+202\.114\.4\.23\s+02:00:5e:30:00:03\s+clinical/)
  assert.match(said, /A quiet ward/)
  assert.match(said, new RegExp(`${packets} packets, .* seed 1`))
  assert.match(said, /All patients are invented/)
  assert.ok(Math.abs(firstAt - Date.parse('2026-01-05T07:30:00Z') * 1000) < 3e6)
})

test('the same wish gives the same file, another seed another', async () => {
  for (const [name, seed] of [['a', 4], ['b', 4], ['c', 5]] as const) await run({ out: file(`${name}.pcap`), seed, scenario: 'leak' })
  const [a, b, c] = ['a', 'b', 'c'].map((name) => fs.readFileSync(file(`${name}.pcap`)))
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  assert.ok(a.equals(b))
  assert.ok(!a.equals(c))
})

test('with - the same bytes go to standard output', async () => {
  const io = fakeIo()
  const chunks: Buffer[] = []
  const code = await runTwin({ out: '-', beds: 3, seconds: 5 }, io, async (bytes) => void chunks.push(Buffer.from(bytes)))
  await run({ out: file('same.pcap') })
  assert.equal(code, Exit.ok)
  assert.ok(Buffer.concat(chunks).equals(fs.readFileSync(file('same.pcap'))))
})

test('start, period, jitter and transport are obeyed', async () => {
  const { code } = await run({ out: file('start.pcap'), start: '2030-06-01T00:00:00Z', periodMs: 2000, jitterMs: 0, transport: 'tcp' })
  assert.equal(code, Exit.ok)
  assert.ok(readBack(fs.readFileSync(file('start.pcap'))).firstAt >= Date.parse('2030-06-01T00:00:00Z') * 1000)
  const options = optionsOf({ out: 'x', periodMs: 2000, jitterMs: 0.5, transport: 'tcp', start: '2030-06-01T00:00:00.250Z' })
  assert.ok(options.ok)
  assert.deepEqual([options.value.cyclePeriodMicros, options.value.jitterMicros, options.value.updateTransport], [2e6, 500, 'tcp'])
  assert.equal(options.value.startAt % 1e6, 250_000)
})

test('stories are told with their time, in the words of the ward', async () => {
  const { said } = await run({ out: file('all.pcap'), scenario: 'all', beds: 12, seconds: 20 })
  for (const words of [/mounts \/pm/, /reaches for the outside/, /hardware address/, /UDP broadcast/]) assert.match(said, words)
  assert.match(said, /15\.0 s\s+udp\s+every monitor/)
})

test('names of stories are taken in any form that is plain, and refused with the list of those there are', () => {
  const names = (scenario: string): string[] | string => {
    const options = optionsOf({ out: 'x', scenario, beds: 12 })
    return options.ok ? [...options.value.scenarios] : options.error
  }
  assert.deepEqual(names(''), [])
  assert.deepEqual(names('quiet'), [])
  assert.deepEqual(names(' udp , leak'), ['leak', 'udp'])
  assert.deepEqual(names('all'), ['leak', 'update', 'mitm', 'udp'])
  assert.equal(names('leak,flood'), 'there is no scenario "flood"; there are leak, update, mitm, udp, all and quiet')
  assert.match(String(names('quiet,leak')), /quiet is the ward without any story/)
})

const REFUSED: readonly (readonly [string, Partial<TwinArgs>, RegExp])[] = [
  ['no beds', { beds: 0 }, /beds must be a whole number from 1 to 64, not 0/],
  ['too many beds', { beds: 65 }, /beds must be/],
  ['too few beds for the story', { beds: 2, scenario: 'leak' }, /leak needs at least 3 beds, not 2/],
  ['an unknown story', { scenario: 'flood' }, /there are leak, update, mitm, udp/],
  ['no time', { seconds: 0 }, /seconds must be above 0/],
  ['a start without zone', { start: '2026-01-05 07:30' }, /start must look like 2026-01-05T07:30:00Z/],
  ['a start that is no date', { start: '2026-13-45T07:30:00Z' }, /start must look like/],
  ['a start no pcap can say', { start: '1969-01-01T00:00:00Z' }, /between 1970 and 2106/],
  ['a period too short', { periodMs: 10 }, /period must lie between 500 and 10000 milliseconds/],
  ['an odd transport', { transport: 'sctp' }, /transport must be udp or tcp, not "sctp"/],
  ['an endless file', { seconds: Infinity }, /goes to standard output only/],
]

for (const [name, args, words] of REFUSED) {
  test(`refused before a byte is written: ${name}`, async () => {
    const out = file('never.pcap')
    const { code, said } = await run({ out, ...args })
    assert.equal(code, Exit.usage)
    assert.match(said, words)
    assert.equal(fs.existsSync(out), false)
  })
}

test('a folder, a missing folder and an empty name are refused with what is wrong', async () => {
  assert.match((await run({ out: folder })).said, /is a folder; name a file in it/)
  assert.match((await run({ out: file('none/there.pcap') })).said, /there is no folder/)
  assert.match((await run({ out: '' })).said, /name a file/)
})

test('a file that is no capture is not overwritten; a capture and an empty file are', async () => {
  fs.writeFileSync(file('notes.txt'), 'do not lose me')
  const refused = await run({ out: file('notes.txt') })
  assert.equal(refused.code, Exit.usage)
  assert.match(refused.said, /notes\.txt exists and is no capture/)
  assert.equal(fs.readFileSync(file('notes.txt'), 'utf8'), 'do not lose me')
  fs.writeFileSync(file('empty.pcap'), '')
  for (const out of [file('empty.pcap'), file('empty.pcap')]) assert.equal((await run({ out })).code, Exit.ok)
  fs.writeFileSync(file('old.pcapng'), Buffer.from([0x0a, 0x0d, 0x0d, 0x0a, 0, 0]))
  assert.equal((await run({ out: file('old.pcapng') })).code, Exit.ok)
})

test('when it is stopped the capture ends at a packet and the exit code says it is not whole', async () => {
  const io = fakeIo()
  const chunks: Buffer[] = []
  const code = await runTwin({ out: '-', beds: 12, seconds: Infinity }, io, async (bytes) => {
    chunks.push(Buffer.from(bytes))
    if (chunks.length === 2) io.stop()
  })
  assert.equal(code, Exit.incomplete)
  assert.match(io.said(), /stopped before the end/)
  assert.ok(readBack(Buffer.concat(chunks)).packets > 1000)
})

test('when the disk fails it says so and does not crash', async () => {
  const io = fakeIo()
  const code = await runTwin({ out: '-', beds: 3, seconds: 5 }, io, async () => {
    throw new Error('no space left')
  })
  assert.equal(code, Exit.incomplete)
  assert.match(io.said(), /could not write -: no space left/)
})
