// Magic: what kind of file begins like this. A table of first bytes; text when nothing else matches and no control byte is in it.
// Keeps the rule that only the word leaves, never the bytes.

/** First bytes of a file that are looked at: enough for every row and to tell text from binary (a binary passes once in 1600). */
export const PREFIX_BYTES = 64

interface MagicRow {
  readonly magic: string
  readonly bytes: readonly number[]
}

const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))

/** Sources: ELF gABI chapter 4; RFC 1952; PKWARE APPNOTE 4.3.7 and 4.3.16; PE/COFF (MZ stub); Linux cramfs_fs.h and squashfs_fs.h. */
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
]

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
