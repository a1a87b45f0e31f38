// Tests of SSDP: goldens, hostile bytes, round trips, the probe, repeats, and that paths stay behind.
// Keeps the rule that each case is a document: see testdata.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeContext } from '../../testing/fake-context.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { ssdp } from './index.ts'
import { decodeSsdp, encodeSsdp } from './message.ts'
import { originOf } from './session.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const ALIVE = encodeSsdp('notify', { nt: 'upnp:rootdevice', nts: 'ssdp:alive', usn: 'uuid:1::upnp:rootdevice', server: 'Linux/5.4 UPnP/1.0 X/1' })

runGoldens(TESTDATA, ssdp)

test('no bytes make it throw or say too much', () => {
  neverThrows(ssdp, { cases: loadGoldens(TESTDATA) })
})

const probe = (bytes: Uint8Array): string => ssdp.probe('udp', 0, bytes, 0, bytes.length)
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

test('probe wants the first line and the type', () => {
  equal(probe(ALIVE), 'yes')
  for (let length = 0; length < 40; length++) equal(probe(ALIVE.slice(0, length)), 'no', `${length}`)
  for (const text of ['GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'NOTIFY sip:a SIP/2.0\r\n', 'M-SEARCH * HTTP/1.0\r\n']) {
    equal(probe(bytesOf(text)), 'no', text)
  }
})

test('decode gives back what encode wrote', () => {
  const value = fc.stringMatching(/^[!-~]{1,40}$/)
  fc.assert(fc.property(fc.constantFrom('notify', 'search', 'response' as const), value, value, value, (kind, nt, st, server) => {
    const bytes = encodeSsdp(kind, { nt, st, server })
    const message = decodeSsdp(bytes, 0, bytes.length)
    const { fields } = message ?? {}
    deepEqual([message?.kind, fields?.get('nt'), fields?.get('st'), fields?.get('server'), message?.isWhole], [kind, nt, st, server, true])
  }))
})

test('a thousand equal announcements, and some whose dates differ, are one fact', () => {
  const context = fakeContext('udp')
  const session = ssdp.open(context)
  for (let i = 0; i < 1000; i++) session.feed(0, ALIVE, 0, ALIVE.length, i)
  for (let i = 0; i < 9; i++) {
    const dated = Uint8Array.from([...ALIVE.slice(0, -2), ...bytesOf(`DATE: ${i}\r\n\r\n`)])
    session.feed(0, dated, 0, dated.length, i)
  }
  equal(context.facts.length, 1)
})

test('more lines than the bound are told, and what came before is kept', () => {
  const context = fakeContext('udp')
  const long = Uint8Array.from([...ALIVE.slice(0, -2), ...bytesOf('X: y\r\n'.repeat(90))])
  ssdp.open(context).feed(0, long, 0, long.length, 0)
  deepEqual(context.facts.map((f) => (f.kind === 'malformed' ? f.reason : f.kind)), ['announce', 'too-long'])
})

test('of a location only scheme, host and port leave', () => {
  deepEqual(['http://10.0.0.9:80/desc.xml?key=secret', 'http://user:secret@[fe80::1]:80', 'http://h?secret=1', 'nothing', '://x'].map(originOf),
    ['http://10.0.0.9:80', 'http://[fe80::1]:80', 'http://h', null, null])
  fc.assert(fc.property(fc.stringMatching(/^[!-~]{0,30}$/), (tail) => ok(!(originOf(`http://h/${tail}`) ?? '').includes('/', 8))))
})
