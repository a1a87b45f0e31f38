// Flows, Community IDs and TCP streams against a tshark that is run here and now, packet by packet and byte by byte.
// Keeps the rule that a peer of another make is the judge; skips by name where tshark or the capture is absent.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { runFlows, sharedCapture, skipWithout } from '../testing/capture-frames.ts'
import type { Direction } from './flow.ts'
import { IpProto } from './frame.ts'
import { TcpStream } from './reassembly/tcp.ts'

const hasTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0

/** tshark's answer is at most this long for the captures named here. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

function tshark(path: string, ...args: string[]): string {
  const all = ['-n', '-r', path, ...args]
  return execFileSync('tshark', all, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX, stdio: ['ignore', 'pipe', 'ignore'] })
}

function onCapture(name: string, what: string, check: (path: string) => void): void {
  const skip = hasTshark ? skipWithout(name) : 'tshark is not here'
  test(`${name}: ${what}`, { skip }, () => {
    const path = sharedCapture(name)
    assert.ok(path !== null)
    check(path)
  })
}

/** Without tunnels (tshark names the inner flow), VLAN copies (tshark knows no VLAN) and silences above the idle limits. */
const PER_PACKET = [
  'community-id/cid__icmp.pcap', 'community-id/cid__icmp6.pcap', 'community-id/cid__sctp.pcap', 'community-id/cid__tcp.pcap',
  'frag/zeek__ipv4_fragmented-4.pcap', 'frag/zeek__ipv6-fragmented-dns.pcap', 'frag/zeek__tcp_reassembly.pcap',
  'nfs/zeek__nfs_nfs_base.pcap', 'inventory/ndpi__tftp.pcap', 'scan/zeek__ftp_bruteforce.pcap', 'malware/ndpi__emotet.pcap',
] as const

for (const name of PER_PACKET) {
  onCapture(name, 'each packet lies in the stream and has the Community ID that tshark gives it', (path) => {
    const fields = ['frame.number', 'tcp.stream', 'udp.stream', 'communityid'].flatMap((field) => ['-e', field])
    const rows = tshark(path, '--enable-protocol', 'communityid', '-T', 'fields', ...fields).trim().split('\n')
    const theirs = new Map(rows.map((row) => [Number(row.split('\t')[0]), row.split('\t')]))
    const streams = new Map<string, number>()
    let compared = 0
    runFlows(path, ({ flow }, _buf, frame) => {
      const [, tcp = '', udp = '', id = ''] = theirs.get(frame.number) ?? []
      const stream = tcp === '' ? `udp ${udp}` : `tcp ${tcp}`
      if (tcp !== '' || udp !== '') assert.equal(streams.get(stream) ?? flow.id, flow.id, `frame ${frame.number}: ${stream}`)
      streams.set(stream, flow.id)
      assert.equal(flow.communityId(), id, `frame ${frame.number}`)
      compared++
    })
    assert.ok(compared > 0)
  })
}

/** Our reading of each TCP flow, in flow order: hexadecimal per side, side 0 being who spoke first as in tshark. */
function ourStreams(path: string): [string, string][] {
  const byFlow = new Map<number, { stream: TcpStream; sides: [string, string]; sink: Parameters<TcpStream['segment']>[3] }>()
  runFlows(path, ({ flow, direction }, buf, frame) => {
    if (frame.proto !== IpProto.tcp) return
    let entry = byFlow.get(flow.id)
    if (!entry) {
      const first = direction
      const sides: [string, string] = ['', '']
      const sideOf = (side: Direction): 0 | 1 => (side === first ? 0 : 1)
      const sink = {
        data: (side: Direction, bytes: Uint8Array, off: number, end: number): void => {
          sides[sideOf(side)] += Buffer.from(bytes.buffer, bytes.byteOffset + off, end - off).toString('hex')
        },
        gap: (side: Direction, bytes: number): void => {
          // tshark writes the words and the zero that ends a C string.
          sides[sideOf(side)] += Buffer.from(`[${bytes} bytes missing in capture file]\0`).toString('hex')
        },
        end: (): void => {},
      }
      entry = { stream: new TcpStream(), sides, sink }
      byFlow.set(flow.id, entry)
    }
    entry.stream.segment(direction, buf, frame, entry.sink)
  }, { onEnd: (flow) => {
    const entry = byFlow.get(flow.id)
    entry?.stream.finish(flow.lastAt, entry.sink)
  } })
  return [...byFlow.values()].map((entry) => entry.sides)
}

/** tshark's "follow" of the first `count` streams: the tab marks the side that did not speak first. */
function theirStreams(path: string, count: number): [string, string][] {
  const asks = Array.from({ length: count }, (_, i) => ['-z', `follow,tcp,raw,${i}`]).flat()
  const blocks = tshark(path, '-q', ...asks).split(/^=+$/m).filter((block) => block.includes('Follow:'))
  const streams: [string, string][] = []
  for (const block of blocks) {
    const sides: [string, string] = ['', '']
    for (const line of block.split('\n')) if (/^\t?[0-9a-f]+$/.test(line)) sides[line.startsWith('\t') ? 1 : 0] += line.trim()
    streams[Number(/tcp\.stream eq (\d+)/.exec(block)?.[1])] = sides
  }
  return streams
}

const PER_BYTE = [
  'medical/tapirx__HL7-ADT-UDI-PRT.pcap', 'medical/tapirx__HL7-ORM.pcap', 'malware/cs__ratinfected.pcapng', 'malware/ndpi__emotet.pcap',
  'malware/ndpi__telnet.pcap', 'nfs/zeek__nfs_nfs_base.pcap', 'inventory/ndpi__ipp.pcap', 'scan/zeek__ssh_sshguess.pcap',
  'frag/sv__bug-3286-03-windows-evasion_with_evasion_windows.pcap', 'vlan/ws__general-unsorted_vlan.cap.gz',
] as const

for (const name of PER_BYTE) {
  onCapture(name, 'every TCP stream has the bytes and the gaps of tshark\'s "follow"', (path) => {
    const ours = ourStreams(path)
    assert.ok(ours.length > 0)
    assert.deepEqual(ours, theirStreams(path, ours.length))
  })
}
