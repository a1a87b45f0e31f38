// tuf-client: the gateway's TUF client for the public conformance suite (theupdateframework/tuf-conformance): init, refresh, download.
// Usage: node scripts/tuf-client.ts --metadata-dir DIR init ROOT_FILE; see src/gateway/tuf-client.ts for the other verbs.

import { runTufClient } from '../src/gateway/tuf-client.ts'

process.exitCode = await runTufClient(process.argv.slice(2), (text) => void process.stderr.write(text))
