// What QUIC teaches in its first packets, whose keys anybody on the path can derive: version, and the client's hello of TLS.

import type { FactBase } from '../facts.ts'
import type { Direction } from '../../wire/flow.ts'
import type { HelloWords } from '../tls/facts.ts'

interface QuicBase extends FactBase {
  readonly protocol: 'quic'
  readonly flowId: number
  readonly direction: Direction
}

/** The first packet with a long header. */
export interface QuicStart extends QuicBase {
  readonly kind: 'start'
  /** `1`, `2`, `draft-29`, or a number in hex. */
  readonly version: string
  /** Bytes of the destination's connection id. */
  readonly destinationIdBytes: number
}

/** The client's hello, out of its Initial packets. */
export interface QuicClientHello extends QuicBase, HelloWords {
  readonly kind: 'client-hello'
}

/** The server offers other versions (RFC 9000 section 17.2.1). */
export interface QuicNegotiation extends QuicBase {
  readonly kind: 'version-negotiation'
  /** In order; bounded. */
  readonly versions: readonly string[]
}

/** The hello could not be read; once per flow. */
export interface QuicUnread extends QuicBase {
  readonly kind: 'unread'
  /** `key`: no key fits. `frames`, `hello`: what was inside is damaged. `incomplete`: parts of the hello never came. */
  readonly reason: 'key' | 'frames' | 'hello' | 'incomplete'
}

export type QuicFact = QuicStart | QuicClientHello | QuicNegotiation | QuicUnread
