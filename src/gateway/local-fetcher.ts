// local-fetcher: gives the TUF client files of one folder in place of a web server, under the client's own limits.
// Keeps the rules: no symbolic link, no path out of the folder, and a length that is enforced while reading, not believed.

import fs from 'node:fs'
import path from 'node:path'
import { BaseFetcher } from 'tuf-js'
import { DownloadHTTPError, DownloadLengthMismatchError } from 'tuf-js/dist/error.js'

/** Base address under which the folder stands for the client; nothing is ever looked up by it. */
export const METADATA_URL = 'file:///metadata'
export const TARGETS_URL = 'file:///targets'

const CHUNK_BYTES = 64 * 1024
const NOT_FOUND = 404

/** The path below the folder that an address means, or null: anything that could leave the folder is nothing. */
export function pathOfUrl(url: string): string | null {
  const parts = new URL(url).pathname.split('/').slice(1).map(decoded)
  const isPlain = (part: string | null): part is string => part !== null && part !== '' && part !== '.' && part !== '..' && !/[/\\\0]/.test(part)
  return parts.every(isPlain) ? parts.join('/') : null
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

/** Opens a regular file below `root` without following a link in any step; null when there is none. */
export function openBelow(root: string, relative: string): number | null {
  const parts = relative.split('/')
  for (let i = 1; i < parts.length; i++) if (!isFolder(path.join(root, ...parts.slice(0, i)))) return null
  try {
    // Non-blocking: a FIFO must not hang the import before it is seen to be none of ours.
    const fd = fs.openSync(path.join(root, relative), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK)
    if (fs.fstatSync(fd).isFile()) return fd
    fs.closeSync(fd)
  } catch {
    // Not there, or a link.
  }
  return null
}

function isFolder(name: string): boolean {
  return fs.lstatSync(name, { throwIfNoEntry: false })?.isDirectory() === true
}

/** The client asks as of a web server; what is not in the folder is 404, which ends the search for newer roots. */
export class LocalFetcher extends BaseFetcher {
  readonly #root: string

  constructor(root: string) {
    super()
    this.#root = root
  }

  /** Too long is seen before a byte is read: the client would leave the file open where it gives up. */
  override downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T> {
    const relative = pathOfUrl(url)
    const fd = relative === null ? null : openBelow(this.#root, relative)
    if (fd !== null) {
      const { size } = fs.fstatSync(fd)
      fs.closeSync(fd)
      if (size > maxLength) return Promise.reject(new DownloadLengthMismatchError('Max length reached'))
    }
    return super.downloadFile(url, maxLength, handler)
  }

  override fetch(url: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const relative = pathOfUrl(url)
    const fd = relative === null ? null : openBelow(this.#root, relative)
    if (fd === null) return Promise.reject(new DownloadHTTPError(`${url} is not in the repository`, NOT_FOUND))
    return Promise.resolve(streamOf(fd))
  }
}

function streamOf(fd: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull(controller) {
      const chunk = new Uint8Array(CHUNK_BYTES)
      const length = fs.readSync(fd, chunk)
      if (length > 0) return controller.enqueue(chunk.subarray(0, length))
      fs.closeSync(fd)
      controller.close()
    },
    cancel() {
      fs.closeSync(fd)
    },
  })
}
