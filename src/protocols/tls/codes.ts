// TLS codes: record and handshake types, versions, cipher suites and alerts by name.
// Source: RFC 8446 appendix B, RFC 5246 appendix A, IANA's TLS parameter registries.

/** RFC 8446 section 5.1; 24 is heartbeat (RFC 6520). */
export const TlsContent = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23, heartbeat: 24 } as const

/** RFC 8446 section 4; the certificate has the same number since SSL 3.0. */
export const TlsHandshake = { clientHello: 1, serverHello: 2, helloVerify: 3, certificate: 11 } as const

/** RFC 8446 section 4.2. */
export const TlsExtension = {
  serverName: 0, supportedGroups: 10, pointFormats: 11, signatureAlgorithms: 13, alpn: 16, supportedVersions: 43, encryptedClientHello: 0xfe0d,
} as const

export const TLS_1_3 = 0x0304
/** Ones' complements of 1.0, 1.2 and 1.3 (RFC 6347 section 4.1, RFC 9147 section 5.3); OpenSSL 0.9.8 wrote 0x0100. */
export const Dtls = { v10: 0xfeff, v12: 0xfefd, v13: 0xfefc, openssl: 0x0100 } as const
/** DTLS counts its versions downwards. */
export function isDtlsVersion(version: number): boolean {
  return version >= 0xfe00 || version === Dtls.openssl
}

const VERSION_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0002, 'SSL 2.0'], [0x0300, 'SSL 3.0'], [0x0301, 'TLS 1.0'], [0x0302, 'TLS 1.1'], [0x0303, 'TLS 1.2'], [TLS_1_3, 'TLS 1.3'],
  [Dtls.openssl, 'DTLS 0.9'], [Dtls.v10, 'DTLS 1.0'], [Dtls.v12, 'DTLS 1.2'], [Dtls.v13, 'DTLS 1.3'],
])

/** `TLS 1.2`, `DTLS 1.2`, or `0x7f1c` for a draft nobody released. */
export function tlsVersionName(version: number): string {
  return VERSION_NAMES.get(version) ?? hex16(version, '0x')
}

/** GREASE (RFC 8701 section 2): 0x0a0a, 0x1a1a, ... 0xfafa; said to keep servers honest, and no part of a fingerprint. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff)
}

export function hex16(value: number, prefix = ''): string {
  return prefix + value.toString(16).padStart(4, '0')
}

/** Suites that hospitals' devices choose; any other is shown by its number. */
const CIPHER_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0000, 'TLS_NULL_WITH_NULL_NULL'], [0x0001, 'TLS_RSA_WITH_NULL_MD5'], [0x0002, 'TLS_RSA_WITH_NULL_SHA'],
  [0x0003, 'TLS_RSA_EXPORT_WITH_RC4_40_MD5'], [0x0004, 'TLS_RSA_WITH_RC4_128_MD5'], [0x0005, 'TLS_RSA_WITH_RC4_128_SHA'],
  [0x0009, 'TLS_RSA_WITH_DES_CBC_SHA'], [0x000a, 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'], [0x0016, 'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0x0018, 'TLS_DH_anon_WITH_RC4_128_MD5'], [0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA'], [0x0032, 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA'],
  [0x0033, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA'], [0x0034, 'TLS_DH_anon_WITH_AES_128_CBC_SHA'], [0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA'],
  [0x0039, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA'], [0x003a, 'TLS_DH_anon_WITH_AES_256_CBC_SHA'], [0x003b, 'TLS_RSA_WITH_NULL_SHA256'],
  [0x003c, 'TLS_RSA_WITH_AES_128_CBC_SHA256'], [0x003d, 'TLS_RSA_WITH_AES_256_CBC_SHA256'],
  [0x0067, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256'], [0x006b, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256'],
  [0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256'], [0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384'],
  [0x009e, 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'], [0x009f, 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0x1301, 'TLS_AES_128_GCM_SHA256'], [0x1302, 'TLS_AES_256_GCM_SHA384'], [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
  [0x1304, 'TLS_AES_128_CCM_SHA256'], [0x1305, 'TLS_AES_128_CCM_8_SHA256'],
  [0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'], [0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'],
  [0xc011, 'TLS_ECDHE_RSA_WITH_RC4_128_SHA'], [0xc012, 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'], [0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'],
  [0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'], [0xc024, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384'],
  [0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'], [0xc028, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'],
  [0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'], [0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  [0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'], [0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xc09c, 'TLS_RSA_WITH_AES_128_CCM'], [0xc0ac, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM'], [0xc0ae, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'],
  [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'], [0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xccaa, 'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
])

export function tlsCipherName(cipher: number): string {
  return CIPHER_NAMES.get(cipher) ?? hex16(cipher, '0x')
}
