// Tests of the palette: WCAG 2.1 contrast (1.4.3 text 4.5:1, 1.4.11 marks and outlines 3:1) for every pair in use, light and dark.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

const CSS = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const COLOUR = /--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g
const TOKENS = new Map([...CSS.matchAll(COLOUR)].map(([, name, light, dark]) => [name, { light, dark }]))

type Theme = 'light' | 'dark'
const TEXT = 4.5
const MARK = 3

/** Foreground, background, least contrast. Text on each ground it stands on; marks and control outlines on theirs. */
const PAIRS: readonly (readonly [string, string, number])[] = [
  ...['ground', 'surface', 'raised', 'accent-soft', 'deny-soft', 'warn-soft'].map((back) => ['ink', back, TEXT] as const),
  ...['ground', 'surface', 'raised', 'accent-soft', 'warn-soft'].map((back) => ['muted', back, TEXT] as const),
  ...['ground', 'surface', 'raised', 'accent-soft'].map((back) => ['accent', back, TEXT] as const),
  ...['critical', 'high', 'medium', 'low', 'info'].flatMap((name) =>
    ['ground', 'surface', 'raised', 'accent-soft'].map((back) => [name, back, TEXT] as const)),
  ...['surface', 'raised', 'deny-soft', 'ground'].map((back) => ['deny', back, TEXT] as const),
  ...['surface', 'ground', 'warn-soft'].map((back) => ['warn', back, TEXT] as const),
  ['on-accent', 'accent', TEXT], ['surface', 'ink', TEXT],
  ...['ground', 'surface', 'raised'].flatMap((back) => [['line-strong', back, MARK], ['wall', back, MARK], ['focus', back, MARK]] as const),
  ['focus', 'accent-soft', MARK], ['focus', 'deny-soft', MARK], ['accent', 'line', MARK],
]

/** WCAG 2.1 "relative luminance". */
function luminance(hex: string): number {
  const linear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => linear(Number.parseInt(hex.slice(at, at + 2), 16) / 255))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

function colour(name: string, theme: Theme): string {
  const value = TOKENS.get(name)?.[theme]
  assert.ok(value, `tokens.css has no colour --${name}`)
  return value
}

describe('palette', () => {
  it('is computed as WCAG defines it', () => {
    assert.equal(Math.round(contrast('#000000', '#ffffff')), 21)
    assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48')
  })

  for (const theme of ['light', 'dark'] as const) {
    for (const [fore, back, least] of PAIRS) {
      it(`${theme}: ${fore} on ${back} reaches ${least}:1`, () => {
        const found = contrast(colour(fore, theme), colour(back, theme))
        assert.ok(found >= least, `${found.toFixed(2)}:1`)
      })
    }
  }

  it('has every colour in one place: other style sheets name tokens, or sizes of their own', () => {
    for (const file of ['base', 'shell', 'parts', 'pages', 'beds']) {
      const text = readFileSync(new URL(`./${file}.css`, import.meta.url), 'utf8')
      assert.doesNotMatch(text, /#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(/i, file)
      for (const [, name] of text.matchAll(/var\(--([a-z-]+)\)/g)) assert.match(CSS + text, new RegExp(`--${name}:`), `${file}: --${name}`)
    }
  })

  it('moves nothing for who asked for no motion', () => {
    for (const file of ['base', 'shell', 'parts', 'pages', 'beds']) {
      const text = readFileSync(new URL(`./${file}.css`, import.meta.url), 'utf8')
      const moving = text.replaceAll(/@media \(prefers-reduced-motion: no-preference\) \{[\s\S]*?\n\}/g, '')
      assert.doesNotMatch(moving, /\b(transition|animation|scroll-behavior)\s*:/, file)
    }
  })
})
