// main: starts the browser app: theme before the first paint, one world, one tree.

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { go } from './data/use-route.ts'
import { openWorld, WorldContext } from './data/world.ts'
import { applyTheme } from './shell/theme-switch.tsx'

applyTheme()
// A capture that was just read is what its owner wants to see next: its findings.
const world = openWorld((analysis) => go({ analysis: analysis.id, page: 'findings' }))
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <WorldContext value={world}>
        <App />
      </WorldContext>
    </StrictMode>,
  )
}
