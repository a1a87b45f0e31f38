// Tests of what is read of other programs' and the kernel's words: tcpdump's counts, the table of interfaces, and how a gap is told.
// Keeps the rule that a count which is not there is not made up.

import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { gapSentence } from './gap.ts'
import { countsOfTable } from './interface.ts'
import { tcpdumpCounts } from './tcpdump.ts'

test('tcpdump\'s last answer counts', () => {
  const words = [
    'tcpdump: listening on mon0, link-type EN10MB (Ethernet), snapshot length 262144 bytes',
    'tcpdump: 5 packets captured, 9 packets received by filter, 0 packets dropped by kernel',
    '700 packets captured', '712 packets received by filter', '12 packets dropped by kernel', '1 packet dropped by interface',
  ].join('\n')
  deepEqual(tcpdumpCounts(words), { captured: 700, received: 712, dropped: 12, byInterface: 1 })
  deepEqual(tcpdumpCounts(''), { captured: 0, received: 0, dropped: 0, byInterface: 0 })
})

test('an interface of the table: what its queue lost and what it sent; one that is not there is null', () => {
  const table = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '  mon0: 1000      20    1    7    3     0          0         0      500       6    0    0    0     0       0          0',
  ].join('\n')
  deepEqual(countsOfTable('mon0', table), { lost: 3, sent: 6 })
  equal(countsOfTable('mon', table), null)
})

test('a gap says from when to when, what it cost and why', () => {
  const gap = { from: 1_000_000, to: 3_000_000, lost: 0, why: 'SIGKILL' }
  match(gapSentence(gap), /^A gap from 1970-01-01T00:00:01\.000000Z to 1970-01-01T00:00:03\.000000Z: .*\(SIGKILL\).*room for all/)
  match(gapSentence({ ...gap, from: null, to: null, lost: 7 }), /^A gap from the start to the end: .*7 packets were lost meanwhile/)
  match(gapSentence({ ...gap, to: null, isOver: true }), /on nothing was read: SIGKILL, and could not be started again/)
})
