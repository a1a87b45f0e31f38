// seccomp: tables of the system calls that a process may make, and such a table as a program of the kernel's filter.
// Keeps the rule that what is not on the list is refused; the list every Node needs opens, names and starts nothing.

import { MACHINES, syscallNumber, type Machine, type Syscall } from './syscalls.ts'

/** `(argument & mask) === equals`, or its contrary with `isNot`, on the low 32 bits: the calls below take ints or flags there. */
export interface ArgumentTest {
  readonly argument: number
  readonly mask?: number
  readonly equals: number
  readonly isNot?: true
}

export interface SyscallRule {
  readonly call: Syscall
  /** Allowed when all tests of one alternative hold; without alternatives always. */
  readonly when?: readonly (readonly ArgumentTest[])[]
}

/** What the loop of events, the memory and the threads of Node need. None of it opens, names, sends or starts anything. */
const ALWAYS: readonly Syscall[] = [
  'read', 'epoll_pwait', 'epoll_wait', 'epoll_ctl', 'futex', 'close', 'clock_gettime', 'madvise', 'mprotect',
  'mmap', 'munmap', 'mremap', 'brk', 'readv', 'epoll_pwait2', 'poll', 'ppoll', 'eventfd2', 'fstat', 'getrandom', 'gettimeofday', 'clock_nanosleep',
  'nanosleep', 'sched_yield', 'getpid', 'gettid', 'getrusage', 'sched_getaffinity', 'rt_sigprocmask', 'rt_sigaction', 'rt_sigreturn', 'sigaltstack',
  'restart_syscall', 'set_robust_list', 'rseq', 'membarrier', 'munlock', 'pkey_alloc', 'pkey_free', 'pkey_mprotect', 'exit', 'exit_group',
]

export const oneOf = (argument: number, values: readonly number[]): readonly ArgumentTest[][] => values.map((equals) => [{ argument, equals }])

/** linux/sched.h: a thread of this process, and no namespace of its own. */
const CLONE_THREAD = 0x0001_0000
export const CLONE_NEW_ANY = 0x7e02_0080
/** F_GETFD, F_SETFD, F_GETFL, F_SETFL. */
const FCNTL = [1, 2, 3, 4]
/** FIONBIO, FIOCLEX, FIONREAD, TCGETS (whether something is a terminal). */
const IOCTL = [0x5421, 0x5451, 0x541b, 0x5401]
/** PR_GET_NAME, PR_SET_NAME, and PR_SET_VMA, by which V8 names its memory. */
const PRCTL = [16, 15, 0x53564d41]

/** What every Node needs that is closed in; writing is not in it, because to whom depends on the process. */
export function nodeRules(pid: number): readonly SyscallRule[] {
  return [
    ...ALWAYS.map((call) => ({ call })),
    { call: 'fcntl', when: oneOf(1, FCNTL) },
    { call: 'ioctl', when: oneOf(1, IOCTL) },
    { call: 'clone', when: [[{ argument: 0, mask: CLONE_THREAD | CLONE_NEW_ANY, equals: CLONE_THREAD }]] },
    { call: 'prctl', when: oneOf(0, PRCTL) },
    { call: 'tgkill', when: oneOf(0, [pid]) },
  ]
}

/** linux/seccomp.h */
export const SECCOMP_RET_ALLOW = 0x7fff_0000
export const SECCOMP_RET_KILL_PROCESS = 0x8000_0000
const SECCOMP_RET_ERRNO = 0x0005_0000
const EPERM = 1
const ENOSYS = 38
export const REFUSED = SECCOMP_RET_ERRNO | EPERM
/** clone3 hides its flags in memory, so it does not exist here: the C library then takes clone. */
export const NO_SUCH_CALL = SECCOMP_RET_ERRNO | ENOSYS

/** Classic BPF (linux/bpf_common.h): load a word of the call's data, and with a constant, jump when equal or at least, return. */
const Code = { load: 0x20, and: 0x54, jumpEqual: 0x15, jumpAtLeast: 0x35, giveBack: 0x06 } as const

export interface Instruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

const load = (offset: number): Instruction => ({ code: Code.load, jt: 0, jf: 0, k: offset })
const giveBack = (k: number): Instruction => ({ code: Code.giveBack, jt: 0, jf: 0, k: k >>> 0 })
/** Skips `jf` instructions unless equal. */
const unlessEqual = (k: number, jf: number): Instruction => ({ code: Code.jumpEqual, jt: 0, jf, k: k >>> 0 })

/** struct seccomp_data: the number, the machine, the instruction pointer, then six arguments of 64 bits, little endian on both machines. */
const NUMBER_AT = 0
const MACHINE_AT = 4
const lowWordAt = (argument: number): number => 16 + 8 * argument
/** x64 has a second set of numbers for 32-bit pointers. */
const X32_BIT = 0x4000_0000

/** Calls of another machine's numbering end the process. */
function onlyOf(machine: Machine): readonly Instruction[] {
  return [
    load(MACHINE_AT), { ...unlessEqual(MACHINES[machine].audit, 0), jt: 1 }, giveBack(SECCOMP_RET_KILL_PROCESS),
    load(NUMBER_AT), { code: Code.jumpAtLeast, jt: 0, jf: 1, k: X32_BIT }, giveBack(SECCOMP_RET_KILL_PROCESS),
  ]
}

/** What libuv would make at its start and use for ever after, past any filter: a ring for calls. Without it libuv takes epoll. */
const RINGS: readonly Syscall[] = ['io_uring_setup', 'io_uring_enter', 'io_uring_register']

/** The first filter, taken before the program starts: everything goes but rings. */
export function compileStartFilter(machine: Machine): readonly Instruction[] {
  const refusals = RINGS.flatMap((call) => {
    const number = syscallNumber(call, machine)
    return number === null ? [] : [unlessEqual(number, 1), giveBack(NO_SUCH_CALL)]
  })
  return [...onlyOf(machine), ...refusals, giveBack(SECCOMP_RET_ALLOW)]
}

/** The rules as a program. */
export function compileFilter(rules: readonly SyscallRule[], machine: Machine): readonly Instruction[] {
  const clone3 = syscallNumber('clone3', machine)
  return [
    ...onlyOf(machine),
    ...rules.flatMap((rule) => {
      const number = syscallNumber(rule.call, machine)
      return number === null ? [] : ruleBlock(number, rule)
    }),
    ...(clone3 === null ? [] : [unlessEqual(clone3, 1), giveBack(NO_SUCH_CALL)]),
    giveBack(REFUSED),
  ]
}

/**
 * The newest call that was looked at for the tables of refusals: mseal of Linux 6.10; both machines number alike from 424 on. Newer ones do not
 * exist there, so that no kernel brings a way out that nobody has read of; the C library takes the older way.
 */
export const LAST_CALL_READ = 462

/**
 * The contrary, for a process that has to start others: what a rule names is refused, all else that is known is allowed. Weaker, because a list
 * can miss a call. clone3 hides in memory what it makes, so it does not exist here either.
 */
export function compileRefusals(rules: readonly SyscallRule[], machine: Machine): readonly Instruction[] {
  const clone3 = syscallNumber('clone3', machine)
  return [
    ...onlyOf(machine),
    { code: Code.jumpAtLeast, jt: 0, jf: 1, k: LAST_CALL_READ + 1 }, giveBack(NO_SUCH_CALL),
    ...(clone3 === null ? [] : [unlessEqual(clone3, 1), giveBack(NO_SUCH_CALL)]),
    ...rules.flatMap((rule) => {
      const number = syscallNumber(rule.call, machine)
      return number === null ? [] : ruleBlock(number, rule, REFUSED, SECCOMP_RET_ALLOW)
    }),
    giveBack(SECCOMP_RET_ALLOW),
  ]
}

/** `met` when all tests of one alternative hold. */
function ruleBlock(number: number, rule: SyscallRule, met = SECCOMP_RET_ALLOW, otherwise = REFUSED): Instruction[] {
  if (rule.when === undefined) return [unlessEqual(number, 1), giveBack(met)]
  const body = [...rule.when.flatMap((tests) => alternative(tests, met)), giveBack(otherwise)]
  return [unlessEqual(number, body.length), ...body]
}

/** All tests, then what is met; a test that fails goes past it. Each test's jump counts what follows in its alternative. */
function alternative(tests: readonly ArgumentTest[], met: number): Instruction[] {
  let after: Instruction[] = [giveBack(met)]
  for (const test of tests.toReversed()) {
    const masked = test.mask === undefined ? [] : [{ code: Code.and, jt: 0, jf: 0, k: test.mask >>> 0 }]
    const past = after.length
    const jump = test.isNot ? { ...unlessEqual(test.equals, 0), jt: past } : unlessEqual(test.equals, past)
    after = [load(lowWordAt(test.argument)), ...masked, jump, ...after]
  }
  return after
}

/** struct sock_filter: code u16, jt u8, jf u8, k u32. */
export function encodeFilter(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    view.setUint16(i * 8, code, true)
    view.setUint8(i * 8 + 2, jt)
    view.setUint8(i * 8 + 3, jf)
    view.setUint32(i * 8 + 4, k, true)
  }
  return bytes
}
