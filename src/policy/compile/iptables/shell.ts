// Lines of a shell script that calls iptables and ipset: what surely runs, what may run, and what is not followed.
// Keeps "never guessed": inside conditions, loops and functions a command may run or not, and a variable is unknown.

/** One command of a script, ready for the tables. */
export interface ScriptLine {
  /** `ipset`: words are its own; `lost`: something ran that may have changed the firewall; `nothing`: it surely did not. */
  readonly kind: 'iptables' | 'ipset' | 'restore' | 'lost' | 'nothing'
  readonly words: readonly string[]
  readonly version: 4 | 6
  /** Why the command may not run; null when it surely does. */
  readonly doubt: string | null
  /** Behind the command stands another one that is not followed. */
  readonly more: boolean
  /** Word that ends the lines handed to a restore program. */
  readonly until: string | null
}

const PROGRAM = /^(?:sudo\s+)?(?:\/\S*\/)?(ip6?tables|ipset)(?:-legacy|-nft)?(-restore)?(?=\s|$)/
/** A line that tells a script from the output of a save program. */
export const CALLS_IPTABLES = /^\s*(?:sudo\s+)?(?:\/\S*\/)?ip6?tables(?:-legacy|-nft)?\s+-/m

const OPENS = /^(?:if|for|while|until|case|select)\b|^(?:function\s+)?\w+\s*\(\)|^\{/
const CLOSES = /^(?:fi|done|esac|\})\s*;?$/
const BETWEEN = /^(?:then|else|elif\b.*|do|;;)\s*;?$|^[\w*."'-]+\)$/
/** Commands that change no filter. */
const HARMLESS = /^(?:#|$|:$|echo\b|printf\b|modprobe\b|\/sbin\/modprobe\b|depmod\b|sysctl\b|set\s+[-+]|(?:export\s+)?\w+=[^;&|`(]*$|exit(?:\s+\d+)?$|true$)/
/** What people write behind a command to carry on or to give up: the command itself runs. */
const TAIL = /^(?:(?:\|\|\s*(?:true|:|exit(?:\s+\d+)?|echo\b[^;&|`$]*|\{\s*echo\b[^;&|`$]*;\s*exit\s*\d*\s*;\s*\}))|;+|#.*)?\s*$/

/** Follows the blocks of a script from line to line. */
export class Script {
  private depth = 0

  read(line: string): ScriptLine {
    const text = line.replaceAll(/\s*(?:\d|&)?>{1,2}\s*(?:&\d|\/dev\/null)/g, '').trim()
    const found = PROGRAM.exec(text)
    const made = { words: [], version: 4 as const, doubt: null, more: false, until: null }
    if (found === null) return { ...made, kind: this.structure(text) }
    const [command, rest] = cut(text.slice(found[0].length))
    const version = found[1] === 'ip6tables' ? 6 : 4
    if (found[2] !== undefined) return { ...made, kind: 'restore', version, until: /<<-?\s*["'\\]?(\w+)/.exec(text)?.[1] ?? null }
    return {
      kind: found[1] === 'ipset' ? 'ipset' : 'iptables', words: command, version, until: null, more: !TAIL.test(rest),
      doubt: this.depth > 0 ? 'inside a condition, a loop or a function of the script' : null,
    }
  }

  private structure(text: string): ScriptLine['kind'] {
    if (OPENS.test(text)) {
      const closed = /(?:\bfi|\bdone|\besac|\})\s*;?\s*$/.test(text)
      if (!closed) this.depth++
      return closed || /ip6?tables|ipset/.test(text) ? 'lost' : 'nothing'
    }
    if (CLOSES.test(text)) {
      if (this.depth > 0) this.depth--
      return 'nothing'
    }
    return BETWEEN.test(text) || HARMLESS.test(text) ? 'nothing' : 'lost'
  }
}

/** Words up to the first unquoted `;`, `&`, `|`, `<`, `>` or comment, and the text from there. */
function cut(text: string): readonly [readonly string[], string] {
  const words: string[] = []
  for (const found of text.matchAll(/([;&|<>]|(?<=\s)#)|((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s;&|<>"'\\])+)|["'\\]/g)) {
    if (found[1] !== undefined) return [words, text.slice(found.index)]
    words.push(unquoted(found[2] ?? found[0]))
  }
  return [words, '']
}

function unquoted(word: string): string {
  return word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_all, double?: string, single?: string, escaped?: string) =>
    double?.replaceAll(/\\(.)/g, '$1') ?? single ?? escaped ?? '')
}
