// Tests on profiles published beside what each device did, in many countries: a profile covers what it was made from, and its own country best.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parsePrefix, type Prefix } from '../../base/ip.ts'
import { parseYaml } from '../../config/yaml.ts'
import { checkFlows, NO_SITE, readFlowTable, readMud, type Mud, type MudCheck, type MudSite, type ObservedFlow } from './index.ts'

const FOLDER = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'mud', 'locations')
const skip = fs.existsSync(FOLDER) ? false : 'the collection ../shared/mud/locations is not here'

interface Place {
  readonly name: string
  readonly mud: Mud
  /** What was counted; and the rules that the profile was written from. */
  readonly flows: readonly ObservedFlow[]
  readonly rules: readonly ObservedFlow[]
}

function read(file: string): string {
  return fs.readFileSync(path.join(FOLDER, file), 'utf8')
}

function placeOf(name: string): readonly Place[] {
  const files = fs.readdirSync(path.join(FOLDER, name)).map((file) => `${name}/${file}`)
  const profile = files.find((file) => file.endsWith('Mud.json'))
  if (profile === undefined) return []
  const { tree } = parseYaml(read(profile), profile)
  const mud = tree === null ? null : readMud(tree).mud
  assert.ok(mud !== null, profile)
  const tables = files.filter((file) => file.endsWith('_ipflows.csv')).map((file) => {
    const mac = path.basename(file).slice(0, 12).replaceAll(/..(?=.)/g, '$&:')
    const table = readFlowTable(read(file), file, mac)
    assert.deepEqual([table.diagnostics, table.others], [[], 0], file)
    return table
  })
  const written = files.find((file) => file.endsWith('rule.csv'))
  assert.ok(written !== undefined, `${name} has no rules`)
  const rules = readFlowTable(read(written), written, null)
  assert.deepEqual(rules.diagnostics, [], profile)
  return [{ name, mud, flows: tables.flatMap((t) => t.flows), rules: rules.flows }]
}

const PLACES = skip === false ? fs.readdirSync(FOLDER).filter((n) => fs.statSync(path.join(FOLDER, n)).isDirectory()).flatMap(placeOf) : []

function block(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok)
  return parsed.value
}

test('a profile covers every rule it was written from, surely or once somebody says who the controllers are', { skip }, (t) => {
  let [covered, undecided] = [0, 0]
  for (const { name, mud, rules } of PLACES) {
    const check = checkFlows(mud, rules, NO_SITE)
    assert.deepEqual(check.uncovered.map((j) => `${name}:${j.flow.line}`), [])
    covered += check.covered.length
    undecided += check.undecided.length
  }
  t.diagnostic(`${PLACES.length} profiles: ${covered} rules covered, ${undecided} if the site says so`)
  assert.ok(PLACES.length >= 80 && covered > 1500 && undecided < covered / 5)
})

test('who the controllers are decides what was open', { skip }, () => {
  const gateway: MudSite = {
    local: null, addresses: new Map(['gateway', 'dns', 'ntp'].map((role) => [`controller urn:ietf:params:mud:${role}`,
      [block('192.168.137.1/32')]])),
  }
  const place = PLACES.find((p) => p.name === 'uk_tp_plug')
  assert.ok(place)
  assert.ok(checkFlows(place.mud, place.flows, NO_SITE).undecided.length > 0)
  assert.deepEqual(checkFlows(place.mud, place.flows, gateway).undecided, [])
})

/** Packets of named flows: those covered, and all. */
function share(check: MudCheck): readonly [number, number] {
  const packets = (list: MudCheck['covered']): number => list.reduce((sum, j) => sum + j.flow.packets, 0)
  const covered = packets(check.covered) + packets(check.undecided)
  return [covered, covered + packets(check.uncovered)]
}

test('what a device did is covered by its own profile; what is not is named with the nearest entry', { skip }, (t) => {
  let [covered, all] = [0, 0]
  for (const { mud, flows } of PLACES) {
    const check = checkFlows(mud, flows, NO_SITE)
    const [c, a] = share(check)
    covered += c
    all += a
    for (const { coverage } of check.uncovered) {
      assert.ok(coverage.rule === null ? mud.rules.length === 0 || coverage.doubts.length === 0 : coverage.doubts.some((d) => d.tri === 'no'))
    }
  }
  t.diagnostic(`${covered} of ${all} packets with a named other side are covered`)
  assert.ok(covered / all > 0.7, `${covered / all}`)
})

test('the profile of another country covers less of what was learned at home than the own one', { skip }, (t) => {
  const pairs = PLACES.filter((p) => p.name.endsWith('_merged_uk')).flatMap((uk) => {
    const us = PLACES.find((p) => p.name === uk.name.replace('_merged_uk', '_merged_us'))
    return us === undefined ? [] : [[uk, us] as const, [us, uk] as const]
  })
  let less = 0
  for (const [home, abroad] of pairs) {
    const count = (mud: Mud): number => {
      const check = checkFlows(mud, home.rules, NO_SITE)
      return check.covered.length + check.undecided.length
    }
    const [own, other] = [count(home.mud), count(abroad.mud)]
    assert.ok(other <= own, `${home.name}: ${own} rules covered at home, ${other} by ${abroad.name}`)
    if (other < own) less++
  }
  t.diagnostic(`${less} of ${pairs.length} devices did things that the other country's profile does not cover`)
  assert.ok(pairs.length >= 40 && less / pairs.length > 0.8, `${less} of ${pairs.length}`)
})
