// PORTMAP version 2 and RPCBIND versions 3 and 4 (RFC 1833): the question "where is this program" and its answer.
// Keeps the rule that a registration is told as program, transport and port; owners and what CALLIT carries for others stay inside.

import { isDigits } from '../../base/characters.ts'
import { PortmapProc, programName } from './codes.ts'
import { type CallArguments, type CallResult, NAMES_MAX, type ProcedureTable } from './procedure.ts'
import type { XdrReader } from './xdr.ts'

/** Longest transport name: `tcp6`, `udp6`, `local`, `sctp`; RFC 5665 reserves longer ones nobody uses. */
const NETID_MAX = 32
/** Longest universal address: an IPv6 address and two port bytes are below 60 characters (RFC 5665 section 5.2.3.4). */
const UNIVERSAL_ADDRESS_MAX = 256
/** Owner text of a registration. */
const OWNER_MAX = 255

/** IP protocol numbers of transport names (RFC 5665 section 5.1). */
const NETID_PROTOCOLS: ReadonlyMap<string, number> = new Map([['tcp', 6], ['tcp6', 6], ['udp', 17], ['udp6', 17]])

function getportArgs(r: XdrReader, into: CallArguments): void {
  const program = r.u32()
  const version = r.u32()
  const protocol = r.u32()
  if (r.fault === null) into.asks = { program, version, protocol }
  r.u32()
}

function getaddrArgs(r: XdrReader, into: CallArguments): void {
  const program = r.u32()
  const version = r.u32()
  const netid = r.text(NETID_MAX, 'netid-length')
  if (netid !== null) into.asks = { program, version, protocol: NETID_PROTOCOLS.get(netid) ?? 0 }
  r.text(UNIVERSAL_ADDRESS_MAX, 'address-length')
  r.text(OWNER_MAX, 'owner-length')
}

function getportResult(r: XdrReader, into: CallResult): void {
  const port = r.u32()
  if (port > 0xffff) r.fail('port')
  if (r.fault === null) into.port = port
}

function getaddrResult(r: XdrReader, into: CallResult): void {
  const address = r.text(UNIVERSAL_ADDRESS_MAX, 'address-length')
  if (address === null) return
  into.port = universalPort(address)
  if (into.port === null) r.fail('universal-address')
}

/** Port of `h1.h2.h3.h4.p1.p2` (RFC 5665 section 5.2.3.3); the empty text means "not registered", port 0; null when it is neither. */
export function universalPort(address: string): number | null {
  if (address === '') return 0
  const lowAt = address.lastIndexOf('.')
  // At -1 lastIndexOf would look at the first place all the same.
  const highAt = lowAt > 0 ? address.lastIndexOf('.', lowAt - 1) : -1
  const high = highAt < 0 ? null : portByte(address.slice(highAt + 1, lowAt))
  const low = portByte(address.slice(lowAt + 1))
  return high === null || low === null ? null : high * 256 + low
}

/** A decimal byte, leading zeros allowed; null for anything else. */
function portByte(text: string): number | null {
  return text.length <= 3 && isDigits(text) && Number(text) < 256 ? Number(text) : null
}

const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp' }

/** `NFS.3 tcp 2049`. */
function registration(program: number, version: number, protocol: string, port: number | null): string {
  return `${programName(program)}.${version} ${protocol} ${port ?? '?'}`
}

/** pmaplist: all that is registered. */
function dumpResult(r: XdrReader, into: CallResult): void {
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    const program = r.u32()
    const version = r.u32()
    const protocol = r.u32()
    const port = r.u32()
    if (r.fault !== null) return
    into.names.push(registration(program, version, PROTOCOL_NAMES[protocol] ?? String(protocol), port))
  }
}

/** rpcblist of versions 3 and 4. */
function rpcbDumpResult(r: XdrReader, into: CallResult): void {
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    const program = r.u32()
    const version = r.u32()
    const netid = r.text(NETID_MAX, 'netid-length')
    const address = r.text(UNIVERSAL_ADDRESS_MAX, 'address-length')
    r.skipOpaque(OWNER_MAX, 'owner-length')
    if (netid === null || address === null || r.fault !== null) return
    into.names.push(registration(program, version, netid, universalPort(address)))
  }
}

/** CALLIT, BCAST, INDIRECT: program, version and procedure to call on the asker's behalf; its arguments are not read. */
function callitArgs(r: XdrReader, into: CallArguments): void {
  const program = r.u32()
  const version = r.u32()
  r.u32()
  if (r.fault === null) into.asks = { program, version, protocol: UDP }
}

/** CALLIT works over UDP only (RFC 1833 section 3.2). */
const UDP = 17

function setResult(r: XdrReader): void {
  r.bool('registered')
}

/** rpcb_entry_list: merged address, netid, semantics, family, protocol. */
function addressListResult(r: XdrReader, into: CallResult): void {
  for (let i = 0; i < NAMES_MAX && r.bool('value-follows'); i++) {
    const address = r.text(UNIVERSAL_ADDRESS_MAX, 'address-length')
    const netid = r.text(NETID_MAX, 'netid-length')
    r.skip(4)
    r.skipOpaque(NETID_MAX, 'netid-length')
    r.skipOpaque(NETID_MAX, 'netid-length')
    if (address === null || netid === null || r.fault !== null) return
    into.names.push(`${netid} ${universalPort(address) ?? '?'}`)
  }
}

export const PORTMAP2: ProcedureTable = {
  [PortmapProc.set]: { args: getportArgs, result: setResult },
  [PortmapProc.unset]: { args: getportArgs, result: setResult },
  [PortmapProc.getport]: { args: getportArgs, result: getportResult },
  [PortmapProc.dump]: { result: dumpResult },
  [PortmapProc.callit]: { args: callitArgs, result: getportResult },
}

/** GETADDR has GETPORT's number; from GETVERSADDR (9) on they exist in version 4 only. GETTIME and the address translations say nothing here. */
export const RPCBIND: ProcedureTable = {
  [PortmapProc.set]: { args: getaddrArgs, result: setResult },
  [PortmapProc.unset]: { args: getaddrArgs, result: setResult },
  [PortmapProc.getport]: { args: getaddrArgs, result: getaddrResult },
  [PortmapProc.dump]: { result: rpcbDumpResult },
  [PortmapProc.callit]: { args: callitArgs, result: getaddrResult },
  [PortmapProc.getversaddr]: { args: getaddrArgs, result: getaddrResult },
  [PortmapProc.indirect]: { args: callitArgs, result: getaddrResult },
  [PortmapProc.getaddrlist]: { args: getaddrArgs, result: addressListResult },
}
