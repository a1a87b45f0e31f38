// Small workbook: an XLSX file made of rows, as office programs write it, for tests of its readers.
// Keeps every byte of its own making: parts deflated, texts shared or inline, and an archive that tests can damage.

import { crc32, deflateRawSync } from 'node:zlib'

const LOCAL = 0x0403_4b50
const CENTRAL = 0x0201_4b50
const END = 0x0605_4b50
const DEFLATED = 8

/** A zip archive of named texts. */
export function smallZip(parts: ReadonlyMap<string, string>, method: 0 | 8 = DEFLATED): Uint8Array {
  const body: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, text] of parts) {
    const plain = Buffer.from(text, 'utf8')
    const packed = method === DEFLATED ? deflateRawSync(plain) : plain
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(method, 4)
    common.writeUInt32LE(crc32(plain), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(plain.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([word(LOCAL), common, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    directory.push(Buffer.concat([word(CENTRAL), Buffer.from([20, 0]), common, rest, Buffer.from(name)]))
    body.push(local)
    at += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(parts.size, 4)
  end.writeUInt16LE(parts.size, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...body, central, word(END), end])
}

function word(n: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(n)
  return bytes
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

function columnName(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : columnName(Math.floor(index / 26) - 1) + columnName(index % 26)
}

/** Odd rows hold shared strings, even ones inline strings: both are in use. Empty cells are left out, as programs do. */
export function smallWorkbook(sheets: readonly (readonly (readonly string[])[])[]): Uint8Array {
  const shared: string[] = []
  const cell = (text: string, row: number, column: number): string => {
    if (text === '') return ''
    const where = `r="${columnName(column)}${row + 1}"`
    if (row % 2 === 1) return `<c ${where} t="inlineStr"><is><t>${escape(text)}</t></is></c>`
    shared.push(text)
    return `<c ${where} t="s"><v>${shared.length - 1}</v></c>`
  }
  const parts = new Map(sheets.map((rows, i) => [
    `xl/worksheets/sheet${i + 1}.xml`,
    `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${
      rows.map((row, r) => `<row r="${r + 1}">${row.map((text, c) => cell(text, r, c)).join('')}</row>`).join('')}</sheetData></worksheet>`,
  ]))
  parts.set('xl/sharedStrings.xml', `<sst>${shared.map((text) => `<si><r><t>${escape(text)}</t></r><rPh><t>not read</t></rPh></si>`).join('')}</sst>`)
  parts.set('[Content_Types].xml', '<Types/>')
  return smallZip(parts)
}
