// A pipe's chunks: all bytes in order, in one and the same buffer, an end, an abort; and the shipped command reads its standard input so.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { isPipe, PipeReader } from './pipe.ts'

const DIR = mkdtempSync(path.join(tmpdir(), 'cordon-pipe-'))
const writers: ChildProcess[] = []
after(() => {
  for (const writer of writers) writer.kill()
  rmSync(DIR, { recursive: true, force: true })
})

const BYTES = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 31 + (i >>> 8)) & 0xff)

/** A named pipe that `script` writes to; it gets the file's name and the pipe's. */
function pipe(name: string, script: string): number {
  const [file, fifo] = [path.join(DIR, `${name}.bin`), path.join(DIR, name)]
  writeFileSync(file, BYTES)
  execFileSync('mkfifo', [fifo])
  writers.push(spawn('sh', ['-c', script, 'sh', file, fifo], { stdio: 'ignore' }))
  return openSync(fifo, 'r')
}

test('every byte comes, in order, and all chunks are one buffer', async () => {
  const reader = new PipeReader(pipe('all', 'cat "$1" > "$2"'), undefined)
  const buffers = new Set<ArrayBufferLike>()
  let at = 0
  for await (const chunk of reader.chunks()) {
    buffers.add(chunk.buffer)
    assert.deepEqual(chunk, BYTES.subarray(at, at + chunk.length))
    at += chunk.length
    // A consumer that is slow finds its chunk as it was.
    const copy = chunk.slice()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(chunk, copy)
  }
  assert.deepEqual([at, buffers.size], [BYTES.length, 1])
  reader.close()
})

test('a writer that says nothing is left at an abort', async () => {
  const controller = new AbortController()
  const reader = new PipeReader(pipe('silent', 'exec > "$2"; head -c 10 "$1"; exec sleep 60'), controller.signal)
  const chunks = reader.chunks()
  assert.equal((await chunks.next()).value?.length, 10)
  const waiting = chunks.next()
  controller.abort()
  await assert.rejects(waiting, { name: 'AbortError' })
  reader.close()
})

test('a pipe and a socket are read so, a file and what is no descriptor are not', () => {
  assert.equal(isPipe(openSync(import.meta.filename, 'r')), false)
  assert.equal(isPipe(1_000_000), false)
  const answer = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e',
    `import { isPipe } from ${JSON.stringify(path.join(import.meta.dirname, 'pipe.ts'))}; console.log(isPipe(0))`], { encoding: 'utf8', input: 'x' })
  assert.equal(answer, 'true\n')
})
