// Notices: what a person must know of now, each once, until it is over. Shown on every page and by `gateway status`.
// Keeps the rule that a notice names beds, targets and permits, never a patient.

/** Lines that a screen can show and a person will read; the rest is counted. */
export const NOTICES_MAX = 24

export class Notices {
  readonly #lines = new Map<string, string>()

  /** `text` null: it is over. The same key keeps its place. */
  set(key: string, text: string | null): void {
    if (text === null) this.#lines.delete(key)
    else this.#lines.set(key, text)
  }

  list(): readonly string[] {
    const all = [...this.#lines.values()]
    return all.length <= NOTICES_MAX ? all : [...all.slice(0, NOTICES_MAX - 1), `and ${all.length - NOTICES_MAX + 1} more`]
  }
}
