// https-files: an https server on loopback for one folder, with a certificate of an authority of its own, which a test may make misbehave.
// Keeps the rule that keys are made for one test and die with it; without openssl tests skip by name.

import fs from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { pathOfUrl } from '../gateway/local-fetcher.ts'
import { TestCa } from './certificates.ts'
import { scratch } from './command.ts'

export interface TestCertificate {
  /** PEM of the authority, and the file it stands in. */
  readonly ca: string
  readonly caFile: string
  readonly cert: string
  readonly key: string
}

/** A certificate for `name` (an address or a host) of an authority made for it. `days` below zero: over already. */
export function makeCertificate(t: TestContext, name = '127.0.0.1', days = 2): TestCertificate {
  const ends = days < 0 ? { fromDays: days - 1, toDays: days } : { toDays: days }
  const names = `${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}`
  const { ca, cert, key } = new TestCa(scratch(t)).issue({ names, ...ends })
  const read = (file: string): string => fs.readFileSync(file, 'utf8')
  return { ca: read(ca), caFile: ca, cert: read(cert), key: read(key) }
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
