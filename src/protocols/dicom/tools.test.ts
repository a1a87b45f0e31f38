// DICOM spoken by somebody else's tools: an echo, and an image with a planted patient, between two programs of dcmtk on loopback.
// Keeps the rule that a decoder is held against what others write; skips by name without the tools.

import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { everySplit, runSession, type Chunk } from '../../testing/everysplit.ts'
import { freePorts } from '../../testing/free-ports.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import type { DicomFact } from './facts.ts'
import { dicom } from './index.ts'

const missing = ['echoscu', 'storescu', 'storescp', 'dump2dcm'].find((name) => spawnSync(name, ['--version']).error !== undefined)
const skip = missing === undefined ? false : `${missing} (package dcmtk) is not installed`

/** A tiny image whose patient is the canary: what dump2dcm makes a file of. */
const DUMP = `
(0008,0016) UI =SecondaryCaptureImageStorage
(0008,0018) UI [1.2.3.4.5.6]
(0008,0060) CS [OT]
(0010,0010) PN [ZZTEST^CANARY]
(0010,0020) LO [ZZTEST-000000]
(0020,000d) UI [1.2.3.4.5]
(0020,000e) UI [1.2.3.4]
(0028,0010) US 300
(0028,0011) US 300
`

/** Passes everything between `listen` and `port` on, and keeps it as chunks in order of arrival. */
async function recorder(listen: number, port: number, t: TestContext): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  const server = net.createServer((client) => {
    const peer = net.connect(port, '127.0.0.1')
    const join = (from: net.Socket, to: net.Socket, direction: 0 | 1): void => {
      from.on('data', (bytes) => {
        chunks.push({ direction, bytes: new Uint8Array(bytes) })
        to.write(bytes)
      })
      from.on('close', () => to.end())
      from.on('error', () => to.destroy())
    }
    join(client, peer, 0)
    join(peer, client, 1)
  })
  t.after(() => server.close())
  await once(server.listen(listen, '127.0.0.1'), 'listening')
  return chunks
}

async function until(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = net.connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)))
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function run(command: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(command, args, { stdio: 'ignore' })
  const [code] = await once(child, 'close') as [number | null]
  return code
}

const told = (chunks: readonly Chunk[]): DicomFact[] => runSession(dicom, 'tcp', chunks).facts.filter((fact) => fact.protocol === 'dicom')

test('an echo and an image from dcmtk: titles, software, operations, statuses; nothing of the patient', { skip }, async (t) => {
  const folder = temporaryFolder('cordon-dicom')
  fs.writeFileSync(path.join(folder, 'image.dump'), DUMP)
  equal(await run('dump2dcm', [path.join(folder, 'image.dump'), path.join(folder, 'image.dcm')]), 0)
  const [listen = 0, port = 0] = await freePorts(2)
  const server = spawn('storescp', ['-aet', 'ARCHIVE', '-od', folder, String(port)], { stdio: 'ignore' })
  t.after(() => server.kill())
  await until(port)
  const chunks = await recorder(listen, port, t)
  const target = ['-aet', 'BED_7', '-aec', 'ARCHIVE', '127.0.0.1', String(listen)]
  equal(await run('echoscu', target), 0)
  const echo = chunks.splice(0)
  equal(await run('storescu', [...target, path.join(folder, 'image.dcm')]), 0)
  const store = chunks.splice(0)

  const [request, accept, operation, totals] = told(echo)
  ok(request?.kind === 'request' && accept?.kind === 'accept' && operation?.kind === 'operation' && totals?.kind === 'totals')
  deepEqual([request.callingAe, request.calledAe, request.contexts[0]?.abstractSyntax], ['BED_7', 'ARCHIVE', '1.2.840.10008.1.1'])
  ok(request.implementationVersion.startsWith('OFFIS_DCMTK_') && accept.implementationVersion === request.implementationVersion)
  deepEqual([accept.accepted, accept.refused], [[['1.2.840.10008.1.1', '1.2.840.10008.1.2']], []])
  deepEqual([operation.command, totals.statuses, totals.ended], ['C-ECHO', [['C-ECHO-RSP', 'success', 1]], 'released'])

  const end = told(store).at(-1)
  ok(end?.kind === 'totals' && end.dataSetBytes[0] > 100)
  deepEqual([end.commands, end.statuses, end.ended], [[['C-STORE-RQ', 1], ['C-STORE-RSP', 1]], [['C-STORE-RSP', 'success', 1]], 'released'])
  ok(Buffer.concat(store.map(({ bytes }) => bytes)).includes('ZZTEST^CANARY'), 'the patient went over the wire')
  doesNotMatch(JSON.stringify([...told(echo), ...told(store)]), /ZZTEST|CANARY|malformed/)
  everySplit(dicom, 'tcp', echo)
})
