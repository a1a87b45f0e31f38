// reader-probe: a program that stands where the reader of a ring stands, with the same walls, and tries to send and to get out.
// Keeps the rule that it harms nothing where a wall is missing: the ring is on a wire of a namespace, files have names of their own.

import fs from 'node:fs'
import { errnoName, execve, open, sendto, setsockopt, socket, syscall, write, type Outcome } from '../kernel/libc.ts'
import { closeCalls, type Hold } from '../kernel/sandbox.ts'
import { isMachine, syscallNumber, type Syscall } from '../kernel/syscalls.ts'
import { RING_FD, type ReaderPlan } from '../sensor/live/reader-plan.ts'
import { readerRules } from '../sensor/live/reader-rules.ts'

const word = ({ value, errno }: Outcome): string => (value >= 0 ? 'done' : errnoName(errno))
const raw = (call: Syscall, ...args: readonly number[]): string =>
  isMachine(process.arch) ? word(syscall(syscallNumber(call, process.arch) ?? -1, ...args)) : 'no table'

const plan = JSON.parse(process.argv[2] ?? '{}') as ReaderPlan
const FRAME = new Uint8Array(60).fill(0xee)
const AF_PACKET = 17
const tries: readonly (readonly [string, () => string])[] = [
  ['sendto on the ring', () => word(sendto(RING_FD, FRAME, null))],
  ['write on the ring', () => word(write(RING_FD, FRAME))],
  ['sendmsg on the ring', () => raw('sendmsg', RING_FD, 0, 0)],
  ['another filter on the ring', () => word(setsockopt(RING_FD, 1, 27, new Uint8Array(4)))],
  ['the ring by another number', () => raw('dup', RING_FD)],
  ['the ring by another number, by fcntl', () => raw('fcntl', RING_FD, 1030, 200)],
  ['new packet socket', () => word(socket(AF_PACKET, 3))],
  ['new TCP socket', () => word(socket(2, 1))],
  ['new UNIX socket', () => word(socket(1, 1))],
  ['ring of calls', () => raw('io_uring_setup', 8, 0)],
  ['read a file', () => word(open('/etc/hostname', 0))],
  ['become another program', () => word(execve('/bin/true', ['true'], []))],
  ['write into its own pipe', () => word(write(2, new Uint8Array(0)))],
]
const before = word(open(import.meta.filename, 0))
const holds: readonly Hold[] = [...plan.holds, ...closeCalls((pid) => readerRules(pid, RING_FD))]
const told = tries.map(([what, attempt]): Hold => ({ what, holds: false, why: attempt(), isVital: false }))
const control: Hold = { what: 'before the filter: read its own program', holds: false, why: before, isVital: false }
fs.writeSync(2, `${JSON.stringify({ holds: [...holds, ...told, control] })}\n`)
for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
