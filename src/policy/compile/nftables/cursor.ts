// A cursor over tokens: look, take, expect. The only state of the text parser.
// Keeps "always finishes": every loop in the parser moves this cursor or ends.

import type { Token } from './lex.ts'

/** Thrown inside the parser and caught at the rule or the block: what stands here is not understood. */
export class SyntaxProblem extends Error {
  override name = 'SyntaxProblem'
}

const END: Token = { kind: 'end', text: '', line: 0, start: 0, stop: 0 }

export class Cursor {
  private at = 0
  readonly source: string
  private readonly tokens: readonly Token[]

  constructor(source: string, tokens: readonly Token[]) {
    this.source = source
    this.tokens = tokens
  }

  get position(): number {
    return this.at
  }

  peek(ahead = 0): Token {
    return this.tokens[this.at + ahead] ?? this.tokens.at(-1) ?? END
  }

  take(): Token {
    const token = this.peek()
    if (this.at < this.tokens.length) this.at++
    return token
  }

  get done(): boolean {
    return this.peek().kind === 'end'
  }

  /** True when the next token is this word or mark; quoted text is neither. */
  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.text === text && token.kind !== 'text' && token.kind !== 'end'
  }

  /** Takes the next token when it is this one. */
  accept(text: string): boolean {
    if (!this.is(text)) return false
    this.at++
    return true
  }

  expect(text: string): void {
    if (!this.accept(text)) throw new SyntaxProblem(`expected "${text}", found "${this.peek().text}"`)
  }

  /** A name: word, number or quoted text. */
  name(): string {
    const token = this.peek()
    if (token.kind !== 'word' && token.kind !== 'text' && token.kind !== 'number' && token.kind !== 'address') {
      throw new SyntaxProblem(`expected a name, found "${token.text}"`)
    }
    return this.take().text
  }

  skipNewlines(): void {
    while (this.peek().kind === 'newline') this.at++
  }

  /** Newlines and semicolons between statements of a block. */
  skipSeparators(): void {
    while (this.peek().kind === 'newline' || this.is(';')) this.at++
  }

  /** At the end of a rule: separator, closing brace, end of file. */
  get atEnd(): boolean {
    const token = this.peek()
    return token.kind === 'newline' || token.kind === 'end' || this.is(';') || this.is('}')
  }

  /** Back to an earlier position, to skip from there what could not be parsed. */
  rewind(position: number): void {
    this.at = position
  }

  /** To the end of this statement, over nested braces; stops before the separator or the brace that closes the block around it. */
  skipStatement(): void {
    let depth = 0
    while (!this.done) {
      if (depth === 0 && this.atEnd) return
      if (this.is('{')) depth++
      else if (this.is('}')) depth--
      this.at++
    }
  }

  /** The source from a token position to here, with white space made single. */
  textSince(position: number): string {
    const first = this.tokens[position]
    const last = this.tokens[this.at - 1]
    if (first === undefined || last === undefined || this.at <= position) return ''
    return this.source.slice(first.start, last.stop).replaceAll(/\s+/g, ' ').slice(0, QUOTE_MAX)
  }
}

/** Characters of a rule that are quoted in reports: enough for a person to find it, small for a set of thousands. */
const QUOTE_MAX = 400
