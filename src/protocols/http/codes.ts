// Words of HTTP/1: which names end a body, which files are told, which codings are none. Tables only (RFC 9110, RFC 9112).
// Keeps the rule that unknown methods and fields pass: HTTP is extended by whoever likes.

/** Longest method believed: PROPPATCH and UNSUBSCRIBE have 9 and 11. */
export const METHOD_CHARS_MAX = 16
/**
 * Longest line: servers refuse request lines above 8 KiB (nginx large_client_header_buffers, Apache LimitRequestLine 8190); cookies may be
 * as long.
 */
export const LINE_BYTES_MAX = 8192
/** Fields of one message: Apache's LimitRequestFields is 100; leave room. Beyond it the message goes on, unread. */
export const FIELDS_MAX = 256
/** Requests that wait for their responses: browsers pipelined at most 8. */
export const PENDING_MAX = 64

/** Methods and statuses whose response has no body (RFC 9112 section 6.3). */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || (status >= 100 && status < 200) || status === 204 || status === 304
}

/** Extensions of programs, images, archives and settings: what a device may be changed with. Everything else is told by its first bytes. */
export const DEVICE_EXTENSIONS: ReadonlySet<string> = new Set([
  'apk', 'bat', 'bin', 'bz2', 'cab', 'cfg', 'conf', 'cramfs', 'deb', 'dll', 'dmg', 'efi', 'elf', 'exe', 'fw', 'gz', 'hex', 'img', 'ini', 'ipk', 'iso', 'jar',
  'ko', 'msi', 'pkg', 'ps1', 'py', 'rar', 'rom', 'rpm', 'run', 'scr', 'sh', 'so', 'squashfs', 'swu', 'sys', 'tar', 'tgz', 'ubi', 'uf2', 'upd', 'vbs', 'xz',
  'zip', '7z',
])
