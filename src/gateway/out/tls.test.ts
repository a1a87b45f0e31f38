// Tests of the TLS ends: what each wrong file is told as, what is demanded of the peer, when somebody is warned.
// Keeps the rule that no product code anywhere turns certificate checks off.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { constants } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { PeerCertificate } from 'node:tls'
import type { TlsFiles } from '../../config/gateway.ts'
import { opensslMissing, TestCa, testPki } from '../../testing/certificates.ts'
import { scratch } from '../../testing/command.ts'
import { clientOptions, EXPIRY_WARNING_DAYS, expiryWarnings, readTlsFiles, serverOptions, type TlsFigures, type TlsMaterial } from './tls.ts'

const skip = opensslMissing
const SRC = path.join(import.meta.dirname, '..', '..')
const DAY = 86_400_000_000
const now = (): number => Date.now() * 1000

/** Switches that make TLS believe anybody, as code would write them. */
const UNCHECKED = [
  /rejectUnauthorized\s*[:=](?!\s*true\b)/, /NODE_TLS_REJECT_UNAUTHORIZED/,
  /checkServerIdentity\s*[:=]\s*\([^)]*\)\s*=>\s*(?:undefined|\{\s*\})/,
  /requestCert\s*:(?!\s*true\b)/, /minVersion\s*:\s*'TLSv1(?:\.1)?'/, /SECLEVEL=0/,
]

function productFiles(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'testing' || entry.name === 'testdata' ? [] : productFiles(full)
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [full] : []
  })
}

test('no product code turns certificate checks off', () => {
  const files = [...productFiles(SRC), ...productFiles(path.join(SRC, '..', 'scripts'))]
  ok(files.some((file) => file.endsWith('gateway/out/tls.ts')))
  const wrong = files.filter((file) => UNCHECKED.some((pattern) => pattern.test(fs.readFileSync(file, 'utf8'))))
  deepEqual(wrong, [])
})

test('the check above can fail', () => {
  for (const bad of ['rejectUnauthorized: false', 'rejectUnauthorized = isStrict', 'NODE_TLS_REJECT_UNAUTHORIZED', 'checkServerIdentity: () => undefined',
    'requestCert: false', 'minVersion: \'TLSv1.1\'', 'ciphers: \'DEFAULT@SECLEVEL=0\'']) ok(UNCHECKED.some((pattern) => pattern.test(bad)), bad)
  for (const good of ['rejectUnauthorized: true', 'minVersion: \'TLSv1.2\'']) ok(!UNCHECKED.some((pattern) => pattern.test(good)), good)
})

function fault(files: TlsFiles): string {
  const read = readTlsFiles(files, now())
  return read.ok ? 'nothing' : read.error
}

test('right files are read, with the ends of their validity', { skip }, (t) => {
  const { client } = testPki(t)
  const read = readTlsFiles(client, now())
  ok(read.ok)
  equal(Math.round((read.value.ownValidTo - now()) / DAY), 365)
  equal(Math.round((read.value.caValidTo - now()) / DAY), 3650)
  deepEqual(read.value.warnings, [])
})

test('each wrong file is named, with what is wrong and what to do', { skip }, (t) => {
  const { ca, other, client } = testPki(t)
  const file = (name: string, text: string): string => {
    const full = path.join(ca.folder, name)
    fs.writeFileSync(full, text)
    return full
  }
  const locked = path.join(ca.folder, 'locked.key')
  spawnSync('openssl', ['pkcs8', '-topk8', '-in', client.key, '-out', locked, '-passout', 'pass:secret'])
  const pipe = path.join(ca.folder, 'pipe')
  spawnSync('mkfifo', [pipe])
  const damaged = file('damaged.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  match(fault({ ...client, ca: '/nowhere/ca.pem' }), /^cannot read CA file \/nowhere\/ca\.pem: there is no such file\. Check the path/)
  match(fault({ ...client, cert: ca.folder }), /^certificate file \S+ is no file: name a PEM file$/)
  match(fault({ ...client, key: pipe }), /^key file \S+pipe is no file/)
  match(fault({ ...client, ca: client.key }), /^CA file \S+ holds no certificate in PEM/)
  match(fault({ ...client, cert: client.key }), /^certificate file \S+ holds no certificate in PEM/)
  match(fault({ ...client, cert: damaged }), /^certificate file \S+ holds a damaged certificate: copy it again$/)
  match(fault({ ...client, key: client.cert }), /^key file \S+ holds no private key in PEM: name the key that belongs to the certificate$/)
  match(fault({ ...client, key: locked }), /^key file \S+ asks for a passphrase: store it without one/)
  match(fault({ ...client, key: other.client().key }), /^key file \S+ is not that of the first certificate in \S+: name the pair issued together$/)
  match(fault(ca.client({ fromDays: -9, toDays: -1 })), /^certificate file \S+ ended on \d{4}-\d\d-\d\d: put a renewed one there/)
  match(fault(ca.client({ fromDays: 1, toDays: 9 })), /^certificate file \S+ is valid from \S+ only: check this machine's clock$/)
  match(fault({ ...client, ca: new TestCa(path.join(scratch(t), 'old'), -9, -1).ca }), /^every certificate in CA file \S+ has ended/)
  equal(fault(client), 'nothing')
})

test('a bundle of an ended and a present CA is good', { skip }, (t) => {
  const { ca, client } = testPki(t)
  const bundle = path.join(ca.folder, 'bundle.pem')
  fs.writeFileSync(bundle, fs.readFileSync(new TestCa(path.join(scratch(t), 'old'), -9, -1).ca, 'utf8') + fs.readFileSync(ca.ca, 'utf8'))
  equal(fault({ ...client, ca: bundle }), 'nothing')
})

test('a key that others can read is a warning', { skip }, (t) => {
  const { client } = testPki(t)
  fs.chmodSync(client.key, 0o644)
  const read = readTlsFiles(client, now())
  match(read.ok ? read.value.warnings.join() : '', /^key file \S+ can be read by others than its owner: chmod 600$/)
})

const MATERIAL: TlsMaterial = { ca: 'CA', cert: 'C', key: 'K', ownValidTo: 0, caValidTo: 0, warnings: [] }

test('both ends demand a certificate, TLS 1.2 or 1.3, and no renegotiation', () => {
  for (const options of [clientOptions(MATERIAL, 'engine.example'), serverOptions(MATERIAL)]) {
    deepEqual([options.minVersion, options.maxVersion, options.rejectUnauthorized], ['TLSv1.2', 'TLSv1.3', true])
    ok(((options.secureOptions ?? 0) & constants.SSL_OP_NO_RENEGOTIATION) !== 0)
  }
  equal(serverOptions(MATERIAL).requestCert, true)
})

test('the name is what the receiver\'s certificate is held against, an address too', () => {
  const certificate = { subject: { CN: 'x' }, subjectaltname: 'DNS:engine.example, IP Address:10.1.1.1' } as unknown as PeerCertificate
  const check = (name: string): boolean => clientOptions(MATERIAL, name).checkServerIdentity?.('anything', certificate) === undefined
  deepEqual([check('engine.example'), check('10.1.1.1'), check('other.example'), check('10.1.1.2')], [true, true, false, false])
  deepEqual([clientOptions(MATERIAL, 'engine.example').servername, clientOptions(MATERIAL, '10.1.1.1').servername], ['engine.example', ''])
})

test('a certificate of either side is told of thirty days before it ends, and after', () => {
  const figures = (ownDays: number, peerDays: number | null): TlsFigures => ({
    protocol: 'TLSv1.3', cipher: 'X', ownValidTo: ownDays * DAY, peerValidTo: peerDays === null ? null : peerDays * DAY, warnings: [],
  })
  const told = (own: number, peer: number | null): readonly string[] => expiryWarnings(figures(own, peer), 'the receiver\'s', 0)
  deepEqual(told(EXPIRY_WARNING_DAYS + 0.1, EXPIRY_WARNING_DAYS + 0.1), [])
  deepEqual(told(365, null), [])
  deepEqual(told(EXPIRY_WARNING_DAYS, 365), ['the gateway\'s certificate ends on 1970-01-31, in 30 days: renew it'])
  deepEqual(told(365, 0.5), ['the receiver\'s certificate ends on 1970-01-01, in 0 days: renew it'])
  deepEqual(told(-1, -2), ['the gateway\'s certificate ended on 1969-12-31: renew it', 'the receiver\'s certificate ended on 1969-12-30: renew it'])
})
