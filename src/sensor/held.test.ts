// What was read is let go: of the bytes of a capture nothing is kept alive by a session that once looked at them, whatever the protocol.
// Keeps "allocations, not seconds": what is still there after a collection is counted; one reader that kept its last message held 64 kB a session.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { createCaptureReader } from '../wire/capture/reader.ts'
import { Sensor } from './sensor.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** The packet before and what the collector takes its time for; a session of each flow would be hundreds. */
const ALIVE_MAX = 2
/** Larger captures say nothing more. */
const FILE_BYTES_MAX = 4_000_000

/** Each packet in memory of its own, through the sensor: those whose memory is still held when all were read and nothing has ended yet. */
async function heldAfter(bytes: Uint8Array, keep: (packet: Uint8Array) => void): Promise<{ readonly packets: number; readonly held: number }> {
  const sensor = new Sensor({ behaviours: [] })
  const refs: WeakRef<ArrayBufferLike>[] = []
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType) {
      // A Buffer's own slice would be a view.
      const own = new Uint8Array(buf.subarray(off, end))
      refs.push(new WeakRef(own.buffer))
      keep(own)
      sensor.packet(own, 0, own.length, at, wireLength, linkType)
    },
  })
  reader.push(bytes)
  // What a WeakRef was made of lives until the turn is over.
  await new Promise((resolve) => setTimeout(resolve, 0))
  collect()
  const held = refs.filter((ref) => ref.deref() !== undefined).length
  // Asked after the collection, so that the sensor and its flows were alive during it.
  sensor.finish()
  return { packets: refs.length, held }
}

function bytesOf(file: string): Uint8Array {
  const bytes = fs.readFileSync(sharedCapture(file))
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes
}

const small = manifest().filter(({ file, packets }) => packets !== null && packets > 2 * ALIVE_MAX && fs.statSync(sharedCapture(file)).size < FILE_BYTES_MAX)

test('no capture of the folder is kept by those who read it', { skip: capturesMissing }, async () => {
  for (const { file } of small) {
    const { held, packets } = await heldAfter(bytesOf(file), () => {})
    assert.ok(held <= ALIVE_MAX, `${file}: ${held} of ${packets} packets are still held`)
  }
  assert.ok(small.length > 50)
})

test('control: who keeps packets is seen', { skip: capturesMissing }, async () => {
  const kept: Uint8Array[] = []
  const { held, packets } = await heldAfter(bytesOf('nfs/tcpdump__nfs_large_credentials_length.pcap'), (packet) => void kept.push(packet))
  assert.deepEqual([held, packets], [kept.length, kept.length])
})
