// uploads: captures on their way from this computer to Cordon, one after the other, as a state anyone can show.
// Keeps the user informed of both halves: sending (known here) and reading (told by the server's progress events).

import type { Analysis, ProgressEvent } from '../../../src/console/api.ts'
import type { Answer, Failure } from './client.ts'
import { formatBytes } from '../model/format.ts'

interface Moving {
  readonly name: string
  /** Bytes; 0 of 0 while the server has not said anything yet. */
  readonly done: number
  readonly total: number
  /** Files behind this one. */
  readonly waiting: number
}

export type UploadState =
  | { readonly step: 'idle' }
  | Moving & { readonly step: 'sending' }
  | Moving & { readonly step: 'reading'; readonly packets: number }
  | { readonly step: 'failed'; readonly name: string; readonly error: Failure }

/** What of a File is needed. */
export interface CaptureFile {
  readonly name: string
  readonly size: number
}

export interface UploadDeps<F extends CaptureFile> {
  /** Sends one file; `onSent` is called with bytes so far. */
  readonly send: (file: F, mark: string, onSent: (done: number, total: number) => void) => Promise<Answer<Analysis>>
  /** A word of [a-z0-9-] nobody else has. */
  readonly newMark: () => string
  readonly onAnalysed: (analysis: Analysis) => void
  /** Bytes the server takes; null when not yet known. */
  readonly limitBytes: () => number | null
}

export interface Uploads<F extends CaptureFile> {
  readonly state: () => UploadState
  readonly subscribe: (listener: () => void) => () => void
  /** Queues files; each is analysed and shown in turn. */
  add(files: readonly F[]): void
  /** From the event stream. */
  progress(event: ProgressEvent): void
  /** Puts an error away. */
  readonly dismiss: () => void
}

export function createUploads<F extends CaptureFile>(deps: UploadDeps<F>): Uploads<F> {
  const listeners = new Set<() => void>()
  const queue: F[] = []
  let state: UploadState = { step: 'idle' }
  let mark: string | null = null

  function become(changed: UploadState): void {
    state = changed
    for (const listener of listeners) listener()
  }

  function sent(name: string, done: number, total: number): void {
    const waiting = queue.length
    if (done < total) become({ step: 'sending', name, done, total, waiting })
    else if (state.step !== 'reading') become({ step: 'reading', name, done: 0, total: 0, packets: 0, waiting })
  }

  async function next(): Promise<void> {
    const file = queue.shift()
    if (!file) return
    const own = deps.newMark()
    mark = own
    sent(file.name, 0, Math.max(1, file.size))
    const limit = deps.limitBytes()
    const tooLarge = limit !== null && file.size > limit
    const answer: Answer<Analysis> = tooLarge
      ? { ok: false, error: aboveLimit(limit) }
      : await deps.send(file, own, (done, total) => sent(file.name, done, total))
    mark = null
    if (answer.ok) {
      become({ step: 'idle' })
      deps.onAnalysed(answer.value)
      return next()
    }
    // The rest of the queue stays: the user sees the error first, and dismissing it goes on.
    become({ step: 'failed', name: file.name, error: answer.error })
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    add(files) {
      queue.push(...files)
      if (mark === null) void next()
    },
    progress({ upload, bytesRead, bytesTotal, packets }) {
      if (mark === null || upload !== mark || (state.step !== 'reading' && state.step !== 'sending')) return
      become({ step: 'reading', name: state.name, done: bytesRead, total: bytesTotal, packets, waiting: queue.length })
    },
    dismiss() {
      if (state.step !== 'failed') return
      become({ step: 'idle' })
      void next()
    },
  }
}

function aboveLimit(limit: number): Failure {
  return {
    code: 'too-large', message: `The capture is larger than ${formatBytes(limit)}, the most this page takes.`,
    help: 'Split it (editcap -c 100000 in.pcap out.pcap), or read it on the command line: cordon check FILE has no such limit.',
  }
}
