// status: what the kernel itself says of a process: /proc/PID/status, read by the parent, beside what the process says of itself.
// Keeps the rule that a sandbox is believed when it is seen from outside.

import type { MissingHold } from './sandbox.ts'

/** Field, what it must be, and what that means. */
const EXPECTED: readonly { readonly field: string; readonly value: RegExp; readonly what: string; readonly isVital: boolean }[] = [
  { field: 'NoNewPrivs', value: /^1$/, what: 'can gain no privilege by starting a program', isVital: true },
  { field: 'Seccomp', value: /^2$/, what: 'its system calls are filtered', isVital: true },
  { field: 'CapPrm', value: /^0+$/, what: 'holds no capability', isVital: true },
  { field: 'CapEff', value: /^0+$/, what: 'uses no capability', isVital: true },
  { field: 'CapInh', value: /^0+$/, what: 'passes no capability on', isVital: true },
  { field: 'CapAmb', value: /^0+$/, what: 'passes no capability on to what it starts', isVital: true },
]

/** Fields of /proc/PID/status by name. */
export function statusFields(text: string): ReadonlyMap<string, string> {
  return new Map(text.split('\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]]
  }))
}

/** What the kernel does not confirm. A field that is not there is not confirmed. */
export function missingFromStatus(text: string): MissingHold[] {
  const fields = statusFields(text)
  return EXPECTED.filter(({ field, value }) => !value.test(fields.get(field) ?? '')).map(({ field, what, isVital }) => (
    { what: `the kernel confirms: ${what}`, why: `/proc/PID/status says ${field} ${fields.get(field) ?? 'nothing'}`, isVital }))
}
