// bench:wire: packets per CPU second of `cordon check` on a mix of real captures, beside tcpdump and ndpiReader, in one run.
// Prints a table and writes artifacts/bench-wire.json. Nothing is asserted here: figures go to docs/performance.md with their date.

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { LinkType, type PacketSink } from '../src/wire/capture/capture.ts'
import { createCaptureReader } from '../src/wire/capture/reader.ts'
import { PCAP_RECORD_HEADER_BYTES, pcapFileHeader, putPcapRecordHeader } from '../src/wire/capture/writer.ts'

const ROOT = path.join(import.meta.dirname, '..')
const CORDON = path.join(ROOT, 'cordon')
const CAPTURES = path.join(ROOT, '..', 'shared', 'captures')
const RUNS = Number(process.env['RUNS'] ?? 5)
/** Times the whole folder is laid end to end: 1.0 M packets, 0.3 GB. */
const REPEATS = Number(process.env['REPEATS'] ?? 16)
const WINDOW_MICROS = 300_000_000

interface Packet {
  readonly bytes: Uint8Array
  readonly at: number
}

/** Every Ethernet packet of the real captures, each file laid over the same five minutes. */
function collect(): Packet[] {
  const packets: Packet[] = []
  for (const name of fs.readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(CAPTURES, name)
    if (!fs.statSync(file).isFile() || name.endsWith('.tsv') || name.startsWith('corrupt')) continue
    packets.push(...packetsOf(file))
  }
  return packets.sort((a, b) => a.at - b.at)
}

function packetsOf(file: string): Packet[] {
  const raw = fs.readFileSync(file)
  const found: Packet[] = []
  const sink: PacketSink = {
    packet(buf, off, end, at, _wire, linkType) {
      if (linkType === LinkType.ethernet) found.push({ bytes: buf.slice(off, end), at })
    },
  }
  const reader = createCaptureReader(sink)
  reader.push(raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw)
  reader.end()
  const first = found[0]?.at ?? 0
  return found.map((p) => ({ bytes: p.bytes, at: Math.abs(p.at - first) % WINDOW_MICROS }))
}

/** Writes the mix REPEATS times, IPv4 addresses shifted per round so that flows do not merge. */
function writeMix(file: string): { packets: number; bytes: number } {
  const packets = collect()
  const fd = fs.openSync(file, 'w')
  fs.writeSync(fd, pcapFileHeader(LinkType.ethernet))
  let count = 0
  for (let round = 0; round < REPEATS; round++) {
    const chunks: Uint8Array[] = []
    for (const p of packets) {
      const record = new Uint8Array(PCAP_RECORD_HEADER_BYTES + p.bytes.length)
      putPcapRecordHeader(record, 0, 1_700_000_000_000_000 + round * WINDOW_MICROS + p.at, p.bytes.length, p.bytes.length)
      record.set(p.bytes, PCAP_RECORD_HEADER_BYTES)
      shift(record, PCAP_RECORD_HEADER_BYTES, p.bytes.length, round)
      chunks.push(record)
      count++
    }
    fs.writeSync(fd, Buffer.concat(chunks))
  }
  fs.closeSync(fd)
  return { packets: count, bytes: fs.statSync(file).size }
}

/** Second octet up in the source and down in the destination: sums, and so checksums, stay as they were wherever no octet wraps. */
function shift(record: Uint8Array, off: number, length: number, by: number): void {
  if (length < 34 || record[off + 12] !== 8 || record[off + 13] !== 0) return
  record[off + 27] = ((record[off + 27] ?? 0) + by) & 255
  record[off + 31] = ((record[off + 31] ?? 0) - by) & 255
}

interface Row {
  readonly tool: string
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly packetsPerCpuSecond: number
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** One warm-up, RUNS counted runs; user plus system seconds of the whole process as bash reports them. */
function measure(tool: string, command: string, packets: number): Row {
  const cpu: number[] = []
  const wall: number[] = []
  for (let run = 0; run <= RUNS; run++) {
    const { stderr } = spawnSync('bash', ['-c', `TIMEFORMAT='%U %S %R'; time { ${command} >/dev/null 2>/dev/null; }`], { encoding: 'utf8' })
    const [user = 0, system = 0, real = 0] = stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
    if (run === 0) continue
    cpu.push(user + system)
    wall.push(real)
  }
  const cpuSeconds = median(cpu)
  return { tool, cpuSeconds, wallSeconds: median(wall), packetsPerCpuSecond: packets / cpuSeconds }
}

function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
}

/** Half an hour of a full ward: long streams, the traffic of the place. */
function writeWard(file: string): { packets: number; bytes: number } {
  const args = ['twin', '--out', file, '--beds', '64', '--scenario', 'leak,update', '--seconds', '1800', '--seed', '7']
  const made = spawnSync(CORDON, args, { encoding: 'utf8' })
  const packets = Number(/(\d+) packets/.exec(made.stderr)?.[1])
  return { packets, bytes: fs.statSync(file).size }
}

interface Result {
  readonly input: string
  readonly packets: number
  readonly bytes: number
  readonly rows: readonly Row[]
}

function compare(input: string, file: string, { packets, bytes }: { packets: number; bytes: number }): Result {
  const rows = [
    measure('cat (floor)', `cat ${file}`, packets),
    measure('cordon check --json', `${CORDON} check ${file} --json`, packets),
    ...(has('tcpdump') ? [measure('tcpdump -w', `tcpdump -r ${file} -w -`, packets), measure('tcpdump -nn', `tcpdump -nn -r ${file}`, packets)] : []),
    ...(has('ndpiReader') ? [measure('ndpiReader', `ndpiReader -i ${file}`, packets)] : []),
  ]
  const ours = rows.find((r) => r.tool.startsWith('cordon'))?.packetsPerCpuSecond ?? 0
  console.log(`\n${input}: ${packets.toLocaleString('en')} packets, ${(bytes / 1e6).toFixed(0)} MB`)
  console.log('| tool | CPU s | wall s | packets per CPU s | cordon is |\n|---|---|---|---|---|')
  for (const r of rows) {
    const rate = Math.round(r.packetsPerCpuSecond).toLocaleString('en')
    console.log(`| ${r.tool} | ${r.cpuSeconds.toFixed(2)} | ${r.wallSeconds.toFixed(2)} | ${rate} | ${(ours / r.packetsPerCpuSecond).toFixed(3)}x |`)
  }
  fs.rmSync(file)
  return { input, packets, bytes, rows }
}

function main(): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-bench-'))
  console.log(`${RUNS} runs each after one warm-up, ${os.cpus()[0]?.model ?? ''}, Node ${process.version}`)
  const file = path.join(folder, 'input.pcap')
  const results = [compare('twin ward', file, writeWard(file))]
  if (fs.existsSync(CAPTURES)) results.push(compare('mix of real captures', file, writeMix(file)))
  else console.log('skipped: mix of real captures (../shared/captures is not here)')
  fs.mkdirSync(path.join(ROOT, 'artifacts'), { recursive: true })
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  const report = { commit, node: process.version, runs: RUNS, results }
  fs.writeFileSync(path.join(ROOT, 'artifacts', 'bench-wire.json'), `${JSON.stringify(report, null, 2)}\n`)
  fs.rmSync(folder, { recursive: true })
}

main()
