// repository-copy: copies a folder that somebody handed over into one of our own: regular files only, each and all together bounded.
// Keeps the rule that a length is counted while reading, never believed: a growing file, a FIFO or a link ends the copy.

import fs from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../base/result.ts'
import { makeFolder } from '../store/make-folder.ts'
import { openBelow } from './local-fetcher.ts'

/** What one file of metadata may hold, as tuf-js has it for targets; and what a repository may hold in all. */
export const METADATA_BYTES_MAX = 5_000_000
export const TARGET_BYTES_MAX = 256 * 1024 * 1024
export const REPOSITORY_BYTES_MAX = 1024 * 1024 * 1024
export const REPOSITORY_FILES_MAX = 8192
const FOLDER_DEPTH_MAX = 16

/** The whole file, or why not. */
export function readBounded(folder: string, relative: string, max: number): Result<Uint8Array> {
  const fd = openBelow(folder, relative)
  if (fd === null) return err(`${path.join(folder, relative)} is not there, or no regular file`)
  try {
    // One byte more than may be there: a file that grows while it is read is seen to be too long, whatever its stated size was.
    const buf = new Uint8Array(Math.min(fs.fstatSync(fd).size, max) + 1)
    let length = 0
    for (let n = -1; n !== 0 && length < buf.length; length += n) n = fs.readSync(fd, buf, length, buf.length - length, null)
    return length > max || length === buf.length ? err(`${relative} is longer than ${max} bytes, or grew while it was read`) : ok(buf.subarray(0, length))
  } finally {
    fs.closeSync(fd)
  }
}

/** Copies `metadata` and `targets` of `source` below `staging`. */
export function copyRepository(source: string, staging: string): Result<null> {
  let files = 0
  let bytes = 0
  for (const [part, max] of [['metadata', METADATA_BYTES_MAX], ['targets', TARGET_BYTES_MAX]] as const) {
    const names = listFiles(path.join(source, part))
    if (!names.ok) return names
    makeFolder(path.join(staging, part), 0o700)
    for (const name of names.value) {
      const content = readBounded(path.join(source, part), name, max)
      if (!content.ok) return content
      files++
      bytes += content.value.length
      if (files > REPOSITORY_FILES_MAX || bytes > REPOSITORY_BYTES_MAX) {
        return err(`${source} has more than ${REPOSITORY_FILES_MAX} files or ${REPOSITORY_BYTES_MAX} bytes`)
      }
      makeFolder(path.dirname(path.join(staging, part, name)))
      fs.writeFileSync(path.join(staging, part, name), content.value)
    }
  }
  return ok(null)
}

/** Regular files below a folder; a link or a device is a refusal, not a surprise. */
function listFiles(folder: string, prefix = '', depth = 0): Result<string[]> {
  if (depth > FOLDER_DEPTH_MAX) return err(`${folder} is nested deeper than ${FOLDER_DEPTH_MAX} folders`)
  if (fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return err(`${folder} is not there; a repository has the folders metadata and targets`)
  }
  const names: string[] = []
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = prefix + entry.name
    if (entry.isDirectory()) {
      const below = listFiles(path.join(folder, entry.name), `${name}/`, depth + 1)
      if (!below.ok) return below
      names.push(...below.value)
    } else if (entry.isFile()) names.push(name)
    else return err(`${path.join(folder, entry.name)} is no regular file; links and devices are not taken in`)
    if (names.length > REPOSITORY_FILES_MAX) return err(`${folder} has more than ${REPOSITORY_FILES_MAX} files`)
  }
  return ok(names.sort())
}
