// send-capture: the one place with XMLHttpRequest, because fetch still cannot tell how much of an upload has gone out.

import type { Analysis } from '../../../src/console/api.ts'
import { type Answer, failureIn, UNREACHABLE } from './client.ts'

/** POST api/captures. Resolves always; a cut connection is UNREACHABLE. */
export function sendCapture(file: File, mark: string, onSent: (done: number, total: number) => void): Promise<Answer<Analysis>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest()
    request.open('POST', `api/captures?upload=${mark}`)
    request.responseType = 'json'
    request.upload.addEventListener('progress', (event) => onSent(event.loaded, event.total))
    request.upload.addEventListener('load', (event) => onSent(event.total, event.total))
    request.addEventListener('load', () => {
      const body: unknown = request.response
      if (request.status === 201 && body !== null) resolve({ ok: true, value: body as Analysis })
      else resolve({ ok: false, error: failureIn(body, request.status) })
    })
    for (const type of ['error', 'abort', 'timeout']) request.addEventListener(type, () => resolve({ ok: false, error: UNREACHABLE }))
    const form = new FormData()
    form.append('capture', file, file.name)
    request.send(form)
  })
}
