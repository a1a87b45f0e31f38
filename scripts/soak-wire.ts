// npm run soak:wire -- [--story ID]... [--seed N] [--packets N] [--node=--FLAG]...: hostile captures in full size.
// Each goes through `cordon check`. Keeps the bound on memory where it is promised: 512 MB at most, the report names what was dropped, exit code 1 when not.

import { parseArgs } from 'node:util'
import { HOSTILE_STORIES } from '../src/testing/hostile.ts'
import { checkHostile } from '../src/testing/hostile-check.ts'

const MEMORY_BYTES_MAX = 512 * 1024 * 1024

const { values } = parseArgs({
  options: {
    story: { type: 'string', multiple: true }, seed: { type: 'string', default: '1' },
    packets: { type: 'string' }, node: { type: 'string', multiple: true },
  },
})
const stories = HOSTILE_STORIES.filter((s) => values.story === undefined || values.story.includes(s.id))
if (stories.length === 0) {
  process.stderr.write(`usage: npm run soak:wire -- --story ID --seed N --packets N\n  stories: ${HOSTILE_STORIES.map((s) => s.id).join(', ')}\n`)
  process.exit(2)
}
let failed = 0
for (const story of stories) {
  const count = values.packets === undefined ? story.full : Number(values.packets)
  const run = await checkHostile(story, count, Number(values.seed), values.node)
  const missing = values.packets === undefined ? story.names.filter((name) => !run.named.has(name)) : []
  const isFine = run.memoryMost <= MEMORY_BYTES_MAX && missing.length === 0 && run.exitCode !== null && run.packets > 0
  if (!isFine) failed++
  const megabytes = Math.round(run.memoryMost / 1e6)
  const names = [...run.named].map(([name, n]) => `${name} ${n}`).join(', ')
  process.stdout.write(`${isFine ? 'fine' : 'NOT FINE'} ${story.id}: ${run.packets} packets, ${megabytes} MB at most, ${run.seconds.toFixed(0)} s, `
    + `exit ${run.exitCode}, report ${Math.round(run.reportBytes / 1e6)} MB; ${names}${missing.length > 0 ? `; NOT NAMED: ${missing.join(', ')}` : ''}\n`)
  if (!isFine && run.packets === 0) process.stdout.write(run.stderr.slice(-1000))
}
process.exit(failed > 0 ? 1 : 0)
