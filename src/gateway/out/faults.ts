// Faults: why a connection to or from the hospital does not stand, in words, from the code of an error.
// Keeps the rule that no address, no name of a certificate and no byte of a peer passes: the words come from this table, never from the error's text.

/** Errors of the network. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the target\'s address and port: is the receiver running?',
  ECONNRESET: 'the peer cut the connection',
  EPIPE: 'the peer cut the connection',
  ETIMEDOUT: 'the target does not answer at its address: is a firewall between?',
  EHOSTUNREACH: 'there is no way to the target\'s address: check routes and the link',
  ENETUNREACH: 'there is no way to the target\'s network: check routes and the link',
  ENOTFOUND: 'the target\'s host name is not known to the name server',
  EAI_AGAIN: 'the name server does not answer',
}

const OTHER_CA = 'the peer\'s certificate was not issued by the CA of the CA file: name the right CA, or find out who answers there'
const REFUSES_OURS = 'the peer refuses the gateway\'s certificate: have it issued by the CA that the peer trusts'

/** Errors of TLS, by the codes of Node and OpenSSL. */
const TLS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: OTHER_CA,
  UNABLE_TO_GET_ISSUER_CERT: OTHER_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: OTHER_CA,
  SELF_SIGNED_CERT_IN_CHAIN: OTHER_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: OTHER_CA,
  CERT_SIGNATURE_FAILURE: OTHER_CA,
  CERT_UNTRUSTED: OTHER_CA,
  CERT_REJECTED: OTHER_CA,
  CERT_HAS_EXPIRED: 'the peer\'s certificate has expired: it must be renewed there',
  CERT_NOT_YET_VALID: 'the peer\'s certificate is not valid yet: check both clocks',
  CERT_REVOKED: 'the peer\'s certificate was revoked',
  INVALID_PURPOSE: 'the peer\'s certificate is not for this end of a connection (extended key usage)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the peer\'s certificate is for another name: check the target\'s host, or name its serverName',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the peer does not speak TLS on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the peer does not speak TLS on this port',
  ERR_SSL_HTTP_REQUEST: 'the peer does not speak TLS on this port',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the peer offers nothing newer than TLS 1.1: it must offer 1.2 or 1.3',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the peer offers nothing newer than TLS 1.1: it must offer 1.2 or 1.3',
  ERR_SSL_NO_SHARED_CIPHER: 'no cipher is known to both ends',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the peer ended the handshake: it wants another cipher, or another certificate',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the peer shows no certificate: both ends must',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: REFUSES_OURS,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: REFUSES_OURS,
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: REFUSES_OURS,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: REFUSES_OURS,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: REFUSES_OURS,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: REFUSES_OURS,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the peer says that the gateway\'s certificate has expired: check both clocks',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'the peer says that the gateway\'s certificate was revoked',
}

/** Many servers end a handshake they do not like without an alert. */
const CUT_IN_HANDSHAKE = 'the peer cut the connection before TLS was agreed: does it accept the gateway\'s certificate, and does it speak TLS on this port?'

/** Words for an error of a socket. One that is not in the table is told by its code alone. */
export function connectionFault(error: unknown, isInHandshake = false): string {
  const code = errorCode(error)
  if (isInHandshake && (code === 'ECONNRESET' || code === 'EPIPE')) return CUT_IN_HANDSHAKE
  return NETWORK[code] ?? TLS[code] ?? `the connection failed (${code})`
}

/** A code is capital letters, digits and `_`; anything else is not passed on. */
function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' && /^[A-Z0-9_]{2,64}$/.test(code) ? code : 'no code'
}
