// JSON of a file's bytes, or one sentence that says what they are instead, where the first mistake is, and what to do.
// Keeps the rule that nothing is guessed: bytes that are no UTF-8 are refused, never replaced.

import { err, ok, type Result } from '../base/result.ts'

const FETCH = 'fetch it again from its publisher'

/** A byte order mark in front is passed over. */
export function jsonOf(bytes: Uint8Array): Result<unknown> {
  const other = otherFormat(bytes)
  if (other !== null) return err(other)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return err(`no UTF-8 from line ${brokenLine(bytes)} on: ${FETCH}`)
  }
  try {
    return ok(JSON.parse(text))
  } catch (cause) {
    return err(`no JSON: ${placed(cause instanceof Error ? cause.message : String(cause), text)}; ${FETCH}`)
  }
}

function otherFormat(bytes: Uint8Array): string | null {
  const [a, b] = bytes
  if (bytes.length === 0) return `it is empty: ${FETCH}`
  if (a === 0x1f && b === 0x8b) return 'it is compressed (gzip): unpack it first'
  if (a === 0x50 && b === 0x4b) return 'it is an archive (zip): unpack it first'
  // A byte order mark, or no mark and every second byte of an ASCII text zero (RFC 4627 section 3).
  const isUtf16 = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (bytes.length > 1 && (a === 0) !== (b === 0))
  return isUtf16 ? 'it is UTF-16: save it as UTF-8, which CSAF and JSON ask for' : null
}

/** 1-based line of the first byte that belongs to no character. Lines are whole characters, so they can be looked at one by one. */
function brokenLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start)
    try {
      decoder.decode(bytes.subarray(start, end === -1 ? bytes.length : end))
    } catch {
      return line
    }
    if (end === -1) return line
    start = end + 1
  }
  return line
}

function positionIn(message: string): number | null {
  const at = /position (\d+)/.exec(message)
  return at === null ? null : Number(at[1])
}

/** Where the engine gives no position: the longest beginning that may still become JSON, by halving. */
function wrongAt(text: string): number {
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isBeginning(text.slice(0, middle))) low = middle
    else high = middle - 1
  }
  return low
}

function isBeginning(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : ''
    return /Unexpected end|Unterminated/.test(message) || positionIn(message) === text.length
  }
}

/** The engine quotes what stood there, which may be anybody's text: only what is wrong and where is told. */
function placed(message: string, text: string): string {
  const lines = text.slice(0, positionIn(message) ?? wrongAt(text)).split('\n')
  const what = message.split(/,? ["\u0027]|(?: in JSON)? at position/)[0] ?? message
  return `${what} at line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`
}
