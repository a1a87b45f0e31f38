// fuzz-engine: coverage-guided fuzzing of our own code: an input that runs a new block, or one far more often, is kept and edited further.
// Keeps one seed, one run; after each input it asks for the target's own checks and for work in proportion to the input.

import { seededRng, type Rng } from '../base/rng.ts'
import { blockCount, busiest, counters, emptyCounters, namedValues, placeOf, stepsNow } from './coverage.ts'
import { mutateBytes, pick, systematic, wordsOf, type LengthField } from './fuzz-mutate.ts'

export interface WireTarget {
  readonly id: string
  /** What holds for every input, for people: shown by --list and in docs/fuzz.md. */
  readonly holds: string
  readonly seeds: () => readonly Uint8Array[]
  /** Reads the input and asserts. Throws what it finds. */
  readonly run: (input: Uint8Array) => void | Promise<void>
  readonly fields?: (input: Uint8Array) => readonly LengthField[]
  readonly inputMax?: number
  /** In place of what the counted sources name; not empty. */
  readonly words?: readonly Uint8Array[]
  /** Blocks of our code per byte of input, and what any input may cost: linear, or a finding. */
  readonly stepsPerByte: number
  readonly stepsFloor: number
}

export interface Finding {
  readonly target: string
  readonly message: string
  readonly stack: string
  readonly input: Uint8Array
}

const INPUT_BYTES_MAX = 4096
const CORPUS_MAX = 2000
/** Cuts made of each seed before the dice begin. */
const CUTS_MAX = 600

/** AFL's classes: once, twice, three times, then doubling: more often is new only when it is far more often. */
const CLASS_OF = Uint8Array.from({ length: 256 }, (_, n) => (n <= 3 ? n : n < 8 ? 4 : n < 16 ? 5 : n < 32 ? 6 : n < 128 ? 7 : 8))

export class Fuzzer {
  readonly target: WireTarget
  readonly corpus: Uint8Array[] = []
  runs = 0
  /** Most blocks per byte that any input of at least 64 bytes took. */
  stepsPerByteMost = 0
  readonly #rng: Rng
  readonly #words: readonly Uint8Array[]
  /** Bit c of block i: it ran often enough for class c. */
  readonly #seen: Uint16Array
  readonly #waiting: Iterator<Uint8Array>

  constructor(target: WireTarget, seed: number) {
    this.target = target
    this.#rng = seededRng(seed)
    this.#words = target.words ?? wordsOf(namedValues())
    this.#seen = new Uint16Array(counters.length)
    this.#waiting = firstInputs(target)
  }

  /** Blocks this fuzzer has run. */
  get blocks(): number {
    return this.#seen.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0)
  }

  /** The places in files whose name begins so that were never run: what a person looks at when coverage stops growing. */
  unseen(prefix: string): string[] {
    const places: string[] = []
    for (let i = 0; i < blockCount(); i++) if (this.#seen[i] === 0 && placeOf(i).startsWith(prefix)) places.push(placeOf(i))
    return places
  }

  /** Runs one input: seeds first, then what is made of them one by one, then edits out of the seed. */
  async step(): Promise<Finding | null> {
    const first = this.#waiting.next()
    const input = first.done === true ? this.#mutated() : first.value
    return this.try(input)
  }

  async try(input: Uint8Array): Promise<Finding | null> {
    this.runs++
    emptyCounters()
    try {
      await this.target.run(input)
    } catch (error) {
      return findingOf(this.target, input, error)
    }
    const steps = stepsNow()
    const bound = this.target.stepsFloor + this.target.stepsPerByte * input.length
    if (steps > bound) return findingOf(this.target, input, new Error(`${steps} steps for ${input.length} bytes, at most ${bound}: ${where()}`))
    if (this.#isNew(steps, input.length)) this.#keep(input)
    return null
  }

  #mutated(): Uint8Array {
    const { fields = (): readonly LengthField[] => [], inputMax = INPUT_BYTES_MAX } = this.target
    // The newest third is looked at as often as all the rest: it is where the edge is.
    const newest = this.#rng.next() < 0.5 ? this.corpus.slice(-Math.ceil(this.corpus.length / 3)) : this.corpus
    const base = newest.length === 0 ? new Uint8Array(0) : pick(this.#rng, newest)
    const others = this.corpus.length === 0 ? [base] : this.corpus
    return mutateBytes(base, others, this.#rng, { lengthMax: inputMax, words: this.#words, fields })
  }

  #isNew(steps: number, length: number): boolean {
    let isNew = false
    const count = blockCount()
    for (let i = 0; i < count; i++) {
      const n = counters[i] as number
      if (n === 0) continue
      const bit = 1 << (CLASS_OF[Math.min(255, n)] as number)
      if (((this.#seen[i] as number) & bit) !== 0) continue
      this.#seen[i] = (this.#seen[i] as number) | bit
      isNew = true
    }
    // The most work per byte so far is worth keeping: that is how a square is climbed to.
    if (length >= 64 && steps / length > this.stepsPerByteMost) {
      this.stepsPerByteMost = steps / length
      isNew = true
    }
    return isNew
  }

  #keep(input: Uint8Array): void {
    if (this.corpus.length < CORPUS_MAX) this.corpus.push(input)
    else this.corpus[this.runs % CORPUS_MAX] = input
  }
}

function* firstInputs(target: WireTarget): Generator<Uint8Array> {
  const inputMax = target.inputMax ?? INPUT_BYTES_MAX
  const seeds = target.seeds().filter((seed) => seed.length <= inputMax)
  yield* seeds
  for (const seed of seeds) yield* systematic(seed, target.fields?.(seed) ?? [], CUTS_MAX)
}

function findingOf({ id }: WireTarget, input: Uint8Array, error: unknown): Finding {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { target: id, message, stack: stack ?? message, input }
}

function where(): string {
  return busiest(3).map(({ place, runs }) => `${place} ran ${runs} times`).join(', ')
}

/** Smaller inputs with the same message of failure: halves, then shorter pieces, taken out while it still fails so. */
export async function minimise(finding: Finding, target: WireTarget, triesMax = 4000): Promise<Uint8Array> {
  let input = finding.input
  let tries = 0
  const isSame = async (candidate: Uint8Array): Promise<boolean> => {
    const again = await new Fuzzer(target, 1).try(candidate)
    return again !== null && kindOf(again.message) === kindOf(finding.message)
  }
  for (let piece = Math.ceil(input.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < input.length && tries < triesMax;) {
      const shorter = Uint8Array.from([...input.subarray(0, at), ...input.subarray(at + piece)])
      tries++
      if (await isSame(shorter)) input = shorter
      else at += piece
    }
  }
  return input
}

/** A message without its numbers: two failures of one kind. */
export function kindOf(message: string): string {
  return (message.split('\n')[0] ?? '').replaceAll(/\d+/g, '#').slice(0, 120)
}
