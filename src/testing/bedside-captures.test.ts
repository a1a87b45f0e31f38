// Every shared capture through the bedside rows alone: none of them holds a bedside monitor's own protocol, and none may be called one.
// Keeps "wrong labels cost more than missing ones": the control for vista120, intellivue, carescape and sdc.

import { deepEqual, ok } from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { carescape } from '../protocols/carescape/index.ts'
import { intellivue } from '../protocols/intellivue/index.ts'
import { sdc } from '../protocols/sdc/index.ts'
import { vista120 } from '../protocols/vista120/index.ts'
import { replay } from './replay.ts'
import { capturesMissing, manifest, sharedCapture } from './shared.ts'

const ROWS = [vista120, intellivue, carescape, sdc]
/** Larger files are dumps and floods of what the smaller ones have; reading them costs more than it shows. */
const BYTES_MAX = 1_200_000

test('no shared capture holds a flow of a bedside protocol', { skip: capturesMissing }, () => {
  const files = manifest().map((row) => row.file).filter((file) => /\.(?:pcap|cap|pcapng)$/.test(file) && statSync(sharedCapture(file)).size <= BYTES_MAX)
  ok(files.length > 80, `${files.length} captures`)
  const flows = files.flatMap((file) => read(file).map((protocol) => [file, protocol] as const))
  ok(flows.length > 3000, `${flows.length} flows were asked`)
  deepEqual(flows.filter(([, protocol]) => protocol !== null), [])
})

/** Protocols of its flows; nothing for a file that is damaged on purpose. */
function read(file: string): readonly (string | null)[] {
  try {
    return replay(sharedCapture(file), ROWS).flows.map((flow) => flow.protocol)
  } catch {
    return []
  }
}
