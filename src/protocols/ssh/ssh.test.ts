// Tests of the SSH row: goldens, hostile bytes, lines before the line, and real captures.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedCapture, skipWithout } from '../../testing/capture-frames.ts'
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
  .map((f) => (f.protocol === 'ssh' ? (f.kind === 'banner' ? [f.version, f.software, f.comment] : f.reason) : null))

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

const banners = (name: string): string[] => replay(sharedCapture(name) ?? '', [ssh]).facts
  .map((f) => (f.protocol === 'ssh' && f.kind === 'banner' ? `${f.direction} ${f.version} ${f.software} ${f.comment ?? ''}` : f.kind))

const GUESS = 'scan/zeek__ssh_sshguess.pcap'
/** Zeek's notice counts ten of the eleven: as many as it takes to be sure. */
test(`capture ${GUESS}: eleven connections, each end by name`, { skip: skipWithout(GUESS) }, () => {
  deepEqual(banners(GUESS), Array.from({ length: 11 }, () => ['0 2.0 OpenSSH_6.2 ', '1 2.0 OpenSSH_6.7p1 Debian-3']).flat())
})

const TUNNEL = 'tunnel/zeek__tunnels_gre-sample.pcap'
test(`capture ${TUNNEL}: the SSH inside GRE`, { skip: skipWithout(TUNNEL) }, () => {
  deepEqual(banners(TUNNEL).sort(), ['0 2.0 OpenSSH_3.6.1p1 ', '1 1.99 OpenSSH_3.1p1 '])
})
