// colours: the palette as the canvas libraries need it, resolved for the theme that is in force now.

/** Custom properties hold light-dark(); only a computed colour is a plain rgb() that a canvas understands. */
export function resolveColour(name: string, probe: HTMLElement): string {
  probe.style.setProperty('color', `var(--${name})`)
  const colour = getComputedStyle(probe).color
  probe.style.removeProperty('color')
  return colour
}

/** Calls `redraw` when the theme changes, by the system or by our own switch. */
export function onThemeChange(redraw: () => void): () => void {
  const media = window.matchMedia('(prefers-color-scheme: dark)')
  const observer = new MutationObserver(redraw)
  media.addEventListener('change', redraw)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  return () => {
    media.removeEventListener('change', redraw)
    observer.disconnect()
  }
}
