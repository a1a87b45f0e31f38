// XML as a walk over tags and texts: what a spreadsheet's parts need and no more. One pass, no tree, no entity but the five and numbers.
// Keeps the rule that a file from a stranger cannot grow: a document type, where entities are declared, ends the walk.

export interface XmlVisitor {
  /** `name` without its prefix; `attribute` gives a value by name without prefix, or null. */
  open(name: string, attribute: (name: string) => string | null): void
  close(name: string): void
  text(text: string): void
}

/** True when the whole text was walked; false where it stops being XML, or declares a document type. */
export function walkXml(xml: string, visitor: XmlVisitor): boolean {
  let at = 0
  while (at < xml.length) {
    const tag = xml.indexOf('<', at)
    const end = tag < 0 ? xml.length : tag
    if (end > at) visitor.text(unescapeXml(xml.slice(at, end)))
    if (tag < 0) return true
    at = walkMarkup(xml, tag, visitor)
    if (at < 0) return false
  }
  return true
}

/** Behind the markup that begins at `tag`, or -1. */
function walkMarkup(xml: string, tag: number, visitor: XmlVisitor): number {
  if (xml.startsWith('<!--', tag)) return behind(xml, '-->', tag + 4)
  if (xml.startsWith('<![CDATA[', tag)) {
    const end = xml.indexOf(']]>', tag)
    if (end >= 0) visitor.text(xml.slice(tag + 9, end))
    return end < 0 ? -1 : end + 3
  }
  if (xml.startsWith('<!', tag)) return -1
  if (xml.startsWith('<?', tag)) return behind(xml, '?>', tag + 2)
  const end = tagEnd(xml, tag + 1)
  if (end < 0) return -1
  if (xml[tag + 1] === '/') visitor.close(localName(xml.slice(tag + 2, end).trim()))
  else openTag(xml.slice(tag + 1, end), visitor)
  return end + 1
}

function behind(xml: string, mark: string, from: number): number {
  const at = xml.indexOf(mark, from)
  return at < 0 ? -1 : at + mark.length
}

/** The `>` of a tag, past quoted attribute values; -1 when there is none. */
function tagEnd(xml: string, from: number): number {
  let quote = ''
  for (let i = from; i < xml.length; i++) {
    const c = xml[i] as string
    if (quote !== '') {
      if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '>') return i
  }
  return -1
}

function openTag(inner: string, visitor: XmlVisitor): void {
  const isEmpty = inner.endsWith('/')
  const body = isEmpty ? inner.slice(0, -1) : inner
  const name = localName(/^[^\s]+/.exec(body)?.[0] ?? '')
  visitor.open(name, (wanted) => attributeOf(body, wanted))
  if (isEmpty) visitor.close(name)
}

function attributeOf(body: string, wanted: string): string | null {
  for (const [, name = '', , double, single] of body.matchAll(/\s([^\s=]+)\s*=\s*("([^"]*)"|'([^']*)')/g)) {
    if (localName(name) === wanted) return unescapeXml(double ?? single ?? '')
  }
  return null
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const CODE_POINT_MAX = 0x10ffff

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return NAMED[name] ?? whole
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > CODE_POINT_MAX ? whole : String.fromCodePoint(code)
  })
}
