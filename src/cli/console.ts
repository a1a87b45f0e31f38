// The console as the command line starts it: store, policy and sensor put behind the HTTP server's dependencies.

import fs from 'node:fs'
import path from 'node:path'
import { formatPrefix } from '../base/ip.ts'
import type { ConsoleDeps, PolicyZones } from '../console/server.ts'
import { analyseFile } from '../sensor/analyse.ts'
import type { Knowledge } from '../sensor/knowledge.ts'
import type { Store } from '../store/store.ts'
import { deskForConsole } from './advisory-desk.ts'
import { knowingPeople } from './knowing-people.ts'
import { VERSION } from './version.ts'
import { webRoot } from './web-root.ts'

const MICROS_PER_MILLI = 1000

export interface ConsoleParts {
  readonly store: Store
  readonly knowledge: Knowledge
  readonly dataFolder: string
  readonly onError: (error: unknown) => void
}

export function nowMicros(): number {
  return Date.now() * MICROS_PER_MILLI
}

export function consoleDeps({ store, knowledge, dataFolder, onError }: ConsoleParts): ConsoleDeps {
  const zones = policyZones(knowledge)
  return {
    store,
    profiles: knowledge.profiles,
    zoneMap: async () => zones,
    advisories: deskForConsole(store, knowledge.profiles),
    analyseCapture: async (file, name, onProgress) => {
      const bytesTotal = fs.statSync(file).size
      const result = await analyseFile(file, {
        knowledge: await knowingPeople(knowledge, store), store, name, now: nowMicros,
        onProgress: (p) => onProgress({ analysis: '', bytesRead: p.bytesRead, bytesTotal: p.bytesTotal ?? bytesTotal, packets: p.packets }),
      })
      if (!result.ok) return { ok: false, error: { code: result.error.code, message: result.error.message, help: result.error.help } }
      return { ok: true, analysis: result.value.report.analysis }
    },
    incoming: path.join(dataFolder, 'incoming'),
    webRoot: webRoot(),
    version: VERSION,
    now: nowMicros,
    onError,
  }
}

function policyZones({ policy }: Knowledge): PolicyZones {
  return {
    zones: policy.zones.map((z) => ({ name: z.name, kind: z.kind, prefixes: z.prefixes.map(formatPrefix) })),
    conduits: policy.conduits
      .filter((c) => c.action === 'allow')
      .flatMap((c) => c.services.map((service) => ({ from: c.from, to: c.to, service, name: c.name }))),
  }
}
