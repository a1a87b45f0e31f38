// Dial: one connection to a target, in TLS or, where the operator wrote a reason, in clear.
// Keeps the rule that a target with TLS files never falls back: without usable files nothing is dialled at all.

import net from 'node:net'
import tls from 'node:tls'
import { err, ok, type Result } from '../../base/result.ts'
import type { Micros } from '../../base/time.ts'
import type { Protection, TargetConfig } from '../../config/gateway.ts'
import { clientOptions, readTlsFiles, tlsFigures, type TlsFigures } from './tls.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

export interface Dialled {
  readonly socket: net.Socket
  /** When the connection may be used; with TLS: when the receiver has proved who it is. */
  readonly readyEvent: 'connect' | 'secureConnect'
  /** Null in clear. */
  readonly figures: () => TlsFigures | null
}

/** `host:port`, `[::1]:2575`; null when it is neither. */
export function parsePlace(text: string): Place | null {
  const [, v6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = v6 ?? name
  const port = Number(digits)
  return host === undefined || port < 1 || port > 65535 ? null : { host, port }
}

export function placeOf(url: URL): Place {
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  return { host, port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port) }
}

/** Why a target cannot be dialled as it is written, or null. For whoever reads the configuration. */
export function targetFault(target: TargetConfig): string | null {
  if (target.kind === 'pcd01') return parsePlace(target.to) === null ? `"${target.to}" is not host:port` : null
  return baseUrlFault(target.to, target.protection)
}

function baseUrlFault(text: string, protection: Protection): string | null {
  const url = URL.parse(text)
  if (url === null) return `"${text}" is no URL`
  const wanted = protection.kind === 'tls' ? 'https:' : 'http:'
  if (url.protocol !== wanted) return `the URL begins with ${url.protocol}// but its protection is ${protection.kind}: write ${wanted}//`
  if (url.username !== '' || url.password !== '') return 'the URL holds a name or password: the certificate says who we are'
  return url.search === '' && url.hash === '' ? null : 'the URL has a query or fragment: write the base URL alone'
}

/** Begins a connection. An error tells what is wrong with our own files. */
export function dial(place: Place, protection: Protection, now: Micros): Result<Dialled> {
  if (protection.kind === 'clear') return ok({ socket: net.connect({ ...place, noDelay: true }), readyEvent: 'connect', figures: () => null })
  const material = readTlsFiles(protection.files, now)
  if (!material.ok) return material
  try {
    const socket = tls.connect({ ...place, ...clientOptions(material.value, protection.files.serverName ?? place.host) })
    socket.setNoDelay(true)
    socket.on('secureConnect', () => socket.disableRenegotiation())
    return ok({ socket, readyEvent: 'secureConnect', figures: () => tlsFigures(socket, material.value) })
  } catch (error) {
    // OpenSSL refuses material that parses, such as a key that is too short.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code'
    return err(`OpenSSL refuses ${protection.files.ca}, ${protection.files.cert} or ${protection.files.key} (${code}): have the certificate issued anew`)
  }
}
