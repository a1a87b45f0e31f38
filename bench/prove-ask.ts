// prove-ask: one question of bench/prove.ts in a process of its own, as a user's process would answer it.
// Keeps the measured process small: it loads what an answer needs and nothing else.

import fs from 'node:fs'
import { bddSpace } from '../src/policy/sets/bdd-space.ts'
import { composeChain } from '../src/policy/sets/compose.ts'
import { chainOf, inBlock, type Question } from './prove-lists.ts'

function ask(file: string): void {
  const question = JSON.parse(fs.readFileSync(file, 'utf8')) as Question
  const space = bddSpace(4)
  const a = composeChain(space, chainOf('a', question.a), new Map()).possiblyPermitted
  let holds: boolean
  if (question.kind === 'equal') holds = space.equals(a, composeChain(space, chainOf('b', question.b), new Map()).possiblyPermitted)
  else {
    const asked = space.of({ fields: [['src', inBlock(question.from)], ['dst', inBlock(question.to)]], unknown: [] })
    holds = space.isEmpty(space.and(a, asked))
  }
  console.log(JSON.stringify({ holds, nodes: space.size(), rssBytes: process.resourceUsage().maxRSS * 1024 }))
}

ask(process.argv[2] ?? '')
