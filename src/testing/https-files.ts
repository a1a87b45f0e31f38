// https-files: a certificate authority, a server's certificate and an https server on loopback for one folder, which a test may make misbehave.
// Keeps the rule that keys are made for one test and die with it; without openssl tests skip by name.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { pathOfUrl } from '../gateway/local-fetcher.ts'
import { scratch } from './command.ts'

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** For `{ skip }` of a test. */
export const skipWithoutOpenssl: string | false = hasOpenssl() ? false : 'openssl is not installed (scripts/install-tools.sh)'

export interface TestCertificate {
  /** PEM of the authority, and the file it stands in. */
  readonly ca: string
  readonly caFile: string
  readonly cert: string
  readonly key: string
}

/** A certificate for `name` (an address or a host) of an authority made for it. `days` below zero: over already. */
export function makeCertificate(t: TestContext, name = '127.0.0.1', days = 2): TestCertificate {
  const folder = scratch(t)
  const at = (file: string): string => path.join(folder, file)
  const run = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ZZTEST authority', '-days', '2')
  run('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=ZZTEST server')
  fs.writeFileSync(at('ext'), `subjectAltName=${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}\n`)
  const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
  run('x509', '-req', '-in', 'server.csr', ...signer, '-out', 'server.pem', '-days', String(days), '-extfile', 'ext')
  const read = (file: string): string => fs.readFileSync(at(file), 'utf8')
  return { ca: read('ca.pem'), caFile: at('ca.pem'), cert: read('server.pem'), key: read('server.key') }
}

/** Answers in place of the folder when it gives true. */
export type Mischief = (path: string, response: ServerResponse, request: IncomingMessage) => boolean

export interface TestServer {
  readonly url: string
  readonly port: number
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  /** Connections that are open now. */
  open(): Promise<number>
}

/** Serves `folder` on loopback until the test ends. */
export async function serveHttps(
  t: TestContext, certificate: Pick<TestCertificate, 'cert' | 'key'>, folder: string, mischief: Mischief = () => false,
): Promise<TestServer> {
  const asked: string[] = []
  const server = https.createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    const relative = pathOfUrl(`https://x${request.url ?? '/'}`) ?? ''
    asked.push(relative)
    if (mischief(relative, response, request)) return
    const file = path.join(folder, relative)
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true) response.end(fs.readFileSync(file))
    else response.writeHead(404).end()
  })
  // A client that does not trust us goes away in the handshake.
  server.on('tlsClientError', () => {})
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => new Promise((done) => server.close(done).closeAllConnections()))
  const { port } = server.address() as AddressInfo
  const open = (): Promise<number> => new Promise((resolve, reject) => server.getConnections((cause, count) => (cause ? reject(cause) : resolve(count))))
  return { url: `https://127.0.0.1:${port}`, port, asked, open }
}
