// Tests of TFTP: goldens, transfers over two flows, options, wrapped and repeated blocks, hostile bytes, and the shared capture.
// Keeps the rule that a file is whole only when every block was seen, whatever order they came in.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { runSession } from '../../testing/everysplit.ts'
import { FAKE_INITIATOR as CLIENT, FAKE_RESPONDER as SERVER } from '../../testing/fake-context.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import { SeveralFlows, type OpenFlow } from '../../testing/several-flows.ts'
import { capturesMissing, sharedCapture } from '../../testing/shared.ts'
import type { Fact } from '../facts.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { ELF_HEAD, fakeContent } from '../rpc/testdata/talk.ts'
import { createTftp } from './index.ts'
import { encodeTftpAck, encodeTftpData, encodeTftpError, encodeTftpOptionAck, encodeTftpRequest, looksLikeRequest, readRequest } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const files = (facts: readonly Fact[]): FileTransfer[] => facts.filter((f): f is FileTransfer => f.protocol === 'file-transfer')

runGoldens(TESTDATA, createTftp)

test('no bytes make it throw or say too much', () => neverThrows(createTftp, { cases: loadGoldens(TESTDATA) }))

test('no patient\'s name leaves', () => {
  for (const c of loadGoldens(TESTDATA)) equal(JSON.stringify(runSession(createTftp, 'udp', c.chunks).facts).includes('ZZTEST'), false, c.title)
})

/** A request flow and, from another port of the server, the data flow. */
function transfer(op: 1 | 2, options: Readonly<Record<string, string>> = {}): { flows: SeveralFlows; request: OpenFlow; data: OpenFlow } {
  const flows = new SeveralFlows(createTftp())
  const request = flows.open('udp', { srcPort: 2050, dstPort: 69 })
  request.say(0, encodeTftpRequest(op, 'pm/monitor', 'octet', options))
  return { flows, request, data: flows.open('udp', { src: SERVER, srcPort: 3333, dst: CLIENT, dstPort: 2050 }) }
}

test('a read over two flows: the data flow is known because it was announced', () => {
  const content = fakeContent(1300, ELF_HEAD)
  const { flows, request, data } = transfer(1)
  request.end()
  for (const block of [1, 2, 2, 3]) {
    data.say(0, encodeTftpData(block, content.slice((block - 1) * 512, block * 512)))
    data.say(1, encodeTftpAck(block))
  }
  data.end()
  equal(data.context.flow.protocol, 'tftp')
  deepEqual(flows.facts.map((f) => `${f.protocol} ${f.kind}`), ['tftp request', 'file-transfer read'])
  const [file] = files(flows.facts)
  deepEqual([file?.over, file?.client, file?.server, file?.name, file?.size, file?.complete, file?.sha256, file?.magic],
    ['tftp', CLIENT, SERVER, 'monitor', 1300, true, sha256(content), 'elf'])
})

test('a write with options: block size and size as they were agreed; a last block that is empty', () => {
  const content = fakeContent(2936)
  const { flows, data } = transfer(2, { blksize: '1468', tsize: '2936' })
  data.say(0, encodeTftpOptionAck({ blksize: '1468', tsize: '2936' }))
  for (const block of [1, 2, 3]) data.say(1, encodeTftpData(block, content.slice((block - 1) * 1468, block * 1468)))
  deepEqual(files(flows.facts).map((f) => [f.kind, f.size, f.sha256]), [['write', 2936, sha256(content)]])
})

test('blocks wrap behind 65535, to 0 or to 1; blocks out of order are put in place', () => {
  for (const first of [0, 1]) {
    const blocks = 65537
    const content = fakeContent(blocks * 8 + 3)
    const { flows, data } = transfer(1, { blksize: '8' })
    data.say(0, encodeTftpOptionAck({ blksize: '8' }))
    for (let i = 1; i <= blocks + 1; i++) {
      const number = i <= 65535 ? i : i - 65536 + first
      data.say(0, encodeTftpData(number, content.slice((i - 1) * 8, i * 8)))
    }
    deepEqual(files(flows.facts).map((f) => [f.size, f.sha256]), [[content.length, sha256(content)]], `from ${first}`)
  }
  const content = fakeContent(1100)
  const { flows, data } = transfer(1)
  for (const block of [2, 1, 3]) data.say(0, encodeTftpData(block, content.slice((block - 1) * 512, block * 512)))
  deepEqual(files(flows.facts).map((f) => f.sha256), [sha256(content)])
})

test('a block that never came, and a transfer that broke off, are told as they are', () => {
  const content = fakeContent(1100)
  const { flows, data } = transfer(1)
  data.say(0, encodeTftpData(1, content.slice(0, 512)))
  data.say(0, encodeTftpData(3, content.slice(1024)))
  deepEqual(files(flows.facts), [])
  data.end()
  deepEqual(files(flows.facts).map((f) => [f.covered, f.size, f.complete, f.sha256]), [[588, 1100, false, null]])
  const broken = transfer(1)
  broken.data.say(0, encodeTftpData(1, content.slice(0, 512)))
  broken.data.say(1, encodeTftpError(3, 'disk full'))
  broken.data.end()
  deepEqual(broken.flows.facts.map((f) => `${f.protocol} ${f.kind}`), ['tftp request', 'tftp error', 'file-transfer read'])
})

test('data of a flow that nobody announced is nobody\'s', () => {
  const flows = new SeveralFlows(createTftp())
  const data = flows.open('udp', { src: SERVER, srcPort: 3333, dst: CLIENT, dstPort: 2050 })
  for (let block = 1; block < 9; block++) data.say(0, encodeTftpData(block, fakeContent(512)))
  data.end()
  deepEqual([data.context.flow.protocol, flows.facts.length], [null, 0])
})

test('what is a request, and what is not', () => {
  const text = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0))
  for (const good of ['\0\x01a\0octet\0', '\0\x02a b\0NetASCII\0', '\0\x01a\0mail\0', '\0\x01\0\0\0\0octet\0', '\0\x01x\0octet\0tsize\x000\0']) {
    ok(looksLikeRequest(text(good), 0, good.length), JSON.stringify(good))
    ok(!looksLikeRequest(text(good), 0, good.length - 1), `cut: ${JSON.stringify(good)}`)
  }
  for (const bad of ['\0\x03a\0octet\0', '\0\x01a\0text\0', '\0\x01a\x01\0octet\0', '\x01\x01a\0octet\0', '\0\x01a\0octet\0tsize\0', '\0\x01octet\0']) {
    ok(!looksLikeRequest(text(bad), 0, bad.length), JSON.stringify(bad))
  }
  fc.assert(fc.property(fc.stringMatching(/^[!-~]{1,40}$/), fc.constantFrom<1 | 2>(1, 2), (name, op) => {
    const bytes = encodeTftpRequest(op, name, 'octet')
    equal(readRequest(bytes, 0, bytes.length)?.op, op)
  }))
})

test('the capture: eight transfers asked for, one whole, by hash and size', { skip: capturesMissing }, () => {
  const { facts, flows } = replay(sharedCapture('inventory/ndpi__tftp.pcap'), [createTftp()])
  equal(flows.filter((f) => f.protocol === 'tftp').length, 9, 'all flows, as nDPI counts them')
  const names = facts.flatMap((f) => (f.protocol === 'tftp' && f.kind === 'request' ? [f.name] : []))
  deepEqual(names, [null, null, 'rfc1350.txt', '*', '*.bin', 'empty100KB'])
  deepEqual(files(facts).map((f) => [f.kind, f.name, f.size, f.covered, f.complete]), [
    ['read', 'rfc1350.txt', 24599, 24599, true], ['write', '*.bin', null, 512, false], ['write', 'empty100KB', 100000, 0, false],
  ])
})
