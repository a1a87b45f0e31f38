// Example: the sensor as a library. Reads a capture and prints who talks to addresses outside the hospital, one line each.
// Run it: node examples/who-leaves.ts ward.pcap (Node 24; `cordon twin --out ward.pcap --scenario leak` writes such a file).

import { loadKnowledge } from '../src/cli/load-knowledge.ts'
import { analyseFile } from '../src/sensor/analyse.ts'

const file = process.argv[2]
const knowledge = loadKnowledge(undefined)
if (file === undefined || !knowledge.ok) {
  console.error(knowledge.ok ? 'usage: who-leaves.ts CAPTURE' : knowledge.error)
  process.exit(2)
}

const result = await analyseFile(file, { knowledge: knowledge.value, store: null })
if (!result.ok) {
  console.error(`${result.error.message} ${result.error.help}`)
  process.exit(3)
}
for (const c of result.value.report.conversations) {
  if (c.leaves) console.log(`${c.from.label} -> ${c.to.ip} ${c.transport}/${c.port} ${c.protocol ?? 'unknown protocol'}: ${c.verdict} (${c.rule})`)
}
