// npm run fuzz:wire -- [--target ID]... [--minutes N] [--seed N] [--shared] [--list]: coverage-guided fuzzing of decoders and importers.
// Keeps one seed, one run; what is found is minimised and printed as a line for src/testing/fuzz-corpus, exit code 1.

import { parseArgs } from 'node:util'
import { blockCount } from '../src/testing/coverage.ts'

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true }, minutes: { type: 'string', default: '5' }, seed: { type: 'string' },
    shared: { type: 'boolean', default: false }, list: { type: 'boolean', default: false }, unseen: { type: 'string' },
  },
})
const { ALL_TARGETS } = await import('../src/testing/fuzz-targets.ts')
const { Fuzzer, kindOf, minimise } = await import('../src/testing/fuzz-engine.ts')
const { sharedSeeds } = await import('../src/testing/fuzz-shared-seeds.ts')
const { corpusOf, corpusLine } = await import('../src/testing/fuzz-corpus.ts')

/** Memory that all targets together may come to hold. */
const HEAP_BYTES_MAX = 512 * 1024 * 1024
const FINDINGS_PER_TARGET_MAX = 3

const targets = ALL_TARGETS.filter((t) => values.target === undefined || values.target.includes(t.id))
const minutes = Number(values.minutes)
if (targets.length === 0 || !(minutes > 0)) {
  process.stderr.write(`usage: npm run fuzz:wire -- --target ID --minutes N --seed N --shared\n  targets: ${ALL_TARGETS.map((t) => t.id).join(', ')}\n`)
  process.exit(2)
}
if (values.list) {
  for (const t of targets) process.stdout.write(`${t.id}: ${t.holds}\n`)
  process.exit(0)
}
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
process.stderr.write(`seed ${seed}; ${minutes} minutes for ${targets.length} targets, ${blockCount()} blocks in all\n`)

let findings = 0
for (const target of targets) {
  const more = [...corpusOf(target.id).map((row) => row.input), ...(values.shared ? sharedSeeds(target.id) : [])]
  const fuzzer = new Fuzzer({ ...target, seeds: () => [...target.seeds(), ...more] }, seed)
  const kinds = new Set<string>()
  const began = Date.now()
  const end = began + (minutes * 60_000) / targets.length
  while (Date.now() < end && kinds.size < FINDINGS_PER_TARGET_MAX) {
    const finding = await fuzzer.step()
    if (finding === null || kinds.has(kindOf(finding.message))) continue
    kinds.add(kindOf(finding.message))
    findings++
    const small = await minimise(finding, target)
    process.stdout.write(`${target.id}: ${finding.message}\n${finding.stack.split('\n').slice(0, 12).join('\n')}\n${corpusLine(small, 'why')}\n`)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  if (heapUsed + arrayBuffers > HEAP_BYTES_MAX) {
    findings++
    process.stdout.write(`${target.id}: ${heapUsed + arrayBuffers} bytes are held after ${fuzzer.runs} inputs\n`)
  }
  const rate = Math.round((fuzzer.runs * 1000) / Math.max(1, Date.now() - began))
  const kept = `${fuzzer.blocks} blocks, ${fuzzer.corpus.length} kept, at most ${Math.round(fuzzer.stepsPerByteMost)} steps/byte`
  process.stderr.write(`${target.id}: ${fuzzer.runs} inputs, ${rate}/s, ${kept}\n`)
  if (values.unseen !== undefined) process.stderr.write(`  never run: ${fuzzer.unseen(values.unseen).join(' ')}\n`)
}
process.exit(findings > 0 ? 1 : 0)
