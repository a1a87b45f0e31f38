// GrantKeeper: asks again and again what is granted now, and hands it over when it is another answer than before.
// Keeps two rules: what cannot be verified grants nothing, and a revocation holds from the next look, which is at most a second away.

import type { Micros } from '../../base/time.ts'
import type { Grant } from '../core/update/window.ts'
import type { Granting } from './parts.ts'

const NOTHING: Granting = { grants: [], refused: [], releases: [], problem: null }

export class GrantKeeper {
  readonly #load: () => Promise<Granting>
  readonly #onChange: (granting: Granting) => void
  #now = NOTHING
  #key = keyOf(NOTHING)
  #running: Promise<void> | null = null
  #isWanted = false

  constructor(load: () => Promise<Granting>, onChange: (granting: Granting) => void) {
    this.#load = load
    this.#onChange = onChange
  }

  get granting(): Granting {
    return this.#now
  }

  /** One look at a time; asked during one, another follows, so that what was changed in between is seen. */
  look(): Promise<void> {
    this.#isWanted = true
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWanted) {
        this.#isWanted = false
        this.#take(await this.#loadSafely())
      }
    } finally {
      this.#running = null
    }
  }

  async #loadSafely(): Promise<Granting> {
    try {
      return await this.#load()
    } catch (cause) {
      return { ...NOTHING, problem: `permits or releases cannot be read: ${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'}` }
    }
  }

  #take(granting: Granting): void {
    this.#now = granting
    const key = keyOf(granting)
    if (key === this.#key) return
    this.#key = key
    this.#onChange(granting)
  }
}

function keyOf({ grants, refused, problem }: Granting): string {
  const words = (g: Grant): readonly (string | Micros)[] => [g.permitId, g.deviceId, g.ip, g.from, g.until, g.completeBy, g.tree.release.id]
  return JSON.stringify([grants.map(words), refused, problem])
}
