// upload: a capture on its way in. Streamed to a file of mode 0600, read by the given analyser, removed whatever happens.
// Keeps "retention: raw packets 0": no byte of a capture outlives its reading, not even after a crash.

import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Analysis, ApiError, ProgressEvent } from './api.ts'
import { type ConsoleDeps, UPLOAD_LIMIT_BYTES } from './deps.ts'
import type { EventHub } from './events.ts'
import { errorBody } from './errors.ts'

/** Two at a time: each may take the full limit of disk and one core. */
export const UPLOADS_AT_ONCE_MAX = 2

/** Boundary, headers and the few fields around the file. */
const MULTIPART_OVERHEAD_BYTES = 64 * 1024

const MEBIBYTE = 1024 * 1024

/** Progress is for eyes: five times a second is smooth. */
const PROGRESS_EVERY_MS = 200

/** Long enough for `ward-3-2026-01-05.pcapng`, short enough for a list. */
const NAME_LENGTH_MAX = 120

const PART_NAME = /^capture-[0-9a-f-]{36}\.part$/

export interface Uploads {
  /** The handler of POST /api/captures. */
  receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Removes what an earlier process left behind after a crash. */
  sweep(): Promise<void>
  /** Removes the files of uploads still running: Ctrl-C must leave nothing. */
  close(): Promise<void>
}

/** The user's own name for the file: last path component, no control characters, bounded. */
export function displayName(filename: string | undefined): string {
  const last = (filename ?? '').replaceAll('\\', '/').split('/').at(-1) ?? ''
  // Control characters, and the bidirectional ones that could make one name look like another.
  const clean = last.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '').trim().slice(0, NAME_LENGTH_MAX)
  return clean === '' ? 'capture' : clean
}

export function createUploads(deps: ConsoleDeps, hub: EventHub, captured: (analysis: string, name: string) => Promise<void>): Uploads {
  const limit = deps.uploadLimitBytes ?? UPLOAD_LIMIT_BYTES
  const running = new Set<string>()

  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { status, body } = await admit(request)
    return reply.code(status).send(body)
  }

  /** The answer is formed here and sent by the caller, so that the file is gone before anyone hears that it was read. */
  async function admit(request: FastifyRequest): Promise<Answer> {
    if (!request.isMultipart()) return NO_FILE
    if (Number(request.headers['content-length'] ?? 0) > limit + MULTIPART_OVERHEAD_BYTES) return tooLarge(limit)
    if (running.size >= UPLOADS_AT_ONCE_MAX) {
      return refusal(503, 'busy', 'Cordon is already reading other captures.', 'Wait until they are done, then open this one again.')
    }
    const path = join(deps.incoming, `capture-${randomUUID()}.part`)
    running.add(path)
    try {
      return await store(request, path)
    } finally {
      running.delete(path)
      await rm(path, { force: true })
    }
  }

  async function store(request: FastifyRequest, path: string): Promise<Answer> {
    const part = await request.file({ limits: { fileSize: limit, files: 1, fields: 4, parts: 6 }, throwFileSizeLimit: false })
    if (!part || part.fieldname !== 'capture') {
      part?.file.resume()
      return NO_FILE
    }
    await mkdir(deps.incoming, { recursive: true, mode: 0o700 })
    await pipeline(part.file, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
    return part.file.truncated ? tooLarge(limit) : read(path, displayName(part.filename), markOf(request))
  }

  async function read(path: string, name: string, upload: string | undefined): Promise<Answer> {
    const result = await deps.analyseCapture(path, name, throttled((progress) => {
      hub.send({ name: 'progress', data: upload === undefined ? progress : { ...progress, upload } })
    }))
    if (!result.ok) return refusal(422, result.error.code, result.error.message, result.error.help)
    await captured(result.analysis.id, name)
    hub.send({ name: 'change', data: { analysis: result.analysis.id, state: result.analysis.state } })
    return { status: 201, body: result.analysis }
  }

  return {
    receive,
    async sweep() {
      const names = await readdir(deps.incoming).catch(() => [] as string[])
      await removeAll(names.filter((name) => PART_NAME.test(basename(name))).map((name) => join(deps.incoming, name)))
    },
    close: () => removeAll([...running]),
  }
}

async function removeAll(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map((path) => rm(path, { force: true })))
}

/** The browser's own mark for its upload; anything that is not a short plain word is ignored. */
function markOf(request: FastifyRequest): string | undefined {
  const { upload } = request.query as Readonly<Record<string, unknown>>
  return typeof upload === 'string' && /^[a-z0-9-]{1,64}$/.test(upload) ? upload : undefined
}

function throttled(send: (progress: ProgressEvent) => void): (progress: ProgressEvent) => void {
  let lastMs = Number.NEGATIVE_INFINITY
  return (progress) => {
    const nowMs = performance.now()
    if (nowMs - lastMs < PROGRESS_EVERY_MS && progress.bytesRead < progress.bytesTotal) return
    lastMs = nowMs
    send(progress)
  }
}

interface Answer {
  readonly status: number
  readonly body: Analysis | ApiError
}

function refusal(status: number, code: string, message: string, help: string): Answer {
  return { status, body: errorBody(code, message, help) }
}

const NO_FILE = refusal(
  400, 'no-capture', 'The request carries no file in the field `capture`.', 'Send one pcap or pcapng file as multipart/form-data.',
)

function tooLarge(limit: number): Answer {
  const size = limit >= MEBIBYTE ? `${Math.floor(limit / MEBIBYTE)} MiB` : `${limit} bytes`
  return refusal(413, 'too-large', `The capture is larger than ${size}.`,
    'Split it (editcap -c 100000 in.pcap out.pcap), or read it on the command line: cordon check FILE has no such limit.')
}
