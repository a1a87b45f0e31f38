// The five that move files over every shared capture: which flows they take, which files they tell, and nothing anywhere else.
// Keeps the evidence rule: flow counts are tshark 4.0.17's by content, or stand in the captures' manifest. Skips by name when absent.

import { deepStrictEqual, ok } from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { replay } from '../../testing/replay.ts'
import { createFtp } from '../ftp/index.ts'
import { createHttp } from '../http/index.ts'
import { createRpc } from '../rpc/index.ts'
import { createSmb } from '../smb/index.ts'
import { createTftp } from '../tftp/index.ts'

const SHARED = fileURLToPath(new URL('../../../../shared/captures/', import.meta.url))
const absent = existsSync(SHARED) ? false : 'no captures at ../shared/captures'
/** Captures above this size add seconds and no new kind of traffic. */
const FILE_BYTES_MAX = 4_000_000

function capturesBelow(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = `${dir}/${name}`
    if (statSync(path).isDirectory()) return capturesBelow(path)
    return /\.(pcap|pcapng|cap|dmp|snoop|trace)(\.gz)?$/.test(name) && statSync(path).size < FILE_BYTES_MAX ? [path] : []
  })
}

/** Capture to flows by protocol; those of nfs/ are rpc's own test's. */
const EXPECTED: Readonly<Record<string, string>> = {
  'community-id/cid__tcp.pcap': 'http 1',
  'frag/sv__bug-3286-03-windows-evasion_with_evasion_windows.pcap': 'http 1',
  'frag/zeek__tcp_reassembly.pcap': 'http 1',
  'inventory/ndpi__ipp.pcap': 'http 3',
  'inventory/ndpi__tftp.pcap': 'tftp 9, tftp read 1, tftp write 2',
  'inventory/ws__adsl-cpe_nb6-startup.pcap': 'http 8',
  'malware/cs__cryptowall4_c2.pcapng': 'http 3',
  'malware/ndpi__emotet.pcap': 'http 3, http read 2',
  'malware/ndpi__exe_download_as_png.pcap': 'http 1, http read 1',
  'malware/ndpi__trickbot.pcap': 'http 1',
  'malware/sv__smb-eicar-file_input.pcap': 'smb 1, smb write 1',
  'scan/zeek__ftp_bruteforce.pcap': 'ftp 30',
  'vlan/zeek__http-qinq-0.pcap': 'http 1',
  'vlan/zeek__vlan-collisions.pcap': 'http 3',
  'vlan/zeek__vlan-qinqinq.pcap': 'http 1',
}

test('outside nfs/ these flows are taken, and no other', { skip: absent }, () => {
  const found: Record<string, string> = {}
  let flows = 0
  for (const path of capturesBelow(SHARED.slice(0, -1)).filter((p) => !p.includes('/nfs/'))) {
    const result = replay(path, [createRpc(), createSmb(), createHttp(), createTftp(), createFtp()])
    flows += result.flows.length
    const counts = new Map<string, number>()
    for (const { protocol } of result.flows) if (protocol !== null) counts.set(protocol, (counts.get(protocol) ?? 0) + 1)
    for (const f of result.facts) {
      if (f.protocol === 'file-transfer') counts.set(`${f.over} ${f.kind}`, (counts.get(`${f.over} ${f.kind}`) ?? 0) + 1)
    }
    if (counts.size > 0) found[path.slice(SHARED.length)] = [...counts].map(([name, count]) => `${name} ${count}`).sort().join(', ')
  }
  deepStrictEqual(found, EXPECTED)
  ok(flows > 500, `only ${flows} flows looked at`)
})
