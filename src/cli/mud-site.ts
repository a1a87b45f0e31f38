// What the site says of a MUD file's abstractions, from flags: who a name or a controller is, and which networks are local.
// Keeps "names are never looked up": whatever is not given stays unknown.

import { parseIp, parsePrefix, type Prefix } from '../base/ip.ts'
import type { MudSite } from '../policy/mud/index.ts'

/** Flags that `mud check`, `mud compare` and `mud import --policy` share. */
export interface SiteArgs {
  /** `NAME=ADDRESS`: a DNS name, `my-controller`, or the URI of a controller, a maker or a model. */
  readonly names?: readonly string[]
  readonly local?: readonly string[]
}

/** An address is a block of one. */
export function blockOf(text: string): Prefix | null {
  const ip = parseIp(text)
  const parsed = parsePrefix(ip.ok ? `${ip.value}/${ip.value.includes(':') ? 128 : 32}` : text)
  return parsed.ok ? parsed.value : null
}

/** The site, with what is wrong with the flags added to `problems`. */
export function siteOf(args: SiteArgs, problems: string[]): MudSite {
  const addresses = new Map<string, readonly Prefix[]>()
  for (const pair of args.names ?? []) {
    const cut = pair.lastIndexOf('=')
    const [name, block] = [pair.slice(0, Math.max(cut, 0)).trim(), blockOf(pair.slice(cut + 1).trim())]
    if (cut < 1 || block === null) problems.push(`--name ${pair}: write NAME=ADDRESS, such as cloud.example=198.51.100.7`)
    else for (const key of keysOf(name)) addresses.set(key, [...(addresses.get(key) ?? []), block])
  }
  const local = (args.local ?? []).map((text) => [text, blockOf(text)] as const)
  for (const [text, block] of local) if (block === null) problems.push(`--local ${text}: write a block such as 10.20.0.0/16`)
  return { addresses, local: local.length === 0 ? null : local.flatMap(([, block]) => block ?? []) }
}

/** A URI may be of a controller, a maker or a model; the file says which. */
function keysOf(name: string): readonly string[] {
  if (!name.includes(':')) return [name.toLowerCase()]
  return ['controller', 'manufacturer', 'model'].map((kind) => `${kind} ${name}`)
}
