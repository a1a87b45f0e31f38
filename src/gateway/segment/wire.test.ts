// Tests on a wire: the gateway on its real addresses and ports in a namespace, monitors in another, and a capture of every packet between them.
// Keeps the first rule of the gateway where it can be seen: not one payload byte goes to a monitor; a wrong server shows that the check can fail.

import { deepEqual, equal, ok } from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { CYCLES, HL7_PORT, inSegmentNamespace, MONITORS, segmentNamespaceMissing, type SegmentRun } from '../../testing/segment-namespace.ts'
import { createCaptureReader } from '../../wire/capture/reader.ts'
import { beginFrame, decodeFrame } from '../../wire/decode.ts'
import { Frame, IpProto } from '../../wire/frame.ts'
import { missingFromStatus, statusFields } from '../../kernel/status.ts'

const skip = segmentNamespaceMissing
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-wire-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

const isMonitorPort = (port: number): boolean => port === HL7_PORT || (port >= 515 && port <= 520)

interface Bytes {
  readonly packets: number
  /** Payload bytes by the gateway's port. */
  readonly fromMonitors: ReadonlyMap<number, number>
  readonly toMonitors: ReadonlyMap<number, number>
  readonly resets: number
}

function readCapture(file: string): Bytes {
  const [fromMonitors, toMonitors] = [new Map<number, number>(), new Map<number, number>()]
  let [packets, resets] = [0, 0]
  const frame = new Frame()
  const reader = createCaptureReader({
    packet(buf, off, end, at, wireLength, linkType) {
      beginFrame(frame, ++packets, at, wireLength, end - off)
      decodeFrame(buf, off, end, linkType, frame)
      if (frame.ipVersion !== 4 || frame.proto !== IpProto.tcp) return
      if (isMonitorPort(frame.srcPort)) toMonitors.set(frame.srcPort, (toMonitors.get(frame.srcPort) ?? 0) + frame.payloadWireLength)
      else if (isMonitorPort(frame.dstPort)) fromMonitors.set(frame.dstPort, (fromMonitors.get(frame.dstPort) ?? 0) + frame.payloadWireLength)
      if (isMonitorPort(frame.srcPort) && (frame.tcpFlags & 4) !== 0) resets += 1
    },
  })
  reader.push(fs.readFileSync(file))
  reader.end()
  return { packets, fromMonitors, toMonitors, resets }
}

const total = (bytes: ReadonlyMap<number, number>): number => [...bytes.values()].reduce((sum, n) => sum + n, 0)

let run: SegmentRun
let capture: Bytes
before(async () => {
  if (skip) return
  const file = path.join(folder, 'gateway.pcap')
  run = await inSegmentNamespace('gateway', file)
  capture = readCapture(file)
}, { timeout: 240_000 })

test('not one payload byte from the gateway to a monitor, on any of its seven ports, although it was killed once in between', { skip }, () => {
  deepEqual([...capture.fromMonitors.keys()].sort((a, b) => a - b), [HL7_PORT, 515, 516, 517, 518, 519, 520], 'monitors spoke on every port')
  ok([...capture.fromMonitors.values()].every((bytes) => bytes > 0))
  deepEqual([...capture.toMonitors.keys()].sort((a, b) => a - b), [HL7_PORT, 515, 516, 517, 518, 519, 520], 'the gateway answered on every port')
  equal(total(capture.toMonitors), 0)
})

test('the control: a server that answers is seen by the same check', { skip, timeout: 240_000 }, async () => {
  const file = path.join(folder, 'wrong.pcap')
  const wrong = await inSegmentNamespace('wrong', file)
  const seen = readCapture(file)
  ok([...seen.toMonitors.values()].every((bytes) => bytes > 0) && total(seen.toMonitors) > 0)
  equal(wrong.fromHospital, 'connect', 'and it answers on the hospital\'s side, as machines do')
})

test('readings of every monitor arrive, before and after the process was killed and started again', { skip }, () => {
  equal(run.deaths, 1)
  for (const ip of MONITORS) ok((run.records[ip] ?? 0) >= CYCLES, `${ip}: ${run.records[ip]}`)
  deepEqual(Object.keys(run.records).sort(), [...MONITORS].sort())
})

test('the segment\'s address does not answer on the hospital\'s side', { skip }, () => {
  equal(run.fromHospital, 'ECONNREFUSED')
})

test('the sandbox as the kernel sees it, on privileged ports that it could not bind itself', { skip }, () => {
  deepEqual(missingFromStatus(run.status), [])
  const fields = statusFields(run.status)
  equal(fields.get('CapBnd'), '0000000000000000')
  equal(fields.get('CapEff'), '0000000000000000')
  ok(run.sandbox.some((what) => what.startsWith('can open no file and no socket')))
})
