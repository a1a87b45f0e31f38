// Tests of files that turn over: by size, by time and in turn, named and cut where tcpdump does it; a full disk ends the files only.
// Keeps the rule that what tcpdump makes of the same packets is the measure.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { framesOf } from '../../testing/live-namespace.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { pcapFileHeader, PCAP_RECORD_HEADER_BYTES, putPcapRecord } from '../../wire/capture/writer.ts'
import { fileName, folderOf, RotatingFiles, strftime, type RotationOptions } from './rotation.ts'

const SECOND = 1_000_000

function filesOf(options: Partial<RotationOptions> & { readonly file: string }): { readonly files: RotatingFiles; readonly said: string[] } {
  const said: string[] = []
  const all = { megabytes: null, seconds: null, files: null, linkType: 1, say: (text: string) => void said.push(text), ...options }
  return { files: new RotatingFiles(all), said }
}

function feed(files: RotatingFiles, count: number, bytes: number, step: number): void {
  for (let i = 0; i < count; i++) files.packet(new Uint8Array(bytes).fill(i & 255), 0, bytes, 1_000 * SECOND + i * step, bytes)
  files.close()
}

const sizes = (folder: string): Readonly<Record<string, number>> =>
  Object.fromEntries(fs.readdirSync(folder).sort().map((name) => [name, framesOf(path.join(folder, name)).length]))

test('by size: file, file1, file2, each its owner\'s alone, and no packet is in none', () => {
  const folder = temporaryFolder()
  const { files } = filesOf({ file: path.join(folder, 'w'), megabytes: 1 })
  feed(files, 3000, 1000, 1)
  const seen = sizes(folder)
  deepEqual(Object.keys(seen), ['w', 'w1', 'w2', 'w3'])
  equal(Object.values(seen).reduce((a, b) => a + b, 0), 3000)
  for (const name of Object.keys(seen)) equal(fs.statSync(path.join(folder, name)).mode & 0o777, 0o600)
})

test('in turn: so many files with leading zeros, and the oldest is written over', () => {
  const folder = temporaryFolder()
  const { files } = filesOf({ file: path.join(folder, 'w'), megabytes: 1, files: 2 })
  feed(files, 3000, 1000, 1)
  deepEqual(Object.keys(sizes(folder)), ['w0', 'w1'])
  equal(fileName({ file: 'w', megabytes: 1, seconds: null, files: 12, linkType: 1, say: () => undefined }, 3, 0), 'w03')
})

test('by time: a file per step, and the end after so many', () => {
  const folder = temporaryFolder()
  const { files } = filesOf({ file: path.join(folder, 'w-%s'), seconds: 10, files: 3 })
  feed(files, 50, 60, SECOND)
  deepEqual(Object.values(sizes(folder)), [10, 10, 10])
  ok(files.isOver)
  equal(files.notWritten, 20)
})

const noTcpdump = spawnSync('sh', ['-c', 'command -v tcpdump']).status === 0 ? false : 'tcpdump is not here'

test('tcpdump makes the same files of the same packets', { skip: noTcpdump }, () => {
  const [ours, theirs] = [temporaryFolder(), temporaryFolder()]
  const capture = path.join(temporaryFolder(), 'in.pcap')
  const parts: Uint8Array[] = [pcapFileHeader(1)]
  for (let i = 0; i < 4000; i++) {
    const frame = new Uint8Array(600 + (i % 900)).fill(i & 255)
    const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + frame.length)
    putPcapRecord(record, 0, 1_000 * SECOND + i, frame.length, frame, 0, frame.length)
    parts.push(record)
  }
  fs.writeFileSync(capture, Buffer.concat(parts))
  const frames = framesOf(capture)
  for (const [name, more] of [['a', {}], ['b', { files: 3 }]] as const) {
    const { files } = filesOf({ file: path.join(ours, name), megabytes: 1, ...more })
    for (const [i, frame] of frames.entries()) files.packet(frame, 0, frame.length, 1_000 * SECOND + i, frame.length)
    files.close()
    const flags = 'files' in more ? ['-W', String(more.files)] : []
    const { status, stderr } = spawnSync('tcpdump', ['-r', capture, '-Z', 'root', '-w', path.join(theirs, name), '-C', '1', ...flags])
    equal(status, 0, String(stderr))
  }
  deepEqual(sizes(ours), sizes(theirs))
})

test('a file that cannot be written is told once, with what to do, and packets go on', () => {
  const { files, said } = filesOf({ file: path.join(temporaryFolder(), 'no', 'such', 'folder', 'w') })
  feed(files, 5, 60, 1)
  equal(said.length, 1)
  match(said[0] ?? '', /cannot be written .*nothing more is kept, the capture goes on\n {2}help: /)
  equal(files.notWritten, 5)
})

const noFull = fs.existsSync('/dev/full') ? false : '/dev/full is not here'

test('a disk that is full ends the files, in words', { skip: noFull }, () => {
  const { files, said } = filesOf({ file: '/dev/full' })
  feed(files, 5, 60, 1)
  match(said[0] ?? '', /there is no room left, ENOSPC\): nothing more is kept, the capture goes on/)
  ok(fs.existsSync('/dev/full'), 'a device is not removed')
})

test('a file that lay there for all to read is its owner\'s alone afterwards', () => {
  const file = path.join(temporaryFolder(), 'w')
  fs.writeFileSync(file, 'old', { mode: 0o644 })
  feed(filesOf({ file }).files, 1, 60, 1)
  equal(fs.statSync(file).mode & 0o777, 0o600)
  equal(framesOf(file).length, 1)
})

test('names of time, and the folder that has to be written', () => {
  const at = new Date(2026, 0, 5, 7, 3, 9)
  equal(strftime('w-%Y%m%d-%H%M%S-%F-%%-%q', at), 'w-20260105-070309-2026-01-05-%-%q')
  equal(folderOf('/a/b/w.pcap'), '/a/b')
  equal(folderOf('/a/b/%Y/w.pcap'), '/a/b')
  equal(folderOf('/a/b/w-%F.pcap'), '/a/b')
})
