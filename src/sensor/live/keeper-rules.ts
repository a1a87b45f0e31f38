// keeper-rules: which system calls are refused to the process that holds the rings, starts their readers and analyses, and to all it starts.
// Keeps S1 where a list of what is allowed cannot be kept, because programs are started: each way by which bytes reach a socket is named.

import { CLONE_NEW_ANY, type ArgumentTest, type SyscallRule } from '../../kernel/seccomp.ts'
import { RING_FD } from './reader-plan.ts'

/** Rings stand from here on: above all that Node opens before, so that starting a reader duplicates one to RING_FD and to nothing else. */
export const FIRST_HELD_FD = 100

const AF_UNIX = 1
/** F_DUPFD and F_DUPFD_CLOEXEC of linux/fcntl.h. */
const DUPLICATING = [0, 1030]

/** `rings` are their descriptors here; RING_FD is the one by which a reader has it. */
export function keeperRefusals(rings: readonly number[]): readonly SyscallRule[] {
  const named = [...rings, RING_FD]
  const isOne = (argument: number): readonly ArgumentTest[][] => named.map((equals) => [{ argument, equals }])
  const elsewhere = (from: number): readonly ArgumentTest[] => [{ argument: 0, equals: from }, { argument: 1, equals: RING_FD, isNot: true }]
  return [
    ...(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendfile', 'dup', 'setsockopt'] as const).map((call) => ({ call, when: isOne(0) })),
    { call: 'splice', when: isOne(2) },
    { call: 'dup2', when: [...rings.map(elsewhere), [{ argument: 0, equals: RING_FD }]] },
    { call: 'dup3', when: [...rings.map(elsewhere), [{ argument: 0, equals: RING_FD }]] },
    { call: 'fcntl', when: named.flatMap((fd) => DUPLICATING.map((equals) => [{ argument: 0, equals: fd }, { argument: 1, equals }])) },
    ...(['socket', 'socketpair'] as const).map((call) => ({ call, when: [[{ argument: 0, equals: AF_UNIX, isNot: true as const }]] })),
    // A namespace of its own brings every capability in it; unshare and setns are below, clone3 does not exist.
    { call: 'clone', when: [[{ argument: 0, mask: CLONE_NEW_ANY, equals: 0, isNot: true }]] },
    ...([
      'sendto', 'sendmsg', 'sendmmsg', 'connect', 'bind', 'io_uring_setup', 'io_uring_enter', 'io_uring_register', 'io_setup', 'io_submit',
      'pidfd_getfd', 'ptrace', 'process_vm_writev', 'setns', 'unshare', 'mount', 'bpf', 'perf_event_open',
      // The kernel answers a request for a key of names (dns_resolver) by a program of its own, which asks the network.
      'add_key', 'request_key', 'keyctl',
      'umount2', 'pivot_root', 'chroot', 'open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr', 'open_by_handle_at',
      'userfaultfd', 'process_madvise', 'kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module',
    ] as const).map((call) => ({ call })),
  ]
}
