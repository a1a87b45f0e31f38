// Tests of single checks and of the verdict: invariants, exact repeats with a slow twin, continuity, two taps.
// Keeps the rule that a missing operand is "cannot tell" and that "cannot tell" is never OK.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../../../base/rng.ts'
import { checkAddressBinding, checkTcpContinuity, type LinkSight } from './continuity.ts'
import { CHECKS, cannotTell, dataVerdict, differs, fits, wardWords, type CheckId, type Evidence } from './evidence.ts'
import { checkLeadAlgebra, checkPressureMean, checkPressureOrder, checkTemperatureDifference } from './invariants.ts'
import { REPEAT_SAMPLES, RepeatWatch, repeatEvidence } from './repeat.ts'
import { StreamTap, TAP_BLOCK_BYTES, TAP_BLOCKS_MAX, compareTaps } from './two-tap.ts'

test('III = II - I: rounded leads fit, one altered lead differs, flat or clipped or unknown leads cannot tell', () => {
  const rng = seededRng(4)
  const one = Array.from({ length: 256 }, () => 90 + Math.round(70 * rng.next()))
  const two = one.map((x, i) => x + Math.round(20 * Math.sin(i / 9)))
  const three = one.map((x, i) => 128 + (two[i] as number) - x + (i % 3 === 0 ? 1 : 0))
  const judge = (c: readonly number[], how: 'known' | 'inferred' | 'unknown' = 'known'): Evidence => (
    checkLeadAlgebra({ one, two, three: c, zero: 128, rails: [0, 255] }, how))
  equal(judge(three).result, 'fits')
  equal(judge(three.map((x) => x + 3)).result, 'differs')
  match(judge(three.map((x) => x + 3), 'inferred').why, /inferred/)
  equal(judge(three, 'unknown').result, 'cannot-tell')
  const flat = Array.from({ length: 256 }, () => 128)
  equal(checkLeadAlgebra({ one: flat, two: flat, three: flat, zero: 128, rails: [0, 255] }, 'known').result, 'cannot-tell')
  equal(judge(Array.from({ length: 256 }, () => 255)).result, 'cannot-tell')
})

test('TD: signed or absolute, rounding forgiven, 0.2 not', () => {
  const cases: readonly (readonly [number | null, number | null, number | null, string])[] = [
    [37, 36.5, 0.5, 'fits'], [36.5, 37, 0.5, 'fits'], [36.5, 37, -0.5, 'fits'], [37, 36.5, 0.6, 'fits'], [37, 36.5, 0.7, 'differs'],
    [37, 36.5, -0.5, 'differs'], [null, 36, 1, 'cannot-tell'], [37, 36, null, 'cannot-tell'],
  ]
  for (const [t1, t2, td, expected] of cases) equal(checkTemperatureDifference(t1, t2, td).result, expected, `${t1} ${t2} ${td}`)
})

test('pressures: order and mean', () => {
  deepEqual([checkPressureOrder(120, 93, 80), checkPressureOrder(120, 130, 80), checkPressureOrder(80, 90, 120), checkPressureOrder(120, null, 80),
    checkPressureOrder(null, 90, 80)].map((e) => e.result), ['fits', 'differs', 'differs', 'fits', 'cannot-tell'])
  deepEqual([checkPressureMean(120, 93, 80), checkPressureMean(120, 109, 80), checkPressureMean(120, 81, 80), checkPressureMean(120, null, 80)]
    .map((e) => e.result), ['fits', 'differs', 'fits', 'cannot-tell'])
})

const noisy = (length: number, seed: number): Uint8Array => {
  const rng = seededRng(seed)
  return Uint8Array.from({ length }, (_, i) => 128 + 60 * Math.sin(i / 20) + 6 * (rng.next() - 0.5))
}

test('a replay of 5 s is found at any offset and cut; noise alone never repeats', () => {
  fc.assert(fc.property(fc.nat({ max: 2000 }), fc.integer({ min: 1, max: 500 }), fc.nat(), (offset, chunk, seed) => {
    const live = noisy(5000, seed)
    const watch = new RepeatWatch()
    const all = Uint8Array.from([...live, ...live.slice(offset, offset + REPEAT_SAMPLES)])
    for (let at = 0; at < live.length; at += chunk) watch.feed(all.slice(at, Math.min(at + chunk, live.length)))
    const before = watch.repeat
    equal(before, null)
    watch.feed(all.slice(live.length))
    const { distance } = watch.repeat ?? { distance: 0 }
    equal(distance, live.length - offset)
  }), { numRuns: 40 })
})

test('slow twin: whatever is told as a repeat is one, sample by sample', () => {
  fc.assert(fc.property(fc.integer({ min: 200, max: 1800 }), fc.integer({ min: 200, max: 1800 }), fc.nat(), (from, length, seed) => {
    const live = noisy(3600, seed)
    const all = Uint8Array.from([...live, ...live.slice(from, from + length), ...noisy(300, seed + 1)])
    const watch = new RepeatWatch()
    for (const [i, sample] of all.entries()) {
      watch.feed(Uint8Array.of(sample))
      const repeat = watch.repeat
      if (repeat === null || repeat.samplesAgo !== 0) continue
      for (let back = 0; back < REPEAT_SAMPLES - 256; back++) equal(all[i - back], all[i - back - repeat.distance])
    }
    if (length >= REPEAT_SAMPLES) ok(watch.repeat !== null)
    if (length < REPEAT_SAMPLES - 256) equal(watch.repeat, null)
  }), { numRuns: 25 })
})

test('a flat line is no replay, a hole breaks a window, clear forgets', () => {
  const flat = new RepeatWatch()
  flat.feed(new Uint8Array(9000).fill(128))
  equal(flat.repeat, null)
  const live = noisy(3000, 1)
  const holed = new RepeatWatch()
  holed.feed(live)
  holed.feed(live.slice(0, 700))
  holed.gap()
  holed.feed(live.slice(700, 1400))
  equal(holed.repeat, null)
  const cleared = new RepeatWatch()
  cleared.feed(live)
  cleared.clear()
  cleared.feed(live)
  equal(cleared.repeat, null)
})

test('repeat evidence: told for a minute, with how far back; too little ECG cannot tell', () => {
  const watch = new RepeatWatch()
  equal(repeatEvidence(watch, 256, 3).result, 'cannot-tell')
  const live = noisy(3000, 2)
  watch.feed(live)
  equal(repeatEvidence(watch, 256, 12).result, 'fits')
  watch.feed(live)
  match(repeatEvidence(watch, 256, 24).why, /exact copy of what came 12 s before/)
  watch.feed(noisy(256 * 61, 3))
  equal(repeatEvidence(watch, 256, 99).result, 'fits')
})

const SIGHT: LinkSight = {
  ip: '202.114.4.21', mac: '02:00:5e:00:00:01', switchPort: 'gi1/0/7', ttl: 64, mss: 1460, window: 5840, tcpOptions: [2, 4, 8, 1, 3],
  rivalMacs: [], conflictingRetransmissions: 0, strayResets: 0,
}

test('continuity: what changed is named, what was not seen is no evidence', () => {
  equal(checkAddressBinding(SIGHT, SIGHT).result, 'fits')
  equal(checkTcpContinuity(SIGHT, SIGHT).result, 'fits')
  equal(checkAddressBinding(SIGHT, null).result, 'cannot-tell')
  equal(checkAddressBinding(null, SIGHT).result, 'cannot-tell')
  match(checkAddressBinding(SIGHT, { ...SIGHT, mac: '02:00:5e:00:00:99' }).why, /card changed from 02:00:5e:00:00:01 to 02:00:5e:00:00:99/)
  match(checkAddressBinding(null, { ...SIGHT, rivalMacs: ['02:00:5e:00:00:66'] }).why, /a second card claims the address/)
  match(checkTcpContinuity(SIGHT, { ...SIGHT, ttl: 63 }).why, /TTL changed from 64 to 63/)
  match(checkTcpContinuity(SIGHT, { ...SIGHT, conflictingRetransmissions: 2 }).why, /two writers on one stream/)
  equal(checkTcpContinuity(SIGHT, { ...SIGHT, strayResets: 1 }).result, 'differs')
  const blind: LinkSight = { ...SIGHT, mac: null, switchPort: null, ttl: null, mss: null, window: null, tcpOptions: null }
  deepEqual([checkAddressBinding(blind, blind).result, checkTcpContinuity(SIGHT, blind).result], ['cannot-tell', 'cannot-tell'])
})

test('two taps: equal at any cut; one changed byte is found in its block; loss, lag and absence cannot tell', () => {
  const bytes = noisy(5 * TAP_BLOCK_BYTES + 100, 5)
  const tap = (data: Uint8Array, chunk: number): StreamTap => {
    const result = new StreamTap()
    for (let at = 0; at < data.length; at += chunk) result.feed(data, at, Math.min(data.length, at + chunk))
    return result
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 9000 }), fc.nat({ max: 5 * TAP_BLOCK_BYTES - 1 }), (one, two, place) => {
    equal(compareTaps(tap(bytes, one).report(), tap(bytes, two).report()).result, 'fits')
    const changed = bytes.slice()
    changed[place] = (changed[place] as number) ^ 1
    const found = compareTaps(tap(bytes, one).report(), tap(changed, two).report())
    equal(found.result, 'differs')
    match(found.why, new RegExp(`offset ${Math.floor(place / TAP_BLOCK_BYTES) * TAP_BLOCK_BYTES} `))
  }), { numRuns: 20 })
  equal(compareTaps(null, tap(bytes, 9).report()).result, 'cannot-tell')
  equal(compareTaps(tap(bytes.slice(0, 9), 9).report(), tap(bytes, 9).report()).result, 'cannot-tell')
  const lossy = tap(bytes.slice(0, TAP_BLOCK_BYTES), 100)
  lossy.lost(3)
  lossy.feed(bytes, 0, bytes.length)
  equal(compareTaps(lossy.report(), tap(bytes, 100).report()).result, 'fits', 'what was hashed before the loss still counts')
  equal(lossy.report().hashes.length, 1)
})

test('taps keep a bounded number of blocks and still compare where both know', () => {
  const long = new StreamTap()
  const block = noisy(TAP_BLOCK_BYTES, 6)
  for (let i = 0; i < TAP_BLOCKS_MAX + 5; i++) long.feed(block, 0, block.length)
  equal(long.report().hashes.length, TAP_BLOCKS_MAX)
  equal(long.report().firstBlock, 5)
})

test('the verdict: proof or two strong end trust, less sends somebody to the bed, nothing judged is not OK', () => {
  const word = (...evidence: Parameters<typeof dataVerdict>[0]): string => dataVerdict(evidence).word
  equal(word(), 'NOT CHECKED')
  equal(word(cannotTell('ecg-rate', '')), 'NOT CHECKED')
  equal(word(fits('ecg-rate', ''), cannotTell('two-tap', '')), 'OK')
  equal(word(differs('two-tap', ''), fits('ecg-rate', '')), 'NOT TRUSTED')
  equal(word(differs('lead-algebra', '')), 'CHECK BEDSIDE')
  equal(word(differs('lead-algebra', ''), differs('exact-repeat', '')), 'NOT TRUSTED')
  equal(word(differs('ecg-rate', ''), differs('pleth-rate', ''), differs('pulse-against-heart', '')), 'CHECK BEDSIDE')
  equal(word(differs('rate-of-change', '')), 'NOT CHECKED')
  equal(word(fits('rate-of-change', '')), 'NOT CHECKED', 'a weak check alone earns no OK')
  equal(word(differs('rate-of-change', ''), fits('ecg-rate', '')), 'OK')
})

test('a verdict is monotone: more deviations never make it better', () => {
  const ids = Object.keys(CHECKS) as CheckId[]
  const rank = ['NOT CHECKED', 'OK', 'CHECK BEDSIDE', 'NOT TRUSTED']
  const result = fc.constantFrom<Evidence['result']>('fits', 'differs', 'cannot-tell')
  const evidence = fc.record({ check: fc.constantFrom(...ids), result, why: fc.constant('') })
  fc.assert(fc.property(fc.array(evidence, { maxLength: 8 }), fc.constantFrom(...ids), (list, check) => {
    ok(rank.indexOf(dataVerdict([...list, differs(check, '')]).word) >= rank.indexOf(dataVerdict(list).word))
  }))
})

test('words for the ward: the reason, the honest alternative, and that the bedside is the truth', () => {
  equal(wardWords(dataVerdict([fits('ecg-rate', '')])), 'Data check: OK. The bedside monitor is the truth.')
  match(wardWords(dataVerdict([differs('pulse-against-heart', 'x')])), /CHECK BEDSIDE\. x\. Check patient and leads/)
  match(wardWords(dataVerdict([differs('two-tap', 'y')])), /NOT TRUSTED\. y\. Compare with the bedside monitor/)
  match(wardWords(dataVerdict([])), /NOT CHECKED/)
})

test('every check states its threshold and where it comes from', () => {
  for (const [id, row] of Object.entries(CHECKS)) ok(row.threshold.length > 10, id)
})
