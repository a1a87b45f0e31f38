// Tests of the filter: the program, run by an interpreter of our own, says of every call what the table says; jumps stay in their bytes.
// Keeps the rule that what is not on the list is refused, on both machines.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compileFilter, compileStartFilter, encodeFilter, NO_SUCH_CALL, REFUSED, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS,
} from '../../kernel/seccomp.ts'
import { isMachine, MACHINES, syscallNumber, type Machine, type Syscall } from '../../kernel/syscalls.ts'
import { CALLS, run, said } from '../../testing/seccomp-interpreter.ts'
import { segmentRules } from './rules.ts'

const PID = 4242
const RULES = segmentRules(PID)
const MACHINE_NAMES: readonly Machine[] = ['x64', 'arm64']

test('the program says of every call what the table says', () => {
  for (const machine of MACHINE_NAMES) {
    const program = compileFilter(RULES, machine)
    const known = CALLS.flatMap((c) => syscallNumber(c, machine) ?? [])
    const values = fc.oneof(fc.constantFrom(...RULES.flatMap((r) => r.when ?? []).flat().map((t) => t.equals)), fc.nat(0xffff_ffff))
    fc.assert(fc.property(fc.oneof(fc.constantFrom(...known), fc.nat(600), fc.nat(0xffff_ffff)), fc.array(values, { minLength: 6, maxLength: 6 }),
      fc.oneof({ weight: 9, arbitrary: fc.constant(MACHINES[machine].audit as number) }, { weight: 1, arbitrary: fc.nat(0xffff_ffff) }),
      (number, args, audit) => {
        equal(run(program, { audit, number, args }), said(RULES, machine, { audit, number, args }))
      }), { numRuns: 3000 })
  }
})

const answer = (machine: Machine, call: Syscall, args: readonly number[] = []): number =>
  run(compileFilter(RULES, machine), { audit: MACHINES[machine].audit, number: syscallNumber(call, machine) ?? -1 >>> 0, args })

test('no file, no socket, no dialling, no program, no process, no tracing', () => {
  for (const machine of MACHINE_NAMES) {
    for (const call of ['openat', 'execve', 'socket', 'connect', 'bind', 'ptrace', 'seccomp', 'capset', 'landlock_restrict_self'] as const) {
      equal(answer(machine, call), REFUSED, `${machine} ${call}`)
    }
    for (let number = 0; number < 600; number++) {
      if (CALLS.some((c) => syscallNumber(c, machine) === number)) continue
      equal(run(compileFilter(RULES, machine), { audit: MACHINES[machine].audit, number, args: [0, 0, 0, 0, 0, 0] }), REFUSED, `${machine} ${number}`)
    }
  }
})

test('the first filter, before Node starts, refuses rings and nothing else', () => {
  for (const machine of MACHINE_NAMES) {
    const program = compileStartFilter(machine)
    for (let number = 0; number < 600; number++) {
      const expected = number >= 425 && number <= 427 ? NO_SUCH_CALL : SECCOMP_RET_ALLOW
      equal(run(program, { audit: MACHINES[machine].audit, number, args: [] }), expected, `${machine} ${number}`)
    }
    equal(run(program, { audit: 0, number: 0, args: [] }), SECCOMP_RET_KILL_PROCESS)
  }
})

test('a thread may be made, a process and a namespace may not, and clone3 does not exist', () => {
  const pthread = 0x003d0f00
  for (const machine of MACHINE_NAMES) {
    equal(answer(machine, 'clone', [pthread]), SECCOMP_RET_ALLOW)
    equal(answer(machine, 'clone', [0x01200011]), REFUSED, 'fork')
    for (const flag of [0x0002_0000, 0x1000_0000, 0x4000_0000, 0x2000_0000, 0x80]) equal(answer(machine, 'clone', [pthread | flag]), REFUSED)
    equal(answer(machine, 'clone3'), NO_SUCH_CALL)
  }
})

test('a send that would dial, an unbinding from the interface and a signal to another process are refused', () => {
  equal(answer('x64', 'sendto', [5, 0, 0, 0x4000]), SECCOMP_RET_ALLOW)
  equal(answer('x64', 'sendto', [5, 0, 0, 0x2000_4000]), REFUSED)
  equal(answer('x64', 'sendmsg', [5, 0, 0x2000_0000]), REFUSED)
  equal(answer('x64', 'setsockopt', [5, 1, 25]), REFUSED, 'SO_BINDTODEVICE')
  equal(answer('x64', 'setsockopt', [5, 6, 1]), SECCOMP_RET_ALLOW, 'TCP_NODELAY')
  equal(answer('x64', 'setsockopt', [5, 6, 31]), REFUSED, 'TCP_ULP')
  equal(answer('x64', 'tgkill', [PID, 7, 6]), SECCOMP_RET_ALLOW)
  equal(answer('x64', 'tgkill', [1, 7, 9]), REFUSED)
  equal(answer('x64', 'prctl', [8]), REFUSED)
})

test('numbers of another machine and of the 32-bit set end the process', () => {
  const program = compileFilter(RULES, 'x64')
  equal(run(program, { audit: MACHINES.arm64.audit, number: 0, args: [] }), SECCOMP_RET_KILL_PROCESS)
  equal(run(program, { audit: MACHINES.x64.audit, number: 0x4000_0000, args: [] }), SECCOMP_RET_KILL_PROCESS)
})

test('the program fits the kernel: jumps in a byte, at most 4096 instructions of eight bytes', () => {
  for (const machine of MACHINE_NAMES) {
    const program = compileFilter(RULES, machine)
    ok(program.length < 4096)
    for (const { jt, jf } of program) ok(jt <= 255 && jf <= 255)
    equal(encodeFilter(program).length, program.length * 8)
  }
  deepEqual([...encodeFilter([{ code: 0x15, jt: 1, jf: 2, k: 0x01020304 }])], [0x15, 0, 1, 2, 4, 3, 2, 1])
})

test('two calls of one machine never share a number, and only two machines are known', () => {
  for (const machine of MACHINE_NAMES) {
    const numbers = CALLS.flatMap((c) => syscallNumber(c, machine) ?? [])
    equal(new Set(numbers).size, numbers.length)
  }
  deepEqual(['x64', 'arm64', 'riscv64', 'toString'].map(isMachine), [true, true, false, false])
})
