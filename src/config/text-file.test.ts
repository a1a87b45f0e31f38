// Tests of reading a user's file: everything a path can be that is not a text file ends in one sentence.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FILE_BYTES_MAX, readTextFile, systemDiagnostic } from './text-file.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'cordon-text-'))
after(() => rmSync(FOLDER, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(FOLDER, name)
  writeFileSync(path, content)
  return path
}

/** Code and line of the one diagnostic, or the text. */
function read(path: string): string {
  const result = readTextFile(path, 'p.yaml')
  return result.ok ? `ok ${result.value}` : `${result.error.code}:${result.error.line}`
}

test('text comes back as it is, with Windows line ends, a byte order mark and any script', () => {
  assert.equal(read(file('a', 'version: 1\r\n')), 'ok version: 1\r\n')
  assert.equal(read(file('b', '\ufeffversion: 1\n')), 'ok version: 1\n')
  assert.equal(read(file('c', 'reason: Überwachung, 監視\n')), 'ok reason: Überwachung, 監視\n')
  assert.equal(read(file('d', '')), 'ok ')
})

test('what is no text file is said to be what it is', () => {
  symlinkSync('loop', join(FOLDER, 'loop'))
  mkdirSync(join(FOLDER, 'folder'))
  const rows: readonly (readonly [string, string])[] = [
    [join(FOLDER, 'nowhere'), 'file/missing:0'],
    [join(FOLDER, 'folder'), 'file/directory:0'],
    [join(file('e', 'x'), 'below'), 'file/unreadable:0'],
    [join(FOLDER, 'loop'), 'file/unreadable:0'],
    [join(FOLDER, 'x'.repeat(5000)), 'file/unreadable:0'],
    ['/dev/zero', 'file/not-a-file:0'],
    [file('f', Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0)), 'file/binary:0'],
    [file('g', Buffer.from('\ufeffversion: 1\n', 'utf16le')), 'file/not-utf8:0'],
    [file('h', Buffer.from('version: 1\nname: Überwachung\n', 'latin1')), 'file/not-utf8:2'],
    [file('i', Uint8Array.of(0x61, 0xc3)), 'file/not-utf8:1'],
    [file('j', 'version: 1\nname: a\u0007b\n'), 'file/control-character:2'],
    [file('k', 'version: 1\n\u001b[31m'), 'file/control-character:2'],
  ]
  for (const [path, expected] of rows) assert.equal(read(path), expected, path.slice(0, 80))
})

test('a message names the label, not the path behind it', () => {
  const result = readTextFile(join(FOLDER, 'nowhere'), 'policies/default.yaml')
  assert.equal(result.ok, false)
  assert.equal(!result.ok && result.error.message, 'cannot read policies/default.yaml: there is no such file')
  assert.equal(!result.ok && result.error.file, 'policies/default.yaml')
})

test('the largest file is read, one byte more is not', () => {
  assert.equal(read(file('full', 'x'.repeat(FILE_BYTES_MAX))), `ok ${'x'.repeat(FILE_BYTES_MAX)}`)
  assert.equal(read(file('over', 'x'.repeat(FILE_BYTES_MAX + 1))), 'file/too-large:0')
})

test('a file without permission is refused, by name', (t) => {
  if (process.getuid?.() === 0) {
    t.skip('root may read every file')
    return
  }
  const path = file('secret', 'x')
  execFileSync('chmod', ['000', path])
  assert.equal(read(path), 'file/unreadable:0')
})

test('a pipe is read to its end, like the output of another command', () => {
  const path = join(FOLDER, 'pipe')
  execFileSync('mkfifo', [path])
  const script = `import { readTextFile } from ${JSON.stringify(new URL('./text-file.ts', import.meta.url).href)}
    process.stdout.write(JSON.stringify(readTextFile(${JSON.stringify(path)})))`
  const writer = `(printf 'version: 1\\n'; sleep 0.1; printf 'zones: []\\n') > '${path}' &`
  const out = execFileSync('sh', ['-c', `${writer} '${process.execPath}' --input-type=module -e "$SCRIPT"`],
    { env: { ...process.env, SCRIPT: script }, encoding: 'utf8' })
  assert.deepEqual(JSON.parse(out), { ok: true, value: 'version: 1\nzones: []\n' })
})

test('an error that is not of the system is ours, and goes on', () => {
  assert.throws(() => systemDiagnostic(new TypeError('bug'), 'x'), TypeError)
  const odd = Object.assign(new Error('odd'), { code: 'EIO' })
  assert.equal(systemDiagnostic(odd, 'x').message, 'cannot read x: the system says EIO')
})
