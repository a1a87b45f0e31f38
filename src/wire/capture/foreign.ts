// What a file is when it is no capture we read: a table of first bytes, the name people use, and what to do about it.
// Keeps the rule that a refusal says what was found and how to go on.

import { hasText, u16be, u32le } from '../bytes.ts'
import type { CaptureProblem } from './capture.ts'

/** Longest signature below, and enough text to tell text from bytes. */
export const SIGNATURE_BYTES = 64

interface ForeignKind {
  readonly name: string
  /** First bytes: text (Latin-1) so that the table reads like the formats' own documents. */
  readonly starts: readonly string[]
  /** True when the file holds packets in a format other tools convert. */
  readonly packets: boolean
  readonly help: string
}

const CONVERT = 'Convert it first: editcap -F pcap INPUT OUTPUT.pcap.'
const UNPACK_AGAIN = 'It was compressed more than once: unpack it until a capture comes out.'
const UNPACK = 'Unpack it first and give the capture inside.'
const PULL = 'The real file was not downloaded: run git lfs pull.'
const DOWNLOAD_AGAIN = 'A web page was saved in place of the capture: download it again.'
const NO_CAPTURE = 'Give a pcap or pcapng file, plain or compressed with gzip or zstd.'

/** Signatures from each format's own description, as listed in Wireshark's wiretap and in file(1). */
const KINDS: readonly ForeignKind[] = [
  { name: 'snoop', starts: ['snoop\0\0\0'], packets: true, help: CONVERT },
  { name: 'NetMon', starts: ['GMBU', 'RTSS'], packets: true, help: CONVERT },
  { name: 'Sniffer', starts: ['TRSNIFF data', 'XCP\0'], packets: true, help: CONVERT },
  { name: 'Observer', starts: ['ObserverPktBuffe'], packets: true, help: CONVERT },
  { name: 'iptrace', starts: ['iptrace 1.0', 'iptrace 2.0'], packets: true, help: CONVERT },
  { name: 'btsnoop', starts: ['btsnoop\0'], packets: true, help: CONVERT },
  { name: 'nettl', starts: ['TR\0d\0', '\0\0\0\x01\0\0\0\0\0\x07\xd0\0'], packets: true, help: CONVERT },
  { name: 'NetXRay', starts: ['VL\0\0'], packets: true, help: CONVERT },
  { name: 'EtherPeek', starts: ['\x7fver'], packets: true, help: CONVERT },
  { name: '5Views', starts: ['\xaa\xaa\xaa\xaa'], packets: true, help: CONVERT },
  { name: 'Visual Networks', starts: ['\x05VNF'], packets: true, help: CONVERT },
  { name: 'RADCOM', starts: ['\x42\xd2\x00\x34\x12\x66\x22\x88'], packets: true, help: CONVERT },
  { name: 'EyeSDN', starts: ['EyeSDN'], packets: true, help: CONVERT },
  { name: 'K12', starts: ['\x00\x00\x02\x00\x12\x05\x00\x10'], packets: true, help: CONVERT },
  { name: 'Catapult DCT2000', starts: ['Session Transcript'], packets: true, help: CONVERT },
  { name: 'BLF', starts: ['LOGG'], packets: true, help: CONVERT },
  { name: 'systemd journal', starts: ['LPKSHHRH'], packets: false, help: NO_CAPTURE },
  { name: 'zip', starts: ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'], packets: false, help: UNPACK },
  { name: 'gzip', starts: ['\x1f\x8b'], packets: false, help: UNPACK_AGAIN },
  { name: 'zstd', starts: ['\x28\xb5\x2f\xfd'], packets: false, help: UNPACK_AGAIN },
  { name: 'xz', starts: ['\xfd7zXZ\0'], packets: false, help: UNPACK },
  { name: 'bzip2', starts: ['BZh'], packets: false, help: UNPACK },
  { name: 'lz4', starts: ['\x04\x22\x4d\x18'], packets: false, help: UNPACK },
  { name: '7z', starts: ['7z\xbc\xaf\x27\x1c'], packets: false, help: UNPACK },
  { name: 'rar', starts: ['Rar!\x1a\x07'], packets: false, help: UNPACK },
  { name: 'Unix compress', starts: ['\x1f\x9d'], packets: false, help: UNPACK },
  { name: 'PNG', starts: ['\x89PNG\r\n'], packets: false, help: NO_CAPTURE },
  { name: 'JPEG', starts: ['\xff\xd8\xff'], packets: false, help: NO_CAPTURE },
  { name: 'PDF', starts: ['%PDF-'], packets: false, help: NO_CAPTURE },
  { name: 'ELF', starts: ['\x7fELF'], packets: false, help: NO_CAPTURE },
  { name: 'SQLite', starts: ['SQLite format 3\0'], packets: false, help: NO_CAPTURE },
  { name: 'Git LFS pointer', starts: ['version https://git-lfs'], packets: false, help: PULL },
  { name: 'HTML', starts: ['<!DOCTYPE', '<!doctype', '<html', '<HTML'], packets: false, help: DOWNLOAD_AGAIN },
]

const ERF: ForeignKind = { name: 'ERF', starts: [], packets: true, help: CONVERT }
const TEXT: ForeignKind = { name: 'text', starts: [], packets: false, help: `${NO_CAPTURE} A hex dump becomes one with text2pcap.` }

/** Packet formats that are refused by name. */
export function refusedFormats(): string[] {
  return [...KINDS, ERF].filter((kind) => kind.packets).map((kind) => kind.name)
}

/** Names what the first bytes [0, length) look like, as the one problem of a file that is no capture. */
export function foreignProblem(head: Uint8Array, length: number): CaptureProblem {
  if (length === 0) return { code: 'not-a-capture', message: `The input is empty. ${NO_CAPTURE}`, offset: 0 }
  const kind = foreignKind(head, length)
  const code = kind?.packets === true ? 'unsupported-format' : 'not-a-capture'
  const found = kind ? `This looks like ${kind.name}, not like pcap or pcapng.` : 'No pcap or pcapng capture begins with such bytes.'
  return { code, message: `${found} ${kind?.help ?? NO_CAPTURE}`, offset: 0 }
}

function foreignKind(head: Uint8Array, length: number): ForeignKind | null {
  const kind = KINDS.find((row) => row.starts.some((text) => text.length <= length && hasText(head, 0, text)))
  if (kind) return kind
  if (isErf(head, length)) return ERF
  return isText(head, length) ? TEXT : null
}

/** Fixed ERF record header: 8 bytes of time (seconds in the upper, little-endian half), type, flags, record length, loss, wire length. */
const ERF_HEADER_BYTES = 16
/** Seconds of 1995-01-01: Endace made no card before. */
const ERF_SECONDS_MIN = 788_918_400
/** Highest record type in the ERF type list; bit 7 announces extension headers. */
const ERF_TYPE_MAX = 48

/** ERF has no magic number: a plausible first record header is all there is to see. */
function isErf(head: Uint8Array, length: number): boolean {
  if (length < ERF_HEADER_BYTES) return false
  const type = (head[8] as number) & 0x7f
  const recordLength = u16be(head, 10)
  const wireLength = u16be(head, 14)
  return u32le(head, 4) >= ERF_SECONDS_MIN && type >= 1 && type <= ERF_TYPE_MAX && recordLength >= ERF_HEADER_BYTES && wireLength > 0
    && recordLength <= wireLength + ERF_HEADER_BYTES + SIGNATURE_BYTES && !isText(head, length)
}

/** Printable ASCII, tabs and line ends, or UTF-8 above them (a continuation byte never stands first); no other control bytes. */
function isText(head: Uint8Array, length: number): boolean {
  let before = 0
  for (let i = 0; i < length; i++) {
    const byte = head[i] as number
    const isControl = byte === 0x7f || (byte < 0x20 && (byte < 0x09 || byte > 0x0d))
    const isContinuation = byte >= 0x80 && byte < 0xc0
    if (isControl || (isContinuation && before < 0x80)) return false
    before = byte
  }
  return true
}
