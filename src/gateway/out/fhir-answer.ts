// Fhir answer: what a FHIR server's response to a transaction means: delivered, refused (with codes), later, or nothing that fits.
// Keeps the rule that no text of a server passes: diagnostics may quote a patient, so only statuses and codes of FHIR's own list do.

import type { Micros } from '../../base/time.ts'
import type { Answer } from './answer.ts'

/** FHIR R4 code system issue-type: the only words of an OperationOutcome that are passed on. */
const ISSUE_TYPES: ReadonlySet<string> = new Set([
  'invalid', 'structure', 'required', 'value', 'invariant', 'security', 'login', 'unknown', 'expired', 'forbidden', 'suppressed', 'processing',
  'not-supported', 'duplicate', 'multiple-matches', 'not-found', 'deleted', 'too-long', 'code-invalid', 'extension', 'too-costly', 'business-rule',
  'conflict', 'transient', 'lock-error', 'no-store', 'exception', 'timeout', 'incomplete', 'throttled', 'informational',
])
const ISSUES_TOLD_MAX = 4
/** A server that asks for more is asked again after an hour: the queue is waiting. */
export const RETRY_AFTER_MAX_MS = 3600_000

/**
 * Statuses that say something of the set-up, not of the message: every message would get the same. Setting them apart one by one would empty the
 * queue while somebody renews a certificate, so these are tried until the set-up is repaired.
 */
const SETUP: Readonly<Record<number, string>> = {
  401: 'the server does not know the gateway: it must accept its certificate',
  403: 'the server does not allow the gateway to write: give its certificate the right',
  404: 'the server knows no FHIR at this URL: check the base URL',
  405: 'the server takes no transaction at this URL: check the base URL',
  406: 'the server does not speak FHIR JSON',
  407: 'a proxy between asks who we are',
  410: 'the server has no FHIR at this URL any more: check the base URL',
  415: 'the server does not take FHIR JSON',
  421: 'the server is another one than the URL names: check the base URL',
  426: 'the server wants another protocol',
  501: 'the server takes no transactions',
}
/** Statuses that pass by themselves, of one message: a conflict of two writers, a lock. After some tries the message is set apart. */
const PASSING: ReadonlySet<number> = new Set([409, 423, 425])

export interface FhirResponse {
  readonly status: number
  readonly retryAfter: string | null
  /** Whole, within the sender's bound. */
  readonly body: Uint8Array
}

/** `entriesSent`: how many entries the transaction had; the response must have as many (FHIR R4, http.html, transaction response). */
export function readFhirAnswer(response: FhirResponse, entriesSent: number, now: Micros): Answer {
  const { status } = response
  if (status === 200 || status === 201) return readTransaction(parse(response.body), entriesSent)
  if (status < 300) return { kind: 'unfit', why: `the server answers ${status}, which says nothing about the entries` }
  if (status < 400) return later(`the server answers ${status}: it is at another URL; redirects are not followed, write the base URL it is at`)
  return readRefusal(response, now)
}

function readRefusal({ status, retryAfter, body }: FhirResponse, now: Micros): Answer {
  const codes = issueCodes(parse(body))
  const told = [String(status), ...codes].join(', ')
  if (SETUP[status] !== undefined) return later(`${SETUP[status]} (${told})`)
  if (PASSING.has(status)) return later(`the server cannot take a message now (${told})`, 0, true)
  if (status === 408 || status === 429 || status >= 500) return later(`the server cannot take messages now (${told})`, retryMs(retryAfter, now))
  return { kind: 'refused', why: told }
}

function later(why: string, leastMs = 0, isOfMessage = false): Answer {
  return { kind: 'later', why, leastMs, isOfMessage }
}

/** RFC 9110 section 10.2.3: seconds, or a date; anything else is no wish. */
export function retryMs(retryAfter: string | null, now: Micros): number {
  if (retryAfter === null) return 0
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now / 1000
  return Number.isFinite(ms) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, Math.ceil(ms))) : 0
}

type Fields = Readonly<Record<string, unknown>>
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function parse(body: Uint8Array): Fields {
  try {
    return fields(JSON.parse(new TextDecoder().decode(body)))
  } catch {
    return {}
  }
}

/** A transaction is all or nothing; a server that did part of it did not do a transaction, and the part is named by its place. */
function readTransaction(bundle: Fields, entriesSent: number): Answer {
  const entries = list(bundle['entry'])
  const isResponse = bundle['resourceType'] === 'Bundle' && bundle['type'] === 'transaction-response'
  if (!isResponse) return { kind: 'unfit', why: 'the server answers 200 without a transaction-response' }
  if (entries.length !== entriesSent) return { kind: 'unfit', why: `the server answers for ${entries.length} entries of ${entriesSent}` }
  const statuses = entries.map((entry) => entryStatus(fields(fields(entry)['response'])))
  const bad = statuses.findIndex((status) => status === null || status < 200 || status > 299)
  if (bad === -1) return { kind: 'delivered' }
  return entryRefusal(bad + 1, statuses[bad] ?? null)
}

function entryRefusal(place: number, status: number | null): Answer {
  if (status === null) return { kind: 'unfit', why: `entry ${place} of the server's answer has no status` }
  const why = `entry ${place} answered ${status}`
  return status >= 500 || status === 429 || status === 408 || PASSING.has(status) ? later(why, 0, true) : { kind: 'refused', why }
}

/** `201 Created`, `200` */
function entryStatus(response: Fields): number | null {
  const { status } = response
  const [, digits] = typeof status === 'string' ? /^(\d{3})(?:\s|$)/.exec(status) ?? [] : []
  return digits === undefined ? null : Number(digits)
}

function issueCodes(outcome: Fields): readonly string[] {
  const codes = list(outcome['issue']).slice(0, ISSUES_TOLD_MAX).map((issue) => fields(issue)['code'])
  return codes.map((code) => (typeof code === 'string' && ISSUE_TYPES.has(code) ? code : 'code not of FHIR\'s list'))
}

/** Entries of the transaction that is sent; it is our own, so it can be read. */
export function countEntries(body: Uint8Array): number {
  return list(parse(body)['entry']).length
}
