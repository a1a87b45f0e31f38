// Files of one SMB connection: opened by name, read and written at places, told when they are closed.
// Keeps the rules that a named pipe is no file, and that every table has a bound.

import type { Micros } from '../../base/time.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import { baseName, shownName } from '../file-transfer/names.ts'
import { FileSeen, type FileMeasure } from '../file-transfer/seen.ts'

/** Files open at a time; a Windows client keeps some dozens open. The oldest goes first, and is told. */
const OPEN_MAX = 512
/** Files told per connection: a desktop copies thousands in a day; what a device takes is few. */
const TOLD_MAX = 1024

type Way = FileTransfer['kind']

/** What a fact needs beside the place. */
export interface ToldFile extends FileMeasure {
  readonly way: Way
  readonly share: string | null
  readonly name: string | null
  readonly at: Micros
  readonly frame: number
}

/**
 * How long a file is that was written: a number that the server said; `grown`: what it was, or as far as was written here; null: unknown, for it
 * was not closed here, or somewhere else may have written, too.
 */
export type SizeAtClose = number | 'grown' | null

export interface OpenFile {
  readonly share: string | null
  readonly name: string | null
  /** End of the file when it was opened; null when the answer was not seen. */
  readonly size: number | null
  /** What a CLOSE that was asked for will mean, if its answer is not seen. */
  sizeAtClose: SizeAtClose
  read: FileSeen | null
  write: FileSeen | null
  at: Micros
  frame: number
}

export class OpenFiles {
  readonly #held: HeldBudget
  readonly #tell: (file: ToldFile) => void
  readonly #open = new Map<string, OpenFile>()
  #told = 0

  constructor(held: HeldBudget, tell: (file: ToldFile) => void) {
    this.#held = held
    this.#tell = tell
  }

  opened(key: string, path: string, share: string | null, size: number | null): void {
    const name = baseName(path)
    this.closed(key, null)
    this.#put(key, { share, name: name === null ? null : shownName(name), size, sizeAtClose: null, read: null, write: null, at: 0, frame: 0 })
  }

  /** The file of a key; one whose opening was not seen has no name. */
  at(key: string): OpenFile {
    const known = this.#open.get(key)
    if (known) return known
    const file: OpenFile = { share: null, name: null, size: null, sizeAtClose: null, read: null, write: null, at: 0, frame: 0 }
    this.#put(key, file)
    return file
  }

  seen(file: OpenFile, way: Way, at: Micros, frame: number): FileSeen {
    file.at = at
    file.frame = frame
    const seen = file[way] ?? new FileSeen(this.#held)
    file[way] = seen
    return seen
  }

  /** CLOSE was asked for: nothing more will be written. */
  closing(key: string, size: SizeAtClose): void {
    const file = this.#open.get(key)
    if (file) file.sizeAtClose = size
  }

  closed(key: string, size: SizeAtClose): void {
    const file = this.#open.get(key)
    if (!file) return
    this.#open.delete(key)
    this.#finish(file, size)
  }

  end(): void {
    for (const file of this.#open.values()) this.#finish(file, file.sizeAtClose)
    this.#open.clear()
  }

  #put(key: string, file: OpenFile): void {
    this.#open.set(key, file)
    if (this.#open.size <= OPEN_MAX) return
    for (const oldest of this.#open.keys()) {
      this.closed(oldest, null)
      return
    }
  }

  #finish(file: OpenFile, sizeAtClose: SizeAtClose): void {
    for (const way of ['read', 'write'] as const) {
      const seen = file[way]
      if (seen === null) continue
      const measure = seen.finish(way === 'read' ? file.size : writtenSize(file, seen, sizeAtClose))
      if (++this.#told > TOLD_MAX) continue
      this.#tell({ way, share: file.share, name: file.name, at: file.at, frame: file.frame, ...measure })
    }
  }
}

/** What is written may make the file longer than it was. */
function writtenSize(file: OpenFile, seen: FileSeen, size: SizeAtClose): number | null {
  if (size !== 'grown') return size
  return file.size === null ? null : Math.max(file.size, seen.extent)
}
