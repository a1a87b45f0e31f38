// Facts: what protocols tell the inventory and the detections. Plain data, JSON-safe, no patient text by construction.
// One union so that a rule's switch is exhaustive; each member is defined in its protocol's folder.

import type { Micros } from '../base/time.ts'
import type { ArpFact } from './arp/facts.ts'
import type { Cms8000Fact } from './cms8000/facts.ts'
import type { DhcpFact } from './dhcp/facts.ts'
import type { DnsFact } from './dns/facts.ts'
import type { FileTransfer } from './file-transfer/facts.ts'
import type { FtpFact } from './ftp/facts.ts'
import type { Hl7Fact } from './hl7/facts.ts'
import type { HttpFact } from './http/facts.ts'
import type { LpdFact } from './lpd/facts.ts'
import type { RpcFact } from './rpc/facts.ts'
import type { SmbFact } from './smb/facts.ts'
import type { TftpFact } from './tftp/facts.ts'

/** Fields every fact carries; `frame` is the 1-based capture frame that completed it. */
export interface FactBase {
  readonly at: Micros
  readonly frame: number
}

export type Fact = ArpFact | Cms8000Fact | DhcpFact | DnsFact | FileTransfer | FtpFact | Hl7Fact | HttpFact | LpdFact | RpcFact | SmbFact | TftpFact
export type ProtocolId = Fact['protocol']
