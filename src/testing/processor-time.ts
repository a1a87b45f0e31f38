// processor-time: what a piece of work costs this process in processor time: the same beside other tests as alone.
// Keeps "no timed assertions" as far as it goes: for work that would take minutes when it grows with a square, and counts no steps of its own.

/** Milliseconds of all threads of this process while `body` runs. */
export function processorMs(body: () => void): number {
  const before = process.cpuUsage()
  body()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
