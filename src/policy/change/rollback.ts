// Rollback proof: a base, the text on it, the rollback on that: is what is left the base, and was nothing else named?
// Keeps S6: a rollback that leaves something, or takes away what was there before, is refuted with the very objects.

import { cisco, fortios, iproute2, iptables, mikrotik, nftables, pf, setAndDelete, wholeFile, windows, type DeviceState, type DeviceTrouble,
  type Interpreter } from './devices.ts'
import { count } from '../replay/words.ts'

/** `proved`: the base and nothing else is left. `unknown`: a line was not understood, or nobody here knows the platform. */
export interface RollbackProof {
  readonly verdict: 'proved' | 'refuted' | 'unknown'
  /** Objects that the text adds or changes; zero proves nothing and is said. */
  readonly added: number
  /** Made by the text and still there after the rollback. */
  readonly left: readonly string[]
  /** There before the text, and gone or changed after the rollback. */
  readonly lost: readonly string[]
  /** Lines of the rollback that name what is not there, and lines nobody here understands. */
  readonly trouble: readonly (DeviceTrouble & { readonly file: 'base' | 'text' | 'rollback' })[]
}

const INTERPRETERS: Readonly<Record<string, Interpreter>> = {
  nftables, iptables, 'cisco-ios': cisco, 'cisco-asa': cisco, 'junos-srx': setAndDelete, 'pan-os': setAndDelete, fortios, mikrotik, pf,
  'windows-firewall': windows, suricata: wholeFile, 'zeek-intel': wholeFile,
  'routes-linux': iproute2, 'routes-ios': cisco, 'routes-junos': setAndDelete, 'routes-windows': windows,
}

/** Target ids whose rollback can be proved here. */
export const ROLLBACK_TARGETS: readonly string[] = Object.keys(INTERPRETERS)

/** Never throws, whatever the texts. `base` is what the device has configured, in its own words; empty for an empty device. */
export function proveRollback(targetId: string, text: string, rollback: string, base = ''): RollbackProof {
  const interpret = Object.hasOwn(INTERPRETERS, targetId) ? INTERPRETERS[targetId] : undefined
  if (interpret === undefined) return { verdict: 'unknown', added: 0, left: [], lost: [], trouble: [] }
  const before: DeviceState = new Map()
  const inBase = base === '' ? [] : interpret(base, before)
  const state: DeviceState = new Map(before)
  // What the text takes away first is its own business: `delete table` of an earlier version.
  const inText = interpret(text, state).filter(({ kind }) => kind === 'unknown')
  const added = [...state].filter(([key, value]) => before.get(key) !== value).length
  const inRollback = interpret(rollback, state)
  const left = [...state.keys()].filter((key) => !before.has(key))
  const lost = [...before].filter(([key, value]) => state.get(key) !== value).map(([key]) => key)
  const trouble = [...from('base', inBase.filter(({ kind }) => kind === 'unknown')), ...from('text', inText), ...from('rollback', inRollback)]
  const refuted = left.length > 0 || lost.length > 0 || inRollback.some(({ kind }) => kind === 'names-nothing')
  return { verdict: trouble.some(({ kind }) => kind === 'unknown') ? 'unknown' : refuted ? 'refuted' : 'proved', added, left, lost, trouble }
}

function from(file: 'base' | 'text' | 'rollback', all: readonly DeviceTrouble[]): RollbackProof['trouble'] {
  return all.map((trouble) => ({ ...trouble, file }))
}

/** Objects named in a sentence; more of them help nobody. */
const SHOWN_MAX = 5

/** One sentence for people, without the verdict's word. */
export function rollbackSentence(proof: RollbackProof): string {
  const list = (all: readonly string[]): string => all.slice(0, SHOWN_MAX).map((key) => `"${key.replaceAll('\n', ' / ')}"`).join(', ')
    + (all.length > SHOWN_MAX ? ` and ${all.length - SHOWN_MAX} more` : '')
  const parts = [
    ...(proof.left.length > 0 ? [`it leaves ${list(proof.left)}`] : []),
    ...(proof.lost.length > 0 ? [`what was there before is gone or changed: ${list(proof.lost)}`] : []),
    ...proof.trouble.slice(0, SHOWN_MAX).map(({ file, line, text, kind }) =>
      `line ${line} of the ${file} ${kind === 'unknown' ? 'is not understood' : 'names what is not there'}: ${text}`),
  ]
  if (parts.length > 0) return parts.join('; ')
  if (proof.verdict === 'unknown') return 'nobody here interprets the text of this platform; its tests compare it'
  return `${count(proof.added, 'thing comes', 'things come')} with the text; after the rollback nothing of it is left, and nothing else has changed`
}
