// The numbers of TFTP with the words of their RFCs. Tables only.
// Keeps the rule that unknown numbers survive as numbers.

/** RFC 1350 section 5, RFC 2347. */
export const TftpOp = { read: 1, write: 2, data: 3, ack: 4, error: 5, optionAck: 6 } as const

/** RFC 1350 section 5 and RFC 2347, error codes. */
const ERRORS: readonly string[] = [
  'undefined', 'file-not-found', 'access-violation', 'disk-full', 'illegal-operation', 'unknown-transfer', 'file-exists', 'no-such-user', 'options-refused',
]

export function tftpErrorName(code: number): string {
  return ERRORS[code] ?? `error-${code}`
}

/** RFC 1350 section 5: without a blksize option. */
export const BLOCK_BYTES_DEFAULT = 512
/** RFC 2348: 8 to 65464. */
export const BLOCK_BYTES_MIN = 8
export const BLOCK_BYTES_MAX = 65464
