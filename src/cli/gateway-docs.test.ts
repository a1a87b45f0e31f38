// Tests of docs/gateway-updates.md and docs/mds2.md: every command line is one, every limit is the code's, every test that is named exists.
// Keeps the pages from drifting: a flag that is renamed, or a bound that is moved, fails here.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Command } from 'commander'
import { HTTPS_LIMITS } from '../gateway/https-fetcher.ts'
import { CLIENT_LIMITS } from '../gateway/release.ts'
import { CORDON } from '../testing/command.ts'
import { officeIo } from '../testing/update-office.ts'
import { addPermitCommands } from './gateway-permit-commands.ts'
import { addReleaseCommands } from './gateway-release-commands.ts'

const ROOT = path.dirname(CORDON)
const page = fs.readFileSync(path.join(ROOT, 'docs', 'gateway-updates.md'), 'utf8')
const mds2 = fs.readFileSync(path.join(ROOT, 'docs', 'mds2.md'), 'utf8')

/** `cordon gateway` with the update commands that do nothing. */
function tree(): Command {
  const gateway = new Command('gateway')
  addReleaseCommands(gateway, officeIo(), () => {})
  addPermitCommands(gateway, officeIo(), () => {})
  return gateway
}

const child = (command: Command | undefined, name: string | undefined): Command | undefined => command?.commands.find((c) => c.name() === name)

test('every command line of the page is a command, with flags that it has and all that it needs', () => {
  const lines = page.replaceAll(/ \\\n\s+/g, ' ').split('\n').flatMap((line) => /^ {4}cordon gateway (.*?)(?: {2,}#.*| # .*)?$/.exec(line)?.[1] ?? [])
  ok(lines.length >= 9)
  for (const line of lines) {
    const [noun, verb, ...rest] = line.split(/\s+/)
    const command = child(child(tree(), noun), verb)
    ok(command, line)
    const flags = rest.filter((word) => word.startsWith('--'))
    for (const flag of flags) ok(command.options.some((o) => o.long === flag), `${flag} of: ${line}`)
    const needed = command.options.filter((o) => o.mandatory && o.defaultValue === undefined)
    for (const { long } of needed) ok(flags.includes(long ?? ''), `${long} in: ${line}`)
  }
})

test('every verb stands on the page', () => {
  const names = tree().commands.flatMap((noun) => noun.commands.map((verb) => `cordon gateway ${noun.name()} ${verb.name()}`))
  for (const name of names) ok(page.includes(name), name)
  deepEqual(tree().commands.map((c) => [c.name(), c.commands.map((v) => v.name())]), [
    ['release', ['pin', 'import', 'list', 'verify']], ['permit', ['request', 'approve', 'revoke', 'list', 'show', 'key']],
  ])
})

test('no flag takes a secret: keys come from files', () => {
  const flags = tree().commands.flatMap((noun) => noun.commands.flatMap((verb) => verb.options.map((o) => o.flags)))
  for (const flag of flags.filter((f) => /key|secret|pass|token/.test(f))) match(flag, /<file>$/)
})

test('the limits of https are those of the code', () => {
  const n = (value: number): string => value.toLocaleString('en-US')
  const { rootMaxLength, timestampMaxLength, snapshotMaxLength, targetsMaxLength } = CLIENT_LIMITS
  const [root, timestamp, snapshot, targets] = [rootMaxLength, timestampMaxLength, snapshotMaxLength, targetsMaxLength].map(n)
  ok(page.includes(`a root ${root}, a timestamp ${timestamp}, a snapshot ${snapshot}, targets ${targets} bytes`))
  ok(page.includes(`| all files | ${HTTPS_LIMITS.bytesMax / 2 ** 30} GiB, ${n(HTTPS_LIMITS.filesMax)} files |`))
  ok(page.includes(`| silence | ${HTTPS_LIMITS.idleMs / 1000} s |`))
  ok(page.includes(`| one file's time | ${HTTPS_LIMITS.fileMs / 1000} s, and 1 s more for each ${HTTPS_LIMITS.bytesPerSecondMin / 1024} KiB it may hold |`))
  ok(page.includes(`| the whole import | ${HTTPS_LIMITS.totalMs / 60_000} min |`))
})

test('every test file that is named exists', () => {
  const names = new Set([...page.matchAll(/`(?:src\/[\w/]+\/)?([\w-]+\.test\.ts)`/g)].map((m) => m[1] ?? ''))
  const all = new Set(fs.readdirSync(path.join(ROOT, 'src'), { recursive: true }).map((file) => path.basename(String(file))))
  ok(names.size >= 10)
  deepEqual([...names].filter((name) => !all.has(name)), [])
})

test('the MDS2 page says first that no answer of the monitor changes, and marks what nobody verified', () => {
  match(mds2, /No answer of the monitor itself changes/)
  ok(mds2.indexOf('No answer of the monitor itself changes') < mds2.indexOf('## What changes'))
  match(mds2, /not checked against the standard's own text/)
  ok((mds2.match(/\(\?/g) ?? []).length >= 5)
  equal(/the monitor (?:is|becomes) (?:safe|secure)/i.test(mds2), false)
})
