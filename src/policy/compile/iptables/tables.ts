// The tables of a text while its commands run: chains with rules as words, as the kernel would hold them.
// Keeps "never dropped": a command that cannot be followed leaves a rule at the head of its chain that may do anything.

import type { IpVersion } from '../../../base/ip.ts'

export interface RuleText {
  readonly line: number
  readonly text: string
  readonly words: readonly string[]
  /** Why it may stand there or not; null when it surely does. */
  readonly doubt: string | null
  /** What a command does that could not be followed: anything. */
  readonly lost: boolean
}

export interface ChainText {
  readonly id: string
  readonly table: string
  readonly name: string
  readonly version: IpVersion
  policy: 'permit' | 'deny' | null
  rules: RuleText[]
}

export interface Command {
  /** One letter of A, I, D, R, P, N, X, F, E, Z, C, L, S; null when there is none. */
  readonly verb: string | null
  /** What stands right behind the command: the chain first. */
  readonly args: readonly string[]
  /** Matches and target. */
  readonly spec: readonly string[]
  readonly table: string | null
  /** `-4` and `-6`: the version that the line is for. */
  readonly only: IpVersion | null
}

const VERBS: ReadonlyMap<string, string> = new Map([
  ['--append', 'A'], ['--insert', 'I'], ['--delete', 'D'], ['--replace', 'R'], ['--policy', 'P'], ['--new-chain', 'N'], ['--new', 'N'],
  ['--delete-chain', 'X'], ['--flush', 'F'], ['--rename-chain', 'E'], ['--zero', 'Z'], ['--check', 'C'], ['--list', 'L'], ['--list-rules', 'S'],
  ...[...'AIDRPNXFEZCLS'].map((letter) => [`-${letter}`, letter] as const),
])
/** Options of the program itself; those with `1` take a word. */
const OWN: ReadonlyMap<string, 0 | 1> = new Map([
  ['-n', 0], ['--numeric', 0], ['-v', 0], ['--verbose', 0], ['-w', 0], ['--wait', 0], ['--line-numbers', 0], ['-W', 1], ['--wait-interval', 1],
  ['--modprobe', 1],
])
/** Options whose word is free text. */
const FREE = new Set(['--comment', '--log-prefix', '--nflog-prefix', '--ulog-prefix', '--string'])

/** Splits the words of a line: command, chain, and the rest in order. */
export function parseCommand(words: readonly string[]): Command {
  const spec: string[] = []
  const args: string[] = []
  let verb: string | null = null
  let table: string | null = null
  let only: IpVersion | null = null
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const letter = VERBS.get(word)
    if (FREE.has(word)) spec.push(word, ...words.slice(i + 1, ++i + 1))
    else if (letter !== undefined && verb === null) {
      verb = letter
      args.push(...argsOf(letter, words.slice(i + 1, i + 3)))
      i += args.length
    } else if (word === '-t' || word === '--table') table = words[++i] ?? ''
    else if (word === '-4' || word === '--ipv4') only = 4
    else if (word === '-6' || word === '--ipv6') only = 6
    else if (OWN.has(word)) i += waits(word, words[i + 1]) + (OWN.get(word) ?? 0)
    else spec.push(word)
  }
  return { verb, args, spec, table, only }
}

/** Commands whose second word is a number that may be left out, and those where it is a policy or a new name. */
const NUMBERED = 'IDRZSL'
const NAMED = 'PE'

/** Words behind the command itself: a chain, and a number, a policy or a new name. */
function argsOf(letter: string, [name = '-', second = '-']: readonly string[]): readonly string[] {
  if (name.startsWith('-')) return []
  const takes = NUMBERED.includes(letter) ? /^\d+$/.test(second) : NAMED.includes(letter) && !second.startsWith('-')
  return takes ? [name, second] : [name]
}

/** `-w 5`: the seconds may be left out. */
function waits(word: string, next: string | undefined): number {
  return (word === '-w' || word === '--wait') && /^\d+$/.test(next ?? '') ? 1 : 0
}

const BUILT_IN = new Set(['INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING'])

export class Tables {
  readonly chains = new Map<string, ChainText>()
  /** Something ran that is not followed: chains that come up later may hold its rules, but where the table was emptied since. */
  private lost: { readonly line: number; readonly text: string; readonly reason: string } | null = null
  private readonly emptied = new Set<string>()

  static idOf(version: IpVersion, table: string, name: string): string {
    return `${version === 4 ? 'ip' : 'ip6'} ${table} ${name}`
  }

  chain(version: IpVersion, table: string, name: string): ChainText {
    const id = Tables.idOf(version, table, name)
    const known = this.chains.get(id)
    if (known !== undefined) return known
    const chain: ChainText = { id, table, name, version, policy: BUILT_IN.has(name) ? 'permit' : null, rules: [] }
    this.chains.set(id, chain)
    if (this.lost !== null && !this.emptied.has(`${version} ${table}`)) lose(chain, this.lost, this.lost.reason)
    return chain
  }

  /** `:FORWARD DROP [0:0]`, `:LOGDROP - [0:0]`: a chain of the user that is there is emptied, also with --noflush. */
  declare(version: IpVersion, table: string, name: string, policy: string | undefined): void {
    const chain = this.chain(version, table, name)
    if (!BUILT_IN.has(name)) chain.rules = []
    else if (policy === 'DROP') chain.policy = 'deny'
    else if (policy === 'ACCEPT') chain.policy = 'permit'
  }

  /** Runs a command; a sentence when it is none that changes chains and none that only looks. `doubt`: why it may not run at all. */
  run(command: Command, version: IpVersion, table: string, at: { readonly line: number; readonly text: string }, doubt: string | null): string | null {
    const { verb, args: [name, second], spec } = command
    if (verb === null || verb === 'E') return 'a command that is not followed'
    if ('CLSZ'.includes(verb)) return null
    if (name !== undefined && /[$`]/.test(name)) return 'a chain named by a variable of the shell'
    if (name === undefined) return this.runOnTable(verb, version, table, at, doubt)
    const chain = this.chain(version, table, name)
    const rule: RuleText = { ...at, words: spec, doubt, lost: false }
    if (verb === 'A') chain.rules.push(rule)
    else if (verb === 'N') return null
    else if (doubt !== null) lose(chain, at, doubt)
    else if (verb === 'I' || verb === 'R') placed(chain, rule, verb, Number(second ?? 1))
    else if (verb === 'D') deleted(chain, rule, second)
    else if (verb === 'F') chain.rules = []
    else if (verb === 'X') this.chains.delete(chain.id)
    else if (!setPolicy(chain, second)) return 'a policy that is not followed'
    return null
  }

  /** -F and -X without a chain. */
  private runOnTable(verb: string, version: IpVersion, table: string, at: { readonly line: number; readonly text: string },
    doubt: string | null): string | null {
    if (verb !== 'F' && verb !== 'X') return 'a command without a chain'
    if (verb === 'F' && doubt === null) this.emptied.add(`${version} ${table}`)
    for (const chain of [...this.chains.values()].filter((one) => one.version === version && one.table === table)) {
      if (doubt !== null) lose(chain, at, doubt)
      else if (verb === 'F') chain.rules = []
      else if (!BUILT_IN.has(chain.name) && chain.rules.length === 0) this.chains.delete(chain.id)
    }
    return null
  }

  /** Something ran that is not followed: every chain that is there may be another. */
  loseAll(at: { readonly line: number; readonly text: string }, reason: string): void {
    for (const chain of this.chains.values()) lose(chain, at, reason)
    this.lost = { ...at, reason }
    this.emptied.clear()
  }
}

/** Rules that stand for commands which were not followed, at most: one is as unknown as many. */
const LOST_MAX = 20

function lose(chain: ChainText, at: { readonly line: number; readonly text: string }, reason: string): void {
  const lost = chain.rules.filter((rule) => rule.lost).length
  if (lost < LOST_MAX) chain.rules.unshift({ line: at.line, text: at.text, words: [], doubt: reason, lost: true })
}

function placed(chain: ChainText, rule: RuleText, verb: 'I' | 'R', number: number): void {
  const last = verb === 'I' ? chain.rules.length + 1 : chain.rules.length
  if (!(number >= 1 && number <= last)) lose(chain, rule, 'there is no rule of this number in the text')
  else chain.rules.splice(number - 1, verb === 'I' ? 0 : 1, rule)
}

/** By number, or the first rule with the same words. */
function deleted(chain: ChainText, rule: RuleText, second: string | undefined): void {
  const same = rule.words.join('\n')
  const found = second === undefined ? chain.rules.findIndex((other) => other.words.join('\n') === same) : Number(second) - 1
  if (chain.rules[found] === undefined || chain.rules.some((other) => other.lost)) lose(chain, rule, 'what is deleted is not a rule of this text')
  else chain.rules.splice(found, 1)
}

function setPolicy(chain: ChainText, policy: string | undefined): boolean {
  if (!BUILT_IN.has(chain.name) || (policy !== 'ACCEPT' && policy !== 'DROP')) return false
  chain.policy = policy === 'ACCEPT' ? 'permit' : 'deny'
  return true
}
