// File names as facts may hold them: the last part of a path, bounded; whole when every word of it is software's, else the extension alone.
// Keeps the patient-data rule: people name files after patients, whatever their kind, and nobody can list all names of people.

import { asciiText } from '../../wire/bytes.ts'
import { SOFTWARE_EXTENSIONS, SOFTWARE_WORDS } from './software-words.ts'

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

/**
 * `update_v2.bin` as it is; `DOE.bin`, `DOE^JOHN.dcm` and `john.doe` as `*.bin`, `*.dcm` and `*`. What is told of the file besides, size and
 * SHA-256, finds it again.
 */
export function shownName(name: string): string {
  const extension = shownExtension(name)
  const stem = extension === '' ? name : name.slice(0, name.length - extension.length - 1)
  if (!CLINICAL_EXTENSIONS.has(extension) && hasSoftwareWordsOnly(stem)) return name
  return extension === '' ? '*' : `*.${extension}`
}

/** As extensionOf, of those that are one: another may be a surname. */
export function shownExtension(name: string): string {
  const extension = extensionOf(name)
  return SOFTWARE_EXTENSIONS.has(extension) || CLINICAL_EXTENSIONS.has(extension) ? extension : ''
}

/** Digits in a row: a number of a patient has more. */
const DIGITS_MAX = 4
/** Digits of the whole name that stand for themselves (not `CMS8000`): a telephone number, and a date of birth with its year, have more. */
const DIGITS_IN_ALL_MAX = 5
/** Three numbers and more digits than this are a day of birth, too: `12.5.50`. A version has fewer: `2.6.27`. */
const DIGITS_OF_THREE_MAX = 4
/** Words of one letter: `v`, `x`, `a`; more of them spell something. */
const LETTERS_ALONE_MAX = 3

/** Each run of letters is a word of software's, or several written together; nothing is encoded (`%4A`) or outside of ASCII. */
function hasSoftwareWordsOnly(stem: string): boolean {
  let alone = 0
  let digits = 0
  let numbers = 0
  let at = 0
  while (at < stem.length) {
    const end = runEnd(stem, at)
    const kind = kindOf(stem.charCodeAt(at))
    if (kind === 'other') return false
    if (kind === 'digit' && end - at > DIGITS_MAX) return false
    if (kind === 'digit' && (at === 0 || kindOf(stem.charCodeAt(at - 1)) !== 'letter')) {
      numbers += 1
      digits += end - at
    }
    if (kind === 'letter' && end - at === 1 && ++alone > LETTERS_ALONE_MAX) return false
    if (kind === 'letter' && end - at > 1 && !areWords(stem.slice(at, end).toLowerCase(), WORDS_TOGETHER_MAX)) return false
    at = end
  }
  return digits <= (numbers < 3 ? DIGITS_IN_ALL_MAX : DIGITS_OF_THREE_MAX)
}

type CharacterKind = 'letter' | 'digit' | 'mark' | 'other'

function kindOf(code: number): CharacterKind {
  if ((code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)) return 'letter'
  if (code >= 0x30 && code <= 0x39) return 'digit'
  // `^` divides a person's names (HL7, DICOM), `%` begins an encoded byte.
  return code < 0x20 || code > 0x7e || code === 0x5e || code === 0x25 ? 'other' : 'mark'
}

function runEnd(text: string, from: number): number {
  const kind = kindOf(text.charCodeAt(from))
  let end = from + 1
  while (end < text.length && kindOf(text.charCodeAt(end)) === kind) end++
  return end
}

/** `firmwareupdate`, `startupConfig`: up to so many words together, each long enough not to be part of a name by chance. */
const WORDS_TOGETHER_MAX = 3
const PART_CHARS_MIN = 4
/** The longest run that is looked at: three of the longest words. */
const RUN_CHARS_MAX = 40

function areWords(run: string, most: number): boolean {
  if (SOFTWARE_WORDS.has(run)) return true
  if (most <= 1 || run.length > RUN_CHARS_MAX) return false
  for (let cut = PART_CHARS_MIN; cut <= run.length - PART_CHARS_MIN; cut++) {
    if (SOFTWARE_WORDS.has(run.slice(0, cut)) && areWords(run.slice(cut), most - 1)) return true
  }
  return false
}

/** The name in a path of bytes, as a fact may hold it. */
export function shownNameAt(buf: Uint8Array, off: number, end: number): string | null {
  const name = baseName(asciiText(buf, off, end, end - off))
  return name === null ? null : shownName(name)
}
