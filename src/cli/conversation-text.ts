// A conversation as JSON.stringify writes it at its place in a report, by hand: a busy day has a hundred thousand of them.
// Keeps the rule that the slow twin is JSON.stringify itself (conversation-text.test.ts).

import type { Conversation, Endpoint } from '../detect/conversation.ts'

const FIRST_PRINTABLE = 0x20
const LAST_ASCII = 0x7e
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** As JSON.stringify; most texts of a report need no escape. */
function quoted(text: string | null): string {
  if (text === null) return 'null'
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < FIRST_PRINTABLE || c > LAST_ASCII || c === QUOTE || c === BACKSLASH) return JSON.stringify(text)
  }
  return `"${text}"`
}

function endpointText({ assetId, ip, label, zone }: Endpoint): string {
  return `{
        "assetId": ${quoted(assetId)},
        "ip": ${quoted(ip)},
        "label": ${quoted(label)},
        "zone": ${quoted(zone)}
      }`
}

/** Members in the order of `Conversation`, four spaces in, without a line's end. */
export function conversationText(c: Conversation): string {
  return `    {
      "id": ${quoted(c.id)},
      "from": ${endpointText(c.from)},
      "to": ${endpointText(c.to)},
      "transport": ${quoted(c.transport)},
      "port": ${c.port},
      "protocol": ${quoted(c.protocol)},
      "flows": ${c.flows},
      "attempts": ${c.attempts},
      "packets": ${c.packets},
      "bytes": ${c.bytes},
      "firstAt": ${c.firstAt},
      "lastAt": ${c.lastAt},
      "leaves": ${c.leaves},
      "verdict": ${quoted(c.verdict)},
      "rule": ${quoted(c.rule)},
      "reason": ${quoted(c.reason)}
    }`
}
