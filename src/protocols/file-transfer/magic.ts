// Magic: what kind of file begins like this. A table of first bytes; text when nothing else matches and no control byte is in it.
// Keeps the rule that only the word leaves, never the bytes.

/** First bytes of a file that are looked at: enough for every row and to tell text from binary (a binary passes once in 1600). */
export const PREFIX_BYTES = 64

interface MagicRow {
  readonly magic: string
  readonly bytes: readonly number[]
}

const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))

/**
 * Sources: ELF gABI chapter 4; RFC 1952; PKWARE APPNOTE 4.3.7 and 4.3.16; PE/COFF (MZ stub); Linux cramfs_fs.h and squashfs_fs.h;
 * U-Boot image.h (uImage); Linux ubi-media.h; the bzip2, xz and 7z format notes; MS-CAB; PNG, JFIF, GIF89a and ISO 32000-1 7.5.2.
 */
const MAGIC_ROWS: readonly MagicRow[] = [
  { magic: 'elf', bytes: [0x7f, ...ascii('ELF')] },
  { magic: 'script', bytes: ascii('#!') },
  { magic: 'gzip', bytes: [0x1f, 0x8b] },
  { magic: 'zip', bytes: [...ascii('PK'), 3, 4] },
  { magic: 'zip', bytes: [...ascii('PK'), 5, 6] },
  { magic: 'pe', bytes: ascii('MZ') },
  { magic: 'cramfs', bytes: [0x45, 0x3d, 0xcd, 0x28] },
  { magic: 'cramfs', bytes: [0x28, 0xcd, 0x3d, 0x45] },
  { magic: 'squashfs', bytes: ascii('hsqs') },
  { magic: 'squashfs', bytes: ascii('sqsh') },
  { magic: 'squashfs', bytes: ascii('shsq') },
  { magic: 'squashfs', bytes: ascii('qshs') },
  { magic: 'uimage', bytes: [0x27, 0x05, 0x19, 0x56] },
  { magic: 'ubi', bytes: ascii('UBI#') },
  { magic: 'bzip2', bytes: ascii('BZh') },
  { magic: 'xz', bytes: [0xfd, ...ascii('7zXZ'), 0] },
  { magic: '7z', bytes: [...ascii('7z'), 0xbc, 0xaf, 0x27, 0x1c] },
  { magic: 'cab', bytes: ascii('MSCF') },
  { magic: 'ar', bytes: ascii('!<arch>\n') },
  { magic: 'png', bytes: [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a] },
  { magic: 'jpeg', bytes: [0xff, 0xd8, 0xff] },
  { magic: 'gif', bytes: ascii('GIF8') },
  { magic: 'pdf', bytes: ascii('%PDF-') },
]

/** Kinds that a device would run, start from, or unpack to do so. */
const RUNNABLE: ReadonlySet<string> = new Set(['elf', 'script', 'pe', 'cramfs', 'squashfs', 'uimage', 'ubi'])
const PACKED: ReadonlySet<string> = new Set(['gzip', 'zip', 'bzip2', 'xz', '7z', 'cab', 'ar'])

/** A program, a script or an image that a device starts from. */
export function isRunnable(magic: string | null): boolean {
  return magic !== null && RUNNABLE.has(magic)
}

/** An archive: what updates come in. */
export function isPacked(magic: string | null): boolean {
  return magic !== null && PACKED.has(magic)
}

/** A word of the table, `text` or `unknown`, from the first `length` (1..PREFIX_BYTES) bytes of a file. */
export function magicOf(prefix: Uint8Array, length: number): string {
  const row = MAGIC_ROWS.find((r) => r.bytes.length <= length && r.bytes.every((b, i) => prefix[i] === b))
  return row?.magic ?? (isText(prefix, length) ? 'text' : 'unknown')
}

/** Tab, line ends, form feed and printable bytes; 0x80 and above pass (UTF-8, GBK) when there is any ASCII beside them. */
function isText(prefix: Uint8Array, length: number): boolean {
  let printable = 0
  for (let i = 0; i < length; i++) {
    const c = prefix[i] as number
    if ((c < 0x20 && c !== 9 && c !== 10 && c !== 12 && c !== 13) || c === 0x7f) return false
    if (c < 0x7f) printable++
  }
  return printable > 0
}
