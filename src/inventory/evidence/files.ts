// Evidence of file sharing: what NFS and its siblings prove about the two ends of a flow: roles, host names, software.
// Keeps the ladder: a device's own words are level C; a name that somebody else gives it claims nothing.

import type { Fact } from '../../protocols/facts.ts'
import type { TargetedClaim } from '../evidence.ts'
import { claimAbout, type FlowEnds } from './claim-about.ts'

const PORTMAP_PROGRAM = 100_000
const FILE_PROGRAMS = new Set([100_003, 100_005])
/** In NLM the caller names itself; in NSM only NOTIFY does, the other procedures name a third host. */
const NLM_PROGRAM = 100_021
const NSM_NOTIFY = 'NSM.NOTIFY'
/** Machine names that many hosts have. */
const NO_NAMES: ReadonlySet<string> = new Set(['localhost', 'localhost.localdomain', '(none)', ''])

const NO_CLAIMS: readonly TargetedClaim[] = []

type Of<P extends Fact['protocol']> = Extract<Fact, { protocol: P }>

export function rpcClaims(fact: Of<'rpc'>, ends: FlowEnds): readonly TargetedClaim[] {
  switch (fact.kind) {
    case 'call': return callClaims(fact, ends)
    case 'reply': return replyClaims(fact, ends)
    case 'software': {
      const end = fact.side === 'client' ? clientOf(fact, ends) : serverOf(fact, ends)
      return [claimAbout(end, 'software', fact.software, 'NFSv4.1 EXCHANGE_ID, implementation')]
    }
    default: return NO_CLAIMS
  }
}

/** A server may call back on its client's connection: the fact says who is who. */
function clientOf(fact: { readonly client: string }, ends: FlowEnds): FlowEnds[0] {
  return 'ip' in ends[0] && ends[0].ip === fact.client ? ends[0] : ends[1]
}

function serverOf(fact: { readonly client: string }, ends: FlowEnds): FlowEnds[0] {
  return clientOf(fact, ends) === ends[0] ? ends[1] : ends[0]
}

/** Every call names the machine; only those with which a client begins are heeded, for there are few. */
function callClaims(fact: Extract<Of<'rpc'>, { kind: 'call' }>, ends: FlowEnds): readonly TargetedClaim[] {
  const speaksForItself = fact.program === NLM_PROGRAM || fact.procedureName === NSM_NOTIFY
  if (fact.host !== null && speaksForItself && !NO_NAMES.has(fact.host)) {
    const evidence = fact.program === NLM_PROGRAM ? 'NLM caller name' : 'NSM notify, its own name'
    return [claimAbout(clientOf(fact, ends), 'host-name', fact.host, evidence)]
  }
  if (fact.machine === null || NO_NAMES.has(fact.machine) || !isBeginning(fact)) return NO_CLAIMS
  return [claimAbout(clientOf(fact, ends), 'host-name', fact.machine, 'AUTH_SYS machine name')]
}

const BEGINNINGS: ReadonlySet<string> = new Set(['MOUNT.MNT', 'MOUNT.UMNT', 'NFS.FSINFO', 'NFS.STATFS'])
const BEGINNINGS_4: ReadonlySet<string> = new Set(['EXCHANGE_ID', 'SETCLIENTID', 'PUTROOTFH'])

function isBeginning(fact: Extract<Of<'rpc'>, { kind: 'call' }>): boolean {
  return BEGINNINGS.has(fact.procedureName) || fact.operations.some((name) => BEGINNINGS_4.has(name))
}

function replyClaims(fact: Extract<Of<'rpc'>, { kind: 'reply' }>, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.accepted !== 'success' || fact.program === PORTMAP_PROGRAM || !FILE_PROGRAMS.has(fact.program)) return NO_CLAIMS
  return [claimAbout(serverOf(fact, ends), 'role', 'file-server', 'answers NFS or MOUNT calls')]
}

/** A server that sent nothing back is none: only errors prove one here, files do it by their own fact. */
export function tftpClaims(fact: Of<'tftp'>, ends: FlowEnds): readonly TargetedClaim[] {
  return fact.kind === 'error' ? [claimAbout(serverOf(fact, ends), 'role', 'file-server', 'answers TFTP requests')] : NO_CLAIMS
}

const CARRIER_NAMES = { nfs: 'NFS', tftp: 'TFTP', ftp: 'FTP', http: 'HTTP', smb: 'SMB' } as const

/** Who gave or took a whole or broken file serves files; over HTTP a web server is one by other words. */
export function transferClaims(fact: Of<'file-transfer'>, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.over === 'http' || fact.over === 'nfs' || fact.covered === 0) return NO_CLAIMS
  return [claimAbout(serverOf(fact, ends), 'role', 'file-server', `files passed over ${CARRIER_NAMES[fact.over]}`)]
}

/** User-Agent and Server are a program's own words; a web server is one by its Server field. */
export function httpClaims(fact: Of<'http'>, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind !== 'software') return NO_CLAIMS
  if (fact.side === 'client') return [claimAbout(clientOf(fact, ends), 'software', fact.software, 'HTTP User-Agent')]
  const server = serverOf(fact, ends)
  return [claimAbout(server, 'role', 'web-server', 'answers HTTP requests'), claimAbout(server, 'software', fact.software, 'HTTP Server')]
}

export function ftpClaims(fact: Of<'ftp'>, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind !== 'software') return NO_CLAIMS
  const server = serverOf(fact, ends)
  return [claimAbout(server, 'role', 'file-server', 'answers FTP commands'), claimAbout(server, 'software', fact.software, 'FTP greeting or SYST')]
}

/** NTLMSSP: each side's own names. The NetBIOS name a client calls a server by is not the server's word. */
export function smbClaims(fact: Of<'smb'>, ends: FlowEnds): readonly TargetedClaim[] {
  if (fact.kind === 'dialect') return [claimAbout(serverOf(fact, ends), 'role', 'file-server', `answers SMB ${fact.dialect}`)]
  if (fact.kind !== 'names') return NO_CLAIMS
  const target = fact.side === 'client' ? clientOf(fact, ends) : serverOf(fact, ends)
  const isOwnWord = fact.side === 'client' || fact.version !== null || fact.domain !== null
  const claims: TargetedClaim[] = []
  if (fact.host !== null && isOwnWord && !NO_NAMES.has(fact.host)) claims.push(claimAbout(target, 'host-name', fact.host, 'SMB NTLMSSP or NetBIOS session'))
  if (fact.dnsHost !== null && fact.dnsHost !== fact.host) claims.push(claimAbout(target, 'host-name', fact.dnsHost, 'SMB NTLMSSP, DNS name'))
  if (fact.version !== null) claims.push(claimAbout(target, 'software', `Windows NT ${fact.version}, or what plays it`, 'SMB NTLMSSP version'))
  return claims
}
