// reader-rules: which system calls the process that reads the ring may make, as a table for the kernel's filter.
// Keeps S1 by construction: no call that sends is on it, and writing goes to any descriptor but the ring's socket.

import { nodeRules, type SyscallRule } from '../../kernel/seccomp.ts'

/** `ring` is the descriptor of the packet socket. Its errors may be asked for; it cannot be duplicated, so its number is its only name. */
export function readerRules(pid: number, ring: number): readonly SyscallRule[] {
  const notTheRing = [[{ argument: 0, equals: ring, isNot: true as const }]]
  return [{ call: 'write', when: notTheRing }, { call: 'writev', when: notTheRing }, { call: 'getsockopt' }, ...nodeRules(pid)]
}
