// What HTTP/1 teaches: which software speaks on each side, which hosts and kinds of paths are asked for, whether passwords go in clear.
// Keeps the patient-data rule: no query, no path beyond its shape, no credential, no content. Files: ../file-transfer/facts.ts.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface HttpBase extends FactBase {
  readonly protocol: 'http'
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
}

/** A method, host and shape of a path, told once per flow. */
export interface HttpRequest extends HttpBase {
  readonly kind: 'request'
  readonly method: string
  /** Host field; null without. */
  readonly host: string | null
  /** `/cgi-bin/*.cgi`: words and extensions only (message.ts). */
  readonly shape: string
}

/** User-Agent or Server, told once per flow for each. */
export interface HttpSoftware extends HttpBase {
  readonly kind: 'software'
  readonly side: 'client' | 'server'
  readonly software: string
}

/** A user name and a password, readable by anybody on the way; told once per flow. */
export interface HttpCredentials extends HttpBase {
  readonly kind: 'credentials'
  readonly scheme: 'basic'
}

/** The flow is over. */
export interface HttpTotals extends HttpBase {
  readonly kind: 'totals'
  readonly requests: number
  readonly responses: number
  /** Responses with a status of 400 and above. */
  readonly refused: number
}

export interface HttpMalformed extends HttpBase {
  readonly kind: 'malformed'
  /** `start-line`, `length`, `chunk`, `line-length`, `lost`. */
  readonly reason: string
}

export type HttpFact = HttpRequest | HttpSoftware | HttpCredentials | HttpTotals | HttpMalformed
