// check: a capture through the whole sensor with the shipped knowledge, as `cordon check` does it, for tests.

import assert from 'node:assert/strict'
import { loadKnowledge } from '../cli/load-knowledge.ts'
import { analyseFile } from '../sensor/analyse.ts'
import { behavioursOf, type Knowledge } from '../sensor/knowledge.ts'
import { takePicture, type Picture } from '../sensor/picture.ts'
import type { Report } from '../sensor/report.ts'
import { Sensor } from '../sensor/sensor.ts'
import { playWard, WARD_DEFAULTS, type WardOptions } from '../twin/core/ward.ts'
import { LinkType } from '../wire/capture/capture.ts'

let loaded: Knowledge | null = null

export function shippedKnowledge(): Knowledge {
  if (loaded) return loaded
  const knowledge = loadKnowledge(undefined)
  assert.ok(knowledge.ok, knowledge.ok ? '' : knowledge.error)
  loaded = knowledge.value
  return loaded
}

/** The report of a capture file that can be read at all. */
export async function check(file: string): Promise<Report> {
  const result = await analyseFile(file, { knowledge: shippedKnowledge(), store: null })
  assert.ok(result.ok, result.ok ? '' : result.error.message)
  return result.value.report
}

/** A synthetic ward through the sensor, without a file. `heard` says which frames a mirror port would show; `seed` goes into the hashes. */
export function watchWard(
  options: Partial<WardOptions>, heard: (bytes: Uint8Array, at: number) => boolean = () => true, seed = 0,
): { sensor: Sensor; picture: Picture } {
  const sensor = new Sensor({ behaviours: behavioursOf(shippedKnowledge()), seed })
  for (const { at, bytes } of playWard({ ...WARD_DEFAULTS, ...options })) {
    if (heard(bytes, at)) sensor.packet(bytes, 0, bytes.length, at, bytes.length, LinkType.ethernet)
  }
  sensor.finish()
  return { sensor, picture: takePicture(sensor.heard(), shippedKnowledge()) }
}
