// readConfigFile: one device's text, read by the platform that recognises it, or by the one that is named.

import { err, ok, type Result } from '../base/result.ts'
import { CONFIG_BYTES_MAX, readTextFile } from '../config/index.ts'
import { TARGETS } from '../policy/compile/registry.ts'
import type { ReadResult, Target } from '../policy/compile/target.ts'
import type { Config } from '../policy/rules/model.ts'

/** Platforms that can read, in registry order. */
export function readers(): (Target & { readonly read: NonNullable<Target['read']> })[] {
  return TARGETS.flatMap((target) => (target.read ? [{ ...target, read: target.read }] : []))
}

/** The reader that understands most: fewest errors, then most rules. */
export function readConfigText(text: string, file: string, targetId: string | undefined): Result<ReadResult & { readonly config: Config }> {
  const wanted = readers().filter((t) => targetId === undefined || t.id === targetId)
  if (wanted.length === 0) return err(`no platform "${targetId}" can be read; there are: ${readers().map((t) => t.id).join(', ')}`)
  const read = wanted.map((t) => t.read(text, file))
    .filter((r): r is ReadResult & { readonly config: Config } => r.config !== null && saysSomething(r.config))
  read.sort((a, b) => errors(a) - errors(b) || rules(b) - rules(a))
  const [best] = read
  return best ? ok(best) : err(`${file} is no text that ${wanted.map((t) => t.name).join(', ')} would print`)
}

/** A reader that found no chain and no route has recognised nothing, however politely it took the text. */
function saysSomething({ chains, routes, routeRules }: Config): boolean {
  return chains.size + routes.length + routeRules.length > 0
}

function errors(r: ReadResult): number {
  return r.diagnostics.filter((d) => d.severity === 'error').length
}

function rules(r: ReadResult): number {
  return r.config ? [...r.config.chains.values()].reduce((n, c) => n + c.rules.length, 0) : 0
}

export function readConfigFile(file: string, targetId: string | undefined): Result<Config> {
  const text = readTextFile(file, file, CONFIG_BYTES_MAX)
  if (!text.ok) return err(text.error.message)
  const read = readConfigText(text.value, file, targetId)
  return read.ok ? ok(read.value.config) : read
}
