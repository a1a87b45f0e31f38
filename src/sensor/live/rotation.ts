// rotation: captured packets into pcap files, named and turned over as tcpdump does: -w, -C, -G, -W.
// Keeps two rules: files are their owner's alone (mode 0600), and a disk that is full ends the files, never the capture.

import fs from 'node:fs'
import path from 'node:path'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import type { PacketSink } from '../../wire/capture/capture.ts'
import { PCAP_RECORD_HEADER_BYTES, pcapFileHeader, putPcapRecord } from '../../wire/capture/writer.ts'

export interface RotationOptions {
  /** With -G a template of strftime. */
  readonly file: string
  /** -C: a new file once this is passed, in millions of bytes. */
  readonly megabytes: number | null
  /** -G: a new file after so many seconds. */
  readonly seconds: number | null
  /** -W: with -C that many files in turn; with -G alone the end after so many. */
  readonly files: number | null
  readonly linkType: number
  readonly say: (text: string) => void
}

const MEGABYTE = 1_000_000
const MODE = 0o600
/** Packets gathered for one write; the longest record fits. */
const BUFFER_BYTES = 1024 * 1024

/** A sink that keeps. `isOver`: -W files of -G are full, and tcpdump would end. */
export class RotatingFiles implements PacketSink {
  readonly #options: RotationOptions
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  #have = 0
  #fd: number | null = null
  #bytes = 0
  #sequence = 0
  #turns = 0
  #startedAt: Micros | null = null
  isOver = false
  /** null while all is written; else why nothing more is. */
  fault: string | null = null
  notWritten = 0

  constructor(options: RotationOptions) {
    this.#options = options
  }

  packet(buf: Uint8Array, off: number, end: number, at: Micros, wireLength: number): void {
    if (this.fault !== null || this.isOver) {
      this.notWritten++
      return
    }
    if (this.#fd === null) this.#begin(at)
    else if (this.#isTimeUp(at)) this.#turnByTime(at)
    else if (this.#isFull()) this.#turnBySize(at)
    const length = PCAP_RECORD_HEADER_BYTES + end - off
    if (this.#fd === null || length > BUFFER_BYTES) {
      this.notWritten++
      return
    }
    if (this.#have + length > BUFFER_BYTES) this.flush()
    this.#have = putPcapRecord(this.#buffer, this.#have, at, wireLength, buf, off, end)
    this.#bytes += length
  }

  /** What waits goes to the file. */
  flush(): void {
    if (this.#fd !== null && this.#have > 0) this.#write(this.#buffer, this.#have)
    this.#have = 0
  }

  close(): void {
    this.flush()
    if (this.#fd !== null) fs.closeSync(this.#fd)
    this.#fd = null
  }

  #begin(at: Micros): void {
    this.#startedAt = at
    this.#open(at)
  }

  #isTimeUp(at: Micros): boolean {
    const { seconds } = this.#options
    return seconds !== null && this.#startedAt !== null && at - this.#startedAt >= seconds * MICROS_PER_SECOND
  }

  /** tcpdump looks before it writes: a file is longer than asked for by at most its last packet. */
  #isFull(): boolean {
    const { megabytes } = this.#options
    return megabytes !== null && this.#bytes > megabytes * MEGABYTE
  }

  #turnByTime(at: Micros): void {
    const { seconds, megabytes, files } = this.#options
    this.#turns++
    if (files !== null && megabytes === null && this.#turns >= files) {
      this.close()
      this.isOver = true
      return
    }
    const step = (seconds ?? 1) * MICROS_PER_SECOND
    this.#startedAt = (this.#startedAt ?? at) + Math.floor((at - (this.#startedAt ?? at)) / step) * step
    this.#sequence = 0
    this.#open(at)
  }

  #turnBySize(at: Micros): void {
    const { files } = this.#options
    this.#sequence = files === null ? this.#sequence + 1 : (this.#sequence + 1) % files
    this.#open(at)
  }

  #open(at: Micros): void {
    this.close()
    const name = fileName(this.#options, this.#sequence, at)
    try {
      this.#fd = fs.openSync(name, 'w', MODE)
      // A file that lay there keeps its mode when it is emptied; a device is none of our business.
      if (fs.fstatSync(this.#fd).isFile()) fs.fchmodSync(this.#fd, MODE)
    } catch (cause) {
      return this.#failed(name, cause)
    }
    const head = pcapFileHeader(this.#options.linkType)
    this.#bytes = head.length
    this.#write(head, head.length)
  }

  #write(bytes: Uint8Array, end: number): void {
    try {
      for (let pos = 0; pos < end && this.#fd !== null;) pos += fs.writeSync(this.#fd, bytes, pos, end - pos)
    } catch (cause) {
      this.#failed(this.#options.file, cause)
    }
  }

  #failed(name: string, cause: unknown): void {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    if (this.#fd !== null) fs.closeSync(this.#fd)
    this.#fd = null
    this.#have = 0
    const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no room left' : code === 'EACCES' || code === 'EPERM' ? 'permission was denied' : code
    this.fault = `${name} cannot be written (${why}${why === code ? '' : `, ${code}`})`
    const help = 'make room and start again, or keep fewer and smaller files with -C and -W'
    this.#options.say(`${this.fault}: nothing more is kept, the capture goes on\n  help: ${help}`)
  }
}

/** As tcpdump names them (MakeFilename of tcpdump.c): time first; a number behind, with leading zeros under -W. */
export function fileName({ file, files, megabytes, seconds }: RotationOptions, sequence: number, at: Micros): string {
  const base = seconds === null ? file : strftime(file, new Date(Math.floor(at / 1000)))
  if (megabytes === null) return base
  if (files === null) return sequence === 0 ? base : `${base}${sequence}`
  return `${base}${String(sequence).padStart(String(files - 1).length, '0')}`
}

/** The fields people use in file names; another one stays as it is. Local time, as tcpdump has it. */
export function strftime(template: string, date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const fields: Readonly<Record<string, string>> = {
    '%Y': String(date.getFullYear()), '%m': two(date.getMonth() + 1), '%d': two(date.getDate()), '%H': two(date.getHours()), '%M': two(date.getMinutes()),
    '%S': two(date.getSeconds()), '%s': String(Math.floor(date.getTime() / 1000)), '%y': two(date.getFullYear() % 100), '%%': '%',
    '%F': `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    '%T': `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
  }
  return template.replaceAll(/%./g, (field) => fields[field] ?? field)
}

/** The folder in which all its files lie: what stands before the first field of time. */
export function folderOf(file: string): string {
  const fixed = file.includes('%') ? file.slice(0, file.indexOf('%')) : file
  return path.resolve(fixed.endsWith('/') ? fixed : path.dirname(fixed))
}
