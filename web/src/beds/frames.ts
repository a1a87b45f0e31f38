// frames: one animation loop for the page: the judge first, then all sweeps.
// Keeps the order "judge, then paint": a page that comes back finds out that its numbers are old before it draws anything.

/** Judged this often at least, by the loop and by a timer in case the loop is held back. */
export const JUDGE_EVERY_MS = 500

/** Sweeps are painted at most so often: 25 mm/s moves four pixels in this time, and fewer frames than the screen's cost less. */
export const PAINT_EVERY_MS = 40

export interface Frames {
  /** Called for each painting with the clock that sweeps, in seconds. */
  add(painter: (seconds: number) => void): () => void
  stop(): void
}

export function startFrames(judge: () => void): Frames {
  const painters = new Set<(seconds: number) => void>()
  let judgedMs = -Infinity
  let paintedMs = -Infinity
  const judgeAt = (nowMs: number): void => {
    if (nowMs - judgedMs < JUDGE_EVERY_MS) return
    judgedMs = nowMs
    judge()
  }
  const frame = (): void => {
    asked = requestAnimationFrame(frame)
    const nowMs = performance.now()
    judgeAt(nowMs)
    if (nowMs - paintedMs < PAINT_EVERY_MS) return
    paintedMs = nowMs
    for (const painter of painters) painter(nowMs / 1000)
  }
  let asked = requestAnimationFrame(frame)
  const timer = setInterval(() => judgeAt(performance.now()), JUDGE_EVERY_MS)
  return {
    add(painter) {
      painters.add(painter)
      return () => painters.delete(painter)
    },
    stop() {
      cancelAnimationFrame(asked)
      clearInterval(timer)
    },
  }
}
