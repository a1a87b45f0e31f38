// The gateway as a command with all its real parts, on loopback: a monitor speaks, the hospital admits, a receiver gets it, the page shows it.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { encodeCycleEnd, encodeEcg, encodeNibp, encodePatient, encodeSpo2 } from '../protocols/cms8000/message.ts'
import { ECG, NIBP, PATIENT, SPO2, stream } from '../protocols/cms8000/testdata/samples.ts'
import type { BedsFrame } from '../console/api.ts'
import type { GatewayStatus } from '../gateway/hospital/status.ts'
import { cordon, outputMatching, scratch, start } from '../testing/command.ts'
import { CANARY_WORDS } from '../testing/fake-gateway.ts'
import { freePorts } from '../testing/free-ports.ts'

const CYCLE = stream(encodeEcg(ECG), encodeSpo2(SPO2), encodeNibp(NIBP), encodeCycleEnd())

/** Until it is true; the test's own end is the bound. */
async function until<T>(look: () => Promise<T | null> | T | null): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const adt = (trigger: string, second: number): string => [
  `MSH|^~\\&|ADT|H|GW|H|2026010507000${second}||ADT^${trigger}|c${second}|P|2.5`, `EVN|${trigger}|2026010507000${second}`,
  'PID|||ZZTEST4711^^^ZZAUTH||ZZTEST^CANARY', 'PV1||I|4W^401^A', '',
].join('\r')

test('a monitor, an admission, a receiver, the page, a kill of the segment, a discharge: every real part together', { timeout: 120_000 }, async (t) => {
  const folder = scratch(t)
  const received: string[] = []
  const receiver = net.createServer((socket) => {
    socket.on('data', (piece) => {
      const text = piece.toString('latin1')
      const id = /MSH(?:\|[^|]*){8}\|([^|]*)/.exec(text)?.[1]
      received.push(text)
      if (id !== undefined) socket.write(`\u000bMSH|^~\\&|R|H|GW|H|20260105||ACK^R01^ACK|a${received.length}|P|2.6\rMSA|AA|${id}\r\u001c\r`)
    })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve))
  t.after(() => receiver.close())
  const [cms = 0, hl7 = 0, adtPort = 0, portmap = 0, mount = 0, nfs = 0] = await freePorts(6)
  const file = path.join(folder, 'gateway.yaml')
  fs.writeFileSync(file, `version: 1
name: GW
eui64: "0200000000000001"
facility: HOSPITAL
systems: { device: urn:oid:2.999.1, patient: urn:oid:2.999.2 }
folder: d
segment: { cms: 127.0.0.1, hl7: 127.0.0.1, cms-ports: [${cms}], hl7-port: ${hl7}, update-ports: { portmap: ${portmap}, mount: ${mount}, nfs: ${nfs} } }
console: { port: 0 }
beds: [{ device: 127.0.0.1, bed: 4W^401^A }]
targets: [{ name: engine, kind: pcd01, to: "127.0.0.1:${(receiver.address() as net.AddressInfo).port}", every: 1, clear: loopback of a test }]
adt: { listen: "127.0.0.2:${adtPort}", clear: loopback of a test }
`)
  const child = start(['gateway', 'run', file])
  let err = ''
  child.stderr?.on('data', (piece: Buffer) => (err += piece.toString()))
  t.after(() => child.kill('SIGKILL'))
  const url = /Console: (\S+)/.exec(await outputMatching(child, /Console: \S+/))?.[1] ?? ''
  const status = async (): Promise<GatewayStatus> => JSON.parse((await cordon(['gateway', 'status', '--json', '--config', file])).out) as GatewayStatus
  const tell = (text: string): Promise<string> => new Promise((resolve, reject) => {
    const socket = net.connect(adtPort, '127.0.0.2', () => socket.write(`\u000b${text}\u001c\r`))
    socket.on('data', (answer) => {
      resolve(answer.toString())
      socket.end()
    }).on('error', reject)
  })
  assert.match(await tell(adt('A01', 1)), /MSA\|AA\|c1/)
  let fromGateway = 0
  const speak = (): NodeJS.Timeout => {
    let monitor: net.Socket | null = null
    return setInterval(() => {
      if (monitor === null || monitor.destroyed) {
        monitor = net.connect(cms, '127.0.0.1').on('error', () => undefined).on('data', (d) => (fromGateway += d.length))
      }
      monitor.write(stream(encodePatient(PATIENT), CYCLE))
    }, 500)
  }
  const speaking = speak()
  t.after(() => clearInterval(speaking))
  const frames: BedsFrame[] = []
  const page = await fetch(`${url}api/beds/stream?page=1`)
  const reading = (async () => {
    let text = ''
    for await (const piece of page.body ?? []) {
      text += new TextDecoder().decode(piece)
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
        if (data !== undefined) frames.push(JSON.parse(data) as BedsFrame)
        text = text.slice(end + 2)
      }
    }
  })().catch(() => undefined)
  const live = await until(() => frames.findLast((f) => f.tiles[0]?.assignment.state === 'assigned' && f.tiles[0].numerics.length > 5) ?? null)
  assert.equal(live.segment.state, 'running')
  await until(() => (received.some((m) => m.includes('ZZTEST4711') && m.includes('OBX|')) ? true : null))
  const running = await status()
  assert.deepEqual([running.beds.assignment.assigned, running.segment.restarts], [1, 0])
  t.diagnostic(`sandbox: ${running.segment.sandbox.join('; ')}`)
  // The process that faces the monitors is killed: it comes again and knows the same patient.
  const pids = fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === child.pid)
  assert.equal(pids.length, 1)
  process.kill(Number(pids[0]), 'SIGKILL')
  await until(() => frames.findLast((f) => f.segment.state === 'down') ?? null)
  const mark = frames.length
  const isLive = (f: BedsFrame): boolean => f.segment.state === 'running' && f.tiles[0]?.assignment.state === 'assigned' && f.tiles[0].numerics.length > 5
  await until(() => frames.slice(mark).findLast(isLive) ?? null)
  assert.match(await tell(adt('A03', 9)), /MSA\|AA\|c9/)
  await until(() => (frames.at(-1)?.tiles[0]?.assignment.state === 'unassigned' ? true : null))
  // What was gathered before the discharge is the patient's and still goes out under the number; then nothing does.
  const after = received.length
  await until(() => (received.length > after + 5 && received.slice(-3).every((m) => !CANARY_WORDS.test(m)) ? true : null))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  child.kill('SIGINT')
  assert.equal(await ended, 130)
  const rest = await cordon(['gateway', 'status', '--json', '--config', file])
  assert.equal(rest.code, 4)
  assert.ok((JSON.parse(rest.out) as GatewayStatus).kept.slice(0, 2).every(({ bytes }) => bytes > 0), 'readings and queue are still there, and shown')
  await reading
  const audit = fs.readdirSync(path.join(folder, 'd', 'audit')).map((m) => fs.readFileSync(path.join(folder, 'd', 'audit', m), 'utf8')).join('')
  assert.doesNotMatch([JSON.stringify(frames), JSON.stringify(running), err, audit].join('\n'), CANARY_WORDS)
  assert.equal(fromGateway, 0, 'not one byte went to the monitor')
  for (const name of fs.readdirSync(path.join(folder, 'd'))) {
    const stats = fs.statSync(path.join(folder, 'd', name))
    assert.equal(stats.mode & 0o077, 0, `${name} is open to others`)
  }
})

function parentOf(pid: string): number | null {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return null
  }
}
