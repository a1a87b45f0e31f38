// Tests of the gateway's intake under a whole ward: 64 beds over real sockets in a namespace that loses packets, with every fault the twin knows.
// Keeps the promise word for word: what was wholly sent on a connection that ended in order is stored once, nothing is invented, nothing crosses beds.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { FULL_WARD, inWardNamespace, wardMissing, type WardJob, type WardOutcome } from '../testing/gateway-ward.ts'

/** The long form is `npm run soak:gateway`: ten minutes. */
const SECONDS = Number(process.env['WARD_SECONDS'] ?? FULL_WARD.seconds)
const skip = wardMissing()

/** A head of a frame that a connection ended within: at most so many of its bytes are told as skipped. */
const HEAD_BYTES = 4

function run(wanted: Partial<WardJob>): Promise<WardOutcome> {
  return inWardNamespace({ ...FULL_WARD, ...wanted })
}

/** Nothing missing, invented or crossed; not one byte back; every byte and every garbage byte accounted for. */
function holds(outcome: WardOutcome): void {
  const { sure, unsure, rest } = outcome.totals
  deepEqual([outcome.missing, outcome.invented, outcome.crossed], [[], [], []])
  ok(outcome.stored >= outcome.sure && outcome.stored <= outcome.sure + outcome.unsure)
  equal(rest.heardBytes, 0, 'the gateway writes nothing to a monitor')
  equal(rest.broken + rest.refused, 0, 'the gateway closes no connection of an honest monitor, and refuses none')
  const { bytes, skippedBytes } = outcome
  if (bytes !== null) ok(bytes >= sure.bytes && bytes <= sure.bytes + unsure.bytes + rest.reset * 65_536)
  if (skippedBytes !== null) {
    ok(skippedBytes >= sure.garbageBytes, `${skippedBytes} bytes were told as skipped, at least ${sure.garbageBytes} were garbage`)
    ok(skippedBytes <= sure.garbageBytes + unsure.garbageBytes + rest.looseGarbageBytes + rest.tornFrames * HEAD_BYTES)
  }
  for (const rule of ['too-fast', 'not-a-monitor', 'too-many', 'frame-malformed', 'frame-unknown']) equal(outcome.told[rule], undefined, rule)
}

function faultsHappened(outcome: WardOutcome): void {
  const { rest, sure } = outcome.totals
  const happened = { reset: rest.reset, silenced: rest.silenced, closed: rest.closed, torn: rest.tornFrames, garbage: sure.garbageBytes }
  for (const [what, count] of Object.entries(happened)) ok(count > 0, `${what} happened`)
  ok(outcome.storms >= 2 && rest.connections > 64 * 2)
  ok((outcome.lostPackets ?? 0) > 0, 'packets were lost')
  ok(outcome.gaps > 0, 'stalls and silences are in the figures of the feeds')
  ok((outcome.told['resync'] ?? 0) > 0, 'garbage is told')
  equal(outcome.devices, 64)
  ok(outcome.sure > 64 * 100, `${outcome.sure} readings were sent for sure`)
}

function tell(t: TestContext, outcome: WardOutcome): void {
  t.diagnostic(`${outcome.words}: ${outcome.stored} readings stored of ${outcome.sure} sure and ${outcome.unsure} unsure`)
  t.diagnostic(JSON.stringify(outcome.totals))
  t.diagnostic(`${outcome.storms} storms, ${outcome.lostPackets} packets lost, ${outcome.gaps} gaps, told ${JSON.stringify(outcome.told)}`)
  t.diagnostic(`${(outcome.rssBytes / 1e6).toFixed(0)} MB at most in the gateway's processes`)
}

test(`64 beds, every fault and lost packets for ${SECONDS} s through cordon gateway run: stored once, nothing invented or crossed`, { skip }, async (t) => {
  const outcome = await run({ seconds: SECONDS })
  tell(t, outcome)
  holds(outcome)
  faultsHappened(outcome)
})

test('the same ward through the core behind plain sockets: every byte of garbage is told as skipped', { skip }, async (t) => {
  const outcome = await run({ gateway: 'plain' })
  tell(t, outcome)
  holds(outcome)
  faultsHappened(outcome)
  ok(outcome.bytes !== null && outcome.skippedBytes !== null)
})

test('a quiet ward of 8 beds: everything is sure, and everything is stored', { skip }, async () => {
  const outcome = await run({ gateway: 'plain', beds: 8, faults: [], lossPercent: 0, seconds: 4, stormsMin: 0 })
  holds(outcome)
  deepEqual([outcome.unsure, outcome.stored, outcome.skippedBytes, outcome.bytes], [0, outcome.sure, 0, outcome.totals.sure.bytes])
})
