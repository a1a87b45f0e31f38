// Heap: how eagerly V8 collects in our processes. Left alone it lets what lives grow to twice or four times before it looks for what died.
// Keeps the rule that no bound is set to the heap itself: a large capture may take what it needs, it only has to clean up sooner.

import v8 from 'node:v8'

/** Of what lived after a collection, how much may be added before the next one. */
const GROWTH_PERCENT = 50
/** The same once the heap is large: a flood has filled the tables, and each percent is megabytes. */
const GROWTH_PERCENT_LARGE = 25
/** More than twice what a ward of 64 monitors needs, so that only floods and busy days pay: on the mix of the bench some collections more. */
const LARGE_BYTES = 160 * 1024 * 1024
/** V8 asks for the percentage at the end of a collection; between two of a large heap pass seconds. */
const LOOK_MS = 250

/**
 * Called once, before anything large. The other half of the policy stands in the launcher, for V8 reads it at its start only: new objects
 * get two spaces of 16 MB, where V8 would go to 64 (`cordon`, --max-semi-space-size).
 */
export function collectEarly(): void {
  let isLarge = false
  setGrowth(GROWTH_PERCENT)
  setInterval(() => {
    if (isLarge === v8.getHeapStatistics().total_heap_size > LARGE_BYTES) return
    isLarge = !isLarge
    setGrowth(isLarge ? GROWTH_PERCENT_LARGE : GROWTH_PERCENT)
  }, LOOK_MS).unref()
}

function setGrowth(percent: number): void {
  v8.setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/** Twenty above what a start alone takes: the memory of a small capture is not worth the tenths of a second. */
const COLLECT_BYTES_MIN = 96 * 1024 * 1024

/**
 * Between two phases of which the second needs nothing of what the first held: V8 itself would look when the second has come as far again,
 * and both would be held at once. A no-op where the launcher's --expose-gc is missing.
 */
export function collectBetween(): void {
  const { heapTotal, external } = process.memoryUsage()
  if (heapTotal + external > COLLECT_BYTES_MIN) globalThis.gc?.()
}
