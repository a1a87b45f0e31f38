// client: one request to the console's API, answered as a value. No exception leaves this file.
// Keeps errors in one shape: what, where, what to do, also when nobody answers.

import type { ApiError } from '../../../src/console/api.ts'

export type Failure = ApiError['error']
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Failure }

export const UNREACHABLE: Failure = {
  code: 'unreachable',
  message: 'Cordon does not answer.',
  help: 'Look whether it still runs in its terminal (cordon serve); this page asks again by itself.',
}

/** Reads JSON; `path` is relative to the page, so that the console also works below a prefix. */
export async function getJson<T>(path: string): Promise<Answer<T>> {
  return request<T>(path, { headers: { accept: 'application/json' } })
}

export async function putJson<T>(path: string, body: unknown): Promise<Answer<T>> {
  return request<T>(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

async function request<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(path, init)
    const body: unknown = await response.json()
    return response.ok ? { ok: true, value: body as T } : { ok: false, error: failureIn(body, response.status) }
  } catch {
    // Refused, cut, or not JSON: for the user these are one thing.
    return { ok: false, error: UNREACHABLE }
  }
}

/** The ApiError in a body, or words of our own for the status. */
export function failureIn(body: unknown, status: number): Failure {
  const error = typeof body === 'object' && body !== null ? (body as { readonly error?: Partial<Failure> }).error : undefined
  if (typeof error?.code === 'string' && typeof error.message === 'string' && typeof error.help === 'string') {
    return { code: error.code, message: error.message, help: error.help }
  }
  return { code: `http-${status}`, message: `The server answered with status ${status}.`, help: 'Try again; if it stays, restart Cordon.' }
}

/** Path of one analysis' resource, ids encoded. */
export function analysisPath(id: string, ...rest: readonly string[]): string {
  return ['api/analyses', id, ...rest].map((part, index) => (index === 0 ? part : encodeURIComponent(part))).join('/')
}
