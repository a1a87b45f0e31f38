// queue-soak-child: the process that queue-soak.ts kills: it stores numbered measurements, makes messages of them and delivers them over loopback.
// Says `stored N` only after the store said that N is durable. Arguments: folder, port, first number, pause between appends in ms.

import net from 'node:net'
import { openQueue } from '../gateway/queue/durable-queue.ts'
import { Feeder } from '../gateway/queue/feeder.ts'
import type { TargetQueue } from '../gateway/queue/delivery.ts'
import { openReadings } from '../gateway/queue/readings.ts'
import { encodePcd01 } from '../gateway/core/out/pcd01.ts'
import { cuff, decodeStored, encodeStored, numeric, stored, testPatient } from './stored-readings.ts'

const [folder = '', port = '', first = '', pause = ''] = process.argv.slice(2)
const SENDER = { name: 'CORDON', eui64: '02005EFFFE000077', facility: 'WARD4', deviceSystem: 'urn:d', patientSystem: 'urn:p', areLeadsStated: false }
const DEVICES = ['202.114.4.21', '202.114.4.22', '202.114.4.23', '202.114.4.24']
const WINDOW = 8
/** `drain` in place of a first number: store nothing, deliver what is there, end when nothing is left. */
const isDrain = first === 'drain'
const now = (): number => Date.now() * 1000

const queue = openQueue(folder, { tag: 'SOAK', bytesMax: 1e9, bornAt: now() })
const readings = openReadings(folder, { keepHours: 24 })
if (!queue.ok || !readings.ok) throw new Error(JSON.stringify([queue, readings]))
const store = readings.value
const target = queue.value.target('emr')
process.stdout.write(`ambiguous ${target.figures(now()).ambiguous}\n`)
const feeder = new Feeder({
  queue: queue.value, readings: store, decode: decodeStored, modelOf: () => 'CMS8000', now,
  targets: [{ name: 'emr', everyMicros: 2_000_000, waveforms: false, encode: (out) => encodePcd01(out, SENDER, 'bare') }],
})

/** One frame: length, attempts, body. The answer is the control id and a line feed. */
function connect(): void {
  const socket = net.connect(Number(port), '127.0.0.1')
  let text = ''
  const inFlight = new Map<string, number>()
  const send = (): void => {
    for (const { seq, controlId, attempts, body } of target.take(WINDOW - inFlight.size, now())) {
      inFlight.set(controlId, seq)
      const head = Buffer.alloc(6)
      head.writeUInt32BE(body.length, 0)
      head.writeUInt16BE(attempts, 4)
      socket.write(head)
      socket.write(body)
    }
  }
  socket.on('connect', () => {
    target.onWork(send)
    send()
  })
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    target.acknowledge(lines.flatMap((id) => inFlight.get(id) ?? []), now())
    for (const id of lines) inFlight.delete(id)
    send()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    target.onWork(null)
    target.connectionLost(now())
    setTimeout(connect, 5)
  })
}

async function append(from: number): Promise<void> {
  for (let n = from; ; n++) {
    const at = now()
    const device = DEVICES[n % DEVICES.length] ?? ''
    // The stamp is the number: each measurement is another one, so each must leave, under no other number.
    const record = stored(device, at, [numeric('hr', n % 11 === 0 ? null : 60, at), ...cuff(n * 1_000_000, 120, at)], { patient: testPatient(device) })
    await store.append([{ device, at, bytes: encodeStored(record) }])
    process.stdout.write(`stored ${n}\n`)
    if (Number(pause) > 0) await new Promise((resolve) => setTimeout(resolve, Number(pause)))
  }
}

/** Ends once everything stored is in a message and every message is answered. */
function endWhenDone(queued: TargetQueue): void {
  setInterval(() => {
    const { waiting, inFlight, ambiguous } = queued.figures(now())
    const { behind } = feeder.figures()
    // The cursor of the last window comes with its messages: two seconds and the urgent one are past when nothing is left for three.
    isQuiet = behind + waiting + inFlight + ambiguous === 0 ? isQuiet + 1 : 0
    if (isQuiet > 15) process.exit(0)
  }, 250)
}
let isQuiet = 0

feeder.start()
connect()
if (isDrain) endWhenDone(target)
else await append(Number(first))
