// StayBook: who is said to be in which bed, indexed both ways and bounded.
// Keeps the rule that forgetting is safe: a patient who left is forgotten only with a horizon, below which no arrival is believed any more.

import type { Micros } from '../../../base/time.ts'
import type { Bed, PatientRef } from './adt.ts'

/** Patients remembered, in beds and gone: four times the largest station (64 beds) times sixteen stations. */
export const PATIENTS_MAX = 4096

/** A patient's place and the newest events known of them, on the hospital's clock. */
export interface Stay {
  readonly patient: PatientRef
  /** Beds that claim the patient; more than one is a flag, none is gone. */
  readonly beds: readonly Bed[]
  /** On the gateway's clock: data measured earlier are not this patient's. */
  readonly since: Micros
  readonly by: 'adt' | 'hand'
  readonly arrivedAt: Micros | null
  readonly leftAt: Micros | null
}

export class StayBook {
  readonly #stays = new Map<string, Stay>()
  readonly #claims = new Map<Bed, Set<string>>()
  /** Beds whose claims, or whose claimants' other beds, times or names may have changed since somebody asked. */
  readonly #touched = new Set<Bed>()
  #horizon = Number.NEGATIVE_INFINITY

  /** Newest discharge among the patients that were forgotten. */
  get horizon(): Micros {
    return this.#horizon
  }

  get(key: string): Stay | undefined {
    return this.#stays.get(key)
  }

  /** Everybody said to be in this bed. */
  at(bed: Bed): Stay[] {
    return [...this.#claims.get(bed) ?? []].flatMap((key) => this.#stays.get(key) ?? [])
  }

  /** In a bed under this number, whatever its authority. */
  numbered(number: string): Stay[] {
    return [...this.#stays.values()].filter((stay) => stay.beds.length > 0 && stay.patient.number === number)
  }

  /** Beds touched since the last call: assignments of devices elsewhere are what they were. */
  takeTouched(): Bed[] {
    const beds = [...this.#touched]
    this.#touched.clear()
    return beds
  }

  /** Writes a stay; beds it gave up are free, and whoever remains alone there starts anew. False when there is no room. */
  put(stay: Stay, now: Micros): boolean {
    const { key } = stay.patient
    const before = this.#stays.get(key)
    if (before === undefined && !this.#makeRoom()) return false
    this.#stays.delete(key)
    this.#write(stay)
    for (const bed of before?.beds ?? []) this.#touched.add(bed)
    for (const bed of before?.beds ?? []) if (!stay.beds.includes(bed)) this.#release(bed, key, now)
    for (const bed of stay.beds) this.#claims.set(bed, (this.#claims.get(bed) ?? new Set()).add(key))
    // A patient claimed by two beds who is now in one: what was measured in the meantime stays nobody's.
    if (before !== undefined && before.beds.length > 1 && stay.beds.length === 1) this.#write({ ...stay, since: now })
    return true
  }

  /** New name or address of somebody known. */
  rename(patient: PatientRef): void {
    const stay = this.#stays.get(patient.key)
    if (stay !== undefined) this.#write({ ...stay, patient })
  }

  crowdedBeds(): Bed[] {
    return [...this.#claims].filter(([, keys]) => keys.size > 1).map(([bed]) => bed)
  }

  doubled(): Stay[] {
    return [...this.#stays.values()].filter((stay) => stay.beds.length > 1)
  }

  fullWords(): string {
    return `more than ${PATIENTS_MAX} patients are in beds: this one was not assigned`
  }

  #write(stay: Stay): void {
    this.#stays.set(stay.patient.key, stay)
    for (const bed of stay.beds) this.#touched.add(bed)
  }

  #release(bed: Bed, key: string, now: Micros): void {
    const keys = this.#claims.get(bed)
    keys?.delete(key)
    if (keys?.size === 0) this.#claims.delete(bed)
    const [last] = keys ?? []
    const stay = keys?.size === 1 && last !== undefined ? this.#stays.get(last) : undefined
    if (stay !== undefined) this.#write({ ...stay, since: now })
  }

  /** Forgets the patient who left longest ago in order of writing; nobody who is in a bed. */
  #makeRoom(): boolean {
    if (this.#stays.size < PATIENTS_MAX) return true
    for (const [key, stay] of this.#stays) {
      if (stay.beds.length > 0) continue
      this.#horizon = Math.max(this.#horizon, stay.leftAt ?? stay.arrivedAt ?? Number.NEGATIVE_INFINITY)
      this.#stays.delete(key)
      return true
    }
    return false
  }
}
