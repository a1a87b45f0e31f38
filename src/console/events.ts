// events: one text/event-stream for every open browser (WHATWG HTML section 9.2), with a heartbeat and a clean end.
// Keeps "stale data never passes as live": a browser that hears no beat knows that it shows the past.

import type { ServerResponse } from 'node:http'
import type { ConsoleEvent } from './deps.ts'

/** Below the 60 s idle time-out that proxies and firewalls commonly have. */
export const HEARTBEAT_MS = 15_000

/** Open browsers. Six per browser and host is the HTTP/1.1 custom; 64 are ten of those. */
export const EVENT_CLIENTS_MAX = 64

/** A client with this much unread is gone or asleep: drop it, it reconnects and refetches. 64 KiB holds hundreds of events. */
export const EVENT_BACKLOG_BYTES_MAX = 64 * 1024

/** What the browser waits before it reconnects. */
const RECONNECT_MS = 2_000

export interface EventHub {
  /** Takes over a response and keeps it open; false when there are too many. */
  join(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean
  send(event: ConsoleEvent): void
  count(): number
  /** Ends every stream and the timer. */
  close(): void
}

/** As it goes over the wire. The body is JSON, so it holds no line break. */
export function formatEvent(event: ConsoleEvent): string {
  return `event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`
}

/** A comment for whoever watches the wire, and an event because EventSource hides comments from the page. */
const HEARTBEAT = ': heartbeat\nevent: beat\ndata: {}\n\n'

export function createEventHub(heartbeatMs: number = HEARTBEAT_MS): EventHub {
  const clients = new Set<ServerResponse>()
  const write = (text: string): void => {
    for (const client of clients) {
      if (client.writableLength > EVENT_BACKLOG_BYTES_MAX) drop(client)
      else client.write(text)
    }
  }
  const drop = (client: ServerResponse): void => {
    clients.delete(client)
    client.destroy()
  }
  const timer = setInterval(() => write(HEARTBEAT), heartbeatMs)
  timer.unref()
  return {
    join(response, headers) {
      if (clients.size >= EVENT_CLIENTS_MAX) return false
      clients.add(response)
      response.on('close', () => clients.delete(response))
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      response.write(`retry: ${RECONNECT_MS}\n${HEARTBEAT}`)
      return true
    },
    send: (event) => write(formatEvent(event)),
    count: () => clients.size,
    close() {
      clearInterval(timer)
      for (const client of clients) client.end()
      clients.clear()
    },
  }
}
