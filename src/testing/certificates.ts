// certificates: throw-away certificates for tests: a CA, and servers and clients of it, right or wrong in one way each.
// Keeps the rule that no test holds a private key: all are made by the openssl command in a folder that goes with the test.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { TlsFiles } from '../config/gateway.ts'
import { scratch } from './command.ts'

/** A reason to skip, or false. */
export const opensslMissing: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not here (Debian package openssl)'

/** Name that right servers' certificates have, beside 127.0.0.1. */
export const SERVER_NAME = 'engine.hospital.example'

export interface Leaf {
  readonly names?: string
  readonly usage?: 'serverAuth' | 'clientAuth'
  /** Days from now; negative: in the past. */
  readonly fromDays?: number
  readonly toDays?: number
  readonly caName?: string
}

/** One CA in a folder, which issues pairs. */
export class TestCa {
  readonly folder: string
  readonly ca: string
  #issued = 0

  constructor(folder: string, fromDays = -1, toDays = 3650) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.folder = folder
    this.ca = path.join(folder, 'ca.pem')
    fs.writeFileSync(path.join(folder, 'ca.cnf'), CONFIGURATION)
    fs.writeFileSync(path.join(folder, 'index.txt'), '')
    fs.writeFileSync(path.join(folder, 'serial'), '01\n')
    const [key, request] = ['ca.key', 'ca.csr'].map((name) => path.join(folder, name)) as [string, string]
    openssl(folder, ['req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=Cordon test CA', '-addext', 'basicConstraints=critical,CA:TRUE'])
    openssl(folder, [...SIGN, '-selfsign', '-keyfile', key, '-in', request, '-out', this.ca, ...dates(fromDays, toDays)])
  }

  /** A pair of files and the CA to check the other end with: a server's by default. */
  issue(leaf: Leaf = {}): TlsFiles {
    this.#issued += 1
    const [key, request, cert] = ['key', 'csr', 'pem'].map((ending) => path.join(this.folder, `leaf${this.#issued}.${ending}`)) as [string, string, string]
    const names = leaf.names ?? `DNS:${SERVER_NAME},IP:127.0.0.1`
    const extensions = ['-addext', `subjectAltName=${names}`, '-addext', `extendedKeyUsage=${leaf.usage ?? 'serverAuth'}`]
    openssl(this.folder, ['req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=Cordon test', ...extensions])
    const signer = ['-cert', this.ca, '-keyfile', path.join(this.folder, 'ca.key')]
    openssl(this.folder, [...SIGN, ...signer, '-in', request, '-out', cert, ...dates(leaf.fromDays ?? -1, leaf.toDays ?? 365)])
    fs.chmodSync(key, 0o600)
    return { ca: this.ca, cert, key, serverName: null }
  }

  client(leaf: Leaf = {}): TlsFiles {
    return this.issue({ names: 'DNS:gateway.hospital.example', usage: 'clientAuth', ...leaf })
  }
}

/** A hospital's CA with one server and one client, in a folder of the test. */
export function testPki(t: TestContext): { readonly ca: TestCa; readonly other: TestCa; readonly server: TlsFiles; readonly client: TlsFiles } {
  const folder = scratch(t)
  const ca = new TestCa(path.join(folder, 'hospital'))
  return { ca, other: new TestCa(path.join(folder, 'other')), server: ca.issue(), client: ca.client() }
}

/** P-256: quick to make and to use. */
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const SIGN = ['ca', '-config', 'ca.cnf', '-batch', '-notext']

const CONFIGURATION = `[ca]
default_ca = this
[this]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`

/** `openssl ca` alone takes both ends of the validity. By the machine's clock, which a test's own Date does not move: TLS goes by it. */
function dates(fromDays: number, toDays: number): readonly string[] {
  const now = performance.timeOrigin + performance.now()
  const stamp = (days: number): string => `${new Date(now + days * 86_400_000).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`
  return ['-startdate', stamp(fromDays), '-enddate', stamp(toDays)]
}

function openssl(folder: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]} ended with ${status}: ${stderr}`)
}
