// What SMB teaches: which dialect, which names hosts give themselves, which shares are used. Files: ../file-transfer/facts.ts.
// Keeps the rule that a user's name is seen and never told.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

interface SmbBase extends FactBase {
  readonly protocol: 'smb'
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
}

/** The server chose. `dialect`: `1`, `2.0.2`, `2.1`, `3.0`, `3.0.2`, `3.1.1`. Version 1 has holes that worms use and is out of support. */
export interface SmbDialect extends SmbBase {
  readonly kind: 'dialect'
  readonly dialect: string
  readonly isVersion1: boolean
}

/** Names and software version that a side gives itself in NTLMSSP, or NetBIOS names of a session request. Told once per side and connection. */
export interface SmbNames extends SmbBase {
  readonly kind: 'names'
  readonly side: 'client' | 'server'
  readonly host: string | null
  readonly domain: string | null
  readonly dnsHost: string | null
  readonly dnsDomain: string | null
  readonly version: string | null
  /** Client: a user's name was sent (with a response, not a password). */
  readonly userSeen: boolean
}

/** A share was opened. At most 16 per connection. */
export interface SmbShare extends SmbBase {
  readonly kind: 'share'
  readonly share: string
}

/** From here on everything is encrypted (version 3). */
export interface SmbEncrypted extends SmbBase {
  readonly kind: 'encrypted'
}

export interface SmbMalformed extends SmbBase {
  readonly kind: 'malformed'
  /** `message` (a length or an offset that cannot be), `lost` (bytes missing across the end of a message). */
  readonly reason: string
}

export type SmbFact = SmbDialect | SmbNames | SmbShare | SmbEncrypted | SmbMalformed
