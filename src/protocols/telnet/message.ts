// Telnet bytes: commands, options and data of one direction, told apart byte by byte (RFC 854); encoders for tests.
// Keeps the patient-data rule: a data byte is handed on one at a time and never becomes text.

import { u8 } from '../../wire/bytes.ts'
import type { ProbeAnswer } from '../protocol.ts'
import { isTelnetOption, TelnetCommand } from './codes.ts'

export type TelnetVerb = 251 | 252 | 253 | 254

export interface TelnetSink {
  negotiation(verb: TelnetVerb, option: number): void
  /** The first two bytes of a sub-negotiation: its option and what the option does (RFC 855). */
  subNegotiation(option: number, command: number): void
  /** One byte of the conversation itself. */
  data(byte: number): void
}

/** `data`: in the conversation. `iac`: behind 255. `verb`: behind WILL to DONT. `sub`, `subIac`: inside a sub-negotiation (RFC 855). */
export type TelnetState = 'data' | 'iac' | 'verb' | 'sub' | 'sub-iac'

/** What happens to each state; printed in the README. */
export const TELNET_STATES: readonly { readonly state: TelnetState; readonly event: string; readonly next: TelnetState }[] = [
  { state: 'data', event: '255', next: 'iac' },
  { state: 'iac', event: '255, or a command without option', next: 'data' },
  { state: 'iac', event: 'WILL, WONT, DO or DONT', next: 'verb' },
  { state: 'iac', event: 'SB', next: 'sub' },
  { state: 'verb', event: 'option', next: 'data' },
  { state: 'sub', event: '255', next: 'sub-iac' },
  { state: 'sub-iac', event: 'SE', next: 'data' },
  { state: 'sub-iac', event: 'another byte', next: 'sub' },
]

/** One direction. */
export class TelnetReader {
  #state: TelnetState = 'data'
  #verb: TelnetVerb = TelnetCommand.will
  /** Bytes of the sub-negotiation so far; from two on they do not count. */
  #subBytes = 0
  #subOption = 0

  /** Somewhere in the conversation again: after bytes were lost. */
  restart(): void {
    this.#state = 'data'
  }

  read(buf: Uint8Array, off: number, end: number, sink: TelnetSink): void {
    for (let i = off; i < end; i++) {
      const byte = u8(buf, i)
      if (this.#state === 'data' && byte !== TelnetCommand.iac) sink.data(byte)
      else this.#command(byte, sink)
    }
  }

  #command(byte: number, sink: TelnetSink): void {
    switch (this.#state) {
      case 'data':
        this.#state = 'iac'
        break
      case 'iac':
        this.#afterIac(byte, sink)
        break
      case 'verb':
        this.#state = 'data'
        sink.negotiation(this.#verb, byte)
        break
      case 'sub':
        if (byte === TelnetCommand.iac) this.#state = 'sub-iac'
        else this.#subByte(byte, sink)
        break
      case 'sub-iac':
        this.#state = byte === TelnetCommand.subEnd ? 'data' : 'sub'
    }
  }

  #subByte(byte: number, sink: TelnetSink): void {
    if (this.#subBytes === 0) this.#subOption = byte
    else if (this.#subBytes === 1) sink.subNegotiation(this.#subOption, byte)
    this.#subBytes++
  }

  #afterIac(byte: number, sink: TelnetSink): void {
    this.#subBytes = 0
    this.#state = byte === TelnetCommand.sub ? 'sub' : 'data'
    if (byte === TelnetCommand.iac) sink.data(byte)
    else if (isVerb(byte)) {
      this.#verb = byte
      this.#state = 'verb'
    }
  }
}

function isVerb(byte: number): byte is TelnetVerb {
  return byte >= TelnetCommand.will && byte <= TelnetCommand.dont
}

/**
 * A direction that begins with an option asked for or offered (WILL or DO: nobody refuses what was not asked), and goes on with another
 * command or with plain text. Two bytes of 255 and 254 are a text file's mark, 255 and 251 a piece of music: the rest decides.
 */
export function probeTelnet(buf: Uint8Array, off: number, end: number): ProbeAnswer {
  if (u8(buf, off) !== TelnetCommand.iac) return 'no'
  if (off + 1 >= end) return 'more'
  const verb = u8(buf, off + 1)
  if (verb !== TelnetCommand.will && verb !== TelnetCommand.do) return 'no'
  if (off + 2 >= end) return 'more'
  if (!isTelnetOption(u8(buf, off + 2))) return 'no'
  if (off + 3 >= end) return 'yes'
  const next = u8(buf, off + 3)
  return next === TelnetCommand.iac || isText(next) ? 'yes' : 'no'
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a || byte === 0x1b
}

export function encodeTelnet(verb: TelnetVerb, ...options: readonly number[]): Uint8Array {
  return Uint8Array.from(options.flatMap((option) => [TelnetCommand.iac, verb, option]))
}
