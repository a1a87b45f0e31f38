// Address options: what a person types, as ranges or as a sentence.
// Keeps "parse, don't validate": nothing half understood comes through.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADDRESS_ITEMS_MAX, addressesOption } from './addresses-option.ts'

test('hosts and blocks of both versions, sorted and joined', () => {
  const { ranges, problems } = addressesOption('source', '10.0.0.2/31, 10.0.0.0/31,2001:db8::1,10.0.0.1', 'who', true)
  assert.deepEqual(problems, [])
  assert.deepEqual(ranges[4], [{ low: 0x0a000000n, high: 0x0a000003n }])
  assert.deepEqual(ranges[6], [{ low: 0x20010db8000000000000000000000001n, high: 0x20010db8000000000000000000000001n }])
})

test('a block is no host', () => {
  assert.match(addressesOption('host', '10.0.0.0/31', 'who', false).problems.join(), /10\.0\.0\.0\/31 is a block, not a host/)
  assert.deepEqual(addressesOption('host', '10.0.0.1/32', 'who', false).problems, [])
})

test('missing, empty, wrong and too many are sentences', () => {
  assert.deepEqual(addressesOption('host', undefined, 'the host', false).problems, ['option host is missing: the host'])
  assert.equal(addressesOption('host', ' , ', 'the host', false).problems.length, 1)
  assert.match(addressesOption('host', 'ward"3', 'x', false).problems.join(), /ward\?3 is no address/)
  assert.match(addressesOption('host', '10.0.0.1/24', 'x', true).problems.join(), /no address or block/)
  const many = Array.from({ length: ADDRESS_ITEMS_MAX + 1 }, () => '10.0.0.1').join(',')
  assert.match(addressesOption('host', many, 'x', false).problems.join(), /more than 4096/)
})
