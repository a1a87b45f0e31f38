// Tests with a wire-tap: what a listener on the wire hears of a message to the hospital, in TLS and, as the control, in clear.
// Keeps the rule that a patient's name leaves in clear only for the one target whose operator wrote a reason.

import { equal, ok } from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Protection, TargetConfig } from '../../config/gateway.ts'
import { opensslMissing, testPki } from '../../testing/certificates.ts'
import { FhirHospital, MllpHospital, type TlsSetup } from '../../testing/hospital.ts'
import { CLEAR, fhirBody, fhirTarget, mllpTarget, outWorld, pcd01Body, tlsBy } from '../../testing/out-world.ts'
import { PlainQueue } from '../../testing/plain-queue.ts'
import { startSender } from './sender.ts'

const tapMissing = spawnSync('tcpdump', ['--version']).status === 0 ? false : 'tcpdump is not here (Debian package tcpdump)'
const skip = opensslMissing || tapMissing || (process.getuid?.() !== 0 && 'capturing on the loopback device needs root')

interface Kind {
  readonly start: (setup: TlsSetup | null) => Promise<MllpHospital | FhirHospital>
  readonly target: (port: number, protection: Protection) => TargetConfig
  readonly body: (id: string) => Uint8Array
}
const KINDS: Readonly<Record<string, Kind>> = {
  pcd01: { start: (setup) => MllpHospital.start(setup), target: mllpTarget, body: pcd01Body },
  fhir: { start: (setup) => FhirHospital.start(setup), target: fhirTarget, body: fhirBody },
}
/** Ends the recording: what was sent before it was captured before it. */
const MARK = 'END-OF-THE-RECORDING'

/** Everything tcpdump sees on loopback of these two ports, from before `during` until after it. */
async function heard(t: TestContext, port: number, during: () => Promise<void>): Promise<string> {
  const marker = net.createServer((socket) => socket.on('error', () => {}).resume())
  await new Promise<void>((done) => marker.listen(0, '127.0.0.1', done))
  t.after(() => marker.close())
  const { port: markPort } = marker.address() as net.AddressInfo
  const tap = spawn('tcpdump', ['-i', 'lo', '-n', '-U', '--immediate-mode', '-s', '0', '-w', '-', `tcp port ${port} or tcp port ${markPort}`])
  t.after(() => tap.kill('SIGKILL'))
  let bytes = ''
  await new Promise<void>((done, failed) => {
    let words = ''
    tap.on('close', () => failed(new Error(`tcpdump ended: ${words}`)))
    tap.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString()
      if (words.includes('listening on')) done()
    })
  })
  const marked = new Promise<void>((done, failed) => {
    tap.on('close', () => failed(new Error('tcpdump ended before the recording did')))
    tap.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1')
      if (bytes.includes(MARK)) done()
    })
  })
  // Judged when it is awaited; a test that fails before has its own words.
  marked.catch(() => {})
  await during()
  // Again and again: a tap that is short of time may miss one.
  const marking = setInterval(() => {
    const socket = net.connect(markPort, '127.0.0.1', () => socket.end(MARK)).on('error', () => {})
  }, 100)
  await marked.finally(() => clearInterval(marking))
  tap.kill('SIGINT')
  return bytes
}

for (const [kind, { start, target, body }] of Object.entries(KINDS)) {
  for (const isProtected of [true, false]) {
    const how = isProtected ? 'is not to be read in TLS' : 'is to be read in clear: the tap works'
    test(`${kind}: on the wire the patient's name ${how}`, { skip }, async (t) => {
      const pki = testPki(t)
      const hospital = await start(isProtected ? { files: pki.server } : null)
      t.after(() => hospital.close())
      const queue = new PlainQueue()
      const wire = await heard(t, hospital.port, async () => {
        queue.add('M1', body('M1'))
        queue.add('M2', body('M2'))
        const sender = startSender(target(hospital.port, isProtected ? tlsBy(pki.client) : CLEAR), queue, outWorld().deps)
        await queue.settled(2)
        await sender.close()
      })
      const atHospital = hospital.inbox.kept.map((message) => message.text).join('')
      for (const text of ['ZZTEST', 'CANARY', '147842']) {
        ok(atHospital.includes(text), `the hospital reads ${text}`)
        equal(wire.includes(text), !isProtected, `${text} on the wire`)
      }
      ok(wire.length > 2000, 'the tap heard the conversation')
    })
  }
}
