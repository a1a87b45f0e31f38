// Tests of the pump: files, pipes, compression, damage, hashes, signals, and paths that cannot be read.
// Keeps the rules that an unreadable path is a value with advice, and that packets before damage are kept.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { CaptureReader } from '../wire/capture/capture.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { PCAP_FILE_HEADER_BYTES, PCAP_RECORD_HEADER_BYTES, putPcapFileHeader, putPcapRecord } from '../wire/capture/writer.ts'
import { readCapture, type ReadOptions, type ReadSummary } from './source.ts'

const DIR = mkdtempSync(join(tmpdir(), 'cordon-source-'))
after(() => rmSync(DIR, { recursive: true, force: true }))

const PACKET_BYTES = 200
const RECORD_BYTES = PCAP_RECORD_HEADER_BYTES + PACKET_BYTES

/** A pcap of `count` packets whose bytes do not compress too well. */
function capture(count: number): Uint8Array {
  const out = new Uint8Array(PCAP_FILE_HEADER_BYTES + count * RECORD_BYTES)
  const packet = Uint8Array.from({ length: PACKET_BYTES }, (_, i) => (i * 97) & 255)
  let pos = putPcapFileHeader(out, 0, 1)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 40; k++) packet[k * 5] = Math.imul(i + 1, 2_654_435_761 + k * 977) >>> 24
    pos = putPcapRecord(out, pos, 1_767_600_000_000_000 + i, PACKET_BYTES, packet, 0, PACKET_BYTES)
  }
  return out
}

let files = 0

function file(content: Uint8Array, name = 'capture'): string {
  const path = join(DIR, `${files++}-${name}`)
  writeFileSync(path, content)
  return path
}

function reader(): CaptureReader {
  return createCaptureReader({ packet: () => undefined })
}

async function read(path: string, options: ReadOptions = {}): Promise<ReadSummary> {
  const result = await readCapture(path, reader(), options)
  return result.ok ? result.value : assert.fail(result.error.message)
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function codes(summary: ReadSummary): string[] {
  return summary.problems.map((problem) => problem.code)
}

/** Longer than one read buffer, and not a whole number of them. */
const COUNT = 7000
const PLAIN = capture(COUNT)

test('a plain file: packets, hash, bytes, no problem', async () => {
  const summary = await read(file(PLAIN))
  assert.deepEqual(summary, {
    format: 'pcap', compressed: false, packets: COUNT, bytes: PLAIN.length, linkTypes: [1], problems: [], sha256: sha256(PLAIN),
  })
})

test('gzip and zstd are found by content, whatever the name; the hash is of the stored bytes', async () => {
  const members = Buffer.concat([gzipSync(PLAIN.slice(0, 99)), gzipSync(PLAIN.slice(99))])
  for (const packed of [gzipSync(PLAIN), zstdCompressSync(PLAIN), members]) {
    const summary = await read(file(packed, 'ward.txt'))
    assert.deepEqual([summary.compressed, summary.packets, summary.bytes, summary.problems], [true, COUNT, PLAIN.length, []])
    assert.equal(summary.sha256, sha256(packed))
  }
})

test('a file cut short keeps its packets', async () => {
  const summary = await read(file(PLAIN.slice(0, -1)))
  assert.deepEqual([summary.packets, codes(summary)], [COUNT - 1, ['truncated']])
  assert.equal(summary.problems[0]?.offset, PLAIN.length - RECORD_BYTES)
})

test('a gzip file cut short keeps what could be unpacked', async () => {
  const packed = gzipSync(PLAIN)
  const summary = await read(file(packed.subarray(0, packed.length >> 1)))
  assert.ok(summary.packets > COUNT / 3 && summary.packets < COUNT, `${summary.packets} packets`)
  assert.deepEqual(codes(summary), ['truncated', 'gzip-damaged'])
  const noCheckSum = await read(file(packed.subarray(0, -8)))
  assert.deepEqual([noCheckSum.packets, codes(noCheckSum)], [COUNT, ['gzip-damaged']])
})

test('a wrong check sum at the end of a small gzip file loses no packet', async () => {
  const packed = gzipSync(capture(20))
  packed[packed.length - 6] = (packed[packed.length - 6] ?? 0) ^ 1
  const summary = await read(file(packed))
  assert.deepEqual([summary.packets, codes(summary)], [20, ['gzip-damaged']])
  assert.match(summary.problems[0]?.message ?? '', /incorrect data check/)
  assert.equal(summary.sha256, sha256(packed))
})

/** What gzip -dc writes before it gives up: the yardstick for how much can be saved. */
function gzipSaves(packed: Uint8Array): number {
  try {
    return execFileSync('gzip', ['-dc'], { input: packed, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 1 << 26 }).length
  } catch (error) {
    return (error as { stdout: Buffer }).stdout.length
  }
}

test('damage inside a gzip file: as much is saved as gzip -dc saves', async () => {
  for (const at of [0.2, 0.5, 0.9]) {
    const packed = gzipSync(PLAIN)
    packed.fill(0xff, Math.floor(packed.length * at), Math.floor(packed.length * at) + 64)
    const summary = await read(file(packed))
    assert.ok(codes(summary).includes('gzip-damaged'))
    assert.ok(summary.bytes >= gzipSaves(packed), `${summary.bytes} bytes of ${PLAIN.length}, gzip saves ${gzipSaves(packed)}`)
    assert.equal(summary.problems.at(-1)?.offset, summary.bytes)
    assert.equal(summary.sha256, sha256(packed), 'the hash covers the damaged rest')
  }
})

test('damage on a pipe loses little, and is told', async () => {
  const packed = gzipSync(PLAIN)
  packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 64)
  const fromFile = await read(file(packed))
  const fromPipe = await read('-', { stdin: Readable.from([packed]) })
  assert.ok(codes(fromPipe).includes('gzip-damaged'))
  assert.ok(fromPipe.packets <= fromFile.packets && fromPipe.packets > fromFile.packets - 300)
})

test('zstd: several frames, damage, and a cut', async () => {
  const frames = Buffer.concat([zstdCompressSync(PLAIN.slice(0, 4999)), zstdCompressSync(PLAIN.slice(4999))])
  assert.deepEqual([(await read(file(frames))).packets, (await read(file(frames))).problems], [COUNT, []])
  const cut = await read(file(frames.subarray(0, -40)))
  assert.ok(cut.packets > 0 && cut.packets < COUNT)
  assert.deepEqual(codes(cut), ['truncated', 'zstd-damaged'])
  const trailing = await read(file(Buffer.concat([frames, Buffer.from('tail')])))
  assert.deepEqual([trailing.packets, codes(trailing)], [COUNT, ['zstd-damaged']])
})

test('compressed twice, or no capture at all, is named', async () => {
  const twice = await read(file(gzipSync(gzipSync(PLAIN))))
  assert.deepEqual([twice.format, twice.compressed, codes(twice)], [null, true, ['not-a-capture']])
  assert.match(twice.problems[0]?.message ?? '', /gzip/)
  const empty = await read(file(new Uint8Array(0)))
  assert.deepEqual([empty.format, empty.compressed, codes(empty)], [null, false, ['not-a-capture']])
  assert.equal(empty.sha256, sha256(new Uint8Array(0)))
  assert.match((await read(file(gzipSync('')))).problems[0]?.message ?? '', /empty/)
  for (const tiny of [[0x1f], [0x1f, 0x8b], [0xd4], [0x28, 0xb5, 0x2f]]) {
    assert.equal((await read(file(Uint8Array.from(tiny)))).format, null)
  }
})

function piecesOf(content: Uint8Array, bytes: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(content.length / bytes) }, (_, i) => content.subarray(i * bytes, (i + 1) * bytes))
}

test('standard input in chunks of any size, down to single bytes', async () => {
  const small = capture(30)
  for (const content of [small, gzipSync(small), zstdCompressSync(small)]) {
    for (const chunkBytes of [1, 3, 1000]) {
      const summary = await read('-', { stdin: Readable.from(piecesOf(content, chunkBytes)) })
      assert.deepEqual([summary.packets, summary.problems, summary.sha256], [30, [], sha256(content)])
    }
  }
})

test('progress: stored bytes against the size of the file, unknown for a pipe', async () => {
  const packed = gzipSync(PLAIN)
  const seen: [number, number | null][] = []
  await read(file(packed), { onProgress: (bytesRead, total) => seen.push([bytesRead, total]) })
  assert.deepEqual(seen.at(-1), [packed.length, packed.length])
  assert.ok(seen.every(([bytesRead], i) => i === 0 || bytesRead > (seen[i - 1]?.[0] ?? 0)))
  seen.length = 0
  await read('-', { stdin: Readable.from([PLAIN]), onProgress: (bytesRead, total) => seen.push([bytesRead, total]) })
  assert.deepEqual(seen, [[PLAIN.length, null]])
})

test('afterChunk is awaited: a slow consumer holds the reading back', async () => {
  for (const content of [PLAIN, gzipSync(PLAIN)]) {
    let busy = 0
    let calls = 0
    await read(file(content), {
      afterChunk: async () => {
        assert.equal(busy++, 0, 'one at a time')
        await new Promise((resolve) => setImmediate(resolve))
        busy--
        calls++
      },
    })
    assert.ok(calls >= 2)
  }
})

test('a consumer that throws is our bug: it comes out, and is no problem of the file', async () => {
  const thrower = createCaptureReader({ packet: () => { throw new RangeError('ours') } })
  await assert.rejects(readCapture(file(PLAIN), thrower), RangeError)
  const again = createCaptureReader({ packet: () => { throw new RangeError('ours') } })
  await assert.rejects(readCapture(file(gzipSync(PLAIN)), again), RangeError)
  await assert.rejects(readCapture(file(PLAIN), reader(), { afterChunk: () => Promise.reject(new RangeError('ours')) }), RangeError)
})

async function failure(path: string, options: ReadOptions = {}): Promise<{ code: string; reason: string; message: string; help: string }> {
  const result = await readCapture(path, reader(), options)
  return result.ok ? assert.fail('it was read') : result.error
}

test('paths that cannot be read: which, why, and what to do', async () => {
  const missing = await failure(join(DIR, 'no-such.pcap'))
  assert.deepEqual([missing.code, missing.reason], ['unusable', 'missing'])
  assert.match(missing.message, /no-such\.pcap cannot be read: there is no such file\./)
  assert.equal((await failure(DIR)).reason, 'directory')
  assert.equal((await failure(join(file(PLAIN), 'inside'))).reason, 'missing')
  assert.equal((await failure('nul\0byte')).reason, 'failed')
  for (const path of [join(DIR, 'no-such.pcap'), DIR]) assert.match((await failure(path)).help, /^[A-Z].+\.$/)
})

test('a file without permission', { skip: process.getuid?.() === 0 ? 'root may read everything' : false }, async () => {
  const path = file(PLAIN)
  chmodSync(path, 0)
  assert.equal((await failure(path)).reason, 'forbidden')
})

test('a signal stops the reading: before, in the middle, and while a pipe is silent', async () => {
  assert.deepEqual([(await failure(file(PLAIN), { signal: AbortSignal.abort() })).code], ['interrupted'])
  for (const content of [PLAIN, gzipSync(PLAIN)]) {
    const controller = new AbortController()
    const stopped = await failure(file(content), { signal: controller.signal, afterChunk: () => controller.abort() })
    assert.deepEqual([stopped.code, stopped.reason], ['interrupted', 'signal'])
  }
  const silent = new Readable({ read: () => undefined })
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 20)
  assert.equal((await failure('-', { stdin: silent, signal: controller.signal })).code, 'interrupted')
})

test('a stream that fails half way keeps what came', async () => {
  async function* half(): AsyncGenerator<Uint8Array> {
    yield PLAIN.slice(0, PCAP_FILE_HEADER_BYTES + 3 * RECORD_BYTES)
    throw Object.assign(new Error('gone'), { code: 'EIO' })
  }
  const summary = await read('-', { stdin: Readable.from(half()) })
  assert.deepEqual([summary.packets, codes(summary)], [3, ['read-failed']])
  assert.match(summary.problems[0]?.message ?? '', /EIO/)
})

test('a named pipe is read as it is written', { skip: process.platform === 'win32' ? 'no named pipes' : false }, async () => {
  const path = join(DIR, 'pipe')
  execFileSync('mkfifo', [path])
  const source = file(PLAIN)
  const writer = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', source, path])
  const summary = await read(path)
  await new Promise((resolve) => (writer.exitCode === null ? writer.once('exit', resolve) : resolve(null)))
  assert.deepEqual([summary.packets, summary.problems], [COUNT, []])
})

test('memory stays flat while a bomb of half a gigabyte is unpacked', async () => {
  const zeros = gzipSync(new Uint8Array(1 << 24))
  const bomb = Buffer.concat([gzipSync(capture(1)), ...Array.from({ length: 32 }, () => zeros)])
  let largest = 0
  const before = process.memoryUsage().rss
  const summary = await read(file(bomb), { afterChunk: () => { largest = Math.max(largest, process.memoryUsage().rss - before) } })
  assert.equal(summary.bytes, PCAP_FILE_HEADER_BYTES + RECORD_BYTES + 32 * (1 << 24))
  assert.ok(summary.packets > 1_000_000, 'records of zeros are empty packets')
  assert.ok(largest < 150 * 1024 * 1024, `resident memory grew by ${largest} bytes`)
})

const SHARED = new URL('../../../shared/captures/', import.meta.url)
const WITHOUT_SHARED = existsSync(SHARED) ? false : 'no shared/captures beside the checkout'

test('shared compressed captures count as capinfos counts them', { skip: WITHOUT_SHARED }, async () => {
  const rows = readFileSync(new URL('MANIFEST.tsv', SHARED), 'utf8').trim().split('\n').slice(1).map((line) => line.split('\t'))
  const packed = rows.filter((cells) => cells[0]?.endsWith('.gz'))
  assert.ok(packed.length > 0)
  for (const cells of packed) {
    const summary = await read(fileURLToPath(new URL((cells[0] ?? '').split('/').map(encodeURIComponent).join('/'), SHARED)))
    assert.deepEqual([summary.packets, summary.compressed, summary.problems], [Number(cells[6]), true, []], cells[0])
    assert.equal(summary.sha256, cells[4])
  }
})
