// Evidence from TLS and QUIC: what a hello and a certificate say of the two ends, and that a medical port carries TLS.
// Keeps "a port is a hint": TLS is known by content; that HL7 or DICOM is inside it is inferred from the port, and marked so.

import type { QuicFact } from '../../protocols/quic/facts.ts'
import type { TlsCertificate, TlsFact, HelloWords } from '../../protocols/tls/facts.ts'
import { opposite, type Direction, type FlowKey } from '../../wire/flow.ts'
import { IpProto } from '../../wire/frame.ts'
import type { NewClaim } from '../claims.ts'
import type { TargetedClaim } from '../evidence.ts'

/** IANA's port for HL7 over MLLP, and the one of Mirth and of the tapirx captures. */
const MLLP_PORTS: ReadonlySet<number> = new Set([2575, 6661])
/** acr-nema, dicom, dicom-tls (DICOM PS3.8 section 9.1, PS3.15 annex B). */
const DICOM_PORTS: ReadonlySet<number> = new Set([104, 2762, 11_112])

/** A claim about who speaks in `direction`. */
export function aboutEnd(flow: FlowKey, direction: Direction, claim: NewClaim): TargetedClaim {
  return { target: { vlan: flow.vlan, ip: direction === 0 ? flow.src : flow.dst }, claim }
}

export function tlsClaims(fact: TlsFact, flow: FlowKey): readonly TargetedClaim[] {
  switch (fact.kind) {
    case 'client-hello':
      return [...helloClaims(fact, fact.direction, flow, flow.proto === IpProto.udp ? 'DTLS' : 'TLS'), ...medicalClaims(flow, fact.direction)]
    case 'server-hello': {
      const evidence = 'TLS server hello'
      return [aboutEnd(flow, fact.direction, { what: 'service', value: `${fact.version} with ${fact.cipher}`, level: 'C', evidence, inferred: false })]
    }
    case 'certificate':
      return fact.side === 'server' ? [aboutEnd(flow, fact.direction, certificateClaim(fact))] : []
    case 'encrypted':
      return medicalClaims(flow, medicalService(flow.dstPort) === null && medicalService(flow.srcPort) !== null ? 1 : 0)
    case 'alert':
    case 'malformed':
      return []
  }
}

export function quicClaims(fact: QuicFact, flow: FlowKey): readonly TargetedClaim[] {
  return fact.kind === 'client-hello' ? helloClaims(fact, fact.direction, flow, 'QUIC') : []
}

/** The client's kind, and the name it calls the server by. */
export function helloClaims(hello: HelloWords, client: Direction, flow: FlowKey, over: 'TLS' | 'DTLS' | 'QUIC'): TargetedClaim[] {
  const claims: TargetedClaim[] = []
  if (hello.ja4 !== null) {
    claims.push(aboutEnd(flow, client, { what: 'fingerprint', value: hello.ja4, level: 'C', evidence: `JA4 of its ${over} client hello`, inferred: false }))
  }
  if (hello.serverName !== null && !hello.encryptedHello) {
    const evidence = `name a client asked for in ${over}`
    claims.push(aboutEnd(flow, opposite(client), { what: 'server-name', value: hello.serverName, level: 'C', evidence, inferred: true }))
  }
  return claims
}

function medicalService(port: number): 'an MLLP' | 'a DICOM' | null {
  return MLLP_PORTS.has(port) ? 'an MLLP' : DICOM_PORTS.has(port) ? 'a DICOM' : null
}

function medicalClaims(flow: FlowKey, client: Direction): TargetedClaim[] {
  const port = client === 0 ? flow.dstPort : flow.srcPort
  const service = medicalService(port)
  // Nobody has HL7 or DICOM over datagrams.
  if (service === null || flow.proto === IpProto.udp) return []
  const claim = (value: string): NewClaim => ({ what: 'service', value, level: 'C', evidence: `TLS by content on TCP ${port}`, inferred: true })
  return [aboutEnd(flow, opposite(client), claim(`TLS on ${service} port`)), aboutEnd(flow, client, claim(`sends over TLS to ${service} port`))]
}

function certificateClaim(fact: TlsCertificate): NewClaim {
  const name = fact.commonName ?? fact.alternativeNames[0] ?? 'no name'
  const issuer = fact.selfIssued ? 'itself' : (fact.issuerCommonName ?? fact.issuerOrganization ?? 'nobody it names')
  const value = `${name}, issued by ${issuer}${fact.notAfter ? `, until ${fact.notAfter.slice(0, 10)}` : ''}`
  return { what: 'certificate', value, level: 'C', evidence: 'certificate it showed in TLS', inferred: false }
}
