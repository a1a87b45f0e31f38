// theme: dark, light or as the system says; remembered on this computer only.

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const THEME_WORDS: Readonly<Record<Theme, string>> = { auto: 'Auto', light: 'Light', dark: 'Dark' }

const KEY = 'cordon.theme'

/** What of localStorage is needed. */
export interface Memory {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** The remembered theme; `auto` when there is none, or storage is forbidden. */
export function rememberedTheme(memory: () => Memory): Theme {
  try {
    const text = memory().getItem(KEY)
    return THEMES.find((theme) => theme === text) ?? 'auto'
  } catch {
    return 'auto'
  }
}

export function rememberTheme(memory: () => Memory, theme: Theme): void {
  try {
    memory().setItem(KEY, theme)
  } catch {
    // A browser that forbids storage forgets the theme; nothing else is lost.
  }
}
