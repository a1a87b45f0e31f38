// Stores: the readings file, the queue's file, the feeder between them and the senders, as the loop takes them.
// Keeps the rule that a failure of a disk is a short word for the notice, and that a model and a lead are sent only as somebody stated them.

import { encodeBundle } from '../core/out/fhir.ts'
import type { Sender } from '../core/out/message.ts'
import { encodePcd01 } from '../core/out/pcd01.ts'
import { decodeRecord } from '../core/record.ts'
import type { GatewayConfig, TargetConfig } from '../../config/gateway.ts'
import { machineDeps } from '../out/deps.ts'
import { startSender } from '../out/sender.ts'
import { StorageError } from '../queue/database.ts'
import { openQueue } from '../queue/durable-queue.ts'
import { Feeder, type FeedTarget } from '../queue/feeder.ts'
import type { GatewayQueue } from '../queue/queue.ts'
import { openReadings, type Readings } from '../queue/readings.ts'
import { outPart } from './out-part.ts'
import type { OutPart, OwnedReadings, ReadingsPart, Stores } from './parts.ts'
import type { Micros } from '../../base/time.ts'

const BYTES_PER_MEGABYTE = 1024 * 1024

export async function openStores(config: GatewayConfig, clock: () => Micros, note: (words: string) => void): Promise<Stores> {
  const readings = openReadings(config.folder, { keepHours: config.keep.readingsHours })
  if (!readings.ok) throw new StorageError(readings.error)
  const bytesMax = config.keep.queueMegabytes * BYTES_PER_MEGABYTE
  const queue = openQueue(config.folder, { tag: config.eui64.slice(-4).toUpperCase(), bytesMax, bornAt: clock() })
  if (!queue.ok) {
    readings.value.close()
    throw new StorageError(queue.error)
  }
  return { readings: readingsPart(readings.value, config, clock), out: wayOut(config, readings.value, queue.value, clock, note) }
}

function decode(record: Uint8Array): OwnedReadings | null {
  const decoded = decodeRecord(record)
  return decoded.ok ? decoded.value : null
}

function readingsPart(readings: Readings, config: GatewayConfig, clock: () => Micros): ReadingsPart {
  return {
    decode,
    async append(records) {
      try {
        await readings.append(records)
        readings.retain(clock())
      } catch (cause) {
        throw cause instanceof StorageError ? Object.assign(new Error('not stored'), { code: cause.problem.code }) : cause
      }
    },
    kept() {
      const { bytes, nextDeletionAt } = readings.figures()
      return { what: 'readings', bytes, nextDeletion: nextDeletionAt, rule: `${config.keep.readingsHours} h` }
    },
    close: async () => readings.close(),
  }
}

function wayOut(config: GatewayConfig, readings: Readings, queue: GatewayQueue, clock: () => Micros, note: (words: string) => void): OutPart {
  const models = new Map<string, string>(config.beds.map(({ device, model }) => [device, model]))
  const feeder = new Feeder({
    readings, queue, targets: config.targets.map((target) => feedTarget(target, config)), decode, modelOf: (device) => models.get(device) ?? '', now: clock,
  })
  feeder.start()
  const deps = machineDeps(note)
  return outPart({
    targets: config.targets, queue: (name) => queue.target(name), send: (target, own) => startSender(target, own, deps),
    // The feeder takes what is stored, by itself.
    take: () => undefined, tick: () => undefined,
    kept: () => ({ what: 'queue', bytes: queue.share().bytes, nextDeletion: null, rule: 'until delivered' }),
    close() {
      feeder.stop()
      while (feeder.pump()) continue
      queue.close()
    },
  })
}

function feedTarget({ name, kind, everyMicros, waveforms }: TargetConfig, config: GatewayConfig): FeedTarget {
  const { eui64, facility, deviceSystem, patientSystem, leads } = config
  const sender: Sender = { name: config.name, eui64, facility, deviceSystem, patientSystem, areLeadsStated: leads === 'known' }
  const bundle = (out: Parameters<typeof encodeBundle>[0]): Uint8Array | null => {
    const made = encodeBundle(out, sender)
    return made === null ? null : new TextEncoder().encode(JSON.stringify(made))
  }
  return { name, everyMicros, waveforms, encode: kind === 'fhir' ? bundle : (out) => encodePcd01(out, sender, 'bare') }
}
