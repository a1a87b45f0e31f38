// What Telnet teaches: that somebody administers a device in clear, and that a log-in was there for all to read. Never its text.

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'

interface TelnetBase extends FactBase {
  readonly protocol: 'telnet'
  readonly flowId: number
}

/** The first option negotiation. */
export interface TelnetStart extends TelnetBase {
  readonly kind: 'start'
}

/** A prompt for a password was answered in clear; told once per flow. */
export interface TelnetLogin extends TelnetBase {
  readonly kind: 'login'
  /** Who typed. */
  readonly clientSide: Direction
  /** A user name was typed at a prompt before. */
  readonly userName: boolean
}

/** At the end. */
export interface TelnetSession extends TelnetBase {
  readonly kind: 'session'
  /** Options somebody asked for or offered, by name, sorted; bounded. */
  readonly options: readonly string[]
  /** Prompts for a password that were answered. */
  readonly logins: number
  /** A side began to encrypt (RFC 2946): what came after is not looked at. */
  readonly encrypted: boolean
}

export type TelnetFact = TelnetStart | TelnetLogin | TelnetSession
