// Tests of requests as values: ids are encoded, errors have one shape, no exception comes out.

import assert from 'node:assert/strict'
import { afterEach, describe, it, mock } from 'node:test'
import { analysisPath, failureIn, getJson, putJson, UNREACHABLE } from './client.ts'

afterEach(() => mock.restoreAll())

const answers = (response: () => Response): void => void mock.method(globalThis, 'fetch', async () => response())

describe('client', () => {
  it('reads JSON', async () => {
    answers(() => Response.json([1]))
    assert.deepEqual(await getJson('api/analyses'), { ok: true, value: [1] })
  })

  it('sends JSON', async () => {
    answers(() => Response.json({}))
    await putJson('api/x', { state: 'new' })
    const [path, init] = (fetch as unknown as { mock: { calls: { arguments: [string, RequestInit] }[] } }).mock.calls[0]?.arguments ?? []
    assert.equal(path, 'api/x')
    assert.equal(init?.method, 'PUT')
    assert.equal(init?.body, '{"state":"new"}')
  })

  it('gives the server\'s own words for an error', async () => {
    const error = { code: 'unknown-analysis', message: 'There is no such analysis.', help: 'Choose another.' }
    answers(() => Response.json({ error }, { status: 404 }))
    assert.deepEqual(await getJson('x'), { ok: false, error })
  })

  it('answers unreachable for a cut connection and for what is no JSON', async () => {
    mock.method(globalThis, 'fetch', () => Promise.reject(new TypeError('fetch failed')))
    assert.deepEqual(await getJson('x'), { ok: false, error: UNREACHABLE })
    mock.restoreAll()
    answers(() => new Response('<html>proxy</html>', { status: 502 }))
    assert.deepEqual(await getJson('x'), { ok: false, error: UNREACHABLE })
  })

  it('has words for a status without an error body', () => {
    for (const body of [null, 'text', {}, { error: null }, { error: { code: 1 } }]) assert.equal(failureIn(body, 502).code, 'http-502')
  })

  it('encodes ids', () => {
    assert.equal(analysisPath('an/1', 'assets', 'a?b'), 'api/analyses/an%2F1/assets/a%3Fb')
  })
})
