// Tests of FTP: goldens, files over PASV, EPSV, PORT and EPRT, what is no file, log-ins counted, probes, and the shared captures.
// Keeps the rule that neither a user's name nor a password is in any fact.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { runSession } from '../../testing/everysplit.ts'
import { FAKE_INITIATOR as CLIENT, FAKE_RESPONDER as SERVER } from '../../testing/fake-context.ts'
import { neverThrows } from '../../testing/fuzz.ts'
import { loadGoldens, runGoldens } from '../../testing/golden.ts'
import { replay } from '../../testing/replay.ts'
import { SeveralFlows, type OpenFlow } from '../../testing/several-flows.ts'
import { capturesMissing, sharedCapture } from '../../testing/shared.ts'
import type { Flow } from '../../wire/flow.ts'
import type { Fact } from '../facts.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { ELF_HEAD, fakeContent } from '../rpc/testdata/talk.ts'
import { createFtp } from './index.ts'
import { commandWord, extendedPort, hostPort, probeFtp, replyCode, statedSize } from './message.ts'

const TESTDATA = new URL('./testdata/', import.meta.url)
const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const files = (facts: readonly Fact[]): FileTransfer[] => facts.filter((f): f is FileTransfer => f.protocol === 'file-transfer')
const CONTENT = fakeContent(3000, ELF_HEAD)

runGoldens(TESTDATA, createFtp)

test('no bytes make it throw or say too much', () => neverThrows(createFtp, { cases: loadGoldens(TESTDATA) }))

test('no name, no password', () => {
  for (const c of loadGoldens(TESTDATA)) {
    const text = JSON.stringify(runSession(createFtp, 'tcp', c.chunks).facts)
    ok(text.length > 50)
    equal(text.includes('ZZTEST'), false, c.title)
  }
})

interface Talk {
  readonly flows: SeveralFlows
  readonly control: OpenFlow
}

/** A control connection after its greeting. */
function talk(): Talk {
  const flows = new SeveralFlows(createFtp())
  const control = flows.open('tcp', { srcPort: 40000, dstPort: 21 })
  control.say(1, '220 ProFTPD ready\r\n')
  return { flows, control }
}

/** A data connection in its own flow. */
function data({ flows }: Talk, ends: Partial<Flow>, bytes: Uint8Array, direction: 0 | 1): OpenFlow {
  const flow = flows.open('tcp', { state: 'closed', ...ends })
  flow.say(direction, bytes.slice(0, 1000))
  flow.say(direction, bytes.slice(1000))
  flow.end()
  return flow
}

const ACTIVE: Partial<Flow> = { src: SERVER, srcPort: 20, dst: CLIENT, dstPort: 5001 }
const PASSIVE: Partial<Flow> = { srcPort: 40001, dstPort: 30000 }

for (const [how, setUp, ends, fromServer] of [
  ['PASV', ['PASV', '227 Entering Passive Mode (192,0,2,53,117,48)'], PASSIVE, 1],
  ['PASV behind a translator', ['PASV', '227 Entering Passive Mode (10,0,0,1,117,48)'], PASSIVE, 1],
  ['EPSV', ['EPSV', '229 Entering Extended Passive Mode (|||30000|)'], PASSIVE, 1],
  ['PORT', ['PORT 192,0,2,10,19,137', '200 fine'], ACTIVE, 0],
  ['EPRT', ['EPRT |1|192.0.2.10|5001|', '200 fine'], ACTIVE, 0],
] as const) {
  test(`a file comes by ${how}`, () => {
    const t = talk()
    t.control.say(0, `${setUp[0]}\r\n`)
    t.control.say(1, `${setUp[1]}\r\n`)
    t.control.say(0, 'RETR /pm/monitor\r\n')
    t.control.say(1, '150 Opening BINARY mode (3000 bytes).\r\n')
    const flow = data(t, ends, CONTENT, fromServer)
    equal(flow.context.flow.protocol, 'ftp')
    const [file, ...more] = files(t.flows.facts)
    equal(more.length, 0)
    deepEqual([file?.kind, file?.over, file?.client, file?.server, file?.name, file?.size, file?.sha256, file?.magic],
      ['read', 'ftp', CLIENT, SERVER, 'monitor', 3000, sha256(CONTENT), 'elf'])
  })

  test(`a file goes by ${how}`, () => {
    const t = talk()
    t.control.say(0, `${setUp[0]}\r\n`)
    t.control.say(1, `${setUp[1]}\r\n`)
    t.control.say(0, 'STOR C:\\pm\\run.sh\r\n')
    data(t, ends, CONTENT, fromServer === 0 ? 1 : 0)
    deepEqual(files(t.flows.facts).map((f) => [f.kind, f.name, f.sha256]), [['write', 'run.sh', sha256(CONTENT)]])
  })
}

function passive(t: Talk, port = 30000): void {
  t.control.say(0, 'PASV\r\n')
  t.control.say(1, `227 ok (192,0,2,53,${port >> 8},${port & 255})\r\n`)
}

test('a listing is no file; two files use two connections; totals count them', () => {
  const t = talk()
  passive(t)
  t.control.say(0, 'LIST\r\n')
  data(t, PASSIVE, latin('-rw-r--r-- ZZTEST'), 1)
  passive(t, 30001)
  t.control.say(0, 'RETR a.bin\r\n')
  data(t, { srcPort: 40002, dstPort: 30001 }, CONTENT, 1)
  passive(t, 30002)
  t.control.say(0, 'RETR ZZTEST^CANARY.pdf\r\n')
  data(t, { srcPort: 40003, dstPort: 30002 }, CONTENT, 1)
  t.control.end()
  deepEqual(files(t.flows.facts).map((f) => f.name), ['a.bin', '*.pdf'])
  const totals = t.flows.facts.at(-1)
  deepEqual(totals?.kind === 'totals' && totals.protocol === 'ftp' ? [totals.commands, totals.transfers] : [], [6, 2])
  equal(JSON.stringify(t.flows.facts).includes('ZZTEST'), false)
})

test('a restart begins in the middle; a torn connection has no end but the stated one; a loss is a hole', () => {
  const t = talk()
  t.control.say(0, 'SIZE a.bin\r\n')
  t.control.say(1, '213 3000\r\n')
  passive(t)
  t.control.say(0, 'REST 1000\r\n')
  t.control.say(1, '350 ok\r\n')
  t.control.say(0, 'RETR a.bin\r\n')
  data(t, PASSIVE, CONTENT.slice(1000), 1)
  deepEqual(files(t.flows.facts).map((f) => [f.size, f.covered, f.complete, f.magic]), [[3000, 2000, false, null]])
  const torn = talk()
  passive(torn)
  torn.control.say(0, 'RETR b.bin\r\n')
  const flow = torn.flows.open('tcp', PASSIVE)
  flow.say(1, CONTENT.slice(0, 500))
  flow.lose(1, 100)
  flow.say(1, CONTENT.slice(600))
  flow.end()
  deepEqual(files(torn.flows.facts).map((f) => [f.size, f.covered, f.complete]), [[null, 2900, false]])
})

test('a stranger on the announced port is nobody; a client that was never announced neither', () => {
  const t = talk()
  passive(t)
  t.control.say(0, 'RETR a.bin\r\n')
  const other = data(t, { srcPort: 40001, dstPort: 30007 }, CONTENT, 1)
  equal(other.context.flow.protocol, null)
  deepEqual(files(t.flows.facts), [])
})

test('a guesser: sixteen log-ins are told, all are counted', () => {
  const t = talk()
  for (let i = 0; i < 50; i++) {
    t.control.say(0, `USER u${i}\r\n`)
    t.control.say(1, '331 password\r\n')
    t.control.say(0, `PASS p${i}\r\n`)
    t.control.say(1, '530-sorry\r\n 230 not this\r\n530 no\r\n')
  }
  t.control.end()
  equal(t.flows.facts.filter((f) => f.kind === 'login').length, 16)
  const totals = t.flows.facts.at(-1)
  deepEqual(totals?.kind === 'totals' && totals.protocol === 'ftp' ? [totals.logins, totals.failedLogins] : [], [50, 50])
})

test('lines and numbers', () => {
  const code = (text: string): number | null => replyCode(latin(text), 0, text.length)
  deepEqual(['220 hi', '220-hi', '220', '22', '2200', '099 x', '800 x', 'abc'].map(code), [220, 220, 220, null, null, null, null, null])
  const word = (text: string): string => commandWord(latin(text), 0, text.length)
  deepEqual(['retr a', 'CWD', 'QUIT', 'X', 'HELLO you', '12'].map(word), ['RETR', 'CWD', 'QUIT', '', '', ''])
  deepEqual([hostPort('(10,0,0,1,4,1)')?.port, hostPort('10,0,0,1,256,1'), hostPort('1,2,3'), hostPort('')], [1025, null, null, null])
  deepEqual(['|||6446|', '|2|1080::8|5282|', '(|||99999|)', '', 'x'].map((s) => extendedPort(s)?.port ?? null), [6446, 5282, null, null, null])
  deepEqual(['Opening (12 bytes)', 'x (a bytes)', 'none', '(5 bits)'].map(statedSize), [12, null, null, null])
})

test('probe: FTP by its greeting or its second reply; SMTP and others never; no prefix of a good one is refused', () => {
  const good = [
    '220 (vsFTPd 3.0.3)\r\n', '220-FTP of the ward\r\n', '220 ready\r\n331 who\r\n', '220 x\r\n500 what\r\n530 log in\r\n', '227 Passive (1,2,3,4,5,6)\r\n',
    '220 Welcome\r\n211-Features:\r\n',
  ]
  for (const text of good) {
    equal(probeFtp(latin(text), 0, text.length), 'yes', text)
    for (let end = 0; end < text.length; end++) ok(probeFtp(latin(text), 0, end) !== 'no', `${text} at ${end}`)
  }
  const bad = ['220 mail ESMTP\r\n250-hello\r\n', '+OK\r\n', '200 news\r\n', 'USER x\r\n', '2x', 'HTTP/1.1 200', '220x\r\n', '22\x00\x01', '331 x\r\n', '1\r\n']
  for (const text of bad) equal(probeFtp(latin(text), 0, text.length), 'no', text)
})

test('the brute force capture: a failed log-in on each of thirty connections, and no name', { skip: capturesMissing }, () => {
  const { facts, flows } = replay(sharedCapture('scan/zeek__ftp_bruteforce.pcap'), [createFtp()])
  equal(flows.filter((f) => f.protocol === 'ftp').length, 30)
  const failed = facts.filter((f) => f.protocol === 'ftp' && f.kind === 'login' && !f.accepted && f.passwordSeen)
  ok(failed.length >= 20, `${failed.length} failed log-ins; Zeek says 20 before its notice`)
  deepEqual(files(facts), [])
})

for (const name of ['malware/ndpi__emotet.pcap', 'medical/tapirx__HL7-ORM.pcap', 'scan/zeek__ssh_sshguess.pcap', 'malware/ndpi__telnet.pcap']) {
  test(`capture ${name}: no FTP`, { skip: capturesMissing }, () => {
    equal(replay(sharedCapture(name), [createFtp()]).flows.some((f) => f.protocol === 'ftp'), false)
  })
}
