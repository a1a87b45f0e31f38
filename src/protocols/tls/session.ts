// TLS session: hellos and the first certificate of a flow to facts, then silence: what is encrypted is not looked at.
// Keeps facts few: each is told once per direction, however often a peer repeats itself.

import { formatMicros, type Micros } from '../../base/time.ts'
import type { Direction } from '../../wire/flow.ts'
import type { Session, SessionContext } from '../protocol.ts'
import { decodeCertificate, type CertificateValue } from './certificate.ts'
import { TlsExtension, TlsHandshake, tlsCipherName, tlsVersionName } from './codes.ts'
import type { HelloWords, TlsFact, TlsMalformed, TlsServerHello } from './facts.ts'
import { ja3, ja3s, ja4, offeredVersion, type Carrier } from './fingerprint.ts'
import { decodeClientHello, decodeServerHello, firstCertificate, type ClientHello, type ServerHello } from './message.ts'
import { TlsStream, type TlsStreamSink } from './stream.ts'

/** What a client hello says. */
export function helloWords(hello: ClientHello, carrier: Carrier): HelloWords {
  return {
    version: tlsVersionName(offeredVersion(hello)), serverName: hello.serverName, alpn: hello.alpn,
    encryptedHello: hello.extensions.includes(TlsExtension.encryptedClientHello), ja3: ja3(hello), ja4: ja4(hello, carrier),
  }
}

export function serverWords(hello: ServerHello): Pick<TlsServerHello, 'version' | 'cipher' | 'alpn' | 'ja3s'> {
  return { version: tlsVersionName(hello.version), cipher: tlsCipherName(hello.cipher), alpn: hello.alpn, ja3s: ja3s(hello) }
}

const SSL2_WORDS = { serverName: null, alpn: [], encryptedHello: false, ja3: null, ja4: null } as const

export type Body<F> = F extends TlsFact ? Omit<F, 'at' | 'frame' | 'protocol' | 'flowId'> : never

export class TlsSession implements Session {
  readonly #context: SessionContext
  readonly #streams: readonly [TlsStream, TlsStream]
  /** Kinds told already, by direction. */
  readonly #told = new Set<string>()
  #at: Micros = 0
  #hasHello = false

  constructor(context: SessionContext) {
    this.#context = context
    this.#streams = [new TlsStream(this.#sink(0)), new TlsStream(this.#sink(1))]
  }

  /** Nothing more will be read or told of this flow: whoever feeds it may stop. */
  get isDone(): boolean {
    return this.#streams[0].isDone && this.#streams[1].isDone
  }

  feed(direction: Direction, buf: Uint8Array, off: number, end: number, at: Micros): void {
    const stream = this.#streams[direction]
    if (stream.isDone) return
    this.#at = at
    stream.feed(buf, off, end)
  }

  gap(direction: Direction, _bytes: number, at: Micros): void {
    this.#at = at
    this.#streams[direction].gap()
  }

  end(): void {}

  #sink(direction: Direction): TlsStreamSink {
    return {
      message: (type, buf, off, end) => this.#message(direction, type, buf, off, end),
      ssl2Hello: (version) => this.#clientHello(direction, { version: tlsVersionName(version), ...SSL2_WORDS }),
      alert: (level, description) => this.#tell({ kind: 'alert', direction, fatal: level === 2, description }),
      over: (isData) => {
        if (isData && !this.#hasHello) this.#tellOnce('encrypted', { kind: 'encrypted', direction })
      },
      lost: (reason) => this.#malformed(direction, reason),
    }
  }

  #message(direction: Direction, type: number, buf: Uint8Array, off: number, end: number): void {
    if (type === TlsHandshake.certificate) this.#certificate(direction, buf, off, end)
    else if (type === TlsHandshake.serverHello) this.#serverHello(direction, buf, off, end)
    else {
      const hello = this.#told.has('client-hello') ? undefined : decodeClientHello(buf, off, end)
      if (hello) this.#clientHello(direction, helloWords(hello, 't'))
      else if (hello === null) this.#malformed(direction, 'client-hello')
    }
  }

  #clientHello(direction: Direction, words: HelloWords): void {
    this.#hasHello = true
    this.#tellOnce('client-hello', { kind: 'client-hello', direction, ...words })
  }

  #serverHello(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    this.#hasHello = true
    const hello = decodeServerHello(buf, off, end)
    if (hello === null) return this.#malformed(direction, 'server-hello')
    if (hello.isRetry) return
    this.#tellOnce('server-hello', { kind: 'server-hello', direction, ...serverWords(hello) })
  }

  /** Whoever said hello as a client shows a client's certificate: its subject may be a person, so only its issuer and dates are told. */
  #certificate(direction: Direction, buf: Uint8Array, off: number, end: number): void {
    if (this.#told.has(`certificate${direction}`)) return
    const place = firstCertificate(buf, off, end)
    // A client without one answers a request with an empty list (RFC 5246 section 7.4.6).
    if (place === null && end - off === 3) return
    const value = place && decodeCertificate(buf, place.off, place.end)
    if (!value) return this.#malformed(direction, 'certificate')
    const side = this.#told.has(`client-hello of ${direction}`) || (direction === 0 && !this.#told.has('client-hello of 1')) ? 'client' : 'server'
    const { notBefore, notAfter, selfIssued, issuer } = value
    this.#told.add(`certificate${direction}`)
    this.#tell({
      kind: 'certificate', direction, side, ...(side === 'server' ? namesOf(value) : NO_NAMES),
      issuerCommonName: side === 'client' && selfIssued ? null : issuer.commonName, issuerOrganization: issuer.organization,
      notBefore, notAfter, validity: validityAt(value, this.#at), selfIssued,
    })
  }

  #malformed(direction: Direction, reason: TlsMalformed['reason']): void {
    this.#tellOnce(`malformed${direction}`, { kind: 'malformed', direction, reason })
  }

  #tellOnce(key: string, body: Body<TlsFact>): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    if (body.kind === 'client-hello') this.#told.add(`client-hello of ${body.direction}`)
    this.#tell(body)
  }

  #tell(body: Body<TlsFact>): void {
    this.#context.emit({ at: this.#at, frame: this.#context.frame(), protocol: 'tls', flowId: this.#context.flow.id, ...body })
  }
}

const NO_NAMES = { commonName: null, organization: null, alternativeNames: [], serial: null } as const

function namesOf({ subject, alternativeNames, serial }: CertificateValue): {
  readonly commonName: string | null; readonly organization: string | null; readonly alternativeNames: readonly string[]; readonly serial: string
} {
  return { commonName: subject.commonName, organization: subject.organization, alternativeNames, serial }
}

function validityAt({ notBefore, notAfter }: CertificateValue, at: Micros): 'valid' | 'expired' | 'not-yet-valid' | 'unknown' {
  if (notBefore === null || notAfter === null) return 'unknown'
  const now = `${formatMicros(at).slice(0, 19)}Z`
  return now < notBefore ? 'not-yet-valid' : now > notAfter ? 'expired' : 'valid'
}
