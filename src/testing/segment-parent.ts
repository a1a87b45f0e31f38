// segment-parent: a parent of the process that faces the segment, as a program of its own, so that a test can kill it.
// Keeps the rule that it says on standard output which process it started and then only waits.

import { loopbackSegment } from './segment-process.ts'

const { segment, cms } = await loopbackSegment()
process.stdout.write(`${JSON.stringify({ pid: segment.state().pid, cms })}\n`)
setInterval(() => undefined, 1000)
