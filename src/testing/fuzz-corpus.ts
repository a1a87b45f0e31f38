// fuzz-corpus: inputs worth keeping, one file per target, one line per input: hex, then why it is here.
// Keeps the rule that they are made by mutation of our own bytes, never copies of a capture; a line that fails again is a bug that came back.

import fs from 'node:fs'
import path from 'node:path'

const FOLDER = path.join(import.meta.dirname, 'fuzz-corpus')

export interface CorpusRow {
  readonly input: Uint8Array
  readonly why: string
}

export function corpusLine(input: Uint8Array, why: string): string {
  return `${Buffer.from(input).toString('hex')} ${why}`
}

/** Targets that have a file. */
export function corpusIds(): string[] {
  return fs.readdirSync(FOLDER).filter((name) => name.endsWith('.txt')).map((name) => path.basename(name, '.txt')).toSorted()
}

/** The inputs of one target; none when it has no file. */
export function corpusOf(id: string): CorpusRow[] {
  const file = path.join(FOLDER, `${id}.txt`)
  if (!fs.existsSync(file)) return []
  return fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => {
    const at = line.indexOf(' ')
    return { input: new Uint8Array(Buffer.from(line.slice(0, at), 'hex')), why: line.slice(at + 1) }
  })
}
