// live-state: whether what is on the page is what the server knows now. A shape, a word and, when lost, the time of the data.
// Keeps "stale data never passes as live": the page also gets `data-live`, which dims the edge of everything shown.

import { useEffect } from 'react'
import { useLiveState, useWorld } from '../data/world.ts'
import { formatTime } from '../model/format.ts'

export function LiveLine() {
  const state = useLiveState()
  const { resources } = useWorld()
  useEffect(() => {
    document.documentElement.dataset['live'] = state
  }, [state])
  const oldest = resources.oldestMs()
  return (
    <p className="live" data-state={state} role="status">
      <span className="live-mark" aria-hidden="true" />
      {state === 'live' ? 'live' : state === 'connecting' ? 'connecting' : staleWords(oldest)}
    </p>
  )
}

function staleWords(oldestMs: number | null): string {
  return oldestMs === null ? 'reconnecting' : `reconnecting, showing data as of ${formatTime(oldestMs * 1000).slice(11)}`
}
