// The numbers of SMB 1, 2 and 3 with the words of MS-CIFS, MS-SMB and MS-SMB2. Tables only.
// Keeps the rule that unknown numbers survive as numbers.

/** First byte before `SMB`: MS-SMB 2.2.3.1, MS-SMB2 2.2.1, 2.2.41 (encrypted), 2.2.42 (compressed). */
export const Magic = { smb1: 0xff, smb2: 0xfe, encrypted: 0xfd, compressed: 0xfc } as const

/** MS-SMB2 section 2.2.1.2. */
export const Smb2 = { negotiate: 0, sessionSetup: 1, treeConnect: 3, create: 5, close: 6, read: 8, write: 9, ioctl: 11 } as const
export const SMB2_HEADER_BYTES = 64
export const SMB2_FLAG_RESPONSE = 1
/** The message goes on with the session, tree and file of the one before it in the chain (MS-SMB2 3.3.5.2.7.2). */
export const SMB2_FLAG_RELATED = 4
/** SESSION_SETUP makes this connection a further channel of a session (MS-SMB2 2.2.5). */
export const SESSION_FLAG_BINDING = 1
/** FSCTL_QUERY_NETWORK_INTERFACE_INFO: a client asks where it might make further channels (MS-SMB2 3.2.4.20.10). */
export const FSCTL_INTERFACES = 0x001401fc
/** CLOSE answers with the file's attributes (MS-SMB2 2.2.16). */
export const CLOSE_FLAG_ATTRIBUTES = 1
/** MS-CIFS section 2.2.2.1. */
export const Smb1 = {
  close: 0x04, negotiate: 0x72, sessionSetup: 0x73, treeConnect: 0x75, ntCreate: 0xa2, readAndx: 0x2e, writeAndx: 0x2f,
} as const
export const SMB1_HEADER_BYTES = 32
export const SMB1_FLAG_REPLY = 0x80
export const SMB1_FLAG2_UNICODE = 0x8000

/** STATUS_PENDING (MS-ERREF): an answer will follow under the same id. STATUS_MORE_PROCESSING_REQUIRED: the log-in goes on. */
export const Status = { ok: 0, pending: 0x103, moreProcessing: 0xc0000016 } as const

/** NetBIOS session service (RFC 1002 section 4.3.1); direct TCP (MS-SMB2 2.1) has the first only. */
export const Session = { message: 0x00, request: 0x81, positive: 0x82, negative: 0x83, retarget: 0x84, keepAlive: 0x85 } as const

const DIALECTS: Readonly<Record<number, string>> = { 0x0202: '2.0.2', 0x0210: '2.1', 0x02ff: '2.?', 0x0300: '3.0', 0x0302: '3.0.2', 0x0311: '3.1.1' }

export function dialectName(number: number): string {
  return DIALECTS[number] ?? `0x${number.toString(16)}`
}

/** MS-NLMP section 2.2.2.1: the pairs of a challenge's target information that name the server. */
export const AvId = { end: 0, computer: 1, domain: 2, dnsComputer: 3, dnsDomain: 4 } as const
