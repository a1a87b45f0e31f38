// Magic: one line per kind of file, at the shortest length that tells, and what is neither.
// Keeps the rule that a word is given only for bytes that were seen.

import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { magicOf, PREFIX_BYTES } from './magic.ts'

function magic(bytes: readonly number[], fill = 0): string {
  const prefix = new Uint8Array(PREFIX_BYTES).fill(fill)
  prefix.set(bytes)
  return magicOf(prefix, fill === 0 && bytes.length > 0 ? bytes.length : PREFIX_BYTES)
}

const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))

test('first bytes', () => {
  equal(magic([0x7f, 0x45, 0x4c, 0x46]), 'elf')
  equal(magic(ascii('#!/bin/sh\n')), 'script')
  equal(magic([0x1f, 0x8b, 8, 0]), 'gzip')
  equal(magic([0x50, 0x4b, 3, 4]), 'zip')
  equal(magic([0x50, 0x4b, 5, 6]), 'zip')
  equal(magic(ascii('MZ')), 'pe')
  equal(magic([0x45, 0x3d, 0xcd, 0x28]), 'cramfs')
  equal(magic([0x28, 0xcd, 0x3d, 0x45]), 'cramfs')
  equal(magic(ascii('hsqs')), 'squashfs')
  equal(magic(ascii('sqsh')), 'squashfs')
  equal(magic([0x27, 0x05, 0x19, 0x56]), 'uimage')
  equal(magic(ascii('UBI#')), 'ubi')
  equal(magic(ascii('BZh9')), 'bzip2')
  equal(magic([0xfd, ...ascii('7zXZ'), 0]), 'xz')
  equal(magic([...ascii('7z'), 0xbc, 0xaf, 0x27, 0x1c]), '7z')
  equal(magic(ascii('MSCF')), 'cab')
  equal(magic(ascii('!<arch>\n')), 'ar')
  equal(magic([0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a]), 'png')
  equal(magic([0xff, 0xd8, 0xff, 0xe0]), 'jpeg')
  equal(magic(ascii('GIF89a')), 'gif')
  equal(magic(ascii('%PDF-1.7')), 'pdf')
})

test('one byte short of a magic is not that magic', () => {
  equal(magic([0x7f, 0x45, 0x4c]), 'unknown')
  equal(magic([0x1f]), 'unknown')
  equal(magic(ascii('#')), 'text')
  equal(magic(ascii('M')), 'text')
  equal(magic([0x45, 0x3d, 0xcd]), 'text')
})

test('text: line ends and high bytes pass, control bytes do not', () => {
  equal(magic(ascii('[net]\r\nip=202.114.4.119\t# \f')), 'text')
  equal(magic([...ascii('caf'), 0xc3, 0xa9]), 'text')
  equal(magic([0xb2, 0xa1, 0xc8, 0xcb]), 'unknown', 'high bytes alone')
  equal(magic([...ascii('abc'), 0]), 'unknown')
  equal(magic([...ascii('abc'), 0x1b]), 'unknown')
  equal(magic([...ascii('abc'), 0x7f]), 'unknown')
})

test('only the bytes seen are judged', () => {
  const prefix = new Uint8Array(PREFIX_BYTES).fill(0x41)
  prefix[10] = 0
  equal(magicOf(prefix, 10), 'text')
  equal(magicOf(prefix, 11), 'unknown')
  const elf = Uint8Array.from({ length: PREFIX_BYTES }, (_, i) => [0x7f, 0x45, 0x4c, 0x46][i] ?? 0)
  equal(magicOf(elf, 3), 'unknown')
  equal(magicOf(elf, 4), 'elf')
})
