// Tests against the list that the reference MUD manager returned for its own sample: equal where it is sane, and its known defect named.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parsePrefix, type Prefix } from '../../base/ip.ts'
import { parseYaml } from '../../config/yaml.ts'
import { emitNacDacl } from '../compile/nac-dacl/emit.ts'
import { readIos } from '../compile/cisco-ios/read.ts'
import { policyNames } from '../eval/names.ts'
import { parsePolicy } from '../language/policy.ts'
import { policyChains } from '../policy-rules.ts'
import type { Match } from '../rules/model.ts'
import { bddSpace } from '../sets/bdd-space.ts'
import { composeChain } from '../sets/compose.ts'
import { packetPoint } from '../sets/fields.ts'
import type { PacketSet, PacketSpace } from '../sets/packet-set.ts'
import { draftPolicy, mudConduits, readMud, type Mud, type MudSite } from './index.ts'

const FOLDER = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'mud', 'cisco-mud-manager')
const skip = fs.existsSync(FOLDER) ? false : 'the sample ../shared/mud/cisco-mud-manager is not here'

function block(text: string): Prefix {
  const parsed = parsePrefix(text)
  assert.ok(parsed.ok)
  return parsed.value
}

/** What the sample's manager was configured with. */
const SITE: MudSite = {
  local: null,
  addresses: new Map([['my-controller', [block('10.1.1.4/32')]], ['fw-update.luminaire.example.com', [block('172.12.212.10/32')]]]),
}
const DEVICE = block('10.1.7.9/32')

function sample(): Mud {
  const { tree } = parseYaml(fs.readFileSync(path.join(FOLDER, 'Luminaire_150.json'), 'utf8'), 'Luminaire_150.json')
  const mud = tree === null ? null : readMud(tree).mud
  assert.ok(mud !== null)
  return mud
}

/** The entries of the reference; one of them is folded over two lines. */
function referenceLines(): readonly string[] {
  const text = fs.readFileSync(path.join(FOLDER, 'test_client_output.txt'), 'utf8').replaceAll(/\n(?=established)/g, ' ')
  return [...text.matchAll(/ip:inacl#\d+=(.*)/g)].map((m) => (m[1] ?? '').trim())
}

/** What a list of entries permits, by the reader of IOS lists. */
function permitted(space: PacketSpace, lines: readonly string[]): PacketSet {
  const { config } = readIos(`ip access-list extended L\n ${lines.join('\n ')}\n`, 'list')
  const chain = config?.chains.get('L')
  assert.ok(config && chain)
  assert.deepEqual(config.unknowns, [])
  return composeChain(space, chain, config.chains).surelyPermitted
}

/** Our own list for the same file and site. */
function ourLines(): readonly string[] {
  const { text, notes } = draftPolicy({ mud: sample(), device: DEVICE, site: SITE })
  assert.deepEqual(notes, [])
  const { tree } = parseYaml(text, 'draft.yaml')
  const policy = tree === null ? null : parsePolicy(tree).policy
  assert.ok(policy !== null)
  const names = policyNames(policy, new Map())
  const emitted = emitNacDacl({
    name: policy.name, policyHash: 'ab12cd34', chains: policyChains(policy, names), ruleBudget: null,
    options: { source: '10.1.7.9' },
  })
  assert.ok(emitted.ok, JSON.stringify(emitted))
  return emitted.value.text.split('\n').filter((line) => /^(?:permit|deny)/.test(line))
}

function fields(space: PacketSpace, more: Match['fields']): PacketSet {
  return space.of({ fields: more, unknown: [] })
}

const only = (value: number): Match['fields'][number][1] => ({ kind: 'ranges', ranges: [{ low: BigInt(value), high: BigInt(value) }], not: false })

test('by set: our list and the reference differ in the defect, in names for everybody, and in what local networks are', { skip }, () => {
  const space = bddSpace(4)
  const [ours, theirs] = [permitted(space, ourLines()), permitted(space, referenceLines())]
  const tcp = fields(space, [['proto', only(6)], ['dport', only(443)]])
  const dns = fields(space, [['proto', only(17)], ['dport', only(53)]])
  const local = fields(space, [['proto', only(17)], ['dport', only(5683)]])
  const rest = space.minus(space.minus(space.minus(space.all, tcp), dns), local)
  assert.ok(space.equals(space.and(ours, rest), space.and(theirs, rest)), 'the controller on UDP 5684, and nothing else')
  assert.ok(space.isEmpty(space.minus(space.and(theirs, tcp), ours)), 'the update server: what it permits we permit')
  assert.ok(space.isEmpty(space.and(ours, dns)) && !space.isEmpty(space.and(theirs, dns)), 'it adds names for everybody; the file has none')
  assert.ok(!space.isEmpty(space.and(ours, local)) && !space.isEmpty(space.and(theirs, local)))
})

test('finding: the reference asks "established" of a connection that the device opens, so its first packet is refused', { skip }, (t) => {
  const opens = mudConduits(sample()).find((c) => c.protocol === 6)
  assert.deepEqual([opens?.opens, opens?.ports], ['device', [{ low: 443, high: 443 }]])
  const space = bddSpace(4)
  const syn = packetPoint({ src: DEVICE.network, dst: block('172.12.212.10/32').network, proto: 6n, sport: 40_000n, dport: 443n, flags: 2n })
  assert.equal(space.contains(permitted(space, ourLines()), syn), true)
  assert.equal(space.contains(permitted(space, referenceLines()), syn), false)
  assert.equal(space.contains(permitted(space, referenceLines()), { ...syn, flags: 16n }), true)
  t.diagnostic('inacl#10 of the reference refuses a SYN of the device to its update server; RFC 8520 section 8 means the opposite')
})
