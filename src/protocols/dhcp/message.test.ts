// Tests of DHCP decode and encode: round trip, long options, overload order, truncation at every byte, bounds.
// Keeps the rule that a problem never hides what stood before it.

import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipFromV4, type Ip } from '../../base/ip.ts'
import {
  BOOTP_BYTES_MIN, decodeDhcp, DHCP_FIXED_BYTES, dhcpOption, dhcpReply, dhcpRequest, encodeDhcp, optionAddress, optionByte, optionText,
  type DhcpValue,
} from './message.ts'

const decode = (bytes: Uint8Array): ReturnType<typeof decodeDhcp> => decodeDhcp(bytes, 0, bytes.length)

const word = fc.integer({ min: 0, max: 0xffffffff })
const ip = word.map((w): Ip | null => (w === 0 ? null : ipFromV4(w)))
/** Codes apart from pad and end; overload changes the meaning of other bytes and has its own test. */
const option = fc.tuple(fc.integer({ min: 1, max: 254 }).filter((c) => c !== 52), fc.uint8Array({ maxLength: 600 }))
const valueArbitrary: fc.Arbitrary<DhcpValue> = fc.tuple(
  fc.constantFrom(1, 2), fc.integer({ min: 0, max: 16 }), word, fc.integer({ min: 0, max: 0xffff }), fc.tuple(ip, ip, ip, ip),
  fc.integer({ min: 1, max: 2 ** 48 - 1 }), fc.uniqueArray(option, { maxLength: 4, selector: ([code]) => code }),
).map(([operation, hops, transactionId, seconds, [clientAddress, yourAddress, serverAddress, relayAddress], client, options]) => ({
  operation, hardwareType: 1, hops, transactionId, seconds, flags: 0x8000, clientAddress, yourAddress, serverAddress, relayAddress, client,
  hasCookie: true, options: options.map(([code, data]) => ({ code, data })),
}))

test('decode gives back what encode wrote, long options joined', () => {
  fc.assert(fc.property(valueArbitrary, (value) => {
    const { value: again, problem } = decode(encodeDhcp(value))
    equal(problem, null)
    deepEqual(again, value)
  }))
})

test('offsets do not matter', () => {
  fc.assert(fc.property(valueArbitrary, fc.nat({ max: 7 }), (value, pad) => {
    const bytes = encodeDhcp(value)
    const buf = new Uint8Array(bytes.length + 2 * pad).fill(0x35)
    buf.set(bytes, pad)
    deepEqual(decodeDhcp(buf, pad, pad + bytes.length).value, value)
  }), { numRuns: 50 })
})

const LEASE = encodeDhcp(dhcpReply(dhcpRequest(0x02005e000001, 7, []), ipFromV4(0x0a140432), [
  optionByte(53, 5), optionText(12, 'WARD-PC'), optionAddress(3, ipFromV4(0x0a140401)),
]))

test('cut at every byte: never a throw; without the fixed part no value, later options vanish one by one', () => {
  for (let end = 0; end < LEASE.length; end++) {
    const { value, problem } = decodeDhcp(LEASE, 0, end)
    if (end < DHCP_FIXED_BYTES) deepEqual([value, problem], [null, 'too-short'])
    else ok(value)
    if (value && dhcpOption(value, 3)) ok(end >= 240 + 3 + 9 + 6)
  }
})

test('a message is padded to 300 bytes and carries the cookie', () => {
  equal(encodeDhcp(dhcpRequest(1, 1, [])).length, BOOTP_BYTES_MIN)
  deepEqual([...LEASE.slice(236, 240)], [99, 130, 83, 99])
})

/** The fixed part and cookie of LEASE with other option bytes; `file` and `sname` may be filled. */
function message(options: readonly number[], file: readonly number[] = [], sname: readonly number[] = []): Uint8Array {
  const bytes = Uint8Array.from([...LEASE.slice(0, 240), ...options])
  bytes.set(file, 108)
  bytes.set(sname, 44)
  return bytes
}

const hostName = (bytes: Uint8Array): string | null => {
  const { value } = decode(bytes)
  const data = value ? dhcpOption(value, 12) : null
  return data && Buffer.from(data).toString('latin1')
}

test('overload joins options, then file, then sname (RFC 3396 section 5)', () => {
  const parts = [[12, 1, 0x42, 255], [12, 1, 0x43, 255]] as const
  equal(hostName(message([52, 1, 3, 12, 1, 0x41, 255], ...parts)), 'ABC')
  equal(hostName(message([52, 1, 1, 12, 1, 0x41, 255], ...parts)), 'AB')
  equal(hostName(message([52, 1, 2, 12, 1, 0x41, 255], ...parts)), 'AC')
  equal(hostName(message([12, 1, 0x41, 255], ...parts)), 'A')
})

test('options stay inside their field: file does not run into the cookie', () => {
  const file = [...new Uint8Array(126), 12, 4]
  equal(decode(message([52, 1, 1, 255], file)).problem, 'option-truncated')
})

test('an overload inside file does not start over', () => {
  const { problem } = decode(message([52, 1, 1, 255], [52, 1, 1, 255]))
  equal(problem, null)
})

test('an end option hides what follows; a missing one is tolerated', () => {
  equal(hostName(message([255, 12, 1, 0x41])), null)
  equal(hostName(message([12, 1, 0x41])), 'A')
  equal(decode(message([12, 1, 0x41])).problem, null)
})

test('pads may stand anywhere', () => equal(hostName(message([0, 0, 12, 2, 0x41, 0x42, 0, 255])), 'AB'))

test('an empty option is there and empty', () => {
  equal(hostName(message([12, 0, 255])), '')
})

test('a flood of options is cut off and said so', () => {
  const options = Array.from({ length: 1025 }, () => [12, 1, 0x41]).flat()
  equal(decode(message(options)).problem, 'too-many-options')
  equal(hostName(message(options))?.length, 1024)
})

test('other hardware has no MAC', () => {
  const bytes = LEASE.slice()
  bytes.set([32, 0], 1)
  equal(decode(bytes).value?.client, null)
  bytes.set([1, 6], 1)
  bytes.fill(0, 28, 34)
  equal(decode(bytes).value?.client, null)
})

test('a long text is written in stretches of at most 255', () => {
  const bytes = encodeDhcp(dhcpRequest(1, 1, [optionText(12, 'x'.repeat(256))]))
  deepEqual([...bytes.slice(240, 242)], [12, 255])
  deepEqual([...bytes.slice(242 + 255, 242 + 257)], [12, 1])
})
