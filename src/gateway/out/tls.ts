// Tls: mutual TLS 1.2 and 1.3 from three PEM files, for both directions: what is read, what is demanded of the peer, what is told of both ends.
// Keeps two rules: every peer proves who it is to the configured CA and by its name; files are read again for each connection.

import { constants, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { err, ok, type Result } from '../../base/result.ts'
import type { Micros } from '../../base/time.ts'
import type { TlsFiles } from '../../config/gateway.ts'
import { readTextFile } from '../../config/text-file.ts'

/** A bundle of every CA that browsers trust has 250 kB. */
const PEM_BYTES_MAX = 512 * 1024
/** How long before a certificate ends somebody is told: hospitals renew by a ticket, not by a robot. */
export const EXPIRY_WARNING_DAYS = 30
const DAY_MICROS = 86_400_000_000

/** BCP 195 (RFC 9325): nothing below 1.2, no renegotiation; no tickets, so that each connection proves both ends anew. */
const DEMANDS = {
  minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
} as const

/** Texts of the three files, checked against each other. */
export interface TlsMaterial {
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly ownValidTo: Micros
  /** The last of the CAs to end. */
  readonly caValidTo: Micros
  /** Of the files themselves, in words. */
  readonly warnings: readonly string[]
}

/** What is said of a connection that stands. */
export interface TlsFigures {
  /** `TLSv1.3` */
  readonly protocol: string
  /** As OpenSSL names it. */
  readonly cipher: string
  readonly ownValidTo: Micros
  readonly peerValidTo: Micros | null
  readonly warnings: readonly string[]
}

/** Reads and checks the files, or says which file is wrong, how, and what to do. */
export function readTlsFiles(files: TlsFiles, now: Micros): Result<TlsMaterial> {
  const ca = readPem(files.ca, 'CA file')
  const cert = readPem(files.cert, 'certificate file')
  const key = readPem(files.key, 'key file')
  for (const text of [ca, cert, key]) if (!text.ok) return text
  if (!ca.ok || !cert.ok || !key.ok) return err('')
  const authorities = certificatesOf(ca.value, `CA file ${files.ca}`)
  const own = certificatesOf(cert.value, `certificate file ${files.cert}`)
  const secret = keyOf(key.value, files.key)
  if (!authorities.ok) return authorities
  if (!own.ok) return own
  if (!secret.ok) return secret
  const fault = pairFault(own.value[0] as X509Certificate, secret.value, files, now)
  const caValidTo = Math.max(...authorities.value.map(validTo))
  if (fault !== null) return err(fault)
  if (caValidTo <= now) return err(`every certificate in CA file ${files.ca} has ended (the last on ${day(caValidTo)}): put the CA's present certificate there`)
  const ownValidTo = validTo(own.value[0] as X509Certificate)
  return ok({ ca: ca.value, cert: cert.value, key: key.value, ownValidTo, caValidTo, warnings: keyWarnings(files.key) })
}

/** A pipe is refused before it is opened: opening one waits for a writer. */
function readPem(file: string, what: string): Result<string> {
  const stats = fs.statSync(file, { throwIfNoEntry: false })
  if (stats !== undefined && !stats.isFile()) return err(`${what} ${file} is no file: name a PEM file`)
  const text = readTextFile(file, `${what} ${file}`, PEM_BYTES_MAX)
  return text.ok ? text : err(`${text.error.message}. ${text.error.help}`)
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g

/** At least one. */
function certificatesOf(text: string, label: string): Result<readonly X509Certificate[]> {
  const blocks = text.match(CERTIFICATE) ?? []
  if (blocks.length === 0) return err(`${label} holds no certificate in PEM (-----BEGIN CERTIFICATE-----): convert it, or name the right file`)
  try {
    return ok(blocks.map((block) => new X509Certificate(block)))
  } catch {
    return err(`${label} holds a damaged certificate: copy it again`)
  }
}

function keyOf(text: string, file: string): Result<KeyObject> {
  try {
    return ok(createPrivateKey(text))
  } catch {
    const isLocked = text.includes('ENCRYPTED')
    return err(isLocked ? `key file ${file} asks for a passphrase: store it without one, readable by the gateway's account only (0600)`
      : `key file ${file} holds no private key in PEM: name the key that belongs to the certificate`)
  }
}

function pairFault(own: X509Certificate, key: KeyObject, files: TlsFiles, now: Micros): string | null {
  if (!own.checkPrivateKey(key)) return `key file ${files.key} is not that of the first certificate in ${files.cert}: name the pair issued together`
  const from = Date.parse(own.validFrom) * 1000
  if (from > now) return `certificate file ${files.cert} is valid from ${day(from)} only: check this machine's clock`
  const to = validTo(own)
  return to > now ? null : `certificate file ${files.cert} ended on ${day(to)}: put a renewed one there; it is read again at each try`
}

function keyWarnings(file: string): readonly string[] {
  const mode = fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0
  return (mode & 0o077) === 0 ? [] : [`key file ${file} can be read by others than its owner: chmod 600`]
}

function validTo(certificate: X509Certificate): Micros {
  return Date.parse(certificate.validTo) * 1000
}

/** `2026-01-05` */
export function day(at: Micros): string {
  return new Date(at / 1000).toISOString().slice(0, 10)
}

/** Our end as a client. `name` is what the receiver's certificate must be for: a DNS name, or an address. */
export function clientOptions(material: TlsMaterial, name: string): tls.ConnectionOptions {
  return {
    ...DEMANDS, ca: material.ca, cert: material.cert, key: material.key, rejectUnauthorized: true,
    // An address is no server name indication (RFC 6066 section 3), but the certificate must have it all the same.
    servername: net.isIP(name) === 0 ? name : '',
    checkServerIdentity: (_, certificate) => tls.checkServerIdentity(name, certificate),
  }
}

/** Our end as a server. Whoever connects must hold a certificate of the CA. */
export function serverOptions(material: TlsMaterial): tls.TlsOptions {
  return { ...DEMANDS, ca: material.ca, cert: material.cert, key: material.key, requestCert: true, rejectUnauthorized: true }
}

/** Of a connection whose handshake is over. */
export function tlsFigures(socket: tls.TLSSocket, material: TlsMaterial): TlsFigures {
  const peer = socket.getPeerX509Certificate()
  return {
    protocol: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().name, ownValidTo: material.ownValidTo,
    peerValidTo: peer === undefined ? null : validTo(peer), warnings: material.warnings,
  }
}

/** Of our own end alone, before any connection stands. */
export function ownExpiryWarnings({ ownValidTo }: TlsMaterial, now: Micros): readonly string[] {
  return expiryWarnings({ protocol: '', cipher: '', ownValidTo, peerValidTo: null, warnings: [] }, '', now)
}

/** What somebody should do about the certificates of a connection, in words; empty when nothing. */
export function expiryWarnings(figures: TlsFigures, peer: string, now: Micros): readonly string[] {
  const soon = (to: Micros | null, whose: string): readonly string[] => {
    if (to === null || to - now > EXPIRY_WARNING_DAYS * DAY_MICROS) return []
    const left = Math.floor((to - now) / DAY_MICROS)
    return [to <= now ? `${whose} certificate ended on ${day(to)}: renew it` : `${whose} certificate ends on ${day(to)}, in ${left} days: renew it`]
  }
  return [...figures.warnings, ...soon(figures.ownValidTo, 'the gateway\'s'), ...soon(figures.peerValidTo, peer)]
}
