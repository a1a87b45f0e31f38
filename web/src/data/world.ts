// world: the page's live connection to one Cordon: resources, event stream and uploads, tied together once.
// Keeps every effect (EventSource, timers, random marks) in one place, handed to the rest as plain objects.

import { createContext, useCallback, useContext, useSyncExternalStore } from 'react'
import type { AdvisoryMatch, Analysis, Health, TriagedFinding, TriageState } from '../../../src/console/api.ts'
import { analysisPath, type Answer, getJson, putJson } from './client.ts'
import { createLive, type Live, type LiveState, WATCH_EVERY_MS } from './live.ts'
import { createResources, type Resource, type Resources } from './resources.ts'
import { sendCapture } from './send-capture.ts'
import { createUploads, type Uploads, type UploadState } from './uploads.ts'

export const ANALYSES_PATH = 'api/analyses'
export const HEALTH_PATH = 'api/health'
export const BEDS_PATH = 'api/beds'

export interface World {
  readonly resources: Resources
  readonly live: Live
  readonly uploads: Uploads<File>
}

/** Opens the stream; `onAnalysed` is told of each capture that was read. */
export function openWorld(onAnalysed: (analysis: Analysis) => void): World {
  const nowMs = (): number => Date.now()
  const resources = createResources(getJson, nowMs)
  const uploads = createUploads<File>({
    send: sendCapture,
    newMark: () => `u-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`,
    onAnalysed: (analysis) => {
      resources.refresh((path) => path === ANALYSES_PATH)
      onAnalysed(analysis)
    },
    limitBytes: () => resources.read<Health>(HEALTH_PATH).data?.uploadLimitBytes ?? null,
  })
  const live = createLive({
    open: () => new EventSource('api/events'),
    nowMs,
    onChange: ({ analysis }) => resources.refresh((path) => path === ANALYSES_PATH || path.startsWith(`${analysisPath(analysis)}/`)),
    onProgress: (event) => uploads.progress(event),
    onReturn: () => resources.refresh(() => true),
  })
  setInterval(() => live.watch(), WATCH_EVERY_MS)
  return { resources, live, uploads }
}

export const WorldContext = createContext<World | null>(null)

export function useWorld(): World {
  const world = useContext(WorldContext)
  if (!world) throw new Error('WorldContext is missing above this component')
  return world
}

/** Shows one API resource and keeps it fresh while the component is on the page. */
export function useResource<T>(path: string): Resource<T> {
  const { resources } = useWorld()
  // The same function for the same path: a new one would subscribe, and so ask, at every rendering.
  const subscribe = useCallback((listener: () => void) => resources.subscribe(path, listener), [resources, path])
  return useSyncExternalStore(subscribe, () => resources.read<T>(path))
}

export function useLiveState(): LiveState {
  const { live } = useWorld()
  return useSyncExternalStore(live.subscribe, live.state)
}

export function useUploadState(): UploadState {
  const { uploads } = useWorld()
  return useSyncExternalStore(uploads.subscribe, uploads.state)
}

/** What a person says of a match, with the reason. */
export async function putMatchDecision(analysis: string, match: string, verdict: 'confirm' | 'reject', reason: string): Promise<Answer<AdvisoryMatch>> {
  return putJson<AdvisoryMatch>(analysisPath(analysis, 'advisories', match, 'decision'), { verdict, reason })
}

/** Writes a decision; the change event of the server brings it to every page. */
export async function putTriage(analysis: string, finding: string, state: TriageState): Promise<Answer<TriagedFinding>> {
  return putJson<TriagedFinding>(analysisPath(analysis, 'findings', finding, 'triage'), { state })
}
