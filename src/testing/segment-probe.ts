// segment-probe: a program that stands where the segment's program stands and tries what an attacker would try, before and after the last wall.
// Keeps the rule that it harms nothing where a wall is missing: files have names of their own, programs are /bin/true, addresses are loopback.

import { spawn } from 'node:child_process'
import crypto from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { promisify } from 'node:util'
import { FrameKind, FrameWriter } from '../gateway/segment/frames.ts'
import {
  AF_INET, bind, connect, errnoName, execve, open, prctl, setsockopt, socket, socketAddress, SOCK_DGRAM, SOCK_STREAM, syscall, type Outcome,
} from '../kernel/libc.ts'
import { encodeControl } from '../gateway/segment/messages.ts'
import { CHANNEL_FD, FIRST_SOCKET_FD, type SegmentPlan } from '../gateway/segment/plan.ts'
import { segmentRules } from '../gateway/segment/rules.ts'
import { closeCalls } from '../kernel/sandbox.ts'
import { isMachine, syscallNumber, type Syscall } from '../kernel/syscalls.ts'

const told = new Map<string, string>()
const word = ({ value, errno }: Outcome): string => (value >= 0 ? 'done' : errnoName(errno))

async function attempt(name: string, act: () => unknown): Promise<void> {
  try {
    const result = await act()
    told.set(name, typeof result === 'string' ? result : 'done')
  } catch (cause) {
    told.set(name, (cause as NodeJS.ErrnoException).code ?? (cause as Error).name)
  }
}

function raw(call: Syscall, ...args: readonly number[]): string {
  return isMachine(process.arch) ? word(syscall(syscallNumber(call, process.arch) ?? -1, ...args)) : 'no table'
}

/** What the first stage alone refuses. */
async function beforeTheFilter(): Promise<void> {
  await attempt('before: write a file', () => fs.writeFileSync('/tmp/cordon-segment-probe', ''))
  await attempt('before: read /etc/passwd', () => fs.readFileSync('/etc/passwd'))
  await attempt('before: read a file in a thread', () => fs.promises.readFile('/etc/hostname'))
  await attempt('before: list a folder', () => fs.readdirSync('/etc'))
  await attempt('before: start a program', () => once(spawn('/bin/true'), 'spawn'))
  await attempt('before: dial', () => once(net.connect(9, '127.0.0.1'), 'connect'))
  await attempt('before: bind', () => once(net.createServer().listen(0, '127.0.0.1'), 'listening'))
  await attempt('before: read the own program', () => fs.readFileSync(import.meta.filename))
  await attempt('before: ring of calls', () => raw('io_uring_setup', 8, 0))
}

async function afterTheFilter(): Promise<void> {
  const address = socketAddress('127.0.0.1', 9)
  await attempt('read the own program', () => word(open(import.meta.filename, 0)))
  await attempt('write a file', () => fs.writeFileSync('/tmp/cordon-segment-probe', ''))
  await attempt('read a file in a thread', () => fs.promises.readFile(import.meta.filename))
  await attempt('new TCP socket', () => word(socket(AF_INET, SOCK_STREAM)))
  await attempt('new UDP socket', () => word(socket(AF_INET, SOCK_DGRAM)))
  await attempt('new packet socket', () => word(socket(17, 3)))
  await attempt('new UNIX socket', () => word(socket(1, SOCK_STREAM)))
  await attempt('dial with an inherited socket', () => word(connect(FIRST_SOCKET_FD, address)))
  await attempt('bind an inherited socket', () => word(bind(FIRST_SOCKET_FD, address)))
  await attempt('leave the interface', () => word(setsockopt(FIRST_SOCKET_FD, 1, 25, Buffer.from('\0'))))
  await attempt('become another program', () => word(execve('/bin/true', ['true'], [])))
  await attempt('start a program', () => once(spawn('/bin/true'), 'spawn'))
  await attempt('trace', () => raw('ptrace', 0))
  await attempt('ring of calls', () => raw('io_uring_setup', 8, 0))
  await attempt('another filter', () => raw('seccomp', 1, 0))
  await attempt('name of the process', () => word(prctl(4, 1)))
  await attempt('eval', () => Reflect.apply(Reflect.get(globalThis, 'eval') as (text: string) => unknown, null, ['1']))
  await attempt('random bytes in a thread', () => promisify(crypto.randomBytes)(16))
}

const plan = JSON.parse(process.argv[2] ?? '{}') as SegmentPlan
await beforeTheFilter()
const holds = [...plan.holds, ...closeCalls(segmentRules)]
await afterTheFilter()
const channel = new net.Socket({ fd: CHANNEL_FD, readable: true, writable: true })
channel.on('data', () => process.exit(0)).on('end', () => process.exit(0))
new FrameWriter(channel).put(FrameKind.control, encodeControl({
  kind: 'ready', at: 0, sandbox: [...told].map(([name, outcome]) => `${name}: ${outcome}`),
  missing: holds.filter((h) => !h.holds).map(({ what, why, isVital }) => ({ what, why, isVital })),
}))
