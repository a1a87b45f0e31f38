// What a file that passed was: name, size, how much of it was seen, SHA-256 and kind. One fact for NFS, TFTP, FTP, HTTP and SMB.
// File content never leaves: only what stands here.

import type { Ip } from '../../base/ip.ts'
import type { FactBase } from '../facts.ts'

/** The protocol that carried the file. */
export type FileCarrier = 'nfs' | 'tftp' | 'ftp' | 'http' | 'smb'

export interface FileTransfer extends FactBase {
  readonly protocol: 'file-transfer'
  /** `read`: the client took it from the server. `write`: the client gave it to the server. */
  readonly kind: 'read' | 'write'
  readonly over: FileCarrier
  readonly flowId: number
  readonly client: Ip
  readonly server: Ip
  readonly transport: 'tcp' | 'udp'
  /** Where on the server: export, share or host name, as far as it was seen. */
  readonly place: string | null
  /** File name without its folders, `*.ext` where it may name a person (names.ts); null when it was not seen. */
  readonly name: string | null
  /** Size as the protocol states it, or as its end showed it; null when neither was seen. */
  readonly size: number | null
  /** Distinct bytes seen. */
  readonly covered: number
  /** True when every byte of the known size was seen. */
  readonly complete: boolean
  /** SHA-256 hex of the whole file; null unless complete. */
  readonly sha256: string | null
  /** A word of magic.ts; null when byte 0 was not seen. */
  readonly magic: string | null
}

/** Whose transfer it is and by what way; the rest of the fact is what was seen of it. */
export type TransferPlace = Pick<FileTransfer, 'kind' | 'over' | 'flowId' | 'client' | 'server' | 'transport' | 'place' | 'name'>
