// Writes the policy as one ASA access list for both families, bound to an interface or to all of them.
// Keeps exactness: subnet masks, one entry per block and port range, the default written out; what does not fit is refused.

import type { IpVersion } from '../../../base/ip.ts'
import type { CompileInput, EmitResult } from '../target.ts'
import { listName, oneLine, plainRules, portText, protocolText, refusedOptions, sideText } from '../text/cisco-emit.ts'
import type { PlainEntry, PlainRule } from '../text/cisco-emit.ts'

/** Cisco recommends at most 25,000 access list elements on the smallest ASA models; larger ones take many times that. */
export const RULE_BUDGET = 25_000

const OPTIONS = ['interface', 'global', 'previous']

/** Options: `interface` (a nameif), or `global=yes`; `previous`: the list bound there today. */
export function emitAsa(input: CompileInput): EmitResult {
  const refusedFirst = [...refusedOptions(input.options, OPTIONS), ...refusedBinding(input)]
  if (refusedFirst.length > 0) return { ok: false, refused: refusedFirst }
  const budget = input.ruleBudget ?? RULE_BUDGET
  const four = plainRules(input.chains[4], 4, budget)
  const six = plainRules(input.chains[6], 6, budget)
  if (!four.ok || !six.ok) return { ok: false, refused: [...(four.ok ? [] : four.refused), ...(six.ok ? [] : six.refused)] }
  const count = four.count + six.count + DEFAULT_LINES
  if (count > budget) return { ok: false, refused: [`${count} entries are needed, and ${budget} are allowed`] }
  const list = listName(input.name, input.policyHash)
  const lines = [...familyLines(input, 4, four.rules), ...familyLines(input, 6, six.rules)].map((line) => `access-list ${list} ${line}`)
  return { ok: true, value: { text: textOf(input, list, lines), rollback: rollbackOf(input, list), rules: count, notes: notesOf(input) } }
}

/** One line per family says the default. */
const DEFAULT_LINES = 2

function refusedBinding({ options }: CompileInput): readonly string[] {
  const both = options.interface !== undefined && options.global !== undefined ? ['give the option interface or global, not both'] : []
  const word = options.global !== undefined && options.global !== 'yes' ? ['option global is yes, or is not given'] : []
  return [...both, ...word]
}

/** The families cannot touch each other's packets, so one may stand in front of the other. */
function familyLines(input: CompileInput, version: IpVersion, rules: readonly PlainRule[]): readonly string[] {
  const any = version === 4 ? 'any4' : 'any6'
  const last = input.chains[version].policy === 'permit' ? 'permit' : 'deny'
  return [
    ...rules.flatMap(({ rule, entries }) => [
      ...(entries.length > 0 ? [`remark ${oneLine(rule.text)}`] : []), ...entries.map((entry) => entryText(entry, version, any)),
    ]),
    `remark default of IPv${version}`, `extended ${last} ip ${any} ${any}`,
  ]
}

function entryText(entry: PlainEntry, version: IpVersion, any: string): string {
  const proto = protocolText(entry.proto, version, 'ip', version === 4 ? 'icmp' : 'icmp6')
  const src = sideText(entry.src, version, any, 'subnet')
  const dst = sideText(entry.dst, version, any, 'subnet')
  const type = entry.icmpType === null ? '' : ` ${entry.icmpType}`
  return `extended ${entry.permit ? 'permit' : 'deny'} ${proto} ${src} ${dst}${portText(entry.dport)}${type}`
}

function textOf(input: CompileInput, list: string, lines: readonly string[]): string {
  const all = [
    `! Cordon: policy ${oneLine(input.name)}, hash ${oneLine(input.policyHash)}`,
    '! Paste in configuration mode. A new list name: nothing changes before access-group.',
    `access-list ${list} remark policy hash ${oneLine(input.policyHash).slice(0, 80)}`,
    ...lines, ...bindLines(input, list),
  ]
  return `${all.join('\n')}\n`
}

function bindLines({ options }: CompileInput, list: string): readonly string[] {
  if (options.interface !== undefined) return [`access-group ${list} in interface ${options.interface}`]
  return options.global === 'yes' ? [`access-group ${list} global`] : []
}

/** The binding first: an ASA refuses to clear a list that is bound. */
function rollbackOf(input: CompileInput, list: string): string {
  const { previous } = input.options
  const bound = bindLines(input, previous ?? list)
  const lines = [
    `! Cordon: takes policy ${oneLine(input.name)}, hash ${oneLine(input.policyHash)}, off again`,
    ...(previous === undefined ? bound.map((line) => `no ${line}`) : bound), `clear configure access-list ${list}`,
  ]
  return `${lines.join('\n')}\n`
}

function notesOf({ options }: CompileInput): readonly string[] {
  const bound = options.interface !== undefined || options.global === 'yes'
  return [
    'Established connections: the ASA lets replies pass by itself, and connections open today go on until they end; clear conn ends them.',
    'IPv6: in the same list, with a default of its own.',
    'The list judges what enters the interface: packets see it after translation is undone, and packets to the ASA itself do not meet it.',
    'Between interfaces of one security level nothing passes without same-security-traffic permit inter-interface, list or not.',
    ...(bound ? [] : ['No interface was named: the list is written and bound nowhere.']),
    ...(bound && options.previous === undefined ? ['The rollback takes the binding off, after which security levels decide; '
      + 'if a list is bound there today, name it in the option previous.'] : []),
  ]
}
