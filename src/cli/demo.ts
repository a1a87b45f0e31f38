// cordon demo: the synthetic ward through the real sensor into the real store, with the console over it. No network, no root.
// The ward's packets never touch a socket: the twin hands them to the sensor in memory.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MICROS_PER_SECOND, type Micros } from '../base/time.ts'
import { createConsole, type Console } from '../console/server.ts'
import type { Analysis } from '../detect/analysis.ts'
import { outgoingAmong } from '../detect/conversations.ts'
import { StoreFeed } from '../sensor/analyse.ts'
import { behavioursOf, overlapOf, type Knowledge } from '../sensor/knowledge.ts'
import { takePicture } from '../sensor/picture.ts'
import { flowRecord, pictureRecords, pictureSets } from '../sensor/records.ts'
import { analysisOf, reportOf } from '../sensor/report.ts'
import { Sensor } from '../sensor/sensor.ts'
import { openEmbeddedStore } from '../store/embedded.ts'
import type { Store } from '../store/store.ts'
import { playWard, SCENARIOS, WARD_DEFAULTS, type WardFrame } from '../twin/core/ward.ts'
import { LinkType } from '../wire/capture/capture.ts'
import { CONVERSATIONS_SHOWN, reportText } from './check-text.ts'
import { consoleDeps, nowMicros } from './console.ts'
import { Exit, type Io } from './io.ts'
import { loadKnowledge } from './load-knowledge.ts'
import { listen } from './serve.ts'

export interface DemoArgs {
  readonly host: string
  readonly port: number
  readonly seed: number
  readonly beds: number
}

const DEMO_ID = 'demo-ward'
/** The ward has been running this long when the console opens, so that every story has happened. */
const HISTORY_SECONDS = 180
/** Between two looks at what the ward did meanwhile. */
const TICK_MS = 1000

export async function runDemo(args: DemoArgs, io: Io): Promise<number> {
  const knowledge = loadKnowledge(undefined)
  if (!knowledge.ok) {
    io.err(`${knowledge.error}\n`)
    return Exit.usage
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-demo-'))
  try {
    const opened = await openEmbeddedStore(folder)
    if (!opened.ok) {
      io.err(`cordon demo: ${opened.error.message}\n  help: ${opened.error.help}\n`)
      return Exit.usage
    }
    try {
      return await play(args, io, knowledge.value, opened.value, folder)
    } finally {
      await opened.value.close()
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function play(args: DemoArgs, io: Io, knowledge: Knowledge, store: Store, folder: string): Promise<number> {
  io.err(`Playing a synthetic ward of ${args.beds} monitors, ${HISTORY_SECONDS} seconds of it at once ...\n`)
  const ward = new DemoWard(args, knowledge, store)
  await ward.playUntil(nowMicros())
  const first = await ward.save('running')
  const onError = (e: unknown): void => io.err(`cordon demo: ${String(e)}\n`)
  const console = await createConsole(consoleDeps({ store, knowledge, dataFolder: folder, onError }))
  const url = await listen(console, args, io)
  if (url === null) return Exit.usage
  io.out(reportText(first, outgoingAmong(first.conversations, CONVERSATIONS_SHOWN), io))
  io.out(`\nConsole: ${url}\n`)
  io.err('All patients are invented. The ward goes on while you look; Ctrl-C ends it.\n')
  await goOn(ward, console, io)
  await console.close()
  return Exit.ok
}

/** Plays what became due, second by second, until stopped. */
async function goOn(ward: DemoWard, console: Console, io: Io): Promise<void> {
  while (!io.signal.aborted) {
    await sleep(TICK_MS, undefined, { signal: io.signal }).catch(() => undefined)
    if (io.signal.aborted) return
    await ward.playUntil(nowMicros())
    await ward.save('running')
    console.notify({ name: 'change', data: { analysis: DEMO_ID, state: 'running' } })
  }
}

/** The ward's frames on one side, sensor and store on the other. */
class DemoWard {
  readonly #frames: Iterator<WardFrame>
  readonly #sensor: Sensor
  readonly #feed: StoreFeed
  readonly #knowledge: Knowledge
  readonly #store: Store
  readonly #openedAt = nowMicros()
  #next: WardFrame | null

  constructor(args: DemoArgs, knowledge: Knowledge, store: Store) {
    const startAt = this.#openedAt - HISTORY_SECONDS * MICROS_PER_SECOND
    const scenarios = new Set(SCENARIOS)
    this.#frames = playWard({ ...WARD_DEFAULTS, seed: args.seed, beds: args.beds, scenarios, startAt, durationSeconds: Number.POSITIVE_INFINITY })
    this.#next = this.#pull()
    this.#knowledge = knowledge
    this.#store = store
    this.#feed = new StoreFeed(store, DEMO_ID)
    this.#sensor = new Sensor({
      behaviours: behavioursOf(knowledge),
      overlapOf: overlapOf(knowledge.policy),
      onSlice: (slice) => this.#feed.add(flowRecord(DEMO_ID, slice)),
      onFact: (fact) => this.#feed.addFact(fact),
    })
  }

  #pull(): WardFrame | null {
    const step = this.#frames.next()
    return step.done ? null : step.value
  }

  /** Hands the sensor every frame up to a moment. */
  async playUntil(at: Micros): Promise<void> {
    while (this.#next && this.#next.at <= at) {
      const { bytes } = this.#next
      this.#sensor.packet(bytes, 0, bytes.length, this.#next.at, bytes.length, LinkType.ethernet)
      this.#next = this.#pull()
    }
    await this.#feed.flush(0)
  }

  /** Takes a picture and stores it in place of the last one. */
  async save(state: Analysis['state']): Promise<ReturnType<typeof reportOf>> {
    const heard = this.#sensor.heard()
    const picture = takePicture(heard, this.#knowledge)
    const parts = { id: DEMO_ID, name: 'demo ward', source: 'demo', sha256: null, summary: null } as const
    const analysis = { ...analysisOf(heard, picture, parts), state }
    await this.#store.append(pictureRecords(analysis, picture, this.#openedAt), pictureSets(DEMO_ID))
    return reportOf(analysis, picture)
  }
}
