// Who has which address: flags and the data folder together, each address once, and the same zones for compile, eval and replay.
// Keeps one meaning: a device of the inventory decides a verdict without being named by hand.

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { loadProfiles } from '../config/index.ts'
import { cordonHere as cordon, scratch } from '../testing/command.ts'
import { assetsOf, joinAssets, storedAssetFlags } from './assets-of.ts'
import type { Io } from './io.ts'

let said = ''
const io: Io = { out: () => {}, err: (text) => void (said += text), isTty: false, color: false, env: {}, signal: new AbortController().signal }

function profiles() {
  const loaded = loadProfiles()
  return loaded.ok ? loaded.value.profiles : assert.fail()
}

test('the folder\'s devices and the flags are joined; eval answers for a device that nobody named', async (t) => {
  const folder = scratch(t)
  const [file, data] = [path.join(folder, 'ward.pcap'), path.join(folder, 'data')]
  assert.equal((await cordon(['twin', '--out', file, '--beds', '3', '--scenario', 'leak', '--seconds', '30'])).code, 0)
  assert.equal((await cordon(['check', file, '--data', data, '--fail-on', 'never'])).code, 0)
  const found = await assetsOf({ assets: ['contec-cms8000=10.20.9.9', 'contec-cms8000=10.20.4.31'], data, profiles: profiles() }, io)
  assert.ok(typeof found !== 'number', said)
  assert.deepEqual(found.get('contec-cms8000'), ['10.20.4.31', '10.20.4.32', '10.20.4.33', '10.20.9.9'])
  assert.deepEqual(await storedAssetFlags(data, io), ['31', '32', '33'].map((host) => `contec-cms8000=10.20.4.${host}`))
  const flow = ['policy', 'eval', '--src', '10.20.4.31', '--dst', '202.114.4.119', '--dport', '515']
  assert.match((await cordon(flow)).out, /^allow {2}hospital -> internet/)
  assert.match((await cordon([...flow, '--data', data])).out, /^deny {2}bedside -> internet/)
})

test('without a folder the flags alone count; a wrong flag and an empty folder are exit 2', async (t) => {
  const found = await assetsOf({ assets: ['contec-cms8000=10.20.9.9'], profiles: profiles() }, io)
  assert.ok(typeof found !== 'number')
  assert.deepEqual([...found], [['contec-cms8000', ['10.20.9.9']]])
  said = ''
  assert.equal(await assetsOf({ assets: ['contec-cms8000'], profiles: profiles() }, io), 2)
  assert.match(said, /is no profile=address/)
  const data = path.join(scratch(t), 'empty')
  assert.equal(await assetsOf({ assets: [], data, profiles: profiles() }, io), 2)
  assert.match(said, /nothing has been analysed in .*empty yet/)
  assert.notEqual(await assetsOf({ assets: [], data, profiles: profiles(), emptyDataIsFine: true }, io), 2)
  assert.deepEqual([...joinAssets(new Map(), [], profiles())], [])
})
