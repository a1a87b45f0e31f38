// The overlap policies against the published patterns: which bytes each kind of host kept, fragment by fragment, segment by segment.
// Keeps the rule that the tables are facts of others: inputs and answers are those that the field's sensors are tested with.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FragmentBench } from '../../testing/fragment-bench.ts'
import { Ear } from '../../testing/tcp-ear.ts'
import { TcpFlag } from '../frame.ts'
import { OVERLAP_DEFAULT, OVERLAP_POLICIES, type OverlapPolicy } from './overlap.ts'

type Part = readonly [letter: string, at: number, length: number]
type Answers = Readonly<Record<OverlapPolicy, string>>

/** Shankar and Paxson, "Active Mapping: Resisting NIDS Evasion Without Altering Traffic" (2003): six fragments. */
const ACTIVE_MAPPING: readonly Part[] = [['1', 0, 3], ['2', 4, 2], ['3', 6, 3], ['4', 1, 4], ['5', 6, 3], ['6', 9, 3]]

/** Novak and Sturges (2005, and the same in 2007): nine pieces, then eight that overlap them in every way there is. */
const NOVAK_STURGES: readonly Part[] = [
  ['A', 0, 3], ['B', 4, 2], ['C', 6, 3], ['D', 10, 1], ['E', 13, 2], ['F', 15, 3], ['G', 18, 2], ['H', 20, 2], ['I', 22, 1],
  ['J', 1, 4], ['K', 6, 3], ['L', 9, 3], ['M', 12, 3], ['N', 16, 1], ['O', 19, 1], ['P', 20, 1], ['Q', 22, 2],
]

const UNIT_BYTES = 8

/** One letter per 8 bytes of the datagram. */
function fragments(parts: readonly Part[], policy: OverlapPolicy): string {
  const bench = new FragmentBench({ overlapOf: () => policy })
  const results = parts.map(([letter, at, length], i) => {
    const bytes = new Uint8Array(length * UNIT_BYTES).fill(letter.charCodeAt(0))
    return bench.add({ proto: 99, offset: at * UNIT_BYTES, more: i < parts.length - 1, bytes })
  })
  const last = results.at(-1)
  const whole = last?.buf.subarray(last.off, last.end) ?? new Uint8Array(0)
  assert.ok(bench.ip.observations().overlapDifferent > 0, 'whoever wins, it is told')
  return String.fromCharCode(...whole.filter((_, i) => i % UNIT_BYTES === 0))
}

/** One letter per byte of the stream; a byte before all of them is missing until all are here, as in the paper. */
function segments(parts: readonly Part[], policy: OverlapPolicy): string {
  const ear = new Ear(undefined, [policy, OVERLAP_DEFAULT]).send({ seq: 99, flags: TcpFlag.syn })
  for (const [letter, at, length] of parts) ear.send({ seq: 101 + at, bytes: letter.repeat(length) })
  assert.equal(ear.out[0], '')
  assert.ok(ear.stream.observations().overlapDifferent > 0, 'whoever wins, it is told')
  return ear.send({ seq: 100, bytes: '0' }).out[0].slice(1)
}

const FRAGMENTS: readonly (readonly [string, readonly Part[], Answers])[] = [
  ['Shankar and Paxson', ACTIVE_MAPPING, {
    first: '111422333666', last: '144442555666', bsd: '111442333666', linux: '111442555666', windows: '111422333666',
  }],
  ['Novak and Sturges', NOVAK_STURGES, {
    first: 'AAAJBBCCCLDLMEEFFFGGHHIQ', last: 'AJJJJBKKKLLLMMMFNFGOPHQQ', bsd: 'AAAJJBCCCLLLMMMFFFGGHHIQ',
    linux: 'AAAJJBKKKLLLMMMFFFGGPHQQ', windows: 'AAAJBBCCCLLLMEEFFFGGHHIQ',
  }],
]

for (const [paper, parts, answers] of FRAGMENTS) {
  for (const policy of OVERLAP_POLICIES) {
    test(`fragments, ${policy}: as ${paper} saw it`, () => assert.equal(fragments(parts, policy), answers[policy]))
  }
}

const SEGMENTS: Answers = {
  first: 'AAAJBBCCCLDLMEEFFFGGHHIQ', last: 'AJJJJBKKKLLLMMMFNFGOPHQQ', bsd: 'AAAJJBCCCLLLMMMFFFGGHHIQ',
  linux: 'AAAJJBCCCLLLMMMFFFGGHHQQ', windows: 'AAAJJBCCCLLLMMMFFFGGHHIQ',
}

for (const policy of OVERLAP_POLICIES) {
  test(`segments, ${policy}: as Novak and Sturges saw it`, () => assert.equal(segments(NOVAK_STURGES, policy), SEGMENTS[policy]))
}

test('what was handed on stays, whatever the policy: the target has read it too', () => {
  for (const policy of OVERLAP_POLICIES) {
    const ear = new Ear(undefined, [policy, policy]).send({ seq: 99, flags: TcpFlag.syn }, { seq: 100, bytes: 'GOOD' }, { seq: 100, bytes: 'EVIL' })
    assert.equal(ear.out[0], 'GOOD')
  }
})

test('each direction has the policy of the host it goes to', () => {
  const ear = new Ear(undefined, ['first', 'last']).send({ seq: 99, flags: TcpFlag.syn }, { side: 1, seq: 499, flags: TcpFlag.syn, acks: 100 })
  for (const [side, seq] of [[0, 100], [1, 500]] as const) {
    ear.send({ side, seq: seq + 1, bytes: 'one' }, { side, seq: seq + 1, bytes: 'two' }, { side, seq, bytes: '.' })
  }
  assert.deepEqual(ear.out, ['.one', '.two'])
})
