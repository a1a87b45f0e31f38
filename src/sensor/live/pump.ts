// pump: reads a pipe to its end into one buffer that is used again and again; what is not yet whole waits at its front.
// Keeps the rule that a slow consumer holds the reading back, so that what piles up does so in the kernel, where it is counted.

import fs from 'node:fs'
import { promisify } from 'node:util'
import { fcntl, pipe } from '../../kernel/libc.ts'

const read = promisify(fs.read)

/** linux/fcntl.h; a pipe holds at most this without privilege (fs.pipe-max-size). */
const F_SETPIPE_SZ = 1031
export const PIPE_BYTES = 1024 * 1024

/** A pipe with much room. [read end, write end], or null. */
export function widePipe(): readonly [number, number] | null {
  const { errno, ends } = pipe()
  if (errno !== 0) return null
  fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES)
  return ends
}

/**
 * Until the end of the pipe. `take` gets all bytes not yet used, and says how many it used; -1 stops the pump: nothing can be made of them.
 * `buffer` bounds what can wait to be whole. The descriptor stays the caller's. Resolves with whether it came to the end.
 */
export async function pump(fd: number, buffer: Uint8Array, take: (end: number) => number, afterRead: () => void | Promise<void>): Promise<boolean> {
  let have = 0
  for (;;) {
    const { bytesRead } = await read(fd, buffer, have, buffer.length - have, null)
    if (bytesRead === 0) return true
    have += bytesRead
    const used = take(have)
    if (used < 0 || (used === 0 && have === buffer.length)) return false
    if (used > 0) buffer.copyWithin(0, used, have)
    have -= used
    await afterRead()
  }
}
