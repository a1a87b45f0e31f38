// cordon gateway status: asks the running gateway, or says from file and folder how it rests.
// Keeps the rule that it changes nothing: where no gateway runs it only reads.

import fs from 'node:fs'
import path from 'node:path'
import { askControl } from '../gateway/hospital/control.ts'
import { grantSource } from '../gateway/hospital/grant-source.ts'
import { QUEUE_FILE } from '../gateway/queue/durable-queue.ts'
import { READINGS_FILE } from '../gateway/queue/readings.ts'
import { folderLines, restingStatus, type GatewayStatus } from '../gateway/hospital/status.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import { nowMicros } from './console.ts'
import { gatewayConfig } from './gateway-file.ts'
import { statusText } from './gateway-text.ts'
import { Exit, type Io } from './io.ts'

/** Exit codes: ok; incomplete (4) when nothing runs or it does not answer; usage (2). */
export async function gatewayStatus(file: string, json: boolean, io: Io): Promise<number> {
  const config = gatewayConfig(file, io)
  if (config === null) return Exit.usage
  const asked = await askControl(config.folder, 'status')
  if (!asked.ok && asked.error.kind === 'failed') {
    io.err(`cordon gateway status: ${asked.error.message}\n`)
    return Exit.incomplete
  }
  const status = asked.ok ? (asked.value as GatewayStatus) : await resting(config)
  io.out(json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, io))
  if (!asked.ok) io.err(`cordon gateway status: ${asked.error.message}\n  help: Start it with: cordon gateway run ${file}\n`)
  return asked.ok ? Exit.ok : Exit.incomplete
}

async function resting(config: GatewayConfig): Promise<GatewayStatus> {
  const now = nowMicros()
  const size = (file: string): number => filesBytes(config.folder, file)
  const kept = [
    { what: 'readings', bytes: size(READINGS_FILE), nextDeletion: null, rule: `${config.keep.readingsHours} h, when it runs` } as const,
    { what: 'queue', bytes: size(QUEUE_FILE), nextDeletion: null, rule: 'until delivered' } as const,
  ]
  return restingStatus(config, now, await grantSource(config, nowMicros)(now), [...kept, ...folderLines(config)])
}

/** A database with its log. */
function filesBytes(folder: string, file: string): number {
  return ['', '-wal'].reduce((sum, end) => sum + (fs.statSync(path.join(folder, file + end), { throwIfNoEntry: false })?.size ?? 0), 0)
}
