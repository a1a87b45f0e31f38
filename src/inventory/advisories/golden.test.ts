// Golden test of matching: every advisory file against testdata/devices.tsv. No false match, and every expected one with its state.
// Why each device is in the list stands in its first column; the advisories themselves are read from ../shared.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { loadProfiles } from '../../config/index.ts'
import { readFolder } from '../../testing/advisories.ts'
import { advisoriesMissing } from '../../testing/shared.ts'
import { createCatalogue } from './catalogue.ts'
import { goldenDevices } from './testdata/devices.ts'
import { matchAssets, type Match } from './match.ts'
import { advisoriesOfTable, knownExploitedOf } from './table.ts'

const ROOT = path.join(import.meta.dirname, '..', '..', '..')
const TABLE = advisoriesOfTable(fs.readFileSync(path.join(ROOT, 'advisories', 'medical.jsonl'), 'utf8'))
const EXPLOITED = knownExploitedOf(JSON.parse(fs.readFileSync(path.join(ROOT, 'advisories', 'known-exploited.json'), 'utf8')))

function options() {
  const profiles = loadProfiles()
  assert.ok(profiles.ok)
  return { profiles: profiles.value.profiles, exploited: EXPLOITED }
}

const LETTERS = { affected: 'a', 'under-investigation': 'i', 'not-affected': 'n' } as const

function told(matches: readonly Match[], assetId: string): string {
  const own = matches.filter((match) => match.assetId === assetId).map((match) => `${match.advisory.id}=${LETTERS[match.state]}`)
  return own.length === 0 ? 'none' : own.sort().join(' ')
}

const sorted = (text: string): string => text.split(' ').sort().join(' ')

test('all advisory files against the golden list: no false match, and every expected one', { skip: advisoriesMissing }, () => {
  const files = readFolder()
  assert.equal(files.length, 145)
  const contec = TABLE.filter(({ hash }) => hash.of === 'facts')
  const devices = goldenDevices()
  const matches = matchAssets(devices.map(({ asset }) => asset), createCatalogue([...files, ...contec]), options())
  const wrong = devices.filter(({ asset, expected }) => told(matches, asset.id) !== sorted(expected))
  assert.deepEqual(wrong.map(({ why, asset, expected }) => `${why}: expected ${sorted(expected)}, told ${told(matches, asset.id)}`), [])
})

test('the shipped table says the same of the golden list as the files do', () => {
  const devices = goldenDevices()
  const matches = matchAssets(devices.map(({ asset }) => asset), createCatalogue(TABLE), options())
  const expected = (text: string): string => sorted(text.split(' ').filter((one) => !one.startsWith('ICSA-')).join(' ') || 'none')
  assert.deepEqual(devices.map(({ why, asset }) => [why, told(matches, asset.id)]), devices.map((device) => [device.why, expected(device.expected)]))
})
