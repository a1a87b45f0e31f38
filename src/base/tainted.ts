// Tainted: a value that came from a patient. It can be decoded and counted, but not printed, logged or serialised by accident.
// Keeps the rule of docs/threat-model.md: no output carries patient text.

const MARK = '[patient data]'

/** Holds a value out of reach of JSON.stringify, template strings and console.log; `reveal` is greppable and allowed in the gateway only. */
export class Tainted<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself. tidy.test.ts lists who may call this. */
  reveal(): T {
    return this.#value
  }

  /** Whether there is anything in it: the only question a finding asks. */
  isFilled(): boolean {
    return this.#value !== undefined && this.#value !== null && this.#value !== ''
  }

  toString(): string {
    return MARK
  }

  toJSON(): string {
    return MARK
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MARK
  }
}
