// registry: every protocol that is identified by content, as an array of rows, strongest signature first.
// Keeps house habit 6: no side effect on import; a row with memory across flows is made anew for each sensor.

import { astm } from './astm/index.ts'
import { bacnet } from './bacnet/index.ts'
import { carescape } from './carescape/index.ts'
import { cms8000 } from './cms8000/index.ts'
import { dhcp } from './dhcp/index.ts'
import { dhcp6 } from './dhcp6/index.ts'
import { dicom } from './dicom/index.ts'
import { dns } from './dns/index.ts'
import { createFtp } from './ftp/index.ts'
import { hl7 } from './hl7/index.ts'
import { createHttp } from './http/index.ts'
import { intellivue } from './intellivue/index.ts'
import { lpd } from './lpd/index.ts'
import { modbus } from './modbus/index.ts'
import { nbns } from './nbns/index.ts'
import { ntp } from './ntp/index.ts'
import { poct1a } from './poct1a/index.ts'
import type { ProtocolRow } from './protocol.ts'
import { quic } from './quic/index.ts'
import { createRpc } from './rpc/index.ts'
import { rsh } from './rsh/index.ts'
import { sdc } from './sdc/index.ts'
import { createSmb } from './smb/index.ts'
import { snmp } from './snmp/index.ts'
import { ssdp } from './ssdp/index.ts'
import { ssh } from './ssh/index.ts'
import { syslog } from './syslog/index.ts'
import { telnet } from './telnet/index.ts'
import { createTftp } from './tftp/index.ts'
import { tls } from './tls/index.ts'
import { vista120 } from './vista120/index.ts'

/**
 * The rows for one sensor, strongest signature first; of two that say yes to the same bytes the first wins. What a row asks for stands
 * in its folder's README. What has no flow has no row: the engine hands it frames (arp/, packets.ts).
 */
export function createRegistry(): readonly ProtocolRow[] {
  return [
    dhcp, hl7, dicom, astm, poct1a, createRpc(), createSmb(),
    // A SOAP message is HTTP, too.
    sdc, createHttp(),
    tls, ssh, snmp, quic, dns, cms8000, vista120, intellivue, carescape, createTftp(), createFtp(), lpd, telnet, rsh, syslog,
    dhcp6, ssdp, ntp, modbus, bacnet, nbns,
  ]
}
