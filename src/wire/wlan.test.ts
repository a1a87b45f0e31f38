// Tests of 802.11 frames with and without radiotap: who speaks to whom, what is read, and what is flagged as not readable.
// Keeps the rule that a frame that cannot be read is never a frame that was not there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFlag, FrameStatus } from './frame.ts'
import { be16, bytes, counted, decoded, DST_MAC, ip4, mac, SRC_MAC, udp } from './test-frames.ts'
import { BSS_MAC } from './test-tunnels.ts'

const WLAN = 105
const RADIOTAP = 127
const UDP4 = ip4(17, udp(5, 6, counted(20)))
const FOURTH_MAC = 0x020000000004
const LLC = [0xaa, 0xaa, 3, 0, 0, 0]

interface Dot11 {
  /** First byte of frame control: 0x08 data, 0x88 QoS data. */
  readonly type?: number
  /** Second byte: to 1, from 2, more fragments 4, protected 0x40, order 0x80. */
  readonly bits?: number
  readonly sequence?: number
  /** QoS control, HT control and the like, in order, before the body. */
  readonly after?: readonly number[]
  readonly body?: Uint8Array
}

function dot11(fields: Dot11): Uint8Array {
  const { type = 0x08, bits = 1, sequence = 0, after = [], body = bytes(LLC, be16(0x0800), UDP4) } = fields
  const addresses = [...mac(BSS_MAC), ...mac(SRC_MAC), ...mac(DST_MAC)]
  return bytes(type, bits, 0, 0, addresses, sequence, 0, after, body)
}

function radiotap(present: readonly number[], fields: readonly number[], frame: Uint8Array): Uint8Array {
  const length = 4 + present.length + fields.length
  return bytes(0, 0, length & 255, length >> 8, present, fields, frame)
}

test('the direction bits say which addresses are the ends', () => {
  const ends = (bits: number, after: readonly number[] = []): readonly number[] => {
    const { frame, status } = decoded(dot11({ bits, after }), WLAN)
    assert.deepEqual([status, frame.etherType, frame.flags], [FrameStatus.transport, 0x0800, 0])
    return [frame.srcMac, frame.dstMac]
  }
  assert.deepEqual(ends(0), [SRC_MAC, BSS_MAC])
  assert.deepEqual(ends(1), [SRC_MAC, DST_MAC])
  assert.deepEqual(ends(2), [DST_MAC, BSS_MAC])
  assert.deepEqual(ends(3, mac(FOURTH_MAC)), [FOURTH_MAC, DST_MAC])
})

test('QoS and HT control are stepped over', () => {
  assert.equal(decoded(dot11({ type: 0x88, after: [0, 0] }), WLAN).status, FrameStatus.transport)
  assert.equal(decoded(dot11({ type: 0x88, bits: 0x81, after: [0, 0, 1, 2, 3, 4] }), WLAN).status, FrameStatus.transport)
  assert.equal(decoded(dot11({ type: 0x88, bits: 3, after: [...mac(FOURTH_MAC), 0, 0] }), WLAN).status, FrameStatus.transport)
})

test('encrypted content is flagged, with both ends known', () => {
  const { frame, status } = decoded(dot11({ bits: 0x41, body: counted(60) }), WLAN)
  assert.deepEqual([status, frame.flags, frame.srcMac, frame.etherType], [FrameStatus.link, FrameFlag.wlanProtected, SRC_MAC, 0])
})

test('fragments and aggregates are flagged as not read', () => {
  for (const fields of [{ bits: 5 }, { sequence: 1 }, { type: 0x88, after: [0x80, 0] }]) {
    const { frame, status } = decoded(dot11(fields), WLAN)
    assert.deepEqual([status, frame.flags, frame.ipVersion], [FrameStatus.link, FrameFlag.wlanUnread, 0])
  }
})

test('beacons, acknowledgements and frames without data are links without a word', () => {
  for (const type of [0x80, 0xd4, 0x48, 0xc8]) {
    const { frame, status } = decoded(dot11({ type, after: [0, 0], body: counted(30) }), WLAN)
    assert.deepEqual([status, frame.flags, frame.etherType], [FrameStatus.link, 0, 0])
  }
})

test('a tag and another LLC inside', () => {
  const tagged = decoded(dot11({ body: bytes(LLC, be16(0x8100), be16(7), be16(0x0800), UDP4) }), WLAN)
  assert.deepEqual([tagged.status, tagged.frame.vlan], [FrameStatus.transport, 7])
  assert.equal(decoded(dot11({ body: bytes(0x42, 0x42, 3, counted(20)) }), WLAN).status, FrameStatus.link)
})

test('radiotap: the flags stand behind the present words and the aligned time', () => {
  const padded = dot11({ type: 0x88, after: [0, 0, 0, 0] })
  const plain = dot11({})
  const statusOf = (packet: Uint8Array): FrameStatus => decoded(packet, RADIOTAP).status
  assert.equal(statusOf(radiotap([0, 0, 0, 0], [], plain)), FrameStatus.transport)
  assert.equal(statusOf(radiotap([2, 0, 0, 0], [0x20], padded)), FrameStatus.transport, 'padded to four bytes')
  assert.equal(statusOf(radiotap([2, 0, 0, 0], [0x00], padded)), FrameStatus.link, 'control: without the flag the padding is the body')
  assert.equal(statusOf(radiotap([3, 0, 0, 0], [...counted(8), 0x20], padded)), FrameStatus.transport)
  const more = [3, 0, 0, 0x80, 0, 0, 0, 0]
  assert.equal(statusOf(radiotap(more, [0, 0, 0, 0, ...counted(8), 0x20], padded)), FrameStatus.transport, 'two words, then the time at 16')
})

test('radiotap: a frame that the radio knows to be damaged is flagged', () => {
  const { frame, status } = decoded(radiotap([2, 0, 0, 0], [0x40], dot11({})), RADIOTAP)
  assert.deepEqual([status, frame.flags, frame.srcMac], [FrameStatus.link, FrameFlag.wlanUnread, -1])
})

test('radiotap: another version is unsupported, a length that lies is cut', () => {
  const version = radiotap([0, 0, 0, 0], [], dot11({}))
  version[0] = 1
  assert.deepEqual([decoded(version, RADIOTAP).status, decoded(version, RADIOTAP).frame.flags], [FrameStatus.undecoded, FrameFlag.linkUnsupported])
  const short = radiotap([0, 0, 0, 0], [], dot11({}))
  short[2] = 7
  assert.equal(decoded(short, RADIOTAP).frame.flags, FrameFlag.linkUnsupported)
  short[3] = 7
  assert.deepEqual([decoded(short, RADIOTAP).status, decoded(short, RADIOTAP).frame.flags], [FrameStatus.undecoded, FrameFlag.linkTruncated])
  const words = radiotap([0xff, 0xff, 0xff, 0xff], Array.from({ length: 400 }, () => 0xff), dot11({}))
  assert.equal(decoded(words, RADIOTAP).status, FrameStatus.link, 'present words without end are bounded')
})

test('every cut of a frame is cut, never wrong', () => {
  const whole = dot11({})
  for (let captured = 0; captured < 24; captured++) {
    const { frame, status } = decoded(whole, WLAN, captured)
    assert.ok(status <= FrameStatus.link)
    assert.ok((frame.flags & FrameFlag.linkTruncated) !== 0)
  }
})
