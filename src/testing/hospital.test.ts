// Tests of the hospital's receivers, the certificates and the plain queue: tools that tests of senders believe must be right themselves.
// Keeps the rule that a receiver checks certificates: who has none of its CA gets no answer.

import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import type { TlsFiles } from '../config/gateway.ts'
import { encodeMllp } from '../protocols/hl7/message.ts'
import { opensslMissing, SERVER_NAME, testPki } from './certificates.ts'
import { FhirHospital, MllpHospital } from './hospital.ts'
import { fhirBody, outWorld, pcd01Body, until } from './out-world.ts'
import { PlainQueue } from './plain-queue.ts'

const skip = opensslMissing
const pem = ({ ca, cert, key }: TlsFiles) => ({ ca: fs.readFileSync(ca), cert: fs.readFileSync(cert), key: fs.readFileSync(key) })

test('certificates are what they are said to be: name, issuer, purpose, dates', { skip }, (t) => {
  const { ca, other } = testPki(t)
  const authority = new X509Certificate(fs.readFileSync(ca.ca))
  const server = new X509Certificate(fs.readFileSync(ca.issue().cert))
  ok(authority.ca && server.checkIssued(authority) && server.verify(authority.publicKey))
  ok(!server.verify(new X509Certificate(fs.readFileSync(other.ca)).publicKey))
  equal(server.checkHost(SERVER_NAME), SERVER_NAME)
  equal(server.checkIP('127.0.0.1'), '127.0.0.1')
  deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  const expired = new X509Certificate(fs.readFileSync(ca.client({ fromDays: -9, toDays: -1 }).cert))
  ok(Date.parse(expired.validTo) < Date.now() && Date.parse(expired.validFrom) < Date.parse(expired.validTo))
  deepEqual(expired.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  equal(fs.statSync(ca.client().key).mode & 0o077, 0)
})

async function ask(socket: net.Socket, bytes: Uint8Array): Promise<string> {
  socket.write(bytes)
  const [answer] = await once(socket, 'data') as [Buffer]
  return answer.toString()
}

test('the MLLP receiver answers by control id, keeps a repetition once and says that it saw it', async (t) => {
  const hospital = await MllpHospital.start(null)
  t.after(() => hospital.close())
  const socket = net.connect(hospital.port, '127.0.0.1')
  t.after(() => socket.destroy())
  match(await ask(socket, pcd01Body('M1', 'mllp')), /^.MSH\|.*\rMSA\|AA\|M1\r.\r$/)
  match(await ask(socket, pcd01Body('M1', 'mllp')), /MSA\|AA\|M1/)
  await hospital.inbox.got(2)
  deepEqual([hospital.inbox.seen, hospital.inbox.kept.map((m) => m.id)], [['M1', 'M1'], ['M1']])
  hospital.moods = ['AE', 'wrong-id', 'answer']
  const refused = await ask(socket, encodeMllp('MSH|^~\\&|A|B|C|D|E||ORU|M2|P|2.6\rPID|||ZZTEST\r'))
  match(refused, /MSA\|AE\|M2\|.*ZZTEST\rERR\|\|PID\^1\^5\|102\|E\|\|\|\|cannot store .*ZZTEST/)
  match(await ask(socket, pcd01Body('M3', 'mllp')), /MSA\|AA\|nobody-asked/)
  match(await ask(socket, pcd01Body('M4', 'mllp')), /MSA\|AA\|M4/)
})

test('both receivers turn away who has no certificate of their CA', { skip }, async (t) => {
  const { server, client, other } = testPki(t)
  for (const hospital of [await MllpHospital.start({ files: server }), await FhirHospital.start({ files: server })]) {
    t.after(() => hospital.close())
    for (const own of [{}, pem(other.client())]) {
      const { ca } = pem(client)
      const socket = tls.connect({ host: '127.0.0.1', port: hospital.port, ...own, ca })
      socket.on('error', () => {})
      const closed = new Promise((resolve) => socket.on('close', resolve))
      socket.write(pcd01Body('M1', 'mllp'))
      await closed
    }
    await until(() => hospital.refusedPeers.length === 2)
    deepEqual(hospital.inbox.seen, [])
  }
})

test('the FHIR receiver answers for every entry and knows a repetition by the observation\'s identifier', { skip }, async (t) => {
  const { server, client } = testPki(t)
  const hospital = await FhirHospital.start({ files: server })
  t.after(() => hospital.close())
  const post = async (id: string): Promise<{ status: number; entries: number }> => {
    const request = https.request({ host: '127.0.0.1', port: hospital.port, method: 'POST', path: '/fhir', ...pem(client), agent: false })
    request.end(fhirBody(id))
    const [response] = await once(request, 'response') as [IncomingMessage]
    let text = ''
    for await (const chunk of response) text += String(chunk)
    const body = JSON.parse(text) as { entry?: readonly unknown[] }
    return { status: response.statusCode ?? 0, entries: body.entry?.length ?? 0 }
  }
  const sent = (JSON.parse(new TextDecoder().decode(fhirBody('M1'))) as { entry: readonly unknown[] }).entry.length
  deepEqual(await post('M1'), { status: 200, entries: sent })
  hospital.moods = [422, 'too-few', 200]
  deepEqual(await post('M1'), { status: 422, entries: 0 })
  deepEqual(await post('M2'), { status: 200, entries: sent - 1 })
  deepEqual(await post('M3'), { status: 200, entries: sent })
  deepEqual([hospital.inbox.seen, hospital.inbox.kept.map((m) => m.id)], [['M1', 'M1', 'M2', 'M3'], ['M1', 'M2', 'M3']])
})

test('the plain queue keeps the seam\'s rules', async () => {
  const queue = new PlainQueue()
  let calls = 0
  queue.onWork(() => calls++)
  for (const id of ['A', 'B', 'C']) queue.add(id, new Uint8Array(1))
  equal(calls, 3)
  const [a, b] = queue.take(2)
  ok(a !== undefined && b !== undefined)
  deepEqual([a.state, a.attempts, queue.figures(0).inFlight, queue.figures(0).waiting], ['in-flight', 1, 2, 1])
  queue.acknowledge([a.seq])
  queue.connectionLost()
  deepEqual([queue.held(), queue.figures(0).ambiguous], [['B', 'C'], 1])
  throws(() => queue.acknowledge([b.seq]), /only what is in flight/)
  const again = queue.take(9)
  deepEqual(again.map((m) => [m.controlId, m.attempts]), [['B', 2], ['C', 1]])
  queue.refuse(b.seq, 'AE')
  await queue.settled(2)
  deepEqual([queue.refused, queue.delivered], [[{ controlId: 'B', why: 'AE' }], ['A']])
})

test('hand timers run short waits at once and hold long ones', async () => {
  const { timers } = outWorld()
  const ran: number[] = []
  for (const ms of [5, 5000, 9000]) timers.after(ms, () => ran.push(ms))
  await until(() => ran.length === 1)
  equal(timers.fire(9000), 1)
  deepEqual([ran, timers.held(), timers.asked], [[5, 9000], [5000], [5, 5000, 9000]])
})
