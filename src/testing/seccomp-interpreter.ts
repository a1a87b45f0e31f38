// seccomp-interpreter: a filter's program run as the kernel runs it, and its table read slowly: two answers that must agree.
// Keeps the rule that a filter is judged by what it says of calls, not by its text.

import {
  LAST_CALL_READ, NO_SUCH_CALL, REFUSED, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, type ArgumentTest, type Instruction, type SyscallRule,
} from '../kernel/seccomp.ts'
import { MACHINES, SYSCALLS, syscallNumber, type Machine, type Syscall } from '../kernel/syscalls.ts'

export const CALLS = Object.keys(SYSCALLS) as Syscall[]

export interface Call {
  readonly audit: number
  readonly number: number
  readonly args: readonly number[]
}

/** Classic BPF as the kernel runs it, over the few instructions that are written. */
export function run(program: readonly Instruction[], call: Call): number {
  let a = 0
  for (let pc = 0; pc < program.length;) {
    const { code, jt, jf, k } = program[pc++] as Instruction
    if (code === 0x20) a = (k === 0 ? call.number : k === 4 ? call.audit : (call.args[(k - 16) / 8] ?? 0)) >>> 0
    else if (code === 0x54) a = (a & k) >>> 0
    else if (code === 0x15) pc += a === k ? jt : jf
    else if (code === 0x35) pc += a >= k ? jt : jf
    else if (code === 0x06) return k
    else throw new Error(`instruction ${code}`)
  }
  throw new Error('the program runs past its end')
}

/** The table, read slowly. */
export function said(rules: readonly SyscallRule[], machine: Machine, call: Call): number {
  if (call.audit !== MACHINES[machine].audit || call.number >= 0x4000_0000) return SECCOMP_RET_KILL_PROCESS
  const name = CALLS.find((c) => syscallNumber(c, machine) === call.number)
  const rule = rules.find((r) => r.call === name)
  if (name === 'clone3') return NO_SUCH_CALL
  return rule !== undefined && isNamed(rule, call) ? SECCOMP_RET_ALLOW : REFUSED
}

/** The same of a table of what is refused. */
export function saidRefused(rules: readonly SyscallRule[], machine: Machine, call: Call): number {
  if (call.audit !== MACHINES[machine].audit || call.number >= 0x4000_0000) return SECCOMP_RET_KILL_PROCESS
  if (call.number > LAST_CALL_READ || call.number === syscallNumber('clone3', machine)) return NO_SUCH_CALL
  const rule = rules.find((r) => syscallNumber(r.call, machine) === call.number)
  return rule !== undefined && isNamed(rule, call) ? REFUSED : SECCOMP_RET_ALLOW
}

function isNamed({ when }: SyscallRule, call: Call): boolean {
  return when === undefined || when.some((tests) => tests.every((t) => isMet(t, call.args[t.argument] ?? 0)))
}

function isMet({ mask = -1, equals, isNot }: ArgumentTest, value: number): boolean {
  return (((value & mask) >>> 0) === equals >>> 0) !== (isNot === true)
}
