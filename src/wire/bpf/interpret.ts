// Runs a program of classic BPF on a packet, as the kernel does: a load beyond the packet's end takes nothing.
// Keeps the rule of a slow twin: one instruction after another, and nothing of how the program came about.

import { Ancillary, BpfCode, type BpfInstruction } from './program.ts'

export interface BpfPacket {
  readonly bytes: Uint8Array
  readonly wireLength: number
  /** The tag that a live kernel holds beside the frame. */
  readonly tag: number | null
}

/** Bytes kept of the packet; 0: not taken. */
export function interpretBpf(program: readonly BpfInstruction[], packet: BpfPacket): number {
  let [a, x] = [0, 0]
  for (let pc = 0; pc < program.length;) {
    const { code, jt, jf, k } = program[pc++] as BpfInstruction
    switch (code) {
      case BpfCode.loadWord: case BpfCode.loadHalf: case BpfCode.loadByte: case BpfCode.loadHalfAtX: {
        const value = loaded(packet, code === BpfCode.loadHalfAtX ? k + x : k, SIZES[code])
        if (value === null) return 0
        a = value
        break
      }
      case BpfCode.headerLengthToX: {
        const value = loaded(packet, k, 1)
        if (value === null) return 0
        x = 4 * (value & 0xf)
        break
      }
      case BpfCode.loadLength: a = packet.wireLength; break
      case BpfCode.and: a = (a & k) >>> 0; break
      case BpfCode.jump: pc += k; break
      case BpfCode.jumpEqual: pc += a === k ? jt : jf; break
      case BpfCode.jumpGreater: pc += a > k ? jt : jf; break
      case BpfCode.jumpAtLeast: pc += a >= k ? jt : jf; break
      case BpfCode.jumpAnyBit: pc += (a & k) !== 0 ? jt : jf; break
      case BpfCode.giveBack: return k
      default: return 0
    }
  }
  return 0
}

const SIZES = { [BpfCode.loadWord]: 4, [BpfCode.loadHalf]: 2, [BpfCode.loadByte]: 1, [BpfCode.loadHalfAtX]: 2 } as const

function loaded({ bytes, tag }: BpfPacket, at: number, size: number): number | null {
  if (at === Ancillary.vlanTagPresent) return tag === null ? 0 : 1
  if (at === Ancillary.vlanTag) return tag ?? 0
  if (at + size > bytes.length) return null
  let value = 0
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}
