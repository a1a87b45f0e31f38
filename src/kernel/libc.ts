// libc: the few functions of the C library and of the kernel that Cordon needs and Node does not have: bind, Landlock, seccomp, capset, execve.
// Keeps the rule that a refusal of the kernel is an errno in a value, with its name; nothing here decides anything.

import koffi from 'koffi'
import os from 'node:os'

const libc = koffi.load(null)

/** The same symbol by the shapes that are needed: numbers only, and with one or two addresses. */
const numbers6 = libc.func('syscall', 'long', ['long', 'long', 'long', 'long', 'long', 'long'])
const pointerFirst = libc.func('syscall', 'long', ['long', 'void *', 'size_t', 'long'])
const pointerThird = libc.func('syscall', 'long', ['long', 'long', 'long', 'void *', 'long'])
const pointers2 = libc.func('syscall', 'long', ['long', 'void *', 'void *'])
const Program = koffi.struct('cordon_sock_fprog', { len: 'uint16_t', filter: 'uint8_t *' })
const withProgram = libc.func('syscall', 'long', ['long', 'long', 'long', koffi.pointer(Program)])

const cSocket = libc.func('int socket(int, int, int)')
const cBind = libc.func('int bind(int, void *, uint32_t)')
const cConnect = libc.func('int connect(int, void *, uint32_t)')
const cListen = libc.func('int listen(int, int)')
const cClose = libc.func('int close(int)')
const cSetsockopt = libc.func('int setsockopt(int, int, int, void *, uint32_t)')
const cSetsockoptProgram = libc.func('int setsockopt(int, int, int, cordon_sock_fprog *, uint32_t)')
const cFcntl = libc.func('int fcntl(int, int, long)')
const cExecve = libc.func('int execve(const char *, const char **, const char **)')
const cPrctl = libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)')
const cSetgroups = libc.func('int setgroups(size_t, void *)')
const cSetresgid = libc.func('int setresgid(uint32_t, uint32_t, uint32_t)')
const cSetresuid = libc.func('int setresuid(uint32_t, uint32_t, uint32_t)')
const cSetrlimit = libc.func('int setrlimit(int, void *)')
const cGetrlimit = libc.func('int getrlimit(int, void *)')
const cOpen = libc.func('int open(const char *, int, int)')
const cGetsockopt = libc.func('int getsockopt(int, int, int, void *, _Inout_ uint32_t *)')
const cMmap = libc.func('void *mmap(void *, size_t, int, int, int, long)')
const cPoll = libc.func('int poll(void *, unsigned long, int)')
const cPipe = libc.func('int pipe2(void *, int)')
const cSendto = libc.func('long sendto(int, void *, size_t, int, void *, uint32_t)')
const cWrite = libc.func('long write(int, void *, size_t)')
const cGetsockname = libc.func('int getsockname(int, void *, _Inout_ uint32_t *)')
const cIoctl = libc.func('int ioctl(int, unsigned long, void *)')
const cIfIndex = libc.func('unsigned int if_nametoindex(const char *)')

/** Name of an errno, e.g. `EADDRINUSE`. */
export function errnoName(errno: number): string {
  return Object.entries(os.constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`
}

/** What a call gave: `value` at least 0, or `errno`. */
export interface Outcome {
  readonly value: number
  /** 0 when it went well. */
  readonly errno: number
}

function outcome(value: number): Outcome {
  return value < 0 ? { value, errno: koffi.errno() } : { value, errno: 0 }
}

export function syscall(number: number, ...args: readonly number[]): Outcome {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = args
  return outcome(Number(numbers6(number, a, b, c, d, e)))
}

/** `f(address, size, flags)`. */
export function syscallWithBytes(number: number, bytes: Uint8Array | null, size: number, flags = 0): Outcome {
  return outcome(Number(pointerFirst(number, bytes, size, flags)))
}

/** `f(number, number, address, flags)`. */
export function syscallWithThird(number: number, first: number, second: number, bytes: Uint8Array, flags = 0): Outcome {
  return outcome(Number(pointerThird(number, first, second, bytes, flags)))
}

export function syscallWithTwo(number: number, first: Uint8Array, second: Uint8Array): Outcome {
  return outcome(Number(pointers2(number, first, second)))
}

/** setsockopt(SO_ATTACH_FILTER) takes the program by the same shape. */
export function setsockoptFilter(fd: number, level: number, option: number, instructions: Uint8Array): Outcome {
  return outcome(Number(cSetsockoptProgram(fd, level, option, { len: instructions.length / 8, filter: instructions }, koffi.sizeof(Program))))
}

/** seccomp(operation, flags, program); `instructions` are of eight bytes each. */
export function syscallSeccomp(number: number, operation: number, flags: number, instructions: Uint8Array): Outcome {
  return outcome(Number(withProgram(number, operation, flags, { len: instructions.length / 8, filter: instructions })))
}

export const socket = (family: number, type: number, protocol = 0): Outcome => outcome(Number(cSocket(family, type, protocol)))
export const bind = (fd: number, address: Uint8Array): Outcome => outcome(Number(cBind(fd, address, address.length)))
export const connect = (fd: number, address: Uint8Array): Outcome => outcome(Number(cConnect(fd, address, address.length)))
export const listen = (fd: number, backlog: number): Outcome => outcome(Number(cListen(fd, backlog)))
export const close = (fd: number): Outcome => outcome(Number(cClose(fd)))
export const setsockopt = (fd: number, level: number, option: number, value: Uint8Array): Outcome =>
  outcome(Number(cSetsockopt(fd, level, option, value, value.length)))
export const fcntl = (fd: number, command: number, value: number): Outcome => outcome(Number(cFcntl(fd, command, value)))
export const prctl = (option: number, ...args: readonly number[]): Outcome =>
  outcome(Number(cPrctl(option, args[0] ?? 0, args[1] ?? 0, args[2] ?? 0, args[3] ?? 0)))
/** Comes back only when it failed. */
export const execve = (file: string, argv: readonly string[], env: readonly string[]): Outcome =>
  outcome(Number(cExecve(file, [...argv, null], [...env, null])))
export const dropGroups = (): Outcome => outcome(Number(cSetgroups(0, null)))
export const setresgid = (id: number): Outcome => outcome(Number(cSetresgid(id, id, id)))
export const setresuid = (id: number): Outcome => outcome(Number(cSetresuid(id, id, id)))
/** The effective account alone, to be taken back. */
export const seteuid = (id: number): Outcome => outcome(Number(cSetresuid(0xffffffff, id, 0xffffffff)))
export const open = (file: string, flags: number): Outcome => outcome(Number(cOpen(file, flags, 0)))

/** The bytes of an option as the kernel fills them, at most `size`. */
export function getsockopt(fd: number, level: number, option: number, size: number): Outcome & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(size)
  const length = [size]
  const done = outcome(Number(cGetsockopt(fd, level, option, bytes, length)))
  return { ...done, bytes: bytes.subarray(0, length[0]) }
}

/** The address that a socket is bound to, as the kernel lays it out. */
export function getsockname(fd: number): Outcome & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(128)
  const done = outcome(Number(cGetsockname(fd, bytes, [bytes.length])))
  return { ...done, bytes }
}

/** `bytes` are read and written in place. */
export const ioctl = (fd: number, request: number, bytes: Uint8Array): Outcome => outcome(Number(cIoctl(fd, request, bytes)))

/** PROT_READ | PROT_WRITE, MAP_SHARED. */
const MAP_BOTH = 3
const MAP_SHARED = 1
/** Memory that a descriptor shares with us, from its start; null with the errno when it gives none. */
export function mapShared(fd: number, length: number): { readonly memory: ArrayBuffer | null; readonly errno: number } {
  const address: unknown = cMmap(null, length, MAP_BOTH, MAP_SHARED, fd, 0)
  // MAP_FAILED is -1.
  if (address === null || koffi.address(address) >= 2n ** 64n - 4096n) return { memory: null, errno: koffi.errno() }
  return { memory: koffi.view(address, length), errno: 0 }
}

/** Waits for one descriptor; `value` has what happened (POLLIN 1, POLLERR 8, ...), 0 when nothing did. */
export function pollOne(fd: number, events: number, timeoutMs: number): Outcome {
  const one = new Uint8Array(8)
  const view = new DataView(one.buffer)
  view.setInt32(0, fd, true)
  view.setInt16(4, events, true)
  const done = outcome(Number(cPoll(one, 1, timeoutMs)))
  return done.errno === 0 ? { value: view.getInt16(6, true), errno: 0 } : done
}

/** [read end, write end], neither inherited. */
export function pipe(): Outcome & { readonly ends: readonly [number, number] } {
  const ends = new Int32Array(2)
  const done = outcome(Number(cPipe(ends, SOCK_CLOEXEC)))
  return { ...done, ends: [ends[0] ?? -1, ends[1] ?? -1] }
}

export const sendto = (fd: number, bytes: Uint8Array, address: Uint8Array | null): Outcome =>
  outcome(Number(cSendto(fd, bytes, bytes.length, 0, address, address?.length ?? 0)))
export const write = (fd: number, bytes: Uint8Array): Outcome => outcome(Number(cWrite(fd, bytes, bytes.length)))
/** 0 when there is no such interface. */
export const interfaceIndex = (name: string): number => Number(cIfIndex(name))

export function setrlimit(resource: number, soft: number, hard: number): Outcome {
  return outcome(Number(cSetrlimit(resource, new Uint8Array(new BigUint64Array([BigInt(soft), BigInt(hard)]).buffer))))
}

/** The limit that cannot be passed; null when it cannot be read. */
export function hardLimit(resource: number): number | null {
  const words = new BigUint64Array(2)
  const bytes = new Uint8Array(words.buffer)
  return Number(cGetrlimit(resource, bytes)) === 0 ? Number(words[1]) : null
}

/** sockaddr_in: family in the machine's order, port and address in the network's. */
export function socketAddress(ip: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_INET, os.endianness() === 'LE')
  view.setUint16(2, port)
  bytes.set(ip.split('.').map(Number), 4)
  return bytes
}

export const AF_INET = 2
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_CLOEXEC = 0o2000000
