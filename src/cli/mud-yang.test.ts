// MUD files against the modules they are written in, by a checker that is not our reader: each shipped profile, each kind of flow; and that the
// checker says no.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { parsePrefix } from '../base/ip.ts'
import { loadProfiles } from '../config/profiles.ts'
import { yangProblems } from '../testing/mud-yang.ts'
import { runMud } from './mud.ts'
import { writeMud, type MudDevice, type MudFlow, type WritablePeer } from '../policy/mud/write.ts'

const loaded = loadProfiles()
assert.ok(loaded.ok)

for (const id of loaded.value.profiles.keys()) {
  for (const all of [false, true]) {
    test(`the file of ${id}${all ? ' with rare flows' : ''} is valid`, async () => {
      let out = ''
      const io = { out: (text: string) => void (out += text), err: () => undefined }
      assert.equal(await runMud({ verb: 'export', profile: id, url: `https://mud.example/${id}`, all, now: () => 1_770_000_000_000_000 }, io), 0)
      assert.deepEqual(yangProblems(JSON.parse(out)), [])
    })
  }
}

const DEVICE: Omit<MudDevice, 'flows'> = {
  url: 'https://mud.example/x', systeminfo: 'A monitor', manufacturer: 'Maker', model: 'X100', lastUpdate: '2026-01-05T07:30:00Z', cacheHours: 48,
}
const prefix = (block: string): WritablePeer => {
  const parsed = parsePrefix(block)
  assert.ok(parsed.ok)
  return { kind: 'prefix', prefix: parsed.value }
}
const PEERS: readonly WritablePeer[] = [
  { kind: 'local-networks' }, { kind: 'my-controller' }, { kind: 'same-manufacturer' }, { kind: 'controller', uri: 'urn:ietf:params:mud:dns' },
  { kind: 'name', name: 'station.example' }, prefix('10.0.0.0/8'), prefix('2001:db8::/32'),
]

test('whatever flows a device has, its file is valid', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  const range = fc.tuple(port, port).map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }))
  const flow = fc.record({ opens: fc.constantFrom('device', 'peer'), peer: fc.constantFrom(...PEERS), protocol: fc.constantFrom(1, 2, 6, 17, 58),
    ports: fc.array(range, { minLength: 1, maxLength: 3 }) })
  fc.assert(fc.property(fc.array(flow, { maxLength: 6 }), (flows) => {
    const own = flows.map((one): MudFlow =>
      ({ ...one, ports: one.protocol === 6 || one.protocol === 17 ? one.ports : [] }))
    const written = writeMud({ ...DEVICE, flows: own })
    assert.ok(written.ok)
    assert.deepEqual(yangProblems(JSON.parse(written.value)), [])
  }), { numRuns: 60 })
})

/** One change of a valid file each, and what the checker says. */
const SPOILED: readonly (readonly [string, unknown, RegExp])[] = [
  ['ietf-mud:mud.mud-url', 'http://mud.example/x', /no https address/], ['ietf-mud:mud.cache-validity', 0, /from 1 to 168/],
  ['ietf-mud:mud.last-update', '2026-01-05', /no date and time/], ['ietf-mud:mud.is-supported', undefined, /is-supported: missing/],
  ['ietf-mud:mud.systeminfo', 'x'.repeat(61), /text of 0 to 60/], ['ietf-mud:mud.vendor', 'x', /no such node/],
  ['ietf-mud:mud.from-device-policy.access-lists.access-list.0.name', 'other', /not there/],
  ['ietf-access-control-list:acls.acl.0.type', 'ipv5', /one of ipv4-acl-type/], ['ietf-access-control-list:acls.acl.0.type', 'ipv6-acl-type', /is not/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.matches.tcp.destination-port', { operator: 'range', 'lower-port': 1, 'upper-port': 2 }, /one of eq/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.matches.tcp.destination-port', { 'lower-port': 3, 'upper-port': 2 }, /backwards/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.matches.tcp.destination-port', { 'lower-port': 3 }, /both ends/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.matches.tcp.ietf-mud:direction-initiated', 'both', /one of to-device/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.matches.udp', {}, /exclude each other/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.matches.ietf-mud:mud', { 'my-controller': true }, /no empty leaf/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.matches.ipv4.protocol', 256, /from 0 to 255/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.actions', {}, /forwarding: missing/],
  ['ietf-access-control-list:acls.acl.0.aces.ace.0.name', '', /text of 1 to 64/], ['ietf-access-control-list:acls', [], /no container/],
]

test('the checker says what is wrong with a file, and where', () => {
  const written = writeMud({ ...DEVICE, flows: [{ opens: 'device', peer: { kind: 'my-controller' }, protocol: 6, ports: [{ low: 515, high: 520 }] }] })
  assert.ok(written.ok)
  for (const [where, value, words] of SPOILED) {
    const file = JSON.parse(written.value) as Record<string, unknown>
    const keys = where.split('.')
    const last = keys.pop() ?? ''
    const holder = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, file)
    if (value === undefined) delete holder[last]
    else holder[last] = value
    assert.match(yangProblems(file).join('; '), words, where)
  }
})
