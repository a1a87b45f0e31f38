// Build: small pieces of byte strings, for the few protocols of which the twin is the only writer.
// Keeps the rule of one place per thing: no other file of the twin packs integers into payloads.

/** Every part after the other, as one new array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let off = 0
  for (const part of parts) {
    out.set(part, off)
    off += part.length
  }
  return out
}

/** One byte per character; the twin's own texts are ASCII. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}

export function u16be(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value)
}

export function u24be(value: number): Uint8Array {
  return Uint8Array.of(value >>> 16, value >>> 8, value)
}

export function u32be(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

export function u16le(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8)
}

export function u32le(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}
