// Devices on paper: what a platform's text adds and takes away, as a map of what is configured. One small interpreter per way of speaking.
// Keeps independence: no writer and no reader of src/policy/compile is used here, so a mistake of theirs cannot hide in here too.

/** Everything configured, by what names it on the device. Two states are equal when their maps are. */
export type DeviceState = Map<string, string>

/** What an interpreter could not follow: a line it does not know, or a deletion that deletes nothing. */
export interface DeviceTrouble {
  readonly line: number
  readonly text: string
  readonly kind: 'unknown' | 'names-nothing'
}

/** Changes the state as the device would; what could not be followed is said. */
export type Interpreter = (text: string, state: DeviceState) => DeviceTrouble[]

interface Line {
  readonly number: number
  readonly text: string
  readonly indent: boolean
}

function linesOf(text: string, comment: RegExp): Line[] {
  return text.split('\n').map((raw, i) => ({ number: i + 1, text: raw.trim(), indent: /^\s/.test(raw) }))
    .filter((line) => line.text !== '' && !comment.test(line.text))
}

/** Removes what `matches`; trouble when nothing did. */
function remove(state: DeviceState, line: Line, matches: (key: string) => boolean): DeviceTrouble[] {
  const gone = [...state.keys()].filter((key) => matches(key))
  for (const key of gone) state.delete(key)
  return gone.length > 0 ? [] : [{ line: line.number, text: line.text, kind: 'names-nothing' }]
}

const unknown = (line: Line): DeviceTrouble => ({ line: line.number, text: line.text, kind: 'unknown' })

/** Junos and PAN-OS: `set` adds a statement, `delete` takes away everything below its words. */
export const setAndDelete: Interpreter = (text, state) => linesOf(text, /^#/).flatMap((line) => {
  const [, verb = '', path = ''] = /^(set|delete) (.+)$/.exec(line.text) ?? []
  if (verb === 'set') state.set(path, '')
  return verb === 'set' ? [] : verb === 'delete' ? remove(state, line, (key) => key === path || key.startsWith(`${path} `)) : [unknown(line)]
})

/** Words that hold one value, so that a second one replaces the first: the binding of a list, by what stands around its name. */
const CISCO_SLOTS: readonly RegExp[] = [
  /^(ip access-group )(\S+)( (?:in|out))$/, /^(ipv6 traffic-filter )(\S+)( (?:in|out))$/, /^(access-group )(\S+)( (?:in|out) interface \S+| global)$/,
]
/** IOS commands that open a section of indented lines. */
const CISCO_SECTION = /^(?:ip access-list \S+ \S+|ipv6 access-list \S+|interface \S+)$/

/** `ip access-group X in` is the slot `ip access-group * in` with the value X; other lines are themselves. */
function ciscoKey(text: string): readonly [string, string] {
  for (const pattern of CISCO_SLOTS) {
    const found = pattern.exec(text)
    if (found !== null) return [`${found[1]}*${found[3]}`, found[2] ?? '']
  }
  return [text, '']
}

/** IOS and ASA: a line adds itself to its section, `no` takes it away, `clear configure access-list` a whole list. */
export const cisco: Interpreter = (text, state) => {
  let section = ''
  return linesOf(text, /^(?:!|:|end$|exit$)/).flatMap((line) => {
    if (!line.indent) section = ''
    const cleared = /^clear configure access-list (\S+)$/.exec(line.text)?.[1]
    if (cleared !== undefined) return remove(state, line, (key) => key.startsWith(`access-list ${cleared} `))
    if (line.text.startsWith('no ')) return ciscoNo(line, section, state)
    const [key, value] = ciscoKey(line.text)
    // An interface is entered, not made.
    if (!line.text.startsWith('interface ')) state.set(section === '' ? key : `${section}\n${key}`, value)
    if (CISCO_SECTION.test(line.text)) section = line.text
    return []
  })
}

/** A slot is emptied only when it holds what is named: a device ignores the rest, and nobody meant it. */
function ciscoNo(line: Line, section: string, state: DeviceState): DeviceTrouble[] {
  const [key, value] = ciscoKey(line.text.slice('no '.length))
  const whole = section === '' ? key : `${section}\n${key}`
  return remove(state, line, (known) => (known === whole && state.get(known) === value) || known.startsWith(`${whole}\n`))
}

/** FortiOS: `config` and `edit` go in, `next` and `end` come out, `set` gives a value, `delete` takes an entry away. */
export const fortios: Interpreter = (text, state) => {
  const path: { readonly word: string; readonly kind: 'config' | 'edit' }[] = []
  const at = (...more: readonly string[]): string => [...path.map(({ word }) => word), ...more].join('\n')
  return linesOf(text, /^#/).flatMap((line) => {
    const [verb = '', ...rest] = line.text.split(' ')
    const words = rest.join(' ')
    if (verb === 'config' || verb === 'edit') {
      path.push({ word: words.replaceAll('"', ''), kind: verb })
      // A virtual domain is entered, not made.
      if (verb === 'edit' && path.at(-2)?.word !== 'vdom') state.set(at(), '')
    } else if (verb === 'next' || verb === 'end') {
      if (verb === 'end' && path.at(-1)?.kind === 'edit') path.pop()
      path.pop()
    } else if (verb === 'set') state.set(at(`set ${rest[0] ?? ''}`), rest.slice(1).join(' '))
    else if (verb === 'delete') {
      const gone = at(words.replaceAll('"', ''))
      return remove(state, line, (key) => key === gone || key.startsWith(`${gone}\n`))
    } else return [unknown(line)]
    return []
  })
}

/** nftables: whole tables; `table F T` makes one, a block gives it rules, `delete table` takes it away. */
export const nftables: Interpreter = (text, state) => {
  const trouble: DeviceTrouble[] = []
  let open: { readonly key: string; body: string[]; depth: number } | null = null
  for (const line of linesOf(text, /^#/)) {
    if (open !== null) {
      open.depth += braces(line.text)
      if (open.depth > 0) open.body.push(line.text)
      else {
        state.set(open.key, `${state.get(open.key) ?? ''}${open.body.join('\n')}`)
        open = null
      }
      continue
    }
    const made = /^(?:add )?table (?:(\w+) )?(\w+)( \{)?$/.exec(line.text)
    const gone = /^delete table (?:(\w+) )?(\w+)$/.exec(line.text)
    if (made !== null) {
      const key = `table ${made[1] ?? 'ip'} ${made[2]}`
      if (!state.has(key)) state.set(key, '')
      if (made[3] !== undefined) open = { key, body: [], depth: 1 }
    } else if (gone !== null) trouble.push(...remove(state, line, (key) => key === `table ${gone[1] ?? 'ip'} ${gone[2]}`))
    else trouble.push(unknown(line))
  }
  return trouble
}

/** Braces outside of quotes, opened minus closed. */
function braces(text: string): number {
  const bare = text.replaceAll(/"[^"]*"/g, '')
  return bare.split('{').length - bare.split('}').length
}

/** RouterOS: `/path add k=v ...` adds an entry; `remove [find k=v]` takes all away that have it. Order does not matter here. */
export const mikrotik: Interpreter = (text, state) => {
  let menu = ''
  return linesOf(text, /^#/).flatMap((line) => {
    const [, path = '', command = ''] = /^(\/[a-z0-9 -]*?)(?: ((?:add|remove|move|set) .*))?$/.exec(line.text) ?? ['', '', line.text]
    if (path !== '') menu = path
    if (command === '' || /^move \[find comment="[^"]*"\] destination=0$/.test(command)) return []
    if (command.startsWith('add ')) {
      const key = `${menu} ${command.slice('add '.length)}`
      state.set(`${key} #${[...state.keys()].filter((known) => known.startsWith(`${key} #`)).length}`, '')
      return []
    }
    const found = /^remove \[find ([a-z-]+=(?:"[^"]*"|\S+))\]$/.exec(command)?.[1]
    if (found === undefined) return [unknown(line)]
    // `find` may find nothing: no address list was needed.
    remove(state, line, (key) => key.startsWith(`${menu} `) && ` ${key} `.includes(` ${found} `))
    return []
  })
}

/** iproute2: a route is its kind, block, next hop and metric; `replace` puts it in, `del` takes it out. Routes as `ip route` prints them count too. */
export const iproute2: Interpreter = (text, state) => linesOf(text, /^#/).flatMap((line) => {
  const [, six, noun, verb, rest = ''] = /^ip (-6 )?(route|rule) (replace|add|del) (.+)$/.exec(line.text) ?? []
  if (noun === undefined) {
    const route = routeKey(line.text)
    if (route === null) return [unknown(line)]
    state.set(route.key, route.hop)
    return []
  }
  const route = noun === 'rule' ? { key: `rule ${six === undefined ? 4 : 6} ${rest}`, hop: '' } : routeKey(rest)
  if (route === null) return [unknown(line)]
  if (verb === 'del') return remove(state, line, (key) => key === route.key && state.get(key) === route.hop)
  state.set(route.key, route.hop)
  return []
})

/** The kernel holds one route per block and metric, so that is its name; what it does is its value. */
function routeKey(text: string): { readonly key: string; readonly hop: string } | null {
  const found = /^(?:(blackhole|prohibit|unreachable) )?(default|[0-9a-f.:]+(?:\/\d+)?)(.*)$/.exec(text)
  if (found === null) return null
  const metric = /\bmetric (\d+)/.exec(found[3] ?? '')?.[1] ?? '0'
  const hop = [found[1], /\bvia (\S+)/.exec(found[3] ?? '')?.[1], /\bdev (\S+)/.exec(found[3] ?? '')?.[1]].filter((word) => word !== undefined)
  return { key: `route ${found[2]} metric ${metric}`, hop: hop.join(' ') }
}

/** PowerShell and route.exe of a Windows machine: firewall rules by group and name, routes by block and next hop. */
export const windows: Interpreter = (text, state) => linesOf(text, /^(?:#|\$ErrorActionPreference = 'Stop'$)/).flatMap((line) => {
  const bare = line.text.replace(/^foreach \(\$p in @\([\d, ]+\)\) \{ (.*) \}$/, '$1')
  const rule = /^New-NetFirewallRule -Group '([^']+)' -Name ['"]([^'"]+)['"] /.exec(bare)
  const group = /^Remove-NetFirewallRule -Group '([^']+)'$/.exec(bare)?.[1]
  const added = /^route -p add (\S+)(?: mask (\S+))? (\S+) metric \d+$/.exec(bare)
  const gone = /^route delete (\S+)(?: mask (\S+))? (\S+)$/.exec(bare)
  const net = /^(New|Remove)-NetRoute (-DestinationPrefix '[^']+' -InterfaceAlias '[^']+' -NextHop '[^']+') (?:-RouteMetric \d+|-Confirm:\$false)$/.exec(bare)
  if (rule !== null) state.set(`group ${rule[1]} ${rule[2]}`, bare)
  else if (group !== undefined) return remove(state, line, (key) => key.startsWith(`group ${group} `))
  else if (added !== null) state.set(`route ${added.slice(1).join(' ')}`, '')
  else if (gone !== null) return remove(state, line, (key) => key === `route ${gone.slice(1).join(' ')}`)
  else if (net?.[1] === 'New') state.set(`route ${net[2]}`, '')
  else if (net !== null) return remove(state, line, (key) => key === `route ${net[2]}`)
  else return [unknown(line)]
  return []
})

/** pf: the text is the content of the anchor that its comment names; `pfctl -F` empties rules and tables of an anchor. */
export const pf: Interpreter = (text, state) => {
  const anchor = /^# Anchor (\S+):/m.exec(text)?.[1]
  if (anchor !== undefined) {
    // Loading an anchor takes the place of what was in it.
    for (const key of [...state.keys()].filter((known) => known.startsWith(`${anchor} `))) state.delete(key)
    for (const { number, text: line } of linesOf(text, /^#/)) {
      const inTable = /^(?:table |\}|[\da-f.:]+\/\d+$)/.test(line)
      state.set(`${anchor} ${inTable ? 'Tables' : 'rules'} ${number}`, line)
    }
    return []
  }
  return linesOf(text, /^#/).flatMap((line) => {
    const found = /^pfctl -a (\S+) -F (rules|Tables)$/.exec(line.text)
    if (found === null) return [unknown(line)]
    remove(state, line, (key) => key.startsWith(`${found[1]} ${found[2]} `))
    return []
  })
}

/** Files that are loaded whole, in place of what was there: Suricata rules, Zeek Intel. Comments configure nothing. */
export const wholeFile: Interpreter = (text, state) => {
  state.clear()
  for (const { text: line } of linesOf(text, /^#/)) state.set(line, '')
  return []
}

/** iptables-restore with --noflush: `:chain` makes or empties a chain, -A and -I add, -D takes one rule out, -F empties, -X removes. */
export const iptables: Interpreter = (text, state) => {
  let tableName = ''
  return linesOf(text, /^#/).flatMap((line) => {
    const [verb = '', name = '', ...rest] = line.text.replace(/^\[\d+:\d+\] /, '').split(' ')
    if (verb.startsWith('*')) tableName = verb
    if (verb.startsWith('*') || verb === 'COMMIT') return []
    if (verb.startsWith(':')) return declare(state, `${tableName} chain ${verb.slice(1)}`, name === '-' ? `${tableName} rule ${verb.slice(1)} ` : null, name)
    const rules = `${tableName} rule ${name} `
    if (verb === '-A' || verb === '-I') {
      const key = rules + rest.join(' ')
      state.set(`${key} #${[...state.keys()].filter((known) => known.startsWith(`${key} #`)).length}`, '')
    } else if (verb === '-D') return removeLast(state, line, `${rules}${rest.join(' ')} #`)
    else if (verb === '-F') clear(state, rules)
    else if (verb === '-X') return remove(state, line, (key) => key === `${tableName} chain ${name}`)
    else return [unknown(line)]
    return []
  })
}

/** A user's chain is emptied when it is declared again; a built-in one keeps its rules. */
function declare(state: DeviceState, key: string, rules: string | null, policy: string): DeviceTrouble[] {
  if (rules !== null) clear(state, rules)
  state.set(key, policy)
  return []
}

function clear(state: DeviceState, prefix: string): void {
  for (const key of [...state.keys()].filter((known) => known.startsWith(prefix))) state.delete(key)
}

/** One of several equal rules. */
function removeLast(state: DeviceState, line: Line, prefix: string): DeviceTrouble[] {
  const last = [...state.keys()].findLast((key) => key.startsWith(prefix))
  return remove(state, line, (key) => key === last)
}
