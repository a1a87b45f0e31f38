// The feeder: what is stored becomes messages once, across restarts, full disks and new files; a receiver that was down is caught up in order.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { SECOND, START, cuff, decodeStored, encodeStored, numeric, stored, testPatient } from '../../testing/stored-readings.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { encodePcd01 } from '../core/out/pcd01.ts'
import { SENDER } from '../core/out/testdata/outbound.ts'
import type { StoredReadings } from '../core/out/sampler.ts'
import { openQueue } from './durable-queue.ts'
import { Feeder, PUMP_RECORDS_MAX, type FeedTarget } from './feeder.ts'
import type { GatewayQueue } from './queue.ts'
import { READINGS_FILE, openReadings, type Readings } from './readings.ts'

const BEDS = ['202.114.4.21', '202.114.4.22', '202.114.4.23']

interface Gateway {
  readonly folder: string
  readonly queue: GatewayQueue
  readonly readings: Readings
  readonly feeder: Feeder
  now: number
}

const target = (name: string, everyMicros = 10 * SECOND): FeedTarget => ({
  name, everyMicros, waveforms: false, encode: (out) => encodePcd01(out, SENDER, 'bare'),
})

function start(folder: string, now: number, targets: readonly FeedTarget[] = [target('emr')], pagesMax?: number): Gateway {
  const queue = openQueue(folder, { tag: 'T', bytesMax: 1e9, bornAt: START, ...pagesMax !== undefined && { pagesMax } })
  const readings = openReadings(folder, { keepHours: 24 })
  assert.ok(queue.ok && readings.ok)
  const gateway = { folder, queue: queue.value, readings: readings.value, now }
  const feeder = new Feeder({
    queue: gateway.queue, readings: gateway.readings, targets, decode: decodeStored, modelOf: () => 'CMS8000', now: () => whole.now,
  })
  const whole: Gateway = { ...gateway, feeder }
  return whole
}

function stop({ queue, readings }: Gateway): void {
  queue.close()
  readings.close()
}

function store(gateway: Gateway, records: readonly StoredReadings[]): void {
  void gateway.readings.append(records.map((one) => ({ device: one.device, at: one.at, bytes: encodeStored(one) })))
  gateway.readings.flush()
}

const beat = (at: number, n: number, device = BEDS[0] ?? ''): StoredReadings =>
  stored(device, at, [numeric('hr', 60 + (n % 40), at)], { patient: testPatient('1') })

/** Heart rates of everything that waits, in order; it is acknowledged. */
function drain(gateway: Gateway, name = 'emr'): string[] {
  const queue = gateway.queue.target(name)
  const found: string[] = []
  for (let taken = queue.take(50, gateway.now); taken.length > 0; taken = queue.take(50, gateway.now)) {
    for (const { body } of taken) found.push(/\|147842\^[^|]*\|[^|]*\|(\d*)\|/.exec(Buffer.from(body).toString())?.[1] ?? '')
    queue.acknowledge(taken.map((m) => m.seq), gateway.now)
  }
  return found
}

test('a stored reading is in a message of each target within its time, with the control id in its own bytes', () => {
  const gateway = start(temporaryFolder(), START, [target('emr'), target('registry', 60 * SECOND)])
  for (let i = 0; i < 121; i++) {
    gateway.now = START + i * SECOND
    store(gateway, [beat(gateway.now, i)])
    assert.equal(gateway.feeder.pump(), false)
  }
  const [emr = [], registry = []] = ['emr', 'registry'].map((name) => gateway.queue.target(name).take(100, gateway.now))
  assert.ok(emr.length >= 13 && emr.length <= 14, `${emr.length} messages of ten seconds`)
  assert.ok(registry.length >= 3 && registry.length <= 4, `${registry.length} messages of a minute`)
  for (const { controlId, body } of emr) assert.equal(Buffer.from(body).toString().split('|')[9], controlId)
  assert.deepEqual(gateway.feeder.figures(), { behind: 0, missed: 0, unreadable: 0, problem: null })
  stop(gateway)
})

test('without a target what is stored is nobody\'s to send: nothing more is to be done at once, and nothing is behind', () => {
  const gateway = start(temporaryFolder(), START, [])
  for (let i = 0; i < 3; i++) {
    store(gateway, [beat(START + i * SECOND, i)])
    assert.equal(gateway.feeder.pump(), false)
  }
  assert.deepEqual(gateway.feeder.figures(), { behind: 0, missed: 0, unreadable: 0, problem: null })
  stop(gateway)
})

test('what was stored and not yet in a message is, after a restart: each second of an end gives what no end would have given', () => {
  const records = Array.from({ length: 40 }, (_, i) => stored(BEDS[i % 3] ?? '', START + i * SECOND, [
    numeric('hr', i % 7 === 0 ? null : 60 + i, START + i * SECOND), ...cuff(START + Math.floor(i / 9) * SECOND, 110 + Math.floor(i / 9), START + i * SECOND),
  ], { patient: testPatient(String(Math.floor(i / 15))) }))
  const play = (endsAt: readonly number[]): string[] => {
    let gateway = start(temporaryFolder(), START)
    records.forEach((record, i) => {
      store(gateway, [record])
      gateway.now = START + i * SECOND
      if (endsAt.includes(i)) {
        stop(gateway)
        gateway = start(gateway.folder, gateway.now)
      }
      gateway.feeder.pump()
    })
    gateway.now += 60 * SECOND
    gateway.feeder.pump()
    const sent = gateway.queue.target('emr').take(1000, gateway.now).map((m) => Buffer.from(m.body).toString())
    stop(gateway)
    return sent
  }
  const whole = play([])
  assert.ok(whole.length > 15)
  for (const endsAt of [[0], [7], [8, 9], [20, 21, 22, 39], records.map((_, i) => i)]) assert.deepEqual(play(endsAt), whole)
})

test('more than one turn holds is read in turns', () => {
  const gateway = start(temporaryFolder(), START)
  store(gateway, Array.from({ length: PUMP_RECORDS_MAX }, (_, i) => beat(START + i * SECOND, i)))
  store(gateway, [beat(START + PUMP_RECORDS_MAX * SECOND, 1)])
  gateway.now = START + PUMP_RECORDS_MAX * SECOND
  assert.equal(gateway.feeder.figures().behind, PUMP_RECORDS_MAX + 1)
  assert.equal(gateway.feeder.pump(), true)
  assert.equal(gateway.feeder.pump(), false)
  assert.equal(gateway.feeder.figures().behind, 0)
  stop(gateway)
})

test('a target that is new starts with now; one that comes back goes on where it was', () => {
  const folder = temporaryFolder()
  let gateway = start(folder, START)
  store(gateway, [beat(START, 1)])
  stop(gateway)
  gateway = start(folder, START + 60 * SECOND, [target('new')])
  store(gateway, [beat(START + 60 * SECOND, 2)])
  gateway.now += 30 * SECOND
  gateway.feeder.pump()
  assert.deepEqual(drain(gateway, 'new'), ['62'])
  assert.deepEqual(drain(gateway, 'emr'), [])
  stop(gateway)
  gateway = start(folder, gateway.now, [target('new'), target('emr')])
  gateway.feeder.pump()
  assert.deepEqual([drain(gateway, 'new'), drain(gateway, 'emr')], [[], ['61', '62']])
  stop(gateway)
})

test('a queue on a full disk is told and loses nothing: the readings wait, and go on when there is room', () => {
  const folder = temporaryFolder()
  let gateway = start(folder, START, [target('emr', SECOND)], 12)
  for (let i = 0; i < 400; i += 4) {
    gateway.now = START + (i + 3) * SECOND
    store(gateway, [0, 1, 2, 3].map((n) => beat(START + (i + n) * SECOND, i + n)))
    gateway.feeder.pump()
  }
  assert.equal(gateway.feeder.figures().problem?.code, 'full')
  assert.ok(gateway.feeder.figures().behind > 50)
  stop(gateway)
  gateway = start(folder, gateway.now + 2 * SECOND, [target('emr', SECOND)])
  while (gateway.feeder.pump());
  assert.deepEqual(gateway.feeder.figures(), { behind: 0, missed: 0, unreadable: 0, problem: null })
  assert.deepEqual(drain(gateway), Array.from({ length: 400 }, (_, i) => String(60 + (i % 40))))
  stop(gateway)
})

test('bytes that are no record are counted and passed over; records that retention took first are counted as missed', () => {
  const gateway = start(temporaryFolder(), START)
  void gateway.readings.append([{ device: 'x', at: START, bytes: Buffer.from('not a record') }])
  gateway.readings.flush()
  store(gateway, [beat(START, 1)])
  gateway.now = START + 60 * SECOND
  gateway.feeder.pump()
  assert.equal(gateway.feeder.figures().unreadable, 1)
  store(gateway, [beat(START, 2), beat(START, 3)])
  store(gateway, [beat(START + 30 * 3600 * SECOND, 4)])
  while (gateway.readings.retain(START + 31 * 3600 * SECOND) > 0);
  gateway.now = START + 31 * 3600 * SECOND
  gateway.feeder.pump()
  assert.equal(gateway.feeder.figures().missed, 2)
  assert.deepEqual(drain(gateway), ['61', '64'])
  stop(gateway)
})

test('a new readings file after a damaged one is read from its start, now and after the next restart', () => {
  const folder = temporaryFolder()
  let gateway = start(folder, START)
  store(gateway, Array.from({ length: 30 }, (_, i) => beat(START + i * SECOND, i)))
  gateway.now = START + 60 * SECOND
  gateway.feeder.pump()
  drain(gateway)
  stop(gateway)
  fs.writeFileSync(path.join(folder, READINGS_FILE), 'no database'.repeat(5000))
  assert.equal(openReadings(folder, { keepHours: 1 }).ok, false)
  gateway = start(folder, gateway.now)
  store(gateway, [beat(gateway.now, 5)])
  stop(gateway)
  gateway = start(folder, gateway.now + 60 * SECOND)
  gateway.feeder.pump()
  assert.deepEqual(drain(gateway), ['65'])
  stop(gateway)
})

test('a receiver that was down for an hour is caught up in order, with the lag shown while it lasts', () => {
  const beds = Array.from({ length: 12 }, (_, i) => `202.114.4.${i + 21}`)
  const gateway = start(temporaryFolder(), START, [target('emr', 10 * SECOND)])
  const queue = gateway.queue.target('emr')
  let lag = 0
  for (let second = 0; second < 3600; second += 5) {
    gateway.now = START + (second + 4) * SECOND
    const five = [0, 1, 2, 3, 4].map((i) => second + i)
    store(gateway, five.flatMap((n) => beds.map((device) => beat(START + n * SECOND, n, device))))
    gateway.feeder.pump()
    if (second % 600 !== 595) continue
    const { lagMicros, delivered } = queue.figures(gateway.now)
    assert.ok(lagMicros !== null && lagMicros > lag && delivered === 0)
    lag = lagMicros
  }
  const { waiting, lagMicros } = queue.figures(gateway.now)
  assert.ok(waiting > 12 * 355, `${waiting} messages wait`)
  assert.ok(lagMicros !== null && lagMicros > 3590 * SECOND)
  const order: [number, string][] = []
  for (let taken = queue.take(64, gateway.now); taken.length > 0; taken = queue.take(64, gateway.now)) {
    order.push(...taken.map((m): [number, string] => [m.enqueuedAt, m.controlId]))
    queue.acknowledge(taken.map((m) => m.seq), gateway.now)
    gateway.now += SECOND / 10
    const left = queue.figures(gateway.now).lagMicros
    assert.ok(left === null || left <= lagMicros + 60 * SECOND)
  }
  assert.equal(order.length, waiting)
  assert.deepEqual(order, order.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1)))
  const { delivered, given, refused, lagMicros: after } = queue.figures(gateway.now)
  assert.deepEqual({ delivered, given, refused, after }, { delivered: waiting, given: [], refused: 0, after: null })
  stop(gateway)
})

test('the running feeder works by itself and stops', async () => {
  const gateway = start(temporaryFolder(), START)
  const got = new Promise<void>((resolve) => gateway.queue.target('emr').onWork(resolve))
  gateway.now = START + 60 * SECOND
  gateway.feeder.start()
  store(gateway, [beat(START, 1)])
  await got
  gateway.feeder.stop()
  assert.deepEqual(drain(gateway), ['61'])
  stop(gateway)
})

test('no file name, figure or problem holds a patient', () => {
  const gateway = start(temporaryFolder(), START)
  store(gateway, [beat(START, 1)])
  gateway.now += 60 * SECOND
  gateway.feeder.pump()
  const { feeder, readings, queue } = gateway
  const told = [feeder.figures(), readings.figures(), queue.target('emr').figures(gateway.now), queue.share(), fs.readdirSync(gateway.folder)]
  assert.doesNotMatch(JSON.stringify(told), /ZZTEST|CANARY/)
  assert.match(Buffer.from(gateway.queue.target('emr').take(1, 0)[0]?.body ?? []).toString(), /CANARY/)
  stop(gateway)
})
