// npm run fuzz -- --target nftables --seconds 600 [--seed 1]: hostile text for one reader, or for all in turn, until the time is over.
// Keeps one seed, one text: what it finds is printed with the seed that makes it again.

import { parseArgs } from 'node:util'
import { FUZZ_TARGETS, FuzzFinding, fuzzOnce } from '../src/testing/fuzz-readers.ts'

const { values } = parseArgs({
  options: { target: { type: 'string' }, seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
})
const targets = FUZZ_TARGETS.filter((t) => values.target === undefined || t.id === values.target)
const seconds = Number(values.seconds)
if (targets.length === 0 || !(seconds > 0)) {
  process.stderr.write(`usage: npm run fuzz -- --target ID --seconds N [--seed N]\n  targets: ${FUZZ_TARGETS.map((t) => t.id).join(', ')}\n`)
  process.exit(2)
}
const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
process.stderr.write(`seeds from ${first}\n`)

let findings = 0
for (const target of targets) {
  const end = Date.now() + (seconds * 1000) / targets.length
  let runs = 0
  for (let seed = first; Date.now() < end; seed++, runs++) {
    try {
      fuzzOnce(target, seed)
    } catch (error) {
      if (!(error instanceof FuzzFinding)) throw error
      findings++
      process.stdout.write(`${error.message}\n`)
    }
  }
  process.stderr.write(`${target.id}: ${runs} texts\n`)
}
process.exit(findings > 0 ? 1 : 0)
