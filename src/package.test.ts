// The published form: JavaScript by tsc inside somebody's node_modules, where Node strips no types. Launcher, profiles and table found.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { cordon, scratch } from './testing/command.ts'

const ROOT = path.join(import.meta.dirname, '..')
const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string; files: string[]; bin: Record<string, string> }

test('as an installed package it checks a capture and reads a policy, through the npm bin link', async (t) => {
  const app = scratch(t)
  const home = path.join(app, 'node_modules', 'cordon')
  for (const name of [...manifest.files, 'package.json']) {
    const from = path.join(ROOT, name)
    if (name !== 'dist/' && fs.existsSync(from)) fs.cpSync(from, path.join(home, name), { recursive: true })
  }
  const built = spawnSync('tsc', ['-p', path.join(ROOT, 'tsconfig.build.json'), '--outDir', path.join(home, 'dist')], {
    encoding: 'utf8', env: { ...process.env, PATH: `${path.join(ROOT, 'node_modules', '.bin')}:${process.env['PATH']}` },
  })
  assert.equal(built.status, 0, built.stdout + built.stderr)
  fs.copyFileSync(path.join(ROOT, 'src', 'inventory', 'oui.table.br'), path.join(home, 'dist', 'inventory', 'oui.table.br'))
  for (const name of fs.readdirSync(path.join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) fs.symlinkSync(path.join(ROOT, 'node_modules', name), path.join(app, 'node_modules', name))
  }
  fs.mkdirSync(path.join(app, 'node_modules', '.bin'))
  const command = path.join(app, 'node_modules', '.bin', 'cordon')
  fs.symlinkSync(path.join('..', 'cordon', manifest.bin['cordon'] ?? ''), command)
  const run = (args: readonly string[]) => cordon(args, { command, cwd: app })
  assert.equal((await run(['--version'])).out.trim(), manifest.version)
  assert.equal((await run(['twin', '--out', 'ward.pcap', '--beds', '4', '--scenario', 'leak', '--seconds', '30'])).code, 0)
  const checked = await run(['check', 'ward.pcap'])
  assert.equal(checked.code, 1, checked.err)
  assert.match(checked.out, /sends its data out of the hospital/)
  assert.equal((await run(['policy', 'check'])).code, 0)
})
