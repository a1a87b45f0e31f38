// Both stores against one conformance suite; the embedded one also against kill -9, a second owner and folders that are none.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { memoryStore } from '../testing/memory-store.ts'
import { storeConformance } from '../testing/store-conformance.ts'
import { EVENTS_FILE, openEmbeddedStore, storeSizeBytes } from './embedded.ts'
import type { Store } from './store.ts'

function folder(t?: TestContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-store-'))
  if (t) t.after(() => fs.rmSync(made, { recursive: true, force: true }))
  else process.on('exit', () => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

async function open(where: string): Promise<Store> {
  const opened = await openEmbeddedStore(where)
  assert.ok(opened.ok, opened.ok ? '' : opened.error.message)
  return opened.value
}

storeConformance('memory', async () => memoryStore())
storeConformance('embedded', async () => open(folder()))

test('what was appended is there after closing and opening again', async (t) => {
  const where = folder(t)
  const first = await open(where)
  await first.append([
    { kind: 'flow', analysis: 'a', key: '1', at: 1, body: { src: '10.0.0.1', bytes: 3 } }, { kind: 'asset', analysis: 'a', key: 'x', at: 1, body: 1 },
  ])
  await first.close()
  const second = await open(where)
  assert.equal((await second.read('flow')).length, 1)
  assert.equal((await second.read('asset')).length, 1)
  await second.close()
  assert.ok(storeSizeBytes(where) > 0)
})

test('a second opening is told who owns the folder, and the owner goes on', async (t) => {
  const where = folder(t)
  const owner = await open(where)
  const second = await openEmbeddedStore(where)
  assert.equal(second.ok, false)
  if (!second.ok) {
    assert.equal(second.error.code, 'in-use')
    assert.match(second.error.message, new RegExp(`process ${process.pid}`))
  }
  await owner.append([{ kind: 'asset', analysis: 'a', key: 'x', at: 1, body: 1 }])
  await owner.close()
  const after = await open(where)
  assert.equal((await after.read('asset')).length, 1)
  await after.close()
})

test('a mark left by a process that is gone does not lock anyone out', async (t) => {
  const where = folder(t)
  const gone = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => gone.on('exit', resolve))
  fs.writeFileSync(path.join(where, 'owner.pid'), `${gone.pid}\n`)
  const store = await open(where)
  await store.close()
  assert.equal(fs.existsSync(path.join(where, 'owner.pid')), false)
})

const linux = process.platform === 'linux' ? false : 'only Linux has /proc'

test('a living process that has the number of an owner long gone, or of another start of the machine, locks nobody out', { skip: linux }, async (t) => {
  const where = folder(t)
  const mark = path.join(where, 'owner.pid')
  const holder = await open(where)
  const [, ticks, boot] = fs.readFileSync(mark, 'utf8').trim().split(' ')
  await holder.close()
  assert.ok(ticks && boot)
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  t.after(() => other.kill('SIGKILL'))
  for (const words of [`${other.pid} 1 ${boot}`, `${other.pid} ${ticks} 00000000-0000-0000-0000-000000000000`]) {
    fs.writeFileSync(mark, `${words}\n`)
    const store = await openEmbeddedStore(where)
    assert.ok(store.ok, words)
    await store.value.close()
  }
  // A mark that says nothing but the number is believed, as those of before.
  fs.writeFileSync(mark, `${other.pid}\n`)
  const refused = await openEmbeddedStore(where)
  assert.ok(!refused.ok && refused.error.code === 'in-use')
})

test('an owner whose mark was taken away keeps the folder: the lock on its file of events is the kernel\'s', async (t) => {
  const where = folder(t)
  await (await open(where)).close()
  const owner = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', WRITER, where, '0'])
  t.after(() => owner.kill('SIGKILL'))
  await new Promise((resolve) => owner.stdout.once('data', resolve))
  fs.rmSync(path.join(where, 'owner.pid'))
  const second = await openEmbeddedStore(where)
  assert.ok(!second.ok && second.error.code === 'in-use', second.ok ? 'opened' : second.error.message)
  assert.equal(owner.exitCode, null)
})

test('a file in place of the folder, and a damaged database, are refused with what to do', async (t) => {
  const where = folder(t)
  const file = path.join(where, 'file')
  fs.writeFileSync(file, 'x')
  const notAFolder = await openEmbeddedStore(file)
  assert.ok(!notAFolder.ok && notAFolder.error.code === 'not-a-folder' && notAFolder.error.help !== '')
  const damaged = path.join(where, 'damaged')
  fs.mkdirSync(damaged)
  fs.writeFileSync(path.join(damaged, EVENTS_FILE), 'this is no database'.repeat(1000))
  const unreadable = await openEmbeddedStore(damaged)
  assert.ok(!unreadable.ok && unreadable.error.code === 'unreadable')
  assert.match(fs.readFileSync(path.join(damaged, EVENTS_FILE), 'utf8'), /^this is no database/, 'the damaged file is left as it was')
  assert.equal(fs.existsSync(path.join(damaged, 'owner.pid')), false)
})

const WRITER = `
  import { openEmbeddedStore } from ${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)}
  const opened = await openEmbeddedStore(process.argv[1])
  for (let i = Number(process.argv[2]); ; i++) {
    const events = Array.from({ length: 50 }, (_, n) => ({ kind: 'flow', analysis: 'a', key: i + '.' + n, at: i, body: { src: '10.0.0.1', bytes: n } }))
    await opened.value.append([...events, { kind: 'asset', analysis: 'a', key: String(i), at: i, body: i }])
    process.stdout.write(i + '\\n')
  }
`

test('kill -9 in the middle of writing loses nothing acknowledged', async (t) => {
  const where = folder(t)
  const acknowledged: number[] = []
  for (let round = 0; round < 3; round++) {
    const from = (acknowledged.at(-1) ?? -1) + 1
    acknowledged.push(...(await writeUntilKilled(where, from, 20 + round * 7)))
    const store = await open(where)
    const flows = new Set((await store.read('flow')).map((r) => r.key))
    const assets = new Set((await store.read('asset')).map((r) => r.key))
    for (const i of acknowledged) {
      assert.ok(assets.has(String(i)), `asset ${i} was acknowledged`)
      for (let n = 0; n < 50; n++) assert.ok(flows.has(`${i}.${n}`), `flow ${i}.${n} was acknowledged`)
    }
    await store.close()
  }
  assert.ok(acknowledged.length >= 60)
})

/** Starts a writer, kills it after `acks` acknowledgements, and returns every number it had acknowledged. */
function writeUntilKilled(where: string, from: number, acks: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', WRITER, where, String(from)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.split('\n').length > acks) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`writer ended by itself: ${code}`))
      else resolve(text.split('\n').slice(0, -1).filter((l) => l !== '').map(Number))
    })
  })
}
