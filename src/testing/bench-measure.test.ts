// bench-measure.test: what bench:wire makes of its runs: medians, failed runs, tables, the record walk and the slice for slow peers.
// Keeps the rule that a figure is only as good as the arithmetic behind it; no time is asserted.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { GNU_TIME, parseTime, rowOf, runOnce, spreadOf, tableOf, type Run } from '../../bench/wire/measure.ts'
import { cordons, findPeers, FLOORS } from '../../bench/wire/peers.ts'
import { RecordWriter } from '../../bench/wire/record-writer.ts'
import { writeSmall } from '../../bench/wire/small.ts'
import { slice, walk } from '../../bench/wire/walk.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { scratch } from './command.ts'

const timeMissing = fs.existsSync(GNU_TIME) ? false : `${GNU_TIME} is not here`
const run = (cpuSeconds: number, exitCode = 0): Run => ({ cpuSeconds, wallSeconds: cpuSeconds * 2, peakMb: 10, exitCode })

test('the median has as many values below as above, and lies between least and most', () => {
  fc.assert(fc.property(fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1, maxLength: 9 }), (values) => {
    const { median, min, max } = spreadOf(values)
    assert.ok(values.includes(median))
    assert.ok(values.every((v) => v >= min && v <= max))
    assert.ok(values.filter((v) => v < median).length <= values.length / 2)
    assert.ok(values.filter((v) => v > median).length <= values.length / 2)
  }))
  assert.deepEqual(spreadOf([5, 1, 3]), { median: 3, min: 1, max: 5 })
  assert.ok(Number.isNaN(spreadOf([]).median))
})

test('what GNU time writes is read from its last line, and nothing else is taken for it', () => {
  assert.deepEqual(parseTime('1.50 0.25 2.00 51200 3\n'), { cpuSeconds: 1.75, wallSeconds: 2, peakMb: 51.2, exitCode: 3 })
  assert.deepEqual(parseTime('Command terminated by signal 11\n0.10 0.00 0.20 1000 0\n')?.wallSeconds, 0.2)
  for (const text of ['', 'sh: not found', '1 2 3 4', '1 2 3 4 x']) assert.equal(parseTime(text), null)
})

test('a killed run counts for nothing but its exit code, which is shown', () => {
  const row = rowOf('t', 't FILE', 1_000, [run(2), run(Number.NaN, -1), run(4), run(3, 1)])
  assert.equal(row.runs, 3)
  assert.equal(row.cpuSeconds.median, 3)
  assert.deepEqual(row.exitCodes, [-1, 0, 1])
  assert.equal(Math.round(row.packetsPerCpuSecond), 333)
})

test('the table says how many times as fast cordon is, per packet, also beside a peer that read less', () => {
  const ours = rowOf('cordon check', '', 1_000, [run(1)])
  const slow = rowOf('slow', '', 100, [run(1)])
  const none = rowOf('dead', '', 1_000, [run(Number.NaN, -1)])
  const [head, , first, second, third] = tableOf([ours, slow, none], ours).split('\n')
  assert.match(head ?? '', /packets per CPU s \| cordon is/)
  assert.match(first ?? '', /\| 1,000 \| 1\.000x \| 0 \|/)
  assert.match(second ?? '', /\| 100 \| 10\.000x \| 0 \|/)
  assert.match(third ?? '', /^\| dead (?:\| - ){5}\| -1 \|$/)
})

test('a whole process is measured: its exit code, its memory, and that it was ended when it took too long', { skip: timeMissing }, (t) => {
  const file = path.join(scratch(t), 'time')
  const node = (code: string): readonly string[] => [process.execPath, '-e', code]
  const three = runOnce(node('process.exit(3)'), file, 60_000)
  assert.equal(three.exitCode, 3)
  assert.ok(three.peakMb > 5)
  const large = runOnce(node('Buffer.alloc(200e6, 1)'), file, 60_000)
  assert.ok(large.peakMb > three.peakMb + 150, `${large.peakMb} MB against ${three.peakMb} MB`)
  const slow = path.join(path.dirname(file), 'pid')
  assert.equal(runOnce(['sh', '-c', 'echo $$ >"$0"; exec sleep 60', slow], file, 1_000).exitCode, -1)
  assert.equal(fs.existsSync(`/proc/${fs.readFileSync(slow, 'utf8').trim()}`), false, 'what took too long is gone')
  assert.equal(runOnce(['/no/such/tool'], file, 1_000).exitCode, -1)
  assert.equal(runOnce(node('process.kill(process.pid, "SIGKILL")'), file, 60_000).exitCode, -1)
})

function written(t: Parameters<typeof scratch>[0], packets: number): string {
  const file = path.join(scratch(t), 'small.pcap')
  const fd = fs.openSync(file, 'w')
  const out = new RecordWriter((bytes) => void fs.writeSync(fd, bytes))
  writeSmall({ seed: 1, flows: 50, packets }, out)
  out.end()
  fs.closeSync(fd)
  return file
}

function read(file: string): { packets: number; problems: number } {
  const { packets, problems } = (() => {
    const reader = createCaptureReader({ packet: () => {} })
    reader.push(fs.readFileSync(file))
    return reader.end()
  })()
  return { packets, problems: problems.length }
}

test('the record walk counts what the capture reader counts, over chunk borders that fall anywhere in a record', (t) => {
  // 80 bytes a record: 52,428.5 records a chunk, so a header is cut in two.
  const file = written(t, 120_000)
  assert.deepEqual(walk(file), { packets: 120_000, end: fs.statSync(file).size })
  assert.deepEqual(read(file), { packets: 120_000, problems: 0 })
})

test('a slice is a whole capture of the first packets, or all of them when there are no more', (t) => {
  const file = written(t, 60_000)
  const cut = `${file}.cut`
  for (const [wanted, got] of [[1, 1], [1_000, 1_000], [55_000, 55_000], [99_000, 60_000]] as const) {
    assert.equal(slice(file, cut, wanted), got)
    assert.deepEqual(read(cut), { packets: got, problems: 0 })
    assert.ok(fs.readFileSync(file).subarray(0, fs.statSync(cut).size).equals(fs.readFileSync(cut)))
  }
})

test('every tool is told which file to read, and no two have one name; cordon comes first and with everything on', () => {
  const { peers, missing } = findPeers()
  const all = [...cordons(), ...FLOORS, ...peers]
  assert.equal(new Set(all.map((p) => p.name)).size, all.length)
  for (const peer of all) assert.ok(peer.argv('FILE', 'FOLDER').includes('FILE'), peer.name)
  assert.deepEqual(cordons()[0]?.argv('FILE', '').slice(1), ['check', 'FILE', '--json'])
  assert.ok(missing.every((text) => /^\w+ \(.+\)$/.test(text)))
})
