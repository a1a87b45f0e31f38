// open-capture: a capture by button or dropped anywhere on the page; its progress and its error as one banner under the top bar.
// Keeps "what, where, what to do" for a file that is no capture, and says at each step which half of the work is running.

import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { UploadState } from '../data/uploads.ts'
import { useUploadState, useWorld } from '../data/world.ts'
import { formatBytes, formatCount } from '../model/format.ts'

/** A hint for the file dialogue only; the content decides. */
const ACCEPT = '.pcap,.pcapng,.cap,.dmp,.gz,.zst,application/vnd.tcpdump.pcap'

interface OpenButtonProps {
  readonly children?: ReactNode
  readonly primary?: boolean
}

export function OpenButton({ children = 'Open a capture', primary = false }: OpenButtonProps) {
  const { uploads } = useWorld()
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" className={primary ? 'button button-primary' : 'button'} onClick={() => input.current?.click()}>
        {children}
      </button>
      <input ref={input} type="file" accept={ACCEPT} multiple hidden tabIndex={-1} aria-hidden="true" onChange={(event) => {
        uploads.add([...(event.target.files ?? [])])
        // The same file may be opened again after an error.
        event.target.value = ''
      }} />
    </>
  )
}

/** Listens on the whole window, and shows where the file will go while it is over the page. */
export function DropZone() {
  const { uploads } = useWorld()
  const [over, setOver] = useState(false)
  useEffect(() => {
    const isFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
    const handlers: Record<string, (event: DragEvent) => void> = {
      dragenter: () => setOver(true),
      dragover: () => setOver(true),
      dragleave: (event) => {
        if (event.relatedTarget === null) setOver(false)
      },
      drop: (event) => {
        setOver(false)
        uploads.add([...(event.dataTransfer?.files ?? [])])
      },
    }
    const listen = (event: Event): void => {
      if (!(event instanceof DragEvent) || !isFile(event)) return
      // Without this the browser would leave the page and show the file.
      event.preventDefault()
      handlers[event.type]?.(event)
    }
    for (const type of Object.keys(handlers)) window.addEventListener(type, listen)
    return () => {
      for (const type of Object.keys(handlers)) window.removeEventListener(type, listen)
    }
  }, [uploads])
  if (!over) return null
  return (
    <div className="drop" aria-hidden="true">
      <p>Drop the capture to read it<span className="sub">It goes to your own Cordon and nowhere else.</span></p>
    </div>
  )
}

export function UploadBanner() {
  const state = useUploadState()
  const { uploads } = useWorld()
  useEffect(() => {
    if (state.step !== 'failed') return undefined
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') uploads.dismiss()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [state.step, uploads])
  if (state.step === 'failed') return <FailedBanner state={state} onDismiss={uploads.dismiss} />
  return (
    <div className="upload" role="status" aria-live="polite" data-step={state.step}>
      {state.step === 'idle' ? null : <Progress state={state} />}
    </div>
  )
}

function Progress({ state }: { readonly state: Extract<UploadState, { step: 'sending' | 'reading' }> }) {
  const known = state.total > 0
  const percent = known ? Math.floor((state.done / state.total) * 100) : undefined
  return (
    <>
      <p>
        <b>{state.step === 'sending' ? 'Sending' : 'Reading'} {state.name}</b>
        <span className="upload-numbers">{progressWords(state)}{state.waiting > 0 ? ` · ${state.waiting} more waiting` : ''}</span>
      </p>
      <progress max={100} value={percent} aria-label={`${state.step === 'sending' ? 'Sending' : 'Reading'} ${state.name}`} />
    </>
  )
}

function progressWords(state: Extract<UploadState, { step: 'sending' | 'reading' }>): string {
  const share = state.total > 0 ? `${formatBytes(state.done)} of ${formatBytes(state.total)}` : 'starting'
  return state.step === 'reading' && state.packets > 0 ? `${share}, ${formatCount(state.packets)} packets` : share
}

function FailedBanner({ state, onDismiss }: { readonly state: Extract<UploadState, { step: 'failed' }>; readonly onDismiss: () => void }) {
  return (
    <div className="upload upload-failed" role="alert">
      <p><b>{state.name} was not opened.</b> {state.error.message}</p>
      <p><span className="label">What to do</span> {state.error.help}</p>
      <div className="upload-actions">
        <OpenButton>Open another file</OpenButton>
        <button type="button" className="button" onClick={onDismiss}>Dismiss <kbd>Esc</kbd></button>
      </div>
    </div>
  )
}
