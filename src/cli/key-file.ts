// key-file: a private key from a file that only its owner can read, and the public half as the gateway's file has it.
// Keeps the rule that no secret is a flag's value, and that a key others can read is no longer one person's.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import fs from 'node:fs'
import { quote } from '../base/tree-reader.ts'
import { err, ok, type Result } from '../base/result.ts'

/** An Ed25519 key in PEM has 119 bytes; RSA keys, which are refused later by name, a few thousand. */
const KEY_BYTES_MAX = 16 * 1024
const OTHERS = 0o077
const NAME_YOURS = 'Name the PEM file of your own private key.'
const PASSPHRASE = 'Keep it on a medium of your own without one, and sign from there.'

export interface KeyFault {
  readonly message: string
  readonly help: string
}

function readKeyFile(file: string): Result<{ readonly text: string; readonly mode: number }, KeyFault> {
  let fd: number
  try {
    // Non-blocking: a FIFO must not hang the command.
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  } catch (cause) {
    return err({ message: `the key file ${quote(file)} cannot be read (${(cause as NodeJS.ErrnoException).code})`, help: NAME_YOURS })
  }
  try {
    const stat = fs.fstatSync(fd)
    if (!stat.isFile() || stat.size > KEY_BYTES_MAX) return err({ message: `${quote(file)} is no key file`, help: NAME_YOURS })
    return ok({ text: fs.readFileSync(fd, 'utf8'), mode: stat.mode & 0o777 })
  } finally {
    fs.closeSync(fd)
  }
}

/** PEM text of a private key. */
export function readPrivateKey(file: string): Result<string, KeyFault> {
  const read = readKeyFile(file)
  if (!read.ok) return read
  const { text, mode } = read.value
  if ((mode & OTHERS) !== 0) return err(openToOthers(file, mode))
  if (text.includes('ENCRYPTED')) {
    return err({ message: `the key in ${quote(file)} has a passphrase, which cannot be asked for here`, help: PASSPHRASE })
  }
  return ok(text)
}

function openToOthers(file: string, mode: number): KeyFault {
  return {
    message: `others can read the key file ${quote(file)} (mode ${mode.toString(8).padStart(3, '0')}): whoever did can sign as you`,
    help: 'Make a new key and give its number to whoever keeps the gateway\'s file; then "chmod 600" the new one.',
  }
}

/** The 64 hex digits of an Ed25519 key; the file may hold the private or the public half. */
export function publicKeyOf(file: string): Result<string, KeyFault> {
  const read = readKeyFile(file)
  if (!read.ok) return read
  const { text, mode } = read.value
  const isPrivate = text.includes('PRIVATE KEY')
  if (isPrivate && (mode & OTHERS) !== 0) return err(openToOthers(file, mode))
  const help = 'Make one with: openssl genpkey -algorithm ed25519 -out my.key'
  try {
    const key: KeyObject = createPublicKey(isPrivate ? createPrivateKey(text) : text)
    const kind = key.asymmetricKeyType ?? 'unknown'
    if (kind !== 'ed25519') return err({ message: `${quote(file)} holds a key of the kind ${kind}, not ed25519`, help })
    return ok(Buffer.from(key.export({ format: 'der', type: 'spki' })).subarray(-32).toString('hex'))
  } catch {
    return err({ message: `${quote(file)} holds no key that can be read`, help })
  }
}
