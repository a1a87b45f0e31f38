// Hints seen from the sensor: each connection's first SYN reaches its host's shapes, and nothing else does.
// Real captures: no host of them is suspected to hide others, and the systems that are named are those of their time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Asset } from '../inventory/asset.ts'
import { shippedKnowledge } from '../testing/check.ts'
import { capturesMissing, manifest, sharedCapture } from '../testing/shared.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { arp, bytes, ethernet, ip4, SRC_IP4, SRC_MAC, tcp } from '../wire/test-frames.ts'
import { analyseFile } from './analyse.ts'
import { takePicture } from './picture.ts'
import { Sensor } from './sensor.ts'

const KNOWLEDGE = shippedKnowledge()
const LINUX = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7] as const
const WINDOWS = [2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2] as const
const SYN = 2
/** Behind the Ethernet header, in the IPv4 header's ninth byte. */
const TTL_AT = 14 + 8
const ACK = 16

class Wire {
  readonly sensor = new Sensor({ behaviours: [] })
  #at = 1_700_000_000_000_000
  #port = 30_000

  send(frame: Uint8Array): void {
    this.sensor.packet(frame, 0, frame.length, (this.#at += 1000), frame.length, LinkType.ethernet)
  }

  /** A segment of a new connection. */
  open(options: readonly number[], ttl: number, flags = SYN): void {
    const frame = ethernet(0x0800, ip4(6, tcp(this.#port++, 80, bytes(), { flags, options: bytes(options) })))
    frame[TTL_AT] = ttl
    this.send(frame)
  }

  asset(): Asset | undefined {
    return takePicture(this.sensor.heard(), KNOWLEDGE).assets.find((a) => a.interfaces.some((i) => i.ip === '10.0.0.1'))
  }
}

const told = (asset: Asset | undefined, what: string): string[] => (asset?.claims ?? []).filter((c) => c.what === what).map((c) => `${c.value}, ${c.count}`)

test('a host\'s SYNs name its system as a hint, each connection once; answers and later segments say nothing', () => {
  const wire = new Wire()
  wire.send(arp(1, SRC_MAC, SRC_IP4, 0, SRC_IP4))
  wire.open(LINUX, 64)
  wire.open(LINUX, 64)
  wire.open(WINDOWS, 128, SYN | ACK)
  wire.open([], 64, ACK)
  assert.deepEqual(told(wire.asset(), 'os'), ['Linux, 2'])
  assert.deepEqual(told(wire.asset(), 'card'), ['number made up by software (private address, virtual machine or container), 1'])
})

test('a home router on a ward port: systems that take turns behind its card, one hop further away', () => {
  const wire = new Wire()
  wire.send(arp(1, SRC_MAC, SRC_IP4, 0, SRC_IP4))
  for (let i = 0; i < 4; i++) {
    wire.open(LINUX, 63)
    wire.open(WINDOWS, 127)
  }
  const asset = wire.asset()
  assert.equal(told(asset, 'sharing').length, 2)
  assert.ok(asset?.claims.filter((c) => c.what === 'sharing').every((c) => c.level === 'D' && c.inferred && c.frame > 0))
  assert.equal(asset?.model, null)
})

/** Small captures of every kind: seconds together. */
const BYTES_OF_PACKETS_MAX = 1200

test('no host of the real captures is suspected to hide others', { skip: capturesMissing, timeout: 120_000 }, async () => {
  const rows = manifest().filter((row) => row.packets !== null && row.packets > 3 && row.packets < BYTES_OF_PACKETS_MAX)
  const families = new Set<string>()
  const suspected: string[] = []
  for (const row of rows) {
    const read = await analyseFile(sharedCapture(row.file), { knowledge: KNOWLEDGE, store: null, hash: false })
    if (!read.ok) continue
    for (const claim of read.value.report.assets.flatMap((a) => a.claims)) {
      if (claim.what === 'os') families.add(claim.value.split(',')[0] ?? '')
      if (claim.what === 'sharing') suspected.push(`${row.file}: ${claim.evidence}`)
    }
  }
  assert.deepEqual(suspected, [])
  for (const family of ['Linux', 'Windows']) assert.ok(families.has(family), family)
})
