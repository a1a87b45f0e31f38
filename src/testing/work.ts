// work: how often the parts of our own code ran: a count of steps that is the same on every machine, unlike a clock.
// Keeps "no timed assertions": a reader that loops too often shows in the count, however fast the machine is.

import { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[]
  }[]
}

// Optimised code puts functions into their callers and no longer counts them.
for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag)

const session = new Session()
session.connect()
ask('Profiler.enable', {})
// From now on: only code that is compiled later has counters in its blocks, so this module is imported before what it counts.
ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** In-process sessions answer at once: the callback has run when post returns. */
function ask(method: string, params: object): unknown {
  let answer: unknown
  let problem: Error | null = null
  session.post(method, params, (error, result) => {
    problem = error
    answer = result
  })
  if (problem !== null) throw problem as Error
  return answer
}

/** Runs `body` twice, the first time to compile it, and counts the runs of every function and block in files below `folder`. */
export function countWork(folder: string, body: () => void): number {
  body()
  ask('Profiler.takePreciseCoverage', {})
  body()
  const taken = ask('Profiler.takePreciseCoverage', {}) as Coverage
  const ours = taken.result.filter((file) => file.url.startsWith('file:') && fileURLToPath(file.url).startsWith(folder))
  return ours.flatMap((file) => file.functions).flatMap((f) => f.ranges).reduce((sum, range) => sum + range.count, 0)
}
