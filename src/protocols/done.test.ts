// Tests that a session which has read all there is in clear says so: most of a network's bytes are encrypted, and nobody need bring them.
// SSH is done later, with its log-in: ssh/ssh.test.ts.
// Keeps the promise that what comes after is told nothing: the facts stay as they were.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { fakeContext, fakeTime } from '../testing/fake-context.ts'
import { loadGoldens } from '../testing/golden.ts'
import { QuicSession } from './quic/session.ts'
import { RshSession } from './rsh/session.ts'
import { TlsSession } from './tls/session.ts'

const SESSIONS = { quic: QuicSession, rsh: RshSession, tls: TlsSession } as const

/** Goldens by title whose talk is read to its end, and after how many chunks. */
const ENDED: readonly (readonly [keyof typeof SESSIONS, string, number])[] = [
  ['tls', 'TLS 1.2 with certificates on both sides', 4], ['rsh', 'rlogin', 2],
  ['quic', 'version 1, hello in one packet', 1],
]

for (const [id, title, chunks] of ENDED) {
  test(`${id}: done after what is in clear, and silent from then on`, () => {
    const golden = loadGoldens(new URL(`./${id}/testdata/`, import.meta.url)).find((c) => c.title === title)
    ok(golden)
    const context = fakeContext(golden.transport)
    const session = new SESSIONS[id](context)
    for (const [i, { direction, bytes }] of golden.chunks.entries()) {
      equal(session.isDone, i >= chunks, `before chunk ${i + 1}`)
      session.feed(direction, bytes, 0, bytes.length, fakeTime(i + 1))
    }
    ok(session.isDone)
    const known = context.facts.length
    for (const { direction, bytes } of golden.chunks) session.feed(direction, bytes, 0, bytes.length, fakeTime(9))
    session.gap(0, 5, fakeTime(9))
    session.end(fakeTime(9))
    deepEqual(context.facts.length, known)
  })
}
