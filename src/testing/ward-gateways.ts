// ward-gateways: what a live ward can be pointed at: the core behind plain sockets in this process, or the product as a command, with all its processes.
// Keeps the rule that both give the same account at their end, so that one test holds both to it.

import fs from 'node:fs'
import path from 'node:path'
import type { BedsFrame } from '../console/api.ts'
import { decodeRecord } from '../gateway/core/record.ts'
import type { Reading } from '../gateway/core/intake/reading.ts'
import { openReadings } from '../gateway/queue/readings.ts'
import { ended, outputMatching, start } from './command.ts'
import { feedFigures, startPlainGateway } from './plain-gateway.ts'

export interface WardPlaces {
  readonly cms: string
  readonly hl7: string
  readonly cmsPort: number
  readonly hl7Port: number
  /** Address of each bed's monitor, bed 1 first. */
  readonly monitors: readonly string[]
}

export interface GatewayEnd {
  /** Readings stored, by device, in the order they were stored. */
  readonly stored: ReadonlyMap<string, readonly Reading[]>
  /** Verdicts by rule: what the gateway told. */
  readonly told: { readonly [rule: string]: number }
  /** Bytes between frames that the gateway says it skipped; null when it had more to say than its audit takes. */
  readonly skippedBytes: number | null
  /** Bytes read from sockets; null where nobody counts. */
  readonly bytes: number | null
  readonly devices: number
  readonly gaps: number
}

export interface WardGateway {
  readonly words: string
  /** Process ids of the gateway's own processes. */
  readonly pids: readonly number[]
  close(): Promise<GatewayEnd>
}

class Told {
  readonly rules = new Map<string, number>()
  skippedBytes = 0

  add(rule: string, why: string): void {
    this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1)
    if (rule === 'resync') this.skippedBytes += Number(/^(\d+) bytes/.exec(why)?.[1])
  }
}

export async function plainWardGateway({ cms, cmsPort, hl7Port }: WardPlaces): Promise<WardGateway & { readonly hl7: string }> {
  const stored = new Map<string, Reading[]>()
  const told = new Told()
  const shell = await startPlainGateway({
    address: cms, telemetryPort: cmsPort, hl7Port, onCommand: (command) => {
      if (command.kind === 'store') keep(stored, command.device, command.items.map((item) => item.reading))
      if ((command.kind === 'log' || command.kind === 'close') && 'rule' in command.verdict) told.add(command.verdict.rule, command.verdict.why)
    },
  })
  return {
    words: 'GatewayCore behind plain sockets', pids: [process.pid], hl7: cms, close: async () => {
      const feeds = feedFigures(shell.core)
      await shell.close()
      return {
        stored, told: Object.fromEntries(told.rules), skippedBytes: told.skippedBytes, bytes: shell.bytes(), devices: feeds.length,
        gaps: feeds.reduce((sum, feed) => sum + feed.gaps, 0),
      }
    },
  }
}

function keep(stored: Map<string, Reading[]>, device: string, readings: readonly Reading[]): void {
  const list = stored.get(device) ?? []
  stored.set(device, list)
  list.push(...readings)
}

/** `cordon gateway run` in `folder`, which is made for it: stopped, what its store holds is read from its disk. */
export async function productWardGateway(places: WardPlaces, folder: string): Promise<WardGateway & { readonly hl7: string }> {
  const file = path.join(folder, 'gateway.yaml')
  fs.writeFileSync(file, gatewayFile(places))
  const child = start(['gateway', 'run', file])
  // Whatever goes wrong here, nothing of it is left behind.
  process.on('exit', () => child.kill('SIGKILL'))
  const console = /Console: (\S+)/.exec(await outputMatching(child, /Console: \S+\n/))?.[1] ?? ''
  return {
    words: 'cordon gateway run: both processes, sandbox, store and console', pids: family(child.pid ?? 0), hl7: places.hl7, close: async () => {
      const tiles = await allTiles(console)
      child.kill('SIGTERM')
      await ended(child)
      const { told, isWhole } = readAudit(path.join(folder, 'data', 'audit'))
      return {
        stored: readStore(path.join(folder, 'data')), told: Object.fromEntries(told.rules), skippedBytes: isWhole ? told.skippedBytes : null, bytes: null,
        devices: tiles.filter((tile) => tile.feed.state !== 'never').length, gaps: tiles.reduce((sum, tile) => sum + tile.feed.gaps, 0),
      }
    },
  }
}

function family(pid: number): number[] {
  const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...text.split(' ').filter((word) => word !== '').flatMap((word) => family(Number(word)))]
}

function gatewayFile({ cms, hl7, cmsPort, hl7Port, monitors }: WardPlaces): string {
  const beds = monitors.map((device, i) => `  - { device: ${device}, bed: W^${i + 1}^1, model: CMS8000 }`)
  return [
    'version: 1', 'name: WARD', 'eui64: "0200000000000001"', 'facility: HOSPITAL', 'systems: { device: "urn:oid:2.999.1.1", patient: "urn:oid:2.999.1.2" }',
    'folder: data', `segment: { cms: ${cms}, hl7: ${hl7}, cms-ports: [${cmsPort}], hl7-port: ${hl7Port} }`, 'leads: unknown', 'targets: []', 'beds:',
    ...beds, '',
  ].join('\n')
}

/** One frame of each page of the beds page. */
async function allTiles(console: string): Promise<BedsFrame['tiles'][number][]> {
  const tiles: BedsFrame['tiles'][number][] = []
  for (let [page, pages] = [1, 1]; page <= pages; page++) {
    const frame = await oneFrame(`${console}api/beds/stream?page=${page}`)
    pages = frame.pages
    tiles.push(...frame.tiles)
  }
  return tiles
}

async function oneFrame(url: string): Promise<BedsFrame> {
  const stop = new AbortController()
  const answer = await fetch(url, { signal: stop.signal })
  if (answer.body === null) throw new Error('the stream of beds has no body')
  let text = ''
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    text += piece
    const data = /^data: (.*)\n\n/m.exec(text)?.[1]
    if (data === undefined) continue
    stop.abort()
    return JSON.parse(data) as BedsFrame
  }
  throw new Error('the stream of beds ended before its first frame')
}

interface AuditLine {
  readonly kind: string
  readonly rule?: string
  readonly why?: string
}

function readAudit(folder: string): { readonly told: Told; readonly isWhole: boolean } {
  const told = new Told()
  const lines = fs.readdirSync(folder).flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').trim().split('\n'))
  const parsed = lines.map((line) => JSON.parse(line) as AuditLine)
  for (const { kind, rule, why } of parsed) if (kind === 'intake') told.add(rule ?? '', why ?? '')
  return { told, isWhole: !parsed.some(({ kind }) => kind === 'untold') }
}

const READ_AT_ONCE = 1000

function readStore(folder: string): Map<string, Reading[]> {
  const opened = openReadings(folder, { keepHours: 24 })
  if (!opened.ok) throw new Error(opened.error.message)
  const stored = new Map<string, Reading[]>()
  for (let seq = 0; ;) {
    const records = opened.value.read(seq, READ_AT_ONCE)
    for (const { bytes } of records) {
      const record = decodeRecord(bytes)
      if (!record.ok) throw new Error(record.error)
      keep(stored, record.value.device, record.value.items.map((item) => item.reading))
    }
    seq = records.at(-1)?.seq ?? seq
    if (records.length === 0) break
  }
  opened.value.close()
  return stored
}
