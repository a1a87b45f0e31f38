// Tests of the faults: whatever they do to a turn, the pieces add up to the bytes that were meant, minus what was left unsaid, plus garbage.
// Keeps the rule that each fault shows: a long run of each one alone has its mark, and a run without any has none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng, type Rng } from '../base/rng.ts'
import { CmsStream } from '../protocols/cms8000/stream.ts'
import { castWard } from './core/cast.ts'
import { wardOptions } from './core/options.ts'
import { MonitorVoice } from './core/voice.ts'
import { ImaginaryPatient } from './core/waveform.ts'
import { FAULT_WORDS, FAULTS, LINE_FAULTS, lineFaults, lossRules, plainTurn, stormLeaving, type Deed, type FaultName, type Piece } from './faults.ts'
import { cmsFrames } from './server.ts'

const TURNS = 400

function turns(seed: number, count = TURNS): readonly (readonly Uint8Array[])[] {
  const [monitor] = castWard(wardOptions({ beds: 1 })).monitors
  assert.ok(monitor)
  const voice = new MonitorVoice(monitor, new ImaginaryPatient(seededRng(seed), { rng: seededRng(seed + 1), steps: 2 }), seededRng(seed + 2))
  return Array.from({ length: count }, (_, i) => cmsFrames(voice.cycle(1e15 + i * 1e6, 1e6, voice.nextExtra())))
}

interface Connection {
  readonly pieces: Piece[]
  readonly writes: number[]
  waits: number
  left: string
}

/** Plays all turns; a connection for each time the line was left, the last one still open. */
function play(meant: readonly (readonly Uint8Array[])[], faults: readonly FaultName[], rng: Rng, speaks: 'cms' | 'hl7' = 'cms'): Connection[] {
  const fault = lineFaults(new Set(faults), speaks, rng)
  const fresh = (): Connection => ({ pieces: [], writes: [], waits: 0, left: '' })
  const connections = [fresh()]
  const take = (deed: Deed): void => {
    const now = connections.at(-1) as Connection
    if (deed.kind === 'wait') now.waits++
    else if (deed.kind === 'leave') {
      now.left = deed.how
      connections.push(fresh())
    } else {
      now.pieces.push(...deed.pieces)
      now.writes.push(deed.pieces.reduce((sum, p) => sum + p.bytes.length, 0))
    }
  }
  for (const frames of meant) for (const deed of fault(plainTurn(frames))) take(deed)
  return connections
}

const joined = (pieces: readonly Piece[]): Buffer => Buffer.concat(pieces.map((p) => p.bytes))
const MEANT = turns(7)

test('without faults a turn is one write of its frames', () => {
  const [only, ...others] = play(MEANT, [], seededRng(1))
  assert.deepEqual(others, [])
  assert.equal(only?.writes.length, TURNS)
  assert.deepEqual(joined(only?.pieces ?? []), Buffer.concat(MEANT.flat()))
  assert.equal(only?.pieces.filter((p) => p.ends?.endsTurn).length, TURNS)
})

test('property: each frame that a piece ends came whole on its connection, in order, once; all else is garbage or was cut by leaving', () => {
  const some = turns(3, 60)
  fc.assert(fc.property(fc.integer(), fc.subarray([...LINE_FAULTS]), (seed, faults) => {
    const connections = play(some, faults, seededRng(seed))
    const ended = connections.flatMap((c) => c.pieces.flatMap((p) => (p.ends === null ? [] : [p.ends.bytes])))
    const order = new Map(some.flat().map((frame, i) => [frame, i]))
    const places = ended.map((frame) => order.get(frame) ?? -1)
    assert.ok(places.every((place, i) => place >= 0 && (i === 0 || place > (places[i - 1] as number))))
    for (const { pieces } of connections) {
      const spoken = pieces.filter((p) => !p.isGarbage)
      const whole = Buffer.concat(spoken.flatMap((p) => (p.ends === null ? [] : [p.ends.bytes])))
      const said = joined(spoken)
      assert.ok(said.subarray(0, whole.length).equals(whole))
      const torn = said.subarray(whole.length)
      assert.ok(torn.length === 0 || some.flat().some((frame) => frame.length > torn.length && torn.equals(frame.subarray(0, torn.length))))
    }
  }), { numRuns: 60 })
})

test('property: a reader of the protocol finds exactly the frames that ended, and skips exactly the garbage before them', () => {
  const some = turns(5, 40)
  fc.assert(fc.property(fc.integer(), (seed) => {
    for (const { pieces } of play(some, ['garbage', 'split', 'merge', 'half-open'], seededRng(seed))) {
      let [frames, skipped] = [0, 0]
      const stream = new CmsStream({ frame: () => void frames++, resync: (bytes) => (skipped += bytes) })
      for (const { bytes } of pieces) stream.feed(bytes, 0, bytes.length)
      const last = pieces.findLastIndex((p) => p.ends !== null)
      const before = pieces.slice(0, last + 1)
      assert.equal(frames, before.filter((p) => p.ends !== null).length)
      assert.equal(skipped >= before.filter((p) => p.isGarbage).reduce((sum, p) => sum + p.bytes.length, 0), true)
      if (pieces.slice(last + 1).every((p) => !p.isGarbage)) {
        assert.equal(skipped, before.filter((p) => p.isGarbage).reduce((sum, p) => sum + p.bytes.length, 0))
      }
    }
  }), { numRuns: 60 })
})

const MARKS: { readonly [F in (typeof LINE_FAULTS)[number]]: (all: readonly Connection[]) => boolean } = {
  garbage: (all) => all.some((c) => c.pieces.some((p) => p.isGarbage && !p.bytes.includes(5))),
  merge: ([only]) => only !== undefined && only.writes.length < TURNS && only.writes.every((bytes) => bytes < 2 * 1600),
  stall: ([only]) => only !== undefined && only.writes.some((bytes) => bytes > 3 * 1300),
  'half-open': (all) => all.some((c) => c.left === 'silence'),
  reset: (all) => all.some((c) => c.left === 'reset'),
  split: ([only]) => only !== undefined && only.writes.length > TURNS && only.writes.some((bytes) => bytes === 1) && only.waits > 0,
}

for (const name of LINE_FAULTS) {
  test(`${name}: a long run has its mark, and no other's`, () => {
    const all = play(MEANT, [name], seededRng(11))
    for (const other of LINE_FAULTS.filter((o) => o !== 'merge' && o !== 'stall')) {
      assert.equal(MARKS[other](all), other === name, other)
    }
    assert.ok(MARKS[name](all))
    const connections = name === 'half-open' || name === 'reset' ? all.length > 1 : all.length === 1
    assert.ok(connections)
  })
}

test('HL7 gets no garbage: its framing is not told to find its step again within a message', () => {
  const connections = play(MEANT, [...LINE_FAULTS], seededRng(2), 'hl7')
  assert.ok(connections.every((c) => c.pieces.every((p) => !p.isGarbage)))
  assert.ok(connections.length > 1)
})

test('the same seed gives the same faults; another seed, others', () => {
  const shape = (seed: number): unknown => play(MEANT, [...LINE_FAULTS], seededRng(seed)).map((c) => [c.writes, c.left])
  assert.deepEqual(shape(4), shape(4))
  assert.notDeepEqual(shape(4), shape(5))
})

test('a storm has monitors leave in all three ways', () => {
  const rng = seededRng(3)
  assert.deepEqual(new Set(Array.from({ length: 60 }, () => stormLeaving(rng))), new Set(['close', 'reset', 'silence']))
})

test('every fault has its sentence, and the rules that lose packets name the ports both ways', () => {
  for (const name of FAULTS) assert.ok(FAULT_WORDS[name].length > 10)
  const rules = lossRules(3, [515, 511])
  assert.match(rules, /tcp dport \{ 515, 511 \} numgen random mod 100 < 3 counter name lost drop/)
  assert.match(rules, /tcp sport/)
})
