// Words of FTP (RFC 959, RFC 2428, RFC 4217) that this folder heeds. Tables only.
// Keeps the rule that unknown commands and replies pass.

/** Longest line: RFC 959 gives none; wu-ftpd and vsftpd stop at 4096. */
export const LINE_BYTES_MAX = 4096
/** Answers to a banner that only an FTP server gives (RFC 959 section 4.2): name, log-in, features, TLS; SMTP has none of them. */
const FTP_SECOND: ReadonlySet<number> = new Set([211, 215, 230, 232, 234, 331, 332, 334, 530, 534])
/** 250, 221 and 5xx also are what an SMTP server says; 250 comes first there, to EHLO. */
const SMTP_SECOND: ReadonlySet<number> = new Set([250, 235, 354, 550, 553, 554])

export function isFtpSecond(code: number): boolean {
  return FTP_SECOND.has(code)
}

export function isSmtpSecond(code: number): boolean {
  return SMTP_SECOND.has(code)
}

/** Commands that move a file, and which way it goes. */
export const FILE_COMMANDS: Readonly<Record<string, 'read' | 'write'>> = { RETR: 'read', STOR: 'write', STOU: 'write', APPE: 'write' }
