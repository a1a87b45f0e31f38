// Tests of places, of what a configuration may say of a target, and of the words for errors.
// Keeps the rule that no address, no name and no text of an error passes: the words come from a table.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { CLEAR, fhirTarget, mllpTarget, tlsBy } from '../../testing/out-world.ts'
import { dial, parsePlace, placeOf, targetFault } from './dial.ts'
import { connectionFault } from './faults.ts'
import { machineDeps } from './deps.ts'

const FILES = { ca: '/nowhere/ca.pem', cert: '/nowhere/c.pem', key: '/nowhere/k.pem', serverName: null }

test('places: names, addresses of both kinds, ports', () => {
  deepEqual(parsePlace('engine.hospital.example:2576'), { host: 'engine.hospital.example', port: 2576 })
  deepEqual(parsePlace('10.1.1.1:1'), { host: '10.1.1.1', port: 1 })
  deepEqual(parsePlace('[fd00::1]:65535'), { host: 'fd00::1', port: 65535 })
  for (const bad of ['engine', 'engine:', ':2575', 'engine:0', 'engine:65536', 'fd00::1:2575', 'mllp://engine:2575', 'a b:1', 'user@engine:1', '[engine]:1']) {
    equal(parsePlace(bad), null, bad)
  }
  deepEqual(placeOf(new URL('https://fhir.example/r4')), { host: 'fhir.example', port: 443 })
  deepEqual(placeOf(new URL('http://[::1]/r4')), { host: '::1', port: 80 })
  deepEqual(placeOf(new URL('https://10.1.1.1:8443/r4')), { host: '10.1.1.1', port: 8443 })
})

test('what a configuration says of a target and cannot be', () => {
  equal(targetFault(mllpTarget(2575, CLEAR)), null)
  equal(targetFault(fhirTarget(8080, CLEAR)), null)
  equal(targetFault(fhirTarget(8443, tlsBy(FILES))), null)
  match(targetFault({ ...mllpTarget(1, CLEAR), to: 'engine' }) ?? '', /is not host:port/)
  const fhir = (to: string, protection = tlsBy(FILES)): string => targetFault({ ...fhirTarget(1, protection), to }) ?? ''
  match(fhir('fhir.example'), /is no URL/)
  match(fhir('http://fhir.example/r4'), /begins with http:\/\/ but its protection is tls: write https:\/\//)
  match(fhir('https://fhir.example/r4', CLEAR), /protection is clear: write http:\/\//)
  match(fhir('https://user:secret@fhir.example/r4'), /the certificate says who we are/)
  match(fhir('https://fhir.example/r4?tenant=1'), /query or fragment/)
  ok(!fhir('https://user:secret@fhir.example/r4').includes('secret'))
})

test('without usable files nothing is dialled', () => {
  const dialled = dial({ host: '127.0.0.1', port: 9 }, tlsBy(FILES), 0)
  ok(!dialled.ok)
  match(dialled.error, /cannot read CA file/)
})

const coded = (code: string): Error => Object.assign(new Error('connect to 10.1.1.1 as ZZTEST^CANARY'), { code })

test('errors have words by their code, and their own text never passes', () => {
  match(connectionFault(coded('ECONNREFUSED')), /nothing listens/)
  match(connectionFault(coded('ERR_TLS_CERT_ALTNAME_INVALID')), /for another name/)
  match(connectionFault(coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA')), /refuses the gateway's certificate/)
  match(connectionFault(coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')), /refuses the gateway's certificate/)
  match(connectionFault(coded('ECONNRESET')), /^the peer cut the connection$/)
  match(connectionFault(coded('ECONNRESET'), true), /before TLS was agreed/)
  equal(connectionFault(coded('EWHATEVER')), 'the connection failed (EWHATEVER)')
  equal(connectionFault(coded('ZZTEST^CANARY')), 'the connection failed (no code)')
  equal(connectionFault(new Error('ZZTEST^CANARY')), 'the connection failed (no code)')
  equal(connectionFault('ZZTEST^CANARY'), 'the connection failed (no code)')
})

test('the machine\'s own clock, timers and seed', async () => {
  const notes: string[] = []
  const deps = machineDeps((words) => notes.push(words))
  ok(deps.clock() > 1.7e15 && deps.rng.next() < 1)
  deps.timers.after(0, () => notes.push('stopped'))()
  await new Promise<void>((resolve) => {
    deps.timers.after(0, resolve)
  })
  deepEqual(notes, [])
})
