// syscalls: numbers of the system calls that the sandbox names, on the two machines that Cordon runs on.
// Keeps the rule that a machine whose numbers are not here gets no filter of somebody else's numbers: it has none, and says so.

/** [x64 (asm/unistd_64.h), arm64 (asm-generic/unistd.h); null: the machine has no such call]. */
export const SYSCALLS = {
  read: [0, 63], write: [1, 64], readv: [19, 65], writev: [20, 66], close: [3, 57], epoll_wait: [232, null], epoll_pwait: [281, 22],
  epoll_pwait2: [441, 441], epoll_ctl: [233, 21], accept4: [288, 242], futex: [202, 98], clock_gettime: [228, 113], mmap: [9, 222],
  munmap: [11, 215], mremap: [25, 216], mprotect: [10, 226], madvise: [28, 233], brk: [12, 214], clock_nanosleep: [230, 115], nanosleep: [35, 101],
  gettimeofday: [96, 169], getpid: [39, 172], gettid: [186, 178], sched_yield: [24, 124], rt_sigprocmask: [14, 135], rt_sigaction: [13, 134],
  rt_sigreturn: [15, 139], sigaltstack: [131, 132], exit: [60, 93], exit_group: [231, 94], restart_syscall: [219, 128], getrandom: [318, 278],
  recvmsg: [47, 212], recvmmsg: [299, 243], recvfrom: [45, 207], shutdown: [48, 210], getsockname: [51, 204], getpeername: [52, 205],
  getsockopt: [55, 209], listen: [50, 201], fstat: [5, 80], set_robust_list: [273, 99], rseq: [334, 293], membarrier: [324, 283],
  sched_getaffinity: [204, 123], getrusage: [98, 165], poll: [7, null], ppoll: [271, 73], eventfd2: [290, 19], pkey_alloc: [330, 289],
  pkey_free: [331, 290], pkey_mprotect: [329, 288], munlock: [150, 229], sendto: [44, 206], sendmsg: [46, 211], sendmmsg: [307, 269],
  clone: [56, 220], prctl: [157, 167], ioctl: [16, 29], fcntl: [72, 25], setsockopt: [54, 208], tgkill: [234, 131], clone3: [435, 435],
  seccomp: [317, 277], capset: [126, 91], landlock_create_ruleset: [444, 444], landlock_add_rule: [445, 445], landlock_restrict_self: [446, 446],
  io_uring_setup: [425, 425], io_uring_enter: [426, 426], io_uring_register: [427, 427],
  close_range: [436, 436],
  openat: [257, 56], execve: [59, 221], socket: [41, 198], connect: [42, 203], bind: [49, 200],
  ptrace: [101, 117], dup: [32, 23], dup2: [33, null], dup3: [292, 24], pwrite64: [18, 68], pwritev: [296, 70], pwritev2: [328, 287], sendfile: [40, 71],
  splice: [275, 76], io_setup: [206, 0], io_submit: [209, 2], pidfd_getfd: [438, 438], setns: [308, 268], unshare: [272, 97], bpf: [321, 280],
  mount: [165, 40], process_vm_writev: [311, 271], perf_event_open: [298, 241],
  add_key: [248, 217], request_key: [249, 218], keyctl: [250, 219], socketpair: [53, 199], umount2: [166, 39], pivot_root: [155, 41], chroot: [161, 51],
  open_tree: [428, 428], move_mount: [429, 429], fsopen: [430, 430], fsconfig: [431, 431], fsmount: [432, 432], fspick: [433, 433],
  mount_setattr: [442, 442], userfaultfd: [323, 282], process_madvise: [440, 440], kexec_load: [246, 104], kexec_file_load: [320, 294],
  init_module: [175, 105], finit_module: [313, 273], delete_module: [176, 106], open_by_handle_at: [304, 265],
} as const satisfies Readonly<Record<string, readonly [number, number | null]>>
export type Syscall = keyof typeof SYSCALLS

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of linux/audit.h. */
export const MACHINES = { x64: { column: 0, audit: 0xc000003e }, arm64: { column: 1, audit: 0xc00000b7 } } as const
export type Machine = keyof typeof MACHINES

export function isMachine(arch: string): arch is Machine {
  return Object.hasOwn(MACHINES, arch)
}

export function syscallNumber(name: Syscall, machine: Machine): number | null {
  return SYSCALLS[name][MACHINES[machine].column]
}
