// Handles: 32 bytes that open one file of one release for one device until one second, and nothing else.
// Keeps the rule that every part is under the MAC: each byte changed, and each id changed, is refused.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KEY } from '../../../testing/update-world.ts'
import { claimedDevice, FILE_NO_MAX, HandleCache, idTag, openHandle, sealHandle } from './handle.ts'
import { hmacSha256 } from './hmac.ts'

const SCOPE = { releaseId: 'release-1', deviceId: 'SN-0007', expiry: 1_767_598_800 }

test('a handle opens with what it was made for', () => {
  const handle = sealHandle(SCOPE, 513, KEY)
  equal(handle.length, 32)
  deepEqual(openHandle(handle, 'release-1', 'SN-0007', KEY), { fault: null, fileNo: 513, expiry: SCOPE.expiry })
})

test('any file number and expiry comes back', () => {
  const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max })
  fc.assert(fc.property(number(FILE_NO_MAX), number(0xffff_ffff), fc.string(), fc.string(), (no, expiry, releaseId, deviceId) => {
    const handle = sealHandle({ releaseId, deviceId, expiry }, no, KEY)
    deepEqual(openHandle(handle, releaseId, deviceId, KEY), { fault: null, fileNo: no, expiry })
  }))
})

test('each bit of each byte is guarded', () => {
  const handle = sealHandle(SCOPE, 1, KEY)
  for (let i = 0; i < handle.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const forged = handle.slice()
      forged[i] = (forged[i] as number) ^ (1 << bit)
      equal(openHandle(forged, 'release-1', 'SN-0007', KEY).fault === null, false, `byte ${i} bit ${bit}`)
    }
  }
})

test('another device, another release and another key make it stale', () => {
  const handle = sealHandle(SCOPE, 1, KEY)
  equal(openHandle(handle, 'release-1', 'SN-0008', KEY).fault, 'mac')
  equal(openHandle(handle, 'release-2', 'SN-0007', KEY).fault, 'mac')
  equal(openHandle(handle, 'release-1', 'SN-0007', { ...KEY, key: new Uint8Array(32) }).fault, 'mac')
})

test('letters cannot move from the release to the device', () => {
  const handle = sealHandle({ ...SCOPE, releaseId: 'ab', deviceId: 'c' }, 1, KEY)
  const moved = sealHandle({ ...SCOPE, releaseId: 'a', deviceId: 'bc' }, 1, KEY)
  deepEqual([...handle.subarray(16)].every((b, i) => b === moved[16 + i]), false)
})

test('what is no handle of ours says so', () => {
  equal(openHandle(new Uint8Array(32), 'release-1', 'SN-0007', KEY).fault, 'shape')
  equal(openHandle(new Uint8Array(0), 'release-1', 'SN-0007', KEY).fault, 'shape')
  equal(openHandle(sealHandle(SCOPE, 1, KEY).subarray(0, 31), 'release-1', 'SN-0007', KEY).fault, 'shape')
  equal(claimedDevice(new Uint8Array(32)), null)
})

test('the audit can tell whose handle was tried', () => {
  equal(claimedDevice(sealHandle(SCOPE, 1, KEY)), idTag('SN-0007'))
})

test('the MAC is the function that was handed in', () => {
  let calls = 0
  const mac = (key: Uint8Array, message: Uint8Array): Uint8Array => {
    calls++
    return hmacSha256(key, message)
  }
  const handle = sealHandle(SCOPE, 1, { key: KEY.key, mac })
  equal(openHandle(handle, 'release-1', 'SN-0007', { key: KEY.key, mac }).fault, null)
  equal(calls, 2)
})

test('the cache opens what openHandle opens, for the same ids only, and forgets rather than grows', () => {
  const cache = new HandleCache(KEY)
  const handle = sealHandle(SCOPE, 1, KEY)
  const forged = handle.with(31, (handle[31] as number) ^ 1)
  for (let i = 0; i < 3; i++) {
    for (const [bytes, release, device] of [
      [handle, 'release-1', 'SN-0007'], [handle, 'release-1', 'SN-0008'], [handle, 'release-2', 'SN-0007'], [forged, 'release-1', 'SN-0007'],
      [handle.subarray(1), 'release-1', 'SN-0007'], [new Uint8Array(0), 'release-1', 'SN-0007'],
    ] as const) deepEqual(cache.open(bytes, release, device), openHandle(bytes, release, device, KEY))
  }
  equal(cache.size, 1)
  for (let no = 0; no < 3000; no++) cache.open(sealHandle(SCOPE, no, KEY), 'release-1', 'SN-0007')
  deepEqual([cache.size > 0, cache.size <= 1024], [true, true])
})
