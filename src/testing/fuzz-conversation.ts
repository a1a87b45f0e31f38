// fuzz-conversation: what two sides said to each other as one string of bytes, so that the byte fuzzer can edit conversations too.
// Keeps every string readable: whatever the bytes are, they are some conversation.

import { joinBytes, type LengthField } from './fuzz-mutate.ts'
import type { Chunk } from './everysplit.ts'

/** One byte of flags, one of loss, two of length. */
const HEAD_BYTES = 4
const FLAG_DIRECTION = 1
const FLAG_LOST = 2
/** A loss of up to 64 KB: beyond every buffer of a session. */
const LOST_UNIT_BYTES = 257
const CHUNKS_MAX = 256

export function encodeConversation(chunks: readonly Chunk[]): Uint8Array {
  return joinBytes(...chunks.flatMap(({ direction, lost = 0, bytes }) => {
    const kept = bytes.subarray(0, 0xffff)
    const flags = direction | (lost > 0 ? FLAG_LOST : 0)
    return [Uint8Array.of(flags, Math.min(255, Math.floor(lost / LOST_UNIT_BYTES)), kept.length >> 8, kept.length & 255), kept]
  }))
}

export function decodeConversation(input: Uint8Array): Chunk[] {
  const chunks: Chunk[] = []
  for (const { off, end } of chunkPlaces(input)) {
    const [flags = 0, lost = 0] = input.subarray(off - HEAD_BYTES, off)
    chunks.push({
      direction: (flags & FLAG_DIRECTION) === 0 ? 0 : 1,
      lost: (flags & FLAG_LOST) === 0 ? 0 : 1 + lost * LOST_UNIT_BYTES,
      bytes: input.slice(off, end),
    })
  }
  return chunks
}

/** Where the bytes of each chunk stand. The last may be cut. */
export function chunkPlaces(input: Uint8Array): { readonly off: number; readonly end: number }[] {
  const places: { off: number; end: number }[] = []
  for (let at = 0; at + HEAD_BYTES <= input.length && places.length < CHUNKS_MAX;) {
    const off = at + HEAD_BYTES
    const end = Math.min(input.length, off + (((input[at + 2] ?? 0) << 8) | (input[at + 3] ?? 0)))
    places.push({ off, end })
    at = end
  }
  return places
}

/** The lengths of the chunks, and what `inside` finds in each of them. */
export function conversationFields(
  inside: (input: Uint8Array, off: number, end: number) => readonly LengthField[],
): (input: Uint8Array) => readonly LengthField[] {
  return (input) => chunkPlaces(input).flatMap(({ off, end }): LengthField[] => [
    { off: off - HEAD_BYTES, bytes: 1, little: false }, { off: off - 2, bytes: 2, little: false }, ...inside(input, off, end),
  ])
}
