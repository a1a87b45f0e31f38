// Speech: the CMS8000 stream on port 515 as a line wants it: what is due next, and the bytes of it.
// Keeps the rule that a line knows connections and a voice knows messages; only the rhythm is here.

import type { Micros } from '../../base/time.ts'
import type { Speech, SpeechEvent } from './line.ts'
import type { WardOptions } from './options.ts'
import type { CycleExtra, MonitorVoice } from './voice.ts'

const EXTRA_EVENT: { readonly [E in CycleExtra]: SpeechEvent } = { none: 'cycle-due', measurement: 'measurement-due', status: 'status-due' }
const EVENT_EXTRA: { readonly [E in Exclude<SpeechEvent, 'record-due'>]: CycleExtra } = {
  'cycle-due': 'none',
  'measurement-due': 'measurement',
  'status-due': 'status',
}

/** Record and bed on connecting and again every `recordEveryCycles`; a cycle each period. */
export function telemetrySpeech(voice: MonitorVoice, options: WardOptions): Speech {
  let untilRecord = options.recordEveryCycles
  return {
    periodMicros: options.cyclePeriodMicros,
    jitterMicros: options.jitterMicros,
    greeting: () => voice.greeting(),
    next(): SpeechEvent {
      if (untilRecord === 0) {
        untilRecord = options.recordEveryCycles
        return 'record-due'
      }
      untilRecord--
      return EXTRA_EVENT[voice.nextExtra()]
    },
    say(event: SpeechEvent, at: Micros): Uint8Array {
      return event === 'record-due' ? voice.record() : voice.cycle(at, options.cyclePeriodMicros, EVENT_EXTRA[event])
    },
  }
}
