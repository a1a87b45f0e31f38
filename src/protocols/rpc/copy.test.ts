// A whole copy: a real client (libnfs) against a real server (nfs-ganesha), with losses; and READ replies in IP fragments.
// Keeps the evidence rule: the hashes below are sha256sum's, of the files as they lay on the server.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { captureBytes, replayCapture } from '../../testing/replay.ts'
import { encodeCall, encodeReply, mntResult, mountMnt, type RpcCallBody } from './encode.ts'
import * as nfs from './encode-nfs.ts'
import type { FileTransfer } from '../file-transfer/facts.ts'
import type { RpcFact } from './facts.ts'
import { createRpc } from './index.ts'
import { datagram, fragments, pcapOf } from './testdata/packets.ts'
import { ELF_HEAD, fakeAttributes, fakeContent, fakeDirectory, fakeHandle, MONITOR } from './testdata/talk.ts'

type NfsFact = RpcFact | FileTransfer

const COPY = captureBytes(new URL('testdata/ganesha-copy.pcap.gz', import.meta.url))
const MONITOR_SHA256 = '7dd8f4b586187af2287f34dd9d3a4a9bde3af90f626868db8d8f34ab00bcac4c'
const SCRIPT_SHA256 = '13d926ca57f58f431a10deed169c61dc9fddf133d1bf247ceb4f00345cccdc2e'

function factsOf(capture: Uint8Array): NfsFact[] {
  return replayCapture(capture, [createRpc()]).filter((fact) => fact.protocol === 'rpc' || fact.protocol === 'file-transfer')
}

function reads(facts: readonly NfsFact[]): FileTransfer[] {
  return facts.filter((fact): fact is FileTransfer => fact.protocol === 'file-transfer' && fact.kind === 'read')
}

/** Start of each packet record of a little-endian pcap, and the end of the file. */
function recordEdges(pcap: Uint8Array): number[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength)
  const edges = [24]
  for (let at = 24; at < pcap.length;) edges.push(at += 16 + view.getUint32(at + 8, true))
  return edges
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** The capture without the packets for which `lost` says so (0-based). */
function without(pcap: Uint8Array, lost: (packet: number) => boolean): Uint8Array {
  const edges = recordEdges(pcap)
  return joined([pcap.slice(0, 24), ...edges.slice(1).map((end, i) => pcap.slice(edges[i], lost(i) ? edges[i] : end))])
}

/** The capture as a snaplen of `bytes` would have kept it. */
function cutTo(pcap: Uint8Array, bytes: number): Uint8Array {
  const edges = recordEdges(pcap)
  const parts = edges.slice(1).map((end, i) => {
    const record = pcap.slice(edges[i], Math.min(end, (edges[i] as number) + 16 + bytes))
    new DataView(record.buffer).setUint32(8, record.length - 16, true)
    return record
  })
  return joined([pcap.slice(0, 24), ...parts])
}

describe('libnfs copies from nfs-ganesha', () => {
  test('files, names, exports and hashes', () => {
    const facts = factsOf(COPY)
    deepStrictEqual(reads(facts).map((r) => [r.place, r.name, r.size, r.covered, r.complete, r.magic, r.sha256]), [
      ['/pm', 'monitor', 70_000, 70_000, true, 'elf', MONITOR_SHA256],
      ['/pm/bin', 'run.sh', 22, 22, true, 'script', SCRIPT_SHA256],
    ])
    deepStrictEqual(facts.filter((f) => f.kind === 'mount').map((f) => f.path), ['/pm', '/pm', '/pm/bin', '/pm'])
    deepStrictEqual(facts.filter((f) => f.kind === 'malformed' || f.kind === 'unanswered'), [])
    const listed = facts.flatMap((f) => (f.kind === 'reply' && f.procedureName.startsWith('NFS.') ? f.names : []))
    deepStrictEqual(listed, ['.', '..', 'empty', 'monitor', 'bin'])
  })

  test('one packet lost, whichever: no wrong hash is ever claimed, and at most one file suffers', () => {
    const packets = recordEdges(COPY).length - 1
    let suffered = 0
    for (let lost = 0; lost < packets; lost++) {
      const found = reads(factsOf(without(COPY, (packet) => packet === lost)))
      for (const read of found) {
        ok(read.covered <= (read.size ?? Infinity))
        equal(read.sha256 !== null, read.complete)
        if (read.complete) ok(read.sha256 === MONITOR_SHA256 || read.sha256 === SCRIPT_SHA256, `packet ${lost}`)
      }
      const complete = found.filter((r) => r.complete).length
      ok(complete >= 1, `packet ${lost}: ${complete} complete`)
      if (complete < 2) suffered++
    }
    ok(suffered > 0 && suffered < packets / 2, `${suffered} of ${packets}`)
  })

  test('every third packet lost: coverage stays below size, what is complete is right', () => {
    for (const phase of [0, 1, 2]) {
      for (const read of reads(factsOf(without(COPY, (packet) => packet % 3 === phase)))) {
        if (read.complete) ok(read.sha256 === MONITOR_SHA256 || read.sha256 === SCRIPT_SHA256)
        else ok(read.sha256 === null && read.covered < 70_000)
      }
    }
  })

  test('a snaplen of 300: heads of READ replies, so the large file is seen in part and nothing is malformed', () => {
    const facts = factsOf(cutTo(COPY, 300))
    const found = reads(facts)
    deepStrictEqual(found.map((r) => [r.name, r.complete]), [['run.sh', true], ['monitor', false]])
    ok((found[1]?.covered ?? 0) > 0 && found[1]?.magic === 'elf')
    deepStrictEqual(facts.filter((f) => f.kind === 'malformed'), [])
    equal(facts.filter((f) => f.kind === 'call').length, factsOf(COPY).filter((f) => f.kind === 'call').length)
  })
})

/** A UDP copy: MNT on 635, LOOKUP and READs on 2049, each reply in IP fragments of `payloadBytes`, in the order `turn` gives. */
function udpCopy(content: Uint8Array, payloadBytes: number, turn: (parts: Uint8Array[]) => Uint8Array[]): Uint8Array {
  const [root, file] = [fakeHandle(1), fakeHandle(2)]
  const at = fakeAttributes(2, content.length)
  const packets: Uint8Array[] = []
  let xid = 1
  const ask = (body: RpcCallBody, result: Uint8Array, port: number): void => {
    const reply = datagram(encodeReply(xid, result), false, 700, port)
    packets.push(datagram(encodeCall(xid, body, MONITOR), true, 700, port), ...turn(fragments(reply, payloadBytes, xid)))
    xid++
  }
  ask(mountMnt(3, '/pm'), mntResult(3, root), 635)
  ask(nfs.nfs3Lookup(root, 'monitor'), nfs.lookup3Result(file, at, fakeDirectory(1)), 2049)
  for (let off = 0; off < content.length; off += 8192) {
    ask(nfs.nfs3Read(file, off, 8192), nfs.read3Result(at, content.slice(off, off + 8192), off + 8192 >= content.length), 2049)
  }
  return pcapOf(packets)
}

describe('READ replies in IP fragments, as UDP with a large rsize makes them (facts cms8000 section 6, event 6)', () => {
  const content = fakeContent(30_000, ELF_HEAD)
  for (const [name, turn] of [['in order', (p: Uint8Array[]) => p], ['backwards', (p: Uint8Array[]) => [...p].reverse()]] as const) {
    test(name, () => {
      const [read] = reads(factsOf(udpCopy(content, 1480, turn)))
      deepStrictEqual([read?.place, read?.name, read?.complete, read?.magic, read?.sha256],
        ['/pm', 'monitor', true, 'elf', createHash('sha256').update(content).digest('hex')])
    })
  }

  test('a fragment that never comes leaves its READ unanswered and the file incomplete', () => {
    const facts = factsOf(udpCopy(content, 1480, (parts) => (parts.length > 5 ? parts.slice(0, -1) : parts)))
    deepStrictEqual(facts.filter((f) => f.kind === 'unanswered').map((f) => f.procedureName), Array<string>(3).fill('NFS.READ'))
    deepStrictEqual(reads(facts).map((r) => [r.complete, r.covered]), [[false, 30_000 - 3 * 8192]])
  })
})
