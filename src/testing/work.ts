// work: how often the parts of our own code ran: a count of steps that is the same on every machine, unlike a clock.
// Keeps "no timed assertions": a reader that loops too often shows in the count, however fast the machine is.

import { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[]
  }[]
}

/** Runs `body` and counts the runs of every function and block in files below `folder` (a file URL's path). */
export function countWork(folder: string, body: () => void): number {
  const session = new Session()
  session.connect()
  // In-process sessions answer at once: the callback has run when post returns.
  const ask = <T>(method: string, params: object): T => {
    let answer: unknown
    let problem: Error | null = null
    session.post(method, params, (error, result) => {
      problem = error
      answer = result
    })
    if (problem !== null) throw problem as Error
    return answer as T
  }
  try {
    ask('Profiler.enable', {})
    ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    body()
    const taken = ask<Coverage>('Profiler.takePreciseCoverage', {})
    ask('Profiler.stopPreciseCoverage', {})
    const ours = taken.result.filter((file) => file.url.startsWith('file:') && fileURLToPath(file.url).startsWith(folder))
    return ours.flatMap((file) => file.functions).flatMap((f) => f.ranges).reduce((sum, range) => sum + range.count, 0)
  } finally {
    session.disconnect()
  }
}
