// fuzz-protocol-seeds: what the protocols' fuzz targets begin from: their goldens, and talks long enough to meet their bounds.
// Keeps the rule that every patient here is ZZTEST^CANARY.

import { ENQ, FRAMES } from '../protocols/astm/testdata/samples.ts'
import { ACCEPT, dataSet, DATA_SET, REQUEST, STORE } from '../protocols/dicom/testdata/samples.ts'
import { ADMISSION, CANARY_SEGMENTS, header, RESULT } from '../protocols/hl7/testdata/samples.ts'
import { encodeHl7 } from '../protocols/hl7/message.ts'
import { answer as poctAnswer, bytes as poctBytes, HELLO, OBSERVATION, STATUS } from '../protocols/poct1a/testdata/samples.ts'
import type { Transport } from '../protocols/protocol.ts'
import type { Chunk } from './everysplit.ts'
import { loadGoldens } from './golden.ts'

export interface SeedTalk {
  readonly transport: Transport
  readonly isLate: boolean
  readonly chunks: readonly Chunk[]
}

/** The goldens of one protocol that fit an input; sides are as the documents have them. */
export function goldenCases(folder: string, _id: string): SeedTalk[] {
  return loadGoldens(folder).map(({ transport, flow, chunks }) => ({ transport, isLate: flow.state === 'midstream', chunks }))
}

const side = (bytes: Uint8Array, direction: 0 | 1 = 0, lost = 0): Chunk => ({ direction, bytes, lost })

/** DNS: a question whose name points at itself, and one that points back and back. */
function dnsPointers(): Uint8Array[] {
  const head = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  const chain = Array.from({ length: 40 }, (_, i) => [1, 97, 0xc0, i === 0 ? 12 : 12 + (i - 1) * 4]).flat()
  const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]
  const many = [0x12, 0x34, 0x81, 0x80, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]
  return [
    Uint8Array.of(...head, 0xc0, 12, 0, 1, 0, 1),
    Uint8Array.of(...head, ...chain, 0xc0, 12 + 39 * 4, 0, 1, 0, 1),
    Uint8Array.of(...many, ...Array.from({ length: 20 }, () => answer).flat()),
  ]
}

/** RPC over TCP in many tiny fragments of one record (RFC 5531 section 11), and a readdir whose list never ends. */
function rpcFragments(): Uint8Array {
  const call = [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa0, 0, 0, 0, 2, 0, 0, 0, 3, ...Array.from({ length: 32 }, () => 0)]
  return Uint8Array.from(call.flatMap((byte, i) => [i === call.length - 1 ? 0x80 : 0, 0, 0, 1, byte]))
}

/** Talks that goldens do not have. */
export function longTalks(id: string): SeedTalk[] {
  const tcp = (chunks: readonly Chunk[], isLate = false): SeedTalk => ({ transport: 'tcp', isLate, chunks })
  switch (id) {
    case 'hl7': return [
      tcp([side(encodeHl7(ADMISSION)), side(encodeHl7([header('ACK'), ['MSA', 'AA', '1']]), 1)]),
      tcp([side(encodeHl7(ADMISSION).slice(0, 90)), side(encodeHl7(RESULT), 0, 500)]),
      tcp([side(encodeHl7([header('ADT^A08'), ...CANARY_SEGMENTS.filter(([name]) => name === 'PID')], 'bare'))], true),
      tcp([side(encodeHl7([[...header('ORU^R01').slice(0, 3), `A${'^'.repeat(300)}B`, `${' ^'.repeat(200)}x`], ['PID', '1', '', '', '', 'ZZTEST^CANARY']]))]),
    ]
    case 'astm': return [
      tcp([side(ENQ), ...FRAMES.flatMap((frame) => [side(frame), side(frame)])]),
      tcp([side(Uint8Array.from(FRAMES[1] ?? []).slice(7)), ...FRAMES.map((frame) => side(frame))], true),
    ]
    case 'poct1a': return [
      tcp([side(poctBytes(HELLO)), side(poctBytes(poctAnswer('AA', '1')), 1), side(poctBytes(STATUS + OBSERVATION))]),
      tcp([side(poctBytes(OBSERVATION.slice(90) + HELLO)), side(poctBytes(STATUS), 0, 40)], true),
    ]
    case 'dicom': return [
      tcp([side(REQUEST), side(ACCEPT, 1), side(STORE), ...dataSet(1, 3).map((bytes) => side(bytes))]),
      tcp([side(Uint8Array.from([...DATA_SET.slice(20), ...STORE])), side(STORE.slice(0, 30), 1), side(STORE.slice(40), 1, 10)], true),
    ]
    case 'dns': return dnsPointers().map((bytes) => ({ transport: 'udp', isLate: false, chunks: [side(bytes)] }))
    case 'rpc': return [
      tcp([side(rpcFragments())]),
      tcp([side(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1)), side(Uint8Array.of(0xff, 0xff, 0xff, 0xff), 1)]),
    ]
    default: return []
  }
}
