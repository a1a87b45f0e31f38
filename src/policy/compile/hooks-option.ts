// The option `hooks`: where a Linux target looks at packets, as a list of the kernel's words.
// Keeps "a misspelt option must not be ignored": what is none of the words is a sentence.

export const HOOKS = ['forward', 'input', 'output'] as const
export type HookName = (typeof HOOKS)[number]

/** The hooks named, in the kernel's order, each once; `forward` when nothing is said. A string says what is wrong. */
export function hooksOption(option: string | undefined): readonly HookName[] | string {
  const words = (option ?? 'forward').split(',').map((word) => word.trim())
  const wrong = words.find((word) => !HOOKS.some((hook) => hook === word))
  if (wrong !== undefined) return `option hooks: "${wrong}" is none of ${HOOKS.join(', ')}`
  return HOOKS.filter((hook) => words.includes(hook))
}
