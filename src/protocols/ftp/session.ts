// FTP control session: lines of both sides; log-ins, software, and data connections that are announced to the sensor.
// Keeps the rule of few facts, and that names and passwords are looked at only to see that they are there.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import { asciiText } from '../../wire/bytes.ts'
import type { Direction } from '../../wire/flow.ts'
import type { ExpectedFlows } from '../expected.ts'
import type { HeldBudget } from '../file-transfer/content.ts'
import { baseName, shownName } from '../file-transfer/names.ts'
import { LineReader } from '../line-reader.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { receiver, sender } from '../session-tools.ts'
import { FILE_COMMANDS, LINE_BYTES_MAX } from './codes.ts'
import type { DataLink } from './data.ts'
import { argument, commandWord, extendedPort, hostPort, replyCode, statedSize, type DataEnd } from './message.ts'

/** Log-ins told one by one; a guesser tries thousands. */
const LOGINS_MAX = 16
const SOFTWARE_MAX = 4
const SOFTWARE_CHARS_MAX = 128

export interface FtpMemory {
  readonly expected: ExpectedFlows<DataLink>
  readonly held: HeldBudget
}

export class FtpSession implements Session {
  readonly #context: SessionContext
  readonly #memory: FtpMemory
  readonly #lines: readonly [LineReader, LineReader] = [new LineReader(LINE_BYTES_MAX), new LineReader(LINE_BYTES_MAX)]
  readonly #listeners: readonly [(b: Uint8Array, o: number, e: number) => boolean, (b: Uint8Array, o: number, e: number) => boolean]
  readonly #links = new Set<DataLink>()
  /** Who gives commands; known with the first reply. */
  #client: Direction = 0
  #at: Micros = 0
  #link: DataLink | null = null
  /** Commands without their last reply, oldest first; most clients wait after each. */
  readonly #waiting: string[] = []
  /** The code of a reply of several lines that has not ended; 0 outside. */
  #open = 0
  #isGreeted = false
  #restart = 0
  #size: number | null = null
  #isAnonymous = false
  #passwordSeen = false
  #userSeen = false
  #isEncrypted = false
  #software = 0
  #commands = 0
  #logins = 0
  #failed = 0
  #transfers = 0

  constructor(context: SessionContext, memory: FtpMemory) {
    this.#context = context
    this.#memory = memory
    this.#listeners = [(b, o, e) => this.#line(0, b, o, e), (b, o, e) => this.#line(1, b, o, e)]
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    this.#at = at
    if (!this.#isEncrypted) this.#lines[direction].feed(buf, off, end, this.#listeners[direction])
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.#at = at
    this.#lines[direction].reset()
  }

  end(at: Micros): void {
    this.#at = at
    const transfers = [...this.#links].reduce((sum, link) => sum + link.transfers, this.#transfers)
    const totals = { commands: this.#commands, logins: this.#logins, failedLogins: this.#failed, transfers }
    this.#context.emit({ ...this.#base(), kind: 'totals', ...totals })
  }

  #line(direction: Direction, buf: Uint8Array, off: number, end: number): boolean {
    const code = replyCode(buf, off, end)
    if (this.#open !== 0 && direction !== this.#client) this.#closes(code, buf, off, end)
    else if (code !== null) {
      this.#client = direction === 0 ? 1 : 0
      if (isOpen(buf, off, end)) this.#open = code
      else this.#reply(code, buf, off + 4, end)
    } else if (direction === this.#client) this.#said(buf, off, end)
    return !this.#isEncrypted
  }

  /** Inside a reply of several lines only its own code and a blank end it (RFC 959 section 4.2). */
  #closes(code: number | null, buf: Uint8Array, off: number, end: number): void {
    if (code !== this.#open || isOpen(buf, off, end)) return
    this.#open = 0
    this.#reply(code, buf, off + 4, end)
  }

  // ---- commands

  #said(buf: Uint8Array, off: number, end: number): void {
    const word = commandWord(buf, off, end)
    if (word === '') return
    this.#commands++
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(word)
    switch (word) {
      case 'USER':
        this.#userSeen = end > off + 5
        this.#passwordSeen = false
        this.#isAnonymous = isAnonymous(buf, off + 5, end)
        return
      case 'PASS': this.#passwordSeen = end > off + 5; return
      case 'REST': this.#restart = Number(argument(buf, off, end, word)) || 0; return
      case 'PORT': return this.#announced(hostPort(argument(buf, off, end, word)), true)
      case 'EPRT': return this.#announced(extendedPort(argument(buf, off, end, word)), true)
      default: this.#fileCommand(word, buf, off, end)
    }
  }

  #fileCommand(word: string, buf: Uint8Array, off: number, end: number): void {
    const way = FILE_COMMANDS[word]
    if (way === undefined) {
      // LIST and its like use the same connection: what passes then is no file.
      if (this.#link !== null && (word === 'LIST' || word === 'NLST' || word === 'MLSD')) this.#link.job = null
      return
    }
    const name = baseName(argument(buf, off, end, word))
    const job = { way, name: name === null ? null : shownName(name), from: this.#restart, size: way === 'read' ? this.#size : null }
    if (this.#link !== null) this.#link.job = job
    this.#restart = 0
    this.#size = null
  }

  // ---- replies

  #reply(code: number, buf: Uint8Array, off: number, end: number): void {
    const text = (): string => asciiText(buf, Math.min(off, end), end, LINE_BYTES_MAX)
    // A preliminary reply (1xx) is followed by the last one.
    const command = code < 200 || !this.#isGreeted ? this.#waiting[0] ?? '' : this.#waiting.shift() ?? ''
    this.#isGreeted ||= code >= 200
    switch (code) {
      case 220: return command === '' ? this.#told(text()) : undefined
      case 215: return this.#told(text())
      case 227: return this.#announced(hostPort(text()), false)
      case 229: return this.#announced(extendedPort(text()), false)
      case 213: if (command === 'SIZE') this.#size = Number(text().trim()) || null; return
      case 125:
      case 150: return this.#opened(statedSize(text()))
      case 230:
      case 530: return this.#loggedIn(command, code === 230)
      case 234: this.#encrypted(command)
    }
  }

  #opened(size: number | null): void {
    if (this.#link?.job && size !== null && this.#link.job.from === 0 && this.#link.job.way === 'read') this.#link.job.size = size
  }

  #loggedIn(command: string, accepted: boolean): void {
    if (!this.#userSeen || (command !== 'PASS' && command !== 'USER' && command !== 'ACCT')) return
    this.#logins++
    if (!accepted) this.#failed++
    if (this.#logins > LOGINS_MAX) return
    this.#context.emit({ ...this.#base(), kind: 'login', anonymous: this.#isAnonymous, passwordSeen: this.#passwordSeen, accepted })
  }

  #encrypted(command: string): void {
    if (command !== 'AUTH') return
    this.#isEncrypted = true
    this.#context.emit({ ...this.#base(), kind: 'encrypted' })
  }

  #told(text: string): void {
    const software = text.trim().slice(0, SOFTWARE_CHARS_MAX)
    if (software === '' || ++this.#software > SOFTWARE_MAX) return
    this.#context.emit({ ...this.#base(), kind: 'software', software })
  }

  /** A data connection: of PORT the client's end is known, of PASV the server's. An address behind a translator is the connection's own. */
  #announced(end: DataEnd | null, isClients: boolean): void {
    if (end === null || end.port === 0) return
    const { client, server } = this.#ends()
    const link: DataLink = { client, server, held: this.#memory.held, job: null, transfers: 0 }
    this.#keep(link)
    const { flow } = this.#context
    const [own, peer]: readonly [Ip, Ip] = isClients ? [client, server] : [server, client]
    this.#memory.expected.announce(flow, own, end.port, peer, link, this.#at)
    if (end.ip !== null && end.ip !== own) this.#memory.expected.announce(flow, end.ip, end.port, peer, link, this.#at)
  }

  /** Only the newest link is used; what the others carried is counted when they go. */
  #keep(link: DataLink): void {
    this.#link = link
    this.#links.add(link)
    if (this.#links.size <= LINKS_MAX) return
    for (const oldest of this.#links) {
      this.#transfers += oldest.transfers
      this.#links.delete(oldest)
      return
    }
  }

  #ends(): { client: Ip; server: Ip } {
    const { flow } = this.#context
    return { client: sender(flow, this.#client), server: receiver(flow, this.#client) }
  }

  #base() {
    return { at: this.#at, frame: this.#context.frame(), protocol: 'ftp' as const, flowId: this.#context.flow.id, ...this.#ends() }
  }
}

/** Commands that wait; a client that sends more at once is none. */
const WAITING_MAX = 64

/** A hyphen behind the code: more lines follow. */
function isOpen(buf: Uint8Array, off: number, end: number): boolean {
  return end - off > 3 && buf[off + 3] === 0x2d
}

/** Links whose files are still counted: one at a time is used. */
const LINKS_MAX = 8

/** RFC 1635: `anonymous` or `ftp`. */
function isAnonymous(buf: Uint8Array, off: number, end: number): boolean {
  const text = end - off === 9 || end - off === 3 ? asciiText(buf, off, end).toLowerCase() : ''
  return text === 'anonymous' || text === 'ftp'
}
