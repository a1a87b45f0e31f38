// TLS against a stack of another make: real handshakes of node:tls over a pipe in memory, read by our session.
// Keeps the rule that a decoder has a judge: names, dates and serials as node's own X.509 reader gives them.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import tlsOfNode from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { scratch } from '../../testing/command.ts'
import { opensslMissing, SERVER_NAME, TestCa } from '../../testing/certificates.ts'
import { runSession, type Chunk } from '../../testing/everysplit.ts'
import type { Direction } from '../../wire/flow.ts'
import { decodeCertificate } from './certificate.ts'
import { tls } from './index.ts'

type Version = 'TLSv1.2' | 'TLSv1.3'

/** A handshake and a word each way; every chunk that crossed the pipe. */
async function talk(version: Version, ca: TestCa): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  const [near, far] = duplexPair()
  const note = (direction: Direction) => (bytes: Uint8Array): void => void chunks.push({ direction, bytes: Uint8Array.from(bytes) })
  far.on('data', note(0))
  near.on('data', note(1))
  const [server, client] = [ca.issue(), ca.client()]
  const files = (f: typeof server): { ca: Buffer; cert: Buffer; key: Buffer } => ({
    ca: readFileSync(f.ca ?? ''), cert: readFileSync(f.cert ?? ''), key: readFileSync(f.key ?? ''),
  })
  const versions = { minVersion: version, maxVersion: version } as const
  const answering = new tlsOfNode.TLSSocket(far, { isServer: true, requestCert: true, ALPNProtocols: ['h2', 'http/1.1'], ...files(server), ...versions })
  const asking = tlsOfNode.connect({ socket: near, servername: SERVER_NAME, ALPNProtocols: ['http/1.1'], ...files(client), ...versions })
  answering.on('data', (data) => answering.end(data))
  asking.write('hello')
  await new Promise((resolve, reject) => asking.on('data', resolve).on('error', reject))
  asking.destroy()
  return chunks
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a handshake of node:tls in ${version}: what is in clear is read, and nothing else`, { skip: opensslMissing }, async (t) => {
    const ca = new TestCa(scratch(t))
    const { facts } = runSession(tls, 'tcp', await talk(version, ca))
    const [hello, answer, ...certificates] = facts.filter((f) => f.protocol === 'tls')
    ok(hello?.kind === 'client-hello' && answer?.kind === 'server-hello')
    const name = version.replace('v', ' ')
    deepEqual([hello.version, hello.serverName, hello.alpn, answer.version, hello.direction, answer.direction], [name, SERVER_NAME, ['http/1.1'], name, 0, 1])
    equal(answer.cipher.startsWith('TLS_'), true)
    equal(answer.alpn, version === 'TLSv1.2' ? 'http/1.1' : null, 'in TLS 1.3 the choice is encrypted')
    deepEqual(certificates.map((f) => f.kind === 'certificate' && [f.side, f.commonName, f.issuerCommonName]), version === 'TLSv1.3' ? [] : [
      ['server', 'Cordon test', 'Cordon test CA'], ['client', null, 'Cordon test CA'],
    ])
  })
}

test('a certificate as another reader reads it', { skip: opensslMissing }, (t) => {
  const ca = new TestCa(scratch(t))
  const file = ca.issue({ names: 'DNS:pacs.ward.example,IP:10.20.4.9,IP:2001:db8::7,email:zztest@ward.example' }).cert ?? ''
  const judge = new X509Certificate(readFileSync(file))
  const value = decodeCertificate(judge.raw, 0, judge.raw.length)
  ok(value)
  const iso = (text: string): string => new Date(text).toISOString().replace('.000', '')
  deepEqual([value.notBefore, value.notAfter], [iso(judge.validFrom), iso(judge.validTo)])
  equal(BigInt(`0x${value.serial}`), BigInt(`0x${judge.serialNumber}`))
  deepEqual(value.alternativeNames, ['pacs.ward.example', '10.20.4.9', '2001:db8::7'])
  deepEqual([value.subject.commonName, value.issuer.commonName, value.selfIssued], ['Cordon test', 'Cordon test CA', false])
  for (let length = 0; length < judge.raw.length; length++) equal(decodeCertificate(judge.raw, 0, length), null)
})
