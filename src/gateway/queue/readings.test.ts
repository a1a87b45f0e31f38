// The readings store: durable before it answers, read back in order from anywhere, kept for its hours, told when it cannot.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { StorageError } from './database.ts'
import { GROUP_BYTES_MAX, READINGS_FILE, openReadings, type Readings, type ReadingsOptions } from './readings.ts'
import { packRecords, packedBytes, unpackRecords, type NewRecord } from './record-batch.ts'

const HOUR = 3_600_000_000

function mustOpen(folder: string, options: ReadingsOptions = { keepHours: 24 }): Readings {
  const opened = openReadings(folder, options)
  assert.ok(opened.ok, opened.ok ? '' : opened.error.message)
  return opened.value
}

const record = (n: number, at = n, length = 20): NewRecord => ({ device: `202.114.4.${n % 250}`, at, bytes: new Uint8Array(length).fill(n % 256) })
const records = (from: number, count: number): NewRecord[] => Array.from({ length: count }, (_, i) => record(from + i))

test('records come back as they went in, from any place, in order and without a hole', async () => {
  const readings = mustOpen(temporaryFolder())
  for (const [from, count] of [[1, 3], [4, 1], [5, 40]] as const) await readings.append(records(from, count))
  assert.deepEqual([readings.oldest, readings.newest], [1, 44])
  for (let after = 0; after <= 44; after++) {
    const found = readings.read(after, 1000)
    assert.deepEqual(found.map((r) => r.seq), Array.from({ length: 44 - after }, (_, i) => after + i + 1))
    assert.deepEqual(found.map(({ device, at, bytes }) => ({ device, at, bytes: new Uint8Array(bytes) })), records(after + 1, 44 - after))
  }
  assert.deepEqual(readings.read(0, 2).map((r) => r.seq), [1, 2, 3], 'whole rows')
  readings.close()
})

test('any records survive being put together', () => {
  const any = fc.record({ device: fc.string({ maxLength: 40 }), at: fc.integer({ min: 0, max: 2 ** 52 }), bytes: fc.uint8Array({ maxLength: 300 }) })
  fc.assert(fc.property(fc.array(any, { maxLength: 20 }), fc.nat(1000), (list, first) => {
    const fitting = list.filter((one) => Buffer.byteLength(one.device) <= 120).map((one) => ({ ...one, device: one.device.toWellFormed() }))
    const packed = packRecords(fitting)
    assert.equal(packed.length, packedBytes(fitting))
    assert.deepEqual(unpackRecords(packed, first).map((r) => ({ ...r, bytes: new Uint8Array(r.bytes) })), fitting.map((r, i) => ({ seq: first + i, ...r })))
  }))
})

test('appends of the same moment share one row, and each is answered when that row is durable', async () => {
  const readings = mustOpen(temporaryFolder())
  let commits = 0
  readings.onStored(() => {
    commits += 1
  })
  await Promise.all(Array.from({ length: 50 }, (_, i) => readings.append([record(i)])))
  assert.equal(commits, 1)
  assert.equal(readings.figures().records, 50)
  await readings.append([])
  assert.equal(commits, 1)
  readings.close()
})

test('a great deal at once does not wait for the timer', () => {
  const readings = mustOpen(temporaryFolder())
  void readings.append([record(1, 1, GROUP_BYTES_MAX)])
  assert.equal(readings.newest, 1)
  readings.close()
})

test('closing commits what waits, and the next opening counts on', async () => {
  const folder = temporaryFolder()
  const first = mustOpen(folder)
  const { id } = first
  const done = first.append(records(1, 3))
  first.close()
  await done
  const second = mustOpen(folder)
  assert.deepEqual([second.newest, second.id, second.figures().records], [3, id, 3])
  await second.append([record(4)])
  assert.deepEqual(second.read(2, 10).map((r) => r.seq), [3, 4])
  assert.equal(fs.statSync(path.join(folder, READINGS_FILE)).mode & 0o777, 0o600)
  second.close()
})

test('records leave when their hours are over, in small steps; figures say how much there is and what goes next', async () => {
  const folder = temporaryFolder()
  let readings = mustOpen(folder, { keepHours: 2 })
  for (let i = 0; i < 200; i++) {
    void readings.append([record(i, i * 60_000_000, 2000)])
    readings.flush()
  }
  const before = readings.figures()
  assert.deepEqual([before.records, before.oldestAt, before.nextDeletionAt, before.deleted], [200, 0, 2 * HOUR, 0])
  assert.ok(before.bytes > 200 * 2000)
  assert.equal(readings.retain(2 * HOUR), 0)
  assert.equal(readings.retain(2 * HOUR + 60_000_001), 2)
  let steps = 0
  while (readings.retain(5 * HOUR) > 0) steps += 1
  assert.ok(steps > 1, 'small steps')
  assert.deepEqual([readings.oldest, readings.figures().oldestAt, readings.figures().deleted], [181, 180 * 60_000_000, 180])
  assert.deepEqual(readings.read(0, 1000).map((r) => r.seq), Array.from({ length: 20 }, (_, i) => 181 + i))
  while (readings.retain(100 * HOUR) > 0);
  assert.deepEqual([readings.figures().records, readings.figures().nextDeletionAt, readings.oldest], [0, null, 201])
  readings.close()
  readings = mustOpen(folder)
  assert.equal(readings.newest, 200, 'an empty store still knows how far it counted')
  readings.close()
})

test('the file stays bounded while records come and go, and shrinks after', async () => {
  const folder = temporaryFolder()
  const readings = mustOpen(folder, { keepHours: 1 })
  const size = (): number => fs.statSync(path.join(folder, READINGS_FILE)).size
  const sizes: number[] = []
  for (let minute = 0; minute < 600; minute++) {
    void readings.append(Array.from({ length: 20 }, (_, i) => record(i, minute * 60_000_000, 500 + ((minute * 97 + i * 31) % 2500))))
    readings.flush()
    readings.retain(minute * 60_000_000)
    sizes.push(size())
  }
  assert.ok(Math.max(...sizes.slice(300)) <= Math.max(...sizes.slice(0, 300)) * 1.1)
  const full = size()
  for (let n = 0; n < 300; n++) readings.retain(1e6 * HOUR)
  readings.close()
  assert.ok(size() < full / 2, `${size()} of ${full} bytes`)
})

test('a full disk is told to whoever appends, with nothing half stored, and it goes on when there is room', async () => {
  const folder = temporaryFolder()
  const readings = mustOpen(folder, { keepHours: 1, pagesMax: 20 })
  let kept = 0
  await assert.rejects(async () => {
    for (;;) {
      await readings.append([record(kept, kept, 30_000)])
      kept += 1
    }
  }, (error) => error instanceof StorageError && error.problem.code === 'full' && /readings in .*cannot grow/.test(error.message))
  assert.ok(kept > 2)
  const { records: there, failed, problem } = readings.figures()
  assert.deepEqual([there, failed, problem?.code, readings.newest], [kept, 1, 'full', kept])
  while (readings.retain(100 * HOUR) > 0);
  await readings.append([record(7)])
  assert.deepEqual([readings.figures().problem, readings.newest], [null, kept + 1])
  readings.close()
})

test('a damaged file is set aside, and the new one has another name for its numbers', async () => {
  const folder = temporaryFolder()
  const first = mustOpen(folder)
  await first.append(records(1, 50))
  first.close()
  fs.writeFileSync(path.join(folder, READINGS_FILE), 'no database'.repeat(10_000))
  const damaged = openReadings(folder, { keepHours: 1 })
  assert.ok(!damaged.ok && damaged.error.code === 'damaged' && /damaged-1/.test(damaged.error.help))
  const second = mustOpen(folder)
  assert.notEqual(second.id, first.id)
  assert.equal(second.newest, 0)
  second.close()
})
