// A classic BPF program as data (linux/bpf_common.h): what a packet filter is compiled to, and its eight bytes each for the kernel.
// Keeps the rule that an instruction is four numbers; what they mean is said once, here.

export interface BpfInstruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

/** The instructions that filters of ours use. */
export const BpfCode = {
  loadWord: 0x20, loadHalf: 0x28, loadByte: 0x30, loadLength: 0x80, loadHalfAtX: 0x48, headerLengthToX: 0xb1,
  and: 0x54, jump: 0x05, jumpEqual: 0x15, jumpGreater: 0x25, jumpAtLeast: 0x35, jumpAnyBit: 0x45, giveBack: 0x06,
} as const

/** The kernel takes no longer program (linux/bpf_common.h, BPF_MAXINSNS). */
export const BPF_INSTRUCTIONS_MAX = 4096

/** Loads from here on read what the kernel knows of a packet, not its bytes (linux/filter.h): its tag, which it took out of the frame. */
export const Ancillary = { vlanTag: 0xfffff000 + 44, vlanTagPresent: 0xfffff000 + 48 } as const

/** `bytes` of each packet that is taken. */
export const acceptAll = (bytes: number): readonly BpfInstruction[] => [{ code: BpfCode.giveBack, jt: 0, jf: 0, k: bytes }]
export const ACCEPT_NOTHING: readonly BpfInstruction[] = acceptAll(0)

/** struct sock_filter: code u16, jt u8, jf u8, k u32, little endian as both machines of ours are. */
export function encodeBpf(program: readonly BpfInstruction[]): Uint8Array {
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
