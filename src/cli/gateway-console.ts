// The console of a running gateway: the beds page, and no captures: whoever faces live monitors reads no files of strangers.

import path from 'node:path'
import type { BedsFeed, ConsoleDeps } from '../console/deps.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import type { Store } from '../store/store.ts'
import { nowMicros } from './console.ts'
import { VERSION } from './version.ts'
import { webRoot } from './web-root.ts'

/** Keeps nothing: there is no analysis on this console. */
const EMPTY_STORE: Store = { append: async () => undefined, read: async () => [], query: async () => [], close: async () => undefined }

const NO_CAPTURES = {
  code: 'gateway/no-captures', message: 'This is the console of a gateway; it reads no captures.', help: 'Open the capture in another console: cordon serve.',
}

export function gatewayConsole(config: GatewayConfig, beds: BedsFeed, onError: (error: unknown) => void): ConsoleDeps {
  return {
    beds, store: EMPTY_STORE, zoneMap: async () => ({ zones: [], conduits: [] }), analyseCapture: async () => ({ ok: false, error: NO_CAPTURES }),
    incoming: path.join(config.folder, 'incoming'), webRoot: webRoot(), version: VERSION, now: nowMicros, onError,
  }
}
