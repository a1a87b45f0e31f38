// Scheduler: many frame streams, each in its own time order, merged into one in packet-time order.
// Keeps the rule that time is data: a stream says when, the merge only compares, so the same seed gives the same bytes.

import { assert } from '../../base/assert.ts'
import type { Micros } from '../../base/time.ts'
import type { WardFrame } from './packets.ts'

/** Frames in non-decreasing time; may never end. */
export type FrameStream = Iterator<WardFrame, void, undefined>

interface Head {
  readonly frame: WardFrame
  /** Position of the stream in the list handed in: breaks ties, so equal times have one order. */
  readonly rank: number
  readonly stream: FrameStream
}

/**
 * Merges streams until every one has ended or its next frame is at or after `endAt` (Infinity: never).
 * Holds one frame per stream. Asserts that each stream is in time order: a disordered one is our bug.
 */
export function* mergeStreams(streams: readonly FrameStream[], endAt: Micros): Generator<WardFrame, void, undefined> {
  const heap: Head[] = []
  for (const [rank, stream] of streams.entries()) pull(heap, stream, rank, 0, endAt)
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    popTop(heap)
    yield top.frame
    pull(heap, top.stream, top.rank, top.frame.at, endAt)
  }
}

function pull(heap: Head[], stream: FrameStream, rank: number, notBefore: Micros, endAt: Micros): void {
  const step = stream.next()
  if (step.done === true) return
  assert(step.value.at >= notBefore, `stream ${rank} goes back in time`)
  if (step.value.at < endAt) push(heap, { frame: step.value, rank, stream })
}

function before(a: Head, b: Head): boolean {
  return a.frame.at < b.frame.at || (a.frame.at === b.frame.at && a.rank < b.rank)
}

function push(heap: Head[], head: Head): void {
  let at = heap.length
  heap.push(head)
  while (at > 0) {
    const up = (at - 1) >> 1
    const parent = heap[up] as Head
    if (!before(head, parent)) break
    heap[at] = parent
    at = up
  }
  heap[at] = head
}

function popTop(heap: Head[]): void {
  const last = heap.pop() as Head
  if (heap.length === 0) return
  let at = 0
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    const right = heap[child + 1]
    const next = right !== undefined && before(right, heap[child] as Head) ? child + 1 : child
    if (!before(heap[next] as Head, last)) break
    heap[at] = heap[next] as Head
    at = next
  }
  heap[at] = last
}

/** The stream, cut before its first frame at or after `endAt`. */
export function* until(stream: Iterable<WardFrame>, endAt: Micros): Generator<WardFrame, void, undefined> {
  for (const frame of stream) {
    if (frame.at >= endAt) return
    yield frame
  }
}
