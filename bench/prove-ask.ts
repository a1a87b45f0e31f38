// prove-ask: one question of bench/prove.ts in a process of its own, as a user's process would answer it.
// Keeps the measured process small: it loads what an answer needs and nothing else.

import fs from 'node:fs'
import { readIos } from '../src/policy/compile/cisco-ios/read.ts'
import { deadLines } from '../src/policy/prove/dead-lines.ts'
import { bddSpace } from '../src/policy/sets/bdd-space.ts'
import { composeChain } from '../src/policy/sets/compose.ts'
import { chainOf, inBlock, type Question } from './prove-lists.ts'

function ask(file: string): void {
  const question = JSON.parse(fs.readFileSync(file, 'utf8')) as Question
  const { holds, nodes, dead } = answer(question)
  console.log(JSON.stringify({ holds, nodes, dead, rssBytes: process.resourceUsage().maxRSS * 1024 }))
}

interface Answered {
  readonly holds: boolean
  readonly nodes: number
  /** Numbers of the dead lines, where that was asked. */
  readonly dead?: readonly number[]
}

function answer(question: Question): Answered {
  if (question.kind === 'dead') return deadOf(question.text)
  const space = bddSpace(4)
  const a = composeChain(space, chainOf('a', question.a), new Map()).possiblyPermitted
  if (question.kind === 'equal') {
    const holds = space.equals(a, composeChain(space, chainOf('b', question.b), new Map()).possiblyPermitted)
    return { holds, nodes: space.size() }
  }
  const asked = space.of({ fields: [['src', inBlock(question.from)], ['dst', inBlock(question.to)]], unknown: [] })
  return { holds: space.isEmpty(space.and(a, asked)), nodes: space.size() }
}

/** As `prove dead-lines` does it: a space per chain, of which the largest is told. */
function deadOf(text: string): Answered {
  const { config } = readIos(text, 'bench')
  let nodes = 0
  const dead = [...(config?.chains.values() ?? [])].flatMap((chain) => {
    const space = bddSpace(4)
    const found = deadLines(space, chain)
    nodes = Math.max(nodes, space.size())
    return found.map(({ rule }) => rule.line)
  })
  return { holds: dead.length === 0, nodes, dead }
}

ask(process.argv[2] ?? '')
