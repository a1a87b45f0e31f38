// Tests of the compiler of filters on tables of any shape: the program, interpreted, and the table, read slowly, say the same.
// Keeps the rule that a new kind of test in a table is a new kind of test here.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CALLS, run, said, saidRefused } from '../testing/seccomp-interpreter.ts'
import {
  compileFilter, compileRefusals, LAST_CALL_READ, NO_SUCH_CALL, nodeRules, REFUSED, SECCOMP_RET_ALLOW, type ArgumentTest, type SyscallRule,
} from './seccomp.ts'
import { MACHINES, syscallNumber, type Machine } from './syscalls.ts'

const MACHINE_NAMES: readonly Machine[] = ['x64', 'arm64']
const word = fc.oneof(fc.nat(8), fc.nat(0xffff_ffff))

const argumentTest: fc.Arbitrary<ArgumentTest> = fc.record({ argument: fc.nat(5), equals: word, mask: word, isNot: fc.boolean() }).map(
  ({ argument, equals, mask, isNot }) => ({ argument, equals, ...(mask < 6 ? {} : { mask }), ...(isNot ? { isNot } : {}) }))
const alternatives = fc.array(fc.array(argumentTest, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
/** clone3 is on no table: the compiler answers it itself. */
const named = fc.constantFrom(...CALLS.filter((c) => c !== 'clone3'))
const rules: fc.Arbitrary<readonly SyscallRule[]> = fc.uniqueArray(
  fc.record({ call: named, when: fc.option(alternatives) }),
  { selector: (r) => r.call, maxLength: 12 },
).map((rows) => rows.map(({ call, when }) => (when === null ? { call } : { call, when })))

test('any table: the program says of every call what the table says', () => {
  fc.assert(fc.property(rules, fc.constantFrom(...MACHINE_NAMES), fc.constantFrom(...CALLS), fc.array(word, { minLength: 6, maxLength: 6 }),
    (table, machine, name, args) => {
      const call = { audit: MACHINES[machine].audit, number: syscallNumber(name, machine) ?? 500, args }
      equal(run(compileFilter(table, machine), call), said(table, machine, call))
    }), { numRuns: 2000 })
})

test('any table of refusals: what it names is refused, what nobody has read of and clone3 do not exist, and all else is allowed', () => {
  fc.assert(fc.property(rules, fc.constantFrom(...MACHINE_NAMES), fc.constantFrom(...CALLS), fc.array(word, { minLength: 6, maxLength: 6 }),
    (table, machine, name, args) => {
      const call = { audit: MACHINES[machine].audit, number: syscallNumber(name, machine) ?? 500, args }
      equal(run(compileRefusals(table, machine), call), saidRefused(table, machine, call))
    }), { numRuns: 2000 })
  for (const machine of MACHINE_NAMES) {
    const answer = (number: number): number => run(compileRefusals([], machine), { audit: MACHINES[machine].audit, number, args: [] })
    deepEqual([0, LAST_CALL_READ, LAST_CALL_READ + 1, 9999].map(answer), [SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW, NO_SUCH_CALL, NO_SUCH_CALL])
  }
})

test('all but one descriptor: the tests of an alternative hold together, and each refuses', () => {
  const table: readonly SyscallRule[] = [{ call: 'write', when: [[{ argument: 0, equals: 4, isNot: true }, { argument: 0, equals: 5, isNot: true }]] }]
  for (const machine of MACHINE_NAMES) {
    const program = compileFilter(table, machine)
    const answer = (fd: number): number => run(program, { audit: MACHINES[machine].audit, number: syscallNumber('write', machine) ?? -1, args: [fd] })
    for (const fd of [0, 1, 3, 6, 4_000_000_000]) equal(answer(fd), SECCOMP_RET_ALLOW, `${fd}`)
    for (const fd of [4, 5]) equal(answer(fd), REFUSED, `${fd}`)
  }
})

test('what every Node needs opens, sends and starts nothing', () => {
  const allowed = new Set(nodeRules(1).map((r) => r.call))
  const never = [
    'write', 'writev', 'sendto', 'sendmsg', 'sendmmsg', 'socket', 'connect', 'bind', 'openat', 'execve', 'ptrace', 'io_uring_setup',
  ] as const
  for (const call of never) {
    equal(allowed.has(call), false, call)
  }
})
