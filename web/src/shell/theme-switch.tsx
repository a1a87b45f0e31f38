// theme-switch: three buttons; the choice stands on <html data-theme> and in local storage.

import { useState } from 'react'
import { rememberedTheme, rememberTheme, THEME_WORDS, THEMES, type Theme } from '../model/theme.ts'

const memory = (): Storage => window.localStorage

/** Puts the remembered theme on the page; called before the first paint. */
export function applyTheme(theme: Theme = rememberedTheme(memory)): void {
  document.documentElement.dataset['theme'] = theme
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(() => rememberedTheme(memory))
  const choose = (next: Theme): void => {
    setTheme(next)
    rememberTheme(memory, next)
    applyTheme(next)
  }
  return (
    <div className="segments" role="group" aria-label="Colours">
      {THEMES.map((one) => (
        <button key={one} type="button" aria-pressed={theme === one} onClick={() => choose(one)}>{THEME_WORDS[one]}</button>
      ))}
    </div>
  )
}
