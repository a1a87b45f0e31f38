// sweep-canvas: the waves of one bed: lanes on one canvas, with their names, and words where a lane has stopped.
// Keeps the canvas a picture of what the words say: it is one image to a screen reader, named by its channels.

import { type RefObject, useEffect, useRef } from 'react'
import type { BedsSetup } from '../../../src/console/api.ts'
import type { Channel } from '../../../src/gateway/core/intake/reading.ts'
import { createSweep, type Lane, pixelsPerSecond } from './sweep.ts'
import type { OpenStation } from './use-station.ts'
import { CHANNEL_WORDS } from './words.ts'

/** Shares of the height. */
export type LaneShares = readonly (readonly [Channel, number])[]

/** What each lane says of itself; empty: it sweeps. */
export type LaneWords = Readonly<Partial<Record<Channel, string>>>

export function SweepCanvas({ open, setup, device, shares, words }: {
  readonly open: OpenStation
  readonly setup: BedsSetup
  readonly device: string
  readonly shares: LaneShares
  readonly words: LaneWords
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const latest = useRef(words)
  useEffect(() => {
    latest.current = words
  }, [words])
  useSweep(canvas, open, setup, device, shares, latest)
  const stopped = shares.filter(([channel]) => words[channel] !== '').map(([channel]) => `${CHANNEL_WORDS[channel]}: ${words[channel] ?? ''}`)
  return (
    <div className="sweep" style={{ gridTemplateRows: shares.map(([, share]) => `${share}fr`).join(' ') }}>
      <canvas ref={canvas} role="img" aria-label={`Waves, no scale: ${shares.map(([channel]) => CHANNEL_WORDS[channel]).join(', ')}. ${stopped.join('. ')}`} />
      {shares.map(([channel]) => (
        <p key={channel} className="lane" data-channel={channel} data-stopped={words[channel] !== ''}>
          <span>{CHANNEL_WORDS[channel]}</span> <b>{words[channel] ?? ''}</b>
        </p>
      ))}
    </div>
  )
}

function useSweep(
  ref: RefObject<HTMLCanvasElement | null>, open: OpenStation, setup: BedsSetup, device: string, shares: LaneShares, words: RefObject<LaneWords>,
): void {
  useEffect(() => {
    const canvas = ref.current
    const context = canvas?.getContext('2d')
    if (!canvas || !context) return undefined
    const sweep = createSweep(context)
    const reset = (): void => {
      const { clientWidth: width, clientHeight: height } = canvas
      const ratio = window.devicePixelRatio
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
      sweep.reset(lanesOf(shares, height, setup, canvas.parentElement), width, ratio)
    }
    const sizes = new ResizeObserver(reset)
    sizes.observe(canvas)
    // Colours are the theme's: the page's own switch and the system's.
    const themes = new MutationObserver(reset)
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', reset)
    const remove = open.frames.add((seconds) => {
      sweep.paint(seconds, (channel) => open.waves.get(device, channel), (channel) => (words.current[channel] ?? '') !== '')
    })
    return () => {
      remove()
      sizes.disconnect()
      themes.disconnect()
      dark.removeEventListener('change', reset)
    }
  }, [ref, open, setup, device, shares, words])
}

function lanesOf(shares: LaneShares, height: number, setup: BedsSetup, around: Element | null): Lane[] {
  const total = shares.reduce((sum, [, share]) => sum + share, 0)
  let top = 0
  return shares.map(([channel, share]) => {
    // The trace has the colour of its name, so that the style sheet alone knows colours.
    const name = around?.querySelector(`[data-channel=${channel}]`) ?? null
    const lane: Lane = {
      channel, top, height: (height * share) / total, colour: name === null ? 'currentcolor' : getComputedStyle(name).color,
      pixelsPerSecond: pixelsPerSecond(channel, setup.mmPerSecond, setup.cssPixelsPerMm),
    }
    top += lane.height
    return lane
  })
}
