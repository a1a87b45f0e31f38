// instrument: a counter into every block, branch and function of a JavaScript text, so that a run leaves a trace and its work can be counted.
// Keeps "no timed assertions" and guides the fuzzer: a typed array of counters is read in microseconds and slows the code little.

import { parseSync } from 'vite'

/** What the counters are called inside the instrumented text: a global typed array. */
export const COUNTERS_NAME = '__cordonBlocks'

export interface Instrumented {
  readonly code: string
  /** Offset in the text of each block, in order of their numbers from `firstBlock` on. */
  readonly blocks: readonly number[]
  /** Numbers and texts the code names: what a fuzzer should try. */
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

const LOOPS: ReadonlySet<string> = new Set(['ForStatement', 'WhileStatement', 'DoWhileStatement', 'ForOfStatement', 'ForInStatement'])
const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** Texts longer than this are sentences for people, not words of a format. */
const TEXT_LENGTH_MAX = 24

/** `code` is plain JavaScript (types stripped); its blocks are numbered from `firstBlock` on. */
export function instrument(code: string, firstBlock: number): Instrumented {
  const { program, errors } = parseSync('module.js', code)
  if (errors.length > 0) throw new Error(`instrument: ${errors[0]?.message ?? 'does not parse'}`)
  const weaver = new Weaver(firstBlock)
  weaver.visit(program as unknown as Node)
  return { code: weaver.woven(code), blocks: weaver.blocks, numbers: [...weaver.numbers], texts: [...weaver.texts] }
}

class Weaver {
  readonly blocks: number[] = []
  readonly numbers = new Set<number>()
  readonly texts = new Set<string>()
  readonly #firstBlock: number
  /** Stable by position: of insertions at one place the first made stays in front. */
  readonly #insertions: { readonly at: number; readonly text: string }[] = []

  constructor(firstBlock: number) {
    this.#firstBlock = firstBlock
  }

  woven(code: string): string {
    let out = ''
    let from = 0
    for (const { at, text } of this.#insertions.toSorted((a, b) => a.at - b.at)) {
      out += code.slice(from, at) + text
      from = at
    }
    return out + code.slice(from)
  }

  visit(node: Node): void {
    if (FUNCTIONS.has(node.type)) return this.#function(node)
    if (LOOPS.has(node.type)) return this.#parts(node, { body: 'statement' })
    switch (node.type) {
      case 'IfStatement': return this.#parts(node, { consequent: 'statement', alternate: 'statement' })
      case 'ConditionalExpression': return this.#parts(node, { consequent: 'expression', alternate: 'expression' })
      case 'LogicalExpression': return this.#parts(node, { right: 'expression' })
      case 'SwitchCase': return this.#case(node)
      case 'Literal': return this.#literal(node)
      default: return this.#parts(node, {})
    }
  }

  /** Children in the order of the text; those named in `marked` get a counter. */
  #parts(node: Node, marked: Readonly<Record<string, 'statement' | 'expression'>>): void {
    for (const [key, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (!isNode(child)) continue
        if (marked[key] === undefined) this.visit(child)
        else this.#marked(child, marked[key])
      }
    }
  }

  #marked(node: Node, as: 'statement' | 'expression'): void {
    if (node.type === 'BlockStatement') {
      this.#insert(node.start + 1, `${this.#count(node.start)};`)
      return this.visit(node)
    }
    this.#insert(node.start, as === 'statement' ? `{${this.#count(node.start)};` : `(${this.#count(node.start)},`)
    this.visit(node)
    this.#insert(node.end, as === 'statement' ? '}' : ')')
  }

  #function(node: Node): void {
    this.#parts(node, { body: 'expression' })
  }

  #case(node: Node): void {
    const first = (node['consequent'] as Node[])[0]
    if (isNode(node['test'])) this.visit(node['test'])
    if (first) this.#insert(first.start, `${this.#count(first.start)};`)
    for (const child of node['consequent'] as Node[]) this.visit(child)
  }

  #literal(node: Node): void {
    const value = node['value']
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) this.numbers.add(value)
    else if (typeof value === 'string' && value !== '' && value.length <= TEXT_LENGTH_MAX) this.texts.add(value)
  }

  #count(at: number): string {
    this.blocks.push(at)
    return `${COUNTERS_NAME}[${this.#firstBlock + this.blocks.length - 1}]++`
  }

  #insert(at: number, text: string): void {
    this.#insertions.push({ at, text })
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}
