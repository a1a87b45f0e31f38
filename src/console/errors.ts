// errors: every answer that is not 2xx has one shape: what, where, what to do (ApiError).
// Keeps the rule that no path, stack or library text of ours reaches a browser.

import type { FastifyReply } from 'fastify'
import type { ApiError } from './api.ts'

/** Sends an ApiError. `help` is something a person can do. */
export function fail(reply: FastifyReply, status: number, code: string, message: string, help: string): FastifyReply {
  return reply.code(status).send(errorBody(code, message, help))
}

/** 404 of something that a list named a moment ago. */
export function notFound(reply: FastifyReply, what: string): FastifyReply {
  return fail(reply, 404, `unknown-${what}`, `There is no such ${what}.`, 'It may have been removed; go back to the list and choose again.')
}

export function errorBody(code: string, message: string, help: string): ApiError {
  return { error: { code, message, help } }
}

interface KnownFailure {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly help: string
}

/** Failures of the HTTP library by its own code, in our words. */
const KNOWN: Readonly<Record<string, KnownFailure>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: badRequest('The request body is not JSON.', 'Send a JSON object with content-type application/json.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: badRequest('The request body is empty.', 'Send a JSON object with content-type application/json.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415, code: 'unsupported-type', message: 'The server does not read this content type.',
    help: 'Captures go as multipart/form-data, everything else as application/json.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413, code: 'too-large', message: 'The request body is too large.', help: 'Send captures to POST /api/captures.',
  },
  FST_MP_PREMATURE_CLOSE: badRequest('The upload stopped before its end.', 'Send the capture again.'),
  FST_PROTO_VIOLATION: badRequest('The upload has a field with a reserved name.', 'Send one file in the field `capture`.'),
  FST_PARTS_LIMIT: badRequest('The upload has too many parts.', 'Send one file in the field `capture`.'),
  FST_FILES_LIMIT: badRequest('The upload has more than one file.', 'Send one file in the field `capture`.'),
  FST_FIELDS_LIMIT: badRequest('The upload has too many fields.', 'Send one file in the field `capture`.'),
}

function badRequest(message: string, help: string): KnownFailure {
  return { status: 400, code: 'bad-request', message, help }
}

const INTERNAL: KnownFailure = {
  status: 500, code: 'internal', message: 'Cordon failed to answer; this is a fault of ours.',
  help: 'Try again; the terminal that runs Cordon shows the details.',
}

/** busboy tells of a cut or malformed multipart body by its message only, without a code. */
const BROKEN_MULTIPART = /^(Unexpected end of multipart data|Part terminated early|Multipart: Boundary not found)/

/** What to tell the browser of an exception: a known failure in our words, another 4xx in general ones, else `internal`. */
export function failureOf(error: unknown): KnownFailure {
  const { code, statusCode, message } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
  const known = typeof code === 'string' ? KNOWN[code] : undefined
  if (known) return known
  if (typeof message === 'string' && BROKEN_MULTIPART.test(message)) {
    return badRequest('The upload is cut short or no multipart form.', 'Send the capture again.')
  }
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return INTERNAL
  return { ...badRequest('The server does not take this request.', 'See the list of routes in the documentation.'), status: statusCode }
}
