// X.509 certificate: subject, issuer, serial, validity and alternative names out of its DER (RFC 5280 section 4.1).
// Keeps house habit 3: what cannot be read is null on the value; nothing is verified here, and nothing says that it was.

import { ipFromV4, ipFromWords } from '../../base/ip.ts'
import { asciiText, u32be, u8 } from '../../wire/bytes.ts'
import { berEquals, BerItem, BerTag, encodeBer, encodeBerInteger, encodeBerObjectId, expectBer, readBer } from '../ber.ts'
import { hexText } from '../text.ts'

/** Attributes of one name that are looked at: real names have three to eight. */
const NAME_PARTS_MAX = 32
/** X.520 upper bound of a common or organisation name is 64; some write sentences. */
export const NAME_CHARS_MAX = 128
/** Extensions walked: real certificates have some ten. */
const EXTENSIONS_MAX = 64
/** Alternative names kept; a certificate of a content network has a hundred, and none of those names a device. */
export const ALTERNATIVE_NAMES_MAX = 16
/** RFC 1035 section 3.1. */
const DNS_NAME_CHARS_MAX = 255
/** RFC 5280 section 4.1.2.2: at most 20 octets, and a zero before a first bit that is set. */
const SERIAL_BYTES_MAX = 21

const OID_COMMON_NAME = [0x55, 4, 3] as const
const OID_ORGANIZATION = [0x55, 4, 10] as const
const OID_ALTERNATIVE_NAME = [0x55, 0x1d, 17] as const
/** Context-specific tags of the certificate and of GeneralName (RFC 5280 section 4.2.1.6). */
const TAG_VERSION = 0xa0
const TAG_EXTENSIONS = 0xa3
const TAG_DNS_NAME = 0x82
const TAG_IP_ADDRESS = 0x87
const TAG_BOOLEAN = 0x01

export interface CertificateName {
  readonly commonName: string | null
  readonly organization: string | null
}

export interface CertificateValue {
  readonly subject: CertificateName
  readonly issuer: CertificateName
  /** Issuer and subject are the same bytes. */
  readonly selfIssued: boolean
  /** Hex digits. */
  readonly serial: string
  /** `2022-04-21T10:08:46Z`; null when it is no time of RFC 5280 section 4.1.2.5. */
  readonly notBefore: string | null
  readonly notAfter: string | null
  readonly alternativeNames: readonly string[]
}

/** The certificate at [off, end); null when its fixed part is not as the standard has it. */
export function decodeCertificate(buf: Uint8Array, off: number, end: number): CertificateValue | null {
  const outer = new BerItem()
  const body = new BerItem()
  if (!expectBer(buf, off, end, BerTag.sequence, outer) || !expectBer(buf, outer.off, outer.end, BerTag.sequence, body)) return null
  const item = new BerItem()
  let at = body.off
  if (expectBer(buf, at, body.end, TAG_VERSION, item)) at = item.end
  const [serial, signature, issuer, validity, subject] = [new BerItem(), item, new BerItem(), new BerItem(), new BerItem()]
  if (!expectBer(buf, at, body.end, BerTag.integer, serial) || !expectBer(buf, serial.end, body.end, BerTag.sequence, signature)) return null
  if (!expectBer(buf, signature.end, body.end, BerTag.sequence, issuer) || !expectBer(buf, issuer.end, body.end, BerTag.sequence, validity)) return null
  if (!expectBer(buf, validity.end, body.end, BerTag.sequence, subject)) return null
  const [notBefore, notAfter] = readValidity(buf, validity)
  return {
    subject: readName(buf, subject), issuer: readName(buf, issuer), selfIssued: isSame(buf, subject, issuer),
    serial: hexText(buf, serial.off, serial.end, SERIAL_BYTES_MAX),
    notBefore, notAfter, alternativeNames: readAlternativeNames(buf, subject.end, body.end),
  }
}

function isSame(buf: Uint8Array, a: BerItem, b: BerItem): boolean {
  if (a.end - a.off !== b.end - b.off) return false
  for (let i = 0; i < a.end - a.off; i++) if (buf[a.off + i] !== buf[b.off + i]) return false
  return true
}

/** Name ::= SEQUENCE OF SET OF SEQUENCE { type, value }; of two equal types the last and most specific counts. */
function readName(buf: Uint8Array, name: BerItem): CertificateName {
  let commonName: string | null = null
  let organization: string | null = null
  const [set, pair, type, value] = [new BerItem(), new BerItem(), new BerItem(), new BerItem()]
  for (let at = name.off, parts = 0; at < name.end && parts < NAME_PARTS_MAX; at = set.end, parts++) {
    if (!expectBer(buf, at, name.end, BerTag.set, set) || !expectBer(buf, set.off, set.end, BerTag.sequence, pair)) break
    if (!expectBer(buf, pair.off, pair.end, BerTag.objectId, type) || !readBer(buf, type.end, pair.end, value)) break
    if (berEquals(buf, type, OID_COMMON_NAME)) commonName = textOf(buf, value)
    else if (berEquals(buf, type, OID_ORGANIZATION)) organization = textOf(buf, value)
  }
  return { commonName, organization }
}

/** Printable ASCII; a BMPString gives its lower bytes where the upper are zero. Empty is null. */
function textOf(buf: Uint8Array, { tag, off, end }: BerItem): string | null {
  if (tag !== BerTag.bmp) return asciiText(buf, off, end, NAME_CHARS_MAX) || null
  let text = ''
  for (let i = off; i + 1 < end && text.length < NAME_CHARS_MAX; i += 2) text += u8(buf, i) === 0 ? asciiText(buf, i + 1, i + 2) : '?'
  return text || null
}

function readValidity(buf: Uint8Array, validity: BerItem): readonly [string | null, string | null] {
  const [from, to] = [new BerItem(), new BerItem()]
  if (!readBer(buf, validity.off, validity.end, from) || !readBer(buf, from.end, validity.end, to)) return [null, null]
  return [timeText(buf, from), timeText(buf, to)]
}

/** UTCTime with years 1950 to 2049, or GeneralizedTime; both in Greenwich time and with seconds (RFC 5280 sections 4.1.2.5.1 and 2). */
function timeText(buf: Uint8Array, { tag, off, end }: BerItem): string | null {
  const digits = tag === BerTag.utcTime ? 12 : tag === BerTag.generalizedTime ? 14 : 0
  if (digits === 0 || end - off !== digits + 1 || u8(buf, end - 1) !== 0x5a) return null
  for (let i = off; i < end - 1; i++) if (u8(buf, i) < 0x30 || u8(buf, i) > 0x39) return null
  const text = asciiText(buf, off, end - 1)
  const full = digits === 14 ? text : (text < '5' ? '20' : '19') + text
  return `${full.slice(0, 4)}-${full.slice(4, 6)}-${full.slice(6, 8)}T${full.slice(8, 10)}:${full.slice(10, 12)}:${full.slice(12, 14)}Z`
}

/** What follows the subject: key, unique ids, and at last the extensions. */
function readAlternativeNames(buf: Uint8Array, off: number, end: number): readonly string[] {
  const [item, list, extension, type, value] = [new BerItem(), new BerItem(), new BerItem(), new BerItem(), new BerItem()]
  let at = off
  while (readBer(buf, at, end, item) && item.tag !== TAG_EXTENSIONS) at = item.end
  if (item.tag !== TAG_EXTENSIONS || !expectBer(buf, item.off, item.end, BerTag.sequence, list)) return []
  at = list.off
  for (let n = 0; n < EXTENSIONS_MAX && expectBer(buf, at, list.end, BerTag.sequence, extension); n++) {
    at = extension.end
    if (!expectBer(buf, extension.off, extension.end, BerTag.objectId, type) || !berEquals(buf, type, OID_ALTERNATIVE_NAME)) continue
    if (!readBer(buf, type.end, extension.end, value)) return []
    if (value.tag === TAG_BOOLEAN && !readBer(buf, value.end, extension.end, value)) return []
    return value.tag === BerTag.octetString ? generalNames(buf, value) : []
  }
  return []
}

/** DNS names and addresses only: an e-mail address is a person's. */
function generalNames(buf: Uint8Array, value: BerItem): readonly string[] {
  const [list, name] = [new BerItem(), new BerItem()]
  const names: string[] = []
  if (!expectBer(buf, value.off, value.end, BerTag.sequence, list)) return names
  for (let at = list.off; names.length < ALTERNATIVE_NAMES_MAX && readBer(buf, at, list.end, name); at = name.end) {
    const length = name.end - name.off
    if (name.tag === TAG_DNS_NAME && length > 0) names.push(asciiText(buf, name.off, name.end, DNS_NAME_CHARS_MAX).toLowerCase())
    else if (name.tag === TAG_IP_ADDRESS && length === 4) names.push(ipFromV4(u32be(buf, name.off)))
    else if (name.tag === TAG_IP_ADDRESS && length === 16) {
      names.push(ipFromWords(u32be(buf, name.off), u32be(buf, name.off + 4), u32be(buf, name.off + 8), u32be(buf, name.off + 12)))
    }
  }
  return names
}

/** What tests and the twin make a certificate of; it is signed by nobody. */
export interface CertificateParts {
  readonly subject: CertificateName
  readonly issuer: CertificateName
  readonly serial: number
  /** As UTCTime, `220421100846Z`. */
  readonly notBefore: string
  readonly notAfter: string
  readonly dnsNames: readonly string[]
}

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

export function encodeCertificate(parts: CertificateParts): Uint8Array {
  const algorithm = encodeBer(BerTag.sequence, encodeBerObjectId('1.2.840.113549.1.1.11'), [BerTag.null, 0])
  const names = encodeBer(BerTag.sequence, ...parts.dnsNames.map((name) => encodeBer(TAG_DNS_NAME, latin(name))))
  const extension = encodeBer(BerTag.sequence, encodeBer(BerTag.objectId, OID_ALTERNATIVE_NAME), encodeBer(BerTag.octetString, names))
  const body = encodeBer(
    BerTag.sequence, encodeBer(TAG_VERSION, encodeBerInteger(2)), encodeBerInteger(parts.serial), algorithm, encodeName(parts.issuer),
    encodeBer(BerTag.sequence, encodeBer(BerTag.utcTime, latin(parts.notBefore)), encodeBer(BerTag.utcTime, latin(parts.notAfter))),
    encodeName(parts.subject), encodeBer(BerTag.sequence, algorithm, encodeBer(BerTag.bitString, [0, 0])),
    encodeBer(TAG_EXTENSIONS, encodeBer(BerTag.sequence, extension)),
  )
  return encodeBer(BerTag.sequence, body, algorithm, encodeBer(BerTag.bitString, [0, 0]))
}

function encodeName({ organization, commonName }: CertificateName): Uint8Array {
  const part = (oid: readonly number[], text: string | null): Uint8Array[] =>
    text === null ? [] : [encodeBer(BerTag.set, encodeBer(BerTag.sequence, encodeBer(BerTag.objectId, oid), encodeBer(BerTag.utf8, latin(text))))]
  return encodeBer(BerTag.sequence, ...part(OID_ORGANIZATION, organization), ...part(OID_COMMON_NAME, commonName))
}
