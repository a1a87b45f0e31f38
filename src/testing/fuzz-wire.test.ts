// Short form of the coverage-guided fuzzer: a while for every target, out of one seed, and canaries that it must catch.
// Keeps house habit 14: a fuzzer comes with a canary that must fail, and its seed is printed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockCount, counters, stepsOf } from './coverage.ts'
import type { WireTarget } from './fuzz-engine.ts'
import { smallCapturesCut } from './fuzz-cuts.ts'
import { capturesMissing } from './shared.ts'

const { ALL_TARGETS, targetNamed } = await import('./fuzz-targets.ts')
const { Fuzzer, kindOf, minimise } = await import('./fuzz-engine.ts')
const { sharedSeeds } = await import('./fuzz-shared-seeds.ts')

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_127)
/** Inputs per target here, seeds and their systematic edits included; `npm run fuzz:wire` goes on for as long as it is told to. */
const RUNS = 250
/** Those whose every input is a whole sensor, or files on disk. */
const SLOW: Readonly<Record<string, number>> = { sensor: 60, headers: 25, tuf: 25 }

async function runMany(target: WireTarget, seed: number, runs: number) {
  const fuzzer = new Fuzzer(target, seed)
  for (let i = 0; i < runs; i++) {
    const finding = await fuzzer.step()
    if (finding !== null) return { fuzzer, finding }
  }
  return { fuzzer, finding: null }
}

test('every target has its own name, says what holds, and its seeds pass', async () => {
  assert.equal(new Set(ALL_TARGETS.map((t) => t.id)).size, ALL_TARGETS.length)
  for (const target of ALL_TARGETS) {
    const seeds = target.seeds()
    assert.ok(seeds.length > 0 && target.holds.length > 20, target.id)
    const fuzzer = new Fuzzer(target, 1)
    for (const seed of seeds.slice(0, 3)) assert.equal((await fuzzer.try(seed))?.stack ?? null, null, target.id)
    assert.ok(fuzzer.blocks > 20, `${target.id} runs ${fuzzer.blocks} blocks`)
  }
})

for (const target of ALL_TARGETS) {
  test(`hostile bytes: ${target.id}`, async (t) => {
    const { fuzzer, finding } = await runMany(target, SEED, SLOW[target.id] ?? RUNS)
    t.diagnostic(`seed ${SEED}; ${fuzzer.runs} inputs, ${fuzzer.blocks} blocks, ${fuzzer.corpus.length} kept; FUZZ_SEED sets another`)
    assert.equal(finding, null, finding === null ? '' : `${finding.message}\n${Buffer.from(finding.input).toString('hex')}\n${finding.stack}`)
  })
}

/** A reader with a hole behind three conditions: dice alone find it once in 2^24 bytes, coverage step by step. */
function holed(input: Uint8Array): void {
  counters[HOLE] = (counters[HOLE] as number) + 1
  if (input[0] !== 0x42) return
  counters[HOLE + 1] = (counters[HOLE + 1] as number) + 1
  if (input[1] !== 0x4d) return
  counters[HOLE + 2] = (counters[HOLE + 2] as number) + 1
  if (input[2] === 0x00) throw new RangeError('the hole')
}
/** Blocks that stand for those of the canary, which is no product code: the last ones of `counters` that are read. */
const HOLE = blockCount() - 3

/** One word that does not help, and none of the sources': its dice are the same whatever the product names, and so is when they find the hole. */
const CANARY: WireTarget = {
  id: 'canary', holds: 'nothing: it must fail', seeds: () => [new Uint8Array(8).fill(9)], run: holed, inputMax: 16, words: [Uint8Array.of(7)],
  stepsPerByte: 1000, stepsFloor: 1000,
}
/** Of its own, for dice that are unlucky prove nothing; coverage finds the hole after some thousands of inputs, and without it no seed does. */
const CANARY_SEED = 31
const CANARY_RUNS = 6000

test('canary: a hole behind three bytes is found with coverage, made small, and found again by the same seed', async (t) => {
  const { fuzzer, finding } = await runMany(CANARY, CANARY_SEED, CANARY_RUNS)
  assert.equal(finding?.message, 'the hole')
  t.diagnostic(`found after ${fuzzer.runs} inputs`)
  const again = await runMany(CANARY, CANARY_SEED, CANARY_RUNS)
  assert.deepEqual([again.fuzzer.runs, again.finding?.input], [fuzzer.runs, finding.input])
  assert.deepEqual([...await minimise(finding, CANARY)], [0x42, 0x4d, 0x00])
})

test('canary: without coverage the same dice do not find it', async () => {
  let runs = 0
  const blind: WireTarget = { ...CANARY, run: (input) => {
    runs++
    try {
      holed(input)
    } finally {
      counters.fill(0, HOLE, HOLE + 3)
    }
  } }
  assert.equal((await runMany(blind, CANARY_SEED, CANARY_RUNS)).finding, null)
  assert.equal(runs, CANARY_RUNS)
})

test('canary: work that grows with the square of the input is a finding', async () => {
  const frame = targetNamed('frame')
  const square: WireTarget = { ...frame, id: 'square', run: (input) => {
    for (let i = 0; i < input.length; i += 2) void frame.run(input)
  } }
  const { finding } = await runMany(square, SEED, 5000)
  assert.match(finding?.message ?? '', /steps for \d+ bytes, at most/)
})

test('canaries: a throw, a fact that is too long, another answer at a split are findings', async () => {
  const lying: readonly WireTarget['run'][] = [
    (input) => { if (input.length === 7) throw new TypeError('seven') },
    (input) => assert.ok(input.every((byte) => byte !== 0xc0)),
    async (input) => {
      await Promise.resolve()
      assert.ok(input.length < 100, 'late')
    },
  ]
  for (const run of lying) assert.ok((await runMany({ ...targetNamed('frame'), id: 'canary', run }, SEED, 5000)).finding)
  assert.equal(kindOf('3 of 12\nmore'), '# of #')
})

test('steps are the same on every run, and more for more', () => {
  const { run } = targetNamed('dns')
  const seed = targetNamed('dns').seeds()[0] as Uint8Array
  void run(seed)
  const once = stepsOf(() => void run(seed))
  assert.ok(once > 100)
  assert.equal(stepsOf(() => void run(seed)), once)
  assert.equal(stepsOf(() => { void run(seed); void run(seed) }), 2 * once)
})

test('real captures are seeds: protocols of the folder have talks of their own', { skip: capturesMissing }, async () => {
  for (const id of ['dns', 'hl7', 'rpc', 'dhcp', 'frame', 'fragments', 'capture']) {
    const seeds = sharedSeeds(id)
    assert.ok(seeds.length > 0, id)
    const fuzzer = new Fuzzer(targetNamed(id), 1)
    for (const seed of seeds.slice(0, 40)) assert.equal((await fuzzer.try(seed.slice(0, 4096)))?.stack ?? null, null, id)
  }
})

test('every small capture of the folder, cut at every byte, is read to its end', { skip: capturesMissing, timeout: 120_000 }, async (t) => {
  const { files, cuts, finding } = await smallCapturesCut()
  t.diagnostic(`${cuts} cuts of ${files} files`)
  assert.equal(finding, null)
  assert.ok(files > 15 && cuts > 3000)
})
