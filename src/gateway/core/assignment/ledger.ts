// Ledger: which patient each device is assigned to, by movements of the hospital or by hand. Nobody is the default.
// Keeps two rules: after a discharge nothing carries the old patient, and a wrong name is worse than none: a doubt leaves a bed unassigned.

import { MICROS_PER_MINUTE, type Micros } from '../../../base/time.ts'
import type { DeviceId, Reading } from '../intake/reading.ts'
import type { AdtEvent, Bed, PatientRef } from './adt.ts'
import { StayBook, type Stay } from './stays.ts'

export type Assignment =
  | { readonly state: 'assigned'; readonly patient: PatientRef; readonly since: Micros; readonly by: 'adt' | 'hand' }
  /** Two claims that exclude each other: nobody's data until somebody decides. */
  | { readonly state: 'contested'; readonly why: string }
  | { readonly state: 'unassigned'; readonly why: string }

/** What came of an event, for the audit: beds and reasons, no patient. */
export interface LedgerNote {
  readonly kind: 'applied' | 'ignored' | 'flag'
  readonly beds: readonly Bed[]
  readonly why: string
}

/** An event may lie this far ahead of the gateway's clock: a hospital's times often have no zone. Further ahead its clock is wrong. */
export const FUTURE_MICROS_MAX = 24 * 60 * MICROS_PER_MINUTE

/** `left`: by the same person. `doubted`: somebody else was said to be there. */
interface Emptied {
  readonly left: readonly Bed[]
  readonly doubted: readonly Bed[]
}

const NOBODY_ELSE: Emptied = { left: [], doubted: [] }
const DOUBTED = 'somebody left this bed whom the gateway did not know to be in it: nobody is assigned there until a movement or a hand says so'
const SWAPPED = 'patients changed beds (A17): nobody is assigned there until a movement or a hand says so'

export class Ledger {
  /** With the moment from which on the device stands there. */
  readonly #placeOf = new Map<DeviceId, { readonly bed: Bed; readonly since: Micros }>()
  readonly #devicesAt = new Map<Bed, Set<DeviceId>>()
  readonly #book = new StayBook()
  /** Devices that were moved, and those that stand where they came from or went to, since somebody asked. */
  readonly #moved = new Set<DeviceId>()

  /** Where a device stands: told by the operator. A device at no bed belongs to nobody. */
  place(device: DeviceId, bed: Bed | null, now: Micros): void {
    const before = this.#placeOf.get(device)
    const at = bed?.toUpperCase() ?? null
    this.#moved.add(device)
    if (before !== undefined) {
      this.#devicesAt.get(before.bed)?.delete(device)
      for (const left of this.#devicesAt.get(before.bed) ?? []) this.#moved.add(left)
    }
    this.#placeOf.delete(device)
    if (at === null) return
    this.#placeOf.set(device, { bed: at, since: before?.bed === at ? before.since : now })
    const here = (this.#devicesAt.get(at) ?? new Set()).add(device)
    this.#devicesAt.set(at, here)
    for (const other of here) this.#moved.add(other)
  }

  /** Devices whose assignment or bed may be another than at the last call: one message concerns a bed or two, not a hospital. */
  takeTouched(): DeviceId[] {
    const beds = this.#book.takeTouched()
    const devices = new Set([...this.#moved, ...beds.flatMap((bed) => [...this.#devicesAt.get(bed) ?? []])])
    this.#moved.clear()
    return [...devices]
  }

  /** Devices that stand at a bed. */
  placed(): readonly DeviceId[] {
    return [...this.#placeOf.keys()]
  }

  get placedCount(): number {
    return this.#placeOf.size
  }

  bedOf(device: DeviceId): Bed | null {
    return this.#placeOf.get(device)?.bed ?? null
  }

  /** A movement told by the hospital. `now` is when the gateway learnt of it: from then on, not from earlier, data are the patient's. */
  apply(event: AdtEvent, now: Micros): LedgerNote {
    const stay = this.#book.get(event.patient.key)
    switch (event.movement) {
      case 'discharge':
      case 'cancel-admit':
        return this.#leave(event, stay, now)
      case 'update':
        return this.#update(event, stay)
      default:
        return this.#arrive(event, stay, now)
    }
  }

  /** By hand: this patient, this bed, nobody else there, and in no other bed. */
  assign(bed: Bed, patient: PatientRef, now: Micros): LedgerNote {
    const at = bed.toUpperCase()
    this.#empty(at, now)
    const before = this.#book.get(patient.key)
    const times = { arrivedAt: before?.arrivedAt ?? null, leftAt: before?.leftAt ?? null }
    if (!this.#book.put({ patient, beds: [at], since: now, by: 'hand', ...times }, now)) return note('flag', [at], this.#book.fullWords())
    return note('applied', [at], 'assigned by hand')
  }

  /** By hand: nobody is in this bed. */
  vacate(bed: Bed, now: Micros): LedgerNote {
    this.#empty(bed.toUpperCase(), now)
    return note('applied', [bed.toUpperCase()], 'vacated by hand')
  }

  /** Patients who changed beds: none of them, and nobody in those beds, is where they were. Who lies where now is left to a hand. */
  swap(patients: readonly PatientRef[], beds: readonly Bed[], now: Micros): LedgerNote {
    const theirs = patients.flatMap(({ key }) => this.#book.get(key)?.beds ?? [])
    const all = [...new Set([...beds, ...theirs])]
    for (const bed of all) this.#empty(bed, now)
    return note('flag', all, SWAPPED)
  }

  #empty(bed: Bed, now: Micros): void {
    for (const stay of this.#book.at(bed)) this.#book.put({ ...stay, beds: stay.beds.filter((other) => other !== bed) }, now)
  }

  /** Who a device's data belong to. */
  assignment(device: DeviceId): Assignment {
    const place = this.#placeOf.get(device)
    if (place === undefined) return { state: 'unassigned', why: 'nobody said at which bed this device stands' }
    const { bed } = place
    const stays = this.#book.at(bed)
    const [stay] = stays
    if (stay === undefined) return { state: 'unassigned', why: 'no patient is assigned to this bed' }
    if (stays.length > 1) return { state: 'contested', why: 'two patients are said to be in this bed: the one before was not discharged' }
    if (stay.beds.length > 1) return { state: 'contested', why: 'the same patient is said to be in two beds' }
    if ((this.#devicesAt.get(bed)?.size ?? 0) > 1) return { state: 'contested', why: 'two devices are said to stand at this bed' }
    // What it measured at another bed, and sends again, is of whoever lies there.
    return { state: 'assigned', patient: stay.patient, since: Math.max(stay.since, place.since), by: stay.by }
  }

  /** Whose this reading is. Nobody's when it was measured before the patient came, when nothing dates it, or when it is a demonstration. */
  ownerOf(device: DeviceId, reading: Reading): PatientRef | null {
    return ownerUnder(this.assignment(device), reading)
  }

  /** Beds that need somebody's decision. */
  flags(): readonly LedgerNote[] {
    const crowded = this.#book.crowdedBeds().map((bed) => note('flag', [bed], 'two patients are said to be in this bed'))
    const doubled = this.#book.doubled().map((stay) => note('flag', stay.beds, 'the same patient is said to be in two beds'))
    return [...crowded, ...doubled]
  }

  #arrive(event: AdtEvent, stay: Stay | undefined, now: Micros): LedgerNote {
    const { bed, movement, patient } = event
    // A transfer moves; an admission to a second bed without one leaves both claims standing, and the flag.
    const isMove = movement === 'transfer' || movement === 'cancel-transfer'
    if (bed === '' || event.at === null || event.at > now + FUTURE_MICROS_MAX) return isMove ? this.#moveAway(event, stay, now) : unbelieved(event)
    const late = this.#lateness(event.at, stay)
    if (late !== null) return note('ignored', [bed], late)
    const { left, doubted } = movement === 'transfer' ? this.#emptyDoubted(event, stay, [event.priorBed], now) : NOBODY_ELSE
    const before = isMove ? [] : stay?.beds ?? []
    const isSame = stay?.beds.length === 1 && stay.beds[0] === bed
    const beds = [...new Set([...before, bed])]
    const next: Stay = { patient, beds, since: isSame ? stay.since : now, by: 'adt', arrivedAt: event.at, leftAt: stay?.leftAt ?? null }
    if (!this.#book.put(next, now)) return note('flag', [bed], this.#book.fullWords())
    const isContested = beds.length > 1 || this.#book.at(bed).length > 1
    if (isContested) return note('flag', beds, 'contradicting places: the beds are left unassigned')
    return doubted.length > 0 ? note('flag', doubted, DOUBTED) : note('applied', [...left, ...beds], movement)
  }

  /** A transfer to a place without a bed (an operating theatre), or at a time that nobody can believe: whoever moved is not where they were. */
  #moveAway(event: AdtEvent, stay: Stay | undefined, now: Micros): LedgerNote {
    const time = event.at === null || event.at > now + FUTURE_MICROS_MAX ? null : event.at
    const late = time === null ? null : this.#lateness(time, stay)
    if (late !== null) return note('ignored', [], late)
    const { left, doubted } = event.movement === 'transfer' ? this.#emptyDoubted(event, stay, [event.priorBed], now) : NOBODY_ELSE
    const beds = [...stay?.beds ?? [], ...left, ...doubted]
    if (stay !== undefined) this.#book.put({ ...stay, beds: [], since: now, by: 'adt', arrivedAt: time ?? stay.arrivedAt }, now)
    if (doubted.length > 0) return note('flag', beds, DOUBTED)
    return time === null || beds.length === 0 ? note('flag', beds, unbelieved(event).why) : note('applied', beds, `${event.movement} to a place without a bed`)
  }

  /**
   * Beds that are emptied because somebody left who may be the one said to be there. A number without an authority (by hand) is
   * the same number with one. Somebody unknown who leaves a bed was in it: then the one who was said to be there before was not.
   */
  #emptyDoubted(event: AdtEvent, stay: Stay | undefined, named: readonly Bed[], now: Micros): Emptied {
    const { key, number, authority } = event.patient
    const same = this.#book.numbered(number).filter(({ patient }) => patient.key !== key && (patient.authority === '' || authority === ''))
    const there = stay === undefined ? named.flatMap((bed) => this.#book.at(bed)) : []
    const isOlder = ({ arrivedAt }: Stay): boolean => event.at === null || arrivedAt === null || arrivedAt <= event.at
    const before = there.filter((one) => one.patient.key !== key && !same.includes(one) && isOlder(one))
    for (const one of same) this.#book.put({ ...one, beds: [], since: now }, now)
    for (const one of before) this.#book.put({ ...one, beds: one.beds.filter((bed) => !named.includes(bed)), since: now }, now)
    return { left: same.flatMap((one) => one.beds), doubted: named.filter((bed) => before.some((one) => one.beds.includes(bed))) }
  }

  /** An arrival is believed only when it is newer than all that is known of the patient: a repeated admission must not undo a discharge. */
  #lateness(at: Micros, stay: Stay | undefined): string | null {
    if (stay === undefined) return at <= this.#book.horizon ? 'older than discharges that are no longer remembered' : null
    if (stay.leftAt !== null && at <= stay.leftAt) return 'not newer than the discharge of this patient'
    if (stay.arrivedAt === null) return null
    const isOut = stay.beds.length === 0
    return at < stay.arrivedAt || (isOut && at === stay.arrivedAt) ? 'not newer than the last movement of this patient' : null
  }

  /** Applied unless the patient arrived again later: a discharge too many shows UNASSIGNED, one too few a wrong name. */
  #leave(event: AdtEvent, stay: Stay | undefined, now: Micros): LedgerNote {
    if (event.at !== null && stay?.arrivedAt !== undefined && stay.arrivedAt !== null && event.at < stay.arrivedAt) {
      return note('flag', stay.beds, 'a discharge older than the last arrival was not applied: look whether the patient is still here')
    }
    const { left, doubted } = this.#emptyDoubted(event, stay, [event.bed, event.priorBed], now)
    const beds = [...stay?.beds ?? [], ...left, ...doubted]
    // A time from the future would keep the patient out for ever: the discharge counts, its time does not.
    const time = event.at === null || event.at > now + FUTURE_MICROS_MAX ? null : event.at
    const leftAt = time === null ? stay?.leftAt ?? null : Math.max(time, stay?.leftAt ?? time)
    const next: Stay = { patient: event.patient, beds: [], since: now, by: 'adt', arrivedAt: stay?.arrivedAt ?? null, leftAt }
    if (!this.#book.put(next, now)) return note('flag', beds, this.#book.fullWords())
    return doubted.length > 0 ? note('flag', beds, DOUBTED) : note('applied', beds, event.movement)
  }

  /** A08 tells of the person, not of the place: a differing bed is flagged, never moved to. */
  #update(event: AdtEvent, stay: Stay | undefined): LedgerNote {
    if (stay === undefined || stay.beds.length === 0) return note('ignored', [], 'an update of a patient who is in no bed')
    this.#book.rename(event.patient)
    const isElsewhere = event.bed !== '' && !stay.beds.includes(event.bed)
    return isElsewhere ? note('flag', [...stay.beds, event.bed], 'an update names another bed; nobody was moved') : note('applied', stay.beds, 'update')
  }
}

/** Why an arrival assigns nobody. */
function unbelieved({ bed, movement, at }: AdtEvent): LedgerNote {
  if (bed === '') return note('flag', [], `${movement} without a bed in PV1-3: nobody was assigned`)
  const how = at === null ? 'without a readable time: it could be an old one' : 'from the future'
  return note('flag', [bed], `${movement} ${how}${at === null ? ', nobody was assigned' : ': nobody was assigned'}`)
}

/** Whose a reading is under an assignment. */
export function ownerUnder(assignment: Assignment, reading: Reading): PatientRef | null {
  if (assignment.state !== 'assigned') return null
  if (reading.kind === 'numeric' && reading.quality === 'demo') return null
  const { measured } = reading.times
  return measured !== null && measured >= assignment.since ? assignment.patient : null
}

function note(kind: LedgerNote['kind'], beds: readonly Bed[], why: string): LedgerNote {
  return { kind, beds, why }
}
