// Goldens of RPC: real bytes and hand-made ones, whole, at every split, and through the probe.
// Keeps house habit 13; the documents in testdata say why each case exists. UPDATE=1 rewrites, the diff is read.

import { runGoldens } from '../../testing/golden.ts'
import { createRpc } from './index.ts'

runGoldens(new URL('testdata', import.meta.url), createRpc)
