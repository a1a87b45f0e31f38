// fake-console: what a console needs, made up: a memory store, a folder that goes away, and an analyser that knows captures by their magic.
// The analyser is an argument everywhere, so that the real one takes its place without a change to the tests.

import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deskForConsole } from '../cli/advisory-desk.ts'
import { loadProfiles } from '../config/index.ts'
import type { ProgressEvent } from '../console/api.ts'
import type { AnalyseResult, ConsoleDeps } from '../console/deps.ts'
import type { Store } from '../store/store.ts'
import { seedWard, WARD_START, WARD_ZONES, wardAnalysis } from './fixture-ward.ts'
import { memoryStore } from './memory-store.ts'

/** First four bytes of pcap (both ends, micro- and nanoseconds) and of pcapng. */
const CAPTURE_MAGICS: ReadonlySet<string> = new Set(['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a'])

export type Analyser = (store: Store) => ConsoleDeps['analyseCapture']

/** Takes any file that starts as a capture does and answers with the made-up ward; refuses the rest as the real one does. */
export const fakeAnalyser: Analyser = (store) => async (path, name, onProgress): Promise<AnalyseResult> => {
  const bytes = await readFile(path)
  if (!CAPTURE_MAGICS.has(bytes.subarray(0, 4).toString('hex'))) {
    return { ok: false, error: {
      code: 'capture/not-a-capture', message: `"${name}" is not a packet capture: its first bytes are none of pcap or pcapng.`,
      help: 'Save the file as pcap or pcapng (Wireshark: File, Save As) and open it again.',
    } }
  }
  const id = `an-${createHash('sha256').update(bytes).digest('hex').slice(0, 10)}`
  const progress = (part: number): ProgressEvent =>
    ({ analysis: id, bytesRead: Math.floor(bytes.length * part), bytesTotal: bytes.length, packets: Math.floor(812 * part) })
  for (const part of [0.25, 0.5, 0.75, 1]) {
    onProgress(progress(part))
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  await seedWard(store, id, name)
  return { ok: true, analysis: wardAnalysis(id, name) }
}

export interface FakeWorld {
  readonly deps: ConsoleDeps
  readonly store: Store
  /** The parent of `incoming`; gone after `remove`. */
  readonly folder: string
  remove(): Promise<void>
}

function fakeProfiles() {
  const loaded = loadProfiles()
  return loaded.ok ? loaded.value.profiles : new Map<string, never>()
}

/** Everything createConsole asks for, in a fresh temporary folder. */
export async function fakeWorld(overrides: Partial<ConsoleDeps> = {}, analyser: Analyser = fakeAnalyser): Promise<FakeWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-console-'))
  const store = memoryStore()
  const deps: ConsoleDeps = {
    store, zoneMap: async () => WARD_ZONES, advisories: deskForConsole(store, fakeProfiles()), analyseCapture: analyser(store),
    incoming: join(folder, 'incoming'), webRoot: join(folder, 'web'), version: '0.0.0-test', now: () => WARD_START, ...overrides,
  }
  return { deps, store, folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** The smallest pcap there is (24 bytes of header, no packet), little-endian, plus filler that readers of the fake never look at. */
export function tinyPcap(fillerBytes = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24 + fillerBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0xa1b2c3d4, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, 65_535, true)
  view.setUint32(20, 1, true)
  return bytes
}

/** A multipart body as a browser sends it. */
export async function multipart(bytes: Uint8Array<ArrayBuffer>, filename: string, field = 'capture') {
  const form = new FormData()
  form.append(field, new Blob([bytes]), filename)
  const encoded = new Response(form)
  const payload = Buffer.from(await encoded.arrayBuffer())
  return { payload, headers: { 'content-type': encoded.headers.get('content-type') ?? '' } }
}
