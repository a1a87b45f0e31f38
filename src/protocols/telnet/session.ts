// Telnet session: which options were negotiated, and whether a user name and a password crossed the wire in clear.
// Keeps the patient-data rule: prompts are matched backwards in a ring of bytes, answers are counted, and neither becomes text.

import type { Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { ENCRYPT_START, TelnetCommand, TelnetOption, telnetOptionName } from './codes.ts'
import type { TelnetFact } from './facts.ts'
import { TelnetReader, type TelnetSink, type TelnetVerb } from './message.ts'

/** Bytes of each direction that are looked at: a log-in stands at the beginning, behind a banner of some pages. */
export const TELNET_BYTES_MAX = 32_768
/** Different options told: real pairs negotiate some ten. */
const OPTIONS_MAX = 24
/** Words before a colon that ask for a name or a password, lower case, written backwards to be matched from the colon on. */
const PROMPTS: readonly (readonly [string, 'user' | 'password'])[] = [
  ['nigol', 'user'], ['resu', 'user'], ['emanresu', 'user'], ['eman resu', 'user'], ['drowssap', 'password'], ['edocssap', 'password'],
]
const COLON = 0x3a
const RING_BYTES = 16

type Prompt = 'none' | 'user' | 'password'

/** The last bytes a side said. */
class Tail {
  readonly #ring = new Uint8Array(RING_BYTES)
  #at = 0

  push(byte: number): void {
    this.#ring[this.#at] = byte
    this.#at = (this.#at + 1) % RING_BYTES
  }

  /** The bytes before now are this word, read backwards, in any case. */
  endsWith(backwards: string): boolean {
    for (let i = 0; i < backwards.length; i++) {
      const byte = this.#ring[(this.#at - 1 - i + RING_BYTES) % RING_BYTES] as number
      const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
      if (lower !== backwards.charCodeAt(i)) return false
    }
    return true
  }
}

class Side implements TelnetSink {
  readonly reader = new TelnetReader()
  readonly tail = new Tail()
  readonly #session: TelnetSession
  readonly #direction: Direction
  seen = 0

  constructor(session: TelnetSession, direction: Direction) {
    this.#session = session
    this.#direction = direction
  }

  negotiation(verb: TelnetVerb, option: number): void {
    this.#session.negotiated(verb, option)
  }

  subNegotiation(option: number, command: number): void {
    this.#session.subNegotiated(option, command)
  }

  data(byte: number): void {
    this.#session.said(this.#direction, byte)
  }
}

export class TelnetSession implements Session {
  readonly #context: SessionContext
  readonly #sides: readonly [Side, Side] = [new Side(this, 0), new Side(this, 1)]
  readonly #options = new Set<number>()
  /** Somebody's data is encrypted: from then on no log-in is claimed. */
  #isEncrypted = false
  /** The side that prompts; the other types. */
  #server: Direction | null = null
  #prompt: Prompt = 'none'
  /** Characters typed since the prompt. */
  #typed = 0
  #hasUser = false
  #logins = 0
  #isStarted = false
  #at: Micros = 0

  constructor(context: SessionContext) {
    this.#context = context
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const side = this.#sides[direction]
    const stop = Math.min(end, off + TELNET_BYTES_MAX - side.seen)
    if (stop <= off || this.#isEncrypted) return
    this.#at = at
    side.seen += stop - off
    side.reader.read(buf, off, stop, side)
  }

  gap(direction: Direction): void {
    this.#sides[direction].reader.restart()
    this.#prompt = 'none'
  }

  end(at: Micros): void {
    this.#at = at
    const options = [...this.#options].map(telnetOptionName).sort()
    if (this.#isStarted) this.#tell({ kind: 'session', options, logins: this.#logins, encrypted: this.#isEncrypted })
  }

  negotiated(verb: TelnetVerb, option: number): void {
    if (!this.#isStarted) this.#tell({ kind: 'start' })
    this.#isStarted = true
    if (verb !== TelnetCommand.will && verb !== TelnetCommand.do) return
    if (this.#options.size < OPTIONS_MAX) this.#options.add(option)
  }

  subNegotiated(option: number, command: number): void {
    if (option === TelnetOption.encrypt && command === ENCRYPT_START) this.#isEncrypted = true
  }

  said(direction: Direction, byte: number): void {
    if (this.#isEncrypted) return
    if (direction !== this.#server && this.#server !== null) this.#answered(byte)
    else this.#prompted(direction, byte)
  }

  #prompted(direction: Direction, byte: number): void {
    const { tail } = this.#sides[direction]
    const found = byte === COLON ? PROMPTS.find(([word]) => tail.endsWith(word)) : undefined
    tail.push(byte)
    if (!found) return
    this.#server = direction
    this.#prompt = found[1]
    this.#typed = 0
  }

  /** A line typed at a prompt: at least one character and its end. */
  #answered(byte: number): void {
    if (this.#prompt === 'none') return
    const isEnd = byte === 0x0d || byte === 0x0a
    if (!isEnd) {
      if (byte !== 0) this.#typed++
      return
    }
    if (this.#typed === 0) return
    if (this.#prompt === 'user') this.#hasUser = true
    else if (++this.#logins === 1) this.#tell({ kind: 'login', clientSide: this.#server === 0 ? 1 : 0, userName: this.#hasUser })
    this.#prompt = 'none'
  }

  #tell(body: Body<TelnetFact>): void {
    this.#context.emit({ at: this.#at, frame: this.#context.frame(), protocol: 'telnet', flowId: this.#context.flow.id, ...body })
  }
}

type Body<F> = F extends TelnetFact ? Omit<F, 'at' | 'frame' | 'protocol' | 'flowId'> : never
