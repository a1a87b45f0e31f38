// Tests of identification: order of candidates, bounds, losses, replay with its own frames, and every golden of every protocol.
// Keeps "a port is a hint, the probe is the judge" and that the verdict does not depend on where segments end.

import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everySplit, runSession, type Chunk } from '../testing/everysplit.ts'
import { fakeContext, fakeTime, type FakeContext } from '../testing/fake-context.ts'
import { neverThrows } from '../testing/fuzz.ts'
import { toyRow } from '../testing/toy-row.ts'
import type { Direction, Flow } from '../wire/flow.ts'
import {
  compileRegistry, IDENTIFY_BYTES_MAX, IDENTIFY_DATAGRAMS_MAX, IDENTIFY_PACKETS_MAX, IDENTIFY_RESTARTS_MAX, IdentifyingSession,
} from './identify.ts'
import { encodeLpdCommand } from './lpd/index.ts'
import type { ProbeAnswer, ProtocolRow, Transport } from './protocol.ts'
import { createRegistry } from './registry.ts'

/** What the session inside was told, in order. */
type Told = readonly ['feed', Direction, string, number, number] | readonly ['gap', Direction, number] | readonly ['end']

interface SpyRow extends ProtocolRow {
  readonly told: Told[]
  readonly probed: { count: number }
}

/** A row whose stream begins with `word`; `min` bytes are wanted before anything but no is said. */
function spyRow(id: string, word: string, options: { hints?: number[]; min?: number; transports?: Transport[] } = {}): SpyRow {
  const told: Told[] = []
  const probed = { count: 0 }
  const judge = (buf: Uint8Array, off: number, end: number): ProbeAnswer => {
    probed.count++
    for (let i = 0; i < word.length && off + i < end; i++) if (buf[off + i] !== word.charCodeAt(i)) return 'no'
    return end - off >= Math.max(word.length, options.min ?? 0) ? 'yes' : 'more'
  }
  return {
    id, name: id, told, probed, transports: options.transports ?? ['tcp', 'udp'], hints: options.hints ?? [],
    probe: (_transport, _direction, buf, off, end) => judge(buf, off, end),
    open: (context) => ({
      feed: (direction, buf, off, end, at) => told.push(['feed', direction, text(buf, off, end), context.frame(), at]),
      gap: (direction, bytes) => told.push(['gap', direction, bytes]),
      end: () => told.push(['end']),
    }),
  }
}

const text = (buf: Uint8Array, off: number, end: number): string => Buffer.from(buf.slice(off, end)).toString('latin1')
const bytes = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0))

interface Bench {
  readonly context: FakeContext
  readonly session: IdentifyingSession
  say(direction: Direction, what: string, frame?: number): void
}

function bench(rows: readonly ProtocolRow[], transport: Transport = 'tcp', flow: Partial<Flow> = {}): Bench {
  const context = fakeContext(transport, flow)
  const session = new IdentifyingSession(compileRegistry(rows), context)
  let next = 1
  return {
    context,
    session,
    say(direction, what, frame = next++): void {
      context.setFrame(frame)
      const buf = bytes(`((${what}))`)
      session.feed(direction, buf, 2, buf.length - 2, fakeTime(frame))
      buf.fill(0)
    },
  }
}

const fed = (row: SpyRow): string[] =>
  row.told.map((t) => (t[0] === 'feed' ? `${t[1]}${t[2]}` : t[0] === 'gap' ? `gap${t[1]}:${t[2]}` : 'end'))

test('candidates: hinted by the responder port, then by the initiator port, then the registry order', () => {
  const rows = [
    spyRow('a', 'a', { hints: [1] }), spyRow('b', 'b', { hints: [2, 515] }), spyRow('c', 'c', { hints: [515], transports: ['tcp'] }),
  ]
  const { candidates } = compileRegistry(rows)
  const ids = (transport: Transport, to: number, from: number): string => candidates(transport, to, from).map((r) => r.id).join('')
  equal(ids('tcp', 9, 9), 'abc')
  equal(ids('tcp', 515, 9), 'bca')
  equal(ids('tcp', 9, 515), 'bca')
  equal(ids('tcp', 1, 515), 'abc')
  equal(ids('tcp', 515, 1), 'bca')
  equal(ids('udp', 515, 9), 'ba')
})

test('two rows with one id, or more rows than bits, are a bug of ours', () => {
  throws(() => compileRegistry([spyRow('a', 'a'), spyRow('a', 'b')]), /share an id/)
  throws(() => compileRegistry(Array.from({ length: 32 }, (_, i) => spyRow(`r${i}`, 'x'))), /more registry rows/)
})

test('a yes on the first segment opens the session and sets the flow', () => {
  const row = spyRow('toy', 'HEL')
  const b = bench([row])
  b.say(0, 'HELLO')
  equal(b.context.flow.protocol, 'toy')
  deepEqual([b.session.verdict, b.session.settled], ['identified', true])
  b.say(1, 'reply')
  b.session.gap(1, 5, 0)
  b.session.end(0)
  deepEqual(fed(row), ['0HELLO', '1reply', 'gap1:5', 'end'])
})

test('bytes after the verdict pass by reference, not as a copy', () => {
  const seen: Uint8Array[] = []
  const row: ProtocolRow = {
    ...spyRow('toy', 'A'), open: () => ({ feed: (_direction, buf) => seen.push(buf), gap: () => {}, end: () => {} }),
  }
  const session = new IdentifyingSession(compileRegistry([row]), fakeContext('tcp'))
  const first = bytes('A')
  const second = bytes('B')
  session.feed(0, first, 0, 1, 0)
  session.feed(0, second, 0, 1, 0)
  ok(seen[0] === first && seen[1] === second)
})

test('kept packets are replayed in order of arrival, both sides, with their own frame and time', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(0, 'HE', 3)
  b.say(1, 'banner', 4)
  b.say(0, 'L', 7)
  b.say(0, 'LO there', 9)
  deepEqual(row.told, [
    ['feed', 0, 'HE', 3, fakeTime(3)],
    ['feed', 1, 'banner', 4, fakeTime(4)],
    ['feed', 0, 'L', 7, fakeTime(7)],
    ['feed', 0, 'LO there', 9, fakeTime(9)],
  ])
})

test('a yes in place after packets of the other side replays those first', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(1, 'banner')
  b.say(0, 'HELLO')
  deepEqual(fed(row), ['1banner', '0HELLO'])
})

test('when every row refuses both sides the flow is unknown, and nobody is asked again', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(0, 'GET /')
  equal(b.session.settled, false)
  b.say(1, 'HTTP/1.1')
  deepEqual([b.session.verdict, b.context.flow.protocol], ['unknown', null])
  const asked = row.probed.count
  b.say(0, 'HELLO')
  b.session.gap(0, 9, 0)
  b.session.end(0)
  deepEqual([row.probed.count, row.told.length], [asked, 0])
})

test('a side that is refused waits for the other within the byte bound', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(1, 'x'.repeat(IDENTIFY_BYTES_MAX - 1))
  equal(b.session.verdict, 'undecided')
  b.say(1, 'xx')
  equal(b.session.verdict, 'unknown')
})

test('the packet bound ends an undecided flow of tiny packets', () => {
  const b = bench([spyRow('toy', 'y'.repeat(IDENTIFY_BYTES_MAX))])
  for (let i = 1; i < IDENTIFY_PACKETS_MAX; i++) b.say(0, 'y')
  equal(b.session.verdict, 'undecided')
  b.say(0, 'y')
  equal(b.session.verdict, 'unknown')
})

test('a first segment longer than the bound is judged by its beginning and passed whole', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(0, `HELLO${'z'.repeat(9000)}`)
  equal(row.told[0]?.[0] === 'feed' && row.told[0][2].length, 9005)
})

test('a segment that crosses the bound after a beginning is passed in two parts, none lost', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(0, 'HEL')
  b.say(0, `LO${'z'.repeat(9000)}`)
  equal(row.told.map((t) => (t[0] === 'feed' ? t[2] : '')).join('').length, 9005)
  equal(row.told.every((t) => t[0] === 'feed' && (t[3] === 1 || t[3] === 2)), true)
})

test('of two rows that say yes the hinted one wins, else the first', () => {
  const rows = [spyRow('a', 'X'), spyRow('b', 'X', { hints: [515] })]
  const hinted = bench(rows, 'tcp', { dstPort: 515 })
  hinted.say(0, 'XY')
  equal(hinted.context.flow.protocol, 'b')
  const plain = bench(rows)
  plain.say(0, 'XY')
  equal(plain.context.flow.protocol, 'a')
})

test('a later row waits while an earlier one wants more, so that splits do not decide', () => {
  const rows = [spyRow('slow', 'XYZ'), spyRow('quick', 'X')]
  const slow = bench(rows)
  slow.say(0, 'X')
  equal(slow.session.verdict, 'undecided')
  slow.say(0, 'YZ')
  equal(slow.context.flow.protocol, 'slow')
  const quick = bench(rows)
  quick.say(0, 'X')
  quick.say(0, 'other')
  equal(quick.context.flow.protocol, 'quick')
})

test('at the end, or at a bound, the row that waited is taken', () => {
  const quick = spyRow('quick', 'X')
  const ended = bench([spyRow('slow', 'XYZ'), quick])
  ended.say(0, 'X')
  ended.session.end(0)
  equal(ended.context.flow.protocol, 'quick')
  deepEqual(fed(quick), ['0X', 'end'])
  const bounded = bench([spyRow('slow', 'X'.repeat(5000)), spyRow('quick', 'X')])
  bounded.say(0, 'X'.repeat(4000))
  equal(bounded.context.flow.protocol, 'quick')
})

test('a loss before the verdict starts that side over', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(0, 'HE')
  b.say(1, 'banner')
  b.session.gap(0, 100, 0)
  b.say(0, 'HELLO')
  deepEqual(fed(row), ['1banner', '0HELLO'])
})

test('a loss on the side that was not judged is told before its bytes', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(1, 'ban')
  b.session.gap(1, 7, 0)
  b.say(1, 'ner')
  b.say(0, 'HELLO')
  deepEqual(fed(row), ['gap1:10', '1ner', '0HELLO'])
})

test('a late start gets a fresh chance at each packet, within its bound', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row], 'tcp', { state: 'midstream' })
  for (let i = 0; i < IDENTIFY_RESTARTS_MAX; i++) b.say(0, 'middle of something')
  equal(b.session.verdict, 'undecided')
  b.say(0, 'HELLO')
  deepEqual(fed(row), ['0HELLO'])
  const spent = bench([spyRow('toy', 'HELLO')], 'tcp', { state: 'midstream' })
  for (let i = 0; i <= IDENTIFY_RESTARTS_MAX; i++) spent.say(0, 'middle of something')
  spent.say(0, 'HELLO')
  equal(spent.session.verdict, 'undecided')
  equal(spent.context.flow.protocol, null)
})

test('a late start with a packet above the byte bound keeps its chances, and what was passed over is told as a loss', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row], 'tcp', { state: 'midstream' })
  b.say(0, 'm'.repeat(3 * IDENTIFY_BYTES_MAX))
  b.say(1, 'HELLO')
  deepEqual(fed(row), [`gap0:${3 * IDENTIFY_BYTES_MAX}`, '1HELLO'])
  const again = spyRow('toy', 'HELLO')
  const c = bench([again], 'tcp', { state: 'midstream' })
  c.say(0, 'm'.repeat(3 * IDENTIFY_BYTES_MAX))
  c.say(0, 'also the middle')
  c.say(1, 'HELLO')
  deepEqual(fed(again), [`gap0:${3 * IDENTIFY_BYTES_MAX}`, '0also the middle', '1HELLO'])
})

test('what stands further on counts for a flow joined late, or that lost bytes, and for no other', () => {
  const row = (): ProtocolRow => ({
    ...spyRow('toy', 'HELLO'), probeInside: (_transport, _direction, buf, off, end) => (text(buf, off, end).includes('HELLO') ? 'yes' : 'no'),
  })
  const verdicts = (flow: Partial<Flow>, lost: number): (string | null)[] => ['x HELLO', 'x HELL'].map((what) => {
    const b = bench([row(), spyRow('other', 'zz')], 'tcp', flow)
    if (lost > 0) b.session.gap(0, lost, 0)
    b.say(0, what)
    return b.context.flow.protocol
  })
  deepEqual([verdicts({}, 0), verdicts({ state: 'midstream' }, 0), verdicts({}, 3)], [[null, null], ['toy', null], ['toy', null]])
})

test('a print job that holds another protocol\'s frames is a print job, at any split', () => {
  const frames = Uint8Array.of(0x02, 0x00, 0x05, 0x47, 0x06, 0x00, 0x05, 0x45, 0x00, 0x00, 0x07, 0xff)
  const job: Chunk[] = [{ direction: 0, bytes: Uint8Array.from([...encodeLpdCommand(2, 'lp'), ...frames]) }]
  const whole = everySplit(identifyingRegistry, 'tcp', job, { trailing: false })
  deepEqual([...new Set(whole.map((f) => f.protocol))], ['lpd'])
  const late = runSession(identifyingRegistry, 'tcp', [{ direction: 0, bytes: Uint8Array.from([9, 9, 9, ...frames]) }], { flow: { state: 'midstream' } }).facts
  deepEqual([...new Set(late.map((f) => f.protocol))], ['cms8000'], 'the same frames in a flow joined late')
})

test('a complete start gets one chance: its first bytes', () => {
  const b = bench([spyRow('toy', 'HELLO')])
  b.say(0, 'junk')
  b.say(0, 'HELLO')
  equal(b.context.flow.protocol, null)
})

test('UDP: each datagram is judged alone, more is no, and the first yes is where the session starts', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row], 'udp')
  b.say(0, 'HEL')
  b.say(0, 'LO')
  b.say(1, 'HELLO')
  deepEqual(fed(row), ['1HELLO'])
  equal(b.context.flow.protocol, 'toy')
})

test('UDP: after its bound of datagrams the flow is unknown', () => {
  const b = bench([spyRow('toy', 'HELLO')], 'udp')
  for (let i = 0; i < IDENTIFY_DATAGRAMS_MAX; i++) {
    equal(b.session.settled, false)
    b.say(i % 2 === 0 ? 0 : 1, 'other')
  }
  equal(b.session.verdict, 'unknown')
  b.say(0, 'HELLO')
  equal(b.context.flow.protocol, null)
})

test('a flow without payload ends unknown', () => {
  const b = bench([spyRow('toy', 'HELLO')])
  b.session.end(0)
  equal(b.session.verdict, 'unknown')
})

test('empty segments ask nobody', () => {
  const row = spyRow('toy', 'HELLO')
  const b = bench([row])
  b.say(0, '')
  equal(row.probed.count, 0)
})

/** Identification as a row of its own, so that the testing tools drive it. */
function identifying(rows: readonly ProtocolRow[]): ProtocolRow {
  const registry = compileRegistry(rows)
  return {
    id: 'identify', name: 'identify', transports: ['tcp', 'udp'], hints: [], probe: () => 'yes',
    open: (context) => new IdentifyingSession(registry, context),
  }
}

function identifyingRegistry(): ProtocolRow {
  return identifying(createRegistry())
}

test('identification in front of a session changes no fact, at any split', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 6 }), (messages) => {
    const chunks = messages.map((m, i): Chunk => ({ direction: i % 3 === 1 ? 1 : 0, bytes: Uint8Array.from([m.length, ...m]) }))
    const plain = runSession(toyRow(), 'tcp', chunks).facts
    deepEqual(everySplit(identifying([spyRow('other', 'zzz'), toyRow()]), 'tcp', chunks), plain)
  }), { numRuns: 8 })
})

test('no bytes make it throw', () => {
  neverThrows(identifying([spyRow('a', 'ab', { min: 40 }), toyRow(), spyRow('b', '\x00')]), { runs: 300 })
})
