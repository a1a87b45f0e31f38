// The durable queue and its slow twin against one conformance suite and each other; the file against damage, a second owner and a full disk.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { memoryQueue } from '../../testing/memory-queue.ts'
import { compareQueues, message, queueConformance, type OpenQueue } from '../../testing/queue-conformance.ts'
import { StorageError } from './database.ts'
import { QUEUE_FILE, openQueue } from './durable-queue.ts'
import { controlId, controlPrefix, type GatewayQueue, type QueueOptions } from './queue.ts'

const PAGE = 16_384
const BORN = Date.UTC(2026, 0, 5) * 1000
const options = (bytesMax = 10_000_000): QueueOptions => ({ tag: 'TST', bytesMax, bornAt: BORN })

function mustOpen(folder: string, given: QueueOptions & { readonly pagesMax?: number } = options()): GatewayQueue {
  const opened = openQueue(folder, given)
  assert.ok(opened.ok, opened.ok ? '' : opened.error.message)
  return opened.value
}

const durable: OpenQueue = (bytesMax) => {
  const folder = temporaryFolder()
  let queue = mustOpen(folder, options(bytesMax))
  return {
    queue,
    restart() {
      queue.close()
      queue = mustOpen(folder, options(bytesMax))
      return queue
    },
  }
}

const twin: OpenQueue = (bytesMax) => {
  const queue = memoryQueue(options(bytesMax))
  return {
    queue,
    restart() {
      queue.restart()
      return queue
    },
  }
}

queueConformance('durable', durable)
queueConformance('twin', twin)
compareQueues('durable', durable, twin, 60)

test('the comparison can fail: a twin that forgets what was in flight is found out', () => {
  const forgetful = twin(1000).queue
  forgetful.enqueue([message(1)])
  forgetful.target('a').take(1, 0)
  const right = durable(1000)
  right.queue.enqueue([message(1)])
  right.queue.target('a').take(1, 0)
  const after = right.restart()
  assert.notDeepEqual(forgetful.target('a').figures(1), after.target('a').figures(1))
  after.close()
})

test('folder and file are for their owner alone', () => {
  const folder = path.join(temporaryFolder(), 'new', 'data')
  const queue = mustOpen(folder)
  queue.enqueue([message(1)])
  assert.equal(fs.statSync(folder).mode & 0o777, 0o700)
  for (const name of fs.readdirSync(folder)) assert.equal(fs.statSync(path.join(folder, name)).mode & 0o777, 0o600, name)
  queue.close()
})

test('a second opening is told that the file is in use, and the first goes on', () => {
  const folder = temporaryFolder()
  const queue = mustOpen(folder)
  const second = openQueue(folder, options())
  assert.ok(!second.ok && second.error.code === 'in-use' && second.error.help !== '')
  queue.enqueue([message(1)])
  assert.equal(queue.target('a').figures(1).waiting, 1)
  queue.close()
})

for (const [kind, damage] of [
  ['no database at all', (file: string) => fs.writeFileSync(file, 'this is no database'.repeat(1000))],
  ['pages overwritten in the middle', (file: string) => {
    const bytes = fs.readFileSync(file)
    fs.writeFileSync(file, bytes.fill(0xa5, PAGE * 8, PAGE * 10))
  }],
  ['cut short', (file: string) => fs.truncateSync(file, PAGE * 9)],
] as const) {
  test(`a damaged file (${kind}) is told with what, where and what to do, is set aside whole, and the next start makes a new one`, () => {
    const folder = temporaryFolder()
    const file = path.join(folder, QUEUE_FILE)
    const queue = mustOpen(folder)
    queue.enqueue(Array.from({ length: 150 }, (_, i) => message(i, 'ZZTEST^CANARY'.repeat(100))))
    queue.close()
    damage(file)
    const damaged = fs.readFileSync(file)
    const again = openQueue(folder, options())
    assert.ok(!again.ok)
    assert.equal(again.error.code, 'damaged')
    assert.match(again.error.message, /queue in .*queue\.db is damaged/)
    assert.match(again.error.help, /renamed to .*queue\.db\.damaged-1 .*Start the gateway again/)
    assert.doesNotMatch(JSON.stringify(again.error), /CANARY/)
    // The first 100 bytes are SQLite's header: it counts openings there.
    assert.ok(fs.readFileSync(`${file}.damaged-1`).subarray(100).equals(damaged.subarray(100)))
    const fresh = mustOpen(folder, { ...options(), bornAt: BORN + 60_000_000 })
    fresh.enqueue([message(1)])
    assert.notEqual(fresh.target('a').take(1, 0)[0]?.controlId, controlId(controlPrefix('TST', BORN, 1), 1), 'no control id is used twice')
    fresh.close()
  })
}

test('a second damaged file does not overwrite the first', () => {
  const folder = temporaryFolder()
  const file = path.join(folder, QUEUE_FILE)
  for (const text of ['one', 'two']) {
    fs.writeFileSync(file, text.repeat(5000))
    assert.equal(openQueue(folder, options()).ok, false)
  }
  assert.deepEqual([1, 2].map((n) => fs.readFileSync(`${file}.damaged-${n}`, 'utf8').slice(0, 3)), ['one', 'two'])
})

test('a place where no file can be made is told', () => {
  const file = path.join(temporaryFolder(), 'file')
  fs.writeFileSync(file, '')
  const opened = openQueue(path.join(file, 'folder'), options())
  assert.ok(!opened.ok && opened.error.code === 'unreadable' && opened.error.help !== '')
})

test('a full disk is told, nothing of that change happens, and it goes on when there is room', () => {
  const folder = temporaryFolder()
  let queue = mustOpen(folder, { ...options(), pagesMax: 30 })
  const big = 'y'.repeat(20_000)
  let enqueued = 0
  assert.throws(() => {
    for (; enqueued < 1000; enqueued++) queue.enqueue([message(enqueued, big)], [{ target: 'a', store: 's', done: enqueued, marks: [] }])
  }, (error) => error instanceof StorageError && error.problem.code === 'full' && /cannot grow/.test(error.message) && /Make room/.test(error.message))
  assert.ok(enqueued > 3)
  assert.equal(queue.target('a').figures(0).waiting, enqueued)
  assert.equal(queue.cursor('a')?.done, enqueued - 1)
  queue.close()
  queue = mustOpen(folder)
  assert.equal(queue.target('a').figures(0).waiting, enqueued)
  queue.enqueue([message(enqueued, big)])
  const taken = queue.target('a').take(1000, 0)
  assert.deepEqual(taken.map((m) => m.enqueuedAt), taken.map((_, i) => i))
  assert.equal(new Set(taken.map((m) => m.controlId)).size, enqueued + 1)
  queue.close()
})

test('the file stays bounded: what was delivered makes room for what comes', () => {
  const folder = temporaryFolder()
  const queue = mustOpen(folder)
  const a = queue.target('a')
  const round = (n: number): number => {
    queue.enqueue(Array.from({ length: 50 }, (_, i) => message(n, 'z'.repeat(100 + ((i * 997 + n * 31) % 9000)))))
    a.acknowledge(a.take(1000, n).map((m) => m.seq), n)
    queue.tidy()
    return fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0)
  }
  const sizes = Array.from({ length: 120 }, (_, n) => round(n))
  const [early, late] = [Math.max(...sizes.slice(0, 40)), Math.max(...sizes.slice(40))]
  assert.ok(late <= early * 1.2, `${late} bytes late, ${early} bytes early`)
  assert.equal(a.figures(0).delivered, 120 * 50)
  queue.close()
})

test('a queue that filled its share stays near it on disk, and gives the room back after', () => {
  const folder = temporaryFolder()
  const bytesMax = 3_000_000
  const queue = mustOpen(folder, options(bytesMax))
  for (let n = 0; n < 300; n++) queue.enqueue(Array.from({ length: 10 }, () => message(n, 'w'.repeat(2000))))
  const file = path.join(folder, QUEUE_FILE)
  const { waiting, given } = queue.target('a').figures(300)
  assert.equal(waiting + given.reduce((sum, stretch) => sum + stretch.count, 0), 3000)
  assert.equal(given.length, 1)
  assert.ok(queue.share().bytes <= bytesMax)
  assert.ok(fs.statSync(file).size < bytesMax * 1.6, `${fs.statSync(file).size} bytes`)
  queue.target('a').acknowledge(queue.target('a').take(10_000, 0).map((m) => m.seq), 0)
  for (let n = 0; n < 40; n++) queue.tidy()
  queue.close()
  assert.ok(fs.statSync(file).size < bytesMax / 2, `${fs.statSync(file).size} bytes after`)
})
