// Tests of what TLS proves of the two ends: server and client get their own claims, and a medical port is a hint that says so.
// Keeps "wrong labels cost more than missing ones": no name of a certificate or a hello becomes a device's host name or model.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { TlsClientHello, TlsFact } from '../../protocols/tls/facts.ts'
import { flow } from '../../testing/world.ts'
import { claimsOf } from '../evidence.ts'

const base = { at: 1, frame: 2, protocol: 'tls', flowId: 1, direction: 0 } as const
const hello: TlsClientHello = {
  ...base, kind: 'client-hello', version: 'TLS 1.2', serverName: 'engine.example', alpn: [], encryptedHello: false, ja3: 'x', ja4: 't12d0306h1_a_b',
}
const said = (fact: TlsFact, port = 443, swapped = false): string[] => {
  const key = swapped ? flow('10.0.0.9', '10.0.0.5', 40_000, { srcPort: port }) : flow('10.0.0.5', '10.0.0.9', port)
  return claimsOf(fact, key).map(({ target, claim: { what, value, inferred } }) =>
    `${'ip' in target ? target.ip : ''} ${what}: ${value}${inferred ? ' (inferred)' : ''}`)
}

test('a hello names the client\'s kind, and what the server is called', () => {
  deepEqual(said(hello), ['10.0.0.5 fingerprint: t12d0306h1_a_b', '10.0.0.9 server-name: engine.example (inferred)'])
  deepEqual(said({ ...hello, ja4: null, serverName: null }), [])
  deepEqual(said({ ...hello, encryptedHello: true }), ['10.0.0.5 fingerprint: t12d0306h1_a_b'], 'a front is no name')
})

test('TLS where HL7 or DICOM is usual is said of both ends, as inferred', () => {
  const both = ['10.0.0.9 service: TLS on an MLLP port (inferred)', '10.0.0.5 service: sends over TLS to an MLLP port (inferred)']
  deepEqual(said({ ...hello, ja4: null, serverName: null }, 2575), both)
  deepEqual(said({ ...base, kind: 'encrypted', direction: 1 }, 2575), both)
  deepEqual(said({ ...base, kind: 'encrypted' }, 2575, true), both, 'joined late, the server was heard first')
  deepEqual(said({ ...base, kind: 'encrypted' }, 2762).map((s) => s.includes('a DICOM port')), [true, true])
  deepEqual(said({ ...base, kind: 'encrypted' }, 8443), [])
})

test('over datagrams a hello says the same, and a port says nothing', () => {
  const claims = claimsOf({ ...hello, version: 'DTLS 1.2' }, flow('10.0.0.5', '10.0.0.9', 2575, { proto: 17 })).map(({ claim }) => claim.evidence)
  deepEqual(claims, ['JA4 of its DTLS client hello', 'name a client asked for in DTLS'])
})

test('a server\'s certificate is its claim, a client\'s is nobody\'s', () => {
  const certificate: TlsFact = {
    ...base, kind: 'certificate', direction: 1, side: 'server', commonName: null, organization: null, alternativeNames: ['pacs.example'], serial: '01',
    issuerCommonName: null, issuerOrganization: 'Hospital', notBefore: null, notAfter: '2027-01-01T00:00:00Z', validity: 'unknown', selfIssued: false,
  }
  deepEqual(said(certificate), ['10.0.0.9 certificate: pacs.example, issued by Hospital, until 2027-01-01'])
  deepEqual(said({ ...certificate, selfIssued: true, notAfter: null, commonName: 'cms' }), ['10.0.0.9 certificate: cms, issued by itself'])
  deepEqual(said({ ...certificate, side: 'client' }), [])
})

test('a hello in QUIC says the same, and a start says nothing', () => {
  const { kind, version, serverName, alpn, encryptedHello, ja3 } = hello
  const quic = { at: 1, frame: 2, protocol: 'quic', flowId: 1, direction: 0, kind, version, serverName, alpn, encryptedHello, ja3, ja4: 'q13d_a_b' } as const
  const claims = claimsOf(quic, flow('10.0.0.5', '10.0.0.9', 443)).map(({ claim }) => `${claim.what}: ${claim.value} (${claim.evidence})`)
  deepEqual(claims, ['fingerprint: q13d_a_b (JA4 of its QUIC client hello)', 'server-name: engine.example (name a client asked for in QUIC)'])
  const start = { at: 1, frame: 2, protocol: 'quic', flowId: 1, direction: 0, kind: 'start', version: '1', destinationIdBytes: 8 } as const
  deepEqual(claimsOf(start, flow('10.0.0.5', '10.0.0.9', 443)), [])
})

test('a server hello says what it speaks; an alert and damage say nothing of a device', () => {
  const [claim] = said({ ...base, kind: 'server-hello', direction: 1, version: 'TLS 1.0', cipher: 'TLS_RSA_WITH_RC4_128_MD5', alpn: null, ja3s: 'x' })
  equal(claim, '10.0.0.9 service: TLS 1.0 with TLS_RSA_WITH_RC4_128_MD5')
  ok(said({ ...base, kind: 'alert', fatal: true, description: 40 }).length + said({ ...base, kind: 'malformed', reason: 'gap' }).length === 0)
})
