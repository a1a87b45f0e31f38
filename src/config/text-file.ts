// Text file: a user's file from disk as UTF-8 text, or one diagnostic that says what it is instead.
// Keeps the rule that nothing unbounded is read: a device, a directory or a gigabyte ends in a sentence, not in memory.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Diagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'

/** A policy of a thousand conduits has about 200 KB; parsing this much takes half a second. */
export const FILE_BYTES_MAX = 512 * 1024

/** What to say of errors of the operating system; others are passed on by their code. */
const SYSTEM_ERRORS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such file', 'Check the path; it is taken relative to the current folder.'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'Check the path.'],
  EACCES: ['the file may not be read', 'Ask its owner, or change its permissions.'],
  EPERM: ['the file may not be read', 'Ask its owner, or change its permissions.'],
  EISDIR: ['it is a folder, not a file', 'Name a file in it.'],
  ELOOP: ['its symbolic links go in a circle', 'Name the file itself.'],
  ENAMETOOLONG: ['the path is too long', 'Check the path.'],
  EMFILE: ['too many files are open', 'Close some, or raise the limit.'],
}

/** A diagnostic about a whole file. */
export function fileDiagnostic(file: string, code: string, message: string, help: string): Diagnostic {
  return { severity: 'error', code: `file/${code}`, message, file, line: 0, column: 0, help }
}

/** A firewall's text: the largest real rule set at hand has 1 MB, a thousand-node chassis some ten. */
export const CONFIG_BYTES_MAX = 32 * 1024 * 1024

/** Reads a file of at most `bytesMax` bytes. `label` stands for the path in diagnostics. */
export function readTextFile(path: string, label: string = path, bytesMax: number = FILE_BYTES_MAX): Result<string, Diagnostic> {
  let fd: number | null = null
  try {
    fd = openSync(path, 'r')
    const kind = fileKind(fd)
    if (kind !== null) return err(fileDiagnostic(label, kind[0], `${label} is ${kind[1]}, not a text file`, kind[2]))
    return decode(readBounded(fd, bytesMax), label, bytesMax)
  } catch (error) {
    return err(systemDiagnostic(error, label))
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

function fileKind(fd: number): readonly [string, string, string] | null {
  const stats = fstatSync(fd)
  // A pipe is fine: `cordon policy check <(generate)` reads one.
  if (stats.isFile() || stats.isFIFO()) return null
  if (stats.isDirectory()) return ['directory', 'a folder', 'Name a file in it.']
  return ['not-a-file', 'a device or socket', 'Name a file.']
}

/** At most one byte more than allowed, so that the caller sees the excess. */
function readBounded(fd: number, bytesMax: number): Uint8Array {
  const bytes = new Uint8Array(bytesMax + 1)
  let used = 0
  while (used < bytes.length) {
    const count = readSync(fd, bytes, used, bytes.length - used, null)
    if (count === 0) break
    used += count
  }
  return bytes.subarray(0, used)
}

function decode(bytes: Uint8Array, label: string, bytesMax: number): Result<string, Diagnostic> {
  if (bytes.length > bytesMax) {
    const message = `${label} is larger than ${bytesMax / 1024} KiB`
    return err(fileDiagnostic(label, 'too-large', message, 'Split it, or aggregate its prefixes. A capture goes to "cordon check".'))
  }
  if (bytes.includes(0)) return err(binaryDiagnostic(bytes, label))
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const help = 'Save it as UTF-8; on Windows choose that encoding when saving.'
    return err({ ...fileDiagnostic(label, 'not-utf8', `${label} is not UTF-8 text`, help), line: invalidLine(bytes) })
  }
  const control = /(?![\t\n\r])\p{Cc}/u.exec(text)
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).padStart(2, '0')
    const line = text.slice(0, control.index).split('\n').length
    return err({ ...fileDiagnostic(label, 'control-character', `${label} holds the control character 0x${code}`, 'Delete it.'), line })
  }
  return ok(text)
}

function binaryDiagnostic(bytes: Uint8Array, label: string): Diagnostic {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  return utf16
    ? fileDiagnostic(label, 'not-utf8', `${label} is UTF-16 text`, 'Save it as UTF-8; on Windows choose that encoding when saving.')
    : fileDiagnostic(label, 'binary', `${label} is binary, not text`, 'Name a YAML file. A capture goes to "cordon check".')
}

/** 1-based line of the first byte that is no UTF-8: the longest valid start is found line by line. */
function invalidLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let start = 0
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && bytes[i] !== 0x0a) continue
    try {
      decoder.decode(bytes.subarray(start, i))
    } catch {
      return line
    }
    line++
    start = i + 1
  }
  return 0
}

/** An error of the operating system as a diagnostic; anything else is ours and goes on. */
export function systemDiagnostic(error: unknown, label: string): Diagnostic {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  if (code === null) throw error
  const [what, help] = SYSTEM_ERRORS[code] ?? [`the system says ${code}`, 'Check the path and the disk.']
  return fileDiagnostic(label, code === 'ENOENT' ? 'missing' : 'unreadable', `cannot read ${label}: ${what}`, help)
}
