// QUIC codes: versions with what their first packets are protected by, packet types and frames.
// Source: RFC 9000 sections 17 and 19, RFC 9001 section 5.2, RFC 9369 section 3.

/** What a version's initial keys are derived with. */
export interface QuicVersion {
  readonly name: string
  /** 20 bytes, in hex. */
  readonly salt: string
  /** `quic` or `quicv2` in front of `key`, `iv` and `hp`. */
  readonly label: string
  /** The two type bits of an Initial packet, and of a Retry. */
  readonly initialType: number
  readonly retryType: number
}

const SALT_V1 = '38762cf7f55934b34d179ae6a4c80cadccbb7f0a'
const SALT_DRAFT_29 = 'afbfec289993d24c9e9786f19c6111e04390a899'
const SALT_V2 = '0dede3def700a6db819381be6e269dcbf9bd2ed9'

function draft(number: number): readonly [number, QuicVersion] {
  return [0xff00_0000 + number, { name: `draft-${number}`, salt: number < 33 ? SALT_DRAFT_29 : SALT_V1, label: 'quic', initialType: 0, retryType: 3 }]
}

const VERSIONS: ReadonlyMap<number, QuicVersion> = new Map([
  [1, { name: '1', salt: SALT_V1, label: 'quic', initialType: 0, retryType: 3 }],
  // RFC 9369 section 3.2: the types are moved by one, so that nobody takes them for granted.
  [0x6b33_43cf, { name: '2', salt: SALT_V2, label: 'quicv2', initialType: 1, retryType: 0 }],
  draft(29), draft(30), draft(31), draft(32), draft(33), draft(34),
])

/** Null for a version whose packets cannot be read. */
export function quicVersion(version: number): QuicVersion | null {
  return VERSIONS.get(version) ?? null
}

/** `1`, `2`, `draft-29`, or the number in hex. */
export function quicVersionName(version: number): string {
  return VERSIONS.get(version)?.name ?? `0x${version.toString(16).padStart(8, '0')}`
}

/** RFC 9000 section 19: what an Initial packet may hold (section 12.4). */
export const QuicFrame = { padding: 0, ping: 1, ack: 2, ackEcn: 3, crypto: 6 } as const
