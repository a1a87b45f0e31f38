// Reading nftables, from either spelling, into the model with diagnostics.
// Keeps "never throws, whatever the text": what is not understood is in Config.unknowns and in the diagnostics.

import type { Diagnostic } from '../../../base/diagnostic.ts'
import type { ReadResult } from '../target.ts'
import type { Ruleset } from './ast.ts'
import type { Json } from './json-tree.ts'
import { lowerRuleset } from './lower.ts'
import { treeOfJson } from './read-json.ts'
import { parseRuleset } from './read-text.ts'

/** Characters of a ruleset. The largest real one seen has 5,600 rules and 1 MB; above this nft itself needs minutes. */
export const TEXT_MAX = 64 * 1024 * 1024

/** A ruleset as `nft list ruleset` prints it, or as people write it. */
export function readNft(text: string, file: string, known: readonly string[] = []): ReadResult {
  if (text.length > TEXT_MAX) return refused(file, `the text is longer than ${TEXT_MAX} characters`)
  const ruleset = parseRuleset(text)
  if (ruleset.tables.size === 0 && ruleset.remarks.length === 0 && text.trim() !== '' && !onlyCommands(text)) {
    return refused(file, 'no table in this text')
  }
  return result(ruleset, file, known)
}

/** A text of comments, `flush ruleset` or defines: an empty ruleset, not another kind of text. */
function onlyCommands(text: string): boolean {
  const command = /^\s*(?:#|$|flush|define|undefine|redefine|delete|destroy|add|create|list|table|chain)/
  return text.split('\n').every((line) => command.test(line))
}

/** The output of `nft -j list ruleset`. Lines in the result are numbers of objects, from 1. */
export function readNftJson(text: string, file: string, known: readonly string[] = []): ReadResult {
  if (text.length > TEXT_MAX) return refused(file, `the text is longer than ${TEXT_MAX} characters`)
  let document: Json
  try {
    document = JSON.parse(text) as Json
  } catch {
    return refused(file, 'this is no JSON')
  }
  const ruleset = treeOfJson(document)
  return ruleset === null ? refused(file, 'this JSON has no "nftables" list') : result(ruleset, file, known)
}

function refused(file: string, message: string): ReadResult {
  const help = 'give the output of `nft list ruleset` or `nft -j list ruleset`'
  return { config: null, diagnostics: [{ severity: 'error', code: 'nftables/other-text', message, file, line: 0, column: 0, help }] }
}

/** Diagnostics shown for one text; the rest is counted in the last. A person fixes the first ones first. */
const DIAGNOSTICS_MAX = 200

function result(ruleset: Ruleset, file: string, known: readonly string[]): ReadResult {
  const config = lowerRuleset(ruleset, file, known)
  const remarks = ruleset.remarks.map((r): Diagnostic => ({ ...r, file, column: 0 }))
  const unknowns = config.unknowns.filter((u) => u.reason !== 'not read').map((u): Diagnostic => ({
    severity: 'warning', code: 'nftables/unknown', message: `${u.text}: ${u.reason}`, file, line: u.line, column: 0,
    help: 'proofs take this as possibly true and possibly false',
  }))
  const all = [...remarks, ...unknowns].sort((a, b) => a.line - b.line)
  return { config, diagnostics: all.length <= DIAGNOSTICS_MAX ? all : [...all.slice(0, DIAGNOSTICS_MAX),
    more(all.length - DIAGNOSTICS_MAX, file)] }
}

function more(count: number, file: string): Diagnostic {
  return { severity: 'warning', code: 'nftables/unknown', message: `${count} more`, file, line: 0, column: 0,
    help: 'Config.unknowns lists all of them' }
}
