// rules: which system calls the process that faces the segment may make, as a table for the kernel's filter.
// Keeps the rule that what is not on the list is refused: no file, no new socket, no dialling, no program, no other process.

import { nodeRules, type ArgumentTest, type SyscallRule } from '../../kernel/seccomp.ts'
import type { Syscall } from '../../kernel/syscalls.ts'

/** Monitors come and are read; the parent is written to. */
const SOCKETS: readonly Syscall[] = [
  'write', 'writev', 'accept4', 'recvmsg', 'recvmmsg', 'recvfrom', 'shutdown', 'listen', 'getsockname', 'getpeername', 'getsockopt',
]
const option = (level: number, options: readonly number[]): readonly ArgumentTest[][] =>
  options.map((equals) => [{ argument: 1, equals: level }, { argument: 2, equals }])

/** linux/socket.h: MSG_FASTOPEN would dial. */
const MSG_FASTOPEN = 0x2000_0000
/** Socket options Node sets: SOL_SOCKET's REUSEADDR, KEEPALIVE, LINGER; TCP's NODELAY, KEEPIDLE, KEEPINTVL, KEEPCNT. */
const OPTIONS = [...option(1, [2, 9, 13]), ...option(6, [1, 4, 5, 6])]

export function segmentRules(pid: number): readonly SyscallRule[] {
  const unlessFastOpen = (argument: number): readonly ArgumentTest[][] => [[{ argument, mask: MSG_FASTOPEN, equals: 0 }]]
  return [
    ...nodeRules(pid),
    ...SOCKETS.map((call) => ({ call })),
    { call: 'sendto', when: unlessFastOpen(3) },
    { call: 'sendmsg', when: unlessFastOpen(2) },
    { call: 'sendmmsg', when: unlessFastOpen(3) },
    { call: 'setsockopt', when: OPTIONS },
  ]
}
