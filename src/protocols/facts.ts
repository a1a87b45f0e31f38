// Facts: what protocols tell the inventory and the detections. Plain data, JSON-safe, no patient text by construction.
// One union so that a rule's switch is exhaustive; each member is defined in its protocol's folder.

import type { Micros } from '../base/time.ts'
import type { ArpFact } from './arp/facts.ts'
import type { AstmFact } from './astm/facts.ts'
import type { BacnetFact } from './bacnet/facts.ts'
import type { CarescapeFact } from './carescape/facts.ts'
import type { CdpFact } from './cdp/facts.ts'
import type { Cms8000Fact } from './cms8000/facts.ts'
import type { DhcpFact } from './dhcp/facts.ts'
import type { Dhcp6Fact } from './dhcp6/facts.ts'
import type { DicomFact } from './dicom/facts.ts'
import type { DnsFact } from './dns/facts.ts'
import type { FileTransfer } from './file-transfer/facts.ts'
import type { FtpFact } from './ftp/facts.ts'
import type { Hl7Fact } from './hl7/facts.ts'
import type { HttpFact } from './http/facts.ts'
import type { IcmpFact } from './icmp/facts.ts'
import type { IgmpFact } from './igmp/facts.ts'
import type { IntellivueFact } from './intellivue/facts.ts'
import type { LldpFact } from './lldp/facts.ts'
import type { LpdFact } from './lpd/facts.ts'
import type { ModbusFact } from './modbus/facts.ts'
import type { NbnsFact } from './nbns/facts.ts'
import type { NtpFact } from './ntp/facts.ts'
import type { PoctFact } from './poct1a/facts.ts'
import type { QuicFact } from './quic/facts.ts'
import type { RpcFact } from './rpc/facts.ts'
import type { RshFact } from './rsh/facts.ts'
import type { SdcFact } from './sdc/facts.ts'
import type { SmbFact } from './smb/facts.ts'
import type { SnmpFact } from './snmp/facts.ts'
import type { SsdpFact } from './ssdp/facts.ts'
import type { SshFact } from './ssh/facts.ts'
import type { SyslogFact } from './syslog/facts.ts'
import type { TelnetFact } from './telnet/facts.ts'
import type { TftpFact } from './tftp/facts.ts'
import type { TlsFact } from './tls/facts.ts'
import type { Vista120Fact } from './vista120/facts.ts'

/** Fields every fact carries; `frame` is the 1-based capture frame that completed it. */
export interface FactBase {
  readonly at: Micros
  readonly frame: number
}

export type Fact = FileTransfer | ArpFact | AstmFact | BacnetFact | CarescapeFact | CdpFact | Cms8000Fact | Dhcp6Fact | DhcpFact | DicomFact | DnsFact
  | FtpFact | Hl7Fact | HttpFact | IcmpFact | IgmpFact | IntellivueFact | LldpFact | LpdFact | ModbusFact | NbnsFact | NtpFact | PoctFact
  | QuicFact | RpcFact | RshFact | SdcFact | SmbFact | SnmpFact | SsdpFact | SshFact | SyslogFact | TelnetFact | TftpFact | TlsFact
  | Vista120Fact
export type ProtocolId = Fact['protocol']
