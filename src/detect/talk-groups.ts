// TalkGroups: talks that are one conversation, which differ in their next hop alone. As chains of numbers, for there can be 131 072 of them.
// Keeps the rules "a group stands where its first talk stood" and "what leaves and what stays are two conversations".

import { mix, mixed, mixIp, mixText } from '../base/mix.ts'
import type { Talk } from './talks.ts'
import type { World } from './world.ts'

const NONE = -1

export class TalkGroups {
  readonly #talks: readonly Talk[]
  readonly #leaves: Uint8Array
  /** The talk after this one in its group, or NONE. */
  readonly #next: Int32Array
  /** First talk of each group, in order. */
  readonly #firsts: number[] = []

  constructor(world: World) {
    const talks = world.talks
    this.#talks = talks
    this.#leaves = Uint8Array.from(talks, (talk) => (world.leaves(talk) ? 1 : 0))
    this.#next = new Int32Array(talks.length).fill(NONE)
    this.#chain()
  }

  /** Puts each talk behind the last of its group. A hash table of first talks, at most half full. */
  #chain(): void {
    const places = new Int32Array(2 ** Math.ceil(Math.log2(this.#talks.length * 2 + 1)))
    const last = new Int32Array(this.#talks.length)
    const mask = places.length - 1
    for (let i = 0; i < this.#talks.length; i++) {
      let place = this.#hash(i) & mask
      while (places[place] !== 0 && !this.#isOneGroup((places[place] as number) - 1, i)) place = (place + 1) & mask
      const first = (places[place] as number) - 1
      if (first < 0) {
        places[place] = i + 1
        this.#firsts.push(i)
      } else this.#next[last[first] as number] = i
      last[first < 0 ? i : first] = i
    }
  }

  #hash(i: number): number {
    const talk = this.#talks[i] as Talk
    const hash = mix(mixIp(mixIp(talk.vlan, talk.src), talk.dst), (talk.port << 8) | talk.proto)
    return mixed(mixText(hash, talk.protocol ?? ''))
  }

  #isOneGroup(a: number, b: number): boolean {
    const [one, other] = [this.#talks[a] as Talk, this.#talks[b] as Talk]
    const isService = one.port === other.port && one.proto === other.proto && one.protocol === other.protocol
    return isService && one.vlan === other.vlan && this.#leaves[a] === this.#leaves[b] && one.src === other.src && one.dst === other.dst
  }

  /** The groups in order; each list is made when its turn comes. */
  *each(): Generator<{ readonly talks: readonly Talk[]; readonly leaves: boolean }> {
    for (const first of this.#firsts) {
      const talks: Talk[] = []
      for (let i = first; i !== NONE; i = this.#next[i] as number) talks.push(this.#talks[i] as Talk)
      yield { talks, leaves: this.#leaves[first] === 1 }
    }
  }
}
