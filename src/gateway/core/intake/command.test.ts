// Tests of the list of commands: nothing in it can reach a monitor, by type and by what sessions do.
// Keeps the first rule of the gateway: not one payload byte to a monitor.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  encodeBed, encodeCycleEnd, encodeEcg, encodeHello, encodeNibp, encodePatient, encodeSpo2, encodeStatus, encodeTemperature,
} from '../../../protocols/cms8000/message.ts'
import { CANARY, ECG, NIBP, PATIENT, SPO2, TEMPERATURE, stream } from '../../../protocols/cms8000/testdata/samples.ts'
import { atOnce, runIntake } from '../../../testing/intake-bench.ts'
import type { IntakeCommand } from './command.ts'
import { RULES } from './command.ts'

/** Compiles only while these are all the kinds there are: a new one must be judged here first. */
const KINDS: Record<IntakeCommand['kind'], true> = { store: true, publish: true, log: true, close: true }

/** True when no command has a member that could be bytes for a socket or name one. */
type Forbidden = 'bytes' | 'payload' | 'data' | 'write' | 'send' | 'reply' | 'to' | 'socket' | 'buffer'
type HasForbidden<C> = C extends unknown ? (Forbidden & keyof C extends never ? never : C) : never
type Nothing<T> = [T] extends [never] ? true : false
const NO_COMMAND_CARRIES_BYTES: Nothing<HasForbidden<IntakeCommand>> = true
/** The check above can fail. */
const IT_CAN_FAIL: Nothing<HasForbidden<IntakeCommand | { kind: 'write'; payload: Uint8Array }>> = false

const EVERYTHING = stream(
  encodeHello(), encodeBed(7), encodePatient(PATIENT), encodeEcg(ECG), encodeSpo2(SPO2), encodeNibp(NIBP), encodeTemperature(TEMPERATURE),
  encodeStatus(3, 'SPO2 SENSOR OFF'), encodeStatus(4, CANARY), encodeCycleEnd(),
)

test('the list of commands is store, publish, log, close, and none can carry bytes to a socket', () => {
  deepEqual(Object.keys(KINDS).sort(), ['close', 'log', 'publish', 'store'])
  equal(NO_COMMAND_CARRIES_BYTES, true)
  equal(IT_CAN_FAIL, false)
})

test('whatever a peer sends, the session only ever asks for those four', () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 3000 }), fc.nat({ max: EVERYTHING.length }).map((n) => EVERYTHING.slice(n)))
  fc.assert(fc.property(fc.constantFrom('cms' as const, 'hl7' as const), bytes, fc.array(fc.nat({ max: 3000 })), (kind, sent, cuts) => {
    const { commands } = runIntake(kind, atOnce(sent, cuts))
    ok(commands.every((command) => command.kind in KINDS))
    ok(commands.every((command) => (command.kind === 'log' || command.kind === 'close' ? command.verdict.rule in RULES : true)))
  }), { numRuns: 300 })
})

test('every store has its publish, with the same readings, and the store comes first', () => {
  const { commands } = runIntake('cms', atOnce(EVERYTHING))
  const batches = commands.flatMap((command) => (command.kind === 'store' || command.kind === 'publish' ? [command] : []))
  ok(batches.length >= 8)
  for (let i = 0; i < batches.length; i += 2) {
    deepEqual([batches[i]?.kind, batches[i + 1]?.kind], ['store', 'publish'])
    equal(batches[i]?.readings, batches[i + 1]?.readings)
  }
})

test('log and close lines carry no patient text: a canary in every text of the stream reaches none', () => {
  const { commands } = runIntake('cms', atOnce(EVERYTHING))
  ok(!/ZZTEST|CANARY/.test(JSON.stringify(commands.filter((command) => command.kind === 'log' || command.kind === 'close'))))
  ok(!/ZZTEST|CANARY/.test(JSON.stringify(commands)))
})
