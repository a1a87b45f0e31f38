// bench:live: a capture sent over a wire of a network namespace at rising rates into `cordon watch`: what came and who lost the rest, as a table.
// Keeps the rule that every frame is accounted for: sent is received, dropped by the kernel, lost by the interface, or ours.

import fs from 'node:fs'
import path from 'node:path'
import { inLiveNamespace, liveNamespaceMissing } from '../src/testing/live-namespace.ts'
import { sharedCapture } from '../src/testing/shared.ts'

const RATES = [10_000, 50_000, 100_000, 200_000, Number.POSITIVE_INFINITY]
const SECONDS = 5
/** At the last rate, of which nobody knows before how long it takes. */
const COUNT_MAX = 1_500_000
const CAPTURE = process.argv[2] ?? sharedCapture('malware/iti__openics_EIP-FirmwareChange.pcap')

interface Row {
  readonly asked: number | null
  readonly perSecond: number
  readonly sent: number
  readonly received: number
  readonly kernelDrops: number
  readonly interfaceLost: number
  readonly ours: number
}

async function measure(rate: number, capture: string): Promise<Row> {
  const count = Math.min(COUNT_MAX, Number.isFinite(rate) ? rate * SECONDS : COUNT_MAX)
  const step = { kind: 'send', capture, count, ...(Number.isFinite(rate) ? { perSecond: rate } : {}) } as const
  const { sent, sendMs, out } = await inLiveNamespace({ args: ['--json'], isQuiet: true, steps: [step] })
  const { analysis } = JSON.parse(out) as { analysis: { packets: number; observations: readonly { name: string; count: number }[] } }
  const counted = (name: string): number => analysis.observations.find((o) => o.name === name)?.count ?? 0
  return {
    asked: Number.isFinite(rate) ? rate : null, perSecond: Math.round(sent / (sendMs / 1000)), sent, received: analysis.packets,
    kernelDrops: counted('captureDroppedByKernel'), interfaceLost: counted('captureDroppedByInterface'), ours: counted('captureDroppedByUs'),
  }
}

if (liveNamespaceMissing) {
  process.stderr.write(`bench:live cannot run here: ${liveNamespaceMissing}\n`)
  process.exit(4)
}
const capture = CAPTURE
if (!fs.existsSync(capture)) {
  process.stderr.write(`bench:live: there is no ${capture}; name a capture of Ethernet frames\n`)
  process.exit(4)
}
process.stdout.write(`${path.basename(capture)}\nasked/s    reached/s       sent   received     kernel  interface  ours  accounted\n`)
let best = 0
for (const rate of RATES) {
  const row = await measure(rate, capture)
  const isWhole = row.sent === row.received + row.kernelDrops + row.interfaceLost + row.ours
  if (row.sent === row.received) best = Math.max(best, row.perSecond)
  const cells: readonly (readonly [string | number, number])[] = [
    [row.asked ?? 'all', 9], [row.perSecond, 13], [row.sent, 11], [row.received, 11], [row.kernelDrops, 11], [row.interfaceLost, 11], [row.ours, 6],
    [isWhole ? 'yes' : 'NO', 11],
  ]
  process.stdout.write(`${cells.map(([text, width]) => String(text).padStart(width)).join('')}\n`)
  if (!isWhole) process.exitCode = 5
}
process.stdout.write(`highest rate without loss: ${best}/s\n`)
