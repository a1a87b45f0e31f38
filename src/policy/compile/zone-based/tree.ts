// Tree: statements by their words, so that readers ask for a path and walk children in the order of first mention.
// Keeps order: on these platforms the order of first mention is the order of policies.

import type { Statement, StatementProblem } from './statements.ts'

export class Tree {
  readonly word: string
  /** Of the statement that made the node; 0 for the root. */
  readonly line: number
  readonly #children = new Map<string, Tree>()

  constructor(word: string, line: number) {
    this.word = word
    this.line = line
  }

  get children(): readonly Tree[] {
    return [...this.#children.values()]
  }

  get isLeaf(): boolean {
    return this.#children.size === 0
  }

  child(word: string): Tree | undefined {
    return this.#children.get(word)
  }

  at(...words: readonly string[]): Tree | undefined {
    return words.reduce<Tree | undefined>((node, word) => node?.child(word), this)
  }

  /** Children of the node at this path; none when it is absent. */
  list(...words: readonly string[]): readonly Tree[] {
    return this.at(...words)?.children ?? []
  }

  /** First value at this path, e.g. the host name; null when absent. */
  value(...words: readonly string[]): string | null {
    return this.list(...words)[0]?.word ?? null
  }

  values(...words: readonly string[]): readonly string[] {
    return this.list(...words).map((node) => node.word)
  }

  /** Every way down to a leaf, as words below this node. Depth is bounded by WORDS_MAX. */
  paths(): Statement[] {
    if (this.isLeaf) return []
    return this.children.flatMap((node) => {
      const below = node.paths()
      return below.length === 0 ? [{ words: [node.word], line: node.line }] : below.map(
        (p) => ({ words: [node.word, ...p.words], line: p.line }))
    })
  }

  ensure(word: string, line: number): Tree {
    const known = this.#children.get(word)
    if (known) return known
    const made = new Tree(word, line)
    this.#children.set(word, made)
    return made
  }
}

/** Words of one statement: the deepest paths of these platforms are below 30. */
const WORDS_MAX = 64

export function treeOf(statements: readonly Statement[]): { tree: Tree; problems: readonly StatementProblem[] } {
  const root = new Tree('', 0)
  const problems: StatementProblem[] = []
  for (const { words, line } of statements) {
    if (words.length > WORDS_MAX) {
      problems.push({ line, message: `a statement of more than ${WORDS_MAX} words` })
      continue
    }
    let node = root
    for (const word of words) node = node.ensure(word, line)
  }
  return { tree: root, problems }
}
