// Tests of the built-in services: a table that contradicts itself would widen every policy that uses it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalisePortRanges, PORT_MAX } from '../../base/port-range.ts'
import { createReader, readName } from '../../base/tree-reader.ts'
import { treeFromValue } from '../../base/tree.ts'
import { BUILT_IN_SERVICES, builtInService, hasPorts } from './services.ts'

test('names are names, sorted, each once', () => {
  const names = BUILT_IN_SERVICES.map((service) => service.name)
  assert.deepEqual(names, [...new Set(names)].sort())
  for (const name of names) assert.equal(readName(createReader('t'), treeFromValue(name, 'x'), 'service'), name)
})

test('ports stand where the transport has them, sorted and within bounds', () => {
  for (const { name, transports, ports, description, builtIn } of BUILT_IN_SERVICES) {
    assert.ok(transports.length > 0, name)
    assert.equal(ports.length > 0, transports.every(hasPorts), name)
    assert.deepEqual(ports, normalisePortRanges(ports), name)
    assert.ok(ports.every((range) => range.low >= 1 && range.high <= PORT_MAX), name)
    assert.ok(description !== null && builtIn, name)
  }
})

test('the services a ward needs are there with their ports', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['cms8000', 'tcp', '515-520'], ['cms8000-hl7', 'tcp', '511-511'], ['dns', 'udp,tcp', '53-53'], ['dhcp', 'udp', '67-67,547-547'],
    ['ntp', 'udp', '123-123'], ['https', 'tcp', '443-443'], ['http', 'tcp', '80-80'], ['hl7', 'tcp', '2575-2575'],
    ['dicom', 'tcp', '104-104,11112-11112'], ['nfs', 'tcp,udp', '2049-2049'], ['portmap', 'tcp,udp', '111-111'], ['lpd', 'tcp', '515-515'],
    ['any', 'any', ''], ['icmp', 'icmp', ''],
  ]
  for (const [name, transports, ports] of rows) {
    const service = builtInService(name)
    assert.equal(service?.transports.join(','), transports, name)
    assert.equal(service?.ports.map((r) => `${r.low}-${r.high}`).join(','), ports, name)
  }
})

test('an unknown name is null, also when every object has it', () => {
  for (const name of ['nope', '', 'constructor', '__proto__']) assert.equal(builtInService(name), null)
})
