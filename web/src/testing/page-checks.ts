// page-checks: what an accessibility checker looks at first, run inside the page by the browser test. Answers complaints as sentences.
// Keeps to WCAG 2.1 AA: 1.1.1, 1.3.1, 1.4.3, 1.4.10, 2.4.2, 2.4.6, 3.1.1, 4.1.1, 4.1.2.
// Plain functions without imports, so that they can be injected.

type Rgba = readonly [red: number, green: number, blue: number, alpha: number]

/** Everything below, on the page as it is now. */
export function checkPage(): string[] {
  return [...checkDocument(), ...checkNames(), ...checkTables(), ...checkHeadings(), ...checkContrast(), ...checkWidth()]
}

export function checkDocument(): string[] {
  const complaints: string[] = []
  if (document.documentElement.lang === '') complaints.push('the document names no language')
  if (document.title.length < 6) complaints.push(`the title says too little: "${document.title}"`)
  for (const landmark of ['main', 'header', 'nav']) {
    if (!document.querySelector(landmark)) complaints.push(`there is no <${landmark}>`)
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id)
  for (const id of new Set(ids.filter((one, i) => ids.indexOf(one) !== i))) complaints.push(`id "${id}" stands twice`)
  for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls]')) {
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls']) {
      const missing = (element.getAttribute(name) ?? '').split(' ').filter((id) => id !== '' && !document.getElementById(id))
      if (missing.length > 0) complaints.push(`${name} of ${describe(element)} points at nothing: ${missing.join(' ')}`)
    }
  }
  return complaints
}

const NAMED = 'a, button, input:not([type=hidden], [hidden]), select, progress, summary, [role=img], [role=region], nav'

/** Every control and picture has a name, and says what it is in text. */
export function checkNames(): string[] {
  const controls = [...document.querySelectorAll<HTMLElement>(NAMED)].filter((element) => isShown(element) && nameOf(element) === '')
  const nameless = controls.map((element) => `${describe(element)} has no name`)
  const pictures = [...document.querySelectorAll('svg, canvas')].filter((element) => !element.closest('[aria-hidden="true"], [role="img"]'))
  return [...nameless, ...pictures.map((element) => `${describe(element)} is neither named nor hidden from screen readers`)]
}

function nameOf(element: HTMLElement): string {
  const ids = (element.getAttribute('aria-labelledby') ?? '').split(' ')
  const by = ids.map((id) => document.getElementById(id)?.textContent ?? '')
  const labels = element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? [...(element.labels ?? [])] : []
  const own = [element.getAttribute('aria-label') ?? '', element.textContent ?? '']
  return [...own, ...by, ...labels.map((one) => one.textContent ?? '')].join(' ').trim()
}

export function checkTables(): string[] {
  return [...document.querySelectorAll('table')].flatMap((table) => {
    const complaints: string[] = []
    if (!table.caption || table.caption.textContent?.trim() === '') complaints.push(`${describe(table)} has no caption`)
    const heads = [...table.querySelectorAll('th')]
    if (heads.some((head) => head.scope !== 'col' && head.scope !== 'row')) complaints.push(`${describe(table)} has a header without scope`)
    const rows = [...table.querySelectorAll('tbody tr')]
    if (rows.some((row) => !row.querySelector('th[scope="row"]'))) complaints.push(`${describe(table)} has a row without a row header`)
    return complaints
  })
}

/** One h1, and no level left out on the way down. */
export function checkHeadings(): string[] {
  const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((heading) => Number(heading.tagName.slice(1)))
  const first = levels.filter((level) => level === 1).length
  const complaints = first === 1 ? [] : [`there are ${first} first headings`]
  const jumps = levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1)
  return jumps.length > 0 ? [...complaints, `headings jump: ${levels.join(' ')}`] : complaints
}

/** Nothing but a scroll frame may be wider than the window. */
export function checkWidth(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement
  return scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} pixels wider than the window`] : []
}

/** Computed contrast of every visible piece of text with what is painted behind it. */
export function checkContrast(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const complaints = new Set<string>()
  const known = new Map<HTMLElement, Rgba>()
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    const text = (node.textContent ?? '').trim()
    if (!element || text === '' || !isShown(element) || element.closest('.sr-only, [aria-hidden="true"], option')) continue
    const style = getComputedStyle(element)
    const size = Number.parseFloat(style.fontSize)
    // 1.4.3: large is 18 pt, or 14 pt bold.
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
    const back = backgroundOf(element, known)
    const found = contrastOf(blend(parseColour(style.color), back), back)
    if (found < least) complaints.add(`"${text.slice(0, 40)}" has contrast ${found.toFixed(2)}:1 in ${describe(element)}`)
  }
  return [...complaints]
}

function isShown(element: HTMLElement): boolean {
  return element.checkVisibility({ checkVisibilityCSS: true })
}

/** What is painted behind the element's text, from the root down; each element is asked once, for the page stands still meanwhile. */
function backgroundOf(element: HTMLElement, known: Map<HTMLElement, Rgba>): Rgba {
  const before = known.get(element)
  if (before) return before
  const below: Rgba = element.parentElement ? backgroundOf(element.parentElement, known) : [255, 255, 255, 1]
  const back = blend(parseColour(getComputedStyle(element).backgroundColor), below)
  known.set(element, back)
  return back
}

function blend(above: Rgba, below: Rgba): Rgba {
  const mix = (i: 0 | 1 | 2): number => above[i] * above[3] + below[i] * (1 - above[3])
  return [mix(0), mix(1), mix(2), 1]
}

/** `rgb()`, `rgba()` and, from color-mix(), `color(srgb ...)`. */
function parseColour(text: string): Rgba {
  const numbers = [...text.replace(/^color\(srgb/, '').matchAll(/-?[\d.]+(?:e-?\d+)?/g)].map((match) => Number(match[0]))
  const [r = 0, g = 0, b = 0, a = 1] = numbers
  const scale = text.startsWith('color(') ? 255 : 1
  return [r * scale, g * scale, b * scale, a]
}

function contrastOf(a: Rgba, b: Rgba): number {
  const channel = (value: number): number => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)
  const [one, two] = [a, b].map(([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue))
  return (Math.max(one ?? 0, two ?? 0) + 0.05) / (Math.min(one ?? 0, two ?? 0) + 0.05)
}

/** The focused element, and whether one can see that it is. */
export function checkFocus(): { readonly name: string; readonly visible: boolean } {
  const element = document.activeElement
  if (!(element instanceof HTMLElement) || element === document.body) return { name: '', visible: true }
  const style = getComputedStyle(element)
  const visible = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2 && element.getBoundingClientRect().height > 0
  return { name: `${element.tagName.toLowerCase()} ${nameOf(element).replaceAll(/\s+/g, ' ').slice(0, 120)}`, visible }
}

/** Drops files on the page as a file manager does. */
export function dropFiles(files: readonly { readonly name: string; readonly bytes: readonly number[] }[], steps: readonly string[]): void {
  const dataTransfer = new DataTransfer()
  for (const { name, bytes } of files) dataTransfer.items.add(new File([new Uint8Array(bytes)], name))
  for (const type of steps) document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }))
}

function describe(element: Element): string {
  const classes = element.getAttribute('class')
  return `<${element.tagName.toLowerCase()}${element.id === '' ? '' : ` id=${element.id}`}${classes === null ? '' : ` class="${classes}"`}>`
}
