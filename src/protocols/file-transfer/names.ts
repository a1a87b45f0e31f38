// File names as facts may hold them: the last part of a path, bounded; the extension alone where a name may be a person's.
// Keeps the patient-data rule: hospitals name reports and images after patients, and nobody names a firmware so.

import { asciiText } from '../../wire/bytes.ts'

/** Longest name kept: NAME_MAX of POSIX file systems and of NTFS. */
export const FILE_NAME_CHARS_MAX = 255
/** Longest extension that is shown: `.squashfs` is 8. */
const EXTENSION_CHARS_MAX = 10

/**
 * Files that hold one patient's record and are often named after them: images, waveforms, messages, reports and scans.
 * Inferred from what such systems export; not a list of any standard.
 */
const CLINICAL_EXTENSIONS: ReadonlySet<string> = new Set([
  'dcm', 'dicom', 'edf', 'bdf', 'hl7', 'scp', 'aecg', 'ecg', 'pdf', 'doc', 'docx', 'rtf', 'odt', 'jpg', 'jpeg', 'tif', 'tiff', 'bmp',
  'png', 'xps', 'avi', 'mp4',
])

/** The last part of a path, `/` and `\` both dividing; null when it ends in one or is empty. */
export function baseName(path: string): string | null {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  const name = path.slice(cut + 1, cut + 1 + FILE_NAME_CHARS_MAX)
  return name === '' ? null : name
}

/** Lower case, without the dot; '' without one, or when it is no extension. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  const extension = dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
  if (extension.length > EXTENSION_CHARS_MAX) return ''
  for (const c of extension) if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return ''
  return extension
}

/** `ward.bin` as it is; `DOE^JOHN.dcm` and `report-doe.pdf` as `*.dcm` and `*.pdf`: `^` divides a person's names (HL7, DICOM). */
export function shownName(name: string): string {
  const extension = extensionOf(name)
  const mayBePerson = name.includes('^') || name.toLowerCase().includes('%5e') || CLINICAL_EXTENSIONS.has(extension)
  if (!mayBePerson) return name
  return extension === '' ? '*' : `*.${extension}`
}

/** The name in a path of bytes, as a fact may hold it. */
export function shownNameAt(buf: Uint8Array, off: number, end: number): string | null {
  const name = baseName(asciiText(buf, off, end, end - off))
  return name === null ? null : shownName(name)
}
