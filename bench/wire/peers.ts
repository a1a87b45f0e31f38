// The peers: which programs read the same file beside cordon, each with the command line that lets it do its usual work at its best.
// Keeps the rule that what a peer is told is written down, with why; none sends anything, none resolves a name.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..', '..')
export const CORDON = path.join(ROOT, 'cordon')
/** tshark dissects some 15,000 packets per CPU second. */
const SLICE_PACKETS = 200_000

export interface Peer {
  readonly name: string
  /** What it does with the packets, and what it is told not to do. */
  readonly words: string
  readonly argv: (file: string, scratch: string) => readonly string[]
  /** Reads only this many packets; its rate is per packet all the same. */
  readonly slice?: number
}

/** What is looked for: the program, and what it takes to run it once it is there. */
interface Candidate {
  readonly program: string
  readonly package: string
  readonly peers: () => readonly Peer[]
}

const CANDIDATES: readonly Candidate[] = [
  {
    program: 'ndpiReader', package: 'libndpi-bin',
    peers: () => [{ name: 'ndpiReader', words: 'nDPI on every flow, quiet, tunnels as by default', argv: (file) => ['ndpiReader', '-q', '-i', file] }],
  },
  {
    program: 'softflowd', package: 'softflowd',
    peers: () => [{
      // Its default of 8,192 flows makes it slower by a third here; without -c none it waits for its control socket before it reads.
      name: 'softflowd', words: 'flow counting, IPv6 too, a table that holds all flows, nothing exported',
      argv: (file) => ['softflowd', '-d', '-r', file, '-m', '1000000', '-6', '-c', 'none', '-p', 'none'],
    }],
  },
  {
    program: 'nfpcapd', package: 'nfdump',
    peers: () => [{ name: 'nfpcapd', words: 'flow counting, flow files written uncompressed', argv: (file, scratch) => ['nfpcapd', '-r', file, '-w', scratch] }],
  },
  {
    program: 'tcpdump', package: 'tcpdump',
    peers: () => [
      // A name that is a device would be opened as one: the file is in the scratch folder, the bytes go nowhere.
      { name: 'tcpdump -w, filter', words: 'one BPF filter per packet, what matches is written to /dev/null', argv: (file) => ['tcpdump', '-r', file, '-w', '/dev/null', 'tcp or udp'] },
      { name: 'tcpdump -nn', words: 'a line of text per packet, no names', argv: (file) => ['tcpdump', '-nn', '-r', file], slice: SLICE_PACKETS },
    ],
  },
  {
    program: 'tshark', package: 'tshark',
    peers: () => [{
      name: 'tshark -z io,phs', words: 'full dissection, one pass, protocol hierarchy',
      argv: (file) => ['tshark', '-n', '-q', '-r', file, '-z', 'io,phs'], slice: SLICE_PACKETS,
    }],
  },
  { program: 'suricata', package: 'suricata of Debian backports', peers: suricata },
  {
    program: 'snort', package: 'snort 3, from its makers',
    peers: () => [{ name: 'snort', words: 'quiet, no rules', argv: (file, scratch) => ['snort', '-q', '-k', 'none', '-r', file, '-l', scratch] }],
  },
  {
    program: 'zeek', package: 'zeek, from its makers',
    peers: () => [{ name: 'zeek', words: 'its default scripts, logs written', argv: (file, scratch) => ['sh', '-c', 'cd "$1" && exec zeek -C -r "$0"', file, scratch] }],
  },
]

/** Debian's file switches these off; cordon has all of its protocols on. */
const SURICATA_OFF = ['pgsql', 'modbus', 'dnp3', 'enip']

/** One thread, no rules, checksums not checked, every protocol on; without the event log, and with it as Debian ships it. */
function suricata(): readonly Peer[] {
  const config = spawnSync('suricata', ['--dump-config'], { encoding: 'utf8' }).stdout
  const eve = /^outputs\.(\d+) = eve-log$/m.exec(config)?.[1]
  const on = SURICATA_OFF.flatMap((name) => ['--set', `app-layer.protocols.${name}.enabled=yes`])
  const argv = (file: string, scratch: string): string[] => ['suricata', '-r', file, '-l', scratch, '-S', '/dev/null', '-k', 'none', '--runmode', 'single', ...on]
  const words = 'one thread, no rules, all application layers on, checksums not checked'
  return [
    ...(eve === undefined ? [] : [{
      name: 'suricata, eve off', words: `${words}, no event log`,
      argv: (file: string, scratch: string) => [...argv(file, scratch), '--set', `outputs.${eve}.eve-log.enabled=no`],
    }]),
    { name: 'suricata, eve on', words: `${words}, event log as Debian ships it`, argv },
  ]
}

export function isOnPath(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0
}

/** The peers that are here, and the programs that are not, with the package each is in. */
export function findPeers(): { peers: readonly Peer[]; missing: readonly string[] } {
  const here = CANDIDATES.filter((c) => isOnPath(c.program))
  return { peers: here.flatMap((c) => c.peers()), missing: CANDIDATES.filter((c) => !here.includes(c)).map((c) => `${c.program} (${c.package})`) }
}

export const FLOORS: readonly Peer[] = [
  { name: 'cat (floor)', words: 'every byte read', argv: (file) => ['cat', file] },
  { name: 'record walk (floor)', words: 'every record header looked at, in Node', argv: (file) => [process.execPath, path.join(import.meta.dirname, 'walk.ts'), file] },
]

/** cordon with everything on, and each way of running it that this version has. The first is what peers are compared with. */
export function cordons(): readonly Peer[] {
  const help = spawnSync(CORDON, ['check', '--help'], { encoding: 'utf8' }).stdout
  const words = 'all protocols, inventory, detections, policy verdicts, JSON; no store'
  const way = (flags: readonly string[], more: string): Peer => ({
    name: ['cordon check', ...flags].join(' '), words: words + more, argv: (file) => [CORDON, 'check', file, '--json', ...flags],
  })
  const ways = [way([], '')]
  if (/--workers\b/.test(help)) ways.push(way(['--workers', '2'], '; two worker threads'))
  if (/--no-hash\b/.test(help)) ways.push(way(['--no-hash'], '; without the digest of the file'))
  return ways
}

/** A folder of its own for each run, so that none finds what the one before left. */
export function freshFolder(folder: string): string {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  return folder
}

export function versionOf(peer: Peer): string {
  const [program = ''] = peer.argv('', '')
  const flag = program === 'suricata' ? '-V' : program === 'ndpiReader' ? '-h' : program === 'softflowd' ? '-h' : program === 'nfpcapd' ? '-V' : '--version'
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8', timeout: 10_000 })
  return /\d+(?:\.\d+)+/.exec(`${stdout ?? ''}\n${stderr ?? ''}`)?.[0] ?? 'unknown'
}
