// Tests of what a data folder says of watches whose process is gone: which are closed, when they ended, and the gap the next one begins with.
// Keeps the rule that a watch which ended in order, a capture and another interface give no gap.

import { deepEqual, equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { MICROS_PER_SECOND } from '../../base/time.ts'
import type { Analysis } from '../../detect/analysis.ts'
import type { StoreRecord } from '../../store/store.ts'
import { memoryStore } from '../../testing/memory-store.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { gapSentence } from './gap.ts'
import { closeWatchesLeft, gapBefore, watchesLeft, watchName } from './left.ts'

/** Indented by four, after its title. */
function unitOfTheDocs(): string {
  const page = fs.readFileSync(path.join(import.meta.dirname, '../../../docs/live.md'), 'utf8')
  return (page.split('\n## A service\n')[1]?.split('\n`')[0] ?? '').replaceAll(/^ {4}/gm, '')
}

const noSystemd = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not here'

test('the unit that the documentation offers is understood by systemd, word for word', { skip: noSystemd }, () => {
  const file = path.join(temporaryFolder(), 'cordon-watch.service')
  const verify = (unit: string): string => {
    fs.writeFileSync(file, unit)
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
    return (stdout + stderr).split('\n').filter((line) => line.includes('cordon-watch')).join('\n')
  }
  const unit = unitOfTheDocs().replace('/opt/cordon/cordon', '/bin/true')
  match(unit, /Restart=always/)
  equal(verify(unit), '')
  match(verify(unit.replace('RestartSec', 'RestartSeconds')), /RestartSeconds/, 'the control')
})

const second = (n: number): number => n * MICROS_PER_SECOND

/** An analysis that began at that second. */
function analysis(beganAt: number, state: Analysis['state'], change: Partial<Analysis> = {}): StoreRecord {
  const id = `live-mon0-${beganAt}`
  const body: Analysis = {
    id, name: watchName('mon0'), source: 'live', state, sha256: null, format: null, packets: 0, bytes: 0, flows: 0, firstAt: null, lastAt: null,
    problems: [], observations: [], health: [], blindSpots: ['Forty seconds prove nothing.'], ...change,
  }
  return { kind: 'analysis', analysis: body.id, key: body.id, at: second(beganAt), body }
}

const fact = (of: StoreRecord, at: number): StoreRecord => ({ kind: 'fact', analysis: of.analysis, key: '1', at: second(at), body: {} })

test('a watch left running is closed at the last moment of which anything is kept: a picture, an event, a packet, or its beginning', async () => {
  const rows: readonly (readonly [Partial<Analysis>, number | null, number])[] = [
    [{}, null, 100], [{ lastAt: second(104) }, null, 104], [{ keptAt: second(110), lastAt: second(104) }, null, 110], [{ keptAt: second(110) }, 113, 113],
  ]
  for (const [change, event, end] of rows) {
    const store = memoryStore()
    const watch = analysis(100, 'running', change)
    await store.append([watch, ...(event === null ? [] : [fact(watch, event)])])
    const gap = gapBefore(await watchesLeft(store), 'mon0', second(200))
    deepEqual([gap?.from, gap?.to], [second(end), second(200)])
    match(gap === null ? '' : gapSentence(gap), /^A gap from 1970-.*Z to 1970-01-01T00:03:20\.000000Z: nobody listened, because the watch before/)
    const said = await closeWatchesLeft(store)
    match(said.join(), /^watch mon0: This watch ended without saying so: it was killed, or the power went\. Nothing of it is kept after 1970-01-01T00:01:/)
    const closed = (await store.read('analysis'))[0]?.body as Analysis
    deepEqual([closed.state, closed.keptAt, closed.blindSpots.length], ['broken-off', second(end), 2])
  }
})

test('what the console closed is a gap for the watch that comes after it, once; one that ended in order is none', async () => {
  const store = memoryStore()
  await store.append([analysis(100, 'running', { keptAt: second(150) }), analysis(50, 'complete')])
  equal((await closeWatchesLeft(store)).length, 1)
  deepEqual(await closeWatchesLeft(store), [])
  equal(gapBefore(await watchesLeft(store), 'mon0', second(200))?.from, second(150))
  await store.append([analysis(201, 'complete')])
  equal(gapBefore(await watchesLeft(store), 'mon0', second(300)), null)
})

test('a watch of another interface is closed too and is no gap here; captures and the demo are left alone', async () => {
  const store = memoryStore()
  await store.append([
    analysis(100, 'running', { id: 'other', name: watchName('mon1') }), analysis(110, 'running', { id: 'demo', source: 'demo', name: watchName('mon0') }),
    analysis(120, 'partial', { id: 'capture', source: 'capture', name: watchName('mon0') }),
  ])
  const left = await watchesLeft(store)
  deepEqual(left.closing.map(({ key }) => key), ['other'])
  equal(gapBefore(left, 'mon0', second(200)), null)
  equal(gapBefore(left, 'mon1', second(200))?.from, second(100))
})

test('several left by starts of long ago are all closed, and the gap is from the newest; a clock that went back is told', async () => {
  const store = memoryStore()
  await store.append([analysis(100, 'running', { keptAt: second(120) }), analysis(300, 'running', { keptAt: second(330) })])
  const left = await watchesLeft(store)
  equal(left.closing.length, 2)
  const gap = gapBefore(left, 'mon0', second(10))
  equal(gap?.from, second(330))
  match(gap === null ? '' : gapSentence(gap), /The clock of this machine went back meanwhile\.$/)
})
