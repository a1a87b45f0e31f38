// What TLS teaches before it encrypts: who is asked for, by what kind of client, and what the server proves itself with.

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'

interface TlsBase extends FactBase {
  readonly protocol: 'tls'
  readonly flowId: number
  /** Who said it: 0 is the flow's initiator. */
  readonly direction: Direction
}

/** What a client says of itself in its hello; DTLS and QUIC carry the same message. */
export interface HelloWords {
  /** Highest version offered: `TLS 1.2`, `DTLS 1.2`, ... or a number in hex. */
  readonly version: string
  /** Server name indication (RFC 6066 section 3), lower case; null without one. */
  readonly serverName: string | null
  /** Protocols offered, in order (RFC 7301); bounded. */
  readonly alpn: readonly string[]
  /** The real name is encrypted and `serverName` is a front (RFC 9849). Some clients send the extension as chaff. */
  readonly encryptedHello: boolean
  /** 32 hex digits; null for a hello in SSL 2.0 form, which JA3 does not define. */
  readonly ja3: string | null
  readonly ja4: string | null
}

/** The first hello of a flow. */
export interface TlsClientHello extends TlsBase, HelloWords {
  readonly kind: 'client-hello'
}

export interface TlsServerHello extends TlsBase {
  readonly kind: 'server-hello'
  /** The version both will speak. */
  readonly version: string
  /** Chosen suite by name, or its number in hex. */
  readonly cipher: string
  readonly alpn: string | null
  /** 32 hex digits; with the client's JA3 it tells a kind of pair, for a server answers each client otherwise. */
  readonly ja3s: string
}

/** The first certificate of a chain in clear (TLS 1.2 and before). A client's may name a person: then all names are left out. */
export interface TlsCertificate extends TlsBase {
  readonly kind: 'certificate'
  readonly side: 'server' | 'client'
  readonly commonName: string | null
  readonly organization: string | null
  /** DNS names and addresses of the subject's alternative names (RFC 5280 section 4.2.1.6); bounded. */
  readonly alternativeNames: readonly string[]
  readonly issuerCommonName: string | null
  readonly issuerOrganization: string | null
  /** Hex, as the certificate has it; null for a client's. */
  readonly serial: string | null
  /** `2022-04-21T10:08:46Z`. */
  readonly notBefore: string | null
  readonly notAfter: string | null
  /** At packet time. */
  readonly validity: 'valid' | 'expired' | 'not-yet-valid' | 'unknown'
  /** Issuer and subject are the same name. */
  readonly selfIssued: boolean
}

/** Encrypted records of a flow whose hello was not captured. */
export interface TlsEncrypted extends TlsBase {
  readonly kind: 'encrypted'
}

/** An alert in clear: why there was no handshake. Once per direction. */
export interface TlsAlert extends TlsBase {
  readonly kind: 'alert'
  readonly fatal: boolean
  /** RFC 8446 section 6: 40 handshake_failure, 42 bad_certificate, 70 protocol_version, ... */
  readonly description: number
}

/** This direction's handshake could not be read to its end: a fixed word. */
export interface TlsMalformed extends TlsBase {
  readonly kind: 'malformed'
  readonly reason: 'record' | 'handshake-length' | 'client-hello' | 'server-hello' | 'certificate' | 'gap'
}

export type TlsFact = TlsClientHello | TlsServerHello | TlsCertificate | TlsEncrypted | TlsAlert | TlsMalformed
