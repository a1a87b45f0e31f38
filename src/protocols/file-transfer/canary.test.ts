// A planted patient as a file's name, of a kind that is not a clinic's, over carriers whose sessions stand alone: no fact has it.
// Keeps the patient-data rule whatever the extension; NFS, SMB and FTP have canaries of their own beside them.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import type { Fact } from '../facts.ts'
import { createFtp } from '../ftp/index.ts'
import { createHttp } from '../http/index.ts'
import { createTftp } from '../tftp/index.ts'
import { encodeTftpRequest } from '../tftp/message.ts'

const NAMES = ['ZZTEST_CANARY.bin', 'zztest-canary.tar.gz', 'ZZTEST^CANARY', 'canary.zztest', 'ZZTEST_CANARY.pdf', 'update_zztest.exe']
const text = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0))
const said = (...lines: readonly (readonly [0 | 1, string])[]): Chunk[] => lines.map(([direction, line]) => ({ direction, bytes: text(line) }))

function asked(name: string): readonly Fact[] {
  return runSession(() => createTftp(), 'udp', [{ direction: 0, bytes: encodeTftpRequest(1, name, 'octet') }], { flow: { dstPort: 69 } }).facts
}

function clean(facts: readonly unknown[], what: string): void {
  const all = JSON.stringify(facts).toLowerCase()
  ok(facts.length > 0, what)
  equal(all.includes('zztest') || all.includes('canary'), false, `${what}: ${all}`)
}

for (const name of NAMES) {
  test(`no carrier tells ${name}`, () => {
    clean(asked(name), 'tftp')
    clean(runSession(() => createFtp(), 'tcp', said(
      [1, '220 FTP\r\n'], [0, 'USER a\r\n'], [1, '331 x\r\n'], [0, 'PASS b\r\n'], [1, '230 x\r\n'],
      [0, `RETR ${name}\r\n`], [1, `150 Opening ${name} (9 bytes)\r\n`],
    )).facts, 'ftp')
    clean(runSession(() => createHttp(), 'tcp', said(
      [0, `GET /files/${name} HTTP/1.1\r\nHost: x\r\n\r\n`],
      [1, `HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Length: 4\r\n\r\n\x7fELF`],
    )).facts, 'http')
  })
}

test('what is software\'s is told by the same carriers', () => {
  deepStrictEqual(asked('pub/rootfs_v2.bin').flatMap((f) => (f.protocol === 'tftp' && f.kind === 'request' ? [f.name] : [])), ['rootfs_v2.bin'])
})
