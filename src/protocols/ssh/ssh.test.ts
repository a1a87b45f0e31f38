// Tests of the SSH row: goldens, hostile bytes, lines before the line, and real captures.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
import { fakeContext } from '../../testing/fake-context.ts'
import { everySplit, runSession } from '../../testing/everysplit.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import { encodeSshIdentification, ssh } from './index.ts'
import { decodeSshIdentification } from './message.ts'
import { SSH_BEFORE_BYTES_MAX, SSH_STATES } from './session.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)

runGoldens(TESTDATA, ssh)

test('no bytes make it throw or say too much', () => {
  neverThrows(ssh, { cases: loadGoldens(TESTDATA) })
})

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const probe = (text: string): string => ssh.probe('tcp', 0, latin(text), 0, text.length)
const said = (text: string, direction: 0 | 1 = 0): unknown[] => runSession(ssh, 'tcp', [{ direction, bytes: latin(text) }]).facts
  .map((f) => (f.protocol === 'ssh' ? (f.kind === 'banner' ? [f.version, f.software, f.comment] : f.kind === 'malformed' ? f.reason : f.kind) : null))

test('the probe is content with the version and its dash', () => {
  for (let n = 0; n < 8; n++) equal(probe('SSH-2.0-'.slice(0, n)), 'more')
  for (const text of ['SSH-2.0-x', 'SSH-1.99-', 'SSH-1.5-Cisco']) equal(probe(text), 'yes')
  for (const text of ['SSI', 'ssh-2.0-', 'SSH-3.0-', 'SSH-2-', 'SSH-2.x', 'SSH-2.123-', 'SSH_', ' SSH-2.0-']) equal(probe(text), 'no', text)
})

test('an identification string is read back', () => {
  const word = fc.stringMatching(/^[!-~]{1,60}$/)
  fc.assert(fc.property(fc.constantFrom('2.0', '1.99', '1.5'), word, fc.option(fc.stringMatching(/^[ -~]{1,60}$/)), (version, software, comment) => {
    const bytes = encodeSshIdentification({ version, software, comment })
    deepEqual(decodeSshIdentification(bytes, 0, bytes.length - 1), { version, software, comment })
    equal(everySplit(ssh, 'tcp', [{ direction: 1, bytes }], { trailing: false }).length, 1)
  }), { numRuns: 20 })
})

test('lines before it are passed over, long ones too, and so is a line that only looks like it', () => {
  deepEqual(said(`hello\r\n${'x'.repeat(700)}\nSSH-2.0-\r\nSSH-2.0-a\x01b\nSSH-2.0-good\n`, 1), [['2.0', 'good', null]])
})

test('a side that never says it is given up, and told of once', () => {
  deepEqual(said('x\n'.repeat(SSH_BEFORE_BYTES_MAX)), ['no-identification'])
  deepEqual(said('x'.repeat(2 * SSH_BEFORE_BYTES_MAX)), ['no-identification'])
})

test('the README prints the state table', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const row of SSH_STATES) ok(readme.includes(`| ${row.state} | ${row.event} | ${row.next} |`), JSON.stringify(row))
})

interface Piece {
  readonly direction: 0 | 1
  readonly bytes: Uint8Array
}

const PADDING = 6
/** A packet in clear: length, padding length, message number, `content` bytes, padding (RFC 4253 section 6). */
function packet(message: number, content: number): Uint8Array {
  const bytes = new Uint8Array(6 + content + PADDING)
  new DataView(bytes.buffer).setUint32(0, 2 + content + PADDING)
  bytes[4] = PADDING
  bytes[5] = message
  return bytes
}

/** A key exchange, then encrypted turns of these sizes: client and server in turns. `more` comes with the server's NEWKEYS (EXT_INFO). */
function talk(turns: readonly number[], more = 0, banner = 'SSH-2.0-x\n'): Piece[] {
  const say = (direction: 0 | 1, ...bytes: readonly Uint8Array[]): Piece => ({ direction, bytes: Uint8Array.from(bytes.flatMap((b) => [...b])) })
  return [
    say(0, latin(banner)), say(1, latin(banner)), say(0, packet(20, 400)), say(1, packet(20, 300)), say(0, packet(30, 36)),
    say(1, packet(31, 200), packet(21, 0), new Uint8Array(more).fill(7)), say(0, packet(21, 0)),
    ...turns.map((n, i) => say(i % 2 === 0 ? 0 : 1, new Uint8Array(n).fill(9))),
  ]
}

const answers = (pieces: Piece[]): unknown[] => runSession(ssh, 'tcp', pieces).facts
  .flatMap((f) => (f.protocol === 'ssh' && f.kind === 'refused' ? [[f.direction, f.answers]] : []))

test('refused log-ins: every answer as long as the first or a little longer, for every cipher, with EXT_INFO or without', () => {
  for (const accept of [36, 44, 52, 56, 64, 84, 100]) {
    for (const more of [0, 300]) {
      deepEqual(answers(talk([56, accept, 72, accept + 16, 152, accept + 16, 152, accept], more)), [[1, 3]], `${accept} ${more}`)
    }
  }
})

test('a log-in that was taken, at any time, tells nothing; nor a banner, a recognised key, a long session, a loss, or one side alone', () => {
  for (const turns of [[56, 44, 72, 28], [56, 44, 72, 44, 152, 28, 200, 44], [56, 44, 72, 44, 152, 28], [56, 44, 72, 44, 300, 500]]) {
    deepEqual(answers(talk(turns)), [], turns.join())
  }
  deepEqual(answers(talk([56, 44, ...Array.from({ length: 80 }, () => 44)])), [], 'no server lets anyone try so often')
  deepEqual(answers(talk([56, 44])), [], 'nobody tried')
  deepEqual(answers(talk([56, 44, 72, 44], 0, 'SSH-1.5-x\n')), [], 'version 1')
  deepEqual(answers(talk([56, 44, 72, 44]).filter((s) => s.direction === 0)), [])
  deepEqual(answers(talk([56, 44, 72, 44]).filter((s) => s.direction === 1)), [])
  const lost = talk([56, 44, 72, 44, 100, 44]).map((s, i) => (i === 9 ? { ...s, lost: 5 } : s))
  deepEqual(answers(lost), [])
})

test('a refused log-in is the same at every split, and a flow whose log-in was taken is done', () => {
  equal(everySplit(ssh, 'tcp', talk([56, 44, 72, 52, 152, 44], 40), { trailing: false }).length, 3)
  const context = fakeContext('tcp')
  const session = ssh.open(context)
  const isDone: unknown[] = []
  for (const { direction, bytes } of talk([56, 44, 72, 28, 99])) {
    session.feed(direction, bytes, 0, bytes.length, 0)
    isDone.push(session.isDone)
  }
  deepEqual(isDone, [...Array.from({ length: 11 }, () => false), true])
  session.gap(1, 5, 0)
  session.end(0)
  deepEqual(context.facts.map((f) => f.kind), ['banner', 'banner'])
})

test('a packet longer than anybody takes ends the watch', () => {
  const long = packet(20, 10)
  new DataView(long.buffer).setUint32(0, 40_000)
  const whole = talk([56, 44, 72, 44])
  deepEqual(answers([...whole.slice(0, 2), { direction: 0, bytes: long }, ...whole.slice(2)]), [])
})

const banners = (name: string): string[] => replay(sharedCapture(name) ?? '', [ssh]).facts
  .map((f) => (f.protocol === 'ssh' && f.kind === 'banner' ? `${f.direction} ${f.version} ${f.software} ${f.comment ?? ''}` : f.kind))

const GUESS = 'scan/zeek__ssh_sshguess.pcap'
/** Zeek's notice counts ten of the eleven: as many as it takes to be sure. */
test(`capture ${GUESS}: eleven connections, each end by name`, { skip: skipWithout(GUESS) }, () => {
  deepEqual(banners(GUESS).filter((b) => b !== 'refused'), Array.from({ length: 11 }, () => ['0 2.0 OpenSSH_6.2 ', '1 2.0 OpenSSH_6.7p1 Debian-3']).flat())
})

/** Counted with tshark: segments of 56 bytes from port 22 of each connection, less one for SERVICE_ACCEPT. */
test(`capture ${GUESS}: refused log-ins`, { skip: skipWithout(GUESS) }, () => {
  const facts = replay(sharedCapture(GUESS) ?? '', [ssh]).facts.flatMap((f) => (f.protocol === 'ssh' && f.kind === 'refused' ? [f.answers] : []))
  deepEqual(facts, [5, 3, 3, 3, 4, 5, 3, 3, 4, 3, 3])
})

const TUNNEL = 'tunnel/zeek__tunnels_gre-sample.pcap'
test(`capture ${TUNNEL}: the SSH inside GRE`, { skip: skipWithout(TUNNEL) }, () => {
  deepEqual(banners(TUNNEL).sort(), ['0 2.0 OpenSSH_3.6.1p1 ', '1 1.99 OpenSSH_3.1p1 '])
})
